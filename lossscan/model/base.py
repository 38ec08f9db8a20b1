"""Numbers, severities and the exit status, which every other value uses."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeAlias

Number: TypeAlias = float | int
Numbers: TypeAlias = Mapping[str, "Number | str | None"]

PASSED, FOUND, FAILED = 0, 1, 2  # nothing to report, a finding at the gate, the tool could not work


class Severity(StrEnum):
    """How bad a finding is, worst first."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return list(Severity).index(self)

    def reaches(self, limit: Severity | None) -> bool:
        """Whether it is as bad as a limit or worse; None is one that nothing reaches."""
        return limit is not None and self.rank <= limit.rank


STATUS_ORDER = ("error", *Severity, "ok")  # of runs, worst first
