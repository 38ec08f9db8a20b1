"""The array types in use and how they count; apart from `model`: values load without numpy."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.int64]
BoolArray: TypeAlias = NDArray[np.bool_]


def ignore_float_errors() -> np.errstate:
    """Within it, infinity and NaN pass without a warning: a log may hold 1e300."""
    return np.errstate(over="ignore", invalid="ignore")
