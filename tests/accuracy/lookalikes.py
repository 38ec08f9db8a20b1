"""Near misses: what looks like a fault and is none. Nothing may be reported of them."""

from __future__ import annotations

import numpy as np
from msgspec.structs import replace

from lossscan.model import Series
from lossscan.numeric.arrays import FloatArray
from tests.accuracy.apart import APART
from tests.accuracy.frozen import FROZEN
from tests.accuracy.lookalikes_beside import BESIDE, Tempting, plain, silent, with_series
from tests.accuracy.patterns import incomplete_accumulation
from tests.accuracy.policies import SOUND_POLICIES
from tests.accuracy.shapes import Random, learning_rate
from tests.accuracy.simulate import (
    Base,
    finish,
    grad_norms,
    logged,
    moved,
    with_usual,
)
from tests.accuracy.sizing import FLAT, drawn, onward, place
from tests.accuracy.truth import Draft


def _own_rate(base: Base, rate: FloatArray) -> Base:
    """A schedule that the configuration does not name."""
    return replace(base, rate=rate, config={**base.config, "lr_scheduler_type": None})


ONE_RESTART = 2  # cycles


# --- schedules -----------------------------------------------------------------------------------


def lr_step_decay(rng: Random, half: str) -> Draft:
    """The rate falls to a tenth, and the loss with it."""
    base = plain(rng, half, schedules=("constant_with_warmup",), epochs=(1, 3))
    at = place(base, 0.5, 0.8)
    fall = -rng.uniform(0.15, 0.4) * onward(base, at)
    rate = base.rate * np.where(base.steps > at, 0.1, 1.0)
    return silent(with_usual(_own_rate(moved(base, fall, learned=True), rate)))


def wsd_anneal(rng: Random, half: str) -> Draft:
    """The loss falls faster while a long plateau of the rate is annealed."""
    base = plain(rng, half, schedules=("warmup_stable_decay",), epochs=(1,))
    done = np.arange(1, len(base.course) + 1) / len(base.course)
    fall = -rng.uniform(0.05, 0.2) * np.clip((done - 0.8) / 0.2, 0, 1)
    return silent(with_usual(moved(base, fall, learned=True)))


def cosine_restarts(rng: Random, half: str) -> Draft:
    """The rate starts anew several times; the loss rises a little and falls again.

    A single restart is one only where the settings say so: else the rate was raised by somebody.
    """
    base = plain(rng, half, schedules=("cosine",), epochs=(1, 3))
    cycles = int(rng.integers(2, 5))
    phase = (np.arange(len(base.course)) / len(base.course) * cycles) % 1
    bump = 0.08 * np.cos(np.pi * phase / 2)
    rate = base.config["learning_rate"] * (1 + np.cos(np.pi * phase)) / 2
    base = _own_rate(moved(base, bump), rate[base.every - 1 :: base.every])
    kind = "cosine_with_restarts" if cycles <= ONE_RESTART else None
    return silent(with_usual(base), config={"lr_scheduler_type": kind})


def rate_printed_with_few_digits(rng: Random, half: str) -> Draft:
    """Eight decimals of a small rate are a staircase."""
    base = with_usual(plain(rng, half, schedules=("cosine", "linear")))
    peak = base.config["learning_rate"]
    return silent(replace(base, rate=np.round(base.rate / peak, 2) * peak))


def rate_one_step_ahead(rng: Random, half: str) -> Draft:
    """Transformers up to 4.48 logs the rate of the next step."""
    base = plain(rng, half, schedules=("cosine", "linear"), every=(1,))
    config, total = base.config, len(base.course)
    rate = learning_rate(
        config["lr_scheduler_type"],
        np.minimum(base.steps + 1, total),
        total=total,
        warmup=config["warmup_steps"],
        peak=config["learning_rate"],
    )
    return silent(with_usual(replace(base, rate=rate)))


