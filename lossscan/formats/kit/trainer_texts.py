"""What transformers and PaddleNLP leave in logs of any kind: their arguments, a summary."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any, Final

from lossscan.sources.safe_json import object_in

ARGS: Final = "args"
MODEL: Final = "model_config"
_MODEL_KEYS: Final = (
    *("vocab_size", "model_type", "architectures", "num_hidden_layers", "hidden_size"),
    *("torch_dtype", "dtype", "_name_or_path"),  # `dtype` from transformers 4.56 on
)
_TRAINING_ARGUMENT: Final = "per_device_train_batch_size"  # all TrainingArguments have it
_LARGEST: Final = 1 << 20  # bytes; TrainingArguments take 8 kB, a model config up to 100 kB


def trainer_settings(args: bytes, model: bytes) -> dict[str, Any]:
    """The settings in the two texts; empty if they are something else."""
    facts = _settings_in(model)
    return {key: facts[key] for key in _MODEL_KEYS if key in facts} | _settings_in(args)


def are_arguments(args: bytes) -> bool:
    """Whether a text holds the arguments of such a trainer."""
    return _TRAINING_ARGUMENT in _settings_in(args)


def trainer_by_arguments(config: Container[str]) -> str | None:
    """The trainer whose arguments a tracker was given, where they are those of transformers."""
    return "transformers" if _TRAINING_ARGUMENT in config else None


def sums_up(row: Mapping[str, Any]) -> bool:
    """Whether a row sums a run up: the time it took and no loss; some log both with each loss."""
    return row.get("train_runtime") is not None and row.get("loss") is None


def _settings_in(text: bytes) -> dict[str, Any]:
    return object_in(text) if len(text) <= _LARGEST else {}
