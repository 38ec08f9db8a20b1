"""Effects in noise units: how large, where, and over which steps they reach.

An effect is never drawn smaller than what its rule cares about (`least`, a share of the loss): then
the noise is larger, and the size the same.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from msgspec.structs import replace

from lossscan.numeric.arrays import FloatArray
from tests.accuracy.simulate import Base, point_of, unit_at

SIDE = 8  # logged points that are left on each side of a change
CARED = 1.25  # times the least that a rule cares about: noise must not undo it
LARGEST = np.log(40)  # of an effect: a loss of 0.1 becomes 4
WIDEST = 0.4  # noise of one logged point: more is no curve
SIZES = (2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 20.0)
FLAT = ("plateau", "hyperbolic")  # one such trend in each half
SLOW = (*FLAT, "power", "logarithmic")


def noise_for(size: float, least: float) -> tuple[float, float]:
    """The range of noise in which an effect of this size is worth a word and not absurd."""
    low = max(0.005, CARED * np.log1p(least) / size)
    return low, max(1.2 * low, min(0.2, LARGEST / size))


def sized(base: Base, point: int, size: float, least: float) -> tuple[Base, float, float]:
    """The run with its noise fitted, the effect on the log scale, and its size as it came out."""
    smallest = CARED * np.log1p(least)
    unit = unit_at(base, point)
    wanted = np.clip(size * unit, smallest, LARGEST) / size
    base = replace(base, noise=base.noise * min(wanted, WIDEST) / unit)
    unit = unit_at(base, point)
    effect = float(np.clip(size * unit, smallest, LARGEST))
    return base, effect, effect / unit


def place(base: Base, low: float, high: float) -> int:
    """A step (from 0) in a range of shares of the run, with points on both sides."""
    first = max(int(low * base.points), SIDE)
    last = min(int(high * base.points), base.points - SIDE)
    point = int(base.rng.integers(first, max(last, first + 1)))
    return point * base.every + int(base.rng.integers(0, base.every))


def onward(base: Base, at: int) -> FloatArray:
    """(steps,) 1 from a step on."""
    return (np.arange(len(base.course)) >= at).astype(np.float64)


def shown(base: Base, at: int) -> int:
    """The first logged step that covers a step."""
    return int(base.steps[point_of(base, at)])


def drawn(base: Base, **more: Any) -> dict[str, Any]:
    """The recipe with what the phenomenon drew."""
    return {**base.recipe, **more}
