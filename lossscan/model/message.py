"""What is to be said, without its words: a key of the catalogue and the values that go into it."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar, cast

T = TypeVar("T")

HINT: Final = ".hint"  # ends the key of what to do about an error
FAILED_NOTE: Final = "reader_failed"  # of a log that would have counted
GAVE_UP_NOTE: Final = "reader_gave_up"  # of a log that is too much for its reader
UNREAD_NOTE: Final = "log_unread"  # of a log that its damage or the system keeps from being read
PAGES: Final = "rules/"  # begins the key of a text in the page of a rule


@dataclass(frozen=True, slots=True, init=False)
class Message:
    """A sentence of the catalogue, or of the page of a rule, before a language is chosen.

    A value may be a Message, or a tuple of them. The value `at` is a place and begins the line. A
    key that is no key of the catalogue is shown as it is: other packages have words of their own.
    """

    key: str
    values: Mapping[str, Any]
    lang: str = field(compare=False)  # what `str` speaks

    def __init__(self, key: str, /, **values: Any) -> None:
        object.__setattr__(self, "key", key)
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "lang", "en")

    @property
    def name(self) -> str:
        """The last part of the key."""
        return self.key.rpartition("/")[2]

    def __str__(self) -> str:
        return self.say(self.lang)

    def __contains__(self, part: str) -> bool:
        """Whether the sentence that `str` gives has this part."""
        return part in str(self)

    def say(self, lang: str) -> str:
        """The sentence in a language; its words are not read before."""
        from lossscan.words.messages import rendered

        return rendered(self, lang)

    def spoken(self, lang: str) -> Message:
        """The same, for `str` to speak another language."""
        same = copy(self)
        object.__setattr__(same, "lang", lang)
        return same

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


def spoken(value: T, lang: str) -> T:
    """A value of the report that speaks a language where it is shown without one being named."""
    from msgspec import Struct  # here, since every error is a message, and `--help` loads those
    from msgspec.structs import replace

    new: Any = value
    if isinstance(value, Message):
        new = value.spoken(lang)
    elif isinstance(value, tuple):
        new = tuple(spoken(each, lang) for each in value)
    elif isinstance(value, Struct):
        told = {name: spoken(getattr(value, name), lang) for name in value.__struct_fields__}
        new = replace(value, **told | ({"lang": lang} if "lang" in told else {}))
    return cast(T, new)
