"""The settings on which runs differ, and which of them explain where their losses part."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence, Set
from itertools import combinations

import numpy as np
from msgspec.structs import replace

from lossscan.canonical.values import same
from lossscan.comparing.texts import catalogue, joined, said
from lossscan.model import Message, Run
from lossscan.model.comparison import Between, FieldDifference, Parting
from lossscan.numeric.arrays import BoolArray, IntArray
from lossscan.samples import passes_per_update, samples_per_update

SAME_BATCH = 0.2  # of a batch field's weight where an update sees as many samples in both
SAME_RATES = 0.1  # of a schedule's weight where both runs logged the same learning rates
FOLLOWS = 0.5  # of the weight of a setting that follows from others, where one of them differs too
FITS = 0.05  # how near a factor must be to that of the accumulation steps, in logarithms
CERTAIN = 0.97  # a factor that is the ratio of the accumulation steps is hardly chance
DIFFERS = 0.01  # relative: less is rounding
Pairs = Mapping[Between, Parting]


def differing(runs: Sequence[Run]) -> tuple[str, ...]:
    """The settings that at least two runs state and not all alike, in alphabetical order."""
    names = {name for run in runs for name in run.config} - catalogue().unrelated
    return tuple(sorted(name for name in names if _differ(name, runs)))


def alike(runs: Mapping[str, Run], free: Set[str]) -> list[dict[str, Run]]:
    """The groups of runs that differ in nothing but these settings; by letter."""
    groups: list[dict[str, Run]] = []
    for label, run in runs.items():
        firsts = ((group, next(iter(group.values()))) for group in groups)
        home = next((g for g, first in firsts if set(differing([first, run])) <= free), None)
        if home is None:
            groups.append({label: run})
        else:
            home[label] = run
    return groups


def _differ(name: str, runs: Sequence[Run]) -> bool:
    values = [run.config[name].value for run in runs if name in run.config]
    return any(not same(values[0], value) for value in values[1:])


def differences(
    runs: Mapping[str, Run], partings: Iterable[Parting]
) -> tuple[FieldDifference, ...]:
    """Every setting that differs among the runs (by letter), the best explanation first."""
    pairs: dict[Between, Parting] = {}
    for parting in partings:
        pairs.setdefault(parting.between, parting)  # the loss, else what there is instead
    found = [_difference(name, runs, pairs) for name in differing(list(runs.values()))]
    if any(each.score and each.field not in catalogue().derived for each in found):
        found = [_discounted(each) for each in found]
    return tuple(sorted(found, key=lambda difference: (-difference.score, difference.field)))


def _discounted(difference: FieldDifference) -> FieldDifference:
    if difference.field not in catalogue().derived:
        return difference
    return replace(difference, score=round(difference.score * FOLLOWS, 3))


def _difference(name: str, runs: Mapping[str, Run], pairs: Pairs) -> FieldDifference:
    family = catalogue().family(name)
    unlike = {
        between for between in combinations(runs, 2) if _differ(name, [runs[x] for x in between])
    }
    apart = {between for between, parting in pairs.items() if parting.step is not None}
    both = sorted(unlike & apart)
    agreeing = sum((between in unlike) == (between in apart) for between in pairs)
    share = agreeing / len(pairs) if pairs else 0.0
    scored = [_scored(name, family, pairs[between], runs) for between in both]
    why = said(f"why/{family}")
    score, reason = max(scored, key=lambda each: each[0], default=(0.0, why))
    if not both and family != "evaluation":
        reason = said("no-effect")
    elif share < 1 and score:
        reason = joined(reason, said("mixed", percent=100 * share))
    return FieldDifference(
        field=name,
        values={label: run.config.get(name) for label, run in runs.items()},
        family=family,
        score=round(score * share, 3),
        reason=reason,
    )


def _scored(
    name: str, family: str, parting: Parting, runs: Mapping[str, Run]
) -> tuple[float, Message]:
    """How well a setting explains one pair, and why."""
    shape = parting.shape or "course"
    score, why = catalogue().weight(shape, family), said(f"why/{family}")
    one, other = (runs[label] for label in parting.between)
    steps = _accumulation_factor(parting, one, other)
    if family == "accumulation" and shape == "scale" and steps:
        return CERTAIN, joined(why, said("factor-fits", low=steps[0], high=steps[1]))
    if family in ("rate", "schedule") and same_rates([one, other]):
        return score * SAME_RATES, joined(why, said("same-rates"))
    batch, other_batch = samples_per_update(one.config), samples_per_update(other.config)
    if family == "batch" and batch and name != "seq_length" and batch == other_batch:
        return score * SAME_BATCH, joined(why, said("same-batch", samples=batch))
    return score, why


def _accumulation_factor(parting: Parting, one: Run, other: Run) -> tuple[int, int] | None:
    """The accumulation steps of both, where their ratio is that of the curves."""
    steps = passes_per_update(one.config), passes_per_update(other.config)
    ratio = parting.ends.ratio
    if None in steps or not ratio or not all(steps) or steps[0] == steps[1]:
        return None
    low, high = sorted(step for step in steps if step)
    fits = abs(abs(math.log(ratio)) - math.log(high / low)) < FITS
    return (low, high) if fits else None


def rates_differ(runs: Sequence[Run]) -> int | None:
    """The first shared step at which the logged learning rates are not the same."""
    steps, unlike = _compared(runs)
    return int(steps[unlike][0]) if unlike.any() else None


def same_rates(runs: Sequence[Run]) -> bool:
    """Whether both logged them and none differs."""
    steps, unlike = _compared(runs)
    return len(steps) > 0 and not unlike.any()


def _compared(runs: Sequence[Run]) -> tuple[IntArray, BoolArray]:
    one, other = (run.series.get("learning_rate") for run in runs)
    if one is None or other is None:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.bool_)
    steps, left, right = np.intersect1d(one.steps, other.steps, return_indices=True)
    gap = np.abs(one.values[left] - other.values[right])
    largest = np.maximum(np.abs(one.values[left]), np.abs(other.values[right]))
    return steps, gap > DIFFERS * largest
