"""Consoles of trainers that print in a way of their own."""

from __future__ import annotations

from math import isnan, log
from pathlib import Path

import pytest

from lossscan.errors import NoLogFound
from tests import logs

FIRST = {
    "marian_console": (logs.MARIAN, "loss", (100, 8.875)),
    "darknet_console": (logs.DARKNET, "loss", (1, 8.875)),
    "spacy_console": (logs.SPACY, "loss_ner", (100, 79.5)),
    "stable_baselines": (logs.STABLE_BASELINES, "reward", (2048, 21.5)),
    "rllib_console": (logs.RLLIB, "reward", (4000, 21.5)),
    "rsl_rl_console": (logs.RSL_RL, "value_loss", (1, 1.875)),
    "tesseract_console": (logs.TESSERACT, "loss", (100, 4.875)),
    "sovits_console": (logs.SOVITS, "fm_loss", (100, 5.875)),
    "nnunet_console": (logs.NNUNET, "eval_loss", (0, -0.11)),
    "printed_lists": (logs.PRINTED_LISTS, "loss", (1, 2.875)),
    "bare_numbers": (logs.BARE, "loss", (375, 2.875)),
    "kaldi_console": (logs.KALDI, "loss", (19, 2.875)),
    "perplexity_console": (logs.PERPLEXITY, "loss", (10, log(256))),
    "loss_behind": (logs.LOSS_BEHIND, "loss", (1, 8.875)),
    "set_lines": (logs.SET_LINES, "loss", (1, 2.875)),
    "yolo_console": (logs.YOLO, "loss", (1, 5.125)),
}


@pytest.mark.parametrize("name", FIRST)
def test_read_takes_all_points(tmp_path: Path, name: str):
    """Five points each, at the steps that the trainer states."""
    text, series, first = FIRST[name]
    points = logs.points(logs.read_log(tmp_path, text), series)
    assert points[0] == first
    assert len(points) == 5


@pytest.mark.parametrize(
    "text",
    [
        "{'loss': [2.5, 2.25, 2.0, 1.75], 'val_loss': [2.75, 2.5, 2.25, 2.0]}\n",  # Keras' history
        "10:00 INFO all done, losses = [2.5  2.25 2.\n 1.75]\n",  # NumPy wraps long ones
        "train loss list: [tensor(2.5, grad_fn=<Div>), tensor(2.25), tensor(2.), tensor(1.75)]\n",
        "losses: array([2.5, 2.25, 2.0, 1.75])\n",
        "losses: [2.5, 2.25]\nlosses: [2.5, 2.25, 2.0, 1.75]\n",  # printed as it grows
    ],
)
def test_read_takes_lists_that_are_printed_at_the_end(tmp_path: Path, text: str):
    """What a loop collected has no steps; entries are counted."""
    points = logs.points(logs.read_log(tmp_path, text), "loss")
    assert points == [(1, 2.5), (2, 2.25), (3, 2.0), (4, 1.75)]


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"batch {n} losses: [0.5, 0.25, 0.125, {n}.0]\n" for n in range(9)),  # of heads
        "loss_weights: [1.0, 0.5, 0.5, 0.25]\nbetas: [0.9, 0.999, 0.9, 0.9]\n",
        "losses: ['l1', 'perceptual', 'gan', 'ssim']\n",
    ],
)
def test_read_takes_no_list_of_anything_else_for_a_loss(tmp_path: Path, text: str):
    """Parts of one step's loss, weights and names are no course of a training."""
    with pytest.raises(NoLogFound):
        logs.read_log(tmp_path, text)


def test_read_takes_pairs_in_brackets_as_pairs(tmp_path: Path):
    """The step in front of each is not a loss, although the file is called so."""
    file = tmp_path / "train_loss"
    file.write_text("".join(f"[{n}, {3 - n / 8}]\n" for n in range(1, 6)))
    loss = logs.run_at(file).series["loss"]
    assert loss.steps.tolist() == [1, 2, 3, 4, 5]


