"""Logs of one JSON object a line."""

import json
from pathlib import Path
from typing import Any

import pytest

from lossscan import formats
from lossscan.errors import NoLogFound, UnreadableLog
from lossscan.formats.kit import text as _text
from lossscan.formats.kit.records import Records
from lossscan.settings import Settings
from tests import logs


def log(*rows: dict[str, Any]) -> str:
    """One object a line."""
    return "".join(json.dumps(row) + "\n" for row in rows)


def launch(step: int, seconds: int, loss: float = 2.0) -> dict[str, Any]:
    """One line of LLaMA-Factory's log."""
    return {
        "current_steps": step,
        "total_steps": 90,
        "loss": loss,
        "elapsed_time": f"0:00:{seconds}",
    }


def test_read_knows_the_rewritten_trainer_of_llamafactory_by_the_name(tmp_path: Path):
    """Its lines hold the names that everyone uses; the file bears its own."""
    rows = [{"loss": 2.0, "grad_norm": 1.0, "step": step, "total_steps": 9} for step in range(1, 4)]
    named = logs.head_with(tmp_path, log(*rows), "trainer_log.jsonl")
    assert formats.read(named, Settings()).framework == "llamafactory"
    assert logs.read_log(tmp_path, log(*rows)).framework is None


def test_read_knows_torchtune_by_its_throughput(tmp_path: Path):
    """With `output_fmt: jsonl` a line holds what it prints otherwise."""
    row = {"step": 1, "loss": 2.5, "lr": 2e-05, "tokens_per_second_per_gpu": 1234.5}
    assert logs.read_log(tmp_path, log(row)).framework == "torchtune"


def test_read_llamafactory(tmp_path: Path):
    """The live log of LLaMA-Factory."""
    table = logs.read_log(tmp_path, logs.LLAMAFACTORY)
    assert table.framework == "llamafactory"
    assert logs.points(table, "loss") == [(10, 1.5), (20, 1.25)]
    assert logs.points(table, "learning_rate") == [(10, 1e-05), (20, 5e-06)]
    assert logs.points(table, "eval_loss") == [(20, 1.3)]
    assert table.config == {"max_steps": 30}
    assert table.complete is None


def test_read_old_llamafactory(tmp_path: Path):
    """Up to 0.8 all keys are there, null where absent, and the throughput is text."""
    row = launch(10, 10) | {"eval_loss": None, "learning_rate": 1e-4, "throughput": "1234.56"}
    table = logs.read_log(tmp_path, log(row))
    assert "eval_loss" not in table.columns
    assert logs.points(table, "throughput") == [(10, 1234.56)]


def test_read_joins_a_key_that_was_renamed(tmp_path: Path):
    """An update of LLaMA-Factory between two launches renames the learning rate."""
    text = log(launch(10, 10) | {"learning_rate": 0.5}, launch(20, 20) | {"lr": 0.25})
    assert logs.points(logs.read_log(tmp_path, text), "learning_rate") == [(10, 0.5), (20, 0.25)]


def test_read_plans_by_training_and_not_by_a_prediction_behind_it(tmp_path: Path):
    """LLaMA-Factory counts the batches of a prediction in the same file."""
    ended = {"current_steps": 90, "total_steps": 90, "epoch": 3.0}
    predicting = {"current_steps": 5, "total_steps": 60, "percentage": 8.33}
    table = logs.read_log(tmp_path, log(launch(80, 10) | {"epoch": 2.7}, ended, predicting))
    assert table.config == {"max_steps": 90}
    assert table.complete is True


def test_read_knows_the_end_of_ms_swift(tmp_path: Path):
    """Behind the summary stands a record about the run as a whole, with all logs once more."""
    shown = [{"loss": 1.5, "epoch": i / 10, "global_step/max_steps": f"{i}/30"} for i in (10, 20)]
    summary = {"train_runtime": 40.0, "epoch": 3.0, "global_step/max_steps": "30/30"}
    whole = {"best_metric": 1.2, "global_step": 30, "log_history": [{"loss": 1.5, "step": 10}]}
    table = logs.read_log(tmp_path, log(*shown, summary, whole))
    assert table.framework == "ms-swift"
    assert table.config == {"max_steps": 30}
    assert table.complete is True
    assert logs.points(table, "loss") == [(10, 1.5), (20, 1.5)]


