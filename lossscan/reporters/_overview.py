"""Many runs for a terminal: a row each, worst status in words, what was found by rule."""

from __future__ import annotations

import os.path
from pathlib import PurePath

from rich.cells import cell_len
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from lossscan import words
from lossscan.model import Report, RunReport
from lossscan.reporters import Page
from lossscan.reporters._lines import amount, last_loss
from lossscan.reporters._style import STYLES, safe

WIDE = 90  # cells from which steps, epochs and the last loss have room of their own


def overview(report: Report, page: Page) -> list[RenderableType]:
    """The table, and how to see one run in full."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    keys = ("severity", "run", *(("steps", "epochs", "last_loss") if _wide(page) else ()))
    root = _root([one.path for one in report.runs])
    names = [str(PurePath(one.path).relative_to(root)) for one in report.runs]
    longest = max(map(cell_len, names), default=0)
    for key in (*keys, "findings"):
        number = key in {"steps", "epochs", "last_loss"}
        table.add_column(
            words.say(page.lang, key),
            justify="right" if number else "left",
            no_wrap=number or key == "severity" or (key == "run" and longest <= page.width // 2),
            overflow="fold",
        )
    for one, name in zip(report.runs, names, strict=True):
        table.add_row(*_row(one, name, page))
    below = [safe(words.say(page.lang, "below", root=root), "dim")] if root.parts else []
    return [*below, table, Text(), Text(words.say(page.lang, "see_one"), style="dim")]


def _root(paths: list[str]) -> PurePath:
    """The folder that all runs lie below, to be named once; empty where there is none."""
    try:
        return PurePath(os.path.commonpath([PurePath(path).parent for path in paths]))
    except ValueError:  # no runs, or absolute paths beside relative ones
        return PurePath()


def _wide(page: Page) -> bool:
    return page.width >= WIDE


def _row(one: RunReport, name: str, page: Page) -> list[Text]:
    status = Text(words.say(page.lang, one.status), style=STYLES[one.status])
    numbers = map(Text, _numbers(one)) if _wide(page) else ()
    return [status, safe(name), *numbers, _found(one)]


def _numbers(one: RunReport) -> tuple[str, str, str]:
    if one.run is None:
        return ("", "", "")
    last = max((int(s.steps[-1]) for s in one.run.series.values() if len(s)), default=None)
    epochs = one.run.schedule.epochs
    return (
        "" if last is None else str(last),
        "" if epochs is None else amount(epochs),
        last_loss(one.run),
    )


def _found(one: RunReport) -> Text:
    if one.error is not None:
        return safe(one.error.message.removeprefix(f"{one.path}: "))
    rules = [Text(f.rule, style=STYLES[f.severity]) for f in one.findings]
    return Text(", ").join(rules)
