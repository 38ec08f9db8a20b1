"""The console of fairseq."""

from pathlib import Path

from tests import logs
from tests.writers import write_events


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


JSON = (
    '2026-11-21 06:42:50 | INFO | train_inner | {"epoch": 1, "update": 0.5, "loss": "9.5",'
    ' "ppl": "609.1", "num_updates": "10", "lr": "0.0001", "gnorm": "1.5", "wall": "100"}\n'
    '2026-11-21 06:42:59 | INFO | valid | {"epoch": 1, "valid_loss": "8.75", "valid_ppl": "362",'
    ' "valid_num_updates": "20"}\n'
    '2026-11-21 06:42:59 | INFO | train | {"epoch": 1, "train_loss": "9.0", "train_ppl": "400",'
    ' "train_num_updates": "20", "train_wall": "100"}\n'
    '2026-11-21 06:43:09 | INFO | train_inner | {"epoch": 2, "update": 1.5, "loss": "nan",'
    ' "ppl": "nan", "num_updates": "30", "lr": "0.0003", "gnorm": "nan", "wall": "118"}\n'
)


def test_read_fairseq_json(tmp_path: Path):
    """With --log-format json numbers are texts, and the mean of an epoch is no point."""
    table = logs.read_log(tmp_path, JSON)
    assert table.framework == "fairseq"
    assert str(logs.points(table, "loss")) == "[(10, 9.5), (30, nan)]"
    assert logs.points(table, "epoch") == [(10, 0.5), (30, 1.5)]
    assert logs.points(table, "eval_loss") == [(20, 8.75)]
    assert table.notes == ()


def test_means_of_epochs_are_the_points_where_there_are_no_others(tmp_path: Path):
    """With --log-format json too, where a short epoch has no `train_inner` line."""
    text = "".join(
        f'2026-11-21 06:43:0{epoch} | INFO | {mode} | {{"epoch": {epoch}, "{mode}_loss": '
        f'"{loss}", "{mode}_num_updates": "{epoch * 20}", "{mode}_wall": "1"}}\n'
        for epoch, losses in ((1, (9.5, 9.25)), (2, (8.5, 8.75)))
        for mode, loss in zip(("train", "valid"), losses, strict=True)
    )
    table = logs.read_log(tmp_path, text)
    assert logs.points(table, "loss") == [(20, 9.5), (40, 8.5)]
    assert logs.points(table, "eval_loss") == [(20, 9.25), (40, 8.75)]


def test_read_validations_of_early_versions(tmp_path: Path):
    """They called the loss of a validation by its own name."""
    line = "| epoch 001 | valid on 'valid' subset | valid_loss 8.5 | valid_ppl 5 | num_updates 20\n"
    table = logs.read_log(tmp_path, logs.FAIRSEQ.partition("\n")[0] + "\n" + line)
    assert logs.points(table, "eval_loss") == [(20, 8.5)]


def test_read_a_launch_that_goes_on_where_the_one_before_ended(tmp_path: Path):
    """The checkpoint that was loaded tells of a resume that repeats no update."""
    head, last = logs.FAIRSEQ.rsplit("2026", 1)[0], "2026" + logs.FAIRSEQ.rsplit("2026", 1)[1]
    loaded = "Loaded checkpoint out/checkpoint_last.pt (epoch 2 @ 20 updates)\n"
    assert logs.read_log(tmp_path, head + loaded + last).launches == (20,)


def test_read_counts_skipped_updates(tmp_path: Path):
    """Updates that overflow are told one by one, before the line they belong to."""
    skip = "NOTE: gradient overflow detected, ignoring gradient, setting loss scale to: 64.0\n"
    table = logs.read_log(tmp_path, skip * 2 + logs.FAIRSEQ + skip)
    assert logs.points(table, "skipped_iterations") == [(10, 2.0)]
    assert [note.kind for note in table.notes] == ["fp16_overflows"]


BAR = (
    "epoch 001:  50%|#####     | 50/100 [00:10<00:10,  5it/s, loss=9.5, nll_loss=9.0, ppl=512,"
    " num_updates=500, lr=0.0003]\r"
)


def test_read_points_of_a_progress_bar(tmp_path: Path):
    """With --log-format tqdm a point is at its update, not at the place of its line."""
    table = logs.read_log(tmp_path, BAR + BAR.replace("num_updates=500", "num_updates=510"))
    assert table.framework == "fairseq"
    assert logs.points(table, "loss") == [(500, 9.5), (510, 9.5)]
    assert table.config == {"steps_per_epoch": 100}


def test_losses_in_bits_are_called_so(tmp_path: Path):
    """The console and TensorBoard alike, whose means over epochs are no losses of their own."""
    tags = {"loss": [(step, 9.0 / step) for step in range(1, 11)], "wpb": [(1, 100.0)]}
    write_events(tmp_path / "train_inner" / "events.out.tfevents.1", tags)
    write_events(tmp_path / "train" / "events.out.tfevents.2", {"loss": [(10, 5.0)]})
    write_events(tmp_path / "valid" / "events.out.tfevents.3", {"loss": [(10, 4.0)]})
    run = logs.run_at(tmp_path)
    assert run.framework == "fairseq"
    assert [note.kind for note in run.notes] == ["in_bits"]
    assert len(run.series["loss"]) == 10
    assert run.series["eval_loss"].values.tolist() == [4.0]
    assert run.series["loss_epoch"].values.tolist() == [5.0]
