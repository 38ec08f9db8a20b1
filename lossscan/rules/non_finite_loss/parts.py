"""NaN in a part of the loss, or in the loss of one of several nets, where no total shows it."""

from __future__ import annotations

import numpy as np

from lossscan.canonical.names import is_part
from lossscan.model import Finding, Message, Series
from lossscan.rules.kit.case import Case
from lossscan.rules.kit.evidence import rest_evidence
from lossscan.rules.kit.levels import episodes_of
from lossscan.rules.kit.nan_causes import nan_causes
from lossscan.rules.kit.nan_filter import lost_at, restarted


def lost_part(case: Case) -> Finding | None:
    """The first part that is lost for good; where a total is logged, one that was finite before.

    What a trainer does not compute at all it may log as NaN from the first.
    """
    lost = [
        series for name, series in case.run.series.items() if is_part(name) and _is_lost(series)
    ]
    total = case.logged("loss")
    if total is not None:
        lost = [series for series in lost if np.isfinite(series.values[0])]
    if not lost:
        return None
    first = min(lost, key=first_bad)
    bad, step = ~np.isfinite(first.values), first_bad(first)
    numbers = {"step": step, "count": int(bad.sum()), "total": len(first)}
    return Finding(
        0.97,  # the log itself says NaN
        series=first.name,
        message=Message("part", part=first.name, **numbers),
        episodes=episodes_of(first, bad),
        evidence=tuple(rest_evidence(first, bad)),
        causes=nan_causes(case, step),
        next=restarted("find-first", lost_at(case, step)),
    )


def _is_lost(series: Series) -> bool:
    """Whether it is NaN or infinite from some point on: a part may be computed now and then."""
    bad = ~np.isfinite(series.values)
    return bool(bad.any() and bad[int(np.argmax(bad)) :].all())


def first_bad(series: Series) -> int:
    """The step of the first value that is NaN or infinite, where one is."""
    return int(series.steps[int(np.argmax(~np.isfinite(series.values)))])
