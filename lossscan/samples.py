"""How many samples the trainer reads at once: by one pass, by one update, by one step it counts.

Where no file states the devices or the accumulation, one of them is taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from lossscan.model import Field
from lossscan.trainers import trainer_of

TrainingConfig: TypeAlias = Mapping[str, Field]


def samples_per_pass(config: TrainingConfig) -> float | None:
    """Samples of one forward pass on all devices: a micro-batch of each."""
    each = stated_number(config, "per_device_train_batch_size")
    if each is not None:
        return each * (stated_number(config, "num_devices") or 1.0)
    total, passes = (stated_number(config, name) for name in (_TOTAL, _PASSES))
    return total / passes if total and passes else None


def samples_per_update(config: TrainingConfig) -> float | None:
    """Samples that the optimizer sees before it changes the weights."""
    total, one = stated_number(config, _TOTAL), samples_per_pass(config)
    if total is not None or one is None:
        return total
    return one * (stated_number(config, _PASSES) or 1.0)


def samples_per_step(config: TrainingConfig, framework: str | None) -> float | None:
    """Samples of one step as the trainer counts steps: of an update, or of a pass."""
    if trainer_of(framework).step_is_a_pass:
        return samples_per_pass(config)
    return samples_per_update(config)


def passes_per_update(config: TrainingConfig) -> int | None:
    """Micro-batches that are accumulated: stated, or the total batch divided by one pass."""
    stated = config.get(_PASSES)
    if stated is not None:
        return int(stated.value)
    names = (_TOTAL, "per_device_train_batch_size", "num_devices")
    total, each, devices = (stated_number(config, name) for name in names)
    if not (total and each and devices) or total % (each * devices):
        return None
    return int(total // (each * devices))


_TOTAL, _PASSES = "total_train_batch_size", "gradient_accumulation_steps"


def stated_number(config: TrainingConfig, name: str) -> float | None:
    """A count that is stated; 0 states nothing."""
    field = config.get(name)
    return None if field is None or not field.value else float(field.value)
