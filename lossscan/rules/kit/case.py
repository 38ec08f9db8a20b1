"""What a rule is asked about: one run and what the engine found in it."""

from __future__ import annotations

from dataclasses import dataclass

from lossscan.model import Run, Signals


@dataclass(frozen=True)
class Case:
    """One run before the rules."""

    run: Run
    signals: Signals
