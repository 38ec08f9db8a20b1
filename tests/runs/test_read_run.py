"""A folder becomes a run: what is read, what is left out, and what is said where nothing is."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from lossscan.errors import NoLogFound, NoUsableSeries, UnreadableLog
from lossscan.model import Run
from lossscan.runs import read_run
from lossscan.runs.discover import RunFiles, discover
from lossscan.settings import Settings

SAMPLES = Path(__file__).parents[2] / "sample_logs"


def _rows(last: int, **more: float) -> list[dict[str, Any]]:
    return [{"step": s, "epoch": s / 100, "loss": 2.0, **more} for s in range(10, last + 1, 10)]


def _state(folder: Path, rows: list[dict[str, Any]], **facts: Any) -> Path:
    path = folder / "trainer_state.json"
    path.write_text(json.dumps({"log_history": rows, **facts}))
    return path


def _run(folder: Path, settings: Settings | None = None) -> Run:
    files = tuple(sorted(path for path in folder.rglob("*") if path.is_file()))
    return read_run(RunFiles(folder, files), settings or Settings())


def test_read_run_puts_a_folder_together(tmp_path: Path) -> None:
    """Series, settings, landmarks and the folder's name are all there."""
    _state(tmp_path, _rows(200), max_steps=300)
    (tmp_path / "train.yaml").write_text("finetuning_type: lora\nstage: dpo\nseed: 1\n")
    run = _run(tmp_path)
    assert (run.name, run.framework, run.objective) == (tmp_path.name, "llamafactory", "dpo")
    assert run.setting("seed") == 1
    assert run.source_of("loss") == "trainer_state.json"
    assert [mark.step for mark in run.schedule.of("epoch_boundary")] == pytest.approx([100], abs=2)
    assert run.complete is False


@pytest.mark.parametrize(("name", "sources"), [("config.json", 1), ("other.json", 2)])
def test_read_run_looks_for_no_points_in_a_file_of_settings(
    tmp_path: Path, name: str, sources: int
) -> None:
    """One whose name says what it holds; any other beside a log may be one as well."""
    _state(tmp_path, _rows(200))
    (tmp_path / name).write_text(json.dumps(_rows(200)))
    assert len(_run(tmp_path).sources) == sources


@pytest.mark.parametrize("name", ["eval_results.json", "all_results.json"])
def test_read_run_knows_of_an_evaluation_after_training(tmp_path: Path, name: str) -> None:
    """No log holds it: transformers writes it to a file of its own, wherever the run is found."""
    _state(tmp_path, _rows(200))
    (tmp_path / name).write_text(json.dumps({"epoch": 3.0, "eval_loss": 1.25}))
    (found,) = discover(tmp_path, Settings())
    (note,) = read_run(found, Settings()).notes
    assert (note.kind, note.path.name, note.numbers) == ("evaluated_after", name, {"loss": 1.25})


@pytest.mark.parametrize("text", ['{"train_loss": 1.0}', "[1]", '{"eval_loss": "1.0"}'])
def test_read_run_takes_no_other_results_for_an_evaluation(tmp_path: Path, text: str) -> None:
    """Results of training alone, or of another shape, say nothing."""
    _state(tmp_path, _rows(200))
    (tmp_path / "all_results.json").write_text(text)
    assert _run(tmp_path).notes == ()


def test_read_run_names_results_that_are_cut_off(tmp_path: Path) -> None:
    """The log is read all the same."""
    _state(tmp_path, _rows(200))
    (tmp_path / "eval_results.json").write_text('{"eval_loss": 1.2')
    (note,) = _run(tmp_path).notes
    assert (note.kind, note.path.name) == ("unreadable", "eval_results.json")


@pytest.mark.parametrize(
    ("extra", "facts", "expected"),
    [
        ([], {}, None),
        ([], {"max_steps": 204}, True),  # the last four updates fill no logging window
        ([], {"max_steps": 300}, False),
        ([{"step": 200, "train_loss": 1.0, "train_runtime": 9.0}], {"max_steps": 300}, True),
    ],
)
def test_read_run_knows_whether_training_ended(
    tmp_path: Path, extra: list[dict[str, Any]], facts: dict[str, Any], expected: object
) -> None:
    """A summary row or the planned number of steps says so; without a plan nobody knows."""
    _state(tmp_path, _rows(200) + extra, **facts)
    assert _run(tmp_path).complete is expected


