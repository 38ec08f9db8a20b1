"""What is to be said, without its words: a key of the catalogue and the values that go into it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

HINT: Final = ".hint"  # ends the key of what to do about an error


@dataclass(frozen=True, slots=True, init=False)
class Message:
    """A sentence of `words/messages.json` before a language is chosen.

    A value may be a Message, or a tuple of them. The value `at` is a place and begins the line. A
    key that is no key of the catalogue is shown as it is: other packages have words of their own.
    """

    key: str
    values: Mapping[str, Any]

    def __init__(self, key: str, /, **values: Any) -> None:
        object.__setattr__(self, "key", key)
        object.__setattr__(self, "values", values)

    def __str__(self) -> str:
        return self.say("en")

    def say(self, lang: str) -> str:
        """The sentence in a language; its words are not read before."""
        from lossscan.words.messages import rendered

        return rendered(self, lang)

    def bare(self) -> Message:
        """The same without its place, for a line that names it already."""
        return Message(self.key, **{k: v for k, v in self.values.items() if k != "at"})

    def placed(self, at: str) -> Message:
        """The same of another place."""
        return Message(self.key, **dict(self.values) | {"at": at})

    def renamed(self, old: str, new: str) -> Message:
        """The same of a place that the user knows by another name."""
        return Message(self.key, **{k: _renamed(v, old, new) for k, v in self.values.items()})


def _renamed(value: Any, old: str, new: str) -> Any:
    if isinstance(value, Message):
        return value.renamed(old, new)
    if isinstance(value, tuple):
        return tuple(_renamed(each, old, new) for each in value)
    return value if isinstance(value, int | float) else str(value).replace(old, new)
