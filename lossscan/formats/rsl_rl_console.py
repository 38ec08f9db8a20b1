"""What rsl_rl prints for legged_gym and Isaac Lab: a block of names and numbers an iteration."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from lossscan.expressions import expression
from lossscan.formats.kit.columns import Row
from lossscan.formats.kit.own_lines import own_lines
from lossscan.formats.kit.text import NUMBER

_HEAD: Final = "Learning iteration "
_ITERATION: Final = expression(r"Learning iteration (\d{1,12})/\d{1,12}(?=\D)")
_ENTRY: Final = expression(
    rf"\A\s{{0,80}}(Mean [a-z _]{{3,40}}|[A-Z][a-z ]{{2,40}} loss): {{1,4}}({NUMBER})\s"
)
_NAMES: Final = {
    "Mean reward": "reward",
    "Mean total reward": "reward",
    "Value function loss": "value_loss",
    "Mean value_function loss": "value_loss",
    "Mean value loss": "value_loss",
    "Surrogate loss": "surrogate_loss",
    "Mean surrogate loss": "surrogate_loss",
    "Mean entropy loss": "entropy",
}


def _rows(text: Iterable[str]) -> Iterator[Row]:
    """Each block is a point at its iteration."""
    step: int | None = None
    for line in text:
        if _HEAD in line and (found := _ITERATION.search(line)):
            step = int(found[1])
        elif step is not None and (entry := _ENTRY.match(line)) and entry[1] in _NAMES:
            yield step, {_NAMES[entry[1]]: entry[2]}


_SAMPLE = "Learning iteration 8391/10000, below Value function loss: 0.0123"
FORMAT = own_lines("rsl_rl_console", _SAMPLE, (_HEAD,), _rows, framework="rsl-rl")
