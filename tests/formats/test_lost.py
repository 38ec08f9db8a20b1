"""What a program says of a loss that is no number."""

from __future__ import annotations

from math import inf, isnan
from pathlib import Path

import pytest

from lossscan.errors import NoLogFound
from lossscan.formats.kit.ending import lost
from lossscan.sources.files import Head, head_of
from tests import logs

TRAINED = "".join(f"step {n} loss {3 - n / 100}\n" for n in range(10, 60, 10))


@pytest.mark.parametrize(
    "said",
    [
        "Loss is nan, stopping training",
        "Loss is inf, stopping training",
        "Batch 60: Invalid loss, terminating training",
        "RuntimeError: Function 'MulBackward0' returned nan values in its 0th output.",
        "FloatingPointError: Minimum loss scale reached (0.0001). Your loss is probably exploding.",
        "ValueError: The loss returned in `training_step` is nan.",
        "FloatingPointError: gradients are Nan/Inf",
        "Exception: NAN loss",
        "ERROR:tensorflow:Model diverged with loss = NaN.",
        "Early stopping: loss is not finite (nan)",
        "Loss is nan. The run is stopped.",
        "Training aborted because of NaN loss",
        "第 60 步损失为 nan，停止训练",
        "Exception: Loss Exploded",
        "NaN loss at iter 60! Breaking out of the training loop",
        "[ERROR] Training job failed: loss is NaN (step 60)",
        "RuntimeError: Training failed: NaN persisted for 3 epochs",
        (
            "RuntimeError: Rank 5, iteration 31: Unexpected result nan (message='found NaN in local"
            " grad norm for bucket #0 in backward pass before data-parallel communication')"
        ),
        (
            "RuntimeError: The total norm of order 2.0 for gradients of `parameters` is non-finite,"
            " so it cannot be clipped."
        ),
        "損失がnanになったため学習を中断します",
        "손실이 nan이 되어 학습을 중단합니다",
        "Verlust ist NaN, Training wird abgebrochen",
        "La pérdida es nan, deteniendo el entrenamiento",
        "La perte est nan, arrêt de l'entraînement",
        "Потеря равна nan, обучение остановлено",
        "ValueError: [E910] Encountered NaN value when computing loss for component 'ner'.",
        "WARNING: NaN detected in loss! Stopping.",
        "Non-finite loss encountered, aborting.",
        "WARNING: non-finite loss, ending training  tensor([nan, 0.31], device='cuda:0')",
        (
            "ValueError: Expected parameter loc (Tensor of shape (1, 6)) of Normal() to"
            " satisfy the constraint Real(), but found invalid values:"
        ),
        "ValueError: too many utterances in this batch leading to inf or nan losses.",
    ],
)
def test_read_notes_a_stop_for_a_lost_loss(tmp_path: Path, said: str):
    """The words of the program count where it logged no NaN."""
    table = logs.read_log(tmp_path, f"{TRAINED}{said}\n")
    assert [note.numbers.get("error") for note in table.notes if note.numbers.get("lost")] == [said]


@pytest.mark.parametrize(
    "said",
    [
        "detect_anomaly: will stop if loss is nan, stopping training",
        "terminate_on_nan=True",
        "stop_on_nan_loss: True",
        "NaN or Inf found in input tensor.",
        "[check] NaN in loss: none found",
        "torch.OutOfMemoryError: CUDA out of memory",
        "sending finite loss terms to rank 0",
        "ending epoch 1: loss 0.39, nan batches 0",
        "upload failed, loss is not nan: 0.3",
        "0 tests failed: loss is never nan",
        "training finished. loss scaler: 3 inf steps skipped; 0 failed",
        "ValueError: Training data contains NaN",
        "ValueError: Input X contains NaN.",
        "損失がnanになったら学習を",
        "Wenn der Verlust NaN ist, wird das Training abgebrochen",
        "Si la pérdida es nan, se detendrá el entrenamiento",
        "Verlust 0.31, Training wird nach 60 Schritten abgebrochen",
        (
            "ValueError: Expected parameter scale (Tensor of shape (64, 2)) of Normal()"
            " to satisfy the constraint GreaterThan(lower_bound=0.0), but found invalid values:"
        ),
    ],
)
def test_read_leaves_harmless_words_alone(tmp_path: Path, said: str):
    """Settings and checks speak of NaN in sound runs, too."""
    table = logs.read_log(tmp_path, f"{TRAINED}{said}\n")
    assert not any(note.numbers.get("lost") for note in table.notes)


