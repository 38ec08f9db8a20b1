"""Consoles of trainers that print in a way of their own."""

from __future__ import annotations

from math import isnan, log
from pathlib import Path

import pytest

from lossscan.errors import NoLogFound
from lossscan.formats import read_file
from lossscan.settings import Settings
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
    "line",
    [
        "[{epoch}/5][{batch}/100] Loss_D: 0.5 Loss_G: 3.25\n",
        "{batch} [D loss: 0.5, acc.: 50.0%] [G loss: 3.25]\n",
        "[Epoch {epoch}/9] [Batch {batch}/100] [D loss: 0.5] [G loss: 3.25]\n",
    ],
)
def test_read_takes_the_losses_of_both_networks(tmp_path: Path, line: str):
    """Adversarial trainings print one loss for each network and no total."""
    text = "".join(line.format(epoch=0, batch=batch) for batch in range(1, 6))
    points = logs.points(logs.read_log(tmp_path, text), "loss")
    assert points == [(batch, 3.75) for batch in range(1, 6)]


def test_read_takes_the_bars_of_rich(tmp_path: Path):
    """Lightning's own bar states the batch behind the bar."""
    text = "".join(
        f"Epoch 0/2  ━━━━━━━━ {n}/40 0:00:01 • 0:00:00 22.1it/s v_num: 0 train_loss: 2.5\n"
        for n in range(1, 6)
    )
    assert len(logs.points(logs.read_log(tmp_path, text), "loss")) == 5


def test_read_takes_a_drawn_box(tmp_path: Path):
    """A table of rich is drawn with other lines than Markdown's."""
    rows = "".join(f"│ {n} │ 2.5 │\n" for n in range(1, 6))
    text = f"┏━━━━━━━┳━━━━━━┓\n┃ Epoch ┃ Loss ┃\n┡━━━━━━━╇━━━━━━┩\n{rows}└───┴──┘\n"
    assert len(logs.points(logs.read_log(tmp_path, text), "loss")) == 5


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


def test_read_passes_over_the_header_of_an_unnamed_table(tmp_path: Path):
    """Pandas writes `,0` above a list of losses; only the name of the file says what they are."""
    text = ",0\n0,2.9169\n1,2.9052\n2,2.8502\n"
    (tmp_path / "loss.csv").write_text(text)
    loss = logs.run_at(tmp_path).series["loss"]
    assert (loss.steps.tolist(), loss.values.tolist()) == ([0, 1, 2], [2.9169, 2.9052, 2.8502])


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


def test_a_set_of_any_name_is_that_of_lightgbm(tmp_path: Path):
    """Where it is the only one."""
    text = "".join(f"[{n}]\tname0's multi_logloss: 0.{90 - n}\n" for n in (1, 2, 3))
    assert logs.points(logs.read_log(tmp_path, text), "loss") == [(1, 0.89), (2, 0.88), (3, 0.87)]


def test_first_bars_of_several_epochs_of_keras_are_a_point_each(tmp_path: Path):
    """Who pastes them may keep only how each epoch began."""
    bar = " 1/10 [==>...........................] - ETA: 17s - loss: 0.{}\n"
    text = "".join(f"Epoch {n}/128\n\n{bar.format(90 - n)}" for n in (27, 28, 29))
    assert logs.points(logs.read_log(tmp_path, text), "loss") == [
        (27, 0.63),
        (28, 0.62),
        (29, 0.61),
    ]


def test_rounds_of_the_first_catboost_have_no_colons(tmp_path: Path):
    """Its releases of 2017 printed blanks there."""
    text = "".join(
        f"{n}:\tlearn 0.{69 - n}\ttest 0.{79 - n}\tbestTest 0.{79 - n}\ttotal: 10ms\n"
        for n in range(3)
    )
    table = logs.read_log(tmp_path, text)
    assert logs.points(table, "loss") == [(0, 0.69), (1, 0.68), (2, 0.67)]
    assert logs.points(table, "eval_loss") == [(0, 0.79), (1, 0.78), (2, 0.77)]


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


def test_the_mean_of_folds_is_read_without_its_deviation(tmp_path: Path):
    """XGBoost's `cv` prints both, in R behind the marks of knitr."""
    text = "".join(
        f"## [{n}] train-logloss:0.{9 - n}+0.000656 test-logloss:0.5+0.002 \n" for n in range(1, 6)
    )
    points = logs.points(logs.read_log(tmp_path, text), "loss")
    assert points == [(n, float(f"0.{9 - n}")) for n in range(1, 6)]


def test_numbers_of_a_file_called_after_an_evaluation_are_evaluated(tmp_path: Path):
    """NumPy's `savetxt` of two lists gives `train_loss.txt` and `val_loss.txt`."""
    for name in ("train_loss.txt", "val_loss.txt"):
        (tmp_path / name).write_text("2.500000e+00\n2.250000e+00\n2.125000e+00\n")
    run = logs.run_at(tmp_path)
    assert {name: len(points) for name, points in run.series.items()} == {"loss": 3, "eval_loss": 3}


def test_bare_numbers_may_be_in_quotes(tmp_path: Path):
    """A table of a spreadsheet without names quotes each cell."""
    (tmp_path / "a.csv").write_text("".join(f'"{n}","{3 - n / 8}"\n' for n in range(1, 6)))
    points = logs.points(read_file(tmp_path / "a.csv", Settings()), "loss")
    assert points == [(n, 3 - n / 8) for n in range(1, 6)]