def test_read_counts_lines_that_state_only_an_epoch(tmp_path: Path):
    """What a callback writes of transformers' logs has no step; a result of one line is no log."""
    rows = [{"loss": 2.5 - i / 8, "epoch": i / 10} for i in range(1, 4)]
    table = logs.read_log(tmp_path, log(*rows))
    assert logs.points(table, "loss") == [(1, 2.375), (2, 2.25), (3, 2.125)]
    assert [note.kind for note in table.notes] == ["steps_counted"]
    with pytest.raises(NoLogFound):
        logs.read_log(tmp_path, log({"eval_loss": 1.5, "epoch": 3.0}))


def test_read_takes_the_mean_of_what_has_a_spread(tmp_path: Path):
    """StyleGAN's stats.jsonl, which counts thousands of images; a mean alone is a series below."""
    rows = [
        {
            "Loss/G/loss": {"num": 64, "mean": 0.5 + n, "std": 0.3},
            "Progress/kimg": {"num": 1, "mean": 4.0 * n, "std": 0.0},
            "Timing": {"mean": 2.5},
        }
        for n in range(4)
    ]
    table = logs.read_log(tmp_path, log(*rows))
    assert logs.points(table, "Loss/G/loss") == [(0, 0.5), (4, 1.5), (8, 2.5), (12, 3.5)]
    assert logs.points(table, "Timing.mean")[0] == (0, 2.5)


def test_read_takes_a_line_an_epoch(tmp_path: Path):
    """As DeiT, MAE and DETR write: the epoch is the step, and evaluations may follow apart."""
    pairs = [({"train_loss": 9.0 - i, "epoch": i}, {"val_loss": 9.5, "epoch": i}) for i in range(4)]
    table = logs.read_log(tmp_path, log(*(row for pair in pairs for row in pair)))
    assert logs.points(table, "loss") == [(0, 9.0), (1, 8.0), (2, 7.0), (3, 6.0)]
    assert logs.points(table, "eval_loss")[3] == (3, 9.5)
    assert not table.notes


def test_read_knows_the_end(tmp_path: Path):
    """The last line of a whole run holds no loss."""
    ended = {"current_steps": 90, "total_steps": 90, "epoch": 3.0}
    assert logs.read_log(tmp_path, log(launch(80, 10), ended)).complete is True


def test_read_knows_the_end_of_a_run_that_stopped_early(tmp_path: Path):
    """Early stopping ends it where an evaluation stands; the line behind that sums it up."""
    evaluated = {"current_steps": 60, "total_steps": 90, "eval_loss": 2.5, "epoch": 2.0}
    assert logs.read_log(tmp_path, log(launch(60, 10), evaluated)).complete is None
    ended = {"current_steps": 60, "total_steps": 90, "epoch": 2.0}
    assert logs.read_log(tmp_path, log(launch(60, 10), evaluated, ended)).complete is True


def test_read_ms_swift(tmp_path: Path):
    """ms-swift writes the step as part of the whole."""
    row = {"loss": 1.5, "global_step/max_steps": "601/2161", "memory(GiB)": 20.5}
    table = logs.read_log(tmp_path, log(row))
    assert table.framework == "ms-swift"
    assert logs.points(table, "loss") == [(601, 1.5)]
    assert table.config == {"max_steps": 2161}


def test_read_takes_the_users_key(tmp_path: Path):
    """A nested key is named with dots."""
    text = log({"step": 1, "train": {"nll": 2.5}, "loss": 9.0})
    table = logs.read_log(tmp_path, text, {"loss": "train.nll"})
    assert logs.points(table, "loss") == [(1, 2.5)]


def test_read_counts_broken_lines(tmp_path: Path):
    """A line that is no JSON is counted, and the first one is named."""
    table = logs.read_log(tmp_path, log(launch(10, 10)) + "{oops\n[1]\n" + log(launch(20, 20)))
    assert len(table.columns["loss"].steps) == 2
    assert [(note.kind, dict(note.numbers)) for note in table.notes] == [
        ("broken_lines", {"lines": 2, "first": 2})
    ]


def test_read_survives_a_cut_last_line(tmp_path: Path):
    """A run that is still writing leaves half a line."""
    table = logs.read_log(tmp_path, log(launch(10, 10)) + '{"current_steps": 2')
    assert len(table.columns["loss"].steps) == 1
    assert [note.kind for note in table.notes] == ["truncated_tail"]


