"""Passes of different length in an epoch, printed alike: the shorter ones evaluate."""

from __future__ import annotations

from pathlib import Path

import pytest

from lossscan.model import Table
from tests import logs

_PASSES = ((40, 0.0), (8, 0.5))  # batches of a pass, and how far its loss is above that of training


def _log(line: str, passes: tuple[tuple[int, float], ...] = _PASSES, head: str = "") -> str:
    """Three epochs of some passes, a line for every fourth batch; losses fall by 0.1 an epoch."""
    return "".join(
        (head.format(e=e) if of == passes[0][0] and at == 0 else "")
        + line.format(e=e, at=at, of=of, loss=f"{0.9 - e / 10 + above:.3f}")
        for e in (1, 2, 3)
        for of, above in passes
        for at in range(0, of, 4)
    )


def _kinds(table: Table) -> list[str]:
    return [note.kind for note in table.notes]


@pytest.mark.parametrize(
    ("line", "head"),
    [
        ("Epoch: [{e}]  [{at}/{of}]  eta: 0:00:10  loss: {loss} ({loss})  max mem: 3034\n", ""),
        ("[2025-10-19 10:38:20] INFO Train: [{e}/30][{at}/{of}]\tloss {loss} ({loss})\n", ""),
        ("Epoch [{e}/5], Step [{at}/{of}], Loss: {loss}\n", ""),
        ("Batch {at}/{of} Loss: {loss}\n", "Epoch {e}/7\n----------\n"),
        ("Epoch {e} Batch {at} Loss {loss}\n", ""),
    ],
)
def test_a_second_pass_of_fewer_batches_is_the_validation(tmp_path: Path, line: str, head: str):
    """Loops that print both sets by one function do not say which one it is."""
    table = logs.read_log(tmp_path, _log(line, head=head))
    assert len(logs.points(table, "loss")) == 30
    assert [value for _, value in logs.points(table, "eval_loss")] == pytest.approx([1.3, 1.2, 1.1])
    assert "second_pass" in _kinds(table)


@pytest.mark.parametrize("tested", [8, 12])
@pytest.mark.parametrize(
    ("line", "head"),
    [
        ("Epoch: [{e}]  [{at}/{of}]  loss: {loss} ({loss})  time: 0.3\n", ""),
        ("  [{at}/{of}] loss {loss}\n", "Epoch {e}/3\n----------\n"),
        ("Epoch {e} Batch {at} Loss {loss}\n", ""),
    ],
)
def test_a_third_pass_is_the_test(tmp_path: Path, line: str, head: str, tested: int):
    """It may have as many batches as the validation before it, and hides none of the training."""
    table = logs.read_log(tmp_path, _log(line, (*_PASSES, (tested, 0.25)), head))
    assert len(logs.points(table, "loss")) == 30
    for name, losses in (("eval_loss", [1.3, 1.2, 1.1]), ("test_loss", [1.05, 0.95, 0.85])):
        assert [value for _, value in logs.points(table, name)] == pytest.approx(losses)
    assert {"second_pass", "third_pass"} <= set(_kinds(table))


def test_a_last_pass_over_the_test_set_is_no_resume(tmp_path: Path):
    """Many loops evaluate on it once, when the training has ended."""
    line = "Epoch: [{e}] [{at}/{of}] loss: {loss}\n"
    last = "".join(f"Epoch: [3] [{at}/16] loss: 1.5\n" for at in range(0, 16, 4))
    table = logs.read_log(tmp_path, _log(line) + last)
    assert (len(logs.points(table, "loss")), len(logs.points(table, "eval_loss"))) == (30, 3)
    assert [value for _, value in logs.points(table, "test_loss")] == [1.5]


def test_bars_that_are_shown_at_their_end_only_are_an_epoch_each(tmp_path: Path):
    """Who pastes tqdm's bars has the last drawing of each."""
    bar = "100%|##########| {0}/{0} [00:10<00:00, 31.02it/s, loss={1:.1f}]\n"
    text = "".join(bar.format(391, 0.9 - n / 10) + bar.format(79, 1.5 - n / 10) for n in (1, 2, 3))
    table = logs.read_log(tmp_path, text)
    assert logs.points(table, "loss") == [(391, 0.8), (782, 0.7), (1173, 0.6)]
    assert logs.points(table, "eval_loss") == [(391, 1.4), (782, 1.3), (1173, 1.2)]


def test_what_the_log_says_of_the_validation_is_taken(tmp_path: Path):
    """BiaPy sums each pass up by its name."""
    text = _log("Epoch: [{e}]  [{at}/{of}]  loss: {loss} (0.9)\n", head="~~~ Epoch {e}/3 ~~~\n")
    text = text.replace("~~~ Epoch", "[Val] averaged stats: loss: 1.25 (1.25)\n~~~ Epoch")
    found = logs.points(logs.read_log(tmp_path, text), "eval_loss")
    assert [value for _, value in found][1:] == [1.25, 1.25]


