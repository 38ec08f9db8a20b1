"""What an overview of many runs keeps of each, and how the rows are counted and sorted."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from msgspec import Struct

from lossscan import words
from lossscan.model import STATUS_ORDER, RunReport, Severity
from lossscan.reporters import Page
from lossscan.reporters.kit.lines import last_loss, unread

COUNTED = ("loss", "reward", "eval_loss")  # the first that a run has tells its points


class Found(Struct, frozen=True):
    """A finding in a word and a place."""

    rule: str
    severity: Severity
    step: int | None
    waived: bool  # it does not count at the gate

    def __str__(self) -> str:
        """In brackets where it does not count."""
        place = self.rule if self.step is None else f"{self.rule}@{self.step}"
        return f"({place})" if self.waived else place


class Row(Struct, frozen=True):
    """One run on one line."""

    path: str
    status: str
    framework: str | None
    points: int | None  # of the loss, or of what is judged in its place
    last_loss: str
    found: tuple[Found, ...]
    lacking: str | None  # why it could not be read, not whole, or not be judged


SHORT = "too_short"  # the key of the remark that nothing can be judged


def row_of(one: RunReport, lang: str) -> Row:
    """The line of a run; the rest of its report may be forgotten."""
    run = one.run
    counted = (len(run.series[name]) for name in COUNTED if name in run.series) if run else ()
    points = next(iter(counted), None)
    short = (words.say(lang, said) for said in one.remarks if said.key == SHORT)
    told = (*unread(one, lang), *short)
    return Row(
        path=one.path,
        status=one.status,
        framework=run.framework if run else None,
        points=points,
        last_loss=last_loss(run) if run else "",
        found=tuple(
            Found(f.rule, f.severity, f.start_step, f.waiver is not None) for f in one.findings
        ),
        lacking=told[0].removeprefix(f"{one.path}: ") if told else None,
    )


def worst_first(rows: Iterable[Row]) -> list[Row]:
    """Errors, then by severity; runs of one severity in the order they came in."""
    return sorted(rows, key=lambda row: STATUS_ORDER.index(row.status))


def tally(counts: Mapping[str, int], lang: str) -> str:
    """How many runs have each status, in words, worst first; those that no run has are left out."""
    each = (
        words.say(lang, "of_status", count=counts[status], status=words.say(lang, status))
        for status in STATUS_ORDER
        if counts.get(status)
    )
    return words.say(lang, "comma").join(each)


def closing(rows: Sequence[Row], page: Page, exit_status: int) -> str:
    """The last line: the status or how many runs have each, and what the command returns."""
    waived = sum(found.waived for row in rows for found in row.found)
    said = partial(page.say, exit=exit_status)
    if page.single:
        count = str(len(rows[0].found))
        if waived:
            more = page.say("close_waived", count=waived)
            count = page.say("aside", text=count, more=more)
        return said("close_findings", status=page.say(rows[0].status), count=count)
    more = tally(Counter(row.status for row in rows), page.lang)
    runs = page.say("aside", text=len(rows), more=more) if more else "0"
    return said("close_runs_waived" if waived else "close_runs", runs=runs, waived=waived)


def by_rule(rows: Iterable[Row]) -> list[tuple[str, Severity, int]]:
    """Each rule that found something, its worst severity, and in how many runs; worst first."""
    severities: dict[str, Severity] = {}
    runs: Counter[str] = Counter()
    for row in rows:
        for found in row.found:
            worst = severities.get(found.rule, found.severity)
            severities[found.rule] = min(worst, found.severity, key=lambda each: each.rank)
        runs.update({found.rule for found in row.found})
    order = sorted(runs, key=lambda rule: (severities[rule].rank, -runs[rule], rule))
    return [(rule, severities[rule], runs[rule]) for rule in order]


def by_framework(rows: Iterable[Row]) -> list[tuple[str | None, Counter[str]]]:
    """Each framework, the most frequent first, and how many of its runs have each status."""
    groups: dict[str | None, Counter[str]] = defaultdict(Counter)
    for row in rows:
        groups[row.framework][row.status] += 1
    return sorted(groups.items(), key=lambda group: (-group[1].total(), str(group[0])))
