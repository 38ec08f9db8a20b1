"""The command line as a man page, from the same values as its page in docs/."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from typer.main import get_command

from docs.make.cli import STATUSES, VARIABLES, each_verb
from lossscan import __homepage__, __version__
from lossscan.commands import _app
from lossscan.commands.kit.shape import spelled

_CODE = re.compile(r"`([^`]*)`")


def man_page() -> str:
    """The page in the man macros, a section for what all verbs share and one for each verb."""
    return "\n".join(_lines(get_command(_app()))) + "\n"


def _lines(group: Any) -> Iterator[str]:
    yield f'.TH LOSSSCAN 1 "" "lossscan {__version__}" "User Commands"'
    yield from (".SH NAME", f"lossscan \\- {_text(_summary(group.help))}", ".SH SYNOPSIS")
    for name, command in each_verb(group):
        arguments = (p.metavar for p in command.params if p.param_type_name == "argument")
        yield f"\\fBlossscan {_text(name)}\\fP {_text(' '.join(['[OPTIONS]', *arguments]))}"
        yield ".br"
    yield from (".SH DESCRIPTION", _text(group.help), ".SH OPTIONS", *_options(group))
    for name, command in each_verb(group):
        yield from (f".SS lossscan {_text(name)}", _text(command.help), *_options(command))
        yield from (".P", "Examples:", ".nf", *map(_text, command.epilog.splitlines()), ".fi")
    yield from (".SH EXIT STATUS", *_listed((f"\\fB{n}\\fP", text) for n, text in STATUSES))
    yield from (".SH ENVIRONMENT", *_listed((_text(name), text) for name, text in VARIABLES))
    yield from (".SH SEE ALSO", _text(__homepage__))


def _options(command: Any) -> Iterator[str]:
    return _listed((_tag(parameter), parameter.help or "") for parameter in command.params)


def _tag(parameter: Any) -> str:
    """An argument by its placeholder, an option in bold with its own."""
    shown = _text(spelled(parameter.metavar) or "")
    if parameter.param_type_name == "argument":
        return f"\\fI{shown}\\fP"
    names = ", ".join(f"\\fB{_text(name)}\\fP" for name in parameter.opts)
    return f"{names} \\fI{shown}\\fP" if shown else names


def _listed(rows: Any) -> Iterator[str]:
    for tag, text in rows:
        yield from (".TP", tag, _text(text))


def _summary(text: str) -> str:
    """As after a name in a list of commands: small, and without a full stop."""
    return text[:1].lower() + text[1:].rstrip(".")


def _text(text: str) -> str:
    """Plain text in troff: nothing in it is a request or an escape; code is bold."""
    lines = (line.strip() for line in text.splitlines())
    escaped = " ".join(filter(None, lines)).replace("\\", "\\e").replace("-", "\\-")
    bold = _CODE.sub(r"\\fB\1\\fP", escaped)
    return f"\\&{bold}" if bold.startswith((".", "'")) else bold
