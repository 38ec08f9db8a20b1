"""Lines of a console at their steps."""

from pathlib import Path

import pytest

from lossscan.formats import key_value
from lossscan.settings import Settings
from tests import logs

LINES = 50_000
MOST = 250  # bytes of a line: its numbers, what it counts and where take 100, objects 950


def steps(first: int, stop: int, line: str = "step {n} loss: {loss} lr: 1e-05\n") -> str:
    """Lines of a loop."""
    return "".join(line.format(n=n, loss=2 + n % 7 / 8) for n in range(first, stop))


BATCHES = "Epoch [{{}}/3] [{n}/9] loss: {loss}\n"
BAR = "Epoch 1: |#| {n}/9 [00:01<00:02, loss={loss}]\n"
EIGHT = [*range(1, 9)]
LOGS = {  # a log, its steps with a loss, those with an evaluation, and where a launch went on
    "one shape": (steps(1, 40), [*range(1, 40)], [], ()),
    "words, blank lines and a cut end": (
        f"Loading\n\n{steps(1, 9)}saved\n{steps(9, 20)}step 20 lo",
        [*range(1, 20)],
        [],
        (),
    ),
    "evaluations between them": (
        f"{steps(1, 9)}val_loss: 2.5\n{steps(9, 20)}val_loss: nan\n",
        [*range(1, 20)],
        [8, 19],
        (),
    ),
    "an evaluation before them": (f"val_loss: 2.5\n{steps(1, 9)}", EIGHT, [1], ()),
    "steps that begin again": (steps(1, 9) + steps(1, 9), EIGHT + EIGHT, [], ()),
    "epochs of batches": (
        "".join(steps(1, 10, BATCHES).format(*[e] * 9) for e in (1, 2, 3)),
        [*range(1, 28)],
        [],
        (),
    ),
    "epochs in headlines": (
        "".join(f"Epoch {e}\n{steps(1, 9)}" for e in (1, 2, 3)),
        [*range(1, 25)],
        [],
        (),
    ),
    "epochs in headlines behind": (
        "".join(f"{steps(1, 9)}Epoch {e}\n" for e in (1, 2, 3)),
        [*range(1, 25)],
        [],
        (),
    ),
    "batches of epochs that nobody says": (
        steps(1, 10, "batch {n}/9 loss: {loss}\n") * 3,
        [*range(1, 28)],
        [],
        (),
    ),
    "an evaluation that each line repeats": (
        steps(1, 9, "step {n} loss: {loss} val_loss: 2.5\n"),
        EIGHT,
        [1],
        (),
    ),
    "bars drawn again": (steps(0, 9, BAR) + steps(0, 9, BAR), [0, *EIGHT], [], ()),
    "launches that go on": (
        f"{steps(1, 9)}Resuming training from out\n{steps(12, 20)}",
        [*EIGHT, *range(12, 20)],
        [],
        (8,),
    ),
    "a launch that goes on below a headline": (
        "".join(f"step {n}\nloss: 2.{n}\n" for n in range(1, 9))
        + "Resuming training from out\nstep 12\nloss: 2.9\n",
        [*EIGHT, 12],
        [],
        (8,),
    ),
    "a headline and its numbers": (
        "".join(f"step {n}\nloss: 2.{n}\n" for n in range(1, 9)),
        EIGHT,
        [],
        (),
    ),
    "indented numbers": (
        "".join(f"step {n} loss: 2.{n}\n  lr: 0.{n}\n" for n in range(1, 9)),
        EIGHT,
        [],
        (),
    ),
    "steps in thousands": (steps(1, 9) + "step 12K loss: 2.5\n", [*EIGHT, 12000], [], ()),
    "epochs alone": ("".join(f"Epoch {n} loss: 2.{n}\n" for n in range(1, 9)), EIGHT, [], ()),
}


@pytest.mark.parametrize("name", LOGS)
def test_lines_are_at_their_steps(tmp_path: Path, name: str):
    """Each line with a loss, each evaluation, and each launch that went on."""
    text, trained, evaluated, launches = LOGS[name]
    table = key_value.read(logs.head_with(tmp_path, text), Settings())
    assert table.columns["loss"].steps.tolist() == trained
    assert [s for n, c in table.columns.items() if n == "eval_loss" for s in c.steps] == evaluated
    assert table.launches == launches


def test_a_long_log_takes_some_numbers_a_line(tmp_path: Path):
    """However many lines are in it."""
    head = logs.head_with(tmp_path, steps(1, LINES + 1) + "val_loss: 2.5\n")
    table, peak = logs.read_traced(key_value.FORMAT, head)
    assert len(table.columns["loss"].steps) == LINES
    assert peak / LINES < MOST
