"""What happens at the same place of several periods is counted without comparing all pairs."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lossscan.numeric.meetings import meetings, surely_meet


@given(
    st.lists(st.integers(0, 300), unique=True, max_size=30).map(sorted),
    st.sampled_from([7, 50, 50.25, 33.5]),
    st.sampled_from([0.0, 1.0, 2.5]),
)
def test_meetings_are_those_of_all_pairs(steps, period, reach):
    """As many as there are steps of another period whose place is that near."""
    found = meetings(np.array(steps), period, reach)
    places = [(step % period, step // period) for step in steps]
    assert found.tolist() == [
        sum(number != other and abs(place - there) <= reach for there, other in places)
        for place, number in places
    ]


def test_places_that_mostly_meet_by_chance_do_not_belong_together():
    """Among many places of a short period some meet; where they return, most do."""
    random = np.random.default_rng(0)
    read = [np.sort(random.choice(3000, 24, replace=False)) for _ in range(400)]
    assert sum(surely_meet(steps, 128, 2, 2).any() for steps in read) <= 4
    returning = 128 * np.arange(12) + 70
    noisy = np.sort(np.concatenate([returning, read[0][:8]]))
    assert surely_meet(noisy, 128, 2, 2)[np.isin(noisy, returning)].all()
