"""Headers of tables that are printed over several lines, as MATLAB and narrow boxes have them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from lossscan.expressions import expression

_BAR: Final = "|"
FEWEST_BARS: Final = 3  # a table of two columns
_LETTER: Final = expression(r"[^\W\d_]")
_NUMBER: Final = expression(r"(?:\A|[\s|])[-+]?\d")


def unstacked(lines: Sequence[str]) -> list[str]:
    """The lines, with a header of several as one in the place of its last.

    So that none counts twice, the places of the others are empty.
    """
    joined = list(lines)
    for at in range(1, len(joined)):
        if _goes_on(joined[at - 1], joined[at]):
            pairs = zip(joined[at - 1].split(_BAR), joined[at].split(_BAR), strict=True)
            joined[at] = _BAR.join(f"{above.rstrip()} {below.strip()}" for above, below in pairs)
            joined[at] = joined[at].rstrip() + "\n"
            joined[at - 1] = "\n"
    return joined


def _goes_on(above: str, below: str) -> bool:
    """Whether both lines are of words alone, between as many bars."""
    bars = below.count(_BAR)
    return (
        bars >= FEWEST_BARS
        and bars == above.count(_BAR)
        and all(_LETTER.search(line) and not _NUMBER.search(line) for line in (above, below))
    )