def test_read_takes_named_steps_where_the_file_says_loss(tmp_path: Path):
    """`Epoch 3: 0.13` may be anything else in another file."""
    text = "".join(f"Epoch {n}: {3 - n / 8}\n" for n in range(1, 6))
    assert logs.points(logs.read_log(tmp_path, text, name="loss.txt"), "loss")[0] == (1, 2.875)
    with pytest.raises(NoLogFound):
        logs.read_log(tmp_path, text, name="accuracy.txt")


def test_a_file_of_losses_that_is_appended_to_holds_two_trainings(tmp_path: Path):
    """Each counts from the same step; numbers of another file or order are refused."""
    text = "".join(f"{n},{3 - n / 8}\n" for n in (1, 2, 3, 1, 2, 3, 4))
    (tmp_path / "loss_log.txt").write_text(text)
    assert logs.run_at(tmp_path).series["loss"].steps.tolist() == [1, 2, 3, 4]
    for name, numbers in ("numbers.txt", text), ("loss.txt", f"{text}2,3.5\n3,3.25\n"):
        with pytest.raises(NoLogFound):
            logs.read_log(tmp_path, numbers, name=name)


@pytest.mark.parametrize("mark", ["", " (tracked)"])
@pytest.mark.parametrize("header", [",0", "x1,x2"])
def test_read_passes_over_the_header_of_an_unnamed_table(tmp_path: Path, header: str, mark: str):
    """Pandas writes `,0`, Julia `x1,x2`; only the name of the file says what the numbers are."""
    text = "".join(f"{n},{loss}{mark}\n" for n, loss in enumerate((2.9169, 2.9052, 2.8502)))
    (tmp_path / "loss.csv").write_text(f"{header}\n{text}")
    loss = logs.run_at(tmp_path).series["loss"]
    assert (loss.steps.tolist(), loss.values.tolist()) == ([0, 1, 2], [2.9169, 2.9052, 2.8502])


def test_a_table_that_begins_with_numbers_of_clients_is_no_list_of_losses(tmp_path: Path):
    """`3, 1, 0.38` is a client, its round and its loss: which is which nothing says."""
    text = "".join(f"{n % 4}, {n // 4}, {1 - n / 100}\n" for n in range(16))
    with pytest.raises(NoLogFound):
        logs.read_log(tmp_path, text, name="loss.csv")


def test_the_overall_objective_of_each_iteration_is_a_point(tmp_path: Path):
    """Where no phase is stated; of a sum the last number; with the file's name, its iteration."""
    line = "Overall average objective function for 'output' is -0.5 + -0.25 = -0.75 over 9 frames\n"
    table = logs.read_log(tmp_path, line * 3)
    assert logs.points(table, "loss") == [(1, 0.75), (2, 0.75), (3, 0.75)]
    named = "".join(f"exp/log/train.{n}0.1.log:{line}" for n in range(1, 4))
    table = logs.read_log(tmp_path, named)
    assert logs.points(table, "loss") == [(10, 0.75), (20, 0.75), (30, 0.75)]
    assert [note.kind for note in table.notes] == ["objective_turned"]


def test_an_objective_above_zero_is_a_loss_already(tmp_path: Path):
    """As k2's recipes print it; the batches of the next epoch go on."""
    text = "".join(
        f"batch {n}, epoch {e}/2 global average objf: 0.9 over 9 frames, "
        f"current batch average objf: 0.{9 - n} over 9 frames, epoch {e}\n"
        for e in range(2)
        for n in range(1, 4)
    )
    table = logs.read_log(tmp_path, text)
    assert logs.points(table, "loss")[::3] == [(1, 0.8), (4, 0.8)]
    assert [note.kind for note in table.notes] == ["objective_kept"]


