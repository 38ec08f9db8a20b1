"""What shows at seams, again and again, or beside the training loss; as in `phenomena`."""

from __future__ import annotations

from typing import Any

import numpy as np
from msgspec.structs import replace

from lossscan.model import Resume, Series
from tests.accuracy.shapes import Random, learning_rate
from tests.accuracy.simulate import (
    Base,
    Wish,
    draw,
    evaluated,
    finish,
    grad_norms,
    moved,
    point_of,
    unit_at,
    with_usual,
)
from tests.accuracy.sizing import SLOW, drawn, noise_for, place, shown, sized
from tests.accuracy.truth import Draft, Truth


def incomplete_accumulation(rng: Random, half: str, size: float) -> Draft:
    """One point low at each epoch end by the share of micro-batches that were left."""
    groups = int(rng.choice([2, 4, 8]))
    left = int(rng.integers(1, groups))
    effect = float(np.clip(np.log(groups / left), 0.25, None))
    noise = min(effect / size, 0.3)
    wish = Wish((60, 1500), (3, 4, 6), ("sft", "full"), (noise, 1.01 * noise), every=(1,))
    base = replace(draw(rng, half, wish), averaging="window")
    ends = base.boundaries - 1
    dips = np.zeros(len(base.course))
    dips[ends] = -effect
    base = moved(base, dips)
    norms = grad_norms(base, sigma=0.15)
    if rng.random() < 0.5:
        norms = Series(norms.name, norms.steps, norms.values * np.exp(dips))
    base = with_usual(replace(base, series={"grad_norm": norms}))
    size = effect / unit_at(base, int(ends[0]))
    config = {"gradient_accumulation_steps": groups, "transformers_version": "4.48.2"}
    truth = Truth(
        ("incomplete-accumulation",),
        shown(base, ends[0]),
        size=size,
        causes=("incomplete-last-group",),
    )
    return Draft(finish(base, config=config), (truth,), recipe=drawn(base, effect=effect))


def resume_discontinuity(rng: Random, half: str, size: float) -> Draft:
    """A resume that lost weights, optimizer, scheduler or the place in the data."""
    wish = Wish((40, 2000), (1, 3), noise=noise_for(size, 0.03), schedules=("cosine", "linear"))
    base = draw(rng, half, wish)
    at = point_of(base, place(base, 0.3, 0.7)) * base.every
    base, effect, size = sized(base, point_of(base, at), size, 0.03)
    cause = str(
        rng.choice(["weights-not-loaded", "optimizer-lost", "scheduler-lost", "data-order-lost"])
    )
    behind = (np.arange(len(base.course)) - at) / base.every
    lasts = 0.1 * base.points if cause in ("optimizer-lost", "scheduler-lost") else 1e9
    course = np.where(behind >= 0, np.exp(-np.maximum(behind, 0) / max(lasts, 12)), 0.0)
    if cause == "data-order-lost":
        end = base.boundaries[base.boundaries > at]
        course = -course * (np.arange(len(course)) < (end[0] if len(end) else len(course)))
        effect = min(effect, 1.0)
    base = with_usual(moved(base, effect * course))
    if cause == "scheduler-lost":
        base = _rate_anew(base, at)
    size = effect / unit_at(base, point_of(base, at))
    config = {"save_only_model": True} if cause == "optimizer-lost" else {}
    truth = Truth(("resume-discontinuity",), shown(base, at), size=size, causes=(cause,))
    run = finish(base, config=config, resumes=(Resume(at),))
    # Where the repeated samples end, the loss comes back up: a jump that is none.
    allow = frozenset({"loss-jump"} if cause == "data-order-lost" else set())
    return Draft(run, (truth,), allow, drawn(base, effect=effect, step=at, cause=cause))


def _rate_anew(base: Base, at: int) -> Base:
    """The schedule from its beginning behind a resume."""
    left = len(base.course) - at
    kind, peak = base.config["lr_scheduler_type"], base.config["learning_rate"]
    anew = learning_rate(kind, base.steps - at, total=left, warmup=0, peak=peak)
    return replace(base, rate=np.where(base.steps > at, anew, base.rate))


