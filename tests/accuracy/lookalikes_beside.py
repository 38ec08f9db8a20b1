"""Near misses in what is logged beside the training loss: gradient, time, evaluation, resumes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
from msgspec.structs import replace

from lossscan.model import Resume, Series
from lossscan.numeric.arrays import FloatArray
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
from tests.accuracy.sizing import drawn, place
from tests.accuracy.truth import Draft

Tempting: TypeAlias = Mapping[str, tuple[Callable[[Random, str], Draft], tuple[str, ...]]]
CALM = (0.01, 0.1)


def plain(rng: Random, half: str, **wish: Any) -> Base:
    """A healthy run in which little is hard to see."""
    usual = {"points": (60, 1500), "noise": CALM, "tasks": ("sft", "full")}
    return draw(rng, half, Wish(**{**usual, **wish}))


def silent(base: Base, **said: Any) -> Draft:
    """Nothing is to be said of the run."""
    return Draft(finish(base, **said), recipe=drawn(base))


def with_series(base: Base, **values: FloatArray) -> Base:
    """The run with more series, by name."""
    more = {name: Series(name, base.steps, column) for name, column in values.items()}
    return replace(base, series={**base.series, **more})


def fp16_overflows(rng: Random, half: str) -> Draft:
    """The loss scale of fp16 is searched in the first steps."""
    base = with_usual(plain(rng, half, every=(1,)), without=("grad_norm",))
    norms = grad_norms(base).values
    norms[rng.choice(12, 2, replace=False)] = np.inf
    return silent(with_series(base, grad_norm=norms), config={"fp16": True})


def gradient_blips(rng: Random, half: str) -> Draft:
    """Heavy-tailed gradient norms that the loss does not answer."""
    base = with_usual(plain(rng, half, points=(100, 1500)), without=("grad_norm",))
    norms = grad_norms(base, sigma=0.3).values
    norms[rng.choice(np.arange(30, base.points), 3, replace=False)] *= rng.uniform(3, 8, 3)
    return silent(with_series(base, grad_norm=norms))


def gradient_grows_slowly(rng: Random, half: str) -> Draft:
    """Norms that double over the run, as weights sharpen."""
    base = with_usual(plain(rng, half), without=("grad_norm",))
    growth = np.exp(np.linspace(0, np.log(2.5), base.points))
    return silent(with_series(base, grad_norm=grad_norms(base).values * growth))


def step_time_hiccups(rng: Random, half: str) -> Draft:
    """Checkpoints and evaluations take their time; compilation at the start; a slow drift."""
    base = with_usual(plain(rng, half))
    times = np.exp(0.04 * rng.standard_normal(base.points) + np.linspace(0, 0.1, base.points))
    times[:2] *= 8
    times[20 :: max(base.points // 8, 1)] *= 4
    return silent(with_series(base, seconds_per_step=times))


def faithful_resume(rng: Random, half: str) -> Draft:
    """A resume that restored everything; some steps were made twice."""
    base = with_usual(plain(rng, half, schedules=("cosine", "linear"), epochs=(1, 3)))
    at = place(base, 0.3, 0.7) // base.every
    loss = logged(base)
    dead = slice(at, min(at + 6, base.points))
    again = loss[dead] * np.exp(0.3 * base.recipe["sigma"] * rng.standard_normal(len(loss[dead])))
    gone = {"loss": Series("loss", base.steps[dead], again)}
    resume = Resume(int(base.steps[at - 1]), gone if rng.random() < 0.5 else {})
    return silent(base, loss=loss, resumes=(resume,))


def resume_with_the_epoch(rng: Random, half: str) -> Draft:
    """A faithful resume from the checkpoint of an epoch's end, on a faster machine."""
    base = with_usual(plain(rng, half, schedules=("linear",), epochs=(2, 3)))
    end = int(base.boundaries[0])
    drift = np.exp(0.03 * rng.standard_normal(base.points)) * np.where(base.steps > end, 0.95, 1.0)
    return silent(with_series(base, seconds_per_step=drift), resumes=(Resume(end),))


def slower_by_degrees(rng: Random, half: str) -> Draft:
    """Steps take longer and longer, without a place where they change."""
    base = with_usual(plain(rng, half))
    times = np.exp(0.03 * rng.standard_normal(base.points) + np.linspace(0, 0.2, base.points))
    return silent(with_series(base, seconds_per_step=times))


def _evaluated(base: Base, values: FloatArray, every: int) -> Draft:
    steps = every * np.arange(1, len(values) + 1)
    series = {"eval_loss": Series("eval_loss", steps, values)}
    base = with_usual(replace(base, series=series))
    asked = {"eval_strategy": "steps", "eval_steps": every, "val_size": 100}
    return silent(base, config=asked)


