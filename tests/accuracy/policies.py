"""What befalls a policy in what is logged beside its loss, and what only looks so."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from msgspec.structs import replace

from lossscan.model import Series
from lossscan.numeric.arrays import FloatArray
from tests.accuracy.shapes import Random
from tests.accuracy.simulate import Base, Wish, draw, finish
from tests.accuracy.sizing import drawn
from tests.accuracy.truth import Draft, Truth

RULES = ("reward-collapse", "kl-blow-up", "entropy-collapse")
COMMON = frozenset({"loss-spike", "loss-jump", "divergence", "zero-loss"})


def _policy(rng: Random, half: str) -> tuple[Base, FloatArray]:
    """A run without its series, and what share of it is done at each point."""
    base = draw(rng, half, Wish(points=(60, 800), every=(1,), epochs=(1,), tasks=("sft",)))
    return replace(base, objective="grpo", digits=4), np.arange(base.points) / base.points


def _drafted(
    base: Base, *expect: Truth, reward: FloatArray, kl: FloatArray, entropy: FloatArray
) -> Draft:
    """The run with its three series, each with the noise of small groups."""
    rng = base.rng
    noisy = {
        "reward": reward + 0.05 * rng.standard_normal(base.points),
        "kl": kl * np.exp(0.15 * rng.standard_normal(base.points)),
        "entropy": entropy * np.exp(0.1 * rng.standard_normal(base.points)),
    }
    series = {name: Series(name, base.steps, values) for name, values in noisy.items()}
    loss = 0.01 * rng.standard_normal(base.points)
    run = finish(replace(base, series={**base.series, **series}), loss=loss)
    return Draft(run, expect, COMMON if expect else frozenset(), drawn(base))


def _usual(done: FloatArray) -> dict[str, FloatArray]:
    return {
        "reward": 0.2 + 0.6 * done,
        "kl": 0.001 + 0.1 * done,
        "entropy": 1.2 * np.exp(-done),
    }


def _changed(name: str, after: float) -> Callable[[Random, str], Draft]:
    """A series that leaves its course for good."""

    def build(rng: Random, half: str) -> Draft:
        base, done = _policy(rng, half)
        at = int(rng.uniform(0.4, 0.8) * base.points)
        logged = _usual(done)
        logged[name] = np.where(np.arange(base.points) >= at, after, logged[name])
        rule = dict(zip(("reward", "kl", "entropy"), RULES, strict=True))[name]
        return _drafted(base, Truth((rule,), int(base.steps[at]), tolerance=3.0), **logged)

    return build


def policy_that_learns(rng: Random, half: str) -> Draft:
    """The divergence grows, the entropy falls to a third, the reward rises."""
    base, done = _policy(rng, half)
    return _drafted(base, **_usual(done))


def policy_that_recovers(rng: Random, half: str) -> Draft:
    """For a tenth of the run all three are out of range, and come back."""
    base, done = _policy(rng, half)
    out = (done > 0.5) & (done < 0.6)
    usual = _usual(done)
    return _drafted(
        base,
        reward=np.where(out, 0.0, usual["reward"]),
        kl=np.where(out, 9.0, usual["kl"]),
        entropy=np.where(out, 0.02, usual["entropy"]),
    )


def policy_with_harder_tasks(rng: Random, half: str) -> Draft:
    """A quarter of the reward is lost where harder tasks begin; divergence without a penalty."""
    base, done = _policy(rng, half)
    reward = np.where(done > 0.6, 0.55, 0.3 + 0.6 * done)
    return _drafted(base, reward=reward, kl=0.01 + 8.0 * done, entropy=1.5 - 1.1 * done)


POLICY_FAULTS: Mapping[str, Callable[[Random, str], Draft]] = {
    "reward-collapse": _changed("reward", 0.0),
    "kl-blow-up": _changed("kl", 6.0),
    "entropy-collapse": _changed("entropy", 0.02),
}
SOUND_POLICIES: Mapping[str, tuple[Callable[[Random, str], Draft], tuple[str, ...]]] = {
    "policy-that-learns": (policy_that_learns, RULES),
    "policy-that-recovers": (policy_that_recovers, RULES),
    "policy-with-harder-tasks": (policy_with_harder_tasks, RULES),
}
