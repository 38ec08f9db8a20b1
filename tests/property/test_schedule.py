"""Whatever the logging, the boundaries found hold the true ones."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lossscan.runs.landmarks.epochs import epochs_of
from tests.tables import series

ROUNDINGS: dict[str, Callable[[float], float]] = {
    "two decimals": lambda epoch: round(epoch, 2),
    "four decimals": lambda epoch: round(epoch, 4),
    "four digits": lambda epoch: float(f"{epoch:.4g}"),
    "float32": lambda epoch: float(np.float32(epoch)),
    "nothing": lambda epoch: epoch,
}


@given(
    length=st.floats(20, 5000) | st.integers(20, 5000),
    every=st.integers(1, 100),
    epochs=st.floats(0.3, 8),
    rounding=st.sampled_from(sorted(ROUNDINGS)),
    start=st.integers(0, 3),
)
def test_boundaries_hold_the_true_ones(
    length: float, every: int, epochs: float, rounding: str, start: int
) -> None:
    """The true end of each epoch lies within the slack of the boundary told for it."""
    steps = list(range(every * (start + 1), int(length * epochs) + 1, every))
    values = [ROUNDINGS[rounding](step / length) for step in steps]
    found = epochs_of(series("epoch", steps, values)).boundaries
    for mark in found:
        assert abs(mark.step - mark.epoch * length) <= mark.slack + 1e-6
    if len(steps) > 1:
        inside = [k for k in range(1, 9) if steps[0] + 20 < k * length < steps[-1] - 20]
        assert set(inside) <= {mark.epoch for mark in found} | _near_ends(length, every)


def test_share_of_an_epoch_tells_its_end_to_less_than_a_step() -> None:
    """Twelve steps an epoch in four decimals: no point is in doubt, so that steps there show."""
    steps = list(range(2, 101, 2))
    found = epochs_of(series("epoch", steps, [round(step / 12, 4) for step in steps])).boundaries
    assert [mark.step for mark in found] == [12, 24, 36, 48, 60, 72, 84, 96]
    assert max(mark.slack for mark in found) < 1


def _near_ends(length: float, every: int) -> set[int]:
    """Epochs shorter than the logging are told only as far as they can be told apart."""
    return set(range(1, 9)) if length < every else set()


@given(
    st.lists(
        st.tuples(st.integers(0, 10**6), st.floats(allow_nan=True, allow_infinity=True)),
        max_size=30,
        unique_by=lambda pair: pair[0],
    )
)
def test_boundaries_of_any_column_rise(points: list[tuple[int, float]]) -> None:
    """Even a nonsensical epoch column gives rising boundaries inside the run."""
    points.sort()
    column = series("epoch", [step for step, _ in points], [value for _, value in points])
    steps = [mark.step for mark in epochs_of(column).boundaries]
    assert steps == sorted(steps)
    assert all(column.steps[0] <= step <= column.steps[-1] for step in steps)
