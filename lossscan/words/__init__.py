"""How to say what is in no rule's catalogue page, in English and Chinese."""

from __future__ import annotations

import difflib
import os
import unicodedata
from collections.abc import Iterable

from lossscan.expressions import expression
from lossscan.model import Message

LANGUAGES = ("en", "zh")
LOCALE_VARIABLES = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")  # gettext's order


def say(lang: str, said: Message | str, **values: object) -> str:
    """A message, or the sentence of a key with its values; raises KeyError for one that lacks."""
    return (said if isinstance(said, Message) else Message(said, **values)).say(lang)


def steps(lang: str, first: int | None, last: int | None) -> str:
    """A step, or the stretch from one to another; a dash where there is none."""
    if first is None:
        return "-"
    return say(lang, "at_step" if last in {None, first} else "from_to", first=first, last=last)


def noted(kind: str, path: str, **numbers: object) -> Message:
    """What a reader noted; a kind or number without words is shown bare and not lost."""
    from lossscan.words.messages import catalogue

    said = Message(kind, path=path, **numbers)
    try:
        return said if kind in catalogue() and said.say("en") else _bare(said)
    except KeyError:
        return _bare(said)


def _bare(said: Message) -> Message:
    kind, numbers = said.key.replace("_", " "), dict(said.values)
    path = numbers.pop("path")
    bare = ", ".join(f"{name} {value}" for name, value in numbers.items())
    return Message("note", path=path, kind=f"{kind} {bare}".strip())


def default_language() -> str:
    """`zh` where the user's locale is Chinese, else `en`."""
    stated = next(filter(None, map(os.environ.get, LOCALE_VARIABLES)), "")
    return "zh" if stated.lower().startswith("zh") else "en"


SLIP = 0.85  # of likeness: one letter of four is a slip, `losses` is a word of its own


def nearest(word: str, choices: Iterable[str]) -> Message:
    """A way out for a name that does not exist: the nearest one, else all there are."""
    known = sorted(choices)
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    if close:
        return Message("did_you_mean", name=close[0])
    return Message("choose_from", names=", ".join(known))


def slip(word: str, choices: Iterable[str]) -> Message | None:
    """What a word that is free to choose was probably meant to be; None where it is its own."""
    known = set(choices)
    close = difflib.get_close_matches(word, sorted(known), n=1, cutoff=SLIP)
    return Message("did_you_mean", name=close[0]) if close and word not in known else None


def inert(text: str) -> str:
    """Text in whose lines no CI runner finds a command, though the log has one."""
    return _COMMAND.sub(r"\g<0> ", text) if "##" in text or "::" in text else text


def printable(text: str) -> str:
    """One line that steers neither a terminal nor a CI runner, whatever log it is from."""
    if not text.isprintable():  # nearly all text is, and to ask takes a hundredth of the time
        text = "".join(" " if unicodedata.category(c) in UNPRINTABLE else c for c in text)
    return inert(text.strip())


# GitHub's runner obeys `::error` where a line begins and `##[error]` anywhere (ActionCommand.cs of
# github.com/actions/runner), Azure's obeys `##vso[`, TeamCity `##teamcity[`.
_COMMAND = expression(r"(?m)##\w{0,20}(?=\[)|^[^\S\n]{0,400}:(?=:)")

# The same for a class of characters in a regular expression, but for the line break and the tab.
UNPRINTED = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff0-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e007f"
)
UNPRINTABLE = {"Cc", "Cf", "Zl", "Zp"}  # controls, bidirectional overrides, line separators
