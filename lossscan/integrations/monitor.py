"""A monitor for a training loop: the loop logs, the monitor says what is wrong while it runs."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final

from lossscan.canonical.names import canonical
from lossscan.gate import stamped
from lossscan.model import Field, Finding, Run, RunReport, Series, Severity
from lossscan.pipeline import report_on
from lossscan.settings import Settings
from lossscan.watching.announced import Announced

FIRST: Final = 30  # logged points before the first look: fewer tell level from noise badly
GROWTH: Final = (
    1.05  # of the points until the next look: all looks together cost some 20 whole ones
)

_log = logging.getLogger("lossscan")


class Monitor:
    """Watches the series that a training loop logs.

    `config` holds settings of the training by their canonical names (docs/formats.md). New findings
    go to the logger `lossscan` as warnings.
    """

    def __init__(
        self,
        *,
        settings: Settings | None = None,
        config: Mapping[str, Any] | None = None,
        name: str = "training",
    ) -> None:
        self._settings = settings or Settings()
        self._config = dict(config or {})
        self._name = name
        self._points: dict[str, dict[int, float]] = {}
        self._logged = 0
        self._next = FIRST
        self._announced = Announced()

    def log(self, step: int, **values: float) -> tuple[Finding, ...]:
        """Take the values of one logged step; returns the findings that are new.

        Names are those of any trainer's log: `loss`, `lr`, `grad_norm`, `eval_loss` ... A step that
        is logged again replaces its values.
        """
        for raw, value in values.items():
            self._points.setdefault(canonical(raw), {})[int(step)] = float(value)
        self._logged += "loss" in values
        if self._logged < self._next:
            return ()
        self._next = max(self._logged + 1, int(self._logged * GROWTH))
        return self._said(self.report())

    def finish(self) -> tuple[Finding, ...]:
        """At the end of the training: the findings that no look before announced."""
        return self._said(self.report(), last=True) if self._points else ()

    def report(self) -> RunReport:
        """What `analyze` would say of the points so far."""
        return stamped(report_on(self._run(), self._settings))

    def _said(self, report: RunReport, *, last: bool = False) -> tuple[Finding, ...]:
        new = self._announced.new(report, last=last)
        for finding in new:
            said = (finding.severity, finding.rule, finding.start_step, finding.message)
            _log.warning("%s: %s at step %s: %s", *said)
        return new

    def _run(self) -> Run:
        from lossscan.runs.landmarks.schedule import schedule_of
        from lossscan.runs.objective import objective_of

        series = {name: _series(name, points) for name, points in self._points.items()}
        config = {name: Field(value, "Monitor") for name, value in self._config.items()}
        return Run(
            path=f"monitor://{self._name}",
            name=self._name,
            series=series,
            sources=(),
            objective=objective_of(series, config),
            config=config,
            schedule=schedule_of(series, config),
        )


def _series(name: str, points: Mapping[int, float]) -> Series:
    import numpy as np

    steps = sorted(points)
    values = np.array([points[step] for step in steps], dtype=np.float64)
    return Series(name, np.array(steps, dtype=np.int64), values)


def reaches(findings: tuple[Finding, ...], fail_on: str | None) -> bool:
    """Whether one of the findings is of this severity or worse."""
    limit = None if fail_on in (None, "never") else Severity(fail_on)
    return limit is not None and any(finding.severity.rank <= limit.rank for finding in findings)
