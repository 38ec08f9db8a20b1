"""Where a learning rate rises again: (n,) rates come in, the place of the first rise goes out."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np

from lossscan.numeric.arrays import BoolArray, FloatArray

FEW = 3  # entries of a warm-up may leap; so many rises show a cycle by themselves
FELL = 0.1  # of its highest so far: a rate that rises again from there starts again
ALMOST = 0.9  # of it
BEYOND = 2.0  # times the highest before: a warm restart goes back to that
AGAIN = 10.0  # times the rate before: no schedule but a restart rises so
STANDS, STANDS_LEAST = 0.25, 10  # of the run, entries at one rate: a constant warm-up is shorter,
FAR = 4.0  # times the highest before, from there: a rate doubles where the batch does
STOOD = 1.1  # times the entry before, at most: no warm-up
DROPPED = 0.5  # of the rate before, in one entry: a schedule that starts again, or a step
STEEP = 0.3  # of its highest, in one entry: a cosine of six entries falls so at its steepest
REGULAR = 0.25  # of their distance: rises so evenly spaced are a schedule, stated or not
MOST_RISES = 20  # looked for: more say nothing more
REPLAYED = 5  # rates, or more, that are the first of the run once more: no other schedule is
SAME = 1e-6  # of each rate: a float of 32 bits


def rise_of(rates: FloatArray, configured: float) -> int | None:
    """The entry from which a rate that had fallen climbs again, or at which it leaps."""
    at = sorted({*_restarts(rates), *_leaps(rates, configured)}) or list(_warm_ups(rates))
    return at[0] if at and not _is_regular(at, rates) else None


def replay_of(rates: FloatArray) -> int | None:
    """The entry at which a rate starts over: it goes through its first values once more.

    Of a cycle that is no whole number of entries long only some do, to the digit.
    """
    at = list(_replays(rates))
    regular = _is_regular(at, rates) or _is_regular(list(_restarts(rates)), rates)
    return at[0] if at and not regular else None


def _restarts(rates: FloatArray) -> Iterator[int]:
    """Where a rate that had fallen to a tenth of its highest climbs again: its lowest entries."""
    start = 0
    for _ in range(MOST_RISES):
        least = np.maximum.accumulate(rates[start:])
        least *= FELL
        fell = _first((rates[start:] <= least) & (least > 0))
        if fell is None:
            return
        first, floor = start + fell, float(least[fell])
        del least  # before another takes memory
        climbed = np.minimum.accumulate(rates[first:])
        climbed *= AGAIN
        again = _first(rates[first:] >= np.maximum(climbed, floor, out=climbed))
        if again is None:
            return
        start = first + again
        yield start - 1 - int(np.argmin(rates[first:start][::-1]))  # the last of equals


def _first(true: BoolArray) -> int | None:
    """The first place that is true."""
    at = int(true.argmax())
    return at if true[at] else None


def _leaps(rates: FloatArray, configured: float) -> Iterator[int]:
    """The entries at which a rate leaps tenfold, to more than ever; a warm-up does in the first.

    A rate that falls by itself between two entries leaps by a little less. A twofold leap is enough
    to more than twice of what is configured, from where the rate had come down (no warm-up leaps
    from there), or where it soon comes back; a fourfold one from where it has stood for long.
    """
    leaps = np.flatnonzero(rates[1:] >= BEYOND * rates[:-1]) + 1
    before = np.maximum.accumulate(rates)
    highest = before[leaps - 1]
    high = leaps[(highest > 0) & (rates[leaps] >= BEYOND * highest) & (leaps >= FEW)]
    far = rates[high] >= ALMOST * AGAIN * rates[high - 1]
    far |= rates[high - 1] <= ALMOST * before[high - 1]
    far |= rates[high] > BEYOND * configured
    stood = before[high - 1] <= STOOD * rates[high // 2]
    long = high >= max(STANDS * len(rates), STANDS_LEAST)
    far |= stood & long & (rates[high] >= FAR * before[high - 1])
    sure = (
        at for at, is_far in zip(high.tolist(), far, strict=True) if is_far or _returns(rates, at)
    )
    yield from islice(sure, MOST_RISES)


def _returns(rates: FloatArray, at: int) -> bool:
    """Whether a rate that climbed no more leaps at an entry, and falls back at once soon after.

    Soon: within fewer entries than are before it. A constant warm-up is shorter than what follows.
    """
    was = rates[at - 1]
    after = rates[at : 2 * at]
    back = _first(after <= STOOD * was)
    stood = was <= STOOD * rates[at - 2]
    return bool(stood and back and after[back] * BEYOND <= after[back - 1])


def _warm_ups(rates: FloatArray) -> Iterator[int]:
    """Where a rate falls at once and climbs as if from 0, to more than it had been.

    Few entries see such a climb, and the first may be beyond a tenth of it.
    """
    fell = np.flatnonzero(rates[1:-1] <= DROPPED * rates[:-2]) + 1
    for at in fell[:MOST_RISES].tolist():
        if rates[at + 1] >= 2 * rates[at] > 0 and rates[at:].max() >= rates[at - 1]:
            yield at


def _replays(rates: FloatArray) -> Iterator[int]:
    """Where a rate comes back to the first of the run, and all after it are the first once more."""
    off = rates - rates[0]
    there = np.abs(off, out=off) <= SAME * rates[0]  # the first entries of a slow fall all are
    for at in (np.flatnonzero(there[1:] & ~there[:-1]) + 1)[:MOST_RISES].tolist():
        count = min(at, len(rates) - at)
        first, now = rates[:count], rates[at : at + count]
        varied = np.count_nonzero(np.diff(first)) >= REPLAYED - 1  # a constant is no replay
        if varied and (np.abs(now - first) <= SAME * first).all():
            yield at


def _is_regular(at: list[int], rates: FloatArray) -> bool:
    """Whether rises come at even distances, or each twice as far on: a cycle, stated or not.

    Of two rises the first must be as far from the start; more show it by themselves, as a rate may
    begin halfway through its cycle. So is a single one halfway that goes no higher, where the rate
    ends as low as cycles do and came down to it by degrees: no cycle ends at once.
    """
    ends = at if len(at) >= FEW else [0, *at]
    if len(at) == 1 and rates[-1] <= FELL * rates.max() <= FELL * STOOD * rates[: at[0]].max():
        steepest = -np.diff(rates[: at[0] + 1]).min()
        ends += [len(rates)] if steepest <= STEEP * rates.max() else []
    gaps = np.diff(ends)
    cycles = (gaps, gaps / 2.0 ** np.arange(len(gaps)))
    return len(gaps) > 1 and any(np.ptp(each) <= REGULAR * each.mean() for each in cycles)
