"""Where the last, separately shuffled data epoch of Megatron and PaddleNLP begins.

Both datasets shuffle all data epochs but the last as one block, and the last separately when
it is needed for less than 80 % of its samples.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil, floor

import numpy as np

from lossscan.model import Landmark, Series
from lossscan.samples import TrainingConfig, stated_number

ROUNDING = 1e-6  # of a step: 425 must not become 424
LIMIT = 0.80  # of the samples of a whole epoch, the constant of both code bases


def last_data_epoch(
    config: TrainingConfig, batch: float | None, consumed: Series | None = None
) -> Iterator[Landmark]:
    """The last step that holds no sample of the last data epoch, if that was shuffled apart.

    `batch`: samples a step. `consumed`: samples at each step, for batches that grow in the run.
    """
    separate = config.get("separate_last_epoch")
    wanted = _requested(config, batch)
    found = next((told for way in _WAYS if (told := way(config, wanted)) is not None), None)
    if batch is None or found is None or (separate is not None and not separate.value):
        return
    sample, source = found
    step = _step_at(sample, consumed) or sample / batch
    yield Landmark("last_data_epoch", float(floor(step)), slack=1.0, source=source)


def _step_at(sample: float, consumed: Series | None) -> float | None:
    """The step with which so many samples are consumed, where the log counts them up to there."""
    if consumed is None or not len(consumed) or not consumed.values[-1] >= sample:
        return None
    counts, steps = [0, *consumed.values], [0, *consumed.steps]
    return float(np.interp(sample, counts, steps)) + ROUNDING


def _printed(config: TrainingConfig, _: float | None) -> tuple[float, str] | None:
    field = config.get("last_epoch_first_sample")
    return None if field is None else (float(field.value), field.source)


def _from_the_end(config: TrainingConfig, wanted: float | None) -> tuple[float, str] | None:
    """From the printed number of samples that the last epoch has to give."""
    last = config.get("last_epoch_samples")
    if wanted is None or last is None or not stated_number(config, "separate_last_epoch"):
        return None
    return wanted - float(last.value), last.source


def _from_what_was_built(config: TrainingConfig, wanted: float | None) -> tuple[float, str] | None:
    """From the printed totals; whole epochs are built, so each has the same share of them."""
    built, epochs = config.get("built_samples"), stated_number(config, "data_epochs")
    if built is None or epochs is None:
        return None
    whole = float(built.value) / epochs
    return _separate(wanted, before=floor((epochs - 1) * whole), whole=whole, source=built.source)


def _from_tokens(config: TrainingConfig, wanted: float | None) -> tuple[float, str] | None:
    """B = ((E-1)·T - 1) // S with E the data epochs that N samples of S tokens need."""
    length = stated_number(config, "seq_length")
    tokens = config.get("tokens_per_epoch")
    if wanted is None or length is None or tokens is None or not tokens.value:
        return None
    epochs = ceil((wanted * length + 1) / tokens.value)
    before = ((epochs - 1) * tokens.value - 1) // length
    whole = (tokens.value - 1) // length
    return _separate(wanted, before=before, whole=whole, source=tokens.source)


def _separate(
    wanted: float | None, *, before: float, whole: float, source: str
) -> tuple[float, str] | None:
    """What is before the last epoch, where so little of that is needed that it is set apart."""
    needed = 0.0 if wanted is None else wanted - before
    return (float(before), source) if before > 0 and 0 < needed < int(LIMIT * whole) else None


_WAYS = (_printed, _from_the_end, _from_what_was_built, _from_tokens)


def _requested(config: TrainingConfig, batch: float | None) -> float | None:
    """Samples asked for, from the log or from the planned steps."""
    stated, planned = stated_number(config, "train_samples"), stated_number(config, "max_steps")
    if stated is None and planned is not None and batch is not None:
        return planned * batch
    return stated
