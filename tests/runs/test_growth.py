"""Nothing grows faster than its input: four times the launches take about four times as long."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from msgspec.structs import replace

from lossscan import formats
from lossscan.formats import json_lines, trainer_state
from lossscan.formats.key_value.stated_columns import placed_lines
from lossscan.formats.key_value.stated_log import StatedLog
from lossscan.formats.kit.counters import CounterPlace
from lossscan.formats.kit.stated import StatedLine
from lossscan.ledger import diagnose
from lossscan.model import Column, Curve, Landmark, Message, Resume, Run, Schedule, Series, Table
from lossscan.rules.epoch_step_drop import check as epoch_steps
from lossscan.rules.kit.case import Case
from lossscan.rules.kit.levels import level_at
from lossscan.rules.kit.order import in_resumed_epoch
from lossscan.rules.overfitting import check as overfitting
from lossscan.rules.resume_discontinuity import check
from lossscan.runs import discover
from lossscan.runs.continued import chained
from lossscan.runs.landmarks.epochs import epochs_of
from lossscan.runs.launches import Course, course_of
from lossscan.runs.log_names import Folder
from lossscan.runs.merge import _resumes, _without, merge
from lossscan.settings import Settings
from lossscan.signals import scan
from lossscan.signals.boundaries import judge_landmarks
from lossscan.signals.clean import curve_of
from lossscan.sources.files import Head

GROWTH = 7.0  # at most, for four times the size: 4 where it is linear, 16 where it is quadratic


def _grows(work: Callable[[int], object], size: int) -> bool:
    """Whether four times the size takes too long three times in a row: others may run beside."""
    work(size // 4)  # what is loaded or remembered at first
    ratios = (_seconds(work, 2 * size) / _seconds(work, size // 2) for _ in range(3))
    return all(ratio >= GROWTH for ratio in ratios)


def _seconds(work: Callable[[int], object], size: int) -> float:
    begun = time.process_time()
    work(size)
    return time.process_time() - begun


def _table(steps: np.ndarray, name: str = "a", form: str = "json_lines") -> Table:
    values = 2 + np.random.default_rng(len(name)).normal(0, 0.1, len(steps))
    columns = {"loss": Column(steps, values), "learning_rate": Column(steps, np.ones(len(steps)))}
    return Table(path=Path(name), format=form, columns=columns)


def _files(count: int, form: str = "event_file") -> list[Table]:
    """Logs of nine points each, one behind the other."""
    return [_table(np.arange(9) + 9 * at, f"{at}", form) for at in range(count)]


def _resumed(times: int) -> Table:
    """A run of twenty points a launch, each of which goes back by five."""
    return _table((np.arange(20) + 15 * np.arange(times)[:, None]).ravel())


def _series(n: int) -> Curve:
    curve = curve_of(Series("loss", np.arange(n), 5 + np.random.default_rng(0).normal(0, 0.1, n)))
    assert curve is not None
    return curve


def _alternating(n: int) -> object:
    values = np.random.default_rng(0).uniform(0, 9_999, n)
    return epochs_of(Series("epoch", np.arange(n), values))


def _unlike(n: int) -> object:
    log = StatedLog()
    for at in range(n):
        log.add(StatedLine(CounterPlace("step", at, of=at), {f"a{at}_loss": "2.5"}, indented=False))
    return placed_lines(log, ())


def _judged(epochs: int) -> object:
    marks = [Landmark("epoch_boundary", 20.0 * at + 0.5) for at in range(1, epochs)]
    return judge_landmarks(_series(20 * epochs), marks, averaged=False)


def _checked(times: int) -> object:
    course = course_of([_resumed(times)])
    schedule = Schedule(resumes=course.resumes)
    run = Run(path="a", name="a", sources=(), series=dict(course.series), schedule=schedule)
    return list(check(Case(run, scan(run))))


def _spiked(n: int, *, every: int, epochs: int = 0) -> object:
    """A run with a spike in each seventeen points, some evaluations, or epochs."""
    rng = np.random.default_rng(0)
    loss = 2 + 0.02 * rng.normal(size=n)
    loss[rng.choice(n, n // 17, replace=False)] += 1.5
    marks = [Landmark("evaluation", float(at)) for at in range(0, n, every)]
    marks += [Landmark("epoch_boundary", n * at / epochs) for at in range(1, epochs)]
    steps, evaluated = np.arange(n), np.arange(0, n, every)
    series = {
        "loss": Series("loss", steps, loss),
        "eval_loss": Series("eval_loss", evaluated, np.full(len(evaluated), 2.1)),
    }
    schedule = Schedule(landmarks=tuple(marks), steps_per_epoch=n / epochs if epochs else None)
    run = Run(path="a", name="a", sources=(), series=series, schedule=schedule)
    return diagnose(run, scan(run), Settings())


def _stepped(n: int) -> object:
    """A run in whose epochs of twenty points the rate changes twice, as rules ask at each."""
    steps = np.arange(n)
    loss = 2 + np.random.default_rng(0).normal(0, 0.05, n)
    series = {
        "loss": Series("loss", steps, loss),
        "learning_rate": Series("learning_rate", steps, (1 + steps // 10 % 3).astype(np.float64)),
    }
    marks = [Landmark("lr_change", float(at)) for at in range(10, n, 10)]
    marks += [Landmark("epoch_boundary", float(at)) for at in range(20, n, 20)]
    run = Run(path="a", name="a", sources=(), series=series, schedule=Schedule(tuple(marks)))
    signals = scan(run)
    return list(epoch_steps(Case(run, signals)))


def _levels(n: int) -> object:
    """The level of a loss at many of its steps, as rules ask for it at evaluations."""
    series = Series("loss", np.arange(n), np.ones(n))
    return [level_at(series, at, points=5) for at in range(0, n, 100)]


def _two_sources(steps: np.ndarray) -> object:
    """Two logs of one run whose steps come in some other order than the usual."""
    return merge([_table(steps), _table(steps, "b", "event_file")], Path())


def _shuffled(n: int) -> np.ndarray:
    return np.random.default_rng(0).permutation(n)


def _ordered(epochs: int) -> object:
    """Whether each epoch was resumed in, as rules ask for it at boundaries."""
    marks = tuple(Landmark("epoch_boundary", float(at)) for at in range(epochs))
    schedule = Schedule(landmarks=marks, resumes=tuple(map(Resume, range(0, epochs, 2))))
    case = Case(Run(path="a", name="a", sources=(), series={}, schedule=schedule))
    return [in_resumed_epoch(case, at + 0.5) for at in range(epochs)]


def _both_resumed(times: int) -> object:
    """Two sources of one run, each of which tells of resumes that the other does not."""
    told = [tuple(Resume(10 * at + shift) for at in range(times)) for shift in (0, 5)]
    return _resumes([Course((), {}, resumes) for resumes in told], Path())


def _others(n: int) -> object:
    """Sources of which every other one is of another run."""
    courses = [Course((), {}) for _ in range(n)]
    return _without(courses, courses[::2])


def _linked(n: int) -> object:
    """Runs of a sweep with a link in each that leads out of it."""
    roots = [Path(f"sweep/{at}") for at in range(n)]
    links = {root / "config.json": Message("symlink_outside") for root in roots}
    return discover._shared_out(links, roots)


def _stores(n: int) -> object:
    """A folder of databases, each of them a run."""
    stores = tuple(Path(f"runs/{at}.db") for at in range(n))
    return discover._stores_apart(discover.RunFiles(Path("runs"), stores), {*stores})


def _read(form: str, rows: Sequence[str], n: int) -> object:
    """A log of n entries, which are these in turn, with their number in the place of `#`."""
    data = "".join(rows[at % len(rows)].replace("#", str(at)) for at in range(n)).encode()
    return formats.named(form).read(Head(Path("log"), len(data), data), Settings())


def _of_sets(n: int) -> object:
    """A state whose evaluations are of so many sets, each in an entry of its own."""
    entries = (f'{{"step": {s}, "eval_set{at}_loss": 2.5}}' for s in range(9) for at in range(n))
    data = f'{{"global_step": 9, "log_history": [{",".join(entries)}]}}'.encode()
    return trainer_state.read(Head(Path("log"), len(data), data), Settings())


def _sweep(n: int) -> object:
    """Folders of one log each, below one."""
    logs = [Path(f"sweep/{at}/trainer_log.jsonl") for at in range(n)]
    folders = {log.parent: Folder(logs=[log]) for log in logs}
    return discover._runs(discover._Tree(Path("sweep"), folders))


def _evaluated(n: int) -> object:
    """A run whose evaluation was lowest at first, by less than noise alone can tell."""
    steps = np.arange(n)
    values = np.where(steps % 2, 1.99, 2.01)
    values[:5] -= 0.02
    series = {name: Series(name, steps, values) for name in ("loss", "eval_loss")}
    return list(overfitting(Case(Run(path="a", name="a", sources=(), series=series))))


def _broken(n: int) -> object:
    """A run that steps up or down at each two hundredth point."""
    steps = np.arange(n)
    loss = 2 + 0.3 * (steps // 200 % 2) + np.random.default_rng(0).normal(0, 0.05, n)
    run = Run(path="a", name="a", sources=(), series={"loss": Series("loss", steps, loss)})
    return scan(run)


def _each_run(form: str, n: int) -> object:
    """Each of the runs of a file by itself, as a batch reads them."""
    text, names = HOLDING[form](n)
    head = Head(Path("log"), len(text), text.encode())
    read = formats.named(form).read
    return [read(replace(head, part=name), Settings()) for name in names]


def _exported(n: int) -> tuple[str, list[str]]:
    runs = [f"run{at}" for at in range(n)]
    header = ",".join(f'"{run} - loss"' for run in runs)
    rows = (f"{step}" + ",2.5" * n + "\n" for step in range(9))
    return f'"Step",{header}\n{"".join(rows)}', runs


def _labeled(n: int) -> tuple[str, list[str]]:
    runs = [f"run{at}" for at in range(n)]
    rows = (f"{run},{step},2.5\n" for run in runs for step in range(9))
    return f"run,step,loss\n{''.join(rows)}", runs


def _nested(n: int) -> tuple[str, list[str]]:
    runs = {f"run{at}": {"loss": [2.5] * 9} for at in range(n)}
    return json.dumps(runs), [*runs]


def _finished(n: int) -> tuple[str, list[str]]:
    points = "".join(f"{{'loss': 2.5, 'epoch': 0.{at}}}\n" for at in range(1, 10))
    one = f"***** Running training *****\n{points}{{'train_runtime': 10.0, 'epoch': 1.0}}\n"
    return one * n, [str(at) for at in range(1, n + 1)]


HOLDING = {  # the text of a file that holds so many runs, and their names
    "csv_table": _labeled,
    "json_table": _nested,
    "transformers_console": _finished,
    "wandb_export": _exported,
}
ROWS = {  # of readers that keep some thousand rows as they are before they become numbers
    "json_lines": (
        '{"step": #, "loss": NaN, "lr": 1e-4}\n',
        '{"step": #, "loss": 2.5, "lr": 1e-4}\n',
        '{"step": #, "eval_loss": 2.5}\n',
    ),
    "key_value": ("step=# loss=2.5 lr=1e-4\n", "step=# val_loss=2.5\n"),
    "nanogpt_console": ("iter #: loss 2.5, time 20.10ms\n", "step #: val loss 2.5\n"),
    "transformers_console": (
        "{'loss': 2.5, 'learning_rate': 1e-4, 'epoch': 0.#}\n",
        " 5%|#  | #/99999 [00:01<00:02,  1.2it/s]\r",
        "{'eval_loss': 2.5, 'epoch': 0.#}\n",
    ),
}
WORK: dict[str, tuple[Callable[[int], object], int]] = {
    "launches of one log": (lambda n: course_of([_resumed(n)]), 300),
    "the rule on resumes": (_checked, 200),
    "resumes of two sources": (
        lambda n: merge([_resumed(n), _table(np.arange(15 * n), "b", "event_file")], Path()),
        300,
    ),
    "steps in any order": (lambda n: _two_sources(_shuffled(n)), 4000),
    "steps that descend": (lambda n: _two_sources(np.arange(n)[::-1]), 4000),
    "resumes that each of two sources has": (_both_resumed, 2_000),
    "breaks": (_broken, 20_000),
    "sources of other runs": (_others, 2_000),
    "links out of a sweep": (_linked, 400),
    "databases of one folder": (_stores, 500),
    "evaluation sets of a state": (_of_sets, 400),
    "event files of one folder": (lambda n: merge(_files(n), Path()), 200),
    "logs that go on": (lambda n: chained(_files(n, "json_lines")), 200),
    "logs side by side": (
        lambda n: chained([_table(np.arange(9), f"{at}") for at in range(n)]),
        400,
    ),
    "epochs": (_judged, 400),
    "steps of the rate": (_stepped, 24_000),
    "epochs to and fro": (_alternating, 4000),
    "lines of names of their own": (_unlike, 250),
    "epochs that were resumed": (_ordered, 4_000),
    "runs of a sweep": (_sweep, 2000),
    "evaluations behind the lowest": (_evaluated, 2000),
    "levels at evaluations": (_levels, 200_000),
    "spikes and evaluations": (lambda n: _spiked(n, every=20), 20_000),
    **{f"rows of {name}": (partial(_read, name, rows), 6_000) for name, rows in ROWS.items()},
    **{f"runs of one {name}": (partial(_each_run, name), 120) for name in HOLDING},
    "spikes of some epochs": (lambda n: _spiked(n, every=1000, epochs=20), 20_000),
}


@pytest.mark.parametrize("name", WORK)
def test_four_times_the_input_take_about_four_times(name):
    """The bound lies between linear and quadratic, so that a third that is quadratic shows."""
    assert not _grows(*WORK[name])


def test_evaluations_and_nan_slow_no_reader_down():
    """In a long log with both, few lines and few entries of a state are decoded one by one."""
    n, rows, take = 80_000, ROWS["json_lines"], trainer_state._History.take
    with patch.object(json_lines, "_parsed", wraps=json_lines._parsed) as parsed:
        _read("json_lines", rows, n)
    entries = ",".join(rows[at % 3].replace("#", str(at)) for at in range(n))
    data = f'{{"global_step": 1, "log_history": [{entries}]}}'.encode()
    with patch.object(trainer_state._History, "take", autospec=True, side_effect=take) as taken:
        trainer_state.read(Head(Path("log"), len(data), data), Settings())
    assert 0 < parsed.call_count < n / 4
    assert 0 < sum(len(call.args[1]) for call in taken.mock_calls) < n / 4


def test_each_point_is_overtaken_once():
    """Of three launches, the last takes back what the second kept and some of the first."""
    steps = np.array([1, 2, 3, 4, 5, 6, 4, 5, 6, 7, 3, 4])
    course = course_of([_table(steps)])
    assert course.series["loss"].steps.tolist() == [1, 2, 3, 4]
    assert [resume.step for resume in course.resumes] == [3, 2]
    dead = [resume.dead["loss"].steps.tolist() for resume in course.resumes]
    assert dead == [[4, 5, 6], [3, 4, 5, 6, 7]]
