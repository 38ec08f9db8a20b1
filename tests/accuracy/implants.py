"""Effects of known place and size put into real healthy curves, on the values as logged.

The noise unit is measured around the place, from the curve alone: the robust spread of the
differences of neighbours on the logarithm. Places where the curve moves by itself are left out.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from msgspec.structs import replace

from lossscan.model import Field, Resume, Run, Series
from lossscan.numeric.arrays import FloatArray
from lossscan.runs.landmarks.schedule import schedule_of
from tests.accuracy import real
from tests.accuracy.score import Result, judged, spacing
from tests.accuracy.shapes import Random
from tests.accuracy.sizing import CARED, LARGEST
from tests.accuracy.truth import Truth

SIZES = (8.0, 12.0, 20.0)
SHORTEST = 60  # points of a curve that an effect is put into
NEAR = 60  # points on either side that tell the noise
SIDE = 8  # points on either side whose medians tell whether a curve moves by itself,
CALM = 1.5  # noise units by which it may: an effect must be the largest thing there
EPOCH_POINTS = 10  # an epoch must hold, or its end shows nothing
AFTER = 2  # points that may lie between a place drawn and a landmark


def implanted(task: tuple[Path, dict[str, Any]]) -> list[Result]:
    """The results of every effect and size in one healthy run; none where it is too short."""
    corpus, label = task
    report = real.read(corpus / label["run"])
    run = report.run
    if run is None or "loss" not in run.series or not _is_usable(run.series["loss"].values):
        return []
    allow = frozenset({*label.get("unlabelled", ()), "grad-norm-explosion", "overfitting"})
    made = [
        _result(run, label["run"], rule, size, allow)
        for rule in EFFECTS
        for size in SIZES
        if rule != "epoch-step-drop" or _edges(run)
    ]
    return [result for result in made if result is not None]


def _is_usable(values: FloatArray) -> bool:
    return len(values) >= SHORTEST and bool(np.all(values > 0))


def _result(run: Run, name: str, rule: str, size: float, allow: frozenset[str]) -> Result | None:
    rng = np.random.default_rng(zlib.crc32(f"{name} {rule} {size}".encode()))
    loss = run.series["loss"]
    point = _calm(np.log(loss.values), 0.58 if rule == "last-epoch-drop" else 0.35, 0.85, rng)
    if point is None:
        return None
    unit = noise_at(np.log(loss.values), point)
    change, least, most = EFFECTS[rule]
    effect = float(np.clip(size * unit, CARED * np.log1p(least), most))
    changed, truth = change(run, point, effect, rng)
    truth = replace(truth, size=effect / unit)
    said, crash = judged(changed)
    return Result(
        name=f"real/implant/{rule}/{size:g}/{name}",
        points=len(loss),
        spacing=spacing(loss.steps),
        expect=(truth,),
        allow=allow | _side_effects(rule),
        said=said,
        crash=crash,
        recipe={"run": name, "rule": rule, "point": point, "effect": effect, "unit": unit},
        real=True,
    )


def _side_effects(rule: str) -> frozenset[str]:
    return frozenset({"divergence"} if rule == "loss-jump" else {"loss-too-low"})


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


def _times(run: Run, effect: FloatArray, **more: Any) -> Run:
    """The run with an effect (points,) on the log of its loss, and its landmarks placed anew."""
    loss = run.series["loss"]
    series = {**run.series, "loss": Series("loss", loss.steps, loss.values * np.exp(effect))}
    config = {**run.config, **more.get("config", {})}
    resumes = more.get("resumes", run.schedule.resumes)
    framework = more.get("framework", run.framework)
    placed = schedule_of(series, config, resumes, framework=framework)
    return replace(run, series=series, config=config, framework=framework, schedule=placed)


def _later(run: Run, point: int) -> FloatArray:
    return (np.arange(len(run.series["loss"])) >= point).astype(np.float64)


def _step(run: Run, point: int) -> int:
    return int(run.series["loss"].steps[point])


def _edges(run: Run) -> list[int]:
    """Points at which epochs begin, where epochs are long enough; none of the first third."""
    steps = run.series["loss"].steps
    marks = [mark.step + mark.slack for mark in run.schedule.of("epoch_boundary")]
    points = [int(np.searchsorted(steps, mark, side="right")) for mark in marks]
    gaps = np.diff([0, *points, len(steps)])
    return points if points and gaps.min() >= EPOCH_POINTS else []


Made = tuple[Run, Truth]


def _jump(run: Run, point: int, effect: float, rng: Random) -> Made:
    return _times(run, effect * _later(run, point)), Truth(("loss-jump",), _step(run, point))


def _spike(run: Run, point: int, effect: float, rng: Random) -> Made:
    stop = point + int(rng.choice([1, 4, 8]))
    bump = effect * (_later(run, point) - _later(run, stop))
    return _times(run, bump), Truth(("loss-spike",), _step(run, point))


def _drop(run: Run, point: int, effect: float, rng: Random) -> Made:
    drop = -effect * _later(run, point)
    rules = ("unexplained-drop", "epoch-step-drop", "last-epoch-drop")  # it may fall on a boundary
    known = {mark.step for mark in run.schedule.landmarks if mark.kind in ("epoch_boundary",)}
    near = any(
        abs(mark - _step(run, point)) <= AFTER * spacing(run.series["loss"].steps) for mark in known
    )
    return _times(run, drop), Truth(rules if near else rules[:1], _step(run, point))


def _climb(run: Run, point: int, effect: float, rng: Random) -> Made:
    loss = run.series["loss"]
    ramp = np.clip((np.arange(len(loss)) - point) / (len(loss) - point), 0, 1)
    highest = float(np.log(loss.values.max() / loss.values[point:].min()))
    truth = Truth(("divergence",), _step(run, point), tolerance=0.3 * len(loss), sharp=False)
    return _times(run, max(effect, highest + 0.1, np.log(3.5)) * ramp), truth


def _stairs(run: Run, point: int, effect: float, rng: Random) -> Made:
    edges = _edges(run)
    stairs = np.sum([_later(run, edge) for edge in edges], axis=0)
    truth = Truth(("epoch-step-drop",), _step(run, edges[0]))
    return _times(run, -effect * stairs), truth


def _last_epoch(run: Run, point: int, effect: float, rng: Random) -> Made:
    step = float(run.series["loss"].steps[point - 1])
    config = {
        "last_epoch_first_sample": Field(step, "run.log"),
        "total_train_batch_size": Field(1, "run.log"),
        "data_epochs": Field(3, "run.log"),
    }
    drop = -effect * _later(run, point)
    made = _times(run, drop, config=config, framework="megatron")
    return made, Truth(("last-epoch-drop",), _step(run, point))


def _resumed(run: Run, point: int, effect: float, rng: Random) -> Made:
    sign = float(rng.choice([1.0, -1.0]))
    step = int(run.series["loss"].steps[point - 1])
    made = _times(run, sign * effect * _later(run, point), resumes=(Resume(step),))
    return made, Truth(("resume-discontinuity",), _step(run, point))


# Each with the least share of the loss that its rule cares about, and the most on the log scale.
EFFECTS: Mapping[str, tuple[Callable[[Run, int, float, Random], Made], float, float]] = {
    "loss-jump": (_jump, 0.15, LARGEST),
    "loss-spike": (_spike, 0.2, LARGEST),
    "unexplained-drop": (_drop, 0.111, 1.2),
    "divergence": (_climb, 0.3, LARGEST),
    "epoch-step-drop": (_stairs, 0.03, 0.5),
    "last-epoch-drop": (_last_epoch, 0.01, 0.7),
    "resume-discontinuity": (_resumed, 0.03, 1.0),
}
