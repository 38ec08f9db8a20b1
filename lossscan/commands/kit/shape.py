"""What all verbs have in common at the command line: their help, and the options -v and -q."""

from __future__ import annotations

import ast
import inspect
import pkgutil
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import cache, partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, get_origin

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from lossscan import commands, words
from lossscan.commands.kit.help_text import SpokenHelp, is_argument, named, rows, sections
from lossscan.commands.kit.language import spoken
from lossscan.errors import UsageError
from lossscan.model import Message
from lossscan.words.help import helped

if TYPE_CHECKING:
    from logging import LogRecord

REPORT_FORMAT = "FORMAT"


@cache
def verbs() -> tuple[str, ...]:
    """The names of all verbs, sorted."""
    found = (module.name for module in pkgutil.iter_modules(commands.__path__) if not module.ispkg)
    return tuple(sorted(found))


def _function(verb: str) -> Callable[..., int]:
    function: Callable[..., int] = getattr(import_module(f"{commands.__name__}.{verb}"), verb)
    return function


def _told(docstring: str | None) -> tuple[str, str]:
    """The summary of a verb, and its examples."""
    summary, _, examples = inspect.cleandoc(docstring or "").partition("\n\n")
    return summary, examples


def _unloaded(verb: str) -> str | None:
    """The docstring of a verb that is not loaded: to load all takes a fifth of `--help`."""
    module = f"{commands.__name__}.{verb}"
    loader: Any = getattr(find_spec(module), "loader", None)
    codes = (each for each in loader.get_code(module).co_consts if isinstance(each, CodeType))
    kept = FunctionType(next(code for code in codes if code.co_name == verb), {}).__doc__
    return kept or _in_source(loader.get_source(module), verb)


def _in_source(source: str, verb: str) -> str | None:
    """The same where Python keeps none with its byte code (-OO): to parse all takes a tenth."""
    parts = ast.parse(source).body
    function = next(p for p in parts if isinstance(p, ast.FunctionDef) and p.name == verb)
    return ast.get_docstring(function)


def _built(verb: str) -> Any:
    function = _function(verb)
    summary, examples = _told(function.__doc__ or _unloaded(verb))  # -OO leaves none
    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.command(verb, cls=Verb, help=summary, short_help=summary, epilog=examples)(function)
    return get_command(app)


def _as_typed(parameters: list[Any]) -> list[Any]:
    for each in parameters:
        if "get_runtime_param" not in vars(each):
            each.get_runtime_param = partial(AsTyped, each, each.get_runtime_param)
    return parameters


class AsTyped:
    """How a parameter becomes a value: typer loads pydantic for it, also where none is given."""

    def __init__(self, parameter: Any, otherwise: Callable[[], Any]) -> None:
        self.kind = parameter.type_descriptor.annotation
        self.otherwise = otherwise  # typer's own

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """Text, paths and numbers as they are; what is no number by typer, which says so."""
        if value is None:
            return () if param.multiple or param.nargs == -1 else None
        kind = get_origin(self.kind) or self.kind
        if kind is list or isinstance(value, kind):
            return value
        if kind in (Path, int, float):
            with suppress(ValueError):
                return kind(value)
        return self.otherwise().coerce(value, param, ctx)


class Verb(SpokenHelp, TyperCommand):
    """A verb whose help names placeholders and no types of Python; takes -v and -q too."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Its own parameters, -v and -q, and --help."""
        *own, last = super().get_params(ctx)
        return _as_typed([*own, *_loudness(), last])

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """What is wrong with an option names its verb, whose help is shown."""
        try:
            return super().parse_args(ctx, args)
        except typer.TyperException as error:
            vars(error).update(ctx=getattr(error, "ctx", None) or ctx)
            raise

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """As in manuals: what must be given is bare."""
        return ["[OPTIONS]", *(_placeholder(each) for each in self.params if is_argument(each))]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Arguments by their placeholders, then options."""
        for each in self.get_params(ctx):
            each.metavar = spelled(each.metavar)
        sections(self, ctx, formatter)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Its examples, a line each: readers of help want to see one."""
        if self.epilog:
            with formatter.section(helped("Examples", spoken())):
                for line in self.epilog.splitlines():
                    formatter.write(f"{'':{formatter.current_indent}}{line}\n")


