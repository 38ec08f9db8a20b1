"""Where no step is found, the report says how small a step the noise would have hidden."""

import re

from lossscan.diagnosis import diagnose
from lossscan.settings import Settings
from lossscan.signals import scan
from tests.curves import make_run


def said(*, drop: float, noise: float = 0.05):
    """The findings at epoch ends, and what is ruled out, for a loss that loses a share at each."""
    levels = [2.0 * (1 - drop) ** epoch for epoch in range(4)]
    loss = [[1000 * n, 1000 * (n + 1), level, level] for n, level in enumerate(levels)]
    run = make_run(loss=loss, noise=noise, epochs=4)
    found = diagnose(run, scan(run), Settings(lang="en", select=("epoch-step-drop",)))
    return found.findings, found.ruled_out


def least(**run: float) -> float:
    """The share of the loss below which no step could have been seen."""
    (out,) = said(drop=0.0, **run)[1]
    shown = re.search(r"less than (\d+)%", out.text)
    assert shown is not None
    return int(shown[1]) / 100


def test_a_step_of_twice_the_least_is_found():
    """What is said to be visible is seen, in little noise and in much."""
    for noise in (0.03, 0.1):
        assert said(drop=2 * least(noise=noise), noise=noise)[0]


def test_more_noise_hides_larger_steps():
    """A restless loss is said to hide more."""
    assert least(noise=0.15) > least(noise=0.03)
