"""A sum next to the mean of the same: `Total eval loss: 3085.1` below `Average eval loss: 2.5`."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final

from lossscan.expressions import expression

_SUM: Final = expression(r"(?i)(?<![a-z])(?:total|sum)(?![a-z])")
_MEAN: Final = expression(r"(?i)(?<![a-z])(?:avg|average|mean)(?![a-z])")


def without_totals(keys: Collection[str], name_of: Callable[[str], str]) -> list[str]:
    """The keys without sums of what another key says the mean of."""
    means = {name_of(key) for key in keys if _MEAN.search(key)}
    return [key for key in keys if not (_SUM.search(key) and name_of(key) in means)]