def test_a_line_that_is_longer_than_a_piece_does_not_cut_the_log(tmp_path: Path):
    """It is one unreadable line, and the records behind it are whole."""
    good = [f'{{"step": {n}, "loss": {9 - n}}}\n' for n in range(1, 9)]
    long = f'{{"step": 5, "loss": 4, "x": "{"a" * (5 << 20)}"}}\n'
    path = tmp_path / "log.jsonl"
    path.write_text("".join([*good[:4], long, *good[4:]]))
    table = formats.read_file(path, Settings())
    assert [note.kind for note in table.notes] == ["broken_lines"]
    assert table.columns["loss"].steps.tolist() == list(range(1, 9))


def test_read_sees_a_launch_by_its_clock(tmp_path: Path):
    """A resumed launch goes on in step, and its clock starts again."""
    text = log(launch(10, 10), launch(20, 20), launch(30, 10), launch(40, 20))
    assert logs.read_log(tmp_path, text).launches == (20,)


def test_a_line_behind_the_first_fifty_is_counted_from_the_beginning(tmp_path: Path):
    """The others are read together: a new key and a broken line keep their place."""
    lines = [f'{{"step": {step}, "loss": 2.5}}\n' for step in range(1, 121)]
    lines[59], lines[69] = '{"step": 60, "loss": 2.5, "eval_loss": 2.4}\n', '{"step": 70, "lo\n'
    found = logs.read_log(tmp_path, "".join(lines))
    assert found.columns["loss"].steps.tolist() == [*range(1, 70), *range(71, 121)]
    assert found.columns["eval_loss"].steps.tolist() == [60]
    assert [note.numbers for note in found.notes] == [{"lines": 1, "first": 70}]


def test_read_takes_bare_nan(tmp_path: Path):
    """Python writes NaN into JSON."""
    values = logs.read_log(tmp_path, '{"step": 1, "loss": NaN}\n').columns["loss"].values
    assert str(values.tolist()) == "[nan]"


def test_read_counts_objects_without_a_step(tmp_path: Path):
    """Where no key is a step, the objects are counted."""
    table = logs.read_log(tmp_path, log({"nll": 3.0}, {"nll": 2.0}), {"loss": "nll"})
    assert logs.points(table, "loss") == [(1, 3.0), (2, 2.0)]


def test_read_takes_lines_that_are_longer_than_the_head(tmp_path: Path):
    """A norm for each of 3,000 layers: the file was refused, and the message named its loss."""
    norms = {f"layers.{layer}.grad_norm": layer / 7 for layer in range(3000)}
    rows = [{"step": step, "loss": 2.0, **norms} for step in (1, 2, 3)]
    assert logs.claimed_by(tmp_path, log(*rows))[0] == "json_lines"


def test_read_names_the_keys_it_found(tmp_path: Path):
    """Where the user's key is not there, the message shows what is."""
    with pytest.raises(UnreadableLog, match=r"no known key \(found: text\)"):
        logs.read_log(tmp_path, log({"text": "hello"}), {"loss": "nll"})


ODD_LINES = {
    "broken": '{"current_steps": 35, "lo\n',
    "nan": '{"current_steps": 35, "total_steps": 90, "loss": NaN}\n',
    "nested": '{"current_steps": 35, "loss": {"main": 1.0}}\n',
    "new key": '{"current_steps": 35, "loss": 1.0, "grad_norm": 0.5}\n',
    "two objects": '{"current_steps": 35, "loss": 1.0}, {"loss": 2.0}\n',
    "no comma": '{"current_steps": 35, "loss": 1.0}{"loss": 2.0}\n',
    "two lines": '{"current_steps": 35,\n"loss": 1.0}\n',
    "no object": "[1, 2]\n",
    "blank": " \n\n",
    "carriage return": '{"current_steps": 35, "loss": 1.0}\r{"current_steps": 36, "loss": 2.0}\r\n',
    "color": '\x1b[32m{"current_steps": 35, "loss": 1.0}\x1b[0m\n',
    "text": '{"current_steps": 35, "loss": 1.0, "elapsed_time": "soon"}\n',
    "number as text": '{"current_steps": 35, "loss": "1.5", "elapsed_time": "77"}\n',
    "beyond any float": '{"current_steps": 34}\n{"current_steps": 35, "loss": 1%s}\n' % ("0" * 310),
    "next hour": '{"current_steps": 35, "loss": 1.0, "elapsed_time": "10:00:00"}\n',
}


