"""Many logs of one training become one course; logs of a different run stay out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lossscan.model import Note, Table
from lossscan.runs.launches import course_of
from lossscan.runs.merge import Merged, merge
from tests.tables import table

ROOT = Path("/run")


def _course(first: int, last: int, level: float = 2.0, every: int = 10) -> Any:
    steps = range(first, last + 1, every)
    return steps, [level - step / 1000 for step in steps]


def _merged(*tables: Table) -> Merged:
    return merge(tables, ROOT)


def _events(launched: int, **columns: Any) -> Table:
    name = f"runs/a/events.out.tfevents.{launched}.host.1.0"
    return table(name, "event_file", columns, config={"wall_time_start": float(launched)})


def test_merge_takes_each_series_from_its_fullest_source() -> None:
    """The state holds gradient norms, the live log more losses: each is used for its own."""
    state = table(
        "trainer_state.json",
        "trainer_state",
        {"loss": _course(10, 100), "grad_norm": _course(10, 100)},
    )
    live = table("trainer_log.jsonl", "json_lines", {"loss": _course(10, 200)})
    merged = _merged(state, live)
    assert merged.series["loss"].steps[-1] == 200
    assert {s.path: s.used_for for s in merged.sources} == {
        "trainer_log.jsonl": ("loss",),
        "trainer_state.json": ("grad_norm",),
    }


def test_epochs_that_evaluations_repeat_share_the_steps_of_the_loss() -> None:
    """Of ten million points these alone would take 80 MB."""
    steps, values = _course(10, 200)
    twice = sorted([*steps, 100, 200])
    state = table(
        "trainer_state.json",
        "trainer_state",
        {"loss": (steps, values), "epoch": (twice, [step / 100 for step in twice])},
    )
    series = _merged(state).series
    assert series["epoch"].steps is series["loss"].steps
    assert series["epoch"].values.tolist() == [step / 100 for step in steps]


NAN = float("nan")


@pytest.mark.parametrize(
    ("losses", "kept"),
    [
        ([NAN, NAN, 2.5, NAN, NAN, 2.25, NAN, NAN, 2.0, NAN], 3),
        ([NAN, 2.5, NAN, NAN, 2.25, NAN, NAN, NAN, 2.0, NAN], 10),  # uneven: some were lost
        ([2.5, NAN, 2.25, NAN, 2.0, NAN, NAN, NAN, NAN, NAN], 10),  # lost from there on
        ([2.5, 2.25, 2.0, 1.75, NAN, NAN, NAN, NAN, NAN, NAN], 10),
        ([NAN, 2.5, NAN, NAN, NAN, 2.25, NAN, NAN, NAN, NAN], 10),  # too few to tell
    ],
)
def test_rows_without_an_evaluation_may_be_filled_with_nan(losses: list[float], kept: int) -> None:
    """Who logs a row for each step has to put something where none was made."""
    steps = range(10, 101, 10)
    columns = {"loss": _course(10, 100), "eval_loss": (steps, losses)}
    assert len(_merged(table("a.csv", "csv_table", columns)).series["eval_loss"]) == kept


def test_evaluations_that_are_nan_every_other_time_are_lost() -> None:
    """They have steps of their own, and no row of training is between."""
    columns = {"loss": _course(10, 100), "eval_loss": ([20, 40, 60, 80, 100], [2, NAN, 2, NAN, 2])}
    assert len(_merged(table("a.csv", "csv_table", columns)).series["eval_loss"]) == 5


def test_merge_prefers_the_precise_copy() -> None:
    """Of equal copies the one that rounds least is shown, whatever their order."""
    steps, values = _course(10, 200)
    state = table("trainer_state.json", "trainer_state", {"loss": (steps, values)})
    console = table("console.log", "transformers_console", {"loss": (steps, np.round(values, 3))})
    for first, second in ((state, console), (console, state)):
        assert _merged(first, second).series["loss"].values.tolist() == values


def test_merge_keeps_full_precision_when_a_copy_has_one_point_more() -> None:
    """The summary row of an event file is no reason to take its float32."""
    steps, values = _course(10, 300)
    state = table(
        "trainer_state.json", "trainer_state", {"loss": (steps, values), "epoch": (steps, values)}
    )
    copy = np.array(values, dtype=np.float32).tolist()
    events = _events(1, loss=(steps, copy), epoch=([*steps, 305], [*copy, 1.0]))
    assert _merged(state, events).sources[1].used_for == ()


def test_merge_never_interleaves_two_trainings() -> None:
    """A checkpoint of another run in the same folder is left out and named."""
    mine = table("trainer_state.json", "trainer_state", {"loss": _course(10, 300)})
    foreign = table(
        "old/trainer_state.json",
        "trainer_state",
        {"loss": _course(10, 200, 5.0), "eval_loss": _course(50, 200, 5.0)},
    )
    merged = _merged(mine, foreign)
    assert list(merged.series) == ["loss"]
    assert merged.series["loss"].values.max() < 2.0
    assert [skipped.path for skipped in merged.skipped] == ["old/trainer_state.json"]
    assert "a different run" in str(merged.skipped[0].reason)


def test_merge_knows_a_copy_at_guessed_steps() -> None:
    """A console without steps may be placed wrongly: it adds nothing and is no other training."""
    steps, values = _course(10, 300)
    state = table("trainer_state.json", "trainer_state", {"loss": (steps, values)})
    guessed = [step // 2 for step in steps]
    console = table(
        "console.log", "transformers_console", {"loss": (guessed, values), "kl": (guessed, values)}
    )
    merged = _merged(state, console)
    assert merged.skipped == ()
    assert list(merged.series) == ["loss"]
    assert [source.used_for for source in merged.sources] == [("loss",), ()]


def test_merge_joins_evaluations_from_an_event_file_of_their_own() -> None:
    """The final evaluation often has its own event file; it is no second launch."""
    train = _events(1, loss=_course(10, 200), eval_loss=([100], [1.9]))
    evaluation = _events(2, eval_loss=([200], [1.8]))
    merged = _merged(train, evaluation)
    assert merged.resumes == ()
    assert merged.series["eval_loss"].steps.tolist() == [100, 200]
    assert merged.series["loss"].steps[-1] == 200


def test_merge_joins_the_event_files_of_a_resumed_run() -> None:
    """Each launch has its own file: what the second overtook is dead and kept as evidence."""
    first = _events(1, loss=_course(10, 370), eval_loss=([100, 350], [1.9, 1.7]))
    second = _events(2, loss=_course(310, 600, 2.5))
    merged = _merged(second, first)
    loss = merged.series["loss"]
    assert loss.steps.tolist() == list(range(10, 601, 10))
    assert loss.values[30] == pytest.approx(2.5 - 0.31)
    (resume,) = merged.resumes
    assert (resume.step, resume.fresh) == (300, False)
    assert resume.source == "runs/a/events.out.tfevents.2.host.1.0"
    assert resume.dead["loss"].steps.tolist() == list(range(310, 371, 10))
    assert resume.dead["eval_loss"].steps.tolist() == [350]
    assert merged.series["eval_loss"].steps.tolist() == [100]


def test_merge_learns_of_a_resume_from_a_log_it_does_not_use() -> None:
    """trainer_state.json is gap-free; the event files still tell that it was resumed."""
    state = table("trainer_state.json", "trainer_state", {"loss": _course(10, 600)})
    events = (_events(1, loss=_course(10, 370)), _events(2, loss=_course(310, 600)))
    merged = _merged(state, *events)
    assert [source.used_for for source in merged.sources] == [("loss",), (), ()]
    assert [resume.step for resume in merged.resumes] == [300]


def test_merge_tells_one_resume_once() -> None:
    """A resume that both the live log and the event files show is one resume."""
    steps, values = _course(10, 370)
    later, live = _course(310, 600)
    log = table("trainer_log.jsonl", "json_lines", {"loss": ([*steps, *later], [*values, *live])})
    events = (_events(1, loss=(steps, values)), _events(2, loss=(later, live)))
    assert [resume.step for resume in _merged(log, *events).resumes] == [300]


def test_merge_reads_a_copied_event_file_once() -> None:
    """The same file in two places is no restart."""
    first = _events(1, loss=_course(10, 300))
    copy = table("copy/events.out.tfevents.1.host.1.0", "event_file", {"loss": _course(10, 300)})
    merged = _merged(first, copy)
    assert merged.resumes == ()
    assert len(merged.sources) == 1


def test_merge_starts_anew_where_a_log_begins_again() -> None:
    """A second run appended to the same file is the run; the first is mentioned."""
    old, new = _course(10, 500, 3.0), _course(10, 300, 2.0)
    log = table(
        "trainer_log.jsonl", "json_lines", {"loss": ([*old[0], *new[0]], [*old[1], *new[1]])}
    )
    merged = _merged(log)
    assert merged.series["loss"].steps[-1] == 300
    assert merged.series["loss"].values.max() < 2.0
    assert [(r.fresh, r.step) for r in merged.resumes] == [(True, 0)]
    assert [(n.kind, dict(n.numbers)) for n in merged.notes] == [
        ("trainings_apart", {"trainings": 2, "number": 2})
    ]
    assert merge([log], ROOT, "1").series["loss"].steps[-1] == 500


def test_merge_drops_evaluations_of_the_run_before() -> None:
    """Evaluations that only the overwritten run reached do not belong to the new one."""
    old, new = _course(10, 500, 3.0), _course(10, 300, 2.0)
    log = table(
        "trainer_log.jsonl",
        "json_lines",
        {
            "loss": ([*old[0], *new[0]], [*old[1], *new[1]]),
            "eval_loss": ([100, 200, 300, 400, 500, 100, 200], [9, 9, 9, 9, 9, 1, 1]),
        },
    )
    assert _merged(log).series["eval_loss"].values.tolist() == [1, 1]


def test_merge_keeps_the_course_before_a_restart_that_came_to_nothing() -> None:
    """A restart that died after three lines does not hide the run before it."""
    old, new = _course(10, 500, 3.0), _course(10, 30, 2.0)
    log = table("log.jsonl", "json_lines", {"loss": ([*old[0], *new[0]], [*old[1], *new[1]])})
    merged = _merged(log)
    assert len(merged.series["loss"]) == 50
    assert merged.resumes == ()


def test_merge_keeps_the_later_of_two_values_at_one_step() -> None:
    """A step written twice within one launch counts once."""
    log = table("log.jsonl", "json_lines", {"loss": ([10, 20, 20, 30], [4.0, 3.0, 2.5, 2.0])})
    merged = _merged(log)
    assert merged.series["loss"].values.tolist() == [4.0, 2.5, 2.0]
    assert merged.resumes == ()


def test_merge_uses_what_a_log_says_of_its_launches() -> None:
    """`Continuing training from global step 300` marks a clean resume that leaves no overlap."""
    console = table(
        "console.log", "transformers_console", {"loss": _course(10, 600)}, launches=(0, 300)
    )
    (resume,) = _merged(console).resumes
    assert (resume.step, dict(resume.dead)) == (300, {})


def test_merge_joins_the_console_logs_of_a_resumed_run() -> None:
    """Each job of the queue writes a file of its own."""
    first = table("slurm-1.out", "megatron_console", {"loss": _course(10, 230)})
    second = table("slurm-2.out", "megatron_console", {"loss": _course(210, 600)})
    merged = _merged(first, second)
    assert merged.series["loss"].steps.tolist() == list(range(10, 601, 10))
    (resume,) = merged.resumes
    assert (resume.step, len(resume.dead["loss"])) == (200, 3)


def test_merge_keeps_two_resumes_that_lie_as_near_as_two_evaluations() -> None:
    """A run relaunched at each checkpoint is evaluated there as well, and resumed each time."""
    series = {"loss": _course(10, 600), "eval_loss": _course(100, 600)}
    console = table("console.log", "megatron_console", series, launches=(200, 300))
    assert [resume.step for resume in _merged(console).resumes] == [200, 300]


def test_merge_places_a_resume_at_the_announced_step() -> None:
    """With an overlap the announced step is exact, where the log only shows the nearest point."""
    steps, later = [*range(10, 371, 10)], [*range(310, 601, 10)]
    console = table(
        "console.log",
        "transformers_console",
        {"loss": ([*steps, *later], [1.0] * 67)},
        launches=(304,),
    )
    (resume,) = _merged(console).resumes
    assert (resume.step, len(resume.dead["loss"])) == (304, 7)


def test_merge_survives_a_run_resumed_twice_from_one_checkpoint() -> None:
    """Two crashes after the same checkpoint leave two dead branches."""
    parts = [range(10, 371, 10), range(310, 351, 10), range(310, 601, 10)]
    steps = [step for part in parts for step in part]
    log = table("log.jsonl", "json_lines", {"loss": (steps, [float(n) for n in range(len(steps))])})
    merged = _merged(log)
    assert merged.series["loss"].steps.tolist() == list(range(10, 601, 10))
    course = course_of([log])
    assert [len(resume.dead["loss"]) for resume in course.resumes] == [7, 5]


def test_merge_tells_two_writers_of_one_file_apart() -> None:
    """Two processes that wrote into one log at once are not resumes at every line."""
    mine, other = list(range(10, 401, 10)), list(range(10, 201, 10))
    steps, values = [], []
    for place, step in enumerate(mine):
        steps += [step] + ([other[place // 2]] if place % 2 else [])
        values += [1.0] + ([7.0] if place % 2 else [])
    merged = _merged(table("log.jsonl", "json_lines", {"loss": (steps, values)}))
    assert merged.resumes == ()
    assert merged.series["loss"].steps.tolist() == mine
    assert [note.kind for note in merged.notes] == ["interleaved_writers"]


@pytest.mark.parametrize(("ranks", "kinds"), [(1, []), (4, ["repeated_steps"])])
def test_merge_names_a_log_in_which_every_process_prints(ranks: int, kinds: list[str]) -> None:
    """Of the lines of one step the last holds, and a remark says so."""
    steps = [step for step in range(10, 401, 10) for _ in range(ranks)]
    values = [1.0 + place % ranks / 10 for place in range(len(steps))]
    merged = _merged(table("train.log", "key_value", {"loss": (steps, values)}))
    assert merged.series["loss"].values.tolist() == [1.0 + (ranks - 1) / 10] * 40
    assert [note.kind for note in merged.notes] == kinds
    assert all(note.numbers["times"] == ranks for note in merged.notes)


def test_merge_takes_equal_lines_of_a_step_for_echoes() -> None:
    """A logger and a handler that both print the same line are nothing to remark."""
    steps = [step for step in range(10, 401, 10) for _ in range(2)]
    merged = _merged(table("train.log", "key_value", {"loss": (steps, [1.0] * 80)}))
    assert merged.notes == ()


def test_merge_does_not_compare_what_is_averaged_differently() -> None:
    """Megatron's event files hold single losses, its console means: both are the same training."""
    console = table("train.log", "megatron_console", {"loss": _course(10, 300)})
    events = table(
        "tb/events.out.tfevents.1.h.1.0",
        "event_file",
        {"loss": _course(10, 200, 5.0), "batch-size": _course(10, 200)},
        averaging="instant",
    )
    merged = _merged(console, events)
    assert (merged.skipped, merged.averaging) == ((), "window")
    assert list(merged.series) == ["batch-size", "loss"]