def test_read_run_knows_the_last_line_of_steps_that_count_from_0(tmp_path: Path) -> None:
    """Of 30 steps a fifth each is printed, 25 is the last; of 31 the line of 30 is missing."""
    line = "Epoch:[1/1]({}/{}) loss:2.500 lr:0.0002 epoch_Time:1.0min:\n"
    for steps, complete in ((30, True), (31, False)):
        text = "".join(line.format(step, steps) for step in range(0, 30, 5))
        (tmp_path / "train.log").write_text(text)
        assert _run(tmp_path).complete is complete


def test_read_run_goes_on_without_a_broken_log(tmp_path: Path) -> None:
    """One unreadable log is named with its reason, and the others are read."""
    _state(tmp_path, _rows(200))
    (tmp_path / "events.out.tfevents.1.host").write_bytes(b"no event file at all")
    run = _run(tmp_path)
    assert len(run.series["loss"]) == 20
    (skipped,) = run.skipped
    assert skipped.path == "events.out.tfevents.1.host"
    assert str(tmp_path) not in skipped.reason


def test_read_run_names_the_logs_that_paddlenlp_writes_instead(tmp_path: Path) -> None:
    """PaddleNLP 3 leaves the history of its state empty: the losses are elsewhere."""
    _state(tmp_path, [], consumed_samples=3000, global_step=300)
    with pytest.raises(
        NoUsableSeries, match=r"log_history of trainer_state\.json is empty"
    ) as caught:
        _run(tmp_path)
    assert "console log or the VisualDL" in caught.value.hint


def test_read_run_refuses_a_folder_without_logs(tmp_path: Path) -> None:
    """The error names the folder and says how to learn more."""
    (tmp_path / "train.yaml").write_text("seed: 1\n")
    with pytest.raises(NoLogFound, match=tmp_path.name) as caught:
        _run(tmp_path)
    assert "pass a single file" in caught.value.hint


def test_read_run_refuses_a_folder_whose_only_log_is_broken(tmp_path: Path) -> None:
    """The error names the file and what is wrong with it."""
    (tmp_path / "events.out.tfevents.1.host").write_bytes(b"no event file at all")
    with pytest.raises(UnreadableLog, match=r"tfevents\.1\.host") as caught:
        _run(tmp_path)
    assert caught.value.hint


def test_read_run_refuses_logs_without_a_loss(tmp_path: Path) -> None:
    """The error names the series that were found instead, and how to map one."""
    _state(tmp_path, [{"step": s, "my_score": 1.0} for s in range(1, 9)])
    with pytest.raises(NoUsableSeries, match="my_score") as caught:
        _run(tmp_path)
    assert "series" in caught.value.hint


def test_read_run_takes_the_training_config_of_the_user(tmp_path: Path) -> None:
    """--training-config may lie anywhere and wins."""
    run = tmp_path / "run"
    run.mkdir()
    _state(run, _rows(200))
    mine = tmp_path / "mine.yaml"
    mine.write_text("learning_rate: 5e-4\n")
    found = _run(run, Settings(training_config=mine))
    assert found.config["learning_rate"].value == 5e-4
    assert found.config["learning_rate"].source == str(mine)


def test_read_run_reads_a_single_file(tmp_path: Path) -> None:
    """A log given by itself is a run named after it."""
    path = _state(tmp_path, _rows(200))
    run = read_run(RunFiles(path, (path,)), Settings())
    assert run.name == "trainer_state.json"
    assert run.sources[0].path == "trainer_state.json"


def test_read_run_finds_the_resume_of_the_resumed_sample() -> None:
    """In the real resumed run the event files tell what trainer_state.json has forgotten."""
    run = _run(SAMPLES / "resumed")
    (mark,) = run.schedule.of("resume")
    assert (mark.step, run.source_of("loss")) == (300, "trainer_state.json")
    assert len(run.schedule.resumes[0].dead["loss"]) > 5


def test_read_run_reads_the_staircase_sample_once() -> None:
    """State, live log and two event files of one training are one run with three boundaries."""
    run = _run(SAMPLES / "staircase")
    assert run.framework == "llamafactory"
    assert len(run.series["loss"]) == 80
    assert run.skipped == ()
    assert run.schedule.resumes == ()
    steps = [mark.step for mark in run.schedule.of("epoch_boundary")]
    assert steps == pytest.approx([100, 200, 300], abs=2)


def test_read_run_takes_no_file_beside_a_named_one_for_its_log(tmp_path: Path) -> None:
    """What was named is no log: another log in the folder is not reported in its place."""
    _state(tmp_path, _rows(200)).rename(tmp_path / "history.json")
    named = tmp_path / "notes.log"
    named.write_text("hello\n")
    (found,) = discover(named, Settings())
    with pytest.raises(NoLogFound, match=r"notes\.log"):
        read_run(found, Settings())


