"""Steps, epochs and settings become landmarks where the trainer had them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from math import ceil, cos, pi
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lossscan.model import Landmark, Resume, Schedule, Series
from lossscan.runs.landmarks.schedule import schedule_of
from tests.tables import config, series

SAMPLES = Path(__file__).parents[2] / "sample_logs"


def _logged(steps: Sequence[int], **columns: Sequence[float]) -> dict[str, Series]:
    made = {name: series(name, steps, values) for name, values in columns.items()}
    return {"loss": series("loss", steps, [2.0] * len(steps)), **made}


def _steps(marks: Sequence[Landmark]) -> list[float]:
    return [mark.step for mark in marks]


def _of_epochs(steps: Sequence[int], epochs: Sequence[float], **fields: Any) -> Schedule:
    return schedule_of(_logged(steps, epoch=epochs), config(**fields))


def _of_rates(rates: Sequence[float], every: int = 10, **fields: Any) -> Schedule:
    steps = range(every, every * len(rates) + 1, every)
    return schedule_of(_logged(steps, learning_rate=rates), config(**fields))


# --- epoch boundaries -----------------------------------------------------------------------------


def test_schedule_places_boundaries_of_exact_epochs() -> None:
    """Three epochs of 100 steps end at 100 and 200; the end of the run is no boundary."""
    steps = range(10, 301, 10)
    schedule = _of_epochs(steps, [step / 100 + 1e-9 for step in steps])
    assert _steps(schedule.of("epoch_boundary")) == pytest.approx([100, 200], abs=0.01)
    assert [mark.epoch for mark in schedule.of("epoch_boundary")] == [1, 2]
    assert (schedule.steps_per_epoch, schedule.epochs) == (100.0, 3.0)


def test_schedule_sees_through_rounded_epochs() -> None:
    """Two decimals of an epoch of 1847 steps are 18 steps each; all points together know better."""
    steps = range(10, 3691, 10)
    (mark,) = _of_epochs(steps, [round(step / 1847, 2) for step in steps]).of("epoch_boundary")
    assert abs(mark.step - 1847) <= mark.slack < 6


def test_schedule_sees_through_four_digits() -> None:
    """Version 5 of transformers prints '1.007' for 1.00667."""
    steps = range(5, 1501, 5)
    epochs = [float(f"{step / 750:.4g}") for step in steps]
    (mark,) = _of_epochs(steps, epochs).of("epoch_boundary")
    assert abs(mark.step - 750) <= mark.slack < 3


def test_schedule_takes_the_number_of_examples_where_the_epochs_allow_it() -> None:
    """The banner's examples and batch settle what rounding leaves open."""
    steps = range(10, 3691, 10)
    epochs = [round(step / 1847, 2) for step in steps]
    schedule = _of_epochs(steps, epochs, num_examples=14773, total_train_batch_size=8)
    assert schedule.steps_per_epoch == 1847


def test_schedule_follows_epochs_with_an_incomplete_last_update() -> None:
    """With 161 batches in groups of 4 in transformers 4.48 updates 41, 82, 123 end the epochs."""
    updates = ceil(161 / 4)
    epochs = [
        (s - 1) // updates + min(1.0, ((s - 1) % updates + 1) * 4 / 161) for s in range(1, 161)
    ]
    schedule = _of_epochs(range(1, 161), epochs)
    assert _steps(schedule.of("epoch_boundary")) == pytest.approx([41, 82, 123], abs=1)
    assert schedule.steps_per_epoch == pytest.approx(41, abs=0.01)


def test_schedule_allows_boundaries_between_updates() -> None:
    """Up to transformers 4.45 left-over batches carry over: an epoch may take 69.5 updates."""
    steps = range(10, 301, 10)
    schedule = _of_epochs(steps, [step / 69.5 for step in steps])
    assert _steps(schedule.of("epoch_boundary")) == pytest.approx([69.5, 139, 208.5, 278], abs=0.1)


