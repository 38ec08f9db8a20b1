"""Which landmark a change belongs to."""

import numpy as np

from lossscan.model import Landmark
from lossscan.signals.align import Aligner, align
from tests.curves import curve


def straight(n=100, spacing=10):
    """A straight curve of `n` points."""
    return curve(np.linspace(2, 1, n), spacing)


def test_change_one_window_after_a_boundary_is_on_it():
    """The logged mean after the boundary is half old, so the change may show a point late."""
    mark = Landmark("epoch_boundary", 500, epoch=1)
    found = align(straight(), 51, [mark])
    assert found is not None
    assert (found.kind, found.distance_steps, found.epoch) == ("epoch_boundary", 20, 1)


def test_change_away_from_landmarks_has_none():
    """Three points off is not the boundary's doing."""
    assert align(straight(), 54, [Landmark("epoch_boundary", 500)]) is None


def test_resume_goes_before_an_epoch_boundary_and_that_before_an_evaluation():
    """Where several fall together the rarer explains more."""
    marks = [
        Landmark("evaluation", 500),
        Landmark("epoch_boundary", 500),
        Landmark("resume", 500),
    ]
    kinds = []
    while marks:
        found = align(straight(), 50, marks)
        assert found is not None
        kinds.append(found.kind)
        marks = [mark for mark in marks if mark.kind != found.kind]
    assert kinds == ["resume", "epoch_boundary", "evaluation"]


def test_chance_is_the_share_of_the_run_near_such_landmarks():
    """One boundary in a hundred points proves something, an evaluation at every point nothing."""
    one = align(straight(), 50, [Landmark("epoch_boundary", 500)])
    every = align(straight(), 50, [Landmark("evaluation", 10.0 * i) for i in range(100)])
    assert one is not None
    assert every is not None
    assert one.p_value is not None
    assert one.p_value < 0.05
    assert every.p_value == 1.0


def test_a_place_is_compared_with_the_landmarks_beside_it_alone():
    """Thousands of excursions among thousands of evaluations do not cost their product."""
    marks = [Landmark("evaluation", 10.0 * number) for number in range(20_000)]
    placed = Aligner(np.arange(0, 200_000, 10), marks)
    assert max(len(placed._near(index, 1)) for index in range(0, 20_000, 50)) == 3
