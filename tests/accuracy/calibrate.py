"""Stated confidence against what came true on the train half, fitted for each rule.

Two fits: isotonic (pool adjacent violators) shows the shape; logistic, two numbers a rule, is
what the package can hold: `logit(p) = offset + slope * logit(stated)`. It is checked on the test
half.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor

import numpy as np

from lossscan.numeric.arrays import FloatArray
from tests.accuracy import score, tables
from tests.accuracy.cases import names
from tests.accuracy.measure import CHUNK, JOBS, Extent

ENOUGH = 20  # findings of a rule; fewer share the fit of all
PRIOR = 0.05  # weight of each of offset and slope staying where they are
ROUNDS = 50  # of Newton's method; 10 suffice
MOST = 30.0  # of a logit, so that nothing overflows
CERTAIN = 0.01, 0.99  # the range of a stated confidence

Pairs = Sequence[tuple[float, bool]]
Fit = Callable[[float], float]


def collect(half: str, extent: Extent) -> dict[str, list[tuple[float, bool]]]:
    """(confidence, right) of every finding of a half, by rule."""
    with ProcessPoolExecutor(JOBS) as pool:
        wanted = names(half, clean=extent.clean, each=extent.each)
        results = list(pool.map(_examined, wanted, chunksize=CHUNK))
    pairs: dict[str, list[tuple[float, bool]]] = {}
    for rule, confidence, _, right in score.confidences(results):
        pairs.setdefault(rule, []).append((confidence, right))
    return pairs


def _examined(name: str) -> score.Result:
    from tests.accuracy.cases import build

    return score.examine(build(name))


def isotonic(pairs: Pairs) -> list[tuple[float, float, int]]:
    """(lowest stated confidence, share right, findings) of each block, rising."""
    blocks: list[list[float]] = []  # lowest stated, sum of right, count
    for stated, right in sorted(pairs):
        blocks.append([stated, float(right), 1.0])
        while len(blocks) > 1 and _share(blocks[-2]) >= _share(blocks[-1]):
            last = blocks.pop()
            blocks[-1][1] += last[1]
            blocks[-1][2] += last[2]
    return [(low, total / count, int(count)) for low, total, count in blocks]


def _share(block: list[float]) -> float:
    return block[1] / block[2]


def logistic(pairs: Pairs) -> tuple[float, float]:
    """Offset and slope that fit best, held near 0 and 1 where there is little to go by."""
    x = _logit(np.array([stated for stated, _ in pairs]))
    y = np.array([float(right) for _, right in pairs])
    columns = np.column_stack([np.ones_like(x), x])
    start = np.array([0.0, 1.0])
    fitted = start.copy()
    for _ in range(ROUNDS):
        p = 1 / (1 + np.exp(-np.clip(columns @ fitted, -MOST, MOST)))
        slope = columns.T @ (y - p) - PRIOR * (fitted - start)
        bend = (columns * (p * (1 - p))[:, None]).T @ columns + PRIOR * np.eye(2)
        fitted = fitted + np.clip(np.linalg.solve(bend, slope), -1, 1)  # no leap out of range
    return float(fitted[0]), max(float(fitted[1]), 0.0)


def _logit(stated: FloatArray) -> FloatArray:
    p = np.clip(stated, *CERTAIN)
    return np.asarray(np.log(p / (1 - p)))


def fits(train: Mapping[str, Pairs]) -> dict[str, tuple[float, float]]:
    """Offset and slope of each rule; `*` is that of all rules together."""
    everything = [pair for pairs in train.values() for pair in pairs]
    found = {rule: logistic(pairs) for rule, pairs in sorted(train.items()) if len(pairs) >= ENOUGH}
    return {**found, "*": logistic(everything)}


def applied(fit: tuple[float, float], stated: float) -> float:
    """The fitted probability."""
    logit = np.clip(fit[0] + fit[1] * float(_logit(np.array([stated]))[0]), -MOST, MOST)
    return float(np.clip(1 / (1 + np.exp(-logit)), *CERTAIN))


def page(extent: Extent) -> str:
    """The fits as a table, and the calibration error before and after on both halves."""
    train, test = collect("train", extent), collect("test", extent)
    found = fits(train)
    rows = [
        [
            rule,
            len(pairs),
            float(np.mean([c for c, _ in pairs])),
            float(np.mean([r for _, r in pairs])),
            *found.get(rule, found["*"]),
            _error({rule: test.get(rule, [])}, None),
            _error({rule: test.get(rule, [])}, found),
        ]
        for rule, pairs in sorted(train.items())
    ]
    for half, pairs_of in (("train", train), ("test", test)):
        count = sum(map(len, pairs_of.values()))
        rows.append(
            [f"all, {half}", count, *[""] * 4, _error(pairs_of, None), _error(pairs_of, found)]
        )
    head = ["rule", "findings", "stated", "right", "offset", "slope", "ECE before", "ECE after"]
    blocks = [
        [rule, ", ".join(f"{low:.2f}: {right:.2f} ({n})" for low, right, n in isotonic(pairs))]
        for rule, pairs in sorted(train.items())
    ]
    return "\n\n".join(
        [
            "Logistic: logit(p) = offset + slope * logit(stated); errors on the test half.",
            tables.table(head, rows),
            "Isotonic on the train half, from the lowest stated confidence of each block:",
            tables.table(["rule", "stated from: share right (findings)"], blocks),
        ]
    )


def _error(pairs_of: Mapping[str, Pairs], found: Mapping[str, tuple[float, float]] | None) -> float:
    pairs = [
        (stated if found is None else applied(found.get(rule, found["*"]), stated), right)
        for rule, pairs in pairs_of.items()
        for stated, right in pairs
    ]
    return score.calibration_error(pairs)
