"""Steps, epochs, settings and resumes become the landmarks of a run, each with its slack.

A landmark's step is the last one before it: epoch 1 of 100 steps ends at 100 where steps count
updates done (transformers), at 99 where they count from 0 (Lightning, nanoGPT, old MiniMind).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from math import ceil, floor, isfinite

import numpy as np

from lossscan.canonical.names import SET_RATE
from lossscan.expressions import expression
from lossscan.model import Landmark, Resume, Schedule, Series
from lossscan.numeric.arrays import IntArray
from lossscan.numeric.medians import spacing
from lossscan.runs.landmarks.epochs import Epochs, epochs_of, regular
from lossscan.runs.landmarks.last_data_epoch import last_data_epoch
from lossscan.runs.landmarks.rates import lr_changes, set_rates, warmup_end
from lossscan.samples import TrainingConfig, samples_per_step, stated_number

BEYOND = 2.0  # times a plan: a run may be prolonged, but the 10 `num_iter` of an attack are no plan
MAX_CHECKPOINTS = 10_000  # more than any run keeps; a broken step must not fill the memory
_CHECKPOINT = expression(r"checkpoint-(\d{1,12})/?$")
EVALUATED = ("eval_runtime", "eval_loss")  # series that have a point at each evaluation


def schedule_of(
    series: Mapping[str, Series],
    config: TrainingConfig,
    resumes: Sequence[Resume] = (),
    *,
    framework: str | None = None,
) -> Schedule:
    """Place every landmark between the first and the last logged step.

    What one step reads depends on the framework, which is None where nobody knows it.
    """
    first, last = _range(series)
    resumes = _with_stated(resumes, config, series)
    batch = samples_per_step(config, framework)
    epochs = _epochs(series, config, batch)
    warm = warmup_end(series.get("learning_rate"), config)
    marks = chain(
        _boundaries(epochs, series, config),
        last_data_epoch(config, batch, series.get("consumed_samples")),
        [warm] if warm else [],
        lr_changes(series.get("learning_rate"), warm.step + warm.slack if warm else first),
        set_rates(series.get(SET_RATE), _gap(series)),
        _resumes(resumes, series, config),
        _evaluations(series),
        _checkpoints(series, config, first, last),
    )
    inside = (mark for mark in marks if first <= mark.step < last or mark.kind == "evaluation")
    return Schedule(
        landmarks=tuple(sorted(inside, key=lambda mark: (mark.step, mark.kind))),
        steps_per_epoch=epochs.steps_per_epoch,
        epochs=epochs.done,
        max_steps=_planned(config, epochs, last),
        resumes=tuple(resumes),
    )


def _range(series: Mapping[str, Series]) -> tuple[int, int]:
    judged = [series["loss"]] if len(series.get("loss", ())) else list(series.values())
    ends = [(int(s.steps[0]), int(s.steps[-1])) for s in judged if len(s)]
    return min((a for a, _ in ends), default=0), max((b for _, b in ends), default=0)


def _epochs(series: Mapping[str, Series], config: TrainingConfig, batch: float | None) -> Epochs:
    """From the log's own count, else the epoch column, else the number of examples."""
    first, last = _range(series)
    stated, examples = (stated_number(config, of) for of in ("steps_per_epoch", "num_examples"))
    computed = float(ceil(examples / batch)) if examples and batch else None
    column = series.get("epoch")
    if stated is None and column is not None and len(column) > 1:
        found = epochs_of(column, computed, _once_an_epoch(series))
        if found.done is not None:
            return found if not _is_pseudo(found, config) else Epochs(None, None)
    length = stated or computed
    if length is None:
        return Epochs(None, None)
    shift = -1.0 if first == 0 else 0.0  # who logs a step 0 counts from 0
    found_at = regular(first, last, length, shift=shift, least=0.0 if stated else 1.0)
    return Epochs(length, (last - shift) / length, tuple(found_at))


def _once_an_epoch(series: Mapping[str, Series]) -> list[int]:
    """Steps of evaluations and of means over an epoch, which Lightning calls `..._epoch`."""
    names = [name for name in series if name == "eval_loss" or name.endswith("_epoch")]
    return [int(step) for name in names for step in series[name].steps]


