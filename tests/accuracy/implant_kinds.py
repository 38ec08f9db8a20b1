"""What is put into real healthy curves: each kind changes a run at a point, and says what it did.

The kinds are those that occur in training: single, decaying and recurring spikes, jumps anywhere
and at an epoch's end, climbs, stairs, drops, resumes; NaN, zeros, and evaluation that never ran.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from lossscan.model import Field, Resume, Run, Series
from lossscan.numeric.arrays import FloatArray
from lossscan.runs.landmarks.schedule import schedule_of
from tests.accuracy.score import spacing
from tests.accuracy.shapes import Random
from tests.accuracy.sizing import LARGEST
from tests.accuracy.truth import Truth

EPOCH_POINTS = 10  # an epoch must hold, or its end shows nothing
AFTER = 2  # points that may lie between a place drawn and a landmark
LASTS = (1.0, 6.0)  # points after which a third of a spike that decays is left
CLIMBS = (0.6, 2.0)  # of a divergence, on the log scale: to twice or seven times the loss
ACCUMULATION = (4, 8, 16)  # steps over which a loss was summed and not averaged
EVALUATIONS = 8  # of a run that is evaluated

Made: TypeAlias = tuple[Run, Truth]


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


def edges(run: Run) -> list[int]:
    """Points at which epochs begin, where epochs are long enough; none of the first third."""
    steps = run.series["loss"].steps
    marks = [mark.step + mark.slack for mark in run.schedule.of("epoch_boundary")]
    points = [int(np.searchsorted(steps, mark, side="right")) for mark in marks]
    gaps = np.diff([0, *points, len(steps)])
    return points if points and gaps.min() >= EPOCH_POINTS else []


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
    n = len(run.series["loss"])
    ramp = np.clip((np.arange(n) - point) / (n - point), 0, 1)
    rules = ("divergence", "loss-jump")
    truth = Truth(rules, _step(run, point), tolerance=0.3 * n, sharp=False)
    return _times(run, rng.uniform(*CLIMBS) * ramp), truth


def _stairs(run: Run, point: int, effect: float, rng: Random) -> Made:
    begins = edges(run)
    stairs = np.sum([_later(run, begin) for begin in begins], axis=0)
    truth = Truth(("epoch-step-drop",), _step(run, begins[0]))
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


def _decaying(run: Run, point: int, effect: float, rng: Random) -> Made:
    behind = np.arange(len(run.series["loss"])) - point
    fades = np.exp(-np.maximum(behind, 0) / rng.uniform(*LASTS))
    return _times(run, effect * fades * (behind >= 0)), _spike_at(run, point)


def _recurring(run: Run, point: int, effect: float, rng: Random) -> Made:
    """One point at the same place of every epoch."""
    begins = [0, *edges(run)]
    offset = int(rng.uniform(0.25, 0.75) * np.diff([*begins, len(run.series["loss"])]).min())
    bump = np.zeros(len(run.series["loss"]))
    bump[[begin + offset for begin in begins]] = effect
    return _times(run, bump), _spike_at(run, begins[-1] + offset)


def _spike_at(run: Run, point: int) -> Truth:
    return Truth(("loss-spike",), _step(run, point))


def _jump_at_epoch(run: Run, point: int, effect: float, rng: Random) -> Made:
    return _jump(run, int(rng.choice(edges(run))), effect, rng)


def _not_a_number(run: Run, point: int, effect: float, rng: Random) -> Made:
    return _overwritten(run, point, np.nan), Truth(("non-finite-loss",), _step(run, point))


def _zeros(run: Run, point: int, effect: float, rng: Random) -> Made:
    return _overwritten(run, point, 0.0), Truth(("zero-loss",), _step(run, point))


def _overwritten(run: Run, point: int, value: float) -> Run:
    """The run with another loss from a point on, and gradient norms that are no numbers."""
    step, series = _step(run, point), dict(run.series)
    for name, new in (("loss", value), ("grad_norm", np.nan)):
        if name in series:
            old = series[name]
            later = np.where(old.steps >= step, new, old.values)
            series[name] = Series(name, old.steps, later)
    return replace(run, series=series)


def _summed(run: Run, point: int, effect: float, rng: Random) -> Made:
    """The loss as a sum over the accumulated steps; evaluation is a mean."""
    loss, times = run.series["loss"], int(rng.choice(ACCUMULATION))
    at = np.linspace(0, len(loss) - 1, EVALUATIONS + 1).astype(int)[1:]
    near = [loss.values[max(p - 5, 0) : p + 1].mean() * rng.uniform(0.97, 1.06) for p in at]
    made = _evaluated(run, {"gradient_accumulation_steps": times})
    series = {
        **made.series,
        "loss": Series("loss", loss.steps, loss.values * times),
        "eval_loss": Series("eval_loss", loss.steps[at], np.array(near)),
    }
    return replace(made, series=series), Truth(("ga-loss-scaling",))


def _not_evaluated(run: Run, point: int, effect: float, rng: Random) -> Made:
    return _evaluated(run, {}), Truth(("eval-missing",))


def _evaluated(run: Run, settings: Mapping[str, Any]) -> Run:
    """The run of a trainer that was asked to evaluate, without what it evaluated."""
    every = max(int(run.series["loss"].steps[-1]) // EVALUATIONS, 1)
    asked = {"do_eval": True, "eval_strategy": "steps", "eval_steps": every, "val_size": 0.1}
    config = {name: Field(value, "train.yaml") for name, value in {**asked, **settings}.items()}
    series = {name: each for name, each in run.series.items() if not name.startswith("eval")}
    return replace(run, series=series, config={**run.config, **config}, framework="llamafactory")


class Effect(Struct, frozen=True):
    """A kind of change."""

    change: Callable[[Run, int, float, Random], Made]
    most: float | None = LARGEST  # on the log scale; None where it has no size in noise units
    begin: float = 0.35  # share of the run before which it is not put
    in_epochs: bool = False  # whether it needs epochs long enough to show their ends
    allow: frozenset[str] = frozenset({"loss-too-low"})  # what it may rightly bring along


RISES = frozenset({"divergence"})
BROKEN = frozenset({"divergence", "unexplained-drop", "non-finite-loss", "zero-loss"})
EFFECTS: Mapping[str, Effect] = {
    "jump": Effect(_jump, allow=RISES),
    "jump-epoch": Effect(_jump_at_epoch, in_epochs=True, allow=RISES | {"resume-discontinuity"}),
    "spike": Effect(_spike),
    "spike-decay": Effect(_decaying),
    "recurring-spike": Effect(_recurring, in_epochs=True, allow=frozenset({"periodic-loss"})),
    "drop": Effect(_drop, 1.2),
    "epoch-drop": Effect(_stairs, 0.5, in_epochs=True),
    "last-epoch-drop": Effect(_last_epoch, 0.7, begin=0.58),
    "resume": Effect(_resumed, 1.0),
    "divergence": Effect(_climb, None, allow=frozenset({"loss-jump", "loss-spike"})),
    "nan": Effect(_not_a_number, None, allow=BROKEN),
    "zero": Effect(_zeros, None, allow=BROKEN),
    "ga-scale": Effect(_summed, None, allow=frozenset({"high-initial-loss"})),
    "eval-missing": Effect(_not_evaluated, None),
}
