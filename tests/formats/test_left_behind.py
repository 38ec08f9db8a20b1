"""Logs of kinds that public repositories hold: own loops, bars that only a batch ends, tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import logs

BARS = "".join(
    f"EPOCH: {epoch}\n"
    f"Batch_id=97 Loss={2.5 - epoch / 10:.4f} Acc=35%: 100%|███| 98/98 [00:28<00:00, 3.4it/s]"
    "\n"
    f"\nTest set: Average loss: {2.75 - epoch / 10:.4f}, Accuracy: 4303/10000 (43.03%)\n\n"
    for epoch in range(1, 6)
)
EVALUATED = "".join(
    f"Epoch {epoch}/5: 100%|███| 867/867 [07:11<00:00,  2.01it/s]\n"
    f"Epoch {epoch}/5, Average Loss: {2.5 - epoch / 10:.4f}\n"
    "Validating: 100%|███| 419/419 [03:23<00:00,  2.06it/s]\n"
    f"Accuracy: 0.3773\nLoss: {2.75 - epoch / 10:.4f}\n"
    for epoch in range(1, 6)
)
AFTER_ALL = "".join(  # both losses behind the bars
    f"Epoch {epoch}/5: 100%|███| 867/867 [07:11<00:00,  2.01it/s]\n"
    "Validating: 100%|███| 419/419 [03:23<00:00,  2.06it/s]\n"
    f"Epoch {epoch} Loss: {2.5 - epoch / 10:.4f} Val Loss: {2.75 - epoch / 10:.4f}\n"
    for epoch in range(1, 6)
)
SCORES = "".join(
    f"06:38:16.402 [main] INFO org.example.ScoreIterationListener - Score at iteration {step} is"
    f" {2.5 - step / 1000}\n"
    for step in range(0, 500, 100)
)
COMMENTED = "#  step      rmse_val    rmse_trn    rmse_e_val  rmse_e_trn         lr\n" + "".join(
    f"{step:7}    {2.75 - step / 1000:.2e}    {2.5 - step / 1000:.2e}    1.03e+01    1.03e+01"
    "    1.0e-03\n"
    for step in range(0, 500, 100)
)


@pytest.mark.parametrize(
    ("text", "first", "evaluated"),
    [
        (BARS, 2.4, 2.65),
        (EVALUATED, 2.4, 2.65),
        (AFTER_ALL, 2.4, 2.65),
        (SCORES, 2.5, None),
        (COMMENTED, 2.5, 2.75),
    ],
    ids=["bars", "evaluated", "after-all", "scores", "commented"],
)
def test_read_parts_training_from_evaluation(
    tmp_path: Path, text: str, first: float, evaluated: float | None
):
    """Each epoch gives a loss of each, whatever stands between them."""
    table = logs.read_log(tmp_path, text)
    points = logs.points(table, "loss")
    assert (len(points), points[0][1]) == (5, first)
    if evaluated is not None:
        points = logs.points(table, "eval_loss")
        assert (len(points), points[0][1]) == (5, evaluated)