def test_read_leaves_a_stop_alone_behind_which_training_goes_on(tmp_path: Path):
    """What was started anew is judged by what it logs then."""
    again = TRAINED.replace("step ", "step 1")
    text = f"{TRAINED}Loss is nan, stopping training\n{again}"
    table = logs.read_log(tmp_path, text)
    assert not any(note.numbers.get("lost") for note in table.notes)


def test_a_message_in_each_of_many_lines_is_told_once(tmp_path: Path):
    """Whether the log goes on behind one is asked a few times, not thousands."""
    path = tmp_path / "train.log"
    path.write_text("step 1 loss: 2.5\nLoss is nan, stopping training\n" * 1000)
    asked = []

    def claims(rest: Head) -> bool:
        asked.append(rest.size)
        return rest.size > 5000

    note = lost(head_of(path), claims)
    assert note is not None
    assert note.numbers["error"] == "Loss is nan, stopping training"
    assert min(size for size in asked if size > 5000) < 5100
    assert len(asked) < 20


def test_read_takes_the_step_that_is_named(tmp_path: Path):
    """detectron2 says at which iteration the loss was lost."""
    said = "FloatingPointError: Loss became infinite or NaN at iteration=57!\n"
    table = logs.read_log(tmp_path, TRAINED + said)
    assert [note.numbers.get("step") for note in table.notes] == [57]


@pytest.mark.parametrize(
    "spelled", ["nanxxx", "-nan(ind)", "1.#QNAN", "-1.#IND", "nan(snan)", "nan.0", "NaN32"]
)
def test_read_knows_nan_by_its_other_names(tmp_path: Path, spelled: str):
    """C and its libraries spell NaN their own way."""
    table = logs.read_log(tmp_path, f"{TRAINED}step 60 loss: {spelled} lr 0.1\n")
    assert [step for step, value in logs.points(table, "loss") if isnan(value)] == [60]


def test_a_mean_that_is_lost_is_a_loss(tmp_path: Path):
    """It is NaN as soon as one loss is: a single one tells enough."""
    text = "--- Iteration #50 ---\nAverage Episodic Return: nan\nAverage Loss: nan\n---\n"
    assert isnan(logs.read_log(tmp_path, text).columns["loss"].values[0])


@pytest.mark.parametrize(
    "line", ["  - Train Loss: epoch NaN - batch NaN\n", "170 / 178 : loss = nan;1076660156255;\n"]
)
def test_a_logged_nan_among_other_lines_is_a_loss(tmp_path: Path, line: str):
    """Behind a bullet or a count, and nothing behind it."""
    text = f"[Metrics]\n  - Accuracy: 0.00 %\n{line}\n[Progress]\n  - done\n"
    assert isnan(logs.read_log(tmp_path, text).columns["loss"].values[0])


@pytest.mark.parametrize(
    "text",
    [
        "Epoch 1/3\nloss=inf\n",
        "Epoch 1/3\nloss: Infinity, acc: 0.5\n",
        "starting\nEpoch 1/3\nloss=inf\ndone\n",
        "starting\non cuda\nTrain Loss: inf, Acc: 0.1\ndone\n",
    ],
)
def test_a_single_infinite_loss_is_not_lost(tmp_path: Path, text: str):
    """Below the heading of an epoch, or alone in its line."""
    assert logs.read_log(tmp_path, text).columns["loss"].values.tolist() == [inf]


@pytest.mark.parametrize(
    "text",
    [
        "Epoch 1/3\nbest val loss=inf\n",
        "best_loss: inf\npatience: 5\nEpoch 1/3\n",
        "a\nb\nwith another seed loss=inf would be seen\n",
        "a\nb\nbest_loss: inf, patience: 5\n",
        "a\nb\nsee why acc=0.1, loss=inf shows here\n",
    ],
)
def test_an_infinity_that_no_training_reached_is_none(tmp_path: Path, text: str):
    """What the lowest loss is before there is one, and a word in a sentence."""
    with pytest.raises(NoLogFound):
        logs.read_log(tmp_path, text)


def test_a_bare_assertion_that_ends_a_run_says_so_by_its_code(tmp_path: Path):
    """Its error has no words; the line of the traceback has."""
    code = "    assert torch.isfinite(loss)"
    died = f'Traceback (most recent call last):\n  File "a.py", line 9\n{code}\nAssertionError\n'
    table = logs.read_log(tmp_path, f"{TRAINED}{died}")
    assert [note.numbers["error"] for note in table.notes if note.numbers.get("lost")] == [
        code.strip()
    ]
    sound = logs.read_log(tmp_path, f"{code}\n{TRAINED}")
    assert not any(note.numbers.get("lost") for note in sound.notes)
