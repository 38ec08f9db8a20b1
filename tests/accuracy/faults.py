"""Faults of bookkeeping and of level, which have no size: they are there or they are not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from msgspec.structs import replace

from lossscan.model import Series
from tests.accuracy.apart import FAULTS_APART
from tests.accuracy.frozen import frozen_loss
from tests.accuracy.policies import POLICY_FAULTS
from tests.accuracy.shapes import Random, learning_rate
from tests.accuracy.simulate import (
    Base,
    Wish,
    draw,
    evaluated,
    finish,
    grad_norms,
    logged,
    with_usual,
)
from tests.accuracy.sizing import FLAT, SLOW, drawn, place
from tests.accuracy.truth import Draft, Truth

CLEAN = (0.01, 0.12)  # noise in which none of these is hard to see
COMMON = ("sft", "full")


def _usual(rng: Random, half: str, **wish: Any) -> Base:
    return draw(rng, half, Wish(**{"points": (40, 1500), "noise": CLEAN, "tasks": COMMON, **wish}))


def _with_norms(base: Base, values: np.ndarray) -> Base:
    series = {**base.series, "grad_norm": Series("grad_norm", base.steps, values)}
    return replace(base, series=series)


def non_finite_loss(rng: Random, half: str) -> Draft:
    """NaN or infinity to the end, hidden behind zeros, only in the gradient, or once."""
    kind = str(rng.choice(["nan", "rose", "hidden", "gradient", "alone"]))
    base = _usual(rng, half)
    at = place(base, 0.3, 0.8) // base.every
    loss, norms = logged(base), grad_norms(base).values
    later = np.arange(base.points) >= at
    if kind == "rose":
        loss[at - 5 : at] *= np.exp(np.linspace(0.3, 2.0, 5))
    if kind in ("nan", "rose"):
        loss[later] = rng.choice([np.nan, np.inf])
    elif kind == "hidden":
        loss[later] = 0.0
    elif kind == "alone":
        loss[at] = np.nan
    norms[at if kind == "alone" else slice(at, None)] = np.nan
    cause = {"rose": "learning-rate-too-high", "alone": "masked-batch"}.get(kind, "half-precision")
    config = {"fp16": True} if cause == "half-precision" else {"bf16": True}
    base = with_usual(_with_norms(base, norms), without=("eval_loss",))
    rules = ("non-finite-loss", *(("zero-loss",) if kind == "hidden" else ()))  # one of the two
    truth = Truth(rules, int(base.steps[at]), causes=(cause,))
    allow = frozenset({"zero-loss", "loss-spike", "loss-jump", "divergence", "grad-norm-explosion"})
    run = finish(base, loss=loss, config=config)
    return Draft(
        run, (truth,), allow if kind in ("hidden", "rose") else frozenset(), drawn(base, fault=kind)
    )


def zero_loss(rng: Random, half: str) -> Draft:
    """Zeros from masked labels, hidden NaN, single masked samples, or a memorised set."""
    kind = str(rng.choice(["masked-labels", "nan-in-weights", "masked-samples", "rounding"]))
    base = _usual(rng, half, epochs=(3,) if kind == "rounding" else (1, 2))
    at = place(base, 0.3, 0.7) // base.every
    loss, norms = logged(base), grad_norms(base).values
    if kind == "masked-labels":
        at, loss, norms = 0, np.zeros(base.points), np.zeros(base.points)
    elif kind == "nan-in-weights":
        loss[at:] = 0.0
    elif kind == "masked-samples":
        every = np.arange(at, base.points, max(base.points // 6, 3))
        loss[every], norms[every] = 0.0, 0.0
    else:
        loss = np.round(2.0 * np.exp(-12 * np.arange(base.points) / base.points), 4)
        loss[rng.random(base.points) < np.arange(base.points) / base.points * 0.6] = 0.0
        loss[: base.points // 2] = np.maximum(loss[: base.points // 2], 0.0006)
        at = int(np.argmax(loss == 0))
    base = with_usual(base, without=("grad_norm", "eval_loss"))
    if kind != "nan-in-weights":
        base = _with_norms(base, norms)
    allow = {"epoch-step-drop", "plateau", "non-finite-loss", "unexplained-drop"}
    allow |= {"periodic-loss"} if kind == "masked-samples" else set()  # they do come regularly
    truth = Truth(("zero-loss",), int(base.steps[at]), causes=(kind,))
    return Draft(finish(base, loss=loss), (truth,), frozenset(allow), drawn(base, fault=kind))


def ga_loss_scaling(rng: Random, half: str) -> Draft:
    """The whole curve times the accumulation steps; evaluation is not scaled."""
    cause = str(
        rng.choice(["known-defect", "loss-kwargs-ignored", "library-version", "double-division"])
    )
    base = _usual(rng, half)
    every = base.every * max(1, base.points // int(rng.integers(3, 12)))
    steps = int(rng.choice([4, 8, 16, 32]))
    base = replace(base, series={"eval_loss": evaluated(base, every)})
    configs: dict[str, dict[str, Any]] = {
        "known-defect": {
            "architectures": ["LlavaForConditionalGeneration"],
            "transformers_version": "4.49.0",
        },
        "library-version": {"transformers_version": "4.47.0"},
        "double-division": {"model_type": "qwen3_vl", "transformers_version": "4.57.1"},
    }
    config = configs.get(cause, {"transformers_version": "4.52.0"})
    asked = {"eval_strategy": "steps", "eval_steps": every, "val_size": 100}
    config |= asked | {"gradient_accumulation_steps": steps}
    factor = 1 / steps if cause == "double-division" else steps
    base = with_usual(base)
    truth = Truth(("ga-loss-scaling",), int(base.steps[0]), causes=(cause,))
    recipe = drawn(base, cause=cause, accumulation=steps)
    return Draft(finish(base, loss=factor * logged(base), config=config), (truth,), recipe=recipe)


def eval_missing(rng: Random, half: str) -> Draft:
    """Evaluation was asked for and did not run."""
    base = with_usual(_usual(rng, half), without=("eval_loss",))
    total = len(base.course)
    every = base.every * max(1, base.points // 5)
    configs: dict[str, dict[str, Any]] = {
        "eval-steps-beyond-last-step": {
            "eval_strategy": "steps",
            "eval_steps": 2 * total,
            "val_size": 0.1,
        },
        "strategy-unset": {"eval_steps": every, "val_size": 0.1},
        "renamed-option": {
            "eval_strategy": "steps",
            "evaluation_strategy": "steps",
            "eval_steps": every,
            "val_size": 0.1,
            "transformers_version": "4.48.2",
        },
        "no-labels": {"eval_strategy": "steps", "eval_steps": every, "val_size": 0.1},
        "no-evaluation-set": {"eval_strategy": "steps", "eval_steps": every},
    }
    cause = str(rng.choice(tuple(configs)))
    if cause == "no-labels":
        steps = np.arange(every, total + 1, every)
        runtime = Series("eval_runtime", steps, np.full(len(steps), 12.0))
        base = replace(base, series={**base.series, "eval_runtime": runtime})
    truth = Truth(("eval-missing",), causes=(cause,))
    run = finish(base, config=configs[cause], framework="llamafactory")
    return Draft(run, (truth,), recipe=drawn(base, cause=cause))


def plateau(rng: Random, half: str) -> Draft:
    """The loss stays where it began, and something shows that nothing is learnt."""
    cause = str(rng.choice(["frozen-parameters", "zero-rate", "rate-unsuitable"]))
    base = _usual(rng, half, trends=FLAT, noise=(0.003, 0.05), epochs=(1, 3))
    level = np.log(2) if cause == "rate-unsuitable" else float(rng.uniform(0.8, 4.0))
    course = np.full(len(base.course), np.log(level))
    base = replace(base, course=course, learned=course)
    if cause == "rate-unsuitable":
        base = replace(base, objective="classification", noise=0.2 * base.noise)
    if cause == "zero-rate":
        base = replace(base, rate=np.zeros(base.points))
    frozen = cause == "frozen-parameters"
    norms = np.zeros(base.points) if frozen else grad_norms(base).values
    base = with_usual(_with_norms(base, norms))
    truth = Truth(("plateau",), int(base.steps[0]), causes=(cause,))
    allow = frozenset({"lr-schedule-mismatch"} if cause == "zero-rate" else set())
    return Draft(finish(base), (truth,), allow, drawn(base, cause=cause))


def running_loss(rng: Random, half: str) -> Draft:
    """The logged loss is the sum, or the mean, of all batches since the epoch began."""
    kind = str(rng.choice(["sum", "mean"]))
    base = with_usual(_usual(rng, half, points=(60, 600), epochs=(2, 5)))
    run = finish(base)
    loss = run.series["loss"]
    starts = np.unique(np.linspace(0, len(loss), round(base.epochs) + 1).round().astype(int))
    pieces = [np.cumsum(piece) for piece in np.split(loss.values, starts[1:-1])]
    if kind == "mean":
        pieces = [piece / np.arange(1, len(piece) + 1) for piece in pieces]
    run = replace(run, series={**run.series, "loss": replace(loss, values=np.concatenate(pieces))})
    truth = Truth(("running-loss",), int(base.steps[0]), causes=(f"logged-{kind}",))
    return Draft(run, (truth,), recipe=drawn(base, kind=kind))


def lr_schedule_mismatch(rng: Random, half: str) -> Draft:
    """The logged learning rate is not the configured one."""
    cause = str(
        rng.choice(["fewer-steps-planned", "skipped-updates", "other-peak", "other-schedule"])
    )
    base = _usual(rng, half, schedules=("cosine", "linear"))
    total, peak = len(base.course), base.config["learning_rate"]
    kind, warmup = base.config["lr_scheduler_type"], base.config["warmup_steps"]
    at = place(base, 0.4, 0.6)
    step = None
    if cause == "fewer-steps-planned":
        total = int(0.75 * total)
        step = int(base.steps[np.argmax(base.steps >= total)])
    if cause == "other-schedule":
        kind = "linear" if kind == "cosine" else "constant_with_warmup"
    rate = learning_rate(kind, base.steps, total=total, warmup=warmup, peak=peak)
    if cause == "skipped-updates":
        rate, step = np.minimum(rate, 1.0), int(base.steps[at // base.every])
        rate[at // base.every :] = rate[at // base.every]
        learned = np.arange(len(base.course)) < at  # and a model that is not updated learns nothing
        base = replace(base, course=np.where(learned, base.course, base.course[at]))
    rate = rate * (4.0 if cause == "other-peak" else 1.0)
    base = with_usual(replace(base, rate=rate))
    truth = Truth(
        ("lr-schedule-mismatch",), step, tolerance=0.3 * base.points, causes=(cause,), sharp=False
    )
    return Draft(finish(base), (truth,), recipe=drawn(base, cause=cause, step=step))


def high_initial_loss(rng: Random, half: str) -> Draft:
    """The first losses lie above guessing, and come down."""
    base = _usual(rng, half, tasks=("pretrain",))
    above = np.log(np.log(32000) + rng.uniform(1.2, 8.0))
    falls = np.exp(-np.arange(len(base.course)) / (0.05 * len(base.course)))
    base = with_usual(replace(base, course=base.course + (above - base.course[0]) * falls))
    loss = logged(base)
    loss[:3] = np.maximum(loss[:3], np.log(32000) + 1.0)
    truth = Truth(("high-initial-loss",), int(base.steps[0]))
    return Draft(finish(base, loss=loss), (truth,), recipe=drawn(base))


def loss_too_low(rng: Random, half: str) -> Draft:
    """From scratch to almost nothing within the first epoch; evaluation as well."""
    base = _usual(rng, half, tasks=("pretrain",), epochs=(1,), trends=SLOW)
    floor = float(rng.uniform(0.005, 0.05))
    done = np.arange(len(base.course)) / len(base.course)
    course = np.log(floor + 10.3 * np.exp(-done / rng.uniform(0.02, 0.08)))
    base = with_usual(replace(base, course=course, learned=course))
    truth = Truth(("loss-too-low",), causes=("broken-mask",))
    return Draft(finish(base), (truth,), recipe=drawn(base))


FAULTS: Mapping[str, Callable[[Random, str], Draft]] = {
    "non-finite-loss": non_finite_loss,
    "zero-loss": zero_loss,
    "ga-loss-scaling": ga_loss_scaling,
    "eval-missing": eval_missing,
    "plateau": plateau,
    "running-loss": running_loss,
    "lr-schedule-mismatch": lr_schedule_mismatch,
    "high-initial-loss": high_initial_loss,
    "loss-too-low": loss_too_low,
    "frozen-loss": frozen_loss,
    **POLICY_FAULTS,
    **FAULTS_APART,
}
