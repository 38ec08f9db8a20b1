"""What Acme's trainer adds to lossscan: its log, a rule about it, and a report for its board."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from lossscan.formats.kit.columns import columns
from lossscan.formats.kit.format import Format
from lossscan.formats.kit.text import NUMBER, lines, peek
from lossscan.model import Episode, Finding, Message, Table
from lossscan.reporters import Page, Reporter, ReportStream
from lossscan.rules.kit.case import Case
from lossscan.rules.kit.rule import Rule
from lossscan.settings import Settings
from lossscan.sources.files import Head

# --- the format: `[acme] update 100 ce 3.45 lr 1e-4` --------------------------------------------

_POINT: Final = re.compile(rf"\[acme\] update (\d{{1,15}}) ce ({NUMBER}) lr ({NUMBER})\s")


def claims(head: Head) -> bool:
    """Whether a point is in it."""
    return _POINT.search(peek(head)) is not None


def read(head: Head, settings: Settings) -> Table:
    """All points; the value is the mean since the last line."""
    found = (match for line in lines(head) for match in _POINT.finditer(line))
    rows = [(int(match[1]), {"loss": match[2], "lr": match[3]}) for match in found]
    return Table(columns(rows, settings), framework="acme")


FORMAT = Format(
    name="acme_console",
    sample="[acme] update 100 ce 3.45 lr 1e-4",
    claims=claims,
    read=read,
    files="acme-*.out",  # a log for sure: no other file need be looked into
)

# --- the rule: Acme's scheduler restarts where the learning rate grows at once -------------------


def check(case: Case, *, least: float = 10.0) -> Iterator[Finding]:
    """Yield a finding where the learning rate grows `least` times from one entry to the next."""
    rates = case.points("learning_rate")
    if case.run.framework != "acme" or rates is None:
        return
    for at in range(1, len(rates)):
        before, after = float(rates.values[at - 1]), float(rates.values[at])
        if before > 0 and after >= least * before:
            step = int(rates.steps[at])
            yield Finding(
                0.9,
                series="learning_rate",
                message=Message("default", step=step, before=before, after=after),
                episodes=(Episode(step),),
            )


RULE = Rule(
    name="acme-restart",
    check=check,
    page="""
severity: warning
title:
  en: The scheduler restarted
summary:
  en: the learning rate grows at once
why:
  en: Acme's scheduler restarts when its state is lost.
messages:
  default:
    en: "At step {step} the learning rate grows from {before:.3g} to {after:.3g}."
""",
)

# --- the report format: a line for each run -----------------------------------------------------


def stream(report: ReportStream, page: Page) -> Iterator[str]:
    """The status and the name of each run."""
    for one in report.runs:
        yield f"{one.status} {one.name}\n"


REPORTER = Reporter(name="acme", stream=stream)