def stopped_early(rng: Random, half: str) -> Draft:
    """The run was ended before its schedule."""
    base = plain(rng, half, schedules=("cosine", "linear"), epochs=(1,))
    total = 2 * len(base.course)
    kind, warmup = base.config["lr_scheduler_type"], base.config["warmup_steps"]
    peak = base.config["learning_rate"]
    rate = learning_rate(kind, base.steps, total=total, warmup=warmup, peak=peak)
    config = {**base.config, "max_steps": total, "num_train_epochs": 2.0}
    return silent(with_usual(replace(base, rate=rate, config=config)))


# --- the start -----------------------------------------------------------------------------------


def warmup_descent(rng: Random, half: str) -> Draft:
    """From scratch: a short shelf, then a fall of many nats, then the knee."""
    return silent(
        with_usual(plain(rng, half, tasks=("pretrain",), trends=("logistic", "gompertz")))
    )


def coarse_start(rng: Random, half: str) -> Draft:
    """Warm-up is a shelf of few points, behind which the loss falls at once, and on from there."""
    base = plain(rng, half, trends=FLAT, points=(80, 300))
    at = place(base, 0.08, 0.18)
    behind = (np.arange(len(base.course)) - at) / base.every
    left = rng.uniform(0.4, 0.8) * np.exp(-behind / rng.uniform(4, 8))
    fall = np.where(behind < 0, left[at] * rng.uniform(1.4, 1.8), left)
    return silent(with_usual(moved(base, fall - fall[-1], learned=True)))


def first_step_logged(rng: Random, half: str) -> Draft:
    """logging_first_step: a first point of one step, noisier and higher than the windows."""
    base = with_usual(plain(rng, half, every=(5, 10, 20, 50)))
    run = finish(base)
    loss = run.series["loss"]
    if base.every == 1:
        return Draft(run, recipe=drawn(base))
    first = float(np.exp(base.course[0] + 2 * abs(base.noise[0])))
    longer = Series("loss", np.r_[1, loss.steps], np.r_[first, loss.values])
    return Draft(replace(run, series={**run.series, "loss": longer}), recipe=drawn(base))


def large_vocabulary(rng: Random, half: str) -> Draft:
    """The first loss lies half a nat above ln V, as initialisations have it."""
    base = plain(rng, half, tasks=("pretrain",), noise=(0.005, 0.02))
    base = moved(base, np.full(len(base.course), np.log(np.log(256000) + 0.3) - base.course[0]))
    return silent(with_usual(base), config={"vocab_size": 256000})


def short_answers(rng: Random, half: str) -> Draft:
    """A fine-tuning on short answers comes down to 0.03 in its first epoch."""
    base = plain(rng, half, tasks=("small",), trends=("exponential", "stretched"))
    return silent(with_usual(base))


# --- averaging and order -------------------------------------------------------------------------


def incomplete_dip(rng: Random, half: str) -> Draft:
    """One low point at each epoch end is no stair, no spike, no drop."""
    made = incomplete_accumulation(rng, half, 12.0)
    return replace(made, expect=(), allow=frozenset({"incomplete-accumulation"}))


