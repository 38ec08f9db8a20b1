"""Whether later values are above earlier ones, however large or odd each may be."""

from __future__ import annotations

import math

import numpy as np

from lossscan.numeric.arrays import FloatArray

COMPARED = 1 << 10  # values, each with each; of more, means of some in a row show the trend


def kendall(values: FloatArray) -> float:
    """Kendall's trend in standard errors (Mann 1945), upward positive; 0 of fewer than 2 values."""
    together = math.ceil(len(values) / COMPARED) or 1
    values = values[len(values) % together :].reshape(-1, together).mean(axis=1)
    n = len(values)
    if n < 2:  # noqa: PLR2004 - nothing to compare
        return 0.0
    later = np.sign(values - values[:, None])[np.triu_indices(n, 1)]
    return float(later.sum()) / math.sqrt(n * (n - 1) * (2 * n + 5) / 18)