def test_a_perplexity_of_an_evaluation_is_no_training_loss(tmp_path: Path):
    """It is at the last count; a text that only speaks of perplexity is no log."""
    text = "".join(f"  global step {n}00 lr 1 wps 2K ppl 8.00 gN 13\n" for n in range(1, 4))
    table = logs.read_log(tmp_path, f"{text}  eval dev: perplexity 16.00, time 1s\n")
    assert logs.points(table, "loss")[-1] == (300, log(8))
    assert logs.points(table, "eval_loss") == [(300, log(16))]
    with pytest.raises(NoLogFound):
        logs.read_log(tmp_path, "At step 300 ppl 8.0 is good.\nWe report it.\nSee the paper.\n")


def test_layers_of_darknet_tell_a_lost_loss(tmp_path: Path):
    """The mean over cells without objects is a number unless the net is lost; others may be 0/0."""
    line = "Region 82 Avg IOU: -nan, Class: -nan, Obj: -nan, No Obj: {}, .5R: -nan,  count: 0\n"
    table = logs.read_log(tmp_path, line.format("nan") * 3)
    assert isnan(logs.points(table, "loss")[0][1])
    with pytest.raises(NoLogFound):
        logs.read_log(tmp_path, line.format("0.000019") * 3)
    region = line.format("0.01").rstrip() + ", class_loss = 0.5, total_loss = 0.75\n"
    table = logs.read_log(tmp_path, region * 3)
    assert logs.points(table, "class_loss")[-1] == (3, 0.5)
    assert logs.points(table, "loss")[-1] == (3, 0.75)


def test_a_list_in_prose_is_no_log_of_losses_behind(tmp_path: Path):
    """Most lines must have a loss before its name."""
    with pytest.raises(NoLogFound):
        logs.read_log(tmp_path, "Results:\n1 run, 0.5 loss, fine\nand\n2 run, 0.4 loss, fine\n")


def test_a_validation_below_each_bar_is_one_of_its_epoch(tmp_path: Path):
    """And both keep their losses; what was asked for on the command line counts nothing."""
    text = "python train.py --epochs 5\nNamespace(epochs=5, lr=0.001)\n" + "".join(
        f"Training loss: {3 - e}.5: 100%|####| 156/156 [00:41<00:00,  3.74it/s]\n"
        f"Epoch {e}/5 - Validation loss: {4 - e}.25 (Exact: 0.00% | Partial: 0.00%)\n"
        for e in range(1, 3)
    )
    table = logs.read_log(tmp_path, text)
    assert logs.points(table, "loss") == [(156, 2.5), (312, 1.5)]
    assert logs.points(table, "eval_loss") == [(156, 3.25), (312, 2.25)]


def test_two_perplexities_of_a_line_are_both_read(tmp_path: Path):
    """That of the training and that of the validation."""
    text = "".join(f"| epoch {n} | train ppl 8.0 | valid ppl 16.0\n" for n in range(1, 4))
    table = logs.read_log(tmp_path, text)
    assert logs.points(table, "loss")[-1] == (3, log(8))
    assert logs.points(table, "eval_loss")[-1] == (3, log(16))


def test_an_evaluation_of_tesseract_is_printed_into_a_line_of_training(tmp_path: Path):
    """At the iteration that the trainer had come to."""
    line = "At iteration 90/100/101, mean rms=4.875%, delta=4.5%, BCER train=18.5%, BWER train=19%"
    said = (
        "New best BCER = 18.5At iteration 80, stage 1, Eval Char error rate=20.5, Word error rate=9"
    )
    table = logs.read_log(tmp_path, f"{line}, {said} wrote checkpoint.\n")
    assert logs.points(table, "char_error") == [(100, 18.5)]
    assert logs.points(table, "eval_char_error") == [(100, 20.5)]


