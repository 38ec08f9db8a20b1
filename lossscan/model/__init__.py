"""Every value that travels through lossscan, all frozen; nothing here computes or reads.

    path -> ingest -> Run -> signals -> Signals -> rules -> Hits -> diagnosis -> RunReport -> Report

Steps are optimizer steps unless a format counts otherwise (MiniMind counts micro-batches).
Intervals of steps are `(after, by]`; intervals of array indices are half-open `[start, stop)`.
"""

from lossscan.model.base import (
    Number,
    Numbers,
    Severity,
)
from lossscan.model.hits import (
    Acquittal,
    Advice,
    Clue,
    Effect,
    Episode,
    Hit,
    Suspect,
)
from lossscan.model.report import (
    DAMAGES,
    FAILED_NOTE,
    AccountedFor,
    Cause,
    ChangePoint,
    ConfigAdvice,
    Evidence,
    Failure,
    Finding,
    Location,
    Report,
    RuledOut,
    RunReport,
    Waiver,
)
from lossscan.model.run import (
    Column,
    Field,
    Landmark,
    LandmarkKind,
    Note,
    Resume,
    Run,
    Schedule,
    Series,
    Skipped,
    Source,
    Table,
)
from lossscan.model.signals import (
    Alignment,
    BoundaryTest,
    Change,
    Curve,
    Excursion,
    Signals,
)

__all__ = [
    "DAMAGES",
    "FAILED_NOTE",
    "AccountedFor",
    "Acquittal",
    "Advice",
    "Alignment",
    "BoundaryTest",
    "Cause",
    "Change",
    "ChangePoint",
    "Clue",
    "Column",
    "ConfigAdvice",
    "Curve",
    "Effect",
    "Episode",
    "Evidence",
    "Excursion",
    "Failure",
    "Field",
    "Finding",
    "Hit",
    "Landmark",
    "LandmarkKind",
    "Location",
    "Note",
    "Number",
    "Numbers",
    "Report",
    "Resume",
    "RuledOut",
    "Run",
    "RunReport",
    "Schedule",
    "Series",
    "Severity",
    "Signals",
    "Skipped",
    "Source",
    "Suspect",
    "Table",
    "Waiver",
]
