"""A curve whose steps are taken out one after the other, and the gaps that are left.

Taking out a step changes no gap but those whose windows it falls in: only these are measured again,
so that a step costs the same in a curve of a thousand points and of ten million.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from lossscan.numeric.arrays import BoolArray, FloatArray, IntArray
from lossscan.numeric.medians import robust_sigma
from lossscan.signals.gaps import gaps_at, gaps_near, placebo_places, ratios_near, together

HALF_SHARE = 0.6  # of a gap that half the window must show: all of a step, 1/8 of a bend,
QUARTER_SHARE = 0.4  # and a quarter of it: 1/64; below 1 by what noise takes away at 6 sigma
TOGETHER = 512  # proposals that share one highest: after a change only theirs is sought again
FAR = 8  # widest windows: steps that hid one another in a row would be as far


class Flattening:
    """The proposals of a curve, and its placebos, while steps are taken out of it."""

    def __init__(
        self,
        level: FloatArray,
        noise: FloatArray,
        proposals: IntArray,
        placebos: FloatArray,
        widths: tuple[int, ...],
    ) -> None:
        """`proposals` are in order, `placebos` (w, k) are those of the curve by width.

        Each width is twice the one before.
        """
        self.level = level.copy()
        self.proposals, self.widths = proposals, widths
        self._sizes, error = gaps_at(level, proposals, *widths)
        self._error = error * noise[proposals]
        # (w, k), absolute: of the proposals that show a step
        self.heights = np.zeros((len(widths), -(-len(proposals) // TOGETHER) * TOGETHER))
        self._tops = np.zeros((len(widths), self.heights.shape[1] // TOGETHER))
        self._rank(slice(0, len(proposals)))
        self._places, self._noise = placebo_places(len(level)), noise
        self._placebos = placebos.copy()

    def _steps(self, near: slice) -> FloatArray:
        """Gaps in standard errors; 0 where narrower windows show that it is a bend."""
        size = self._sizes[:, near]
        half, quarter = (size[np.maximum(np.arange(len(size)) - k, 0)] for k in (1, 2))
        step = _shows(half, size, HALF_SHARE) & _shows(quarter, size, QUARTER_SHARE)
        return np.asarray(step * size / self._error[:, near])

    def _rank(self, near: slice) -> None:
        """Measure some proposals in standard errors, and find the highest of those around."""
        self.heights[:, near] = np.abs(self._steps(near))
        first, last = near.start // TOGETHER, -(-near.stop // TOGETHER)
        around = self.heights[:, first * TOGETHER : last * TOGETHER]
        self._tops[:, first:last] = around.reshape(len(around), last - first, TOGETHER).max(axis=2)

    def highest(self) -> Iterator[tuple[float, int, int]]:
        """Of each width the highest gap in standard errors, its row and the proposal's number."""
        for row, (heights, tops) in enumerate(zip(self.heights, self._tops, strict=True)):
            first = int(tops.argmax()) * TOGETHER
            number = first + int(heights[first : first + TOGETHER].argmax())
            yield float(heights[number]), row, number

    def size(self, row: int, number: int) -> float:
        """The gap of a proposal on the curve's scale, by the width of that row."""
        return float(self._sizes[row, number])

    def drop(self, index: int) -> None:
        """Propose a place and its neighbors no more."""
        near = _within(self.proposals, index, 1)
        self._error[:, near] = np.inf
        self._rank(near)

    def spread_without(self, index: int, gap: float, row: int) -> float:
        """The spread of the placebos of a width, the step at `index` out of the curve."""
        near = _within(self._places, index, self.widths[row])
        ratios = self._placebos[row].copy()
        ratios[near] = self._ratios(near, row, without=(index, gap))
        return spread_of(ratios)

    def remove(self, index: int, gap: float) -> None:
        """Take out a step."""
        self.level[index:] -= gap
        for row, width in enumerate(self.widths):
            near = _within(self._places, index, width)
            self._placebos[row, near] = self._ratios(near, row)
        near = _within(self.proposals, index, self.widths[-1])
        self._sizes[:, near], _ = gaps_near(self.level, self.proposals[near], *self.widths)
        self._rank(near)

    def _ratios(self, near: slice, row: int, without: tuple[int, float] = (0, 0.0)) -> FloatArray:
        places, width = self._places[near], self.widths[row]
        (found,) = ratios_near(self.level, self._noise, places, width, without=without)
        return np.asarray(found)


def near_gaps(
    level: FloatArray, noise: FloatArray, places: IntArray, widths: Sequence[int], least: float
) -> IntArray:
    """The places, which are in order, close to one with a gap of at least so many standard errors.

    A step that is taken out changes no gap farther away, so that the others would never be chosen.
    """
    found = []
    for near in together(places):
        here = places[near]
        found.append(here[np.abs(ratios_near(level, noise, here, *widths)).max(axis=0) >= least])
    high = np.concatenate([[-len(level)], *found, [2 * len(level)]])
    after = np.searchsorted(high, places)
    away = np.minimum(high[after] - places, places - high[after - 1])
    return np.asarray(places[away <= FAR * widths[-1]])


def _within(places: IntArray, index: int, reach: int) -> slice:
    """Those of the places, which are in order, that are so near to an index."""
    first, last = np.searchsorted(places, (index - reach, index + reach + 1)).tolist()
    return slice(first, last)


def _shows(narrow: FloatArray, wide: FloatArray, share: float) -> BoolArray:
    """Whether a narrower window shows that share of the gap too, in the same direction."""
    return np.asarray(narrow * np.sign(wide) >= share * np.abs(wide))


def spread_of(ratio: FloatArray) -> float:
    """How many standard errors gaps of this run usually measure where nothing is known to happen.

    1 for white noise of the assumed size; more where noise is correlated or the trend is rough.
    """
    return max(robust_sigma(ratio[np.isfinite(ratio)]), 1.0)
