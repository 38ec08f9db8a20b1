"""A log that several processes wrote: each line belongs to one of them."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lossscan.model import Column, Table
from lossscan.runs.interleave import _writers, split_writers


def _first_fit(steps: list[int]) -> list[int]:
    """What is meant, as slow as it is plain: the first writer whose last step lies before."""
    last: list[int] = []
    chosen = []
    for step in steps:
        writer = next((number for number, at in enumerate(last) if at < step), len(last))
        last[writer : writer + 1] = [step]
        chosen.append(writer)
    return chosen


@given(st.lists(st.integers(0, 30), max_size=80))
def test_each_line_goes_to_the_first_writer_it_continues(steps: list[int]):
    """The quick search finds the writers that the plain one finds."""
    assert _writers(np.array(steps, dtype=np.int64)).tolist() == _first_fit(steps)


def test_a_table_that_lists_the_newest_row_first_is_turned_round():
    """An export in falling order is one training, and not a launch or a writer for each row."""
    steps = np.arange(200, 0, -1)
    table = split_writers(Table({"loss": Column(steps, steps / 100)}))
    assert table.columns["loss"].steps.tolist() == list(range(1, 201))
    assert table.columns["loss"].values.tolist() == [step / 100 for step in range(1, 201)]
    assert table.notes == ()


def test_falling_steps_with_one_that_rises_are_not_turned_round():
    """Some writer went on, so that the order of the lines is that of time."""
    steps = np.array([*range(200, 100, -1), 150, *range(100, 0, -1)])
    table = split_writers(Table({"loss": Column(steps, steps / 100)}))
    assert [note.kind for note in table.notes] == ["interleaved_writers"]
