"""Logs of kinds that public repositories hold: own loops, bars that only a batch ends, tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from lossscan.errors import NoLogFound
from lossscan.formats import read_file
from lossscan.settings import Settings
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
FLUX = "".join(f"[ Info: Epoch {at}\nloss(x, y) = {2.5 - at / 10:.4f}f0\n" for at in range(1, 6))
SHOWN = "".join(
    f"(loss(tx, ty), now()) = ({2.5 - at / 10:.3f}f0, 2020-04-21T21:10:44.927)\n"
    for at in range(1, 6)
)
FRAMED = "".join(
    f"┌ Info: Epoch {at}\n│   train_loss = {2.5 - at / 10:.2f}\n"
    f"└   test_loss = {2.75 - at / 10:.2f}\n"
    for at in range(1, 6)
)
TRAINNET = (
    "    Iteration    Epoch    LearnRate    TrainingLoss    ValidationLoss\n"
    "    _________    _____    _________    ____________    ______________\n"
    "            0        0         0.01                             2.65 \n"
) + "".join(
    f"{at:>13}{1:>9}{0.01:>13}{2.5 - at / 10:>16.2f}{'' if at % 2 else '2.50':>18}\n"
    for at in range(1, 6)
)
SHALLOW = "".join(
    f"Epoch {at}/1000, Time 0.1, Performance {2.5 - at / 10:.3f}/0, Gradient 0.6/1e-06\n"
    for at in range(1, 6)
)
TERMS = "".join(  # a mean whose terms are added later
    f"Epoch: {at:04} avg_loss_tgt: {2.5 - at / 10:.3f}"
    + (f" origin_loss_tgt: {2.4 - at / 10:.3f}" if at > 2 else "")
    + " time: 9.5s\n"
    for at in range(1, 6)
)
ORDINAL = "".join(
    f"current step: {at}th step\nbatch loss:{2.5 - at / 10:.4f}\n" for at in range(1, 6)
)
BATCH_ID = "".join(
    f"epoch: {at // 4}, batch_id: {at % 4 * 500}, AUC:0.5, loss:{2.5 - at / 10:.4f}\n"
    for at in range(1, 6)
)
WHOLE = "".join(
    f"ITER {at} TRAINING (phase 1). loss_vae: {2.5 - at / 10:.4f}; loss_recon: 1.5;"
    f" loss_kl: {200 + at}.5; Grad_norm: 5.6e-01\n"
    for at in range(1, 6)
)
DOTTED = "".join(
    f"epoch: {at // 4 + 1}/3..  training loss: {2.5 - at / 10:.3f}.."
    f"  validation loss: {3 - at / 10}..\n"
    for at in range(1, 6)
)
BRACKETED = "".join(
    f"[train] epoch: 1, batch_id: {at * 200}, loss is: [{2.5 - at / 10}], acc is: [0.91]\n"
    f"[validation] loss is: {3 - at / 10}, acc is: 0.87\n"
    for at in range(1, 6)
)
DASHED = "".join(
    f"    Training epoch {at} of 10: 100%|███| 44/44 [00:50<00:00,  1.14s/it]\n"
    f"        Train        --   loss: {2.5 - at / 10}\n"
    f"        Validation   --   loss: {3 - at / 10}\n"
    for at in range(1, 6)
)
GUIDE = "".join(
    f"Training loss (for one batch) at step {at * 200}: {2.5 - at / 10}\nSeen so far: 64 samples\n"
    for at in range(1, 6)
)
EQUAL = "".join(f"Avg loss after epoch {at}, is equal to {2.5 - at / 10}\n" for at in range(1, 6))
LISTED = "".join(
    f"- epoch: {at}\n  train_loss: {2.5 - at / 10:.2f}\n  val_loss: {2.75 - at / 10:.2f}\n"
    for at in range(1, 6)
)
LISTS = "loss: [2.4, 2.3, 2.2, 2.1, 2.0]\nval_loss:\n" + "- 2.65\n" * 5


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


@pytest.mark.parametrize(
    ("name", "text", "evaluated"),
    [
        ("flux.log", FLUX, 0),
        ("shown.log", SHOWN, 0),
        ("framed.log", FRAMED, 5),
        ("trainnet.txt", TRAINNET, 3),
        ("shallow.txt", SHALLOW, 0),
        ("terms.log", TERMS, 0),
        ("ordinal.log", ORDINAL, 0),
        ("batch_id.log", BATCH_ID, 0),
        ("whole.log", WHOLE, 0),
        ("dotted.log", DOTTED, 5),
        ("guide.log", GUIDE, 0),
        ("equal.log", EQUAL, 0),
        ("bracketed.log", BRACKETED, 5),
        ("dashed.log", DASHED, 5),
        ("listed.log", LISTED, 5),
        ("history.yaml", LISTED, 5),
        ("history.yml", LISTS, 5),
    ],
)
def test_read_takes_other_languages_and_yaml(tmp_path: Path, name: str, text: str, evaluated: int):
    """Five losses from 2.4 on, and as many evaluations as there are."""
    (tmp_path / name).write_text(text)
    table = read_file(tmp_path / name, Settings())
    values = [value for _, value in logs.points(table, "loss")]
    assert values == pytest.approx([2.4, 2.3, 2.2, 2.1, 2.0])
    assert len(table.columns["eval_loss"].steps if evaluated else ()) == evaluated


def test_claims_leaves_settings_in_yaml(tmp_path: Path):
    """A list of stages with weights of a loss is no log."""
    text = "- name: ce\n  loss_weight: 0.5\n- name: kl\n  loss_weight: 0.25\n"
    (tmp_path / "stages.yaml").write_text(text)
    with pytest.raises(NoLogFound):
        read_file(tmp_path / "stages.yaml", Settings())


def test_read_takes_any_key_of_yaml(tmp_path: Path):
    """An empty key or a number besides the loss costs nothing."""
    text = "".join(f"- epoch: {n}\n  loss: {3 - n}.5\n  ? \n  : 1\n  7: 2\n" for n in (1, 2))
    (tmp_path / "history.yaml").write_text(text)
    table = read_file(tmp_path / "history.yaml", Settings())
    assert logs.points(table, "loss") == [(1, 2.5), (2, 1.5)]


def test_read_takes_yaml_with_an_entry_a_line(tmp_path: Path):
    """Each entry of the list is in braces."""
    text = "".join(f"- {{epoch: {n}, loss: {3 - n}.5}}\n" for n in (1, 2))
    (tmp_path / "history.yaml").write_text(text)
    table = read_file(tmp_path / "history.yaml", Settings())
    assert logs.points(table, "loss") == [(1, 2.5), (2, 1.5)]


def test_claims_leaves_prose_in_yaml(tmp_path: Path):
    """A catalogue of messages about a loss that is lost is no console."""
    (tmp_path / "zero-loss.yaml").write_text("en: Loss is nan, stopping training\nzh: 训练停止\n")
    with pytest.raises(NoLogFound):
        read_file(tmp_path / "zero-loss.yaml", Settings())


def test_read_takes_the_only_row_of_fastai(tmp_path: Path):
    """A table of one epoch has a loss of training."""
    text = "epoch     train_loss  valid_loss  time\n0         0.512500    0.412500    00:21\n"
    assert logs.points(logs.read_log(tmp_path, text), "loss") == [(0, 0.5125)]


def test_read_takes_the_score_of_a_game_for_its_reward(tmp_path: Path):
    """A table of episodes without a loss is judged by what they are trained for."""
    text = "episode,max_tile,score\n200,512,6812\n400,256,3504\n600,512,5396\n"
    table = logs.read_log(tmp_path, text)
    assert logs.points(table, "reward") == [(200, 6812), (400, 3504), (600, 5396)]


@pytest.mark.parametrize("name", ["ep_reward=", "平均奖励: "])
def test_read_takes_rewards_by_other_names(tmp_path: Path, name: str):
    """Lines of episodes that hold a reward and no loss."""
    text = "".join(f"Episode {at * 50:3} | {name}{at}.5 | eps=0.82\n" for at in range(1, 6))
    table = logs.read_log(tmp_path, text)
    assert logs.points(table, "reward")[0] == (50, 1.5)


def test_read_takes_no_time_for_a_loss(tmp_path: Path):
    """MXNet says what an epoch took, in seconds and with a word that others have for a loss."""
    text = "".join(
        f"INFO:root:Epoch[{at}] Train-accuracy=0.3\nINFO:root:Epoch[{at}] Time cost=0.388\n"
        for at in range(5)
    )
    with pytest.raises(NoLogFound):
        logs.read_log(tmp_path, text)
