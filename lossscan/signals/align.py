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
    return int(min(max(DOUBT / max(noise_units, 1.0) ** 2, REACH), MOST_DOUBT))


def align(
    curve: Curve, index: int, landmarks: Iterable[Landmark], *, reach: int = REACH
) -> Alignment | None:
    """The landmark within `reach` points of the change that first shows at `index`, if any."""
    marks = list(landmarks)
    near = [mark for mark in marks if touches(curve.steps, index, mark, reach=reach)]
    if not near:
        return None
    step = float(curve.steps[index])
    best = min(near, key=lambda mark: (RANK[mark.kind], abs(step - mark.step)))
    return Alignment(
        kind=best.kind,
        step=best.step,
        distance_steps=round(step - best.step, 3),
        p_value=_chance(curve.steps, [m for m in marks if m.kind == best.kind], reach),
        epoch=best.epoch,
    )


def touches(steps: IntArray, index: int, mark: Landmark, *, reach: int) -> bool:
    """Whether the change at point `index` may be the landmark's doing."""
    first, last = _covered(steps, mark, reach)
    return first <= index <= last


def _covered(steps: IntArray, mark: Landmark, reach: int) -> tuple[int, int]:
    """First and last point at which a change made by the landmark may first show."""
    first = int(np.searchsorted(steps, mark.step - mark.slack, side="right"))
    last = int(np.searchsorted(steps, mark.step + mark.slack, side="right"))
    return first - reach, last + reach


def _chance(steps: IntArray, marks: list[Landmark], reach: int) -> float:
    """Share of all places of the run that lie as near to a landmark of this kind."""
    near = np.zeros(len(steps), dtype=bool)
    for mark in marks:
        first, last = _covered(steps, mark, reach)
        near[max(first, 0) : last + 1] = True
    return round(float(near.mean()), 4)
