"""What typer finds wrong with a command line, as an error of ours: its own words are English."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import typer

from lossscan import words
from lossscan.commands.kit.help_text import is_argument, named
from lossscan.errors import UsageError
from lossscan.expressions import expression
from lossscan.model import Message

_EXTRA: Final = expression(r"Got unexpected extra arguments?(?:\(s\))? \((.*)\)")
_NUMBERS: Final = {int: "an_integer", float: "a_number"}


def slip_of(error: typer.TyperException) -> UsageError:
    """The error in our words where they are known, else in typer's; the hint names the help."""
    command = getattr(getattr(error, "ctx", None), "command_path", "lossscan")
    told = _KINDS.get(type(error).__name__, _other)(error)
    close = words.nearest(
        getattr(error, "option_name", ""), getattr(error, "possibilities", ()) or ()
    )
    key = "did_you_mean_option" if close.key == "did_you_mean" else "see_help"
    hint = Message(key, command=command, **close.values)
    return UsageError(told.key, hint=hint, **told.values)


def _missing(error: Any) -> Message:
    key = "missing_argument" if is_argument(error.param) else "missing_option"
    return Message(key, name=_name(error.param))


def _bad_value(error: Any) -> Message:
    kind = getattr(getattr(error.param, "type_descriptor", None), "annotation", None)
    known = next((key for each, key in _NUMBERS.items() if str(each.__name__) in str(kind)), None)
    if known is None:
        return Message("bad_value", name=_name(error.param), reason=error.message)
    return Message("expected_value", name=_name(error.param), expected=Message(known))


def _bad_usage(error: Any) -> Message:
    takes_one = "requires" in error.message
    return Message("needs_value" if takes_one else "takes_no_value", name=error.option_name)


def _other(error: Any) -> Message:
    extra = _EXTRA.match(error.format_message())
    if extra:
        return Message("extra_arguments", names=extra[1])
    text = " ".join(error.format_message().replace("'", "").split()).rstrip(".")
    return Message(text[:1].lower() + text[1:])


def _name(parameter: Any) -> str:
    return named(parameter) if is_argument(parameter) else " / ".join(parameter.opts)


_KINDS: Final[Mapping[str, Callable[[Any], Message]]] = {
    "MissingParameter": _missing,
    "NoSuchOption": lambda error: Message("no_such_option", name=error.option_name),
    "BadParameter": _bad_value,
    "BadOptionUsage": _bad_usage,
}
