"""Where a straight course turns upwards: the knee of two joined lines."""

from __future__ import annotations

import numpy as np

from lossscan.numeric.arrays import FloatArray


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
