"""Where a course turns, from falling to rising or back; a bend that keeps direction is no turn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from msgspec import Struct

from lossscan.model import Change, Curve, Excursion, Landmark
from lossscan.numeric.arrays import FloatArray
from lossscan.numeric.levels import SMOOTHER_POINTS
from lossscan.numeric.medians import MEDIAN_ERROR, block_means, block_medians, running_median
from lossscan.signals.align import align
from lossscan.signals.breaks import linear_segments
from lossscan.signals.clean import from_scale
from lossscan.signals.dips import BLOCK_DIPS, dips_below
from lossscan.signals.spikes import excursion

MIN_POINTS = 40  # two stretches of 20 show two directions
BLOCKS = 20  # whose medians tell cheaply whether the curve rises at all
MAX_BINS = 120  # the search takes 20 ms for these; it is made only for curves that rise
TURN_SIGMA = 6.0  # of the slope on either side, as for a change of level
MIN_RISE = 0.03  # over a stretch, on the curve's scale: what an epoch's stair must have, too
LEFT = 0.5  # of a climb: where less is left at the end, it has come back


class Segment(Struct, frozen=True):
    """A straight piece of a curve: points `[start, stop)`, its line's ends and steepness."""

    start: int
    stop: int
    first: float  # the line at its beginning, on the curve's scale
    last: float
    sigma: float  # slope in its own standard errors


FALLING = Segment(0, 0, 0.0, 0.0, -TURN_SIGMA)


def find_turns(curve: Curve, landmarks: tuple[Landmark, ...]) -> Iterator[Change]:
    """Changes of slope that change its sign, both sides beyond doubt, in order."""
    return turns_between(curve, sure_stretches(curve), landmarks)


def sure_stretches(curve: Curve) -> list[Segment]:
    """The straight pieces that rise or fall beyond doubt, of a curve that rises anywhere."""
    level = curve.clipped
    if len(level) < MIN_POINTS or not _rises(level, curve.noise):
        return []
    size = -(-len(level) // MAX_BINS)
    bins = block_means(level, size)
    noise = curve.noise / np.sqrt(size)
    edges = [0, *linear_segments(bins, noise), len(bins)]
    stretches = [_stretch(bins, start, stop, noise, size) for start, stop in pairwise(edges)]
    return [stretch for stretch in stretches if abs(stretch.sigma) >= TURN_SIGMA]


def turns_between(
    curve: Curve, sure: Sequence[Segment], landmarks: tuple[Landmark, ...]
) -> Iterator[Change]:
    """The turns from each stretch to the next."""
    for before, after in pairwise(sure):
        if before.sigma * after.sigma < 0 and abs(after.last - after.first) >= MIN_RISE:
            yield _change(curve, after, landmarks)


def without_humps(
    curve: Curve, turns: list[Change], first: Sequence[Segment], known: Sequence[Excursion]
) -> tuple[list[Change], list[Excursion]]:
    """The turns but those upward from which the loss comes back down before the end: humps.

    `first`: the first sure stretch, which may begin one, too: a loss is to fall from the beginning.
    None that shares a point with something known: that is told by itself.
    """
    upward = [turn for turn in turns if turn.kind == "slope_up"]
    upward += turns_between(curve, [FALLING, *first], ())
    if not upward:
        return turns, []
    smooth = running_median(curve.scaled, SMOOTHER_POINTS)
    found = [hump for turn in upward if (hump := _hump(curve, smooth, turn))]
    humps = {
        hump.start: hump
        for hump in found
        if not any(hump.start < each.stop and each.start < hump.stop for each in known)
    }
    return [turn for turn in turns if turn.index not in humps], list(humps.values())


def _hump(curve: Curve, smooth: FloatArray, turn: Change) -> Excursion | None:
    """From an upward turn to where half of the climb is gone.

    None where more than that stays, or where the loss dips nearly as far: a wave does.
    """
    base = float(smooth[max(turn.index - SMOOTHER_POINTS, 0) : turn.index + 1].min())
    top = turn.index + int(smooth[turn.index :].argmax())
    low = smooth < base + LEFT * (smooth[top] - base)
    if not low[-1]:
        return None
    stop = top + int(low[top:].argmax())
    height = smooth[top] - base
    dips = dips_below(curve, SMOOTHER_POINTS, stop - turn.index)
    if any(height < BLOCK_DIPS * float(below.max()) for _, below in dips):
        return None
    return excursion(curve, np.full(len(smooth), base), turn.index, stop, float(turn.sigma))


def beside_humps(turns: list[Change], humps: list[Excursion]) -> list[Change]:
    """The turns without those up and down again around an excursion: it is told by itself."""
    kept: list[Change] = []
    for turn in turns:
        up = kept[-1] if kept and kept[-1].kind == "slope_up" else None
        if up and any(up.index <= hump.start < turn.index for hump in humps):
            kept.pop()
        else:
            kept.append(turn)
    return kept


def _rises(level: FloatArray, noise: float) -> bool:
    """Whether any block is above an earlier one by more than both can err."""
    size = len(level) // BLOCKS
    blocks = block_medians(level[: size * BLOCKS], size)
    climb = float(np.max(blocks - np.minimum.accumulate(blocks)))
    return climb > TURN_SIGMA * MEDIAN_ERROR * noise / float(np.sqrt(size))


def _stretch(bins: FloatArray, start: int, stop: int, noise: float, size: int) -> Segment:
    x = np.arange(start, stop) - (start + stop - 1) / 2
    spread = float(x @ x)
    slope = float(x @ bins[start:stop]) / spread if spread else 0.0
    middle, half = float(bins[start:stop].mean()), slope * (stop - start - 1) / 2
    sigma = slope * float(np.sqrt(spread)) / noise
    return Segment(start * size, stop * size, middle - half, middle + half, sigma)


def _change(curve: Curve, after: Segment, landmarks: tuple[Landmark, ...]) -> Change:
    low, high = (from_scale(value, log=curve.log) for value in (after.first, after.last))
    return Change(
        series=curve.name,
        kind="slope_up" if after.sigma > 0 else "slope_down",
        index=after.start,
        step=int(curve.steps[after.start]),
        before=low,
        after=high,
        delta=high - low,
        ratio=high / low if low > 0 and high > 0 else None,
        sigma=after.sigma,
        stays=1.0,
        aligned_to=align(curve, after.start, landmarks),
    )
