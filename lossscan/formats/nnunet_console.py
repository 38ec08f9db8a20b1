"""What nnU-Net logs: `Epoch 0`, then lines `train_loss -0.12`, `val_loss -0.23` of that epoch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from lossscan.expressions import expression
from lossscan.formats.kit.columns import Row
from lossscan.formats.kit.own_lines import own_lines
from lossscan.formats.kit.text import NUMBER

_CLOCK = r"^(?!- )[\d :.-]{0,40}+"  # no name begins so, nothing is to be tried again
_EPOCH: Final = expression(rf"(?i){_CLOCK}epoch:? {{1,4}}(\d{{1,9}})\s*$")
_VALUE: Final = expression(
    rf"(?i){_CLOCK}(train[_ ]loss|val(?:idation)?[_ ]loss|current learning rate|lr)"
    rf"(?: \(train=False\))?[: ]{{1,4}}({NUMBER})\s{{0,4}}$"
)
_NAMES: Final = {
    "train_loss": "loss",
    "val_loss": "eval_loss",
    "validation_loss": "eval_loss",
    "current_learning_rate": "learning_rate",
}


def _rows(text: Iterable[str]) -> Iterator[Row]:
    """One point for each epoch."""
    epoch: int | None = None
    row: dict[str, str] = {}
    for line in text:
        if headline := _EPOCH.match(line):
            if epoch is not None and row:
                yield epoch, row
            epoch, row = int(headline[1]), {}
        elif line.endswith("\n") and (found := _VALUE.match(line)):  # else it is half written
            name = found[1].lower().replace(" ", "_")
            row[_NAMES.get(name, name)] = found[2]
    if epoch is not None and row:
        yield epoch, row


FORMAT = own_lines(
    name="nnunet_console",
    sample="Epoch 0, then train_loss -0.12 and val_loss -0.23",
    marks=("rain_loss ", "rain_loss:", "rain loss ", "rain loss:"),  # no key of a dictionary
    rows=_rows,
    shows=lambda row: "loss" in row,
    says=("nnU", "seudo dice", "foreground Dice", "urrent learning rate", "This epoch took"),
    framework="nnunet",
    config={"logging_strategy": "epoch"},
)
