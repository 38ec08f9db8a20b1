"""How much neighboring points of a noisy series are alike."""

from __future__ import annotations

from lossscan.numeric.arrays import FloatArray
from lossscan.numeric.medians import median, robust_sigma


def neighbor_correlation(steps: FloatArray, clip: float, least: float = 0.0) -> float | None:
    """The correlation of noise from point to point, by the differences of neighbors (`steps`).

    Neighboring differences of noise of correlation r have the correlation -(1 - r) / 2, which no
    course and no break disturbs much. Those beyond `clip` robust standard deviations, of `least`
    each, count as far as that. None of differences that are all alike.
    """
    reach = clip * max(robust_sigma(steps), least)
    steps = (steps - median(steps)).clip(-reach, reach)
    power = float(steps @ steps)
    return 1 + 2 * float(steps[1:] @ steps[:-1]) / power if power > 0 else None