def _is_pseudo(epochs: Epochs, config: TrainingConfig) -> bool:
    """A stream has no length, and a data set built for all of max_steps is no data epoch.

    In both the epoch is the share of max_steps done.
    """
    marks = (config.get("streaming"), config.get("data_epochs"))
    return any(mark is not None and mark.value for mark in marks) and (epochs.done or 0.0) <= 1.0


def _boundaries(
    epochs: Epochs, series: Mapping[str, Series], config: TrainingConfig
) -> Iterator[Landmark]:
    """None where every logged point spans a whole epoch: then each would be on a boundary."""
    source = "epoch" if "epoch" in series else "num_examples"
    source = "steps_per_epoch" if "steps_per_epoch" in config else source
    if (epochs.steps_per_epoch or 0.0) > _gap(series):
        for found in epochs.boundaries:
            yield Landmark("epoch_boundary", found.step, found.slack, found.epoch, source)


def _gap(series: Mapping[str, Series]) -> float:
    """Steps between two logged losses."""
    steps = _loss_steps(series)
    return spacing(steps) if len(steps) > 1 else 1.0


def _loss_steps(series: Mapping[str, Series]) -> IntArray:
    return series["loss"].steps if "loss" in series else np.empty(0, dtype=np.int64)


def _planned(config: TrainingConfig, epochs: Epochs, last: int) -> int | None:
    """The last step as planned; none where a run that is at step `last` shows that it is not."""
    planned, wanted = stated_number(config, "max_steps"), stated_number(config, "num_train_epochs")
    if planned is None and wanted is not None and epochs.steps_per_epoch is not None:
        planned = wanted * epochs.steps_per_epoch
    if planned is None or not isfinite(planned) or last > BEYOND * planned:
        return None
    return round(planned)


def _with_stated(
    resumes: Sequence[Resume], config: TrainingConfig, series: Mapping[str, Series]
) -> Sequence[Resume]:
    """The resumes, and that from the checkpoint a setting names, where no log shows another.

    transformers carries the log of the launch before on: no step goes back there.
    """
    named, steps = config.get("resume_from_checkpoint"), _loss_steps(series)
    found = _CHECKPOINT.search(str(named.value)) if named is not None else None
    if named is None or found is None or resumes:
        return resumes
    step = int(found[1])
    inside = len(steps) > 0 and steps[0] <= step < steps[-1]
    return (Resume(step, source=named.source),) if inside else resumes


def _resumes(
    resumes: Sequence[Resume], series: Mapping[str, Series], config: TrainingConfig
) -> Iterator[Landmark]:
    """A launch continues from a checkpoint, which is between the points logged on either side."""
    every = stated_number(config, "save_steps")
    steps = _loss_steps(series)
    for resume in resumes:
        if resume.fresh:
            continue
        after = steps[steps > resume.step]
        reach = int(after[0]) - 1 if len(after) else resume.step
        saved = floor(reach / every) * every if every and every >= 1 else -1.0
        known = saved >= resume.step
        step = saved if known else float(resume.step)
        slack = 0.0 if known else float(reach - resume.step)
        yield Landmark("resume", step, slack, source=resume.source)


def _evaluations(series: Mapping[str, Series]) -> Iterator[Landmark]:
    names = [n for n in series if n in EVALUATED or (n.startswith("eval_") and n.endswith("_loss"))]
    steps = sorted({int(step) for name in names for step in series[name].steps})
    yield from (Landmark("evaluation", float(step), source=names[0]) for step in steps)


def _checkpoints(
    series: Mapping[str, Series], config: TrainingConfig, first: int, last: int
) -> Iterator[Landmark]:
    """Multiples of save_steps, where they are rarer than logged points and so tell something."""
    every, strategy = stated_number(config, "save_steps"), config.get("save_strategy")
    by_steps = strategy is None or strategy.value == "steps"
    most = max(_gap(series), (last - first) / MAX_CHECKPOINTS)
    if every is None or not by_steps or every <= most:
        return
    for number in range(max(ceil(first / every), 1), floor(last / every) + 1):
        yield Landmark("checkpoint", number * every, source="save_steps")
