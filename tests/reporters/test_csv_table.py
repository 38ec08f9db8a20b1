"""Tables with a header."""

from pathlib import Path

import pytest

from tests import logs


def test_read_lightning(tmp_path: Path):
    """Rows are sparse, and the mean of an epoch is not the loss."""
    table = logs.read_log(tmp_path, logs.LIGHTNING)
    assert table.framework == "lightning"
    assert table.averaging == "instant"
    assert logs.points(table, "loss") == [(49, 7.5), (99, 7.25), (149, 6.75)]
    assert logs.points(table, "eval_loss") == [(99, 6.5)]
    assert logs.points(table, "train_loss_epoch") == [(99, 7.375)]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_read_keras(tmp_path: Path, separator: str):
    """Keras counts epochs, writes NA and separates as one likes."""
    text = "epoch,accuracy,loss,val_loss\n0,0.5,2.5,NA\n1,0.6,2.0,2.25\n"
    table = logs.read_log(tmp_path, text.replace(",", separator))
    assert table.framework == "keras"
    assert logs.points(table, "loss") == [(0, 2.5), (1, 2.0)]
    assert logs.points(table, "eval_loss") == [(1, 2.25)]


@pytest.mark.parametrize("epochs", ["0.05 0.10 0.15", "0 0 0", "1 1 2"])
def test_read_counts_rows_that_their_epoch_does_not_number(tmp_path: Path, epochs: str):
    """With only an epoch, rows are counted unless each is a whole epoch: none is lost."""
    rows = "".join(f"{epoch},{3 - at / 8}\n" for at, epoch in enumerate(epochs.split()))
    table = logs.read_log(tmp_path, "epoch,loss\n" + rows)
    assert logs.points(table, "loss") == [(1, 3.0), (2, 2.875), (3, 2.75)]
    assert table.framework is None
    assert [note.kind for note in table.notes] == ["steps_counted"]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_read_any_separator(tmp_path: Path, separator: str):
    """The header shows how cells are separated."""
    text = "step,train_loss\n1,3.0\n2,2.5\n3,2.25\n".replace(",", separator)
    assert logs.points(logs.read_log(tmp_path, text), "loss")[2] == (3, 2.25)


def test_read_takes_a_second_header_for_none(tmp_path: Path):
    """A launch that appends may write the header again."""
    table = logs.read_log(tmp_path, "step,loss\n1,3.0\nstep,loss\n1,2.0\n")
    assert logs.points(table, "loss") == [(1, 3.0), (1, 2.0)]


def test_read_takes_quoted_cells(tmp_path: Path):
    """A cell of text may hold the separator."""
    table = logs.read_log(tmp_path, 'step,note,loss\n1,"a, b",3.0\n')
    assert logs.points(table, "loss") == [(1, 3.0)]


def test_read_leaves_out_a_cut_cell(tmp_path: Path):
    """The last number of a file that is still written may lack digits."""
    table = logs.read_log(tmp_path, "step,loss\n1,3.0\n2,2.")
    assert logs.points(table, "loss") == [(1, 3.0)]


def test_read_leaves_out_a_cell_without_end(tmp_path: Path):
    """A quoted cell of a megabyte is not a number."""
    table = logs.read_log(tmp_path, 'step,loss\n1,3.0\n2,"' + "x" * 200_000 + '"\n3,2.0\n')
    assert logs.points(table, "loss") == [(1, 3.0), (3, 2.0)]


def test_read_places_steps_that_begin_anew_in_each_epoch(tmp_path: Path):
    """Many own loops log the batch of the epoch beside the epoch."""
    rows = [f"{epoch},{step},2.5" for epoch in (1, 2, 3) for step in (50, 100)]
    table = logs.read_log(tmp_path, "\n".join(["epoch,step,loss", *rows]) + "\n")
    assert [step for step, _ in logs.points(table, "loss")] == [50, 100, 150, 200, 250, 300]


def test_read_finds_the_header_below_what_a_notebook_shows(tmp_path: Path):
    """The table of transformers, copied from a notebook with the bar above it."""
    text = " [90/90 01:23, Epoch 3/3]\nStep\tTraining Loss\tValidation Loss\n"
    rows = "30\tNo log\t2.75\n60\t2.500000\t2.625\n90\t2.250000\t2.5\n"
    table = logs.read_log(tmp_path, text + rows)
    assert logs.points(table, "loss") == [(60, 2.5), (90, 2.25)]
    assert logs.points(table, "eval_loss") == [(30, 2.75), (60, 2.625), (90, 2.5)]


def test_read_takes_a_table_in_columns(tmp_path: Path):
    """What fastai prints: names and numbers apart by spaces."""
    text = "epoch     train_loss  valid_loss  time    \n" + "".join(
        f"{epoch}         2.500000    2.{epoch}00000    00:12     \n" for epoch in range(3)
    )
    table = logs.read_log(tmp_path, text)
    assert logs.points(table, "loss") == [(0, 2.5), (1, 2.5), (2, 2.5)]
    assert logs.points(table, "eval_loss") == [(0, 2.0), (1, 2.1), (2, 2.2)]


def test_read_takes_a_table_of_markdown(tmp_path: Path):
    """A table that was pasted into an issue or a model card."""
    text = "| step | loss |\n|---|---|\n| 10 | 2.5 |\n| 20 | 2.25 |\n"
    assert logs.points(logs.read_log(tmp_path, text), "loss") == [(10, 2.5), (20, 2.25)]


@pytest.mark.parametrize(
    ("second", "note"),
    [
        ("#REF!,#REF!", {"rows": 3, "first": 2}),
        ("10,#DIV/0!", {"rows": 3, "first": 2}),
        ("lost,lost", {"rows": 3, "first": 2}),
        ("10,No log", None),
        ("10,", None),
        ("step,loss", None),
        ("nan,nan", None),
    ],
)
def test_rows_of_which_nothing_is_read_are_told(tmp_path: Path, second: str, note: object):
    """Not so cells that healthy tables leave out, nor a header that a run that goes on repeats."""
    table = logs.read_log(tmp_path, f"step,loss\n0,2.5\n{second}\n20,2.25\n" + f"{second}\n" * 2)
    assert dict(logs.points(table, "loss")).items() >= {(0, 2.5), (20, 2.25)}
    told = [each.numbers for each in table.notes if each.kind == "broken_rows"]
    assert told == ([note] if note else [])
