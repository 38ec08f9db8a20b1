"""What a rule is asked about: one run, what the engine found in it, and the questions to both."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, wraps
from typing import Any, TypeVar

import numpy as np
from msgspec import Struct, field

from lossscan.model import (
    Advice,
    BoundaryTest,
    Change,
    ChangeKind,
    Curve,
    Excursion,
    LandmarkKind,
    Run,
    Series,
    Signals,
)
from lossscan.numeric.medians import spacing
from lossscan.points import POLICY, are_epochs, finite, points_of
from lossscan.samples import passes_per_update
from lossscan.trainers import Trainer, trainer_of

CROSS_ENTROPY = "cross-entropy"
EARLIEST = 2.0  # logging intervals: a later first point is not the beginning of training
PERIODIC = 0.5  # autocorrelation of a loss that comes in waves (as in periodic-loss)
Answer = TypeVar("Answer")


class Case(Struct, frozen=True, dict=True):  # a dict: what is asked often is kept
    """One run before the rules."""

    run: Run
    signals: Signals = field(default_factory=Signals)

    @cached_property
    def loss(self) -> Series | None:
        """The logged losses that are values: no NaN, and no zero that stands for none."""
        return points_of(self.run, "loss")

    def logged(self, name: str) -> Series | None:
        """A series as logged, NaN and all; None where there is none of that name."""
        return self.run.series.get(name)

    def points(self, name: str) -> Series | None:
        """The finite points of a series; None where there are none."""
        series = self.logged(name)
        if name in self._whole:
            return series
        points = finite(series)
        if points is series and points is not None:
            self._whole.add(name)
        return points

    @cached_property
    def _whole(self) -> set[str]:
        """The series that are known to be finite: rules ask for the same ones again and again."""
        return set()

    def eval_losses(self) -> dict[str, Series]:
        """The finite evaluation losses: `eval_loss` and those of several sets."""
        found = {name: self.points(name) for name in self.run.series if is_eval_loss(name)}
        return {name: points for name, points in found.items() if points is not None}

    def eval_change(self, step: float, until: int | None = None) -> tuple[float, float] | None:
        """The evaluation loss last seen up to a step, and the last after it, of so many at most."""
        series = self.points("eval_loss")
        at = 0 if series is None else int(np.searchsorted(series.steps, step, side="right"))
        if series is None or at == 0 or at == len(series):
            return None
        return float(series.values[at - 1]), float(series.values[at:][:until][-1])

    def setting(self, name: str) -> Any:
        """A setting of the training, or None where no file states it."""
        return self.run.setting(name)

    def number(self, name: str) -> float | None:
        """A setting as a number, or None where it is not one."""
        value = self.setting(name)
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return float(value) if number else None

    def version(self, name: str) -> tuple[int, ...] | None:
        """A version as numbers, without what follows them (`4.49.0.dev0` is 4.49.0)."""
        match = re.match(r"\d+(?:\.\d+)*", str(self.setting(name) or ""))
        return tuple(int(part) for part in match[0].split(".")) if match else None

    def advise(self, name: str, suggest: object = None) -> tuple[Advice, ...]:
        """Advice on a setting, where the run states it."""
        return (Advice(name, suggest=suggest),) if name in self.run.config else ()

    @property
    def accumulation(self) -> int | None:
        """Micro-batches of an update; None where no file tells."""
        return passes_per_update(self.run.config)

    @property
    def trainer(self) -> Trainer:
        """What is known of the program that wrote the logs."""
        return trainer_of(self.run.framework)

    @property
    def is_policy(self) -> bool:
        """Whether a policy is trained: its loss is not what the training improves."""
        return self.run.objective in POLICY

    @property
    def is_cross_entropy(self) -> bool:
        """Whether the loss is the mean negative logarithm of a probability."""
        return self.run.objective == CROSS_ENTROPY

    @property
    def searched(self) -> bool:
        """Whether the loss has a curve in which the engine could look for changes."""
        return self.signals.loss is not None

    @property
    def curve(self) -> Curve:
        """The curve of the loss; raises LookupError where it was not searched."""
        if self.signals.loss is None:
            raise LookupError("loss")
        return self.signals.loss

    @cached_property
    def rises(self) -> tuple[Change, ...]:
        """The steps of the loss to a higher level."""
        return self.changes("level_up")

    @cached_property
    def falls(self) -> tuple[Change, ...]:
        """The steps of the loss to a lower level."""
        return self.changes("level_down")

    def changes(self, *kinds: ChangeKind) -> tuple[Change, ...]:
        """The changes of the loss of some kinds, or of all."""
        return self.signals.changes_of("loss", *kinds)

    @property
    def spikes(self) -> tuple[Excursion, ...]:
        """Where the loss leaves its course, up or down, and comes back."""
        return self.signals.excursions

    def tests(self, kind: LandmarkKind) -> list[BoundaryTest]:
        """What the loss does at each landmark of a kind."""
        return [test for test in self.signals.boundaries if test.landmark.kind == kind]

    def is_near(self, step: float, kinds: Iterable[LandmarkKind], reach: float) -> bool:
        """Whether a landmark of these kinds is within so many steps of a step."""
        spans = (self._spans[kind] for kind in kinds if kind in self._spans)
        return any(
            bisect_right(first, step + reach) > bisect_left(last, step - reach)
            for first, last in spans
        )

    @cached_property
    def _spans(self) -> Mapping[LandmarkKind, tuple[list[float], list[float]]]:
        """The first and the last steps at which landmarks of each kind may be, both in order."""
        return {
            kind: (sorted(m.step - m.slack for m in marks), sorted(m.step + m.slack for m in marks))
            for kind, marks in self.run.schedule.by_kind.items()
        }

    @cached_property
    def rate_spacing(self) -> float:
        """Steps between two logged learning rates, at the median."""
        return spacing(self.run.series["learning_rate"].steps)

    @cached_property
    def begins(self) -> bool:
        """Whether the loss is logged from the beginning of training on: not so in a piece."""
        loss = self.run.series.get("loss")
        if loss is None or len(loss) <= 1:
            return False
        return bool(loss.steps[0] <= EARLIEST * spacing(loss.steps))

    @cached_property
    def resumed(self) -> list[float]:
        """The steps at which launches went on, in order."""
        return sorted(resume.step for resume in self.run.schedule.resumes if not resume.fresh)

    @cached_property
    def epochs_ended(self) -> list[float]:
        """The steps at which epochs have ended for sure, in order."""
        marks = self.run.schedule.of("epoch_boundary")
        return sorted(mark.step + mark.slack for mark in marks)

    @cached_property
    def period_points(self) -> int | None:
        """Logged points of a period; None where the loss does not come in waves."""
        if self.signals.period is None or self.signals.period_strength < PERIODIC:
            return None
        return round(self.signals.period / spacing(self.curve.steps))

    @cached_property
    def of_epochs(self) -> bool:
        """Whether each logged point is a whole epoch, with all samples in it."""
        return are_epochs(self.curve.steps, self.run.schedule)


def kept(question: Callable[[Case], Answer]) -> Callable[[Case], Answer]:
    """A question that several rules ask of a case: the answer is kept there."""
    name = f"{question.__module__}.{question.__name__}"

    @wraps(question)
    def asked(case: Case) -> Answer:
        answers = vars(case)
        if name not in answers:
            answers[name] = question(case)
        answer: Answer = answers[name]
        return answer

    return asked


def is_eval_loss(name: str) -> bool:
    """Whether a series is the loss on an evaluation set."""
    return name.startswith("eval_") and name.endswith("loss")
