"""Numbers of a log that grow while it is read."""

import tracemalloc
from pathlib import Path

import numpy as np

from lossscan import formats
from lossscan.formats.kit.groups import groups_of
from lossscan.formats.kit.grown import Grown, RowSteps
from lossscan.runs.merge import merge
from lossscan.settings import Settings
from tests import logs

STEPS = np.array([10, 20, -1, 40])


def grown(*parts: tuple[list[int], list[float]]) -> Grown[np.float64]:
    """Numbers that came in parts: rows and values."""
    numbers = Grown(np.float64)
    for places, values in parts:
        numbers.add(np.array(places), np.array(values, dtype=np.float64))
    return numbers


def test_rows_of_one_shape_are_one_group_however_few_they_are():
    """A piece of a log may hold one row, and that 20,000 keys."""
    row = {f"k{number}": 1.5 for number in range(9)}
    assert [dict(group.cells) for group in groups_of([row])] == [{key: [1.5] for key in row}]


def test_rows_without_a_gap_are_known_by_their_count():
    """Also where they came in parts."""
    numbers = grown(([0, 1], [5.0, 6.0]), ([], []), ([2], [7.0]))
    assert numbers.fills(3)
    assert not numbers.fills(4)
    numbers.add(np.array([4]), np.array([8.0]))
    assert not numbers.fills(4)
    assert numbers.places.tolist() == [0, 1, 2, 4]
    assert numbers.values.tolist() == [5.0, 6.0, 7.0, 8.0]


def test_a_gap_within_the_first_rows_is_seen():
    """Their first row alone does not tell."""
    assert grown(([0, 2], [1.0, 2.0])).places.tolist() == [0, 2]


def test_places_need_not_rise():
    """Rows of one shape are added before those of another that are between them."""
    numbers = grown(([0, 1, 5], [1.0, 2.0, 3.0]), ([2, 3, 4], [4.0, 5.0, 6.0]), ([6], [7.0]))
    assert numbers.places.tolist() == [0, 1, 5, 2, 3, 4, 6]


def test_rows_with_gaps_take_little_more_than_those_without():
    """As where each hundredth row is an evaluation."""
    places = np.array([row for row in range(100_000) if row % 100])
    tracemalloc.start()
    try:
        numbers = grown(*((part.tolist(), part.tolist()) for part in np.split(places, 33)))
        took = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert numbers.places.tolist() == places.tolist()
    assert took < 9 * len(places)


def test_columns_of_the_same_rows_share_their_steps():
    """The fuller of two counts where both hold a row; a row without a step is left out."""
    row_steps = RowSteps(STEPS)
    one, two = grown(([0, 1, 3], [1.0, 2.0, 4.0])), grown(([2, 3], [9.0, 9.5]))
    both = row_steps.column([two, one])
    assert (both.steps.tolist(), both.values.tolist()) == ([10, 20, 40], [1.0, 2.0, 4.0])
    assert row_steps.column([grown(([0, 1, 3], [7.0, 7.5, 8.0]))]).steps is both.steps
    assert row_steps.column([grown(([0, 2, 3], [7.0, 7.5, 8.0]))]).steps.tolist() == [10, 40]


def held(folder: Path, rows: int) -> int:
    """Bytes that a log of three numbers a row takes once it is read and merged."""
    lines = (f'{{"step": {step}, "loss": 2.5, "lr": 0.1}}\n' for step in range(1, rows + 1))
    head = logs.head_with(folder, "".join(lines), "trainer_log.jsonl")
    tracemalloc.start()
    try:
        merged = merge([formats.read(head, Settings())], folder)
        assert merged.series.keys() == {"loss", "learning_rate"}
        return tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()


def test_a_row_takes_eight_bytes_for_each_number(tmp_path: Path):
    """By the difference of two logs, so that what is held besides cancels out."""
    few, many, numbers = 20_000, 40_000, 3
    held(tmp_path, few)  # what is imported and remembered
    took = (held(tmp_path, many) - held(tmp_path, few)) / (many - few)
    assert took < 8 * numbers * 1.5  # an array may have room for more
