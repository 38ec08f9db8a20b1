"""How many samples a step reads is one idea with one answer."""

from __future__ import annotations

from typing import Any

import pytest

from lossscan.runs.landmarks.schedule import schedule_of
from lossscan.samples import (
    passes_per_update,
    samples_per_pass,
    samples_per_step,
    samples_per_update,
)
from tests.tables import config, series

EACH, PASSES, TOTAL, DEVICES = (
    "per_device_train_batch_size",
    "gradient_accumulation_steps",
    "total_train_batch_size",
    "num_devices",
)


@pytest.mark.parametrize(
    ("stated", "framework", "one_pass", "update", "step"),
    [
        ({EACH: 8, DEVICES: 2}, "transformers", 16, 16, 16),
        ({EACH: 8}, None, 8, 8, 8),
        ({EACH: 8, PASSES: 4}, "transformers", 8, 32, 32),
        ({EACH: 8, PASSES: 4}, "minimind", 8, 32, 8),
        ({EACH: 8, PASSES: 4, DEVICES: 2}, "minimind", 16, 64, 16),
        ({TOTAL: 64, PASSES: 4}, "minimind", 16, 64, 16),
        ({TOTAL: 64, EACH: 8, DEVICES: 2}, "megatron", 16, 64, 64),
        ({TOTAL: 64}, "megatron", None, 64, 64),
        ({TOTAL: 64}, "minimind", None, 64, None),
        ({PASSES: 4}, "transformers", None, None, None),
        ({EACH: 0}, "transformers", None, None, None),
    ],
)
def test_samples_at_once(
    stated: dict[str, Any], framework: str | None, one_pass: Any, update: Any, step: Any
):
    """A pass is a micro-batch of each device, an update all that is accumulated."""
    fields = config(**stated)
    assert samples_per_pass(fields) == one_pass
    assert samples_per_update(fields) == update
    assert samples_per_step(fields, framework) == step


@pytest.mark.parametrize(
    ("stated", "passes"),
    [
        ({PASSES: 4}, 4),
        ({TOTAL: 64, EACH: 8, DEVICES: 2}, 4),
        ({TOTAL: 60, EACH: 8, DEVICES: 2}, None),
        ({TOTAL: 64, EACH: 8}, None),
    ],
)
def test_passes_are_stated_or_divided(stated: dict[str, Any], passes: int | None):
    """Where no file states the accumulation, the whole batch and its parts may tell it."""
    assert passes_per_update(config(**stated)) == passes


@pytest.mark.parametrize(("framework", "length"), [("transformers", 25), ("minimind", 100)])
def test_an_epoch_is_as_long_as_the_trainer_counts(framework: str, length: int):
    """Who counts micro-batches as steps has more of them in an epoch."""
    fields = config(**{EACH: 8, PASSES: 4, "num_examples": 800})
    logged = {"loss": series("loss", range(1, 400), [2.0] * 399)}
    assert schedule_of(logged, fields, framework=framework).steps_per_epoch == length
