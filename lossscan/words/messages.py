"""The catalogue: all that is said outside the pages of rules; read when something is said.

An entry has a sentence in each language. An error may say `hint`, what to do, or name one that
several share, and `means`, a sentence for the page of messages. A place, the value `at`, is put
before the sentence and not named in it; a hint may name it as `{path}`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from lossscan.model import HINT, PAGES, Message
from lossscan.words.numerals import Filling

CATALOGUE: Final = Path(__file__).with_name("messages.json")
BETWEEN: Final = {"en": "; ", "zh": "；"}  # several reasons
PLACE: Final = {"en": "{at}: {said}", "zh": "{at}：{said}"}


@cache
def sections() -> Mapping[str, Mapping[str, Mapping[str, Any]]]:
    """The catalogue as its file has it."""
    found: dict[str, dict[str, dict[str, Any]]] = json.loads(CATALOGUE.read_bytes())
    return found


@cache
def catalogue() -> Mapping[str, Mapping[str, Any]]:
    """Every message by its key, in each language; `key.hint` is what to do about an error."""
    entries = {key: entry for section in sections().values() for key, entry in section.items()}
    given = {key: entry["hint"] for key, entry in entries.items() if "hint" in entry}
    return entries | {key + HINT: entries.get(str(hint), hint) for key, hint in given.items()}


def rendered(message: Message, lang: str) -> str:
    """The words of a message in a language; a key without words is a text of its own."""
    values = {name: _value(value, lang) for name, value in message.values.items()}
    if message.key.startswith(PAGES):
        return _of_page(message.key, lang, values)
    entry = catalogue().get(message.key)
    said = entry[lang].format_map(Filling(values)) if entry else _foreign(message.key)
    return PLACE[lang].format(at=values["at"], said=said) if "at" in values else said


def _of_page(key: str, lang: str, values: Mapping[str, Any]) -> str:
    from lossscan.words.pages import filled, text_of

    text = text_of(key)
    return _foreign(key) if text is None else filled(text, lang, values)


def _foreign(text: str) -> str:
    """A text of another package; where it says nothing on the way out, neither do we."""
    return "" if text.endswith(HINT) else text


def _value(value: Any, lang: str) -> Any:
    if isinstance(value, Message):
        return rendered(value, lang)
    if isinstance(value, tuple):
        return BETWEEN[lang].join(str(_value(each, lang)) for each in value)
    return value
