"""What typer says, in the language that is spoken: the help of a verb, and what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import typer

from lossscan import words
from lossscan.commands.kit.language import spoken
from lossscan.errors import UsageError
from lossscan.expressions import expression
from lossscan.model import Message
from lossscan.words.help import helped

_NAMES: Final = 32  # cells of the column of names at most, with what is around it
_MORE: Final = "  ["  # begins what typer writes behind a text
_MARKS: Final = ("[default: ", "[required]")  # what it writes there
_AS_IT_IS: Final = "\b\n"  # what begins so is not wrapped again
_EXTRA: Final = expression(r"Got unexpected extra arguments?(?:\(s\))? \((.*)\)")
_NUMBERS: Final = {int: "an_integer", float: "a_number"}


class SpokenHelp:
    """The usage and the summary of a command, in the language that is spoken."""

    def format_usage(self: Any, ctx: Any, formatter: Any) -> None:
        """The line of usage."""
        pieces = " ".join(self.collect_usage_pieces(ctx))
        formatter.write_usage(ctx.command_path, pieces, prefix=helped("Usage: ", spoken()))

    def format_help_text(self: Any, ctx: Any, formatter: Any) -> None:
        """What the command is for."""
        formatter.write_paragraph()
        with formatter.indentation():
            room = formatter.width - formatter.current_indent
            formatter.write_text(_fitting(self.help or "", room))


def sections(command: Any, ctx: Any, formatter: Any) -> None:
    """Arguments by their placeholders, then options."""
    arguments, options = [], []
    for each in command.get_params(ctx):
        record = each.get_help_record(ctx)
        if record is None:
            continue
        if is_argument(each):
            arguments.append((named(each), each.help or ""))
        else:
            options.append((record[0], *_parted(record[1])))
    if arguments:
        rows(formatter, "Arguments", arguments)
    rows(formatter, "Options", options)


def rows(formatter: Any, heading: str, told: Sequence[tuple[str, ...]]) -> None:
    """A section: names, what they do, and a default where there is one."""
    with formatter.section(helped(heading, spoken())):
        room = formatter.width - _NAMES - formatter.current_indent
        formatter.write_dl([(name, _fitting(text, room, *more)) for name, text, *more in told])


def is_argument(parameter: Any) -> bool:
    """Whether it is no option."""
    return bool(parameter.param_type_name == "argument")


def named(argument: Any) -> str:
    """Its placeholder."""
    return str(argument.metavar or argument.name.upper())


def _parted(text: str) -> tuple[str, ...]:
    """A help text, and the default or such that typer writes behind it."""
    own, mark, more = text.partition(_MORE)
    return (own, mark + more) if mark else (own,)


def _fitting(text: str, room: int, more: str = "") -> str:
    """The text in the language that is spoken; Chinese is wrapped here, since it has no blanks."""
    lang = spoken()
    for mark in _MARKS:
        more = more.replace(mark, helped(mark, lang))
    whole = helped(text, lang) + more
    if lang == "en":
        return whole
    from lossscan.words.wrapping import wrapped

    return _AS_IT_IS + wrapped(whole, room)


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
