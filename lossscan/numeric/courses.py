"""How a noisy series goes: upward or not, where it turns, how much neighboring points are alike."""

from __future__ import annotations

import math

import numpy as np

from lossscan.numeric.arrays import FloatArray
from lossscan.numeric.medians import median, robust_sigma

COMPARED = 1 << 10  # values, each with each; of more, means of some in a row show the trend


def kendall(values: FloatArray) -> float:
    """Whether later values are above earlier ones, however large or odd each may be.

    Kendall's trend in standard errors (Mann 1945), upward positive; 0 of fewer than 2 values.
    """
    together = math.ceil(len(values) / COMPARED) or 1
    values = values[len(values) % together :].reshape(-1, together).mean(axis=1)
    n = len(values)
    if n < 2:  # noqa: PLR2004 - nothing to compare
        return 0.0
    later = np.sign(values - values[:, None])[np.triu_indices(n, 1)]
    return float(later.sum()) / math.sqrt(n * (n - 1) * (2 * n + 5) / 18)


def knee(values: FloatArray, *, earliest: int = 1, latest: int | None = None) -> int:
    """The index, from `earliest` to `latest`, at which a line that turns upwards there fits best.

    By least squares, with memory and time of the square of the length. 0 for fewer than 3 values,
    and where no upward turn fits better than one line.
    """
    n = len(values)
    if n < 3:  # noqa: PLR2004 - a turn has a point on each side
        return 0
    places = np.arange(n, dtype=np.float64)
    x: FloatArray = places - places.mean()
    hinges: FloatArray = np.maximum(places - places[1:-1, None], 0.0)
    hinges = _beside_line(hinges, x)
    turned = hinges @ _beside_line(values[None, :], x)[0]
    gains = np.where(turned > 0, turned**2 / (hinges**2).sum(axis=1), 0.0)
    gains = gains[earliest - 1 : latest]
    return int(np.argmax(gains)) + earliest if gains.any() else 0


def _beside_line(rows: FloatArray, x: FloatArray) -> FloatArray:
    """What is left of each row where its line over the centered x is taken out."""
    rows = rows - rows.mean(axis=1, keepdims=True)
    return np.asarray(rows - (rows @ x / (x @ x))[:, None] * x)


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
