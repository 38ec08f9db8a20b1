"""What nanoGPT, its forks and mlx-lm print."""

from math import isnan
from pathlib import Path

from tests import logs


def test_read_tells_iterations_and_evaluations_apart(tmp_path: Path):
    """A `step` line evaluates, an `iter` line trains."""
    table = logs.read_log(tmp_path, logs.NANOGPT)
    assert logs.points(table, "loss") == [(0, 4.2654), (10, 3.2412), (20, 2.7912)]
    assert logs.points(table, "eval_loss") == [(0, 4.2823), (10, 3.2345)]
    assert logs.points(table, "eval_train_loss") == [(0, 4.2874), (10, 3.1234)]
    assert logs.points(table, "seconds_per_step")[1] == (10, 0.0205)
    assert table.averaging == "instant"


def test_read_takes_a_unit_behind_the_loss(tmp_path: Path):
    """A fork prints bits per character."""
    table = logs.read_log(tmp_path, "iter 10: loss 4.6810 BPC, time 52.57ms, mfu 7.09%\n")
    assert logs.points(table, "loss") == [(10, 4.681)]


def test_read_mlx(tmp_path: Path):
    """mlx-lm prints means, and validations on lines of their own."""
    text = "Iter 1: Val loss 2.9, Val took 7.3s\n" + "".join(
        f"Iter {i}0: Train loss 2.{9 - i}, Learning Rate 1.000e-05, It/sec 17.598,"
        f" Tokens/sec 1728.1, Trained Tokens {i}000, Peak mem 1.437 GB\n"
        for i in range(1, 5)
    )
    table = logs.read_log(tmp_path, text)
    assert logs.points(table, "loss")[0] == (10, 2.8)
    assert logs.points(table, "eval_loss") == [(1, 2.9)]
    assert logs.points(table, "learning_rate")[0] == (10, 1e-05)
    assert (table.framework, table.averaging) == ("mlx-lm", "window")


def test_read_leaves_out_a_cut_number(tmp_path: Path):
    """The last number of a file that is still written may lack digits."""
    table = logs.read_log(tmp_path, logs.NANOGPT + "iter 30: loss 2.")
    assert len(logs.points(table, "loss")) == 3


def test_read_takes_the_vocabulary_of_the_banner(tmp_path: Path):
    """The first loss is to be compared with the logarithm of the vocabulary's size."""
    banner = "found vocab_size = 65 (inside data/shakespeare_char/meta.pkl)\n"
    assert logs.read_log(tmp_path, banner + logs.NANOGPT).config == {"vocab_size": "65"}


def test_read_takes_the_short_lines_of_build_nanogpt(tmp_path: Path):
    """Its log.txt has a step, a word and a number; accuracies of HellaSwag are no loss."""
    text = "0 val 10.9375\n0 hella 0.2463\n0 train 10.937500\n1 train 10.500000\n2 train 10.25\n"
    table = logs.read_log(tmp_path, text)
    assert logs.points(table, "loss") == [(0, 10.9375), (1, 10.5), (2, 10.25)]
    assert logs.points(table, "eval_loss") == [(0, 10.9375)]


def test_read_leaves_litgpt_to_others(tmp_path: Path):
    """`step 3:` behind `iter 7` counts updates; the line is one of four micro-batches."""
    text = "".join(f"iter {i} step {i // 4}: loss 2.5, iter time: 9ms\n" for i in range(8))
    table = logs.read_log(tmp_path, text)
    assert [step for step, _ in logs.points(table, "loss")] == list(range(8))


def test_read_lines_behind_a_clock(tmp_path: Path):
    """Some redirect the output through a tool that puts the time before each line."""
    text = "".join(f"2023-03-22 09:30:39 {line}" for line in logs.NANOGPT.splitlines(keepends=True))
    table = logs.read_log(tmp_path, text)
    assert [step for step, _ in logs.points(table, "loss")] == [0, 10, 20]
    assert logs.points(table, "eval_train_loss") == [(0, 4.2874), (10, 3.1234)]


def test_read_a_launch_that_goes_on_where_the_one_before_ended(tmp_path: Path):
    """A resumed run evaluates at the step of its checkpoint once more, and repeats no iteration."""
    again = "step 30: train loss 2.9, val loss 3.1\n"
    text = logs.NANOGPT + again + f"Resuming training from out\n{again}"
    text += "iter 30: loss 2.5, time 20.10ms, mfu 18.45%\n"
    assert logs.read_log(tmp_path, text).launches == (20,)


def test_losses_that_are_lost_in_other_words_are_another_loop_s(tmp_path: Path):
    """A fork prints a NaN as any loss; who skips its batches says it in a sentence."""
    lost = "".join(f"WARNING: non-finite loss nan at step {n}, skipping batch\n" for n in (4, 5, 6))
    text = "".join(f"step {n} | loss {3 - n / 9:.4f} | lr 1e-4\n" for n in range(4)) + lost
    points = logs.points(logs.read_log(tmp_path, text), "loss")
    assert [step for step, value in points if isnan(value)] == [4, 5, 6]
