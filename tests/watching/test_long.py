"""A long run is not read at each poll, and nothing is missed for it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossscan import Settings, api, watching
from lossscan.model import RunReport
from lossscan.pipeline import examine, one_run
from lossscan.watching import Look, Watch, long
from lossscan.watching.long import excerpts
from tests import writers

POINTS = 3000
COURSE = 2 + np.exp(-np.arange(2 * POINTS) / 800)
LOSS = np.round(COURSE * (1 + np.random.default_rng(7).normal(0, 0.01, 2 * POINTS)), 4)

Rows = Callable[[int, float], bytes]
KINDS: dict[str, tuple[str, bytes, Rows]] = {
    "lines": (
        "trainer_log.jsonl",
        b"",
        lambda at, loss: json.dumps({"step": at, "loss": loss}).encode() + b"\n",
    ),
    "table": ("metrics.csv", b"step,loss\n", lambda at, loss: f"{at},{loss}\n".encode()),
    "console": ("train.log", b"", lambda at, loss: f"step {at}: loss {loss:.4f}\n".encode()),
    "records": (
        "events.out.tfevents.1.host",
        writers.version(),
        lambda at, loss: writers.record(writers.event(at, writers.simple("loss", loss))),
    ),
}


@pytest.fixture(autouse=True)
def short():
    """Logs are long from 20 kB on: the tests stay quick."""
    with scaled():
        yield


@contextmanager
def scaled() -> Iterator[None]:
    """A fiftieth of the sizes."""
    with (
        mock.patch.object(long, "HEAD_BYTES", 2_000),
        mock.patch.object(long, "TAIL", 18_000),
        mock.patch.object(long, "LONG", 20_000),
        mock.patch.object(long, "FIRST_WAIT", 400),
    ):
        yield


def after(*happen: Callable[[], object]) -> Callable[[], bool]:
    """A wait in which these happen, then the end."""
    left = iter(happen)

    def wait() -> bool:
        happens = next(left, None)
        if happens is not None:
            happens()
        return happens is None

    return wait


@dataclass(slots=True)
class Trainer:
    """Writes a log bit by bit, and counts how often the whole of it was read."""

    log: Path
    rows: Rows
    loss: np.ndarray
    written: int = 0
    whole: int = 0

    def train(self, count: int) -> None:
        """Log so many more points."""
        end = self.written + count
        with self.log.open("ab") as stream:
            for at in range(self.written, end):
                stream.write(self.rows(at, float(self.loss[at])))
        self.written = end

    def watched(self, polls: list[Callable[[], object]]) -> list[Look]:
        """The looks at the whole run, something happening before each poll but the first."""

        def counted(*given: object) -> RunReport:
            self.whole += 1
            return examine(*given)  # type: ignore[arg-type]  # as it is called

        with mock.patch.object(watching, "examine", counted):
            looks = Watch(self.log.parent, Settings()).looks(after(*polls))
            return [look for look in looks if look.tail is None]


def trainer(folder: Path, kind: str = "lines", jump: int | None = None) -> Trainer:
    """A trainer whose log has 3000 points."""
    name, head, rows = KINDS[kind]
    loss = LOSS.copy()
    if jump is not None:
        loss[jump:] *= 2
    log = folder / name
    log.write_bytes(head)
    made = Trainer(log, rows, loss)
    made.train(POINTS)
    return made


@pytest.mark.parametrize("kind", KINDS)
def test_a_poll_reads_the_last_lines_alone(tmp_path: Path, kind: str):
    """Ten points more are no reason to read three thousand; at the end the whole is read again."""
    made = trainer(tmp_path, kind)
    assert made.log.stat().st_size > long.LONG
    looks = made.watched([lambda: made.train(10)] * 8)
    assert made.whole == 2
    assert len(looks) == 2
    assert looks[-1].report is not None
    assert looks[-1].report.findings == api.analyze(tmp_path).findings


@pytest.mark.parametrize("kind", ["console", "records"])
def test_a_jump_in_a_long_log_is_said_while_it_trains(tmp_path: Path, kind: str):
    """The last lines raise the alarm, the whole run confirms it."""
    made = trainer(tmp_path, kind, jump=POINTS + 40)
    looks = made.watched([lambda: made.train(40)] * 14)
    said = {finding.rule: number for number, look in enumerate(looks) for finding in look.new}
    assert "loss-jump" in said
    assert said["loss-jump"] < len(looks) - 1, "before the watch ends"
    assert made.whole <= 10


@pytest.mark.parametrize("kind", KINDS)
def test_a_jump_in_the_last_lines_is_looked_at_before_the_log_has_grown_much(tmp_path, kind):
    """What seems to change where lines are left out is no alarm; what changes behind that is."""
    made = trainer(tmp_path, kind, jump=POINTS + 10)
    made.watched([lambda: made.train(10)] * 8)
    assert made.whole > 2


def test_the_whole_is_read_when_it_has_grown_by_a_twentieth(tmp_path: Path):
    """What builds up slowly is seen without an alarm."""
    made = trainer(tmp_path)
    looks = made.watched([lambda: made.train(100)] * 3)
    assert [look.report is not None for look in looks] == [True] * len(looks)
    assert len(looks) == 3, "at first, after 200 points, at the end"


def test_nothing_grown_costs_nothing(tmp_path: Path):
    """A poll that finds the files as they were reads none of them."""
    made = trainer(tmp_path)
    with mock.patch.object(long, "examine", wraps=examine) as short_looks:
        made.watched([lambda: None] * 5)
    assert (made.whole, short_looks.call_count) == (1, 1), "the last report is that of the first"


def _rotated(log: Path) -> None:
    text = log.read_bytes()
    log.rename(log.with_suffix(".old"))
    log.write_bytes(text + KINDS["lines"][2](POINTS, 2.0))


def _truncated(log: Path) -> None:
    log.write_bytes(b"".join(KINDS["lines"][2](at, 2.0) for at in range(1500)))


def _second(log: Path) -> None:
    (log.parent / "metrics.csv").write_bytes(b"step,loss\n1,2\n")


@pytest.mark.parametrize("happens", [_rotated, _truncated, _second])
def test_another_file_is_read_whole(tmp_path: Path, happens: Callable[[Path], None]):
    """Rotation, truncation, a further log: what was seen of the run counts no more."""
    made = trainer(tmp_path)
    looks = made.watched([lambda: made.train(10), lambda: happens(made.log)])
    assert len(looks) == 3
    assert looks[-1].report is not None
    assert looks[-1].report.findings == api.analyze(tmp_path).findings


def test_a_document_is_read_whole(tmp_path: Path):
    """Of one JSON value the last lines say nothing."""
    log = tmp_path / "trainer_state.json"

    def write(count: int) -> None:
        rows = [{"step": at, "loss": float(LOSS[at])} for at in range(1, count)]
        log.write_text(json.dumps({"log_history": rows}, indent=1), encoding="utf-8")

    write(3000)
    looks = list(Watch(tmp_path, Settings()).looks(after(lambda: write(3010), lambda: write(3020))))
    runs = [look.report.run for look in looks if look.report is not None]
    assert [len(run.series["loss"]) for run in runs if run is not None] == [2999, 3009, 3019, 3019]


@pytest.mark.parametrize("kind", KINDS)
def test_an_excerpt_has_the_first_and_the_last_points(tmp_path: Path, kind: str):
    """Whole lines and records, each as it stands in the log."""
    made = trainer(tmp_path, kind)
    files = one_run(tmp_path, Settings())
    with excerpts(files, frozenset([made.log])) as cut:
        assert cut is not None
        run = examine(cut, Settings()).run
    whole = api.read(tmp_path).series["loss"]
    assert run is not None
    short_ = run.series["loss"]
    assert len(short_) < len(whole)
    assert (short_.steps[0], short_.steps[-1]) == (whole.steps[0], whole.steps[-1])
    kept = dict(zip(whole.steps.tolist(), whole.values.tolist(), strict=True))
    assert [kept[at] for at in short_.steps.tolist()] == short_.values.tolist()
    assert not run.notes


@settings(max_examples=8, deadline=None)
@given(
    kind=st.sampled_from(sorted(KINDS)),
    first=st.floats(0.02, 0.3),
    cuts=st.lists(st.floats(0.3, 1.0), min_size=1, max_size=4),
    jump=st.none() | st.integers(500, POINTS - 250),
)
def test_wherever_the_polls_fall_the_last_report_is_that_of_analyze(
    kind: str, first: float, cuts: list[float], jump: int | None
):
    """Half a line or half a record at the end of the log is normal life."""
    with scaled(), TemporaryDirectory() as folder:
        made = trainer(Path(folder), kind, jump)
        whole = made.log.read_bytes()
        made.log.write_bytes(whole[: int(first * len(whole))])

        def grown(share: float) -> Callable[[], object]:
            return lambda: made.log.write_bytes(whole[: int(share * len(whole))])

        looks = made.watched([*map(grown, sorted(cuts)), grown(1.0)])
        assert looks[-1].report is not None
        judged = api.analyze(folder)
        assert looks[-1].report.findings == judged.findings
        assert looks[-1].report.change_points == judged.change_points
