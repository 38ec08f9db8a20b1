"""What all verbs have in common at the command line: their help, and the options -v and -q."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from lossscan.errors import UsageError


class Verb(TyperCommand):
    """A verb whose help names placeholders and no types of Python; takes -v and -q too."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Its own parameters, -v and -q, and --help."""
        *own, last = super().get_params(ctx)
        return [*own, *_loudness(), last]

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """As in manuals: what must be given stands bare."""
        return ["[OPTIONS]", *(_placeholder(each) for each in self.params if _is_argument(each))]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Arguments by their placeholders, then options."""
        arguments, options = [], []
        for each in self.get_params(ctx):
            record = each.get_help_record(ctx)
            if record is None:
                continue
            if _is_argument(each):
                arguments.append((_named(each), each.help or ""))
            else:
                options.append(record)
        for heading, rows in (("Arguments", arguments), ("Options", options)):
            if rows:
                with formatter.section(heading):
                    formatter.write_dl(rows)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Its examples, a line each: whoever reads help wants to see one."""
        if self.epilog:
            with formatter.section("Examples"):
                for line in self.epilog.splitlines():
                    formatter.write(f"{'':{formatter.current_indent}}{line}\n")


class Verbs(TyperGroup):
    """All verbs; a path in the place of one is answered with the verb that was forgotten."""

    def resolve_command(
        self, ctx: Any, args: list[str]
    ) -> tuple[str | None, Any, list[str]]:  # what is called is no type that typer makes public
        """The verb and its arguments; raises UsageError for a path."""
        first = args[0]
        if first not in self.commands and _is_place(first):
            several = f"did you mean: lossscan batch {' '.join(args)}"
            single = f"did you mean: lossscan analyze {' '.join(args)}"
            whole = "*" in first or (len(args) > 1 and _is_place(args[1]))
            raise UsageError(f"{first} is no verb", hint=several if whole else single)
        return super().resolve_command(ctx, args)


def _is_place(text: str) -> bool:
    return "/" in text or "*" in text or text == "-" or Path(text).exists()


def _is_argument(parameter: Any) -> bool:
    return bool(parameter.param_type_name == "argument")


def _placeholder(argument: Any) -> str:
    return _named(argument) if argument.required else f"[{_named(argument)}]"


def _named(argument: Any) -> str:
    return str(argument.metavar or argument.name.upper())


def _loudness() -> list[Any]:
    """-v and -q for behind the verb, where people look for them."""
    app = typer.Typer(add_completion=False)
    app.command()(_loud)
    return list(get_command(app).params)


def _verbose(value: bool) -> None:
    if value:
        speak()


def _quiet(value: bool) -> None:
    if value:
        hush()


Verbose: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--verbose",
        "-v",
        callback=_verbose,
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


def speak() -> None:
    """Log debug details to standard error from here on."""
    import logging

    logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)


def hush() -> None:
    """Say nothing on standard error from here on but errors."""
    import logging

    logging.getLogger("lossscan").setLevel(logging.ERROR)


def hushed() -> bool:
    """Whether only errors are wanted on standard error."""
    import logging

    return not logging.getLogger("lossscan").isEnabledFor(logging.WARNING)
