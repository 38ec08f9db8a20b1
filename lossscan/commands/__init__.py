"""The verbs of the command line, one file each, found by listing; `main` is the whole command.

Each file holds a function of its own name; its docstring is the help text, it returns the exit
status. Only the verb asked for is built, and what it needs is imported when it runs. Results go to
standard output; errors are one line on standard error and status 2.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from lossscan import __version__, words
from lossscan.commands.kit.help_text import slip_of
from lossscan.commands.kit.language import OPTION, begin, spoken
from lossscan.commands.kit.progress import ended_in_order, tell
from lossscan.commands.kit.shape import Quiet, Verbose, Verbs, verbs
from lossscan.errors import ORDERS, LossscanError, UsageError, refusal
from lossscan.model import FAILED

__all__ = ["main", "verbs"]

# Objects between two searches for cycles. At Python's 700 a start is searched 130 times, which
# finds next to nothing and takes a twentieth of its time; modules alone bring 80,000 objects.
GARBAGE = 100_000


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit status, which is 130 where Ctrl-C ended it."""
    gc.set_threshold(GARBAGE)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # or digits hang on the number of cores
    for stream in (sys.stdout, sys.stderr):  # a terminal without UTF-8 shows codes, and no error
        if stream is not None:  # closed by who started us
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - to the end
    try:
        with ended_in_order():
            status = _run(arguments)
    except OSError:  # nobody hears what goes wrong any more
        status = FAILED
    return _flushed(status)


def _flushed(status: int) -> int:
    """The status once all is written: what Python cannot write as it ends, it complains of."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    return status


def _run(arguments: list[str] | None) -> int:
    begin(arguments)
    try:
        return _app()(arguments, prog_name="lossscan", standalone_mode=False) or 0
    except LossscanError as error:
        return _complain(*error.said(spoken()))
    except typer.TyperException as error:
        return _complain(*slip_of(error).said(spoken()))
    except (SystemExit, *ORDERS):  # the first by typer, of a shell's completion
        raise
    except BaseException as error:  # status 1 is for findings: a bug must not look like one
        refused = refusal(error)
        return _crashed(error) if refused is None else _complain(*refused.said(spoken()))


def _app() -> typer.Typer:
    app = typer.Typer(
        cls=Verbs,
        rich_markup_mode=None,
        add_completion=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["--help", "-h"]},
    )
    app.callback(invoke_without_command=True)(_root)
    return app


def _root(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", "-V", help="Print the version and exit.")
    ] = False,
    verbose: Verbose = False,
    quiet: Quiet = False,
    lang: Annotated[
        str | None, typer.Option(metavar="|".join(words.LANGUAGES), help="Language of the report.")
    ] = None,
) -> None:
    """Find anomalies in the loss of a training run, and explain them."""
    if lang not in {None, *words.LANGUAGES}:
        hint = words.nearest(str(lang), words.LANGUAGES)
        raise UsageError("invalid_choice", option=OPTION, value=lang, hint=hint)
    if version:
        typer.echo(f"lossscan {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def _complain(message: str, hint: str, details: Sequence[str] = ()) -> int:
    """One line, as scripts expect; with --verbose all that is known, a line each."""
    if details and _verbose():
        tell(message, details)
    else:
        tell(_joined([words.printable(part) for part in (message, hint) if part]))
    return FAILED


def _verbose() -> bool:
    import logging

    return logging.getLogger(__name__).isEnabledFor(logging.DEBUG)


def _joined(parts: Sequence[str]) -> str:
    """The parts as one line; a question needs no other mark behind it."""
    first, *rest = parts
    between = " " if first.endswith("?") else words.say(spoken(), "between")
    return between.join([first, *rest])


def _crashed(error: BaseException) -> int:
    import logging

    logging.getLogger(__name__).debug("unexpected", exc_info=True)
    crash = LossscanError("unexpected", error=type(error).__name__, reason=str(error))
    return _complain(*crash.said(spoken()))
