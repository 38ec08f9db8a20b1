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
    from lossscan.model.base import FAILED as FAILED
    from lossscan.model.base import FOUND as FOUND
    from lossscan.model.base import PASSED as PASSED
    from lossscan.model.base import Number as Number
    from lossscan.model.base import Numbers as Numbers
    from lossscan.model.base import Severity as Severity
    from lossscan.model.findings import PLAIN as PLAIN
    from lossscan.model.findings import Advice as Advice
    from lossscan.model.findings import Cause as Cause
    from lossscan.model.findings import Effect as Effect
    from lossscan.model.findings import Episode as Episode
    from lossscan.model.findings import Evidence as Evidence
    from lossscan.model.findings import Finding as Finding
    from lossscan.model.findings import Location as Location
    from lossscan.model.findings import RuledOut as RuledOut
    from lossscan.model.findings import Waiver as Waiver
    from lossscan.model.message import FAILED_NOTE as FAILED_NOTE
    from lossscan.model.message import GAVE_UP_NOTE as GAVE_UP_NOTE
    from lossscan.model.message import HINT as HINT
    from lossscan.model.message import PAGES as PAGES
    from lossscan.model.message import UNREAD_NOTE as UNREAD_NOTE
    from lossscan.model.message import Message as Message
    from lossscan.model.message import spoken as spoken
    from lossscan.model.report import DAMAGES as DAMAGES
    from lossscan.model.report import UNVOUCHED as UNVOUCHED
    from lossscan.model.report import AccountedFor as AccountedFor
    from lossscan.model.report import ChangePoint as ChangePoint
    from lossscan.model.report import Failure as Failure
    from lossscan.model.report import Report as Report
    from lossscan.model.report import RunReport as RunReport
    from lossscan.model.run import Column as Column
    from lossscan.model.run import Field as Field
    from lossscan.model.run import Landmark as Landmark
    from lossscan.model.run import LandmarkKind as LandmarkKind
    from lossscan.model.run import Note as Note
    from lossscan.model.run import Resume as Resume
    from lossscan.model.run import Run as Run
    from lossscan.model.run import Schedule as Schedule
    from lossscan.model.run import Series as Series
    from lossscan.model.run import Skipped as Skipped
    from lossscan.model.run import Source as Source
    from lossscan.model.run import Table as Table
    from lossscan.model.signals import Alignment as Alignment
    from lossscan.model.signals import BoundaryTest as BoundaryTest
    from lossscan.model.signals import Change as Change
    from lossscan.model.signals import Curve as Curve
    from lossscan.model.signals import Excursion as Excursion
    from lossscan.model.signals import Signals as Signals
    from lossscan.model.signals import Trace as Trace

_PARTS = ("base", "message", "run", "signals", "findings", "report")  # each needs those before it


def __getattr__(name: str) -> Any:
    for part in _PARTS if name[0] != "_" else ():
        module = import_module(f"{__name__}.{part}")
        if hasattr(module, name):
            globals()[name] = value = getattr(module, name)
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