@pytest.mark.parametrize(
    "other",
    [
        {"eval_loss": ([100], [9.0])},
        {"loss": ([5, 10], [9.0, 9.0])},
        {"learning_rate": ([10, 20, 30], [9.0, 9.0, 9.0]), "x": ([10], [1.0])},
    ],
)
def test_merge_needs_points_in_common_to_call_a_log_foreign(other: dict[str, Any]) -> None:
    """One or two values, or other quantities, prove nothing."""
    mine = {"loss": _course(10, 300)}
    merged = _merged(table("a.json", "trainer_state", mine), table("b.csv", "csv_table", other))
    assert merged.skipped == ()


def test_merge_knows_another_training_by_its_learning_rate() -> None:
    """Where no loss can be compared, the next best quantity is."""
    mine = {"loss": _course(10, 300), "learning_rate": _course(10, 300)}
    other = {"learning_rate": _course(10, 300, 7.0)}
    merged = _merged(table("a.json", "trainer_state", mine), table("b.csv", "csv_table", other))
    assert [skipped.path for skipped in merged.skipped] == ["b.csv"]


def test_merge_passes_on_what_readers_survived() -> None:
    """A truncated tail that a reader noticed is still known after the merge."""
    note = Note("truncated_tail", ROOT / "log.jsonl", {"bytes": 12})
    log = table("log.jsonl", "json_lines", {"loss": _course(10, 100)}, notes=(note,))
    assert _merged(log).notes == (note,)


