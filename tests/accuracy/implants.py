"""Effects of known place and size put into real healthy curves, on the values as logged.

The noise unit is measured around the place, from the curve alone: the robust spread of the
differences of neighbours on the logarithm. Places where the curve moves by itself are left out. An
effect is as large as its size makes it, however little of the loss that is.
"""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import numpy as np
from msgspec.structs import replace

from lossscan.model import Run
from lossscan.numeric.arrays import FloatArray
from tests.accuracy import real
from tests.accuracy.implant_kinds import EFFECTS, edges
from tests.accuracy.score import Result, judged, spacing
from tests.accuracy.shapes import Random
from tests.accuracy.tables import UNSIZED

SIZES = (2.0, 4.0, 8.0, 12.0, 20.0)
SHORTEST = 60  # points of a curve that an effect is put into
NEAR = 60  # points on either side that tell the noise
SIDE = 8  # points on either side whose medians tell whether a curve moves by itself,
CALM = 1.5  # noise units by which it may: an effect must be the largest thing there
LATEST = 0.85  # share of the run after which nothing is put


def implanted(task: tuple[Path, dict[str, Any]]) -> list[Result]:
    """The results of every kind and size in one healthy run; none where it is too short."""
    corpus, label = task
    run = real.read(corpus / label["run"]).run
    if run is None or "loss" not in run.series or not _is_usable(run.series["loss"].values):
        return []
    allow = frozenset({*label.get("unlabelled", ()), "grad-norm-explosion", "overfitting"})
    made = [
        _result(run, label["run"], kind, size, allow)
        for kind, effect in EFFECTS.items()
        for size in (SIZES if effect.most is not None else (None,))
        if not effect.in_epochs or edges(run)
    ]
    return [result for result in made if result is not None]


def _is_usable(values: FloatArray) -> bool:
    return len(values) >= SHORTEST and bool(np.all(values > 0))


def _result(
    run: Run, name: str, kind: str, size: float | None, allow: frozenset[str]
) -> Result | None:
    listed = UNSIZED if size is None else f"{size:g}"
    rng = np.random.default_rng(zlib.crc32(f"{name} {kind} {listed}".encode()))
    effect, loss = EFFECTS[kind], run.series["loss"]
    point = _calm(np.log(loss.values), effect.begin, LATEST, rng)
    if point is None:
        return None
    unit = noise_at(np.log(loss.values), point)
    height = min((size or 0.0) * unit, effect.most or 0.0)
    changed, truth = effect.change(run, point, height, rng)
    if size is not None:
        truth = replace(truth, size=height / unit)
    said, crash = judged(changed)
    return Result(
        name=f"real/implant/{kind}/{listed}/{name}",
        points=len(loss),
        spacing=spacing(loss.steps),
        expect=(truth,),
        allow=allow | effect.allow,
        said=said,
        crash=crash,
        recipe={"run": name, "kind": kind, "point": point, "effect": height, "unit": unit},
        real=True,
    )


def noise_at(level: FloatArray, point: int) -> float:
    """Robust standard deviation of one point around a place, from the differences of neighbours."""
    moves = np.diff(level[max(point - NEAR, 0) : point + NEAR])
    spread = 1.4826 * np.median(np.abs(moves - np.median(moves)))
    return max(float(spread / np.sqrt(2)), 1e-4)


def _calm(level: FloatArray, low: float, high: float, rng: Random) -> int | None:
    """A point in a range of shares of the run around which the curve itself hardly moves."""
    points = np.arange(int(low * len(level)), int(high * len(level)))
    before = np.array([np.median(level[p - SIDE : p]) for p in points])
    after = np.array([np.median(level[p : p + SIDE]) for p in points])
    noise = np.array([noise_at(level, int(p)) for p in points])
    calm = points[np.abs(after - before) <= CALM * noise]
    return int(rng.choice(calm)) if len(calm) else None
