"""The logged learning rate does not follow the configured schedule."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
from msgspec import Struct

from lossscan.model import (
    Cause,
    Effect,
    Episode,
    Evidence,
    Finding,
    Message,
    RuledOut,
    Series,
    Severity,
)
from lossscan.numeric.arrays import FloatArray, IntArray, stretches
from lossscan.numeric.medians import MEDIAN_ERROR, median, spacing
from lossscan.rules.kit.case import Case
from lossscan.rules.kit.rule import Rule
from lossscan.rules.kit.skips import may_be_fp16
from lossscan.rules.lr_schedule_mismatch.rises import DROPPED, replay_of, rise_of
from lossscan.trainers import may_be_transformers

MIN_POINTS = 5  # logged rates; fewer show no shape
SHARE_OFF = 0.2  # of the entries: less is a kink read one window late
SHARE_ZERO = 0.05  # of the entries at rate 0 at the end: a full schedule has one
FEW = 3  # entries: fewer may be rounding
SURE = 5.0  # standard errors of a fall: points of a log are somewhat alike
SHIFTS = (-1, 0, 1)  # steps: transformers to 4.48 logs the rate of the next step
OWN_RATES = ("layerwise", "schedule_free", "adafactor")  # optimizers that log another rate

# Kinds that may; those of darknet's `policy=steps` by its scales, no StepLR does.
RISING = ("restart", "cycl", "wave", "steps", "piecewise", "wsd", "custom", "trapez", "noam")

_SHAPES: dict[str, Callable[[FloatArray], FloatArray]] = {
    # share of the peak over the progress behind the warm-up, 0..1
    "linear": lambda progress: 1 - progress,
    "cosine": lambda progress: (1 + np.cos(np.pi * progress)) / 2,
    "constant": np.ones_like,
    "constant_with_warmup": np.ones_like,
}


class _Schedule(Struct, frozen=True):
    """What the configuration promises."""

    kind: str
    peak: float
    warmup: int
    total: int

    def at(self, steps: FloatArray) -> FloatArray:
        """The rate promised at steps, in an array of their shape."""
        behind = (steps - self.warmup) / max(self.total - self.warmup, 1)
        share = _SHAPES[self.kind](behind.clip(0, 1))
        if self.warmup:
            share = np.where(steps < self.warmup, (steps / self.warmup).clip(0, 1), share)
        return np.asarray(self.peak * share)


def check(case: Case, *, tolerance: float = 0.05) -> Iterator[Finding | RuledOut]:
    """Compare every logged rate with the promised one; `tolerance` is a share of the peak."""
    rate = case.points("learning_rate")
    optimizer = str(case.setting("optim") or "")
    if rate is None or len(rate) < MIN_POINTS or rate.values.max() <= 0:
        return
    if case.run.schedule.resumes or any(mark in optimizer for mark in OWN_RATES):
        return  # a resume may change the plan, and says so by itself
    found = next(_deviations(case, rate, tolerance), None)
    if found is not None:
        yield found
    elif _promised(case) is not None:
        yield RuledOut(Message("follows", schedule=case.setting("lr_scheduler_type")))


def _deviations(case: Case, rate: Series, tolerance: float) -> Iterator[Finding]:
    """What is wrong with the rate, the plainest first."""
    zeros = _zeros_at_the_end(rate)
    if zeros >= max(FEW, SHARE_ZERO * len(rate)):
        yield _finding(case, rate, "zero-early", slice(len(rate) - zeros, len(rate)))
    yield from _rises(case, rate)
    promised = _promised(case)
    if promised is None or not may_be_transformers(case.run.framework):
        return
    expected = _best_shift(promised, rate)
    off = np.abs(rate.values - expected) > tolerance * promised.peak
    if off.sum() < max(FEW, SHARE_OFF * len(rate)):
        return
    frozen = _frozen(rate, expected, tolerance * promised.peak)
    if frozen is not None and _rose(rate, expected, frozen.start, tolerance * promised.peak):
        yield _finding(case, rate, "again", slice(frozen.start, len(rate)), expected)
    elif frozen is not None:
        below = rate.values[frozen.start] < (1 - tolerance) * promised.peak  # else it never moved
        skipped = below and may_be_fp16(case) and not _learns(case, rate.steps[frozen])
        yield _finding(case, rate, "frozen" if skipped else "unstepped", frozen, expected)
    where = np.flatnonzero(off)
    message = "peak" if _only_peak(promised, rate, tolerance) else "default"
    yield _finding(case, rate, message, slice(int(where[0]), int(where[-1]) + 1), expected)


def _rises(case: Case, rate: Series) -> Iterator[Finding]:
    """A rate that had fallen and warms up again, leaps or starts over, and nothing says so."""
    kind = str(case.setting("lr_scheduler_type") or "").lower()
    if any(mark in kind for mark in RISING):
        return
    if _warms_to_the_end(case, rate):
        yield _finding(case, rate, "warms", slice(0, len(rate)))
        return
    rise = rise_of(rate.values, case.number("learning_rate") or np.inf)
    replay = replay_of(rate.values) if rise is None else None
    if rise is not None:
        back = _back(rate.values, rise)
        message = "rises" if back == len(rate) else "rises-and-returns"
        yield _finding(case, rate, message, slice(rise, back))
    elif replay is not None:
        yield _finding(case, rate, "replays", slice(replay, len(rate)))


def _back(rates: FloatArray, rise: int) -> int:
    """The entry at which a rate that leapt falls back at once; their number if none does."""
    low = np.flatnonzero(rates[rise:] <= rates[rise - 1])
    back = rise + int(low[0]) if rise and len(low) else len(rates)
    fell = rise < back < len(rates) and rates[back] <= DROPPED * rates[back - 1]
    return back if fell else len(rates)


def _warms_to_the_end(case: Case, rate: Series) -> bool:
    """Whether a training that took all its steps logged ever higher rates."""
    total = case.run.schedule.max_steps
    if total is None or rate.steps[-1] + spacing(rate.steps) <= total:
        return False
    return bool((np.diff(rate.values) > 0).all())


def _zeros_at_the_end(rate: Series) -> int:
    """Entries of rate 0 at the end; none where the rate is printed with too few digits to tell."""
    nonzero = np.flatnonzero(rate.values)
    last = rate.values[nonzero[-2:]]
    rounded = len(last) > 1 and last[0] == last[1] == rate.values[nonzero].min()
    return 0 if rounded else len(rate) - 1 - int(nonzero[-1])


def _promised(case: Case) -> _Schedule | None:
    kind, peak = case.setting("lr_scheduler_type"), case.number("learning_rate")
    total = case.run.schedule.max_steps
    if kind not in _SHAPES or not peak or not total or "min_lr" in case.run.config:
        return None
    warmup = case.number("warmup_steps") or np.ceil(total * (case.number("warmup_ratio") or 0))
    return _Schedule(kind, peak, 0 if kind == "constant" else int(warmup), total)


def _best_shift(promised: _Schedule, rate: Series) -> FloatArray:
    """(n,) the promised rates, each one step earlier or later where that fits better.

    A warm-up and what follows it may count by different conventions.
    """
    expected = np.full(len(rate), np.inf)
    for shift in SHIFTS:
        other = promised.at(rate.steps + np.float64(shift))
        nearer = np.abs(rate.values - other) < np.abs(rate.values - expected)
        np.copyto(expected, other, where=nearer)
    return expected


def _frozen(rate: Series, expected: FloatArray, margin: float) -> slice | None:
    """The longest stretch of one same rate over which the promised one moves."""
    same = np.append(rate.values[1:] == rate.values[:-1], False)
    start, stop = max(stretches(same), key=lambda pair: pair[1] - pair[0], default=(0, 0))
    long = stop - start >= max(FEW, SHARE_OFF * len(rate))
    moves = long and np.ptp(expected[start : stop + 1]) > margin
    return slice(start, stop + 1) if moves and rate.values[start] > 0 else None


def _rose(rate: Series, expected: FloatArray, start: int, margin: float) -> bool:
    """Whether a rate that stands still had risen to there while the promised one fell.

    Updates that are skipped hold it where it was; another schedule alone raises it.
    """
    lower = rate.values[:start] < rate.values[start] - margin
    return bool((lower & (expected[:start] > expected[start])).any())


def _learns(case: Case, steps: IntArray) -> bool:
    """Whether the loss falls from one half of some steps to the other: some updates are made."""
    if not case.searched:
        return False
    curve = case.curve
    first, last = np.searchsorted(curve.steps, [steps[0], steps[-1] + 1])
    earlier, later = np.array_split(curve.scaled[first:last], 2)
    error = MEDIAN_ERROR * curve.noise * math.sqrt(4 / max(last - first, 1))
    return median(earlier) - median(later) > SURE * error


def _only_peak(promised: _Schedule, rate: Series, tolerance: float) -> bool:
    """Whether the shape is the promised one and only its height differs."""
    unit = _Schedule(promised.kind, 1.0, promised.warmup, promised.total)
    shape = _best_shift(unit, Series(rate.name, rate.steps, rate.values / rate.values.max()))
    peak = float(rate.values.max() / max(shape.max(), tolerance))
    return bool((np.abs(rate.values - peak * shape) <= tolerance * peak).all())


def _rise(rate: Series, where: slice) -> dict[str, float]:
    """From where to where the rate rises: it leaps at an entry, or climbs from a low one."""
    at: int = where.start
    low = at - 1 if at and rate.values[at - 1] < rate.values[at] else at
    high = at + int(np.argmax(rate.values[where]))
    numbers = {"low": float(rate.values[low]), "high": float(rate.values[high])}
    return {**numbers, "low_step": int(rate.steps[low]), "high_step": int(rate.steps[high])}


# Confidence, the causes and their scores.
_FOUND: dict[str, tuple[float, dict[str, float]]] = {
    "zero-early": (0.92, {"fewer-steps-planned": 0.7}),  # a schedule ends at 0, once
    "rises": (0.97, {"second-schedule": 0.6, "rate-raised": 0.5}),
    "rises-and-returns": (0.97, {"rate-raised": 0.6, "second-schedule": 0.4}),
    "warms": (0.97, {"long-warm-up": 0.9}),  # 3 of 130 public trainer states: warm-up of 200, 500
    "replays": (0.97, {"second-schedule": 0.9}),
    "again": (0.95, {"second-schedule": 0.7, "rate-raised": 0.4}),
    "frozen": (0.9, {"skipped-updates": 0.8}),  # the scheduler steps only with the optimizer
    "unstepped": (0.9, {"other-schedule": 0.8}),  # and the loss falls, as none does unless updated
    "peak": (0.95, {"other-peak": 0.7}),  # the height alone: another file may be in force
    "default": (0.95, {"other-schedule": 0.6, "other-length": 0.5}),
}
_SAID = {"again": "default", "unstepped": "frozen"}  # the same with other causes
_RISES = {"rises", "rises-and-returns", "replays"}
_SET_BY = {"frozen": "fp16", "warms": "warmup_steps"}


def _finding(
    case: Case, rate: Series, message: str, where: slice, expected: FloatArray | None = None
) -> Finding:
    confidence, causes = _FOUND[message]
    steps, values = rate.steps[where], rate.values[where]
    worst = 0 if expected is None else int(np.argmax(np.abs(values - expected[where])))
    promised = None if expected is None else float(expected[where][worst])
    logged, at = float(values[worst]), int(steps[worst])
    advice = case.advise(_SET_BY[message]) if message in _SET_BY else ()
    compared = Message("compared", promised=promised, logged=logged, at=at)
    rise = _rise(rate, where) if message in _RISES else {}
    return Finding(
        confidence,
        stated_severity=Severity.INFO if message == "warms" else None,
        series="learning_rate",
        message=Message(
            _SAID.get(message, message),
            step=int(steps[0]),
            last=int(steps[-1]),
            count=len(steps),
            schedule=case.setting("lr_scheduler_type"),
            peak=float(rate.values.max()),
            configured=case.number("learning_rate"),
            total=case.run.schedule.max_steps,
            **rise,
        ),
        episodes=(Episode(int(steps[0]), int(steps[-1])),),
        effect=Effect(before=promised, after=logged) if promised is not None else None,
        evidence=(
            *([Evidence(compared, step=at)] if promised is not None else []),
            *([Evidence(Message("rise"), step=int(rise["high_step"]))] if rise else []),
            Evidence(Message("stretch"), step=int(steps[0]), value=float(values[0])),
        ),
        causes=tuple(Cause(Message(cause), score, advice) for cause, score in causes.items()),
        next=Message("print-schedule"),
    )


RULE = Rule(name="lr-schedule-mismatch", check=check)
