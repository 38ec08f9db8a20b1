"""A log that several processes wrote: each line belongs to one of them."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lossscan.runs.interleave import _writers


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
