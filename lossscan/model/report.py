"""The reports of runs: what was found in each, and what only several together show."""

from __future__ import annotations

from collections import Counter
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

from lossscan.model.base import STATUS_ORDER
from lossscan.model.findings import Finding, RuledOut
from lossscan.model.message import FAILED_NOTE, GAVE_UP_NOTE, UNREAD_NOTE, Message
from lossscan.model.run import Note, Run
from lossscan.model.signals import Alignment

if TYPE_CHECKING:
    from pandas import DataFrame

    from lossscan.model.comparison import Comparison


UNVOUCHED = (FAILED_NOTE, GAVE_UP_NOTE, UNREAD_NOTE)
NOTEBOOK = "lossscan.integrations.notebook"  # the room that shows
DAMAGES = ("cut_json", *UNVOUCHED)  # kinds of notes


class Failure(Struct, frozen=True):
    """Why a run could not be examined."""

    type: str  # class name of the error
    message: Message
    hint: Message


class AccountedFor(Struct, frozen=True):
    """Who accounts for an event: a finding, or a reason that needs none."""

    by: Literal["finding", "explanation"]
    rule: str | None  # of the finding
    text: Message  # its title, or the reason


class ChangePoint(Struct, frozen=True):
    """A departure that the engine is sure of, and who accounts for it."""

    series: str
    step: int  # the first that shows it
    kind: str  # level_up, level_down, slope_up, slope_down or spike
    delta: float  # in units of the series
    sigma: float  # in standard errors, of a spike in noise units; negative is down
    aligned_to: Alignment | None
    accounted_for: AccountedFor


class Shown:
    """How a report, of one run or of many, shows itself in a notebook and to a script.

    A value knows no room above it: the one that shows is looked up when it is asked for.
    """

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        """The JSON report as plain dicts, lists, strings and numbers."""
        told: dict[str, Any] = import_module(NOTEBOOK).dict_of(self)
        return told

    def to_json(self) -> str:
        """The JSON report as text, as `--format json` writes it."""
        text: str = import_module(NOTEBOOK).json_of(self)
        return text

    def frame(self) -> DataFrame:
        """A row for each finding, with the columns of `--format csv`; MissingExtra without pandas.

        Of many runs, one without findings has a row, too.
        """
        table: DataFrame = import_module(NOTEBOOK).frame_of(self)
        return table

    def _repr_html_(self) -> str:
        """What a notebook shows: the verdicts and the curve."""
        text: str = import_module(NOTEBOOK).html_of(self)
        return text


class RunReport(Shown, Struct, frozen=True):
    """All that lossscan says of one run."""

    path: str
    name: str
    status: str  # a severity, "ok" or "error"
    run: Run | None = None  # None where it could not be read
    findings: tuple[Finding, ...] = ()
    ruled_out: tuple[RuledOut, ...] = ()
    change_points: tuple[ChangePoint, ...] = ()
    remarks: tuple[Message, ...] = ()  # what was survived, what could not be judged
    error: Failure | None = None
    sketch: tuple[float, ...] = ()  # of the main curve, where the series hold but a few points
    lang: str = "en"  # of its sentences

    def __repr__(self) -> str:
        steps = (("" if f.start_step is None else f"@{f.start_step}") for f in self.findings)
        found = [f"{f.rule}{step}" for f, step in zip(self.findings, steps, strict=True)]
        said = ", ".join(found) or (str(self.error.message) if self.error else "")
        return f"<RunReport {self.path}: {self.status}{said and ': '}{said}>"

    @property
    def damages(self) -> tuple[Note, ...]:
        """What the files have lost: a document that must end and does not, a log unread.

        A log that grows may end anywhere; half of a trainer_state.json is a copy that failed, and
        the gate cannot vouch for what is missing.
        """
        return () if self.run is None else tuple(n for n in self.run.notes if n.kind in DAMAGES)


class Report(Shown, Struct, frozen=True):
    """One or many run reports, and what only several runs together show."""

    version: str
    runs: tuple[RunReport, ...]
    findings: tuple[Finding, ...] = ()
    remarks: tuple[Message, ...] = ()  # of the gate: what no longer meets anything
    comparison: Comparison | None = None  # of what `compare` says beyond the runs themselves

    def __repr__(self) -> str:
        counts = Counter(one.status for one in self.runs)
        said = ", ".join(f"{counts[status]} {status}" for status in STATUS_ORDER if counts[status])
        return f"<Report of {len(self.runs)} runs{said and ': '}{said}>"
