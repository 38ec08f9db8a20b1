"""The report formats, one file each, found by listing: `NAME` and `render(report, page) -> str`.

They see a Report and nothing else; files whose names begin with `_` are what formats share.
"""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from types import ModuleType

from lossscan import words
from lossscan.errors import UsageError
from lossscan.model import Report

DEFAULT = "rich"


@dataclass(frozen=True, slots=True)
class Page:
    """What a report is shown on."""

    width: int = 100  # terminal cells
    colour: bool = False
    lang: str = "en"
    single: bool = True  # one run was asked for, rather than however many there are
    exit_status: int = 0  # what the command will return


def formats() -> tuple[str, ...]:
    """The names of all formats, sorted."""
    return tuple(sorted(_modules()))


def check(name: str) -> None:
    """Raise UsageError, with the nearest name, for a format that does not exist."""
    if name not in _modules():
        raise UsageError(f'there is no format "{name}"', hint=words.nearest(name, _modules()))


def render(name: str, report: Report, page: Page) -> str:
    """The report in a format; the text ends with a line break."""
    check(name)
    text: str = _modules()[name].render(report, page)
    return text


def _modules() -> dict[str, ModuleType]:
    """The format modules by name; each is light to import and loads what it needs in `render`."""
    found = (m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_"))
    modules = (importlib.import_module(f"{__name__}.{name}") for name in found)
    return {module.NAME: module for module in modules}
