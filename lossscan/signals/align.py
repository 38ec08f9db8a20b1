"""Which landmark a change belongs to, and how surprising that is by chance."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from lossscan.model import Alignment, Curve, Landmark, LandmarkKind
from lossscan.numeric.arrays import IntArray

REACH = 1  # logged points: a window that covers the landmark shows a part, the next one all of it
DOUBT = 30.0  # points of doubt about a step of one noise unit; it falls with the size squared
MOST_DOUBT = 12  # points

# What explains a change best where several landmarks fall together: the rarer one first. An
# evaluation or a checkpoint changes nothing by itself, so anything else goes before it.
RANK: dict[LandmarkKind, int] = {
    "resume": 0,
    "last_data_epoch": 1,
    "lr_change": 2,
    "epoch_boundary": 3,
    "warmup_end": 4,
    "accumulation": 5,
    "evaluation": 6,
    "checkpoint": 7,
}


def reach_of(noise_units: float) -> int:
    """Points by which the found place of a step of that size may be off.

    The search stops where the noise's own sums beat the step's, at a distance of (noise / step)^2.
    """
    size = min(max(noise_units, 1.0), DOUBT)  # larger ones are at REACH; a square may be too large
    return int(min(max(DOUBT / size**2, REACH), MOST_DOUBT))


class Aligner:
    """The landmarks of a run along one curve, placed once for all that is aligned to them."""

    def __init__(self, steps: IntArray, landmarks: Iterable[Landmark]) -> None:
        marks = list(landmarks)
        ends = [[mark.step + side * mark.slack for mark in marks] for side in (-1, 1)]
        whole = np.floor(ends).astype(np.int64)  # for a fraction, numpy makes floats of all steps
        first, last = np.searchsorted(steps, whole, side="right")
        order = np.argsort(first, kind="stable")
        self._steps = steps
        self._marks = [marks[number] for number in order.tolist()]
        self._first, self._last = first[order], last[order]  # (marks,) where a change may show
        self._widest = int((last - first).max(initial=0))
        self._chances: dict[tuple[LandmarkKind, int], float] = {}

    def at(self, index: int, *, reach: int = REACH) -> Alignment | None:
        """The landmark within `reach` points of a change that first shows at `index`, if any."""
        step = float(self._steps[index])
        near = list(self._near(index, reach))
        if not near:
            return None
        best = min(near, key=lambda mark: (RANK[mark.kind], abs(step - mark.step)))
        return Alignment(
            kind=best.kind,
            step=best.step,
            distance_steps=round(step - best.step, 3),
            p_value=self._chance(best.kind, reach),
            epoch=best.epoch,
        )

    def _near(self, index: int, reach: int) -> list[Landmark]:
        """The landmarks whose change may first show at `index`."""
        start = int(np.searchsorted(self._first, index - reach - self._widest))
        stop = int(np.searchsorted(self._first, index + reach, side="right"))
        late = self._last[start:stop] + reach >= index
        return [self._marks[start + number] for number in np.flatnonzero(late).tolist()]

    def _chance(self, kind: LandmarkKind, reach: int) -> float:
        """Share of all places of the run that are as near to a landmark of this kind."""
        known = self._chances.get((kind, reach))
        if known is not None:
            return known
        near = np.zeros(len(self._steps), dtype=bool)
        for mark, first, last in zip(self._marks, self._first, self._last, strict=True):
            if mark.kind == kind:
                near[max(first - reach, 0) : last + reach + 1] = True
        return self._chances.setdefault((kind, reach), round(float(near.mean()), 4))


def align(
    curve: Curve, index: int, landmarks: Iterable[Landmark], *, reach: int = REACH
) -> Alignment | None:
    """The landmark within `reach` points of the change that first shows at `index`, if any."""
    return Aligner(curve.steps, landmarks).at(index, reach=reach)