def periodic_loss(rng: Random, half: str, size: float) -> Draft:
    """A sawtooth with the period of length groups, evaluation, saving or an epoch."""
    cause = str(rng.choice(["length-grouping", "evaluation", "saving", "data-order"]))
    wish = Wish((100, 2000), (1,), ("sft", "full"), noise_for(size, 0.0), trends=SLOW, every=(1, 5))
    base = draw(rng, half, wish)
    points = int(rng.integers(5, max(6, min(60, base.points // 6))))
    if cause == "length-grouping":
        points = 50 // base.every if base.points >= 400 // base.every and base.every > 1 else points
    period = points * base.every
    base, effect, size = sized(base, base.points // 2, size, 0.02)
    phase = (np.arange(len(base.course)) % period) / period
    wave = phase if rng.random() < 0.5 else 0.5 * np.sin(2 * np.pi * phase)
    base = moved(base, min(effect, 1.0) * wave)
    configs: dict[str, dict[str, Any]] = {
        "length-grouping": {"group_by_length": True},
        "evaluation": {"eval_steps": period},
        "saving": {"save_steps": period},
        "data-order": {"shuffle": False},
    }
    config = configs[cause]
    if cause == "data-order":
        base = replace(base, epochs=len(base.course) / period)
    base = with_usual(base, without=("eval_loss",))
    if cause == "evaluation":
        base = replace(base, series={**base.series, "eval_loss": evaluated(base, period)})
        config |= {"eval_strategy": "steps"}
    truth = Truth(("periodic-loss",), size=min(effect, 1.0) / effect * size, causes=(cause,))
    allow = frozenset({"loss-spike", "epoch-step-drop"} if cause == "data-order" else set())
    recipe = drawn(base, effect=effect, period=period, cause=cause)
    return Draft(finish(base, config=config), (truth,), allow, recipe)


def grad_norm_explosion(rng: Random, half: str, size: float) -> Draft:
    """Gradient norms that leave their range and stay out of it."""
    base = draw(rng, half, Wish((60, 2000), noise=(0.01, 0.1)))
    sigma = float(np.clip(rng.uniform(2.5, 3.5) / size, 0.05, 0.4))
    norms = grad_norms(base, sigma=sigma)
    at = point_of(base, place(base, 0.4, 0.85))
    factor = np.where(np.arange(base.points) >= at, np.exp(size * sigma), 1.0)
    values = norms.values / np.median(norms.values) * factor
    series = {"grad_norm": Series("grad_norm", base.steps, values)}
    base = with_usual(replace(base, series=series))
    truth = Truth(("grad-norm-explosion",), int(base.steps[at]), size=size)
    return Draft(finish(base), (truth,), recipe=drawn(base, effect=size * sigma, step=at))


def throughput_drop(rng: Random, half: str, size: float) -> Draft:
    """Seconds per step that change once and stay changed."""
    base = draw(rng, half, Wish((40, 2000), noise=(0.01, 0.1)))
    sigma = float(np.clip(0.3 / size, 0.01, 0.08))
    change = max(size * sigma, np.log(1.25))
    at = point_of(base, place(base, 0.25, 0.75))
    resumed = rng.random() < 0.5
    later = np.arange(base.points) >= at
    times = np.exp(sigma * rng.standard_normal(base.points) + change * later)
    series = {"seconds_per_step": Series("seconds_per_step", base.steps, times)}
    base = with_usual(replace(base, series=series))
    truth = Truth(
        ("throughput-drop",),
        int(base.steps[at]),
        size=change / sigma,
        causes=("other-machine",) if resumed else (),
    )
    resumes = (Resume(at * base.every),) if resumed else ()
    return Draft(finish(base, resumes=resumes), (truth,), recipe=drawn(base, effect=change))


def overfitting(rng: Random, half: str, size: float) -> Draft:
    """Evaluation turns and rises while training goes on falling."""
    cause = str(rng.choice(["too-many-epochs", "learning-rate-high", "small-set"]))
    epochs = (3, 5, 10) if cause == "too-many-epochs" else (1, 2)
    falls = ("power", "exponential", "logarithmic", "stretched")
    wish = Wish((60, 2000), epochs, ("sft",), (0.01, 0.1), trends=falls)
    base = draw(rng, half, wish)
    count = int(rng.integers(6, 30))
    every = base.every * max(1, base.points // count)
    done = np.arange(len(base.course)) / len(base.course)
    turn = float(rng.uniform(0.25, 0.5))
    sigma = max(0.12 / size, 0.003)
    rise = max(size * sigma, 0.12)
    at = int(turn * len(done))
    flat = np.where(done < turn, base.course, base.course[at])
    learned = flat + rise * np.clip((done - turn) / (1 - turn), 0, None)
    base = replace(base, learned=learned, course=base.course - 0.5 * np.clip(done - turn, 0, None))
    if cause == "learning-rate-high":
        base = replace(
            base, rate=base.rate * 10, config={**base.config, "learning_rate": 10 * 1e-4}
        )
    series = {"eval_loss": evaluated(base, every, sigma=sigma)}
    base = with_usual(replace(base, series=series))
    config = {"eval_strategy": "steps", "eval_steps": every, "val_size": 500}
    config |= {"num_examples": 3000} if cause == "small-set" else {}
    step = int((at // every + 1) * every)
    tolerance = 0.3 * base.points
    truth = Truth(
        ("overfitting",), step, tolerance, rise / sigma, (cause, "memorisation"), sharp=False
    )
    return Draft(finish(base, config=config), (truth,), recipe=drawn(base, effect=rise, step=step))
