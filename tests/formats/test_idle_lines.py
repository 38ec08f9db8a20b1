"""Lines of a console that say nothing cost little, and the points among them are read."""

from __future__ import annotations

import math
from itertools import product

import pytest

from lossscan.errors import UnreadableLog
from lossscan.formats.kit import counters, idle_lines, stated
from lossscan.formats.kit.idle_lines import IdleLines
from lossscan.formats.kit.stated import LineReader
from tests.logs import ALL, read_log

POINTS = "".join(f"step {n} loss: {2 + 1 / n:.4f}\n" for n in range(1, 9))
ENDED = "step 9 loss: nan\nstep 10 loss: 0.5\n"
LETTERS = [a + b for a, b in product("bcdfghjkm", repeat=2)]
PROSE = "".join(f"a {a} of {b} = 5\n" for a, b in product(LETTERS, repeat=2))
JUDGED = "".join(f"no loss in {a} {b} 5\n" for a, b in product(LETTERS, repeat=2))


@pytest.fixture
def bounds(monkeypatch):
    """Bounds that a small log reaches."""
    monkeypatch.setattr(idle_lines, "MOST", 1_500)
    monkeypatch.setattr(idle_lines, "MOST_JUDGED", 10_500)
    monkeypatch.setattr(idle_lines, "TOLD", 1_300)


def test_lines_that_are_like_idle_ones_are_not_looked_at(monkeypatch):
    """Of a hundred thousand lines of one shape some thirty are, of blank ones none."""
    looked_at: list[str] = []
    monkeypatch.setattr(stated, "place_of", looked_at.append)
    reader = LineReader()
    for n in range(10_000):
        reader.take(f"file {n} is deprecated\n")
        reader.take("\n")
        reader.take("a sentence without a figure\n")
    assert len(looked_at) < 100


@pytest.mark.parametrize("between", ["\n", "no figure\n", "file 5 of 9\n"])
def test_points_between_many_idle_lines_are_read(tmp_path, between):
    """However many these are, and nothing is remarked."""
    table = read_log(tmp_path, POINTS + between * 1_000 + ENDED)
    assert table.columns["loss"].steps.tolist() == list(range(1, 11))
    assert table.notes == ()


@pytest.mark.usefixtures("bounds")
def test_behind_very_many_unlike_lines_losses_are_read_still(tmp_path):
    """Also one that is no number; the log says what was passed over."""
    text = POINTS + PROSE + ENDED
    table = read_log(tmp_path, text)
    assert table.columns["loss"].steps.tolist() == list(range(1, 11))
    assert math.isnan(table.columns["loss"].values[8])
    assert [(note.kind, note.numbers) for note in table.notes] == [
        ("unlike_lines", {"most": 0.0015})
    ]


@pytest.mark.usefixtures("bounds")
def test_a_log_of_unlike_lines_that_name_losses_is_refused(tmp_path):
    """To look at millions of them would take minutes."""
    with pytest.raises(UnreadableLog, match="unlike any other"):
        read_log(tmp_path, POINTS + JUDGED + ENDED)


@pytest.mark.usefixtures("bounds")
def test_a_log_of_unlike_lines_that_name_no_loss_of_it_is_read(tmp_path):
    """Printed answers tell of costs, while the log states losses."""
    table = read_log(tmp_path, POINTS + JUDGED.replace("loss", "cost") + ENDED)
    assert table.columns["loss"].steps.tolist() == list(range(1, 11))


@pytest.mark.usefixtures("bounds")
@pytest.mark.parametrize(("points", "refused"), [(440, False), (1_000, True)])
def test_points_may_be_unlike_each_other_but_not_all_of_very_many(tmp_path, points, refused):
    """What counts and states a loss is no noise; to look at a million would take minutes."""
    lines = (f"step {n} {LETTERS[n % 81]}{LETTERS[n // 81]} loss: 2.5\n" for n in range(points))
    if refused:
        with pytest.raises(UnreadableLog, match="unlike any other"):
            read_log(tmp_path, "".join(lines))
    else:
        assert len(read_log(tmp_path, "".join(lines)).columns["loss"].steps) == points


def test_lines_that_say_nothing_by_a_known_shape_are_not_counted():
    """Only what had to be looked at is."""
    idle = IdleLines(frozenset())
    for n in range(10_000):
        if not idle.holds(f"file {n}\n"):
            idle.learn(f"file {n}\n", states=False, counts=False)
    assert not idle.passed_over
    assert idle.holds("file 5\n")
    assert not idle.holds("file 5 loss 9\n")


def test_each_counter_holds_what_hints_at_it():
    """In no line of any log a counter is missed because a word is not there."""
    lines = [line for text in ALL.values() for line in text.splitlines()]
    tables = (counters._EPOCHS, counters._STEPS, counters._BATCHES, counters._LESS_SURE)
    for hints, pattern in (hinted for table in tables for hinted in table):
        for line in filter(pattern.search, lines):
            assert any(hint in line.lower() for hint in hints)
    for hint, pattern, _ in counters._UNNAMED:
        assert all(hint in line.lower() for line in filter(pattern.search, lines))
