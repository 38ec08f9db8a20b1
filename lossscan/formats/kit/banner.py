"""What trainers print of the run before its first step: counts of the banner, of the data."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any, Final

from msgspec import Struct, field

from lossscan.expressions import expression

_BANNER: Final = {
    "num examples": "num_examples",
    "num epochs": "num_train_epochs",
    "instantaneous batch size per device": "per_device_train_batch_size",
    "batch size per device": "per_device_train_batch_size",
    "total train batch size (w. parallel, distributed & accumulation)": "total_train_batch_size",
    "total batch size": "total_train_batch_size",  # Unsloth's, with its factors from 2025 on
    "gradient accumulation steps": "gradient_accumulation_steps",
    "total optimization steps": "max_steps",
    "total steps": "max_steps",
    "number of trainable parameters": "num_trainable_parameters",
    "total num train samples": "train_samples",
}
_STATED: Final = expression(
    rf"(?i)({'|'.join(map(re.escape, _BANNER))})(?: \(\d[\d x]{{0,40}}\))?\s{{0,4}}"
    r"= (\d[\d,]{0,30})(?!\d|\.\d)(?=\D)"
)
_SECTION: Final = expression(r"\*{3} ?Running (\w{1,60})")
_CONTINUED: Final = expression(r"Continuing training from global step (\d{1,15})(?=\D)")

# PaddleNLP's CausalDataset and Megatron's GPTDataset
_DATA: Final = {
    "train_samples": r"^\s+train: +(\d{1,15})",
    "data_epochs": r"total number of epochs: (\d{1,15})",
    "built_samples": r"total number of samples: (\d{1,15})",
    "samples_per_epoch": r"number of samples per epoch \((\d{1,15})\)"
    r"|num_samples_per_epoch: (\d{1,15})",
    "last_epoch_samples": r"last epoch number of samples \((\d{1,15})\)"
    r"|num_samples_from_final_epoch: (\d{1,15})",
    "last_epoch_first_sample": r"shuffle index with split \[0, (\d{1,15})\) and \[\d{1,15}",
    "separate_last_epoch": r"setting separate_last_epoch to (True|False)"
    r"|separate_final_epoch: (True|False)",
}
_FACTS: Final = {name: expression(rf"(?:{shape})(?=\D|$)") for name, shape in _DATA.items()}
_FACT_HINT: Final = expression(r"epoch|train: |shuffle index|number of samples")


class Banner(Struct):
    """The settings and launches that the banners of a log have stated so far."""

    config: dict[str, int] = field(default_factory=dict)  # canonical names
    launches: list[int] = field(default_factory=list)  # steps from which one says to continue
    trainings: int = 0  # begun
    evaluating: bool = False  # the counts that follow are those of an evaluation

    def take(self, line: str) -> None:
        """Note what a line says."""
        if not (" = " in line or "***" in line or "Continuing" in line):
            return  # as nearly each line: this must take no time
        if section := _SECTION.search(line):
            self.evaluating = section[1] != "training"
            self.trainings += not self.evaluating
        self.launches += [int(match[1]) for match in _CONTINUED.finditer(line)]
        if not self.evaluating:
            stated = _STATED.finditer(line)
            self.config |= {_BANNER[m[1].lower()]: int(m[2].replace(",", "")) for m in stated}


def data_facts(line: str) -> Iterator[tuple[str, Any]]:
    """The facts on data epochs in a line of the dataset builder."""
    if _FACT_HINT.search(line) is None:
        return
    for name, shape in _FACTS.items():
        if match := shape.search(line):
            text = next(group for group in match.groups() if group)
            yield name, text == "True" if text in ("True", "False") else int(text)


def consistent(facts: dict[str, Any]) -> dict[str, Any]:
    """The facts without those that belong to the validation set.

    The builder prints alike for each set; where the train set's index was cached, the first
    lines are another's, and its last epoch does not end at the samples requested.
    """
    keys = ("last_epoch_first_sample", "last_epoch_samples", "train_samples")
    first, last, wanted = (facts.get(key, math.nan) for key in keys)
    if math.isnan(first + last + wanted) or first + last == wanted:
        return facts
    return {"train_samples": wanted}
