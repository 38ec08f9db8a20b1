"""Trends, noises and schedules; no trend and no noise is shared by the two halves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np

from lossscan.numeric.arrays import FloatArray, IntArray

Random: TypeAlias = np.random.Generator
HALVES = {"train": 20261, "test": 90210}  # the first number of every seed of a half
FARTHEST = 5.0  # of heavy-tailed noise, in its own units: a farther point is a spike to anyone

# --- shapes: from 1 at the start of the run to about 0 at its end, over the share u done ---------


def _power(u: FloatArray, rng: Random) -> FloatArray:
    return np.asarray(np.power(1 + u / rng.uniform(0.003, 0.05), -rng.uniform(0.4, 1.0)))


def _exponential(u: FloatArray, rng: Random) -> FloatArray:
    return np.exp(-u / rng.uniform(0.02, 0.25))


def _logistic(u: FloatArray, rng: Random) -> FloatArray:
    middle = rng.uniform(0.03, 0.12)
    fall = 1 / (1 + np.exp(np.clip((u - middle) / (middle * rng.uniform(0.15, 0.3)), -30, 30)))
    return 0.85 * fall + 0.15 * (1 - u)


def _plateau(u: FloatArray, rng: Random) -> FloatArray:
    return 0.05 * (1 - u) * rng.uniform(0.2, 1.0)


def _logarithmic(u: FloatArray, rng: Random) -> FloatArray:
    bend = rng.uniform(0.002, 0.03)
    return np.asarray(1 - np.log1p(u / bend) / np.log1p(1 / bend))


def _stretched(u: FloatArray, rng: Random) -> FloatArray:
    return np.exp(-((u / rng.uniform(0.02, 0.2)) ** rng.uniform(0.4, 0.7)))


def _gompertz(u: FloatArray, rng: Random) -> FloatArray:
    rate = rng.uniform(25, 60)
    return 0.1 * (1 - u) + 0.9 * (1 - np.exp(-np.exp(np.clip(2 - rate * u, -30, 5))))


def _hyperbolic(u: FloatArray, rng: Random) -> FloatArray:
    return 0.06 / (1 + u / rng.uniform(0.2, 1.0))


Shape = Callable[[FloatArray, Random], FloatArray]
TRENDS: Mapping[str, Mapping[str, Shape]] = {
    "train": {
        "power": _power,
        "exponential": _exponential,
        "logistic": _logistic,
        "plateau": _plateau,
    },
    "test": {
        "logarithmic": _logarithmic,
        "stretched": _stretched,
        "gompertz": _gompertz,
        "hyperbolic": _hyperbolic,
    },
}


# --- noise: of about unit variance at each step --------------------------------------------------


def _normal(n: int, rng: Random) -> FloatArray:
    return rng.standard_normal(n)


def _student(n: int, rng: Random) -> FloatArray:
    return np.asarray(np.clip(rng.standard_t(4, n) / np.sqrt(2), -FARTHEST, FARTHEST))


def _laplace(n: int, rng: Random) -> FloatArray:
    return np.asarray(np.clip(rng.laplace(size=n) / np.sqrt(2), -FARTHEST, FARTHEST))


def _gamma(n: int, rng: Random) -> FloatArray:
    shape, spread = 8.0, 0.365  # of its logarithm: the loss itself is skewed to the right
    return np.log(rng.gamma(shape, size=n) / shape) / spread


NOISES: Mapping[str, Mapping[str, Callable[[int, Random], FloatArray]]] = {
    "train": {"normal": _normal, "student-4": _student},
    "test": {"gamma": _gamma, "laplace": _laplace},
}


def autoregressive(n: int, rng: Random, keep: float) -> FloatArray:
    """(n,) unit-variance noise that keeps a share of its last value."""
    white = rng.standard_normal(n) * np.sqrt(1 - keep**2)
    out = np.empty(n)
    last = rng.standard_normal()
    for at in range(n):
        last = keep * last + white[at]
        out[at] = last
    return out


def moving(n: int, rng: Random, width: int) -> FloatArray:
    """(n,) unit-variance noise, each the mean of `width` draws."""
    drawn = rng.standard_normal(n + width - 1)
    return np.convolve(drawn, np.ones(width) / np.sqrt(width), mode="valid")


# --- schedules -----------------------------------------------------------------------------------


def learning_rate(
    kind: str, steps: IntArray, *, total: int, warmup: int, peak: float
) -> FloatArray:
    """(n,) the rate of a schedule, as its trainer computes it."""
    behind = np.clip((steps - warmup) / max(total - warmup, 1), 0, 1)
    shapes = {
        "linear": 1 - behind,
        "cosine": (1 + np.cos(np.pi * behind)) / 2,
        "warmup_stable_decay": np.clip((1 - behind) / 0.2, 0, 1),
    }
    rising = np.clip(steps / warmup, 0, 1) if warmup else np.ones(len(steps))
    return np.asarray(
        peak * np.where(steps < warmup, rising, shapes.get(kind, np.ones_like(rising)))
    )
