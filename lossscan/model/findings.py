"""What a rule yields and every report holds: findings, and look-alikes that were ruled out.

A rule names its sentences as its page does: `Message("default", step=3)`. The ledger completes what
a rule left open and makes them keys of the whole catalogue.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final, Literal

from msgspec import Struct

from lossscan.model.base import Severity
from lossscan.model.message import Message
from lossscan.model.signals import Alignment

DEFAULT: Final = Message("default")
TITLE: Final = Message("title")
PLAIN: Final = "-plain"  # ends the name of a text for what is no language model in PyTorch


class Episode(Struct, frozen=True):
    """One place where a finding happens."""

    start_step: int | None
    end_step: int | None = None
    sigma: float | None = None


class Effect(Struct, frozen=True):
    """The size of a finding, in the units of the series."""

    before: float | None = None
    after: float | None = None
    delta: float | None = None
    ratio: float | None = None
    sigma: float | None = None


class Advice(Struct, frozen=True):
    """A training setting behind a cause; value and source are filled in from the run."""

    field: str
    value: Any = None
    source: str | None = None
    suggest: Any = None  # a value that would fix it


class Evidence(Struct, frozen=True):
    """One piece of evidence; a rule's text is named in the section `evidence` of its page."""

    text: Message
    source: str | None = None  # a file; None from a rule: that of the finding's series
    step: int | None = None
    value: float | None = None


class Cause(Struct, frozen=True):
    """A possible cause; a rule's text is named in the section `causes` of its page."""

    text: Message
    score: float  # 0..1, ranks it
    config: tuple[Advice, ...] = ()

    @property
    def id(self) -> str:
        """Its name in the page."""
        return self.text.name.removesuffix(PLAIN)


class RuledOut(Struct, frozen=True):
    """A look-alike that was considered and excluded, and why: named in the section `ruled_out`."""

    text: Message
    rule: str = ""  # put in by the rule that yields it
    claims: frozenset[int] = frozenset()  # steps of the changes and excursions it is the reason of


class Location(Struct, frozen=True):
    """A place in a file: of the point that shows a finding, or of a setting behind it."""

    path: str  # relative to the run
    line: int | None = None  # from 1; None where the file has no lines or none could be found
    field: str | None = None  # the setting that is there; None for a point of the log


class Waiver(Struct, frozen=True):
    """Why a finding does not fail the gate."""

    by: Literal["baseline", "suppression"]
    reason: str | None = None  # as the settings give it
    expires: date | None = None  # the last day on which it counts


class Finding(Struct, frozen=True):
    """A verdict; its texts may name the values of its message."""

    confidence: float  # probability that the finding is right
    series: str = "loss"
    stated_severity: Severity | None = None  # None from a rule: its page's, put in by the ledger
    message: Message = DEFAULT  # of a rule: which of the page's messages
    episodes: tuple[Episode, ...] = ()
    effect: Effect | None = None
    aligned_to: Alignment | None = None
    evidence: tuple[Evidence, ...] = ()
    causes: tuple[Cause, ...] = ()  # the ledger sorts them
    remedies: tuple[Message, ...] = ()  # the ledger adds those of the causes
    next: Message | None = None
    claims: frozenset[int] = frozenset()  # steps of the changes and excursions it explains
    # From here on the rule that yields it, the ledger, `runs.lines` and the gate say the rest.
    rule: str = ""
    title: Message = TITLE
    start_step: int | None = None
    end_step: int | None = None
    epoch: float | None = None
    locations: tuple[Location, ...] = ()  # the most telling first
    fingerprint: str | None = None  # the same in every report of the run: lossscan.gate.baseline
    waiver: Waiver | None = None  # None: it counts at the gate

    @property
    def severity(self) -> Severity:
        """How serious it is; raises ValueError where the ledger has not completed the finding."""
        if self.stated_severity is None:
            raise ValueError(f"{self.rule}: a finding of a rule has no severity of its own yet")
        return self.stated_severity

    @property
    def places(self) -> tuple[tuple[int, int], ...]:
        """The first and the last step of each place where it shows."""
        steps = [(e.start_step, e.end_step) for e in self.episodes]
        steps = steps or [(self.start_step, self.end_step)]
        return tuple((a, a if b is None else b) for a, b in steps if a is not None)
