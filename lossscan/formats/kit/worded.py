"""Losses that the word before each tells apart, a line each: `cls loss: 0.6`, `box loss: 0.3`."""

from __future__ import annotations

from collections import Counter
from string import ascii_letters, digits
from typing import Final

from lossscan.canonical.names import is_part
from lossscan.expressions import expression

SEVERAL: Final = 2  # such words, and how often each comes: one alone may be of a sentence
_STATED: Final = expression(
    r" [lL](?<=\w [lL])(?:oss|OSS) ?(?:is ?|[:=] ?)?(?:tensor\()?-?(?:\d{1,9}\.\d|nan)"
)
_LONGEST: Final = 30  # letters of a word
_LETTERS: Final = f"{ascii_letters}{digits}_"
NO_NAMES: Final = (  # part of a sentence, a batch, or the loss as a whole
    *("the", "this", "my", "at", "by", "for", "got", "had", "has", "in", "is", "of", "to", "with"),
    *("batch", "iter", "step", "current", "previous", "prior", "new", "old", "best", "initial"),
    *("starting", "final", "ending"),
)


def worded(text: str) -> frozenset[str]:
    """The names of such parts in a log; none where it has a single one."""
    ahead = (text[max(at.start() - _LONGEST - 1, 0) : at.start()] for at in _STATED.finditer(text))
    found = Counter(filter(None, map(_word, ahead)))
    parts = [word for word, times in found.items() if times >= SEVERAL and is_part(f"{word}_loss")]
    return frozenset(f"{word} loss" for word in parts if len(parts) >= SEVERAL)


def _word(ahead: str) -> str:
    """The word that a text ends with; nothing where it is half of one, or no name."""
    before = ahead.rstrip(_LETTERS)
    word = ahead[len(before) :].lower()
    whole = 1 < len(word) <= _LONGEST and not word[0].isdigit() and word[0] != "_"
    apart = not before or not (before[-1].isalnum() or before[-1] in "'/-")
    return word if whole and apart and word not in NO_NAMES else ""
