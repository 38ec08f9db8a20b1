"""Other tools' rules on the same curves, written anew from what their makers publish.

Each takes the logged losses and gives the points at which it raises an alarm. What is left out is
said in each docstring; none of them says what happened, so any alarm near the onset counts for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from lossscan.numeric.arrays import FloatArray
from tests.accuracy.score import Result, is_large

Points = list[int]
JUDGED = (  # what a detector that sees only the loss could notice
    "loss-jump",
    "loss-spike",
    "divergence",
    "non-finite-loss",
    "unexplained-drop",
    "epoch-step-drop",
    "last-epoch-drop",
    "resume-discontinuity",
)
LATE = 25  # points behind the onset within which an alarm counts
EARLY = 2  # points before it: change points may be placed a little off
THINNED = 4000  # points above which the two slow ones see means of neighbours


def _before(values: FloatArray, window: int) -> tuple[FloatArray, FloatArray]:
    """Means and standard deviations of the `window` values before each point that has them."""
    views = sliding_window_view(values[:-1], window)
    return views.mean(axis=1), views.std(axis=1)


def olmo_6_sigma(values: FloatArray) -> Points:
    """OLMo-core StabilityMonitor: above mean + 6 std of the 128 before, with a full window."""
    window = 128
    if len(values) <= window:
        return []
    mean, std = _before(values, window)
    return (window + np.flatnonzero((std > 1e-10) & (values[window:] > mean + 6 * std))).tolist()


def foundry_2x(values: FloatArray) -> Points:
    """llm-foundry KillLossSpike: twice the mean of the last 100 in more than 4 points in a row.

    Left out: the second check (half of the window above 10), which no curve here reaches.
    """
    window, patience = 100, 4
    if len(values) <= window + patience:
        return []
    mean, _ = _before(values, window)
    above = values[window:] >= 2 * mean
    runs = sliding_window_view(above, patience + 1).all(axis=1)
    return (window + patience + np.flatnonzero(runs)).tolist()


def lightning_3x(values: FloatArray) -> Points:
    """Lightning SpikeDetection: not finite, or off the mean of the last 10 by twice that mean."""
    window = 10
    bad = np.flatnonzero(~np.isfinite(values)).tolist()
    if len(values) <= window:
        return bad
    mean, _ = _before(values, window)
    off = np.abs(values[window:] - mean) >= 2 * np.abs(mean)
    return sorted({*bad, *(window + np.flatnonzero(off)).tolist()})


def wandb_z_score(values: FloatArray) -> Points:
    """W&B MetricZScoreFilter: 3 standard deviations off the mean of the last 30."""
    window = 30
    if len(values) <= window:
        return []
    mean, std = _before(values, window)
    return (window + np.flatnonzero(np.abs(values[window:] - mean) > 3 * std)).tolist()


def sagemaker_not_decreasing(values: FloatArray) -> Points:
    """SageMaker LossNotDecreasing: every 10 points, not lower by 0.1 percent than 10 before."""
    every, percent = 10, 0.1
    seen = values[::every]
    fall = (seen[:-1] - seen[1:]) / np.abs(seen[:-1]) * 100
    return (every * (1 + np.flatnonzero(~(fall >= percent)))).tolist()


def kernel_cpd(values: FloatArray) -> Points:
    """Ruptures KernelCPD (linear) on the losses as they are, penalty 2 sigma^2 ln n (BIC)."""
    import ruptures

    values, size = _thinned(values[np.isfinite(values)])
    if len(values) < 2 * _SHORTEST:
        return []
    sigma = 1.4826 * np.median(np.abs(np.diff(values))) / np.sqrt(2)
    penalty = 2 * max(sigma, 1e-9) ** 2 * np.log(len(values))
    search = ruptures.KernelCPD(kernel="linear", min_size=2).fit(values.reshape(-1, 1))
    return [size * int(at) for at in search.predict(pen=penalty)[:-1]]


def e_divisive(values: FloatArray) -> Points:
    """E-divisive as in Otava: best split by energy distance in windows of 50, t-test at 0.001.

    Left out: the weak points that a second pass takes back, and the random permutations.
    """
    values, size = _thinned(values[np.isfinite(values)])
    found = sorted({at for part in _windows(len(values)) for at in _split(values, *part)})
    while found:
        edges = [0, *found, len(values)]
        chances = [
            _chance(values[edges[i] : at], values[at : edges[i + 2]]) for i, at in enumerate(found)
        ]
        worst = int(np.argmax(chances))
        if chances[worst] <= _P_VALUE:
            break
        del found[worst]
    return [size * at for at in found]


_SHORTEST = 3  # points of a segment
_P_VALUE = 0.001
_WINDOW = 50


def _thinned(values: FloatArray) -> tuple[FloatArray, int]:
    size = -(-len(values) // THINNED)
    return (
        (values[: len(values) // size * size].reshape(-1, size).mean(axis=1), size)
        if size > 1
        else (values, 1)
    )


def _windows(n: int) -> Iterator[tuple[int, int]]:
    """Half-overlapping stretches of 50 points."""
    for start in range(0, max(n - _WINDOW // 2, 1), _WINDOW // 2):
        yield start, min(start + _WINDOW, n)


def _split(values: FloatArray, start: int, stop: int) -> Iterator[int]:
    if stop - start < 2 * _SHORTEST:
        return
    at = start + _best_split(values[start:stop])
    if _chance(values[start:at], values[at:stop]) <= _P_VALUE:
        yield at
        yield from _split(values, start, at)
        yield from _split(values, at, stop)


def _best_split(x: FloatArray) -> int:
    """The split with the greatest energy distance of its two sides (exponent 1)."""
    total = np.abs(x[:, None] - x[None, :]).cumsum(axis=0).cumsum(axis=1)
    n = len(x)
    at = np.arange(_SHORTEST, n - _SHORTEST + 1)
    left = total[at - 1, at - 1]
    both = total[at - 1, n - 1]
    cross = both - left
    right = total[-1, -1] - 2 * both + left
    m, k = at, n - at
    energy = 2 * cross / (m * k) - left / m**2 - right / k**2
    return int(at[np.argmax(energy * m * k / n)])


def _chance(left: FloatArray, right: FloatArray) -> float:
    """The p-value of Welch's t-test; 1 where a side is too short, 0 where both are constant."""
    from scipy.special import stdtr

    if min(len(left), len(right)) < _SHORTEST:
        return 1.0
    a, b = left.var(ddof=1) / len(left), right.var(ddof=1) / len(right)
    gap = abs(left.mean() - right.mean())
    if a + b == 0:
        return float(gap == 0)
    freedom = (a + b) ** 2 / (a**2 / (len(left) - 1) + b**2 / (len(right) - 1))
    return float(2 * stdtr(freedom, -gap / np.sqrt(a + b)))


