"""Many runs for a terminal: a line each, worst first, then what was found by rule and framework."""

from __future__ import annotations

import os.path
from collections.abc import Iterator, Sequence
from pathlib import PurePath

from rich.cells import cell_len
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from lossscan import words
from lossscan.model import Finding
from lossscan.reporters import Page
from lossscan.reporters.kit.columns import in_columns
from lossscan.reporters.kit.rows import Found, Row, by_framework, by_rule, tally, worst_first
from lossscan.reporters.kit.terminal import STYLES, Prose, bulleted, safe, shortened

WIDE = 90  # cells from which framework, points and the last loss have room of their own
NUMBERS = ("points_of", "last_loss")  # set to the right
EXTRA = ("framework", *NUMBERS)
LONGEST = 60  # cells; a longer name loses its middle
LEAST_NAME, LEAST_FOUND = 12, 20  # cells of a name and of findings on the narrowest terminal
NARROW = 60  # cells; a table needs as many
GAP = 2  # cells between columns
EXTRA_CELLS = 36  # what framework, points and the last loss take


def overview(
    rows: Sequence[Row], common: Sequence[Finding], page: Page
) -> Iterator[RenderableType]:
    """The table, the two summaries, what troubled runs share, and how to see one run in full."""
    if not rows:
        return
    root = _root([row.path for row in rows])
    if root.parts:
        yield safe(page.say("below", root=root), "dim")
    if page.width < NARROW:
        yield from _stacked(rows, root, page)
    else:
        yield _table(rows, root, page)
    yield Text()
    yield from _errors(rows, root, page)
    yield from _by_rule(rows, page)
    yield from _by_framework(rows, page)
    yield from _common(common, page)
    yield Text(page.say("see_one"), style="dim")


def _root(paths: list[str]) -> PurePath:
    """The folder that all runs are below, to be named once; empty where there is none."""
    try:
        return PurePath(os.path.commonpath([PurePath(path).parent for path in paths]))
    except ValueError:  # no runs, or absolute paths among relative ones
        return PurePath()


def _table(rows: Sequence[Row], root: PurePath, page: Page) -> Table:
    room = _room(rows, page)
    names = {row.path: shortened(_below(row.path, root), room) for row in rows}
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for key in ("severity", "run", *(EXTRA if page.width >= WIDE else ()), "findings"):
        whole = key != "findings"
        table.add_column(page.say(key), no_wrap=whole, overflow="fold")
        table.columns[-1].justify = "right" if key in NUMBERS else "left"
    for row in worst_first(rows):
        table.add_row(*_cells(row, names[row.path], page))
    return table


def _below(path: str, root: PurePath) -> str:
    return words.printable(str(PurePath(path).relative_to(root) if root.parts else path))


def _room(rows: Sequence[Row], page: Page) -> int:
    """Cells for the name of a run: what the widest word of the findings leaves to it."""
    widest = max((cell_len(f"{found},") for row in rows for found in row.found), default=0)
    status = max(cell_len(page.say(row.status)) for row in rows)
    extra = EXTRA_CELLS if page.width >= WIDE else 0
    left = page.width - status - extra - max(widest, LEAST_FOUND) - 2 * GAP
    return min(max(left, LEAST_NAME), LONGEST)


def _errors(rows: Sequence[Row], root: PurePath, page: Page) -> Iterator[RenderableType]:
    """What could not be read, in full, below the table."""
    failed = [row for row in rows if row.status == "error" and row.lacking]
    if failed:
        colon = page.say("colon")
        yield _heading("unreadable_runs", page)
        yield bulleted(
            ("-", safe(_below(row.path, root), "bold").append(f"{colon}{row.lacking}", "not bold"))
            for row in failed
        )
        yield Text()


def _stacked(rows: Sequence[Row], root: PurePath, page: Page) -> Iterator[RenderableType]:
    """A run on one line and its findings below, where a table has no room for whole words."""
    for row in worst_first(rows):
        status, _, *_, found = _cells(row, "", page)
        name = shortened(_below(row.path, root), page.width - cell_len(status.plain) - GAP)
        yield status + Text(" " * GAP) + Text(name)
        if found.plain:
            yield Padding(Prose(found), (0, 0, 0, 2 * GAP))


def _cells(row: Row, name: str, page: Page) -> list[Text]:
    status = Text(page.say(row.status), style=STYLES[row.status])
    points = "" if row.points is None else str(row.points)
    extra = (safe(row.framework or ""), Text(points), Text(row.last_loss))
    told = row.lacking if row.status != "error" else None  # errors are told below the table
    found = [*map(_found, row.found), *([safe(told)] if told else [])]
    return [status, safe(name), *(extra if page.width >= WIDE else ()), Text(", ").join(found)]


def _found(found: Found) -> Text:
    return Text(str(found), style="dim" if found.waived else STYLES[found.severity])


# --- summaries ---------------------------------------------------------------------------------


def _by_rule(rows: Sequence[Row], page: Page) -> Iterator[RenderableType]:
    counted = by_rule(rows)
    cells = [
        (Text(rule, STYLES[severity]), Text(page.say("in_runs", runs=runs, all=len(rows))))
        for rule, severity, runs in counted
    ]
    yield from _summary("by_rule", cells, page)


def _by_framework(rows: Sequence[Row], page: Page) -> Iterator[RenderableType]:
    counted = by_framework(rows)
    cells = [
        (safe(name or page.say("unknown")), Text(tally(counts, page.lang)))
        for name, counts in counted
    ]
    yield from _summary("by_framework", cells if len(cells) > 1 else [], page)


def _summary(key: str, cells: Sequence[Sequence[Text]], page: Page) -> Iterator[RenderableType]:
    if cells:
        yield _heading(key, page)
        yield from in_columns(cells, page.width)
        yield Text()


def _common(common: Sequence[Finding], page: Page) -> Iterator[RenderableType]:
    if common:
        yield _heading("in_common", page)
        yield bulleted(line for finding in common for line in _shared(finding, page))
        yield Text()


def _shared(finding: Finding, page: Page) -> Iterator[tuple[str, Text]]:
    yield "-", safe(page.say(finding.message))
    for evidence in finding.evidence:
        yield "", safe(page.say(evidence.text), "dim")


def _heading(key: str, page: Page) -> Text:
    return Text(page.say(key), style="bold")
