"""The help of a verb, written in the language that is spoken."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from lossscan.commands.kit.language import spoken
from lossscan.words.help import helped

_NAMES: Final = 32  # cells of the column of names at most, with what is around it
_MORE: Final = "  ["  # begins what typer writes behind a text
_MARKS: Final = ("[default: ", "[required]")  # what it writes there
_AS_IT_IS: Final = "\b\n"  # what begins so is not wrapped again


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
