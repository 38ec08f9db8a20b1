"""Runs of one config that differ in accumulation steps: does the logged loss grow with them?"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np

from lossscan.comparing.fields import alike
from lossscan.comparing.levels import Axis, axes_of
from lossscan.model import Finding, Run
from lossscan.numeric.arrays import FloatArray
from lossscan.points import finite
from lossscan.rules.ga_loss_scaling.across import Slope, check_across, steps_of
from lossscan.rules.kit.case import Case
from lossscan.samples import passes_per_update

FREE = {  # what changes when the accumulation steps do, with the samples of a step or not
    *("gradient_accumulation_steps", "per_device_train_batch_size", "total_train_batch_size"),
    *("num_devices", "max_steps", "warmup_steps", "steps_per_epoch", "seed", "data_seed"),
    *("logging_steps", "save_steps", "eval_steps", "eval_delay"),
}
BLOCKS = 10  # of the samples that all runs saw; the slope is measured in each
FEWEST = 2  # runs, or rather accumulation steps
LINE = 3  # runs from which on a line may fail to fit


def scaled_groups(runs: Mapping[str, Run]) -> Iterator[tuple[Run, Finding]]:
    """For each config with a loss scaled by accumulation: a run to show, and a finding."""
    accumulating = {
        label: run
        for label, run in runs.items()
        if passes_per_update(run.config) is not None and Case(run).is_cross_entropy
    }
    for members in alike(accumulating, FREE):
        found = _judged(members)
        if found is not None:
            yield max(members.values(), key=steps_of), found


def _judged(members: Mapping[str, Run]) -> Finding | None:
    different = {steps_of(run) for run in members.values()}
    slope = slope_of(members, "loss") if len(different) >= FEWEST else None
    return None if slope is None else check_across(members, slope, slope_of(members, "eval_loss"))


def slope_of(runs: Mapping[str, Run], series: str) -> Slope | None:
    """The slope over the samples that all runs saw; None where they are not comparable.

    Least squares of the log losses on the log accumulation steps, in each of ten blocks. Its error
    is that of the mean of the blocks or, from three runs on, of the line through the runs' means,
    whichever is greater.
    """
    table = _table(runs, series)
    if table is None:
        return None
    x = np.log([steps_of(run) for run in runs.values()])
    x = x - x.mean()
    power = float(x @ x)
    if power == 0:
        return None
    slopes = x @ table / power  # (blocks,)
    value = float(slopes.mean())
    error = float(slopes.std(ddof=1)) / math.sqrt(len(slopes))
    if len(runs) >= LINE:
        means = table.mean(axis=1)
        rest = means - means.mean() - value * x
        error = max(error, math.sqrt(float(rest @ rest) / (len(runs) - 2) / power))
    return Slope(value, error, float(slopes[0]))


def _table(runs: Mapping[str, Run], series: str) -> FloatArray | None:
    """(runs, blocks) mean log losses at equal samples, or at equal steps where no file tells."""
    axes = axes_of(runs, "samples") or {label: Axis("step") for label in runs}
    columns = [finite(run.series.get(series)) for run in runs.values()]
    found = [column for column in columns if column is not None and (column.values > 0).all()]
    if len(found) < len(runs):
        return None
    places = [axes[label].at(c.steps) for label, c in zip(runs, found, strict=True)]
    low, high = max(p[0] for p in places), min(p[-1] for p in places)
    least = min(int(((p >= low) & (p <= high)).sum()) for p in places)
    blocks = min(BLOCKS, least - 1)
    if blocks < FEWEST:
        return None
    at = np.linspace(low, high, blocks * 2 + 1)[1::2]  # the middles
    width = (high - low) / blocks
    both = zip(places, found, strict=True)
    return np.array([[_level(p, c.values, middle, width) for middle in at] for p, c in both])


def _level(places: FloatArray, values: FloatArray, middle: float, width: float) -> float:
    inside = np.abs(places - middle) <= width / 2
    logs = np.log(values)
    return float(logs[inside].mean()) if inside.any() else float(np.interp(middle, places, logs))
