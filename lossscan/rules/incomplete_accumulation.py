"""One point at the end of each epoch is off: the last accumulation group is incomplete."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import numpy as np
from msgspec import Struct

from lossscan.model import Cause, Curve, Episode, Evidence, Finding, Landmark, Message
from lossscan.numeric.arrays import IntArray
from lossscan.numeric.medians import median, robust_sigma, running_median
from lossscan.rules.kit.case import Case
from lossscan.rules.kit.rule import Rule
from lossscan.rules.kit.sizes import effect_of
from lossscan.samples import samples_per_pass

SIDE = 3  # logged points on each side that tell the level: more reach past a stair
MOST = 0.7  # share of the boundaries that must show it
OUT = 4.0  # noise units by which points are off together, and the sides agree; a lone one by itself
# Noise units by which one of several is off: at most epoch ends of none of 540 trained runs whose
# groups are complete, unless there is but one end.
EACH = 2.5
DROP_LAST = "dataloader_drop_last"
SAME_FACTOR = 0.15  # how near a factor must be to the one computed from the batch sizes


class _Tail(Struct, frozen=True):
    """The point that covers an epoch's end, against the level around it."""

    step: int
    level: float
    value: float
    off: float  # in noise units

    @property
    def factor(self) -> float:
        return self.value / self.level


def check(case: Case, *, low: float = 0.9) -> Iterator[Finding]:
    """Yield a finding where most points at epoch ends are `low` times the level, or 1/`low`."""
    if not case.searched or not case.curve.log or not case.is_cross_entropy:
        return
    curve = case.curve
    boundaries = [m for m in case.run.schedule.of("epoch_boundary") if _has_room(curve, m)]
    share = _share_of_noise(curve, boundaries)
    tails = [tail for mark in boundaries for tail in _tail(curve, mark, share)]
    down = [tail for tail in tails if tail.factor <= low]
    # A small batch is noisier, and not off by one factor each time: each must be out by itself.
    up = [tail for tail in tails if tail.factor >= 1 / low and tail.off > OUT]
    for message, found in (("default", down), ("high", up)):
        if _is_out(found) and len(found) >= MOST * len(boundaries):
            yield from _judged(case, found, message)


def _share_of_noise(curve: Curve, boundaries: Iterable[Landmark]) -> float:
    """How much of the noise is left without the points at epoch ends, which may be all of it."""
    apart = running_median(curve.scaled, 2 * SIDE + 1)
    usual = robust_sigma(np.subtract(curve.scaled, apart, out=apart))
    others = np.ones(len(apart), dtype=bool)
    for mark in boundaries:
        others[_covering(curve.steps, mark)] = False
    apart = apart[others]  # of ten million points the rest would be in memory twice
    return min(robust_sigma(apart, spoil=True) / usual, 1.0) if usual and len(apart) else 1.0


def _tail(curve: Curve, mark: Landmark, share: float) -> Iterator[_Tail]:
    """The odd one out of the points that may cover a boundary, if the sides agree.

    `share`: that of the noise of the curve which is noise between epoch ends.
    """
    candidates = _covering(curve.steps, mark)
    for at in candidates:
        left, right = curve.scaled[max(0, at - SIDE) : at], curve.scaled[at + 1 : at + 1 + SIDE]
        if len(left) < SIDE or len(right) < SIDE:
            continue
        middle = median(np.concatenate([left, right]))
        noise = max(float(curve.local_noise[at]) * share, 1e-12)
        off = abs(float(curve.scaled[at]) - middle)
        if off > EACH * noise and off > 2 * abs(median(right) - median(left)):
            level, value = math.exp(middle), float(curve.values[at])
            yield _Tail(int(curve.steps[at]), level, value, off / noise)
            return


def _is_out(found: list[_Tail]) -> bool:
    """Whether points are off by more than noise, all of them taken together."""
    return bool(found) and sum(tail.off for tail in found) > OUT * math.sqrt(len(found))


def _has_room(curve: Curve, mark: Landmark) -> bool:
    """Whether both sides of a boundary hold enough points to judge one between."""
    places = _covering(curve.steps, mark)
    return len(places) > 0 and places[0] >= SIDE and places[-1] + SIDE < len(curve.steps)


def _covering(steps: IntArray, mark: Landmark) -> range:
    """The points whose window may hold the boundary, as its place is known only so well."""
    first = int(np.searchsorted(steps, math.ceil(mark.step - mark.slack)))
    last = int(np.searchsorted(steps, math.ceil(mark.step + mark.slack)))
    return range(first, min(last + 1, len(steps)))


def _judged(case: Case, found: list[_Tail], message: str) -> Iterator[Finding]:
    """One boundary alone proves nothing, unless the gradient or the batch sizes say the same."""
    factor = median(np.array([tail.factor for tail in found]))
    support = tuple(_support(case, found, factor))
    if len(found) == 1 and not support:
        return
    worst, noise = min(found, key=lambda tail: tail.factor), case.curve.noise
    levels = {"step": found[0].step, "before": worst.level, "after": worst.value}
    yield Finding(
        # Two series or the arithmetic agree; else the place alone, surer the more often it holds.
        0.97 if support else 0.95 if len(found) >= SIDE else 0.92,
        message=Message(message, count=len(found), factor=factor, **levels),
        episodes=tuple(Episode(t.step, t.step, math.log(t.factor) / noise) for t in found),
        effect=effect_of(worst.level, worst.value),
        evidence=(
            Evidence(
                Message("points", sigma=abs(math.log(factor)) / noise),
                step=found[0].step,
                value=found[0].value,
            ),
            *support,
        ),
        causes=(_cause(case, message),),
        claims=frozenset(tail.step for tail in found),
    )


def _cause(case: Case, message: str) -> Cause:
    if message == "default":
        version = case.advise("transformers_version")
        return Cause(Message("incomplete-last-group"), 0.8, config=version)
    return Cause(Message("small-last-batch"), 0.7, config=case.advise(DROP_LAST, suggest=True))


def _support(case: Case, found: list[_Tail], factor: float) -> Iterator[Evidence]:
    norms = case.points("grad_norm")
    if norms is not None:
        at = np.isin(norms.steps, [tail.step for tail in found])
        same = median(norms.values[at]) / median(norms.values) if at.any() else math.nan
        if abs(same / factor - 1) <= 2 * SAME_FACTOR:
            yield Evidence(Message("gradient", same=same), case.run.source_of("grad_norm"))
    steps, left = case.accumulation, _left_over(case)
    if steps and left and abs(left / steps / factor - 1) <= SAME_FACTOR:
        yield Evidence(Message("batches", left=left, accumulation=steps))


def _left_over(case: Case) -> int | None:
    """Micro-batches in the last group of an epoch."""
    steps, examples = case.accumulation, case.number("num_examples")
    batch = samples_per_pass(case.run.config)
    return math.ceil(examples / batch) % steps if steps and examples and batch else None


RULE = Rule(name="incomplete-accumulation", check=check)
