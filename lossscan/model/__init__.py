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
    from lossscan.model.base import *  # noqa: F403
    from lossscan.model.findings import *  # noqa: F403
    from lossscan.model.message import *  # noqa: F403
    from lossscan.model.report import *  # noqa: F403
    from lossscan.model.run import *  # noqa: F403
    from lossscan.model.signals import *  # noqa: F403

_PARTS = ("base", "message", "run", "signals", "findings", "report")  # each needs those before it


def __getattr__(name: str) -> Any:
    for part in _PARTS if name[0] != "_" else ():
        module = import_module(f"{__name__}.{part}")
        if hasattr(module, name):
            globals()[name] = value = getattr(module, name)
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
