"""What goes wrong in the course of a loss, put into a healthy run at a known place and size.

Each function takes a generator, the half and a size in noise units of one logged point.
"""

from __future__ import annotations

import numpy as np
from msgspec.structs import replace

from lossscan.model import Series
from lossscan.numeric.arrays import FloatArray, IntArray
from tests.accuracy.shapes import Random
from tests.accuracy.simulate import (
    Base,
    Wish,
    draw,
    finish,
    grad_norms,
    moved,
    point_of,
    unit_at,
    with_usual,
)
from tests.accuracy.sizing import FLAT, SIDE, drawn, noise_for, onward, place, shown, sized
from tests.accuracy.truth import Draft, Truth

# --- at epoch ends -------------------------------------------------------------------------------


def epoch_step_drop(rng: Random, half: str, size: float) -> Draft:
    """Stairs at each boundary: samples that were seen before are remembered."""
    wish = Wish(
        (60, 2000), (2, 3, 4, 5), ("sft", "full", "dpo"), noise_for(size, 0.03), trends=FLAT
    )
    base = draw(rng, half, wish)
    first = int(base.boundaries[0])
    base, effect, size = sized(base, point_of(base, first), size, 0.03)
    effect = min(effect, 3.0 / len(base.boundaries))
    size = effect / unit_at(base, point_of(base, first))
    steps = [onward(base, int(b)) * rng.uniform(0.8, 1.2) for b in base.boundaries]
    stairs = np.sum(steps, axis=0)
    inside = (np.arange(len(base.course)) % base.per_epoch) / base.per_epoch
    climb = effect * rng.choice([0.0, 0.0, 0.25]) * inside
    base = with_usual(moved(base, climb - effect * stairs))
    truth = Truth(("epoch-step-drop",), shown(base, first), size=size, causes=("memorisation",))
    return Draft(finish(base), (truth,), recipe=drawn(base, effect=effect, step=first))


def last_epoch_drop(rng: Random, half: str, size: float) -> Draft:
    """One step down where the last data epoch begins, in a trainer that shuffles it apart."""
    wish = Wish((60, 3000), (1,), ("pretrain",), noise_for(size, 0.01), correlated=0.1)
    base = draw(rng, half, wish)
    at = place(base, 0.56, 0.9)
    base, effect, size = sized(base, point_of(base, at), size, 0.01)
    effect = min(effect, 0.5)
    base = with_usual(moved(base, -effect * onward(base, at)), without=("epoch",))
    batch = base.config["total_train_batch_size"]
    config = {"last_epoch_first_sample": at * batch, "num_train_epochs": None, "data_epochs": 3}
    size = effect / unit_at(base, point_of(base, at))
    truth = Truth(
        ("last-epoch-drop",), shown(base, at), size=size, causes=("last-epoch-shuffled-apart",)
    )
    run = finish(base, config=config, framework=str(rng.choice(["paddlenlp", "megatron"])))
    return Draft(run, (truth,), recipe=drawn(base, effect=effect, step=at))


# --- up ------------------------------------------------------------------------------------------


def loss_jump(rng: Random, half: str, size: float) -> Draft:
    """A rise that stays, with what tells its cause: the rate, an overflow, or nothing but data.

    In a third of the runs it is learnt away slowly: then it may be called a spike as well.
    """
    base = draw(rng, half, Wish(noise=noise_for(size, 0.15), schedules=("constant_with_warmup",)))
    at = place(base, 0.25, 0.85)
    base, effect, size = sized(base, point_of(base, at), size, 0.15)
    behind = np.maximum(np.arange(len(base.course)) - at, 0) / len(base.course)
    sinks = bool(rng.random() < 0.3)
    stays = onward(base, at) * np.exp(-behind * (2.0 if sinks else 0.1))
    cause = str(rng.choice(["learning-rate-too-high", "overflow", "data-switch"]))
    before = base.course[at]
    base = with_usual(moved(base, effect * stays, learned=cause != "data-switch"))
    left = (base.course[-1] - before) / effect
    base = _told(base, at, cause)
    rules = ("loss-jump",) if left > SURELY_LEFT else ("loss-jump", "loss-spike")
    return Draft(
        finish(base),
        (Truth(rules, shown(base, at), size=size, causes=(cause,) if len(rules) == 1 else ()),),
        frozenset({"divergence", "grad-norm-explosion"} | _beside(cause)),
        drawn(base, effect=effect, step=at, cause=cause, left=round(float(left), 2)),
    )


SURELY_LEFT = 0.6  # of a jump at the end of the run, over the level before it


def _beside(cause: str) -> set[str]:
    return {"non-finite-loss"} if cause == "overflow" else set()


def _told(base: Base, at: int, cause: str) -> Base:
    """The gradient norms and settings that go with a cause."""
    norms = grad_norms(base).values
    point = point_of(base, at)
    lora = base.config["finetuning_type"] == "lora"
    peak = 5e-5 if lora else 1e-5
    if cause == "learning-rate-too-high":
        peak = base.rng.uniform(5, 20) * (2e-4 if lora else 5e-5)
        norms[max(point - 4, 0) : point + 1] *= base.rng.uniform(6, 20)
    if cause == "overflow":
        norms[point : point + 2] = np.inf
    rate = base.rate * peak / base.config["learning_rate"]
    series = {**base.series, "grad_norm": Series("grad_norm", base.steps, norms)}
    config = {**base.config, "learning_rate": float(peak), "fp16": cause == "overflow" or None}
    return replace(base, series=series, rate=rate, config=config)


