"""Series that part from the loss: a gradient of 0, an evaluation of another kind, a rising part.

Of each the fault, and the near misses that look like it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from msgspec.structs import replace

from lossscan.model import Series
from lossscan.numeric.arrays import FloatArray
from tests.accuracy.lookalikes_beside import Tempting, plain, silent, with_series
from tests.accuracy.shapes import Random
from tests.accuracy.simulate import (
    Base,
    evaluated,
    finish,
    grad_norms,
    logged,
    moved,
    with_usual,
)
from tests.accuracy.sizing import drawn, place
from tests.accuracy.truth import Draft, Truth

LN2 = float(np.log(2))


def _rippled(base: Base, course: FloatArray, sigma: float = 0.03) -> FloatArray:
    """A course (points,) with log-normal noise."""
    return np.asarray(course * np.exp(sigma * base.rng.standard_normal(base.points)))


def _done(base: Base) -> FloatArray:
    """(points,) how much of the run is behind, 0..1."""
    return np.arange(base.points) / base.points


# --- no gradient ---------------------------------------------------------------------------------


def zero_gradient(rng: Random, half: str) -> Draft:
    """Norms of 0 from some point on or throughout, or differences and spreads that are all 0."""
    kind = str(rng.choice(["default", "policy", "pairs", "rewards"]))
    base = with_usual(plain(rng, half), without=("eval_loss", "grad_norm"))
    zeros, at = np.zeros(base.points), 0
    loss, cause = _rippled(base, zeros + 0.02, 0.3), "frozen-parameters"
    if kind == "default":
        at = place(base, 0.3, 0.6) // base.every
        loss, held = logged(base), logged(base, noisy=False)[at]
        loss[at:] = _rippled(base, zeros + held)[at:]
        norms = np.where(np.arange(base.points) < at, grad_norms(base).values, 0.0)
        base = with_series(base, grad_norm=norms)
    elif kind == "policy":
        base = with_series(base, grad_norm=zeros, reward_std=_rippled(base, zeros + 0.3))
        base = replace(base, objective="grpo")
    elif kind == "pairs":
        cause, loss = "masked-labels", _rippled(base, zeros + LN2, 1e-4)
        base = with_series(base, **{f"rewards/{n}": zeros for n in ("chosen", "margins")})
        base = replace(base, objective="dpo")
    else:
        cause, base = "equal-rewards", with_series(base, reward_std=zeros)
        base = replace(base, objective="grpo")
    truth = Truth(("zero-gradient",), int(base.steps[at]), causes=(cause,))
    return Draft(finish(base, loss=loss), (truth,), recipe=drawn(base, fault=kind))


def norms_not_measured(rng: Random, half: str) -> Draft:
    """A trainer that writes 0 for a norm it does not measure: the loss falls all the same."""
    base = plain(rng, half, trends=("exponential", "stretched"), noise=(0.01, 0.05))
    base = with_usual(base, without=("grad_norm",))
    return silent(with_series(base, grad_norm=np.zeros(base.points)))


def some_zero_norms(rng: Random, half: str) -> Draft:
    """Now and then a few batches in a row without labels."""
    base = with_usual(plain(rng, half, points=(120, 1500)), without=("grad_norm",))
    norms = grad_norms(base).values
    for share in (0.2, 0.5, 0.8):
        at = int(share * base.points)
        norms[at : at + int(rng.integers(1, 6))] = 0.0
    return silent(with_series(base, grad_norm=norms))


def margins_from_zero(rng: Random, half: str) -> Draft:
    """A preference run begins at its reference: margins of 0, then more."""
    base = with_usual(plain(rng, half, tasks=("dpo",)), without=("eval_loss",))
    margins = _rippled(base, 2 * _done(base), 0.2)
    return silent(with_series(base, **{"rewards/margins": margins, "rewards/chosen": margins / 2}))


# --- evaluation ----------------------------------------------------------------------------------


def _every(base: Base) -> int:
    return base.every * max(1, base.points // int(base.rng.integers(4, 10)))


def _beside(base: Base, factor: float | FloatArray, every: int) -> Base:
    """The run with evaluations that lie so many times above what was learnt."""
    course = evaluated(base, every)
    series = {"eval_loss": Series("eval_loss", course.steps, course.values * factor)}
    config = {**base.config, "eval_strategy": "steps", "eval_steps": every, "val_size": 100}
    return with_usual(replace(base, series={**base.series, **series}, config=config))


def eval_mismatch(rng: Random, half: str) -> Draft:
    """Evaluation an order above training, or worse than a guess, from the first time on."""
    if rng.random() < 0.5:
        base = plain(rng, half, epochs=(1, 3), trends=("exponential", "stretched"))
        factor = 16.0 * float(np.exp(base.course[0] - base.course[-1]))
    else:
        base = plain(rng, half, tasks=("pretrain",), trends=("exponential", "stretched"))
        factor = (np.log(32000) + rng.uniform(1.5, 4.0)) / float(np.exp(base.course[-1])) / 0.9
    made = _beside(base, factor, _every(base))
    truth = Truth(("eval-mismatch",), int(made.series["eval_loss"].steps[0]))
    allow = frozenset({"overfitting"})
    return Draft(finish(made), (truth,), allow, drawn(made, factor=factor))


def eval_of_learnt_by_heart(rng: Random, half: str) -> Draft:
    """Training falls to a thirtieth, evaluation rises a third: overfitting, measured alike."""
    base = plain(rng, half, tasks=("small",), epochs=(5, 10), trends=("exponential", "stretched"))
    every, start = _every(base), float(np.exp(base.course[0]))
    count = len(base.course) // every
    level = start * (0.8 + 0.4 * np.arange(1, count + 1) / count)
    learnt = np.exp(base.learned[every * np.arange(1, count + 1) - 1])
    made = silent(_beside(base, level / learnt, every))
    return replace(made, allow=frozenset({"overfitting"}))


def eval_before_training(rng: Random, half: str) -> Draft:
    """A first evaluation of the untrained model, above a guess; those that follow are in line."""
    base = plain(rng, half, tasks=("pretrain",), trends=("power", "hyperbolic"))
    every = _every(base)
    factor = np.ones(len(base.course) // every)
    factor[0] = (np.log(32000) + 0.6) / np.exp(base.learned[every - 1])
    return silent(_beside(base, factor, every))


# --- parts of a loss -----------------------------------------------------------------------------


def _parts(base: Base, **courses: FloatArray) -> Base:
    """The run with parts of its loss, each a share (points,) of the total."""
    total = logged(base, noisy=False)
    return with_series(base, **{name: _rippled(base, total * c) for name, c in courses.items()})


def _rise(base: Base, low: float, high: float) -> tuple[FloatArray, int]:
    """(points,) 1, then a ramp to 2 to 5 times as much; and the point at which it begins."""
    at = place(base, low, high) // base.every
    ramp = np.clip((np.arange(base.points) - at) / max(base.points // 8, 1), 0, 1)
    return 1 + base.rng.uniform(1.5, 4.0) * ramp, at


def component_divergence(rng: Random, half: str) -> Draft:
    """One part falls with the total, then rises for good while the total falls on."""
    falls = {"points": (80, 1500), "trends": ("power", "logarithmic"), "noise": (0.01, 0.05)}
    base = plain(rng, half, **falls)
    falling = -0.2 * np.linspace(0, 1, len(base.course))
    base = with_usual(moved(base, falling, learned=True))
    rises, at = _rise(base, 0.3, 0.5)
    flat = 0.05 + 0.05 * np.exp(-8 * _done(base))  # of the total, so that the total hardly shows it
    name = str(rng.choice(["cls_loss", "rpn_loss", "ctc_loss", "style_loss"]))
    made = _parts(base, **{name: flat * rises, "center_loss": 0.9 * np.ones(base.points)})
    place_of = Truth(
        ("component-divergence",), int(base.steps[at]), tolerance=0.3 * base.points, sharp=False
    )
    return Draft(finish(made), (place_of,), recipe=drawn(made, part=name, point=at))


def kl_grows(rng: Random, half: str) -> Draft:
    """What holds a model back gives way as the rest is learnt: the KL part of a VAE."""
    base = with_usual(plain(rng, half, points=(80, 1500)))
    grows = 0.01 + 0.1 * _done(base)
    return silent(_parts(base, kl_loss=grows, recon_loss=0.9 * np.ones(base.points)))


def boxes_are_matched(rng: Random, half: str) -> Draft:
    """The box part grows from the start, as more boxes are matched, and comes down later."""
    base = with_usual(plain(rng, half, points=(80, 1500), trends=("exponential", "power")))
    grows = 0.05 * (1 - np.exp(-8 * _done(base))) + 0.02
    return silent(_parts(base, loss_rpn_box=grows, cls_loss=0.9 * np.ones(base.points)))


def part_rises_and_returns(rng: Random, half: str) -> Draft:
    """A part is weighted more for a while and falls back."""
    base = with_usual(plain(rng, half, points=(80, 1500), trends=("exponential", "power")))
    hump = 0.05 * (1 + np.exp(-((10 * (_done(base) - 0.5)) ** 2)))
    return silent(_parts(base, style_loss=hump, content_loss=0.9 * np.ones(base.points)))


FAULTS_APART: Mapping[str, Callable[[Random, str], Draft]] = {
    "zero-gradient": zero_gradient,
    "eval-mismatch": eval_mismatch,
    "component-divergence": component_divergence,
}
APART: Tempting = {
    "norms-not-measured": (norms_not_measured, ("zero-gradient", "plateau")),
    "some-zero-norms": (some_zero_norms, ("zero-gradient", "zero-loss")),
    "margins-from-zero": (margins_from_zero, ("zero-gradient", "plateau")),
    "eval-of-learnt-by-heart": (eval_of_learnt_by_heart, ("eval-mismatch", "ga-loss-scaling")),
    "eval-before-training": (eval_before_training, ("eval-mismatch", "eval-missing")),
    "kl-grows": (kl_grows, ("component-divergence", "divergence")),
    "boxes-are-matched": (boxes_are_matched, ("component-divergence",)),
    "part-rises-and-returns": (part_rises_and_returns, ("component-divergence", "loss-spike")),
}
