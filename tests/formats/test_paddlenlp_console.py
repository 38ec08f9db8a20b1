"""The console of PaddleNLP's trainer."""

from pathlib import Path

from tests import logs

DATASET = """ > datasets target sizes (minimum size):
    train:      7712
    validation: 800
 > last epoch number of samples (2888) is smaller than 80% of number of samples per epoch (4824),\
 setting separate_last_epoch to True
 > building shuffle index with split [0, 4824) and [4824, 9649) ...
    total number of epochs: 2
[2026-11-21 06:42:20,613] [    INFO] -   Num examples = 7,712
[2026-11-21 06:42:20,613] [    INFO] -   Gradient Accumulation steps = 2
"""


def test_read_points_and_evaluations(tmp_path: Path):
    """An evaluation prints no step: it belongs to the one before."""
    table = logs.read_log(tmp_path, logs.PADDLENLP)
    assert logs.points(table, "loss") == [(5, 5.279), (10, 4.896)]
    assert logs.points(table, "eval_loss") == [(10, 5.125)]
    assert logs.points(table, "epoch") == [(5, 0.0104), (10, 0.0207), (10, 0.0207)]
    assert table.framework == "paddlenlp"


def test_read_turns_speed_into_time(tmp_path: Path):
    """Steps per second become seconds per step."""
    seconds = logs.points(logs.read_log(tmp_path, logs.PADDLENLP), "seconds_per_step")
    assert seconds[0] == (5, 1 / 17.6982)


def test_read_what_the_dataset_builder_says(tmp_path: Path):
    """Where the last data epoch begins stands in the log."""
    config = logs.read_log(tmp_path, DATASET + logs.PADDLENLP).config
    assert config == {
        "train_samples": 7712,
        "last_epoch_samples": 2888,
        "samples_per_epoch": 4824,
        "separate_last_epoch": True,
        "last_epoch_first_sample": 4824,
        "data_epochs": 2,
        "num_examples": 7712,
        "gradient_accumulation_steps": 2,
    }


def test_read_leaves_the_validation_set_out(tmp_path: Path):
    """Where the train index was cached, the builder's lines are those of another set."""
    other = DATASET.replace("(2888)", "(300)")
    config = logs.read_log(tmp_path, other + logs.PADDLENLP).config
    assert config["train_samples"] == 7712
    assert "last_epoch_first_sample" not in config


def test_read_knows_the_end(tmp_path: Path):
    """The summary is no point of the loss."""
    end = "[..] [    INFO] - train_runtime: 64.1, train_loss: 0.125, epoch: 20.0\n"
    table = logs.read_log(tmp_path, logs.PADDLENLP + end)
    assert table.complete is True
    assert len(logs.points(table, "loss")) == 2


def test_read_lines_with_other_values_in_between(tmp_path: Path):
    """Some versions print the loss of one device, or a hash of it, behind the loss."""
    text = logs.PADDLENLP.replace(", learning_rate", ", loss_cur_dp: 5.1, learning_rate")
    table = logs.read_log(tmp_path, text)
    assert table.framework == "paddlenlp"
    assert logs.points(table, "loss") == [(5, 5.279), (10, 4.896)]


def test_read_evaluations_of_several_sets(tmp_path: Path):
    """Each set has a name, which stands in all its values."""
    line = "[..] [    INFO] - eval_{0}_loss: 5.5, eval_{0}_ppl: 244.7, eval_{0}_runtime: 0.5\n"
    table = logs.read_log(tmp_path, logs.PADDLENLP + line.format("news") + line.format("code"))
    assert logs.points(table, "eval_news_loss") == logs.points(table, "eval_code_loss")
    assert logs.points(table, "eval_news_loss") == [(10, 5.5)]


def test_read_counts_skipped_updates(tmp_path: Path):
    """Updates that overflow in fp16 are told one by one, before the line they belong to."""
    skip = "[..] [ WARNING] - optimizer not run, scale_before: 32768.0, scale_after: 16384.0\n"
    table = logs.read_log(tmp_path, skip * 2 + logs.PADDLENLP)
    assert logs.points(table, "skipped_iterations") == [(5, 2.0)]
    assert [note.kind for note in table.notes] == ["fp16_overflows"]