def loss_spike(rng: Random, half: str, size: float) -> Draft:
    """A rise that goes back: one point, a block, the same samples in each epoch, or a slow one."""
    shape = str(rng.choice(["single", "block", "recurring", "slow"]))
    epochs = (2, 3, 4) if shape == "recurring" else (1, 2, 3)
    wish = Wish((60, 2000), epochs, noise=noise_for(size, 0.2), correlated=0.15)
    base = draw(rng, half, wish)
    at = place(base, 0.3, 0.8)
    base, effect, size = sized(base, point_of(base, at), size, 0.2)
    first = point_of(base, at) * base.every
    starts = [first]
    if shape == "recurring":
        again = first + base.per_epoch * np.arange(-3, 4) // base.every * base.every
        room = SIDE * base.every
        starts = [int(s) for s in again if room <= s <= len(base.course) - room]
    bump = np.sum([_bump(base, start, shape) for start in starts], axis=0)
    causes = _SPIKES.get(shape, ())
    base = with_usual(moved(base, effect * bump), without=("grad_norm",))
    if shape == "slow":
        base = _told(base, first, "learning-rate-too-high")
    batch = 8 if shape == "single" else 256
    shuffle = False if shape == "recurring" else None
    truth = Truth(("loss-spike",), shown(base, first), size=size, causes=causes)
    return Draft(
        finish(base, config={"shuffle": shuffle, "total_train_batch_size": batch}),
        (truth,),
        frozenset({"grad-norm-explosion", "periodic-loss"}),
        drawn(base, effect=effect, step=first, shape=shape),
    )


# A block may be odd data or unshuffled data: nothing in the log tells which.
_SPIKES = {
    "recurring": ("unshuffled-data",),
    "slow": ("instability",),
    "single": ("odd-batch",),
}


def _bump(base: Base, start: int, shape: str) -> FloatArray:
    """(steps,) a spike of height 1."""
    behind = (np.arange(len(base.course)) - start) / base.every
    if shape == "slow":
        length = min(25.0, 0.06 * base.points)
        return np.where(behind >= 0, np.exp(-np.maximum(behind, 0) / length), 0.0)
    points = {"single": 1, "block": int(base.rng.integers(3, 10)), "recurring": 3}[shape]
    return ((behind >= 0) & (behind < points)).astype(np.float64)


def divergence(rng: Random, half: str, size: float) -> Draft:
    """A climb over many points that lasts to the end, well above where the run began."""
    wish = Wish((30, 2000), noise=noise_for(size, 1.0), tasks=("sft", "full"), trends=FLAT)
    base = draw(rng, half, wish)
    at = place(base, 0.25, 0.6)
    base, effect, size = sized(base, point_of(base, at), size, 1.0)
    ramp = np.clip((np.arange(len(base.course)) - at) / (len(base.course) - at), 0, 1)
    ramp = ramp ** rng.choice([1.0, 0.6])
    base = with_usual(moved(base, effect * ramp, learned=True), without=("grad_norm",))
    base = _told(base, at, "learning-rate-too-high")
    truth = Truth(
        ("divergence",),
        shown(base, at),
        tolerance=0.3 * base.points,
        size=size,
        causes=("learning-rate-too-high",),
        sharp=False,
    )
    allow = frozenset({"grad-norm-explosion", "overfitting"})
    return Draft(finish(base), (truth,), allow, drawn(base, effect=effect, step=at))


# --- down, at a resume, again and again ----------------------------------------------------------


def unexplained_drop(rng: Random, half: str, size: float) -> Draft:
    """A step down where neither an epoch ends nor the rate changes; of four, one goes back."""
    wish = Wish(epochs=(1, 2, 3), noise=noise_for(size, 0.111), schedules=("cosine", "linear"))
    base = draw(rng, half, wish)
    at = _away(base, base.boundaries)
    base, effect, size = sized(base, point_of(base, at), size, 0.111)
    effect = min(effect, 1.2)
    size = effect / unit_at(base, point_of(base, at))
    low = onward(base, at)
    if rng.random() < RETURNS:
        share = rng.uniform(0.08, 0.4) * (len(base.course) - at)
        low -= onward(base, at + int(max(share, DIP_POINTS * base.every)))
    base = with_usual(moved(base, -effect * low))
    truth = Truth(("unexplained-drop",), shown(base, at), size=size, causes=("data-change",))
    return Draft(finish(base), (truth,), recipe=drawn(base, effect=effect, step=at))


RETURNS = 0.25  # of the drops: a stretch of other data ends before the run does,
DIP_POINTS = 12  # logged ones at the earliest: a shorter one has no level of its own


def _away(base: Base, marks: IntArray) -> int:
    """A place more than four logged points from every mark, and behind the first descent."""
    first = 0.12 if base.recipe["trend"] in FLAT else 0.3
    places = [place(base, first, 0.85) for _ in range(20)]
    far = [p for p in places if np.all(np.abs(marks - p) > 4 * base.every)]
    return (far or places)[0]
