"""Numbers below a headline, few lines, and logs that hold no number but say that it is lost."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lossscan.errors import NoLogFound
from lossscan.formats.key_value.blocks import blocks
from lossscan.formats.kit.stated import LineReader
from tests import logs

PHASES = "Epoch {n}/9\n----------\ntrain Loss: 0.{n}5 Acc: 0.5\nval Loss: 0.{n} Acc: 0.5\n\n"
FRAMES = 'Traceback (most recent call last):\n  File "a.py", line 1\n'
LOST = {"loss", "grad_norm"}
BAR = "100%|####| 100/100 [00:05<00:00, 20.1it/s]\n"


@pytest.mark.parametrize(
    "shape",
    [
        PHASES,
        PHASES.replace("----------\n", BAR),
        "Epoch: {n}\nTraining loss: 0.{n}5\nValidation loss: 0.{n}\n",
        "[Epoch {n}] Loss(train): 0.{n}5, Loss(val): 0.{n}\n",
        "Train Summary | Epoch {n} | Loss=0.{n}5\nValid Summary | Epoch {n} | Loss=0.{n}\n",
        "epoch: {n}, test val_loss: 0.{n}\nepoch: {n}, train loss: 0.{n}5, spent: 0.7 secs\n",
    ],
)
def test_an_epoch_is_a_point_of_both_losses(tmp_path: Path, shape: str):
    """Both stand in one line, in lines of their own, or below the headline of the epoch."""
    table = logs.read_log(tmp_path, "".join(shape.format(n=n) for n in range(1, 5)))
    assert logs.points(table, "loss") == [(n, float(f"0.{n}5")) for n in range(1, 5)]
    assert logs.points(table, "eval_loss") == [(n, float(f"0.{n}")) for n in range(1, 5)]


@pytest.mark.parametrize("rounded", ["", "step 2K loss 2.0\n"], ids=["at-once", "by-lines"])
def test_headlines_number_the_epochs_of_steps_that_go_on(tmp_path: Path, rounded: str):
    """The counter need not begin again for them to hold."""
    text = "".join(
        f"Epoch {n}/3:\n" + "".join(f"step {3 * n + at}00 loss 2.{at}\n" for at in range(3))
        for n in range(1, 4)
    )
    table = logs.read_log(tmp_path, text + rounded)
    found = logs.points(table, "epoch")[:9]
    assert found == [(100 * (at + 3), at // 3 + 1) for at in range(9)]


def test_a_single_headline_numbers_no_epoch(tmp_path: Path):
    """It may be a setting: `epoch: 300`."""
    text = "Epoch 300:\n" + "".join(f"step {n}00 loss 2.{n}\n" for n in range(1, 6))
    assert "epoch" not in logs.read_log(tmp_path, text).columns


def test_batches_below_a_headline_are_all_taken(tmp_path: Path):
    """Many lines of one name below an epoch are points of their own, not one."""
    text = "".join(f"Epoch {n}\n" + "loss: 2.5\n" * 12 for n in range(1, 4))
    assert len(logs.points(logs.read_log(tmp_path, text), "loss")) == 36


@pytest.mark.parametrize(
    "text",
    [
        "epoch,train_loss,val_loss\n1,0.75,0.5\n2,0.5,0.25\n",
        '{"epoch": 1, "train_loss": 0.75}\n{"epoch": 2, "train_loss": 0.5}\n',
        "Epoch 1 - train_loss: 0.75\nEpoch 2 - train_loss: 0.5\n",
    ],
)
def test_two_epochs_are_a_loss(tmp_path: Path, text: str):
    """The mean over an epoch is the loss where no other is logged, also of two epochs."""
    assert logs.points(logs.read_log(tmp_path, text), "loss") == [(1, 0.75), (2, 0.5)]


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("1800step: loss: 5.5\n2700step:loss: 5.25\n3600step: loss: 5.0\n", [1800, 2700, 3600]),
        (
            "训练次数：100, Loss：1.5\n训练次数：200, Loss：1.25\n训练次数：300, Loss：1\n",
            [100, 200, 300],
        ),
        (
            "33 1 Loss=2.5 T=1\n33 2 Loss=2.5 T=1\n34 1 Loss=2.5 T=1\n34 2 Loss=2 T=1\n",
            [65, 66, 67, 68],
        ),
        ("Epoch  1, 50/90; xent: 2.5\nEpoch  1, 60/90; xent: 2.25\n", [50, 60]),
        ("a: 1%|#| 41/90 [00:05<01:00, 1it/s, loss=2.5]epoch is incremented: epoch: 7\n" * 2, [41]),
    ],
)
def test_counters_of_many_kinds(tmp_path: Path, text: str, steps: list[int]):
    """Behind their number, in Chinese, without a name, and behind an epoch."""
    points = logs.points(logs.read_log(tmp_path, text), "loss")
    assert [step for step, _ in points] == steps


@pytest.mark.parametrize(
    "text",
    [
        logs.LOST,
        FRAMES + "FloatingPointError: Loss became infinite or NaN at iteration=7!\n",
        FRAMES + "RuntimeError:  [!] NaN loss with decoder_loss.\n",
        "".join(
            f"Gradient overflow.  Skipping step, loss scaler 0 reducing loss scale to {2.0**-n}\n"
            for n in range(6)
        ),
    ],
)
def test_a_loss_that_is_lost_at_once_is_no_refusal(tmp_path: Path, text: str):
    """Nothing was logged, and the log says why."""
    assert logs.claimed_by(tmp_path, text) == ["lost_console"]
    columns = logs.read_log(tmp_path, text).columns
    assert not any(np.isfinite(columns[name].values).any() for name in columns.keys() & LOST)
    assert columns.keys() & LOST


def test_a_message_beside_a_curve_adds_no_point(tmp_path: Path):
    """What went to the error stream is in a file of its own."""
    (tmp_path / "out.log").write_text("".join(f"step {n} loss: 2.5\n" for n in range(1, 9)))
    (tmp_path / "err.log").write_text(logs.LOST)
    run = logs.run_at(tmp_path)
    assert len(run.series["loss"].steps) == 8
    assert np.isfinite(run.series["loss"].values).all()


@pytest.mark.parametrize(
    "text",
    [
        "epoch: 12, val_loss: 0.43\n",
        "Best model of epoch 12: loss 0.43\nIt is in the folder best.\n",
        "Gradient overflow.  Skipping step, loss scaler 0 reducing loss scale to 32768.0\n",
        "We stop training when the loss is nan.\n",
        "At step 80 the loss: 4.72 was seen.\nThen eval_loss: NaN.\nAll is lost.\n",
        "Week 1: loss of 1 kg.\nWeek 2: loss of 3 kg.\n",
    ],
)
def test_what_is_no_log_is_refused(tmp_path: Path, text: str):
    """A note of the best epoch, the start of fp16, and prose."""
    with pytest.raises(NoLogFound):
        logs.read_log(tmp_path, text)


@pytest.mark.parametrize(
    ("line", "step"),
    [
        (" 12%|#2      | 120/1000 [00:31<03:48,  3.85it/s, loss=nan, lr=0.0001]\n", 120),
        ("08/03 22:09:24 - mmengine - INFO - Epoch(train)  [1][ 500/2931]  loss: nan\n", 500),
    ],
)
def test_one_line_may_be_enough(tmp_path: Path, line: str, step: int):
    """A single line that says of how many, and that its loss is NaN."""
    assert [at for at, _ in logs.points(logs.read_log(tmp_path, line), "loss")] == [step]


def test_bars_of_keras_need_no_headline(tmp_path: Path):
    """Who pastes the middle of an epoch leaves its headline out."""
    text = "".join(
        f" {n}/9 [=>..] - ETA: 1:00 - loss: 0.{n} - accuracy: 0.5\n" for n in range(1, 6)
    )
    assert logs.points(logs.read_log(tmp_path, text), "loss")[-1] == (5, 0.5)


def test_a_box_may_count_other_things(tmp_path: Path):
    """Diffusion models of OpenAI print the boxes that their reinforcement learning did."""
    box = "| loss    | 0.{n} |\n| step    | {n}00 |\n---------------------\n"
    text = "".join(box.format(n=n) for n in range(1, 4))
    assert logs.points(logs.read_log(tmp_path, text), "loss")[0] == (100, 0.1)


def test_names_of_stages_are_parts(tmp_path: Path):
    """Detectors of several stages and heads put these before the name of a part."""
    line = "Iter [{n}0/900] lr: 0.1, s0.loss_cls: 0.5, decode.loss_ce: 0.25, loss: 0.75\n"
    table = logs.read_log(tmp_path, "".join(line.format(n=n) for n in range(1, 5)))
    assert {"loss", "s0.loss_cls", "decode.loss_ce"} <= table.columns.keys()


def test_lines_that_count_steps_are_read_as_they_are_asked_for():
    """A console is known by its first lines: the others are not read for that."""
    rest = iter([f"step {n} loss: 2.{n}\n" for n in range(1, 100)])
    block = next(blocks(map(LineReader().take, rest)))
    assert block.place is not None
    assert block.place.count == 1
    assert len(list(rest)) == 97  # the second shows that the first has ended


RESULTS = (
    "***** Eval results *****\n{0}  eval_accuracy = 0.75\n{0}  global_step = 300\n{0}  loss = 0.9\n"
)


@pytest.mark.parametrize(
    "before", ["", "INFO:tensorflow:", "I0816 18:35:17.464866 14584 run_classifier.py:926] "]
)
def test_the_step_among_results_ends_no_evaluation(tmp_path: Path, before: str):
    """BERT prints its results by name, so that the step comes before the loss."""
    text = "".join(f"Step {n}00: loss = 0.{n}\n" for n in (1, 2, 3))
    table = logs.read_log(tmp_path, f"{text}{before}{RESULTS.format(before)}")
    assert logs.points(table, "loss") == [(100, 0.1), (200, 0.2), (300, 0.3)]
    assert logs.points(table, "eval_loss") == [(300, 0.9)]


def test_a_step_behind_results_trains_again(tmp_path: Path):
    """It is not indented as what the results state is."""
    text = RESULTS.format("") + "".join(f"global_step = {n}00\nloss = 0.{n}\n" for n in (3, 4, 5))
    assert logs.points(logs.read_log(tmp_path, text), "loss") == [
        (300, 0.3),
        (400, 0.4),
        (500, 0.5),
    ]