def test_merge_keeps_values_that_are_not_finite() -> None:
    """NaN is what a rule looks for; equal NaN in two logs are no disagreement."""
    values = [2.0, 1.5, float("nan"), float("nan"), float("nan")]
    steps = [10, 20, 30, 40, 50]
    state = table("trainer_state.json", "trainer_state", {"loss": (steps, values)})
    merged = _merged(state, _events(1, loss=(steps, values)))
    assert np.isnan(merged.series["loss"].values[2:]).all()
    assert merged.skipped == ()


def test_merge_of_nothing_is_empty() -> None:
    """No table, or one without points, gives no series."""
    assert _merged().series == {}
    assert _merged(table("a.jsonl", "json_lines", {})).series == {}
    assert _merged(table("a.jsonl", "json_lines", {"loss": ([], [])})).series == {}


@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(0, 3)), max_size=40),
    st.lists(st.integers(0, 60), max_size=3),
)
@example([(0, 0), (0, 0), (1, 0), (0, 0), (1, 0), (2, 0)], [1])
def test_merge_always_gives_rising_steps(
    points: list[tuple[int, int]], launches: list[int]
) -> None:
    """Whatever order a log was written in, each series rises and holds only logged points."""
    steps = [step for step, _ in points]
    log = table(
        "log.jsonl",
        "json_lines",
        {
            "loss": (steps, [float(value) for _, value in points]),
            "eval_loss": (steps[::3], steps[::3]),
        },
        launches=tuple(launches),
    )
    merged = _merged(log)
    for series in merged.series.values():
        assert np.all(np.diff(series.steps) > 0)
        assert set(series.steps.tolist()) <= set(steps)
    assert bool(points) == ("loss" in merged.series)
