"""Lines that begin with a loss and count nothing."""

from pathlib import Path

import pytest

from tests import logs

SHAPES = [
    "loss: {:.4f}",
    "loss {:.4f}, acc 0.5",
    "Loss={:.4f}",
    "loss is {:.4f}",
    "Train Loss: {:.4f}",
    "Running loss: {:.4f}",
    "loss: tensor({:.4f}, device='cuda:0', grad_fn=<NllLossBackward0>)",
    "2026-05-01 10:00:00,123 - INFO - loss: {:.4f}",
    "2026-05-01 10:00:00.123 | INFO     | __main__:main:12 - loss: {:.4f}",
    "INFO:root:loss: {:.4f}",
    "Loss, {:.4f}",
]


def _log(shape: str, count: int = 20) -> str:
    return "".join(shape.format(3 - at / 100) + "\n" for at in range(count))


@pytest.mark.parametrize("shape", SHAPES)
def test_read_counts_the_lines(tmp_path: Path, shape: str):
    """A remark says that steps were counted, since nothing in the log tells them."""
    table = logs.read_log(tmp_path, _log(shape))
    assert logs.points(table, "loss")[:2] == [(1, 3.0), (2, 2.99)]
    assert len(logs.points(table, "loss")) == 20
    assert [(note.kind, note.numbers) for note in table.notes] == [
        ("steps_counted", {"entries": 20})
    ]


@pytest.mark.parametrize("said", ["", "Starting "])
def test_read_takes_the_headlines_of_epochs_and_evaluations(tmp_path: Path, said: str):
    """An evaluation stands at the last step before it."""
    text = "".join(
        f"{said}Epoch {epoch}\n{_log('loss: {:.4f} lr: 0.1', 10)}val loss: 2.5\ntest loss: 2.6\n"
        for epoch in (1, 2)
    )
    table = logs.read_log(tmp_path, text)
    assert logs.points(table, "eval_loss") == [(10, 2.5), (20, 2.5)]
    assert logs.points(table, "epoch")[9:13:3] == [(10, 1.0), (11, 2.0)]
    assert logs.points(table, "learning_rate")[-1] == (20, 0.1)


@pytest.mark.parametrize(
    "text",
    [
        "How it went:\n" + "".join(f"Then we saw\nloss: {n}.5\n" for n in range(1, 19)),
        _log("val loss: {:.4f}", 40),
        _log("The loss: {:.4f} was seen", 40),
        _log("weight loss: {:.4f}", 40),
    ],
)
def test_claims_leave_few_lines_and_prose_alone(tmp_path: Path, text: str):
    """Documents state a loss here and there, and lines of evaluations are no training."""
    assert logs.claimed_by(tmp_path, text) == []


def test_read_leaves_out_a_cut_number(tmp_path: Path):
    """The last number of a file that is still written may lack digits."""
    assert (
        len(logs.points(logs.read_log(tmp_path, _log("loss: {:.4f}") + "loss: 2.3"), "loss")) == 20
    )
