"""Logs of kinds that public repositories hold: own loops, bars that only a batch ends, tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from lossscan.errors import NoLogFound
from lossscan.formats import read_file
from lossscan.settings import Settings
from tests import logs

TRAINNET = (
    "    Iteration    Epoch    LearnRate    TrainingLoss    ValidationLoss\n"
    "    _________    _____    _________    ____________    ______________\n"
    "            0        0         0.01                             2.65 \n"
) + "".join(
    f"{at:>13}{1:>9}{0.01:>13}{2.5 - at / 10:>16.2f}{'' if at % 2 else '2.50':>18}\n"
    for at in range(1, 6)
)
TERMS = "".join(  # a mean whose terms are added later
    f"Epoch: {at:04} avg_loss_tgt: {2.5 - at / 10:.3f}"
    + (f" origin_loss_tgt: {2.4 - at / 10:.3f}" if at > 2 else "")
    + " time: 9.5s\n"
    for at in range(1, 6)
)
LISTS = "loss: [2.4, 2.3, 2.2, 2.1, 2.0]\nval_loss:\n" + "- 2.65\n" * 5


@pytest.mark.parametrize(
    ("name", "text", "evaluated"),
    [
        ("trainnet.txt", TRAINNET, 3),
        ("terms.log", TERMS, 0),
        ("history.yml", LISTS, 5),
    ],
)
def test_a_row_may_lack_a_cell_and_a_term_may_come_late(
    tmp_path: Path, name: str, text: str, evaluated: int
):
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
