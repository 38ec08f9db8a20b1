"""Every value that travels through lossscan, all frozen; nothing here computes or reads.

    path -> runs -> Run -> signals -> Signals -> rules -> Findings -> ledger -> RunReport -> Report

Steps are optimizer steps unless a format counts otherwise (MiniMind counts micro-batches).
Intervals of steps are `(after, by]`; intervals of array indices are half-open `[start, stop)`.

A name is imported from the parts when it is first used: help and usage errors need only a
`Severity`, and do not wait for the classes of a whole report.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lossscan.model.base import (
        FAILED,
        FOUND,
        PASSED,
        Number,
        Numbers,
        Severity,
    )
    from lossscan.model.findings import (
        PLAIN,
        Advice,
        Cause,
        Effect,
        Episode,
        Evidence,
        Finding,
        Location,
        RuledOut,
        Waiver,
    )
    from lossscan.model.message import (
        FAILED_NOTE,
        GAVE_UP_NOTE,
        HINT,
        PAGES,
        UNREAD_NOTE,
        Message,
        spoken,
    )
    from lossscan.model.report import (
        DAMAGES,
        UNVOUCHED,
        AccountedFor,
        ChangePoint,
        Failure,
        Report,
        RunReport,
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
        Trace,
    )

_PARTS = (
    "base",
    "message",
    "run",
    "signals",
    "findings",
    "report",
)  # each needs only those before it

__all__ = [
    "DAMAGES",
    "FAILED",
    "FAILED_NOTE",
    "FOUND",
    "GAVE_UP_NOTE",
    "HINT",
    "PAGES",
    "PASSED",
    "PLAIN",
    "UNREAD_NOTE",
    "UNVOUCHED",
    "AccountedFor",
    "Advice",
    "Alignment",
    "BoundaryTest",
    "Cause",
    "Change",
    "ChangePoint",
    "Column",
    "Curve",
    "Effect",
    "Episode",
    "Evidence",
    "Excursion",
    "Failure",
    "Field",
    "Finding",
    "Landmark",
    "LandmarkKind",
    "Location",
    "Message",
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
    "Table",
    "Trace",
    "Waiver",
    "spoken",
]


def __getattr__(name: str) -> Any:
    for part in _PARTS if name in __all__ else ():
        module = import_module(f"{__name__}.{part}")
        if hasattr(module, name):
            globals()[name] = value = getattr(module, name)
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
