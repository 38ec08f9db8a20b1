"""A monitor for a training loop: the loop logs, the monitor says what is wrong while it runs."""

from __future__ import annotations

import logging
from array import array
from collections import deque
from collections.abc import Mapping
from math import isfinite
from statistics import median
from time import monotonic, thread_time
from typing import Any, Final

from lossscan.canonical.names import JUDGED, canonical
from lossscan.gate import stamped
from lossscan.model import Field, Finding, Run, RunReport, Series, spoken
from lossscan.numeric.medians import MAD_TO_SIGMA
from lossscan.pipeline import report_on
from lossscan.reporters.kit.lines import announcement
from lossscan.settings import NEVER, Settings, gate
from lossscan.watching.announced import FIRST, Announced

GROWTH: Final = 0.25  # more points until the next look where nothing calls: 16 looks at 1000
SOON: Final = 10  # points after an alarm until it is looked again, then twice as many each time
DEAF: Final = 20  # points after an alarm that bring none, twice as many each time: heavy tails
FALLS: Final = "reward"  # where falling is bad
FREE: Final = 5.0  # seconds of work that looks may take in any case: some 3,000 logged points
SHARE: Final = 0.001  # of the time since the first point, that they may take beyond it
LOSS_OF_LOOPS: Final = "train_loss"  # what loops call the loss; a trainer's summary has it once
LATEST: Final = 5  # points that are compared, and between comparisons: a jump is seen in three
BEFORE: Final = 50  # points they are compared with: their noise is known to a tenth
SHIFT: Final = 4.0  # noise units of their median: chance moves that of five by 4 in 10^12
LONE: Final = 10.0  # noise units of one of them: heavy tails reach this about once in a run
LEAST: Final = 0.005  # of the level: a curve without noise still moves by its rounding

_log = logging.getLogger("lossscan")


class Monitor:
    """Watches the series that a training loop logs.

    `config` holds settings of the training by their canonical names (docs/formats.md); `framework`
    is the trainer, whose options advice names. New findings go to the logger `lossscan` as
    warnings.
    """

    def __init__(
        self,
        *,
        settings: Settings | None = None,
        config: Mapping[str, Any] | None = None,
        framework: str | None = None,
        name: str = "training",
    ) -> None:
        self._settings = settings or Settings()
        self._config = dict(config or {})
        self._framework = framework
        self._name = name
        self._columns: dict[str, _LoggedPoints] = {}  # by canonical names
        self._known: dict[str, _LoggedPoints] = {}  # the same by the names that the loop uses
        self._logged = 0
        self._next = FIRST
        self._pace = 0  # points until the next look after an alarm; 0 where growth decides
        self._deaf_until, self._deaf = 0, DEAF  # points before which alarms are not heard
        self._broken = False  # a loss that is no number has been seen
        self._began: float | None = None
        self._worked = 0.0  # seconds that the looks took
        self._announced = Announced()

    def log(self, step: int, **values: float) -> tuple[Finding, ...]:
        """Take the values of one logged step; returns the findings that are new.

        Names are those of any trainer's log: `loss`, `lr`, `grad_norm`, `eval_loss` ... A step that
        is logged again replaces its values.
        """
        for raw, value in values.items():
            column = self._known.get(raw)
            if column is None:
                name = "loss" if raw == LOSS_OF_LOOPS else canonical(raw)
                column = self._known[raw] = self._columns.setdefault(name, _LoggedPoints(name))
            column.add(step, value)
            if column.judged:
                self._logged = max(self._logged, len(column.steps))
                self._hear(column, float(value))
        if self._logged < self._next or not self._may_work():
            return ()
        new = self._said(self.report())
        ahead = max(int(self._logged * GROWTH), 1)
        if self._pace:
            ahead, self._pace = min(ahead, self._pace), self._pace * 2 if self._pace < ahead else 0
        self._next = self._logged + min(ahead, self._announced.waits or ahead)
        return new

    def _hear(self, column: _LoggedPoints, value: float) -> None:
        """Look at once at what is no number, and at what leaves its level."""
        if not isfinite(value):
            if not self._broken:
                self._broken, self._next = True, self._logged  # it cannot be noise
        elif column.alarm.sounds(value) and self._logged >= self._deaf_until:
            self._next, self._pace = min(self._next, self._logged), SOON
            self._deaf_until, self._deaf = self._logged + self._deaf, self._deaf * 2

    def finish(self) -> tuple[Finding, ...]:
        """At the end of the training: the findings that no look before announced."""
        return self._said(self.report(), last=True) if self._logged else ()

    def report(self) -> RunReport:
        """What `analyze` would say of the points so far."""
        began = thread_time()
        report = spoken(stamped(report_on(self._run(), self._settings)), self._settings.lang)
        self._worked += thread_time() - began
        return report

    def _may_work(self) -> bool:
        """Whether looks have taken no more than their share of the time."""
        if self._began is None:
            self._began = monotonic()
        return self._worked <= FREE + SHARE * (monotonic() - self._began)

    def _said(self, report: RunReport, *, last: bool = False) -> tuple[Finding, ...]:
        new = self._announced.new(report, last=last)
        for finding in new:
            _log.warning("%s", announcement(finding, self._settings.lang))
        return new

    def _run(self) -> Run:
        from lossscan.runs.landmarks.schedule import schedule_of
        from lossscan.runs.objective import framework_of, objective_of

        series = {name: each.series() for name, each in self._columns.items()}
        config = {name: Field(value, "Monitor") for name, value in self._config.items()}
        return Run(
            path=f"monitor://{self._name}",
            name=self._name,
            series=series,
            framework=framework_of([self._framework], series),
            sources=(),
            objective=objective_of(series, config),
            config=config,
            schedule=schedule_of(series, config),
        )


