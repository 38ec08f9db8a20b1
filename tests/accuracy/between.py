"""Effects between the rules, of any relative size: what one rule leaves must be another's.

The other phenomena are never smaller than what their rule cares about. These are as large as their
size in noise units makes them, in quiet runs: a percent or two may be all. And these have shapes on
which two rules may each look to the other. What is said of them is counted apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from msgspec.structs import replace

from lossscan.numeric.arrays import FloatArray
from tests.accuracy.shapes import Random
from tests.accuracy.simulate import Base, Wish, draw, finish, moved, point_of, with_usual
from tests.accuracy.sizing import FLAT, SIDE, drawn, onward, place, shown, sized
from tests.accuracy.truth import Draft, Truth

QUIET = (0.002, 0.02)  # noise of one logged point
HALF = 0.5  # of a jump that is taken back,
SOON = 0.04  # within such a share of the run
LONG = (30, 50)  # logged points of a long spike
BLOCK = (3, 40)  # of a block of other data
BESIDE = frozenset({"grad-norm-explosion", "periodic-loss"})

Course = Callable[[Base, int], FloatArray]


def _made(
    rng: Random,
    half: str,
    size: float,
    course: Course,
    rules: tuple[str, ...],
    *,
    at_epoch: bool = False,
) -> Draft:
    """A quiet run with a course of height 1 times a size, and what may be said of it."""
    epochs = (2, 3) if at_epoch else (1, 2, 3)
    wish = Wish((120, 1500), epochs, ("sft", "full"), QUIET, trends=FLAT, correlated=0.0)
    base = draw(rng, half, wish)
    at = place(base, 0.35, 0.75) // base.every * base.every
    if at_epoch:
        at = int(min(base.boundaries, key=lambda mark: abs(mark - at)))
    base, effect, size = sized(base, point_of(base, at), size, 0.0)
    base = with_usual(moved(base, effect * course(base, at)))
    truth = Truth(rules, shown(base, at), size=size, sharp=False)
    return Draft(finish(base), (truth,), BESIDE, drawn(base, effect=effect, step=at))


def _behind(base: Base, at: int) -> FloatArray:
    """(steps,) logged points behind a place; negative before it."""
    return np.asarray((np.arange(len(base.course)) - at) / base.every)


def _lasting(base: Base, at: int, points: tuple[int, int]) -> FloatArray:
    behind = _behind(base, at)
    count = min(int(base.rng.integers(*points)), base.points // 8)
    return ((behind >= 0) & (behind < count)).astype(np.float64)


def _half_back(base: Base, at: int) -> FloatArray:
    soon = np.exp(-np.maximum(_behind(base, at), 0) / (SOON * base.points))
    return onward(base, at) * (1 - HALF * (1 - soon))


def _climb(base: Base, at: int) -> FloatArray:
    return np.clip(_behind(base, at) / (base.points - at / base.every), 0, 1)


def _blocks(base: Base, at: int) -> FloatArray:
    """The same samples at the same place of each epoch."""
    one = _lasting(base, at, BLOCK)
    starts = range(at - 4 * base.per_epoch, len(base.course), base.per_epoch)
    room = SIDE * base.every
    kept = [start for start in starts if room <= start <= len(base.course) - room]
    return np.asarray(np.max([_shifted(one, start - at) for start in kept] or [one], axis=0))


def _shifted(values: FloatArray, steps: int) -> FloatArray:
    moved_by = np.zeros_like(values)
    if steps >= 0:
        moved_by[steps:] = values[: len(values) - steps]
    else:
        moved_by[:steps] = values[-steps:]
    return moved_by


def _jump(rng: Random, half: str, size: float) -> Draft:
    """A rise that stays."""
    return _made(rng, half, size, onward, ("loss-jump",))


def _jump_at_epoch(rng: Random, half: str, size: float) -> Draft:
    """A rise that stays, where an epoch begins: other data, and no stair."""
    return _made(rng, half, size, onward, ("loss-jump",), at_epoch=True)


def _drop(rng: Random, half: str, size: float) -> Draft:
    """A fall that stays; at an epoch's end it is a stair."""
    rules = ("unexplained-drop", "epoch-step-drop", "last-epoch-drop")
    return _made(rng, half, size, lambda base, at: -onward(base, at), rules)


def _point(rng: Random, half: str, size: float) -> Draft:
    """A single point."""
    return _made(rng, half, size, lambda base, at: _lasting(base, at, (1, 2)), ("loss-spike",))


def _slow(rng: Random, half: str, size: float) -> Draft:
    """A climb to the end of the run, as large in noise units as a jump."""
    made = _made(rng, half, size, _climb, ("divergence", "loss-jump"))
    begins = replace(made.expect[0], tolerance=0.3 * made.recipe["points"])  # as of divergence
    return replace(made, expect=(begins,))


def _half_recovering(rng: Random, half: str, size: float) -> Draft:
    """A jump half of which is taken back soon: a spike to one rule, a jump to the other."""
    return _made(rng, half, size, _half_back, ("loss-jump", "loss-spike"))


def _forty_points(rng: Random, half: str, size: float) -> Draft:
    """A spike as long as a level."""
    rules = ("loss-spike", "loss-jump")
    return _made(rng, half, size, lambda base, at: _lasting(base, at, LONG), rules)


def _other_data(rng: Random, half: str, size: float) -> Draft:
    """Blocks of other data, in each epoch."""
    return _made(rng, half, size, _blocks, ("loss-spike",))


BETWEEN: Mapping[str, Callable[[Random, str, float], Draft]] = {
    "small-jump": _jump,
    "jump-at-epoch": _jump_at_epoch,
    "small-drop": _drop,
    "small-spike": _point,
    "small-climb": _slow,
    "half-recovering-jump": _half_recovering,
    "forty-point-spike": _forty_points,
    "blocks": _other_data,
}