def test_read_run_leaves_out_a_bar_beside_the_log_of_the_trainer(tmp_path: Path):
    """What tqdm shows comes a step late, with three digits: metrics.csv holds the curve."""
    rows = [f"{step // 20},{step},{3 - step / 100:.5f}" for step in range(40)]
    (tmp_path / "metrics.csv").write_text("\n".join(["epoch,step,train_loss", *rows]) + "\n")
    bar = "Epoch {}: 50%|# | {}/20 [00:01<00:01, 9.9it/s, train_loss={:.3g}]"
    bars = [bar.format(step // 20, step % 20 + 1, 3 - step / 100) for step in range(40)]
    (tmp_path / "train.log").write_text("\r".join(bars) + "\n")
    run = _run(tmp_path)
    assert [source.path for source in run.sources] == ["metrics.csv"]
    assert [skipped.path for skipped in run.skipped] == ["train.log"]


def test_read_run_takes_no_report_of_ours_for_a_log(tmp_path: Path) -> None:
    """A gate may write its report into the run that it judges."""
    _state(tmp_path, _rows(200))
    report = {"schema": "lossscan.report/1", "loss": 1.0, "step": 1}
    (tmp_path / "lossscan.json").write_text(json.dumps(report, indent=2))
    assert [source.path for source in _run(tmp_path).sources] == ["trainer_state.json"]
    assert _run(tmp_path).skipped == ()


def test_read_run_says_that_a_log_is_cut_before_its_first_entry(tmp_path: Path) -> None:
    """There is no key to be named: the file must be copied again."""
    (tmp_path / "trainer_state.json").write_text('{"log_history": [')
    with pytest.raises(UnreadableLog, match=r"trainer_state\.json is truncated") as caught:
        _run(tmp_path)
    assert "copy the file again" in caught.value.hint


def test_read_run_says_that_the_pattern_meets_no_line(tmp_path: Path) -> None:
    """Who gave an expression wants to hear of it, and not of twenty formats."""
    (tmp_path / "train.log").write_text("hello\n" * 30)
    settings = Settings(text={"pattern": r"it (?P<step>\d+) (?P<loss>\S+)"})
    with pytest.raises(NoLogFound, match=r"no line matches text\.pattern") as caught:
        _run(tmp_path, settings)
    assert settings.text["pattern"] in caught.value.hint


def test_read_run_says_that_nothing_was_logged_yet(tmp_path: Path) -> None:
    """A run that died before its first logged loss has no key to map: it is said to be empty."""
    _state(tmp_path, [{"step": 1, "loss": None}])
    with pytest.raises(NoUsableSeries, match="nothing was logged yet"):
        _run(tmp_path)


def test_read_run_does_not_take_rows_that_cannot_be_read_for_none(tmp_path: Path) -> None:
    """Who waits for the first logged loss would wait for ever."""
    store = sqlite3.connect(tmp_path / "project.db")
    store.execute("create table metrics (timestamp, run_name, step, metrics)")
    deep = '{"loss": 2.5, "x": ' + "[" * 5000 + "]" * 5000 + "}"
    store.executemany("insert into metrics values ('', 'a', ?, ?)", [(1, deep), (2, deep)])
    store.commit()
    store.close()
    with pytest.raises(UnreadableLog, match=r"project\.db: 2 of 2 entries are unreadable"):
        _run(tmp_path)


def test_a_log_may_have_its_newest_line_first(tmp_path: Path) -> None:
    """Log viewers list it so: it is one training, from its first step on."""
    path = tmp_path / "train.log"
    path.write_text("".join(f"step {n}00 loss {n}.5 lr 0.1\n" for n in (4, 3, 2, 1)))
    loss = _run(tmp_path).series["loss"]
    assert loss.steps.tolist() == [100, 200, 300, 400]
    assert loss.values.tolist() == [1.5, 2.5, 3.5, 4.5]


def test_a_log_that_goes_back_and_on_again_is_of_two_trainings(tmp_path: Path) -> None:
    """Not each of its steps is below the one before."""
    path = tmp_path / "train.log"
    path.write_text("".join(f"step {n}00 loss {n}.5 lr 0.1\n" for n in (4, 3, 5)))
    assert _run(tmp_path).series["loss"].steps.tolist() != [300, 400, 500]