def test_a_validation_within_the_epoch_does_not_end_it(tmp_path: Path):
    """The training goes on where it was."""
    train = "Epoch [{e}][{at}/40] lr: 1e-4 loss: 0.{at:02d}\n"
    rows = [train.format(e=1, at=at) for at in range(0, 40, 4)]
    rows[5:5] = [f"Epoch [1][{at}/8] loss: 1.5\n" for at in range(0, 8, 4)]
    table = logs.read_log(tmp_path, "".join(rows))
    assert len(logs.points(table, "loss")) == 10
    assert logs.points(table, "eval_loss") == [(16, 1.5)]


def test_a_longer_pass_is_the_validation_where_only_the_other_has_a_rate(tmp_path: Path):
    """A validation may take small batches."""
    text = _log("Epoch: [{e}] [{at}/{of}] lr: 0.1 loss: {loss}\n", ((40, 0.0), (60, 0.5)))
    table = logs.read_log(tmp_path, text.replace("/60] lr: 0.1", "/60]"))
    assert (len(logs.points(table, "loss")), len(logs.points(table, "eval_loss"))) == (30, 3)


@pytest.mark.parametrize(
    ("line", "passes"),
    [
        ("Epoch: [{e}] [{at}/{of}] lr: 0.1 loss: {loss}\n", _PASSES),  # two sets, both trained on
        ("Epoch: [{e}] [{at}/{of}] loss: {loss}\n", ((40, 0.0), (39, 0.1))),  # folds
        ("Epoch: [{e}] [{at}/{of}] loss: {loss}\n", ((40, 0.0), (30, 0.1), (20, 0.1))),  # clients
        ("Epoch: [{e}] [{at}/{of}] loss: {loss}\n", ((40, 0.0), (40, 0.1))),
    ],
)
def test_other_passes_of_an_epoch_are_no_validation(
    tmp_path: Path, line: str, passes: tuple[tuple[int, float], ...]
):
    """Two loaders that both train, folds and clients come in turn too."""
    table = logs.read_log(tmp_path, _log(line, passes))
    assert "eval_loss" not in table.columns
    assert "second_pass" not in _kinds(table)


def test_data_that_shrinks_is_no_validation(tmp_path: Path):
    """A batch that is doubled, or a resume on more devices, halves the steps of an epoch."""
    rows = [
        f"Epoch: [{e}] [{at}/{of}] loss: 0.5\n"
        for e, of in enumerate((40, 40, 20, 20))
        for at in range(0, of, 4)
    ]
    assert "eval_loss" not in logs.read_log(tmp_path, "".join(rows)).columns


def test_losses_of_two_nets_are_no_validation(tmp_path: Path):
    """A GAN may train one after the other."""
    rows = [
        f"Epoch: [{e}] [{at}/{of}] {name}: 0.5\n"
        for e in (1, 2, 3)
        for of, name in ((40, "loss_D"), (20, "loss_G"))
        for at in range(0, of, 4)
    ]
    assert "eval_loss" not in logs.read_log(tmp_path, "".join(rows)).columns


@pytest.mark.parametrize(("shown", "name"), [("", "eval_loss"), (" - val_loss: 0.7", "test_loss")])
def test_the_bar_of_keras_evaluate_is_not_the_last_epoch(tmp_path: Path, shown: str, name: str):
    """Nearly each notebook calls `evaluate` behind `fit`, which draws a bar like those before."""
    bar = "391/391 [====] - 9s 96ms/step - loss: 0.{}{}\n"
    text = "".join(f"Epoch {n}/3\n" + bar.format(9 - n, shown) for n in (1, 2, 3))
    table = logs.read_log(tmp_path, text + "313/313 [====] - 1s 4ms/step - loss: 53.2\n")
    assert logs.points(table, "loss") == [(1, 0.8), (2, 0.7), (3, 0.6)]
    assert logs.points(table, name) == [(3, 53.2)]


def test_swin_transformers_epochs_and_batches_are_counted(tmp_path: Path):
    """Two fractions in brackets behind a word."""
    line = "[2021-08-10 10:59:20 swin] (main.py 225): INFO Train: [{e}/3][{at}/8]\tloss 0.5 (0.6)\n"
    text = "".join(line.format(e=e, at=at) for e in range(3) for at in range(0, 8, 4))
    table = logs.read_log(tmp_path, text)
    assert [step for step, _ in logs.points(table, "loss")] == [0, 4, 8, 12, 16, 20]


def test_bars_of_the_package_progress_are_passes(tmp_path: Path):
    """Below each epoch one is drawn for the training, and a shorter one for the validation."""
    bar = "Processing |{}| ({of}/{of}) Data: 0.1s | ETA: 0:00:01 | Loss: {loss:.4f} | top1:  45.8\n"
    drawn = "#" * 32
    text = "".join(
        f"\nEpoch: [{n} | 9] LR: 0.1\n"
        + bar.format(drawn, of=391, loss=2 / n)
        + bar.format(drawn, of=100, loss=3 / n)
        for n in range(1, 5)
    )
    table = logs.read_log(tmp_path, text)
    assert [value for _, value in logs.points(table, "loss")][:2] == [2.0, 1.0]
    assert [value for _, value in logs.points(table, "eval_loss")][:2] == [3.0, 1.5]
