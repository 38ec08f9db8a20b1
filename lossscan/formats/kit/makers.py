"""Who wrote a log, by a key that only this trainer gives to what it logs."""

from __future__ import annotations

from collections.abc import Container
from typing import Final

_MADE_BY: Final = {
    "current_steps": "llamafactory",
    "global_step/max_steps": "ms-swift",
    "memory(GiB)": "ms-swift",
    "reduced_train_loss": "nemo",
    "lm loss": "megatron",
    "loss_metrics/global_avg_loss": "torchtitan",
    "tokens_per_second_per_gpu": "torchtune",
    "It/sec": "mlx-lm",
}


def maker_of(keys: Container[str]) -> str | None:
    """The trainer that one of the keys gives away."""
    return next((maker for key, maker in _MADE_BY.items() if key in keys), None)