PEERS: Mapping[str, Callable[[FloatArray], Points]] = {
    "OLMo 6 sigma": olmo_6_sigma,
    "llm-foundry 2x": foundry_2x,
    "Lightning 3x": lightning_3x,
    "W&B z-score": wandb_z_score,
    "SageMaker LND": sagemaker_not_decreasing,
    "KernelCPD, BIC": kernel_cpd,
    "E-divisive": e_divisive,
}


def alarms(values: FloatArray) -> dict[str, tuple[int, ...]]:
    """The points at which each peer alarms."""
    with np.errstate(invalid="ignore", divide="ignore"):  # a log may hold NaN, infinity and zeros
        return {name: tuple(peer(values)) for name, peer in PEERS.items()}


def noticed(result: Result, points: tuple[int, ...]) -> bool:
    """Whether an alarm stands near the onset of what happens in a run."""
    steps = (truth.step for truth in result.expect if truth.step is not None and is_large(truth))
    onsets = [step / result.spacing - 1 for step in steps]
    return any(onset - EARLY <= point <= onset + LATE for onset in onsets for point in points)


def own_alarms(result: Result) -> tuple[int, ...]:
    """The points of lossscan's findings at warning or above, or of the expected rule."""
    return tuple(
        round(start / result.spacing) - 1
        for said in result.said
        if said.severity != "info" or result.is_right(said)
        for start in said.starts
    )
