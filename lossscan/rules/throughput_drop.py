"""Seconds per step change and stay changed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lossscan.model import Cause, Episode, Evidence, Finding, Message, Series
from lossscan.numeric.arrays import FloatArray
from lossscan.numeric.medians import median, robust_sigma, spacing
from lossscan.rules.kit.case import Case
from lossscan.rules.kit.rule import Rule
from lossscan.rules.kit.sizes import effect_of

WARM_UP = 2  # logged points at the start: compilation and caches
MIN_SIDE = 8  # logged points on each side of a lasting change
MIN_SIGMA = 5.0  # of the change in noise units of one point: step times are heavy-tailed
MOST = 0.9  # of the points that are on their side of the middle
CLIP = 4.0  # noise units beyond which a point is a hiccup (a checkpoint, an evaluation)


def check(case: Case, *, min_change: float = 0.2) -> Iterator[Finding]:
    """Yield a finding where the time of a step changes by `min_change` once and stays."""
    times = case.points("seconds_per_step")
    if times is None or len(times) < WARM_UP + 2 * MIN_SIDE or (times.values <= 0).any():
        return
    times = Series(times.name, times.steps[WARM_UP:], times.values[WARM_UP:])
    at = _split(np.log(times.values))
    before, after = median(times.values[:at]), median(times.values[at:])
    if abs(np.log(after / before)) < np.log1p(min_change) or not _is_clean(times.values, at):
        return
    yield _finding(case, times, at, before, after)


def _split(values: FloatArray) -> int:
    """Index that best parts the points into two levels."""
    middle = median(values)
    reach = max(CLIP * robust_sigma(values), 1e-9)
    calm = np.clip(values, middle - reach, middle + reach)
    counts = np.arange(1, len(calm))
    sums = np.cumsum(calm)[:-1]
    gap = sums / counts - (calm.sum() - sums) / (len(calm) - counts)
    gain = gap**2 * counts * (len(calm) - counts)
    return MIN_SIDE + int(np.argmax(gain[MIN_SIDE - 1 : len(calm) - MIN_SIDE]))


def _is_clean(values: FloatArray, at: int) -> bool:
    """Whether the two sides hardly overlap, beyond their noise."""
    before, after = np.log(values[:at]), np.log(values[at:])
    gap = median(after) - median(before)
    noise = max(map(robust_sigma, (before, after)))
    middle = (median(after) + median(before)) / 2
    apart = min(((before - middle) * gap < 0).mean(), ((after - middle) * gap > 0).mean())
    return bool(abs(gap) >= MIN_SIGMA * noise and apart >= MOST)


def _finding(case: Case, times: Series, at: int, before: float, after: float) -> Finding:
    step = int(times.steps[at])
    slower = after > before
    window = 2 * int(spacing(times.steps))
    resumed = any(abs(resume.step - step) <= window for resume in case.run.schedule.resumes)
    said, change = "slower" if slower else "faster", after / before - 1
    return Finding(
        0.95,  # two levels that hardly overlap
        series="seconds_per_step",
        message=Message(said, step=step, before=before, after=after, change=change),
        episodes=(Episode(step, int(times.steps[-1])),),
        effect=effect_of(before, after),
        evidence=(Evidence(Message("resume")),) if resumed else (),
        causes=(
            Cause(Message("other-machine"), 0.8 if resumed else 0.4),
            Cause(Message("longer-samples"), 0.4),
            *([Cause(Message("contention"), 0.5)] if slower else []),
        ),
    )


RULE = Rule(name="throughput-drop", check=check)
