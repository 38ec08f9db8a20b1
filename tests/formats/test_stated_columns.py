"""Lines of a console at their steps, all at once or one by one: both tell the same."""

from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from msgspec.structs import replace

from lossscan.formats import key_value
from lossscan.formats.key_value.stated_columns import PlacedLines, placed_lines
from lossscan.formats.key_value.stated_log import StatedLog
from lossscan.settings import Settings
from tests import logs

LINES = 50_000
MOST = 250  # bytes of a line: its numbers, what it counts and where take 100, objects 950


def steps(first: int, stop: int, line: str = "step {n} loss: {loss} lr: 1e-05\n") -> str:
    """Lines of a loop."""
    return "".join(line.format(n=n, loss=2 + n % 7 / 8) for n in range(first, stop))


BATCHES = "Epoch [{{}}/3] [{n}/9] loss: {loss}\n"
BAR = "Epoch 1: |#| {n}/9 [00:01<00:02, loss={loss}]\n"
TOLD = {
    "one shape": steps(1, 40),
    "words, blank lines and a cut end": f"Loading\n\n{steps(1, 9)}saved\n{steps(9, 20)}step 20 lo",
    "evaluations between them": f"{steps(1, 9)}val_loss: 2.5\n{steps(9, 20)}val_loss: nan\n",
    "an evaluation before them": f"val_loss: 2.5\n{steps(1, 9)}",
    "steps that begin again": steps(1, 9) + steps(1, 9),
    "epochs of batches": "".join(steps(1, 10, BATCHES).format(*[e] * 9) for e in (1, 2, 3)),
    "epochs in headlines": "".join(f"Epoch {e}\n{steps(1, 9)}" for e in (1, 2, 3)),
    "epochs in headlines behind": "".join(f"{steps(1, 9)}Epoch {e}\n" for e in (1, 2, 3)),
    "batches of epochs that nobody says": steps(1, 10, "batch {n}/9 loss: {loss}\n") * 3,
    "an evaluation that each line repeats": steps(1, 9, "step {n} loss: {loss} val_loss: 2.5\n"),
    "bars drawn again": steps(0, 9, BAR) + steps(0, 9, BAR),
    "launches that go on": f"{steps(1, 9)}Resuming training from out\n{steps(12, 20)}",
    "a checkpoint that is taken up": f"{steps(1, 9)}Resumed from checkpoint: a\n{steps(12, 20)}",
    "a loss scale": f"{steps(1, 9)}OVERFLOW! Skipping step, reducing to 4.0 \n{steps(9, 20)}",
    "its own epoch by name": steps(1, 9, "step {n} loss: {loss} epoch: 1\n"),
}
LOOKED_AT = {
    "a headline and its numbers": "".join(f"step {n}\nloss: 2.{n}\n" for n in range(1, 9)),
    "indented numbers": "".join(f"step {n} loss: 2.{n}\n  lr: 0.{n}\n" for n in range(1, 9)),
    "steps in thousands": steps(1, 9) + "step 12K loss: 2.5\n",
    "epochs alone": "".join(f"Epoch {n} loss: 2.{n}\n" for n in range(1, 9)),
}


@pytest.mark.parametrize("name", [*TOLD, *LOOKED_AT])
def test_both_ways_tell_the_same(tmp_path: Path, name: str):
    """Columns, launches, settings and notes."""
    head = logs.head_with(tmp_path, (TOLD | LOOKED_AT)[name])
    ways: list[PlacedLines | None] = []

    def noted(log: StatedLog, begun: list[int]) -> PlacedLines | None:
        ways.append(placed_lines(log, begun))
        return ways[-1]

    with mock.patch.object(key_value, "placed_lines", noted):
        at_once = key_value.read(head, Settings())
    with mock.patch.object(key_value, "placed_lines", return_value=None):
        singly = key_value.read(head, Settings())
    assert [way is not None for way in ways] == [name in TOLD]
    assert replace(at_once, columns={}) == replace(singly, columns={})
    assert at_once.columns.keys() == singly.columns.keys()
    for key, column in singly.columns.items():
        assert at_once.columns[key].steps.tolist() == column.steps.tolist()
        assert np.array_equal(at_once.columns[key].values, column.values, equal_nan=True)


def test_a_long_log_takes_some_numbers_a_line(tmp_path: Path):
    """However many lines are in it."""
    head = logs.head_with(tmp_path, steps(1, LINES + 1) + "val_loss: 2.5\n")
    table, peak = logs.read_traced(key_value.FORMAT, head)
    assert len(table.columns["loss"].steps) == LINES
    assert peak / LINES < MOST