def test_keras_is_read_as_a_page_indents_it(tmp_path: Path):
    """A notebook that became Markdown has four blanks before each line of output."""
    text = "".join(
        f"    Epoch {n}/5\n    40/71 [==>.] - ETA: 9s - loss: 3.5 - acc: 0.5\n"
        f"    71/71 [====] - 55s 765ms/step - loss: {3 - n / 8} - val_loss: 2.5\n"
        for n in range(1, 6)
    )
    points = logs.points(logs.read_log(tmp_path, text), "loss")
    assert points == [(n, 3 - n / 8) for n in range(1, 6)]


@pytest.mark.parametrize(
    "line", ["{n:04d} | 0.2s | train={a} test={b}\n", "{n:3d}  train {a}  val {b}\n"]
)
def test_sets_are_counted_by_a_bare_number(tmp_path: Path, line: str):
    """It is the first of the line, and no date."""
    text = "".join(line.format(n=n, a=3.5 - n / 8, b=4 - n / 8) for n in range(1, 9))
    table = logs.read_log(tmp_path, text)
    assert logs.points(table, "loss") == [(n, 3.5 - n / 8) for n in range(1, 9)]
    assert logs.points(table, "eval_loss") == [(n, 4 - n / 8) for n in range(1, 9)]


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


def test_headlines_of_the_first_keras_state_no_total(tmp_path: Path):
    """They count epochs from 0."""
    bar = "61878/61878 [====================] - 5s - loss: {}.25     \n"
    text = "".join(f"Epoch {n}\n" + bar.format(9 - n) for n in range(3))
    assert logs.points(logs.read_log(tmp_path, text), "loss") == [(0, 9.25), (1, 8.25), (2, 7.25)]


def test_tflearn_counts_by_its_training_step(tmp_path: Path):
    """Each point is two lines; the samples of the epoch so far, in the second one, are no step."""
    text = "".join(
        f"--\nTraining Step: {n}9  | total loss: 0.5{n} | time: 1.2s\n"
        f"| Adam | epoch: 001 | loss: 0.5{n} - acc: 0.80 | val_loss: 0.7{n} -- iter: 0{n}4/100\n"
        for n in (1, 2)
    )
    run = logs.read_log(tmp_path, text)
    assert logs.points(run, "loss") == [(19, 0.51), (29, 0.52)]
    assert logs.points(run, "eval_loss") == [(19, 0.71), (29, 0.72)]


def test_a_box_may_be_indented(tmp_path: Path):
    """A page shows it so where it is pasted as code."""
    rule = " --------------------------------------\n"
    text = "".join(
        f"{rule} | approxkl                 | 0.0006 |\n | policy_loss   | 0.{n} |\n"
        f" | total_timesteps     | {n}000          |\n{rule}"
        for n in (1, 2, 3)
    )
    assert logs.points(logs.read_log(tmp_path, text), "loss")[-1] == (3000, 0.3)


@pytest.mark.parametrize("wrapped", [" - \nacc: 0.5 - val_loss: ", "\n - acc: 0.5 - val_loss: "])
def test_a_bar_of_keras_may_be_wrapped(tmp_path: Path, wrapped: str):
    """A page breaks a line where it is full."""
    text = "".join(
        f"Epoch {n}/3\n9/9 [====] - 1s 132us/sample - loss: 0.{n}{wrapped}0.{n}5\n"
        for n in (1, 2, 3)
    )
    run = logs.read_log(tmp_path, text)
    assert logs.points(run, "loss") == [(1, 0.1), (2, 0.2), (3, 0.3)]
    assert logs.points(run, "eval_loss") == [(1, 0.15), (2, 0.25), (3, 0.35)]


@pytest.mark.parametrize(
    ("trains", "evaluates"),
    [
        ("report_training_metrics(", "report_validation_metrics("),
        ("report_metrics(group=training, ", "report_metrics(group=validation, "),
    ],
)
def test_what_determined_reports_is_at_its_steps(tmp_path: Path, trains: str, evaluates: str):
    """Its core prints both sets by one name."""
    begin = "[2023-01-09T10:00:00.1Z] 1a2b [rank=0] || INFO: [42] determined.core: "
    text = "".join(
        f"{begin}{each}steps_completed={n}00, metrics={{'loss': {n}.{digit}}})\n"
        for n in (1, 2, 3)
        for each, digit in ((trains, 5), (evaluates, 7))
    )
    run = logs.read_log(tmp_path, text)
    assert logs.points(run, "loss") == [(100, 1.5), (200, 2.5), (300, 3.5)]
    assert logs.points(run, "eval_loss") == [(100, 1.7), (200, 2.7), (300, 3.7)]


def test_an_accuracy_may_be_in_brackets_behind_the_number_of_a_set(tmp_path: Path):
    """The number before it is the loss."""
    text = "".join(
        f"Epoch {n} | train {9 - n}.5 (acc 51.0%) | val {9 - n}.7 (acc 48.0%)\n"
        for n in range(1, 7)
    )
    run = logs.read_log(tmp_path, text)
    assert logs.points(run, "loss")[0] == (1, 8.5)
    assert logs.points(run, "eval_loss")[0] == (1, 8.7)
