"""One part of a composed loss rises for good while the total falls."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from msgspec import Struct

from lossscan.canonical.names import is_part
from lossscan.expressions import expression
from lossscan.model import Cause, Episode, Evidence, Finding, Message, Series
from lossscan.numeric.medians import median, running_median, step_noise
from lossscan.points import ADVERSARIAL
from lossscan.rules.kit.case import Case
from lossscan.rules.kit.levels import last_since, level_at
from lossscan.rules.kit.rule import Rule
from lossscan.rules.kit.sizes import effect_of

MIN_POINTS = 20  # logged points: fewer have no course that noise does not make
WINDOW = 5  # logged points of a running median: what is left are levels
END = 5  # logged points that make the last level
STAYS = 0.2  # of the run at least, the rise must have lasted: later it may come back
HALF = 0.5  # of the rise: a course that comes back below it has not risen for good
RISE_SIGMA = 6.0  # of the noise of one point: a rise that noise does not make
FALLS = 0.98  # of the total at the part's lowest: by so much the total must be lower at the end
# Parts that rise by nature: what holds a model back gives way as the rest is learned, and of two
# networks that work against each other one must lose.
_BY_NATURE: Final = expression(
    r"(?:^|[_/])(?:kl[dv]?|reg\w{0,16}|l1|l2|weight_?decay|entropy|commit\w{0,10}|codebook|vq\w{0,8}|prior|aux"
    r"|z|balanc\w{0,5}|router|adv\w{0,10}|gan|g|d|gen\w{0,8}|dis\w{0,14}|critic|real|fake|err[dg]|mel_g"
    r"|diversity|penalty|value|policy|distill\w{0,7})(?:[_/]|$)"
)
# Terms over matched boxes grow from the start, as more boxes are matched (pytorch/vision#1256).
_MATCHED: Final = expression(r"(?:box|bbox|reg|loc|mask|keypoint|iou|dfl)")
EARLY = 0.1  # of the entries: a part whose lowest level is there has not fallen before it rose


class _Rise(Struct, frozen=True):
    """A part that has left its lowest level for good."""

    series: Series
    low_step: int
    low: float
    end: float
    since: int  # the step from which it is above half of the rise
    sigma: float

    @property
    def ratio(self) -> float:
        return self.end / self.low


def check(case: Case, *, min_rise: float = 0.5) -> Iterator[Finding]:
    """Yield a finding for the part that rises most, by `min_rise` of its lowest level at least."""
    total = case.loss
    if total is None or case.is_policy or case.run.objective == ADVERSARIAL:
        return
    found = map(case.points, filter(is_part, case.run.series))
    parts = [part for part in found if part is not None]
    if len(parts) < 2:  # noqa: PLR2004 - one alone is a loss next to the loss, not a part of it
        return
    rises = [rise for part in parts for rise in _rise(part, min_rise)]
    against = [rise for rise in rises if _total_falls(total, rise)]
    if against:
        yield _finding(case, total, max(against, key=lambda rise: rise.ratio), against)


def _rise(part: Series, min_rise: float) -> Iterator[_Rise]:
    """The rise from the lowest level to the end, where it is sure, large and has lasted."""
    if _BY_NATURE.search(part.name.lower()) or len(part) < MIN_POINTS or (part.values <= 0).any():
        return
    course = running_median(part.values, WINDOW)
    at = int(np.argmin(course))
    if at < EARLY * len(part) and _MATCHED.search(part.name.lower()):
        return
    low, end = float(course[at]), median(part.values[-END:])
    sigma = float(np.log(end / low) / max(step_noise(np.log(part.values)), 1e-9))
    if end < low * (1 + min_rise) or sigma < RISE_SIGMA:
        return
    since = last_since(course > low + HALF * (end - low))
    if len(part) - since >= STAYS * len(part):
        yield _Rise(part, int(part.steps[at]), low, end, int(part.steps[since]), sigma)


def _total_falls(total: Series, rise: _Rise) -> bool:
    before = level_at(total, rise.low_step, points=END)
    return median(total.values[-END:]) < FALLS * before if before > 0 else False


def _finding(case: Case, total: Series, worst: _Rise, rises: list[_Rise]) -> Finding:
    part, last = worst.series, int(worst.series.steps[-1])
    before, after = level_at(total, worst.low_step, points=END), median(total.values[-END:])
    return Finding(
        0.93 if worst.sigma > 2 * RISE_SIGMA else 0.85,  # noise of a part is uneven
        series=part.name,
        message=Message(
            "default",
            name=part.name,
            low=worst.low,
            end=worst.end,
            low_step=worst.low_step,
            since=worst.since,
            last=last,
            before=before,
            after=after,
        ),
        episodes=tuple(Episode(r.since, int(r.series.steps[-1]), r.sigma) for r in rises),
        effect=effect_of(worst.low, worst.end, worst.sigma),
        evidence=(
            Evidence(Message("part"), step=worst.since, value=worst.end),
            *([Evidence(Message("others", count=len(rises) - 1))] if len(rises) > 1 else []),
        ),
        causes=(
            Cause(Message("traded-away"), 0.55),
            Cause(Message("weight-schedule"), 0.4),
            Cause(Message("part-data"), 0.35),
        ),
        next=Message("part-alone"),
    )


RULE = Rule(name="component-divergence", check=check)
