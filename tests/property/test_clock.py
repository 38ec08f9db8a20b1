"""Columns of times are read as each of them would be alone."""

from hypothesis import given, settings
from hypothesis import strategies as st

from lossscan.formats.json_lines import _time
from lossscan.formats.kit.cells import clocks

PARTS = st.tuples(st.integers(0, 120), st.integers(0, 23), st.integers(0, 59), st.integers(0, 59))
TEXTS = PARTS.map(
    lambda at: (
        (f"{at[0]} day{'s' * (at[0] > 1)}, " * (at[0] > 0)) + f"{at[1]}:{at[2]:02}:{at[3]:02}"
    )
)
ODD = st.text("0123456789:, days\n-", max_size=16) | st.none() | st.integers() | st.text(max_size=3)


@settings(max_examples=60)
@given(st.lists(TEXTS, max_size=8) | st.lists(TEXTS | ODD, max_size=4))
def test_many_times_give_what_each_gives(shown):
    """Whatever stands in the column, times taken at once order as those taken one by one."""
    found = clocks(shown)
    assert found is None or found.tolist() == [_time(each) for each in shown]


@given(PARTS)
def test_times_of_one_width_are_taken_at_once(at):
    """Neighbouring times of a long run need no closer look."""
    shown = [f"{at[0]} days, {at[1]}:{at[2]:02}:{second:02}" for second in range(60)]
    assert clocks(shown) is not None


@settings(max_examples=60)
@given(st.lists(TEXTS, min_size=1, max_size=20))
def test_times_of_many_widths_are_still_times(shown):
    """Where an hour or a day gets another digit, no closer look is needed either."""
    assert clocks(shown) is not None