def eval_noise(rng: Random, half: str) -> Draft:
    """A small evaluation set: the lowest value is luck."""
    base = plain(rng, half, epochs=(1, 3))
    every = base.every * max(1, base.points // int(rng.integers(8, 25)))
    course = evaluated(base, every).values
    return _evaluated(base, course * np.exp(0.03 * rng.standard_normal(len(course))), every)


def eval_rises_a_little(rng: Random, half: str) -> Draft:
    """Evaluation ends half a percent above its minimum: the best checkpoint is no better."""
    base = plain(rng, half, epochs=(3,))
    every = base.every * max(1, base.points // 10)
    count = base.points * base.every // every
    turn = np.concatenate(
        [np.linspace(0.1, 0, count // 2), np.linspace(0, 0.005, count - count // 2)]
    )
    return _evaluated(base, 1.4 * np.exp(turn + 0.002 * rng.standard_normal(count)), every)


def eval_lower_than_train(rng: Random, half: str) -> Draft:
    """Dropout and hard samples: training lies a third above evaluation, with 2 to 8 steps each."""
    base = plain(rng, half)
    every = base.every * max(1, base.points // 6)
    made = _evaluated(base, evaluated(base, every).values / rng.uniform(1.2, 1.5), every)
    steps = replace(next(iter(made.run.config.values())), value=int(rng.choice([2, 4, 8])))
    config = {**made.run.config, "gradient_accumulation_steps": steps}
    return replace(made, run=replace(made.run, config=config))


def eval_on_a_harder_set(rng: Random, half: str) -> Draft:
    """Evaluation on other text lies twice as high from the first time on."""
    base = plain(rng, half)
    every = base.every * max(1, base.points // 6)
    made = _evaluated(base, evaluated(base, every).values * rng.uniform(1.7, 2.2), every)
    steps = replace(next(iter(made.run.config.values())), value=2)
    config = {**made.run.config, "gradient_accumulation_steps": steps}
    return replace(made, run=replace(made.run, config=config))


def eval_not_due(rng: Random, half: str) -> Draft:
    """The first evaluation lies ahead: the run goes on."""
    base = with_usual(plain(rng, half, epochs=(1,)), without=("eval_loss",))
    total = 4 * len(base.course)
    config = {
        "eval_strategy": "steps",
        "eval_steps": total // 2,
        "max_steps": total,
        "val_size": 100,
    }
    kind, warmup = base.config["lr_scheduler_type"], base.config["warmup_steps"]
    peak = base.config["learning_rate"]
    rate = learning_rate(kind, base.steps, total=total, warmup=warmup, peak=peak)
    return silent(replace(base, rate=rate), config={**config, "num_train_epochs": 4.0})


def eval_not_wanted(rng: Random, half: str) -> Draft:
    """Evaluation is switched off."""
    base = with_usual(plain(rng, half), without=("eval_loss",))
    return silent(base, config={"eval_strategy": "no"})


def eval_at_the_end_of_one_epoch(rng: Random, half: str) -> Draft:
    """One epoch, evaluated where it ends."""
    base = with_usual(plain(rng, half, epochs=(1,)), without=("eval_loss",))
    end = len(base.course)
    series = {**base.series, "eval_loss": evaluated(base, end)}
    config = {"eval_strategy": "epoch", "val_size": 100}
    return silent(replace(base, series=series), config=config, complete=True)


# Each with the rules that it tempts.
BESIDE: Tempting = {
    "fp16-overflows": (
        fp16_overflows,
        ("non-finite-loss", "grad-norm-explosion"),
    ),
    "gradient-blips": (
        gradient_blips,
        ("grad-norm-explosion", "non-finite-loss"),
    ),
    "gradient-grows-slowly": (gradient_grows_slowly, ("grad-norm-explosion",)),
    "step-time-hiccups": (step_time_hiccups, ("throughput-drop",)),
    "faithful-resume": (
        faithful_resume,
        ("resume-discontinuity", "throughput-drop"),
    ),
    "resume-with-the-epoch": (
        resume_with_the_epoch,
        ("resume-discontinuity", "epoch-step-drop", "throughput-drop"),
    ),
    "slower-by-degrees": (slower_by_degrees, ("throughput-drop",)),
    "eval-noise": (eval_noise, ("overfitting",)),
    "eval-rises-a-little": (eval_rises_a_little, ("overfitting",)),
    "eval-lower-than-train": (
        eval_lower_than_train,
        ("ga-loss-scaling", "overfitting"),
    ),
    "eval-on-a-harder-set": (
        eval_on_a_harder_set,
        ("ga-loss-scaling", "overfitting", "eval-mismatch"),
    ),
    "eval-not-due": (eval_not_due, ("eval-missing",)),
    "eval-not-wanted": (eval_not_wanted, ("eval-missing",)),
    "eval-at-the-end-of-one-epoch": (
        eval_at_the_end_of_one_epoch,
        ("eval-missing",),
    ),
}