def test_schedule_reads_a_bare_epoch_number() -> None:
    """Lightning counts steps and epochs from 0: step 286 is the last of 287 in epoch 0."""
    steps = range(49, 2870, 50)
    schedule = _of_epochs(steps, [float(step // 287) for step in steps])
    marks = schedule.of("epoch_boundary")
    assert [mark.epoch for mark in marks] == list(range(1, 10))
    true = [287 * epoch - 1 for epoch in range(1, 10)]
    assert all(abs(mark.step - step) <= mark.slack for mark, step in zip(marks, true, strict=True))
    assert marks[0].slack < 3


def test_schedule_reads_a_bare_epoch_number_whose_length_changes() -> None:
    """Where no length fits all, an index still changes between two points."""
    steps = range(9, 400, 10)
    epochs = [float(step >= 100) + float(step >= 150) + float(step >= 350) for step in steps]
    marks = _of_epochs(steps, epochs).of("epoch_boundary")
    assert _steps(marks) == pytest.approx([99, 149, 349], abs=5)


def _of_lightning(ends: Sequence[int], name: str, last: int = 299) -> Schedule:
    """Epochs of 100 steps, each tenth logged, and a series with points at the ends alone."""
    steps = sorted({*range(9, last + 1, 10), *ends})
    logged = _logged(steps, epoch=[float(step // 100) for step in steps])
    return schedule_of({**logged, name: series(name, ends, [2.0] * len(ends))}, {})


@pytest.mark.parametrize("name", ["eval_loss", "train_loss_epoch"])
def test_schedule_takes_the_length_from_what_is_logged_once_an_epoch(name: str) -> None:
    """Lightning evaluates at the last step of an epoch: between lines of steps lies no doubt."""
    schedule = _of_lightning([99, 199, 299], name)
    assert (schedule.steps_per_epoch, schedule.epochs) == (100.0, 3.0)
    assert [(mark.step, mark.slack) for mark in schedule.of("epoch_boundary")] == [
        (99, 1),
        (199, 1),
    ]


@pytest.mark.parametrize(
    ("ends", "last"),
    [
        ([49, 99, 149, 199, 249], 269),  # the last epoch is unfinished
        ([44, 89, 144, 189, 244, 289], 299),  # the last batches of an epoch are behind both
    ],
)
def test_schedule_takes_the_length_from_the_last_of_several_evaluations(
    ends: Sequence[int], last: int
) -> None:
    """Where an epoch is evaluated twice, its last evaluation tells as much."""
    assert _of_lightning(ends, "eval_loss", last).steps_per_epoch == 100


def test_schedule_leaves_what_evaluations_do_not_tell() -> None:
    """Evaluations every 75 steps come anywhere in an epoch of 100."""
    schedule = _of_lightning([74, 149, 224, 299], "eval_loss")
    one, two = schedule.of("epoch_boundary")
    assert abs(one.step - 99) <= one.slack
    assert abs(two.step - 199) <= two.slack


def test_schedule_reads_one_row_an_epoch_that_is_numbered_from_0() -> None:
    """Lightning logs means over an epoch at its last step: number 2 ends the third."""
    schedule = _of_epochs([99, 199, 299], [0.0, 1.0, 2.0])
    assert (schedule.steps_per_epoch, schedule.epochs) == (100.0, 3.0)


def test_schedule_counts_the_epochs_of_rows_that_have_no_other_step() -> None:
    """Keras numbers its rows from 0: the row 59 ends the sixtieth epoch."""
    schedule = _of_epochs(range(60), [float(epoch) for epoch in range(60)])
    assert (schedule.steps_per_epoch, schedule.epochs) == (1.0, 60.0)


def test_schedule_does_not_know_how_much_of_the_only_epoch_is_done() -> None:
    """That epoch 1 runs since step 1 says nothing of its length."""
    assert _of_epochs([1, 2, 3], [1.0, 1.0, 1.0]).epochs is None


def test_schedule_begins_no_epoch_between_points_of_one() -> None:
    """All lines of a pasted piece say epoch 18."""
    schedule = _of_epochs([134, 136, 138, 140], [18.0] * 4)
    assert schedule.of("epoch_boundary") == ()
    assert schedule.epochs == pytest.approx(19.0)  # at most: it may be numbered from 0


@pytest.mark.parametrize("every", [1, 2])
def test_schedule_marks_no_epochs_shorter_than_the_logging(every: int) -> None:
    """Forty epochs of one update each have no inside."""
    steps = range(every, 41, every)
    schedule = _of_epochs(steps, [float(step) for step in steps])
    assert schedule.of("epoch_boundary") == ()
    assert schedule.steps_per_epoch == pytest.approx(1.0)


def test_schedule_judges_no_rate_of_a_few_points() -> None:
    """Seven points show no course to leave."""
    marks = _of_rates([1e-3, 1e-3, 1e-4, 1e-4, 1e-5, float("nan"), 1e-5, 1e300]).landmarks
    assert marks == ()


def test_schedule_reads_one_point_an_epoch() -> None:
    """Where only each epoch's end is logged, every point is a boundary and none is told."""
    schedule = _of_epochs([100, 200, 300], [1.0, 2.0, 3.0])
    assert schedule.steps_per_epoch == pytest.approx(100)
    assert schedule.of("epoch_boundary") == ()


def test_schedule_makes_no_epoch_of_a_stream() -> None:
    """A streamed run counts its share of max_steps as its epoch: no data epoch ends."""
    steps = range(10, 1001, 10)
    schedule = _of_epochs(steps, [step / 1000 for step in steps], streaming=True, max_steps=1000)
    assert schedule.of("epoch_boundary") == ()
    assert schedule.steps_per_epoch is None


@pytest.mark.parametrize(("stated", "planned"), [(1500, 1500), (600, 600), (10, None)])
def test_schedule_takes_no_count_for_a_plan_that_the_run_is_far_beyond(
    stated: int, planned: int | None
) -> None:
    """A run may be prolonged; `num_iter=10` is of the steps of an attack."""
    steps = range(10, 1001, 10)
    schedule = _of_epochs(steps, [step / 100 for step in steps], max_steps=stated)
    assert schedule.max_steps == planned


def test_schedule_finds_the_end_of_a_stream_that_starts_over() -> None:
    """When a stream is exhausted, its epoch jumps to the next number."""
    steps = range(10, 1001, 10)
    epochs = [step / 1000 if step <= 400 else 1 + (step - 400) / 1000 for step in steps]
    marks = _of_epochs(steps, epochs, streaming=True).of("epoch_boundary")
    assert _steps(marks) == pytest.approx([400], abs=10)


def test_schedule_follows_an_epoch_that_goes_back() -> None:
    """After a resume that lost the data order the epoch runs on from another place."""
    steps = range(10, 501, 10)
    epochs = [step / 100 if step <= 160 else (step - 56) / 100 for step in steps]
    marks = _of_epochs(steps, epochs).of("epoch_boundary")
    assert _steps(marks) == pytest.approx([100, 256, 356, 456], abs=1.1)


@pytest.mark.parametrize(("first", "expected"), [(0, [99, 199]), (1, [100, 200])])
def test_schedule_counts_micro_batches_of_minimind(first: int, expected: list[int]) -> None:
    """MiniMind prints the length of an epoch; older versions count its batches from 0."""
    steps = range(first, 300, 10)
    schedule = schedule_of(_logged(steps), config(steps_per_epoch=100))
    assert _steps(schedule.of("epoch_boundary")) == expected


def test_schedule_computes_epochs_from_the_number_of_examples() -> None:
    """Without an epoch column 1,000 examples in batches of 2 x 4 x 2 devices are 63 updates."""
    fields = config(
        num_examples=1000,
        per_device_train_batch_size=2,
        gradient_accumulation_steps=4,
        num_devices=2,
    )
    schedule = schedule_of(_logged(range(5, 190, 5)), fields)
    assert _steps(schedule.of("epoch_boundary")) == [63, 126]


@pytest.mark.parametrize("epochs", [[float("nan")] * 9, [0.0] * 9, [1e300] * 9, [-1.0] * 9])
def test_schedule_survives_epochs_that_say_nothing(epochs: list[float]) -> None:
    """A broken epoch column gives no boundary and no error."""
    assert _of_epochs(range(10, 100, 10), epochs).of("epoch_boundary") == ()


def test_schedule_survives_steps_that_are_absurd() -> None:
    """A step of 2**60 in a broken file does not make a million landmarks."""
    schedule = _of_epochs([10, 20, 30, 2**60], [0.1, 0.2, 0.3, 2.0], save_steps=15)
    assert len(schedule.landmarks) < 10


# --- the learning rate ----------------------------------------------------------------------------


def _cosine(points: int, warm: int, peak: float = 1e-3) -> list[float]:
    ramp = [peak * (point + 1) / warm for point in range(warm)]
    rest = points - warm
    return ramp + [peak * 0.5 * (1 + cos(pi * (n + 1) / rest)) for n in range(rest)]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"warmup_steps": 100}, 100),
        ({"warmup_ratio": 0.1, "max_steps": 1000}, 100),
        ({"warmup_ratio": 0.0, "warmup_steps": 0}, 100),
        ({}, 100),
        ({"warmup_steps": 500}, 100),  # the log knows better
    ],
)
def test_schedule_ends_the_warmup(fields: dict[str, Any], expected: int) -> None:
    """The warm-up ends where the settings say, if the logged rate agrees, else where it peaks."""
    (mark,) = _of_rates(_cosine(100, 10), **fields).of("warmup_end")
    assert mark.step == pytest.approx(expected, abs=mark.slack)


def test_schedule_takes_the_warmup_from_the_settings_without_a_logged_rate() -> None:
    """With no learning rate in the log the settings are all there is."""
    (mark,) = schedule_of(_logged(range(10, 500, 10)), config(warmup_steps=55)).of("warmup_end")
    assert mark.step == 55


@pytest.mark.parametrize(
    "rates",
    [
        [1e-3] * 50,
        [1e-3 * (1 - n / 50) for n in range(50)],
        [1e-3 * (n + 1) / 50 for n in range(50)],
        [5e-4] * 25 + [5e-2] * 25,
    ],
)
def test_schedule_sees_no_warmup_where_there_is_none(rates: list[float]) -> None:
    """Constant, falling, still climbing, or jumping up late: no warm-up ends there."""
    assert _of_rates(rates).of("warmup_end") == ()


@pytest.mark.parametrize(
    ("rates", "expected"),
    [
        ([1e-3] * 30 + [1e-4] * 30 + [1e-5] * 30, [300, 600]),
        ([5e-4] * 25 + [5e-2] * 25, [250]),
        ([2e-5] * 30 + [2e-6] * 30, [300]),
        ([1e-3] * 80 + [1e-3 * (1 - (n + 1) / 20) for n in range(20)], [800]),
        (_cosine(50, 1) + _cosine(50, 1), [500]),
        (_cosine(60, 6) + _cosine(40, 6, 5e-4), [600]),
    ],
)
def test_schedule_marks_changes_of_the_rate(rates: list[float], expected: list[int]) -> None:
    """Step decay, a jump, an anneal, a restart: each is one landmark."""
    assert _steps(_of_rates(rates).of("lr_change")) == pytest.approx(expected, abs=10)


@pytest.mark.parametrize(
    "rates",
    [
        _cosine(20, 2),
        _cosine(1000, 30),
        [float(f"{rate:.4g}") for rate in _cosine(400, 10)],
        [1e-3 * (1 - n / 30) for n in range(30)],
        [round(rate, 8) for rate in _cosine(400, 1, 1e-7)],
        [round(rate, 8) for rate in _cosine(200, 1, 4e-8)],
        [1e-3 / (1 + n) ** 0.5 for n in range(200)],
        [1e-3 * 0.5 * (1 + cos(2 * pi * 3 * n / 300)) for n in range(300)],
    ],
)
def test_schedule_marks_nothing_on_a_smooth_rate(rates: list[float]) -> None:
    """Cosine, linear and inverse root fall without a break, coarse, fine or rounded."""
    assert _of_rates(rates).of("lr_change") == ()


# --- resumes, evaluations, checkpoints, data epochs -----------------------------------------------


@pytest.mark.parametrize(
    ("fields", "step", "slack"),
    [({}, 300, 9), ({"save_steps": 61}, 305, 0), ({"save_steps": 100}, 300, 0)],
)
def test_schedule_places_a_resume_at_its_checkpoint(
    fields: dict[str, int], step: float, slack: float
) -> None:
    """The log shows the points on either side; save_steps tells which step was saved."""
    logged = _logged(range(10, 601, 10))
    (mark,) = schedule_of(logged, config(**fields), [Resume(step=300)]).of("resume")
    assert (mark.step, mark.slack) == (step, slack)


def test_schedule_has_no_landmark_for_a_fresh_start() -> None:
    """A run that overwrote another one did not continue it."""
    logged = _logged(range(10, 601, 10))
    schedule = schedule_of(logged, {}, [Resume(step=0, fresh=True)])
    assert schedule.of("resume") == ()
    assert schedule.resumes[0].fresh


def test_schedule_marks_evaluations_and_checkpoints() -> None:
    """Evaluations stand where they were logged, checkpoints at multiples of save_steps."""
    logged = _logged(range(10, 601, 10))
    logged["eval_code_loss"] = series("eval_code_loss", [200, 400, 600], [1.0, 1.0, 1.0])
    schedule = schedule_of(logged, config(save_steps=250))
    assert _steps(schedule.of("evaluation")) == [200, 400, 600]
    assert _steps(schedule.of("checkpoint")) == [250, 500]


@pytest.mark.parametrize("fields", [{"save_steps": 10}, {"save_steps": 99, "save_strategy": "no"}])
def test_schedule_marks_no_checkpoint_that_tells_nothing(fields: dict[str, Any]) -> None:
    """A checkpoint at every logged point, or none at all, explains no change."""
    assert schedule_of(_logged(range(10, 601, 10)), config(**fields)).of("checkpoint") == ()


@pytest.mark.parametrize(
    "fields",
    [
        {"last_epoch_first_sample": 4824},
        {"train_samples": 7712, "last_epoch_samples": 2888, "separate_last_epoch": True},
        {"built_samples": 9650, "data_epochs": 2},
        {"tokens_per_epoch": 308_800, "seq_length": 64},
    ],
)
def test_schedule_places_the_last_data_epoch(fields: dict[str, Any]) -> None:
    """However the log tells it, sample 4824 in batches of 16 is step 301."""
    fields = config(max_steps=482, total_train_batch_size=16, **fields)
    (mark,) = schedule_of(_logged(range(10, 481, 10)), fields).of("last_data_epoch")
    assert mark.step == 301


@pytest.mark.parametrize(
    "fields",
    [
        {"last_epoch_first_sample": 4824, "separate_last_epoch": False},
        {"built_samples": 7750, "data_epochs": 2},  # 80 % or more of the last one is needed
        {"tokens_per_epoch": 600_000, "seq_length": 64},  # one epoch is enough
        {"data_epochs": 2},
    ],
)
def test_schedule_knows_when_the_last_data_epoch_is_not_set_apart(fields: dict[str, Any]) -> None:
    """One joint shuffle has no boundary anywhere."""
    fields = config(max_steps=482, total_train_batch_size=16, **fields)
    assert schedule_of(_logged(range(10, 481, 10)), fields).of("last_data_epoch") == ()


def test_schedule_follows_a_batch_that_grows() -> None:
    """Megatron's ramp-up: the samples consumed so far tell the step, not the final batch size."""
    steps = range(10, 481, 10)
    grown = [8 * step if step <= 100 else 800 + 16 * (step - 100) for step in steps]
    consumed = Series("consumed_samples", np.array(steps), np.array(grown, dtype=float))
    fields = config(max_steps=480, total_train_batch_size=16, last_epoch_first_sample=4800)
    (mark,) = schedule_of({**_logged(steps), "consumed_samples": consumed}, fields).of(
        "last_data_epoch"
    )
    assert mark.step == 350


def test_schedule_plans_from_epochs_where_no_step_count_is_stated() -> None:
    """Three epochs of 100 steps are 300 updates."""
    steps = range(10, 201, 10)
    planned = _of_epochs(steps, [step / 100 for step in steps], num_train_epochs=3.0).max_steps
    assert planned == 300


def test_schedule_of_nothing_is_empty() -> None:
    """No series, no landmarks."""
    assert schedule_of({}, {}).landmarks == ()


def test_schedule_of_the_accumulation_sample_ends_epochs_at_the_odd_points() -> None:
    """In a real run of transformers 4.48 the low last point of each epoch is on the boundary."""
    path = SAMPLES / "incomplete-accumulation" / "trainer_state.json"
    rows = [row for row in json.loads(path.read_text())["log_history"] if "loss" in row]
    schedule = _of_epochs([row["step"] for row in rows], [row["epoch"] for row in rows])
    losses = np.array([row["loss"] for row in rows])
    low = np.flatnonzero(losses < losses.mean() / 2) + 1
    assert _steps(schedule.of("epoch_boundary")) == pytest.approx(low.tolist(), abs=0.01)


@pytest.mark.parametrize(
    ("stated", "expected"), [("out/checkpoint-40", [40]), ("out/checkpoint-400", []), ("True", [])]
)
def test_schedule_resumes_at_the_checkpoint_that_a_setting_names(
    stated: str, expected: list[int]
) -> None:
    """No step goes back where the log is carried on; the checkpoint of another run is elsewhere."""
    logged = _logged(range(10, 101, 10), loss=[1.0] * 10)
    schedule = schedule_of(logged, config(resume_from_checkpoint=stated))
    assert [resume.step for resume in schedule.resumes] == expected
    assert _steps(schedule.of("resume")) == expected