@pytest.mark.parametrize("odd", ODD_LINES.values(), ids=ODD_LINES.keys())
def test_read_finds_an_odd_line_among_many_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, odd: str
):
    """Lines that are decoded many at once give what they give one by one."""
    many = [log(launch(10 * at, at + 10, 1 / at)) for at in range(1, 9)]
    text = "".join([*many[:6], odd, *many[6:]])
    monkeypatch.setattr(_text, "PIECE", 2 * len(many[0]))
    at_once = logs.read_log(tmp_path, text)
    monkeypatch.setattr(Records, "group", lambda *_: None)
    singly = logs.read_log(tmp_path, text)
    assert at_once.notes == singly.notes
    assert at_once.columns.keys() == singly.columns.keys()
    for name in at_once.columns:
        assert str(logs.points(at_once, name)) == str(logs.points(singly, name))


def test_read_sees_a_launch_after_days(tmp_path: Path):
    """The clock of a long launch shows days, and 10 of them are more than 9 days and an hour."""
    clocks = ("9 days, 10:00:00", "10 days, 1:00:00", "0:00:10", "0:00:20")
    rows = [launch(10 * at, 10) | {"elapsed_time": clock} for at, clock in enumerate(clocks, 1)]
    assert logs.read_log(tmp_path, log(*rows)).launches == (20,)


def test_read_places_steps_that_begin_anew_in_each_epoch(tmp_path: Path):
    """MMCV and many own loops log the batch of the epoch beside the epoch."""
    rows = [{"epoch": epoch, "iter": at, "loss": 2.5} for epoch in (1, 2) for at in (50, 100)]
    table = logs.read_log(tmp_path, "".join(json.dumps(row) + "\n" for row in rows))
    assert [step for step, _ in logs.points(table, "loss")] == [50, 100, 150, 200]


def test_read_keeps_steps_that_go_back_in_a_resume(tmp_path: Path):
    """A launch that takes up an earlier epoch goes back: these are no steps of an epoch."""
    rows = [(1, 50), (1, 100), (2, 150), (1, 100), (2, 150), (2, 200)]
    text = "".join(json.dumps({"epoch": e, "step": s, "loss": 2.5}) + "\n" for e, s in rows)
    table = logs.read_log(tmp_path, text)
    assert [step for step, _ in logs.points(table, "loss")] == [step for _, step in rows]


def test_read_knows_ms_swift_by_its_lines_also_once_it_has_ended(tmp_path: Path):
    """Its last line sums the run up and holds the history of trainer_state.json once more."""
    line = '{{"loss": 2.5, "global_step/max_steps": "{0}/3", "epoch": 0.{0}}}\n'
    summary = (
        '{"train_dataset": "x", "global_step": 3, "log_history": [{"loss": 2.5, "step": 1}]}\n'
    )
    table = logs.read_log(tmp_path, "".join(map(line.format, (1, 2, 3))) + summary)
    assert (table.format, table.framework) == ("json_lines", "ms-swift")
    assert [step for step, _ in logs.points(table, "loss")] == [1, 2, 3]
    assert table.notes == ()


def test_read_takes_the_loss_of_lingua(tmp_path: Path):
    """It calls what the model put out `loss/out`."""
    text = "".join(
        f'{{"global_step": {n}, "optim/lr": 0.5, "optim/grad_norm": 19.5, "loss/out": {8 - n}.5}}\n'
        for n in range(1, 4)
    )
    table = logs.read_log(tmp_path, text)
    assert {"loss", "learning_rate", "grad_norm"} <= table.columns.keys()


@pytest.mark.parametrize("key", ["split", "mode", "Phase"])
@pytest.mark.parametrize("count", [12, 400])
def test_read_tells_the_sets_by_a_key(tmp_path: Path, key: str, count: int):
    """What is called `val` is no loss of the training, also where lines are taken all at once."""
    rows = ({key: "val" if n % 5 == 0 else "train", "step": n, "loss": 2.0} for n in range(count))
    table = logs.read_log(tmp_path, log(*rows))
    evaluated = [step for step, _ in logs.points(table, "eval_loss")]
    assert evaluated == list(range(0, count, 5))
    assert [step for step, _ in logs.points(table, "loss")] == [n for n in range(count) if n % 5]


def test_read_leaves_a_key_that_names_no_set_alone(tmp_path: Path):
    """Stages of a training are no sets."""
    rows = ({"stage": f"part{n // 5}", "step": n, "loss": 2.0} for n in range(20))
    assert len(logs.points(logs.read_log(tmp_path, log(*rows)), "loss")) == 20