def test_first_bars_of_several_epochs_of_keras_are_a_point_each(tmp_path: Path):
    """Who pastes them may keep only how each epoch began."""
    bar = " 1/10 [==>...........................] - ETA: 17s - loss: 0.{}\n"
    text = "".join(f"Epoch {n}/128\n\n{bar.format(90 - n)}" for n in (27, 28, 29))
    assert logs.points(logs.read_log(tmp_path, text), "loss") == [
        (27, 0.63),
        (28, 0.62),
        (29, 0.61),
    ]


def test_two_bars_of_keras_in_one_line_are_two(tmp_path: Path):
    """Who copies them may lose what was between."""
    bar = " {}/10000 [......] - ETA: 34:20:08 - loss: nan - regre"
    table = logs.read_log(tmp_path, f"{bar.format(2)} {bar.format(3)}ssion_loss: nan\n")
    assert [step for step, _ in logs.points(table, "loss")] == [2, 3]
    assert "ETA" not in table.columns


def test_a_line_of_nan_and_nothing_else_is_a_lost_loss(tmp_path: Path):
    """It is all that many a bug report shows; below prose it is a quotation."""
    line = "loc_loss: 0.084 | cls_loss: nan | train_loss: nan | avg_loss: nan\n"
    assert isnan(logs.points(logs.read_log(tmp_path, f"```\n{line}```\n"), "loss")[0][1])
    with pytest.raises(NoLogFound):
        logs.read_log(tmp_path, f"I train a net.\nIt prints this:\n{line}What can I do?\n")


def test_a_validation_result_belongs_to_the_evaluation(tmp_path: Path):
    """Of Joey NMT."""
    steps = "".join(f"Epoch   1 Step:  {n}00 Batch Loss:  5.5 Lr: 0.0002\n" for n in (1, 2, 3))
    said = "Validation result at epoch   1, step      300: bleu:   1.02, loss: 9.5, ppl:  64.25\n"
    table = logs.read_log(tmp_path, steps + said)
    assert logs.points(table, "eval_loss") == [(300, 9.5)]
    assert len(logs.points(table, "loss")) == 3


def test_a_checkpoint_of_sockeye_evaluates(tmp_path: Path):
    """It states no count of batches: its perplexity is at the last one."""
    text = "".join(
        f"Epoch[0] Batch [{n}] Speed: 429.27 samples/sec perplexity={2 ** (9 - n)}.0\n"
        for n in range(1, 6)
    )
    text += "Checkpoint [1]\tTrain-perplexity=32.0\nCheckpoint [1]\tValidation-perplexity=64.0\n"
    assert logs.points(logs.read_log(tmp_path, text), "eval_loss") == [(5, log(64))]


def test_numbers_of_a_file_called_after_an_evaluation_are_evaluated(tmp_path: Path):
    """NumPy's `savetxt` of two lists gives `train_loss.txt` and `val_loss.txt`."""
    for name in ("train_loss.txt", "val_loss.txt"):
        (tmp_path / name).write_text("2.500000e+00\n2.250000e+00\n2.125000e+00\n")
    run = logs.run_at(tmp_path)
    assert {name: len(points) for name, points in run.series.items()} == {"loss": 3, "eval_loss": 3}


@pytest.mark.parametrize(
    "line",
    [
        "Epoch {n}: train 0.{n}5, val 0.{n}3\n",  # a share that rises
        "Epoch {n}: train 9{n}.5%, val 8{n}.5%\n",
        "Epoch {n}: train 2.{n} val 1.{n}, Dice scores\n",
        "Epoch {n}: 800 samples, train 640 val 160\n",
        "10:00:0{n} train 0.{n}5 val 0.{n}3\n",
        "2026-01-0{n} train 2.1 val 2.2\n",  # no count
    ],
)
def test_numbers_of_sets_that_are_no_loss_are_not_read(tmp_path: Path, line: str):
    """Nothing in the line calls them so, and they do not behave like one."""
    text = "".join(line.format(n=n) for n in range(1, 9))
    assert logs.claimed_by(tmp_path, text) == []
