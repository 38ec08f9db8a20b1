"""Lines of a console that name the cause of a trouble: they become remarks of the report."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from lossscan.expressions import expression
from lossscan.formats.kit.cells import number
from lossscan.model import Note, Numbers

if TYPE_CHECKING:
    from lossscan.numeric.arrays import IntArray

    Places: TypeAlias = Sequence[int] | IntArray

_SCALE = r"([\d.e+-]{1,30})"
_OVERFLOW: Final = expression(  # of DeepSpeed, apex and PaddleNLP; of fairseq, which may go low
    r"(?i)(?:overflow|optimizer not run).{0,160}?(?:attempted loss scale: "
    rf"{_SCALE}, but hysteresis|(?:reducing (?:loss scale )?to|scale_after:) {_SCALE}(?=\s)"
    rf"|(?P<fairseq>setting loss scale to:) {_SCALE}(?=\s))"
)
_EXHAUSTED: Final = expression(  # DeepSpeed, fairseq and GPT-NeoX end the training with it
    r"(?i)loss scale already at minimum|minimum loss scale reached"
    r"|iterations in a row due to overflow"
)
_NOT_PLOTTED: Final = expression(r"No metric (\w{1,60}) to plot")  # LLaMA-Factory's
MINIMUM: Final = 1.0  # the lowest scale of Megatron, DeepSpeed and Paddle
SKIPPED: Final = "skipped_iterations"  # the name of the series


class LossScaleLog:
    """The loss scales and skipped updates that such lines have stated so far."""

    def __init__(self) -> None:
        self._scale: float | None = None  # of fp16, after the last skipped update
        self._lowest = math.inf  # that there was
        self._skips: list[int] = []  # where each skipped update stood
        self._stops: list[int] = []  # where the scale could not be lowered any more
        self._points = 0  # place behind the last point
        self._not_plotted: dict[str, None] = {}

    def take(self, line: str, place: int) -> None:
        """Look at a line; places rise, and those of points may be asked for (`skipped`)."""
        if not is_about_scales(line.lower()):
            return
        for match in _OVERFLOW.finditer(line):
            self._skip(place, number(match[1] or match[2] or match[4]), endless=bool(match[3]))
        self._stops += [place] * bool(_EXHAUSTED.search(line))
        self._not_plotted |= dict.fromkeys(_NOT_PLOTTED.findall(line))

    def _skip(self, place: int, scale: float | None, *, endless: bool) -> None:
        if scale is not None:
            self._skips.append(place)
            self._scale = scale
            self._lowest = self._lowest if endless else min(scale, self._lowest)

    def skipped(self, points: Places) -> Counter[int]:
        """How many updates were skipped up to each point since the one before; places rise.

        Those behind the last point wait for the next.
        """
        self.end(points)
        behind = (bisect_left(points, place) for place in self._skips)
        return Counter(int(points[at]) for at in behind if at < len(points))

    def end(self, points: Places) -> None:
        """The log ends, and these are the places of its points: what is said behind them counts."""
        self._points = int(points[-1]) + 1 if len(points) else 0

    def is_used_up(self) -> bool:
        """Whether the scale fell as low as it can, where gradients are not scaled any more."""
        return bool(self._stops) or self._lowest <= MINIMUM

    def notes(self, path: Path) -> tuple[Note, ...]:
        """The remarks on a log; how fp16 went is for the rules to judge as well."""
        found = [Note("not_plotted", path, {"name": name}) for name in self._not_plotted]
        if self._skips:
            numbers: Numbers = {
                "updates": len(self._skips),
                "behind": self._behind(self._skips),
                "scale": self._scale,
                "lowest": self._lowest,
            }
            found.append(Note("fp16_overflows", path, numbers))
        if self._stops:
            found.append(Note("loss_scale_exhausted", path, {"behind": self._behind(self._stops)}))
        return tuple(found)

    def _behind(self, places: Sequence[int]) -> int:
        """How many places are behind the last point."""
        return sum(place >= self._points for place in places)


def is_about_scales(line: str) -> bool:
    """Whether a line in small letters may say so: each is asked, this must take no time."""
    scales = "overflow" in line or "loss scale" in line
    return scales or "no metric " in line or "optimizer not run" in line
