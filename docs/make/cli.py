"""The command line as a page: each verb with its arguments and options, as the code has them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from typer.main import get_command

from docs.make.markdown import page, prose, table
from lossscan.commands import _app, verbs
from lossscan.commands.kit.shape import spelled
from lossscan.model import FAILED, FOUND, PASSED

STATUSES = (
    (PASSED, "no finding that counts reaches `--fail-on`"),
    (FOUND, "at least one does; what a baseline knows or the settings suppress does not count"),
    (
        FAILED,
        (
            "lossscan could not run: bad arguments, no log, an unreadable log, an invalid settings "
            "file. One line on stderr names the file, the position and the fix; with `--verbose`, "
            "an unrecognized log is followed by every format tried. In `batch`, such a run is a "
            "row of its own, and the others are still analyzed"
        ),
    ),
    (130, "Ctrl-C"),
)
_AROUND = """\
Results go to standard output, and nothing else does; errors, `--verbose` and a spinner (only on a
terminal, after a second) go to standard error."""
VARIABLES = (
    ("`COLUMNS`", "width of the output; otherwise that of the terminal, otherwise 100"),
    ("`NO_COLOR`, `TERM=dumb`", "no colors; there are none in a pipe or a file either"),
    ("`FORCE_COLOR`", "colors in a pipe, too; `NO_COLOR` goes before it"),
    (
        "`LANGUAGE`, `LC_ALL`, `LC_MESSAGES`, `LANG`",
        (
            "the first that is set decides the language unless `--lang` or the settings do: "
            "Chinese where it begins with `zh`, else English"
        ),
    ),
)


def cli_page() -> str:
    """The page, with a heading for each verb."""
    return page(_parts())


def _parts() -> Iterator[str]:
    group: Any = get_command(_app())
    yield "# Command line"
    yield prose(group.help)
    yield table(("verb", "does"), ((f"[{n}](#{n})", prose(c.help)) for n, c in each_verb(group)))
    yield table(("option of lossscan itself", "meaning"), map(_row, group.params))
    for name, command in each_verb(group):
        yield from _verb(name, command)
    yield "## Exit status"
    yield table(("status", "meaning"), ((f"**{n}**", text) for n, text in STATUSES))
    yield _AROUND
    yield "## Environment"
    yield table(("variable", "meaning"), VARIABLES)


def each_verb(group: Any) -> list[tuple[str, Any]]:
    """The name and the command of each verb."""
    return [(name, group.get_command(None, name)) for name in verbs()]


def _verb(name: str, command: Any) -> Iterator[str]:
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    usage = " ".join(["lossscan", name, "[OPTIONS]", *(p.metavar for p in arguments)])
    yield f"## {name}"
    yield prose(command.help)
    yield f"    {usage}"
    yield f"```sh\n{command.epilog}\n```"
    yield table(("argument, option", "meaning"), map(_row, command.params))


def _row(parameter: Any) -> tuple[str, str]:
    """An argument by its placeholder, an option with its own; a default that is a word is named."""
    shown = spelled(parameter.metavar) or ""
    if parameter.param_type_name == "option":
        shown = " ".join(filter(None, (", ".join(parameter.opts), shown)))
    default = f" Default: `{parameter.default}`." if isinstance(parameter.default, str) else ""
    return f"`{shown}`".replace("|", r"\|"), prose(parameter.help) + default
