"""Lines of one shape in a row become columns at once: nothing of it may be told by that."""

from pathlib import Path
from unittest import mock

import pytest

from lossscan.formats.key_value import steady_lines
from lossscan.formats.kit.stated import LineReader, StatedLine
from tests import logs

LINE = "[10:00:{s:02d}] step={n} loss={loss} lr={lr:.2e} tokens={n}00\n"
LOSSES = ("2.5", "2.51", "2.25", "nan", "12.75", "-0.5")
ONCE = 1 << 40  # so many lines no log has: each is taken by itself


def steps(first: int, stop: int, line: str = LINE, **told: int) -> str:
    """Lines of a loop, whose numbers come in several forms."""
    losses = (LOSSES[n // 90 % len(LOSSES)] for n in range(first, stop))
    return "".join(
        line.format(n=n, s=n % 60, loss=loss, lr=1e-3 / n, **told)
        for n, loss in zip(range(first, stop), losses, strict=True)
    )


BATCH = "Epoch {e} [{n}/900] loss: {loss}\n"
LOGS = {
    "one shape": steps(1, 900),
    "a cut end": steps(1, 400) + "[10:00:10] step=400 lo",
    "an evaluation between": f"{steps(1, 200)}val_loss: 2.5\n{steps(200, 400)}",
    "epochs": "".join(steps(1, 300, BATCH, e=epoch) for epoch in (1, 2, 3)),
    "a launch and a loss scale": f"{steps(1, 200)}Resuming training from out\n"
    f"{steps(200, 400)}OVERFLOW! Skipping step, reducing to 4.0 \n{steps(400, 600)}",
    "an evaluation of several lines": f"{steps(1, 200)}--> EVAL PERFORMANCE\navg_loss: 2.5\n"
    f"{steps(200, 400)}",
    "thousands": steps(900, 1200, "step {n:,} loss={loss}\n"),
    "counts in thousands": steps(1, 200, "step {n}K loss={loss}\n"),
    "both sets": steps(1, 300, "step {n}: train loss {loss}, val loss {loss}\n"),
    "batches of an evaluation": steps(1, 300, "Eval batch {n}/900 loss: {loss}\n"),
    "two shapes in turn": "".join(f"step {n} loss=2.5\nstep {n} lr: 0.5\n" for n in range(300)),
}


def read(path: Path, text: str) -> tuple[list[StatedLine], list[int], int]:
    """What the lines of a log say, how often a launch goes on, and skipped updates."""
    said = steady_lines.read_lines(logs.head_with(path, text), frozenset())
    skipped = sum(said.loss_scales.skipped(range(len(said.log))).values())
    return said.log.lines(), said.begun, skipped


@pytest.mark.parametrize("name", LOGS)
def test_lines_say_the_same_in_a_row(tmp_path: Path, name: str):
    """And one by one."""
    at_once = read(tmp_path, LOGS[name])
    with mock.patch.object(steady_lines, "MANY", ONCE):
        assert at_once == read(tmp_path, LOGS[name])


def test_a_shape_is_understood_once(tmp_path: Path):
    """However many lines have it."""
    with mock.patch.object(LineReader, "take", autospec=True, side_effect=LineReader.take) as take:
        lines, _, _ = read(tmp_path, steps(1, 80) + steps(80, 20_000, LINE.replace("{loss}", "2")))
    assert len(lines) == 19_999
    assert take.call_count < len(lines) // 20