def epoch_end_average(rng: Random, half: str) -> Draft:
    """The last entry of each epoch is the mean of the whole epoch."""
    base = with_usual(plain(rng, half, epochs=(3, 4, 5), trends=FLAT))
    loss = logged(base)
    for end in [*base.boundaries.tolist(), len(base.course)]:
        stop = end // base.every
        start = max(stop - base.per_epoch // base.every, 0)
        loss[stop - 1] = loss[start:stop].mean()
    return silent(base, loss=loss)


def length_grouped(rng: Random, half: str) -> Draft:
    """A zig-zag of a length-grouped sampler: periodic, and nothing else."""
    base = plain(rng, half, epochs=(1, 3), every=(1, 5, 10), points=(200, 1500))
    phase = (np.arange(len(base.course)) % 50) / 50
    base = with_usual(moved(base, rng.uniform(0.1, 0.3) * (1 - phase)))
    run = finish(base, config={"group_by_length": True})
    return Draft(run, allow=frozenset({"periodic-loss"}), recipe=drawn(base))


def slow_waves(rng: Random, half: str) -> Draft:
    """Correlated data: irregular waves without a period, of a few noise units."""
    base = plain(rng, half, points=(200, 1500), epochs=(1,))
    knots = np.linspace(0, len(base.course), int(rng.integers(8, 20)))
    waves = np.interp(np.arange(len(base.course)), knots, 0.03 * rng.standard_normal(len(knots)))
    return silent(with_usual(moved(base, waves)))


def curriculum(rng: Random, half: str) -> Draft:
    """Stages of harder data: a small rise at each, learnt away again."""
    base = plain(rng, half, epochs=(1,), noise=(0.02, 0.1))
    stages = np.sort(rng.choice(np.arange(20, 90), 3, replace=False)) * len(base.course) // 100
    behind = np.arange(len(base.course))[:, None] - stages[None, :]
    rises = 0.06 * np.where(behind >= 0, np.exp(-np.maximum(behind, 0) / (len(behind) / 15)), 0)
    return silent(with_usual(moved(base, rises.sum(axis=1))))


def two_points_an_epoch(rng: Random, half: str) -> Draft:
    """So many epochs that each holds one or two logged points."""
    return silent(with_usual(plain(rng, half, points=(60, 120), epochs=(40, 50))))


def one_percent_stairs(rng: Random, half: str) -> Draft:
    """Steps of one percent at epoch ends are not worth a word."""
    base = plain(rng, half, epochs=(3,), noise=(0.004, 0.02), trends=FLAT)
    stairs = -0.008 * np.sum([onward(base, int(b)) for b in base.boundaries], axis=0)
    return silent(with_usual(moved(base, stairs)))


def lone_low_points(rng: Random, half: str) -> Draft:
    """Single low points away from epoch ends: short or easy batches."""
    base = plain(rng, half, epochs=(3,), points=(100, 1500))
    dips = np.zeros(len(base.course))
    for share in (0.2, 0.45, 0.85):
        at = int(share * base.points) * base.every
        dips[at : at + base.every] = -rng.uniform(0.3, 0.6)
    return silent(with_usual(moved(base, dips)))


# --- noise ---------------------------------------------------------------------------------------


def heavy_tails(rng: Random, half: str) -> Draft:
    """Small batches: a point far off now and then, either way."""
    base = plain(rng, half, every=(1,), points=(100, 1500))
    tails = 0.05 * rng.standard_t(2.5 if half == "train" else 3.0, len(base.course))
    return silent(with_usual(replace(base, noise=base.noise + np.clip(tails, -0.6, 0.6))))


def near_zero(rng: Random, half: str) -> Draft:
    """A memorised set: losses near 0.002 with noise that grows as they shrink."""
    base = plain(rng, half, tasks=("small",), epochs=(5, 10), noise=(0.1, 0.2), every=(1, 5))
    fall = np.linspace(0, -3, len(base.course))
    loud = np.linspace(1, 2.0, len(base.course))
    return silent(with_usual(replace(moved(base, fall), noise=base.noise * loud)))


def slow_drift_up(rng: Random, half: str) -> Draft:
    """The training loss drifts up by a few percent over half of the run."""
    base = plain(rng, half, trends=FLAT, epochs=(1, 2))
    done = np.arange(len(base.course)) / len(base.course)
    drift = rng.uniform(0.02, 0.07) * np.clip(2 * done - 1, 0, 1)
    return silent(with_usual(moved(base, drift)))


def noisy_continuation(rng: Random, half: str) -> Draft:
    """A model that knows the text already: flat, with a gradient."""
    base = with_usual(plain(rng, half, trends=FLAT, noise=(0.05, 0.25)), without=("grad_norm",))
    return silent(with_series(base, grad_norm=grad_norms(base).values))


def grpo_around_zero(rng: Random, half: str) -> Draft:
    """A policy loss: of either sign, with exact zeros."""
    base = plain(rng, half, every=(1,), epochs=(1,))
    noise = 0.01 * np.exp(0.5 * rng.standard_normal(base.points)) * rng.standard_normal(base.points)
    loss = noise + np.linspace(0, 0.01, base.points)
    loss[rng.random(base.points) < 0.1] = 0.0
    reward = np.linspace(0.2, 0.6, base.points) + 0.05 * rng.standard_normal(base.points)
    base = with_series(with_usual(base, without=("eval_loss",)), reward=reward)
    return silent(replace(base, objective="grpo", digits=4), loss=loss)


def dpo_start(rng: Random, half: str) -> Draft:
    """A preference loss that leaves ln 2 slowly."""
    return silent(with_usual(plain(rng, half, tasks=("dpo",), trends=FLAT, noise=(0.005, 0.03))))


# Each with the rules that it tempts: every rule has three or more of them (see the tests).
LOOKALIKES: Tempting = {
    **BESIDE,
    **SOUND_POLICIES,
    **APART,
    **FROZEN,
    "lr-step-decay": (
        lr_step_decay,
        ("unexplained-drop", "last-epoch-drop", "lr-schedule-mismatch"),
    ),
    "wsd-anneal": (wsd_anneal, ("unexplained-drop", "last-epoch-drop", "epoch-step-drop")),
    "cosine-restarts": (
        cosine_restarts,
        ("loss-jump", "loss-spike", "resume-discontinuity", "periodic-loss", "last-epoch-drop"),
    ),
    "rate-printed-with-few-digits": (rate_printed_with_few_digits, ("lr-schedule-mismatch",)),
    "rate-one-step-ahead": (rate_one_step_ahead, ("lr-schedule-mismatch",)),
    "stopped-early": (stopped_early, ("lr-schedule-mismatch", "eval-missing")),
    "warmup-descent": (
        warmup_descent,
        ("unexplained-drop", "loss-too-low", "high-initial-loss", "plateau"),
    ),
    "coarse-start": (coarse_start, ("unexplained-drop", "loss-too-low", "high-initial-loss")),
    "first-step-logged": (first_step_logged, ("high-initial-loss", "loss-spike")),
    "large-vocabulary": (large_vocabulary, ("high-initial-loss", "ga-loss-scaling")),
    "short-answers": (short_answers, ("loss-too-low", "zero-loss")),
    "incomplete-dip": (incomplete_dip, ("epoch-step-drop", "loss-spike", "unexplained-drop")),
    "epoch-end-average": (
        epoch_end_average,
        ("incomplete-accumulation", "epoch-step-drop", "loss-spike"),
    ),
    "length-grouped": (
        length_grouped,
        ("loss-spike", "loss-jump", "epoch-step-drop", "running-loss"),
    ),
    "slow-waves": (slow_waves, ("periodic-loss", "divergence", "running-loss")),
    "curriculum": (curriculum, ("loss-jump", "loss-spike", "divergence")),
    "two-points-an-epoch": (two_points_an_epoch, ("epoch-step-drop", "incomplete-accumulation")),
    "one-percent-stairs": (
        one_percent_stairs,
        ("epoch-step-drop", "last-epoch-drop", "running-loss"),
    ),
    "lone-low-points": (lone_low_points, ("incomplete-accumulation", "unexplained-drop")),
    "heavy-tails": (heavy_tails, ("loss-spike", "periodic-loss")),
    "near-zero": (near_zero, ("zero-loss", "loss-too-low", "loss-jump", "loss-spike")),
    "slow-drift-up": (slow_drift_up, ("divergence", "loss-jump")),
    "noisy-continuation": (noisy_continuation, ("plateau", "loss-spike")),
    "grpo-around-zero": (
        grpo_around_zero,
        ("zero-loss", "plateau", "loss-jump", "non-finite-loss"),
    ),
    "dpo-start": (dpo_start, ("plateau",)),
}
