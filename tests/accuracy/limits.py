"""Whether the smallest effects that the reports name are what the noise hides.

Into each healthy simulated run a jump and a spike are put, at shares of the size below which its
own report says that they would be lost. About half of those of just that size should be found.
"""

from __future__ import annotations

import numpy as np
from msgspec.structs import replace

from lossscan.model import Run, Signals
from lossscan.numeric.arrays import FloatArray
from lossscan.signals import scan
from tests.accuracy.cases import build

TIMES = (0.5, 1.0, 1.5, 2.0)  # the size that is named
PLACE = 0.5  # of the run: the sizes are those of its middle
NEAR = 2  # logged points, as for all that is scored by place
Seen = tuple[str, float, bool]  # effect, times the size named, found


def names(half: str, count: int) -> list[str]:
    """The healthy runs that are asked."""
    return [f"{half}/clean/any/-/{number}" for number in range(count)]


def seen(name: str) -> list[Seen]:
    """What was found in one run, by effect and size."""
    run = build(name).run
    signals = scan(run)
    curve = signals.loss
    if curve is None or not curve.log or signals.changes or signals.excursions:
        return []
    point = int(PLACE * len(curve.steps))
    if point <= curve.descent_end:
        return []
    at = np.arange(len(curve.steps))
    onward, alone = (at >= point).astype(np.float64), (at == point).astype(np.float64)
    found: list[Seen] = []
    for times in TIMES:
        if signals.least_step is not None:
            after = scan(_with(run, times * signals.least_step * onward))
            found.append(("loss-jump", times, _jumps(after, point)))
        if signals.least_peak is not None:
            after = scan(_with(run, times * signals.least_peak * alone))
            found.append(("loss-spike", times, _spikes(after, point)))
    return found


def _with(run: Run, effect: FloatArray) -> Run:
    """The run with an effect on the logarithm of its loss."""
    loss = run.series["loss"]
    changed = replace(loss, values=loss.values * np.exp(effect))
    return replace(run, series={**run.series, "loss": changed})


def _jumps(signals: Signals, point: int) -> bool:
    rises = signals.changes_of("loss", "level_up")
    return any(abs(rise.index - point) <= NEAR for rise in rises)


def _spikes(signals: Signals, point: int) -> bool:
    return any(e.start <= point < e.stop for e in signals.excursions)