class _LoggedPoints:
    """What was logged under one name, 16 bytes a point."""

    __slots__ = ("alarm", "judged", "name", "steps", "values")

    def __init__(self, name: str) -> None:
        self.name = name
        self.judged = name in JUDGED
        self.alarm = Alarm(-1 if name == FALLS else 1)
        self.steps = array("q")
        self.values = array("d")

    def add(self, step: int, value: float) -> None:
        self.steps.append(int(step))
        self.values.append(float(value))

    def series(self) -> Series:
        """The points by step; of a step that was logged again its last value."""
        import numpy as np

        steps = np.array(self.steps, dtype=np.int64)
        values = np.array(self.values, dtype=np.float64)
        if len(steps) > 1 and np.diff(steps).min() <= 0:
            kept = len(steps) - 1 - np.unique(steps[::-1], return_index=True)[1]
            steps, values = steps[kept], values[kept]
        return Series(self.name, steps, values)


def reaches(findings: tuple[Finding, ...], fail_on: str | None) -> bool:
    """Whether one of the findings is of this severity or worse."""
    limit = gate(fail_on or NEVER)
    return any(finding.severity.reaches(limit) for finding in findings)


class Alarm:
    """Sounds where the last points leave the level before them on the bad side.

    `sign` is that side: 1 where a loss rises, -1 where a reward falls.
    """

    __slots__ = ("_points", "_sign", "_taken")

    def __init__(self, sign: int = 1) -> None:
        self._sign = sign
        self._points: deque[float] = deque(maxlen=BEFORE + LATEST)
        self._taken = 0

    def sounds(self, value: float) -> bool:
        """Whether it does with one more finite value."""
        self._points.append(self._sign * value)
        self._taken += 1
        if self._taken % LATEST or len(self._points) < BEFORE + LATEST:
            return False
        points = list(self._points)
        before, latest = points[:BEFORE], points[BEFORE:]
        level = median(before)
        noise = MAD_TO_SIGMA * median(abs(each - level) for each in before)
        noise = max(noise, LEAST * abs(level))
        return median(latest) > level + SHIFT * noise or max(latest) > level + LONE * noise