class Verbs(SpokenHelp, TyperGroup):
    """All verbs; only one that is asked for is built.

    A path in the place of one is answered with the verb that was forgotten.
    """

    def get_params(self, ctx: Any) -> list[Any]:
        """Its own parameters and --help."""
        return _as_typed(super().get_params(ctx))

    def list_commands(self, ctx: Any) -> list[str]:
        """Their names."""
        return list(verbs())

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The verb of that name, or None."""
        return _built(cmd_name) if cmd_name in verbs() else None

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Options, then verbs."""
        sections(self, ctx, formatter)
        rows(formatter, "Commands", [(verb, _told(_unloaded(verb))[0]) for verb in verbs()])

    def resolve_command(
        self, ctx: Any, args: list[str]
    ) -> tuple[str | None, Any, list[str]]:  # what is called is no type that typer makes public
        """The verb and its arguments; raises UsageError where there is no such verb."""
        first = args[0]
        if first in verbs():
            return super().resolve_command(ctx, args)
        if _is_place(first):
            several = "*" in first or (len(args) > 1 and _is_place(args[1]))
            command = f"lossscan {'batch' if several else 'analyze'} {' '.join(args)}"
            hint = Message("did_you_mean_command", command=command)
            raise UsageError("not_a_command", name=first, hint=hint)
        raise UsageError("no_such_command", name=first, hint=words.nearest(first, verbs()))


def _is_place(text: str) -> bool:
    return "/" in text or "*" in text or text == "-" or Path(text).exists()


def _placeholder(argument: Any) -> str:
    return named(argument) if argument.required else f"[{named(argument)}]"


def spelled(placeholder: str | None) -> str | None:
    """What a placeholder stands for, where plug-ins add to that: to list it takes a while."""
    if placeholder != REPORT_FORMAT:
        return placeholder
    from lossscan.reporters import formats

    return "|".join(formats())


def _loudness() -> list[Any]:
    """-v and -q for behind the verb, where people look for them."""
    app = typer.Typer(add_completion=False)
    app.command()(_loud)
    return list(get_command(app).params)


def log_details(value: bool) -> None:
    """Log debug details to standard error from here on."""
    if value:
        import logging

        handler = logging.StreamHandler(sys.stderr)
        handler.addFilter(_tamed)
        logging.basicConfig(level=logging.DEBUG, handlers=[handler])


def _quiet(value: bool) -> None:
    """Say nothing on standard error from here on but errors."""
    if value:
        import logging

        logging.getLogger("lossscan").setLevel(logging.ERROR)


Verbose: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--verbose",
        "-v",
        callback=log_details,
        expose_value=False,
        help="Log debug details to stderr.",
    ),
]
Quiet: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--quiet",
        "-q",
        callback=_quiet,
        expose_value=False,
        help="No progress or remarks on stderr; errors only.",
    ),
]


def _loud(verbose: Verbose = False, quiet: Quiet = False) -> None:
    """Holds the two options; never called."""


def _tamed(record: LogRecord) -> bool:
    """Let a record pass, without what steers a terminal in its path and in lines of an error."""
    from traceback import format_exception

    from lossscan.commands.kit.progress import indented

    record.msg, record.args = indented(record.getMessage()), None
    if record.exc_info and record.exc_info[0]:
        lines = "".join(format_exception(*record.exc_info)).splitlines()
        record.exc_text = "\n".join(map(indented, lines))
    return True


def hushed() -> bool:
    """Whether only errors are wanted on standard error."""
    import logging

    return not logging.getLogger("lossscan").isEnabledFor(logging.WARNING)
