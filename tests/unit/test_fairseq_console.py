"""The console of fairseq."""

from pathlib import Path

from tests import logs


def test_read_fairseq(tmp_path: Path):
    """Points stand at the number of updates, a validation beside them."""
    table = logs.read_log(tmp_path, logs.FAIRSEQ)
    assert table.framework == "fairseq"
    assert logs.points(table, "loss") == [(10, 9.5), (20, 8.5), (30, 8.0)]
    assert logs.points(table, "grad_norm") == [(10, 1.5), (20, 1.25), (30, 1.0)]
    assert logs.points(table, "eval_loss") == [(20, 8.75)]
    assert table.config == {"steps_per_epoch": 20}
    assert table.notes == ()


def test_read_says_where_losses_are_means_of_the_epoch(tmp_path: Path):
    """Early versions print the mean since the epoch began, which is a stair by itself."""
    table = logs.read_log(tmp_path, logs.FAIRSEQ.replace("train_inner | ", ""))
    assert [note.kind for note in table.notes] == ["running_means"]
