"""The two sets of cases by name; a name is enough to build its case again.

`python -m tests.accuracy.cases test/phenomenon/loss-jump/8/3` prints the recipe of one.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Iterator, Mapping

import numpy as np

from tests.accuracy import patterns, phenomena
from tests.accuracy.between import BETWEEN
from tests.accuracy.faults import FAULTS
from tests.accuracy.lookalikes import LOOKALIKES
from tests.accuracy.shapes import HALVES, Random
from tests.accuracy.simulate import Wish, draw, finish, with_usual
from tests.accuracy.sizing import SIZES
from tests.accuracy.truth import Case, Draft

SIZED: Mapping[str, Callable[[Random, str, float], Draft]] = {
    "epoch-step-drop": phenomena.epoch_step_drop,
    "last-epoch-drop": phenomena.last_epoch_drop,
    "incomplete-accumulation": patterns.incomplete_accumulation,
    "loss-jump": phenomena.loss_jump,
    "loss-spike": phenomena.loss_spike,
    "divergence": phenomena.divergence,
    "unexplained-drop": phenomena.unexplained_drop,
    "resume-discontinuity": patterns.resume_discontinuity,
    "periodic-loss": patterns.periodic_loss,
    "grad-norm-explosion": patterns.grad_norm_explosion,
    "throughput-drop": patterns.throughput_drop,
    "overfitting": patterns.overfitting,
}
LONG_SHARE = 0.04  # of the clean runs: 2,000 to 20,000 points


def names(half: str, *, clean: int, each: int) -> Iterator[str]:
    """The cases of a half: `clean` runs, and `each` runs a size, a fault and a look-alike."""
    yield from (f"{half}/clean/any/-/{number}" for number in range(clean))
    for rule in SIZED:
        yield from (
            f"{half}/phenomenon/{rule}/{size:g}/{number}"
            for size in SIZES
            for number in range(each)
        )
    for rule in FAULTS:
        yield from (f"{half}/phenomenon/{rule}/-/{number}" for number in range(4 * each))
    for name in BETWEEN:
        yield from (
            f"{half}/between/{name}/{size:g}/{number}" for size in SIZES for number in range(each)
        )
    for name in LOOKALIKES:
        yield from (f"{half}/look-alike/{name}/-/{number}" for number in range(2 * each))


def build(name: str) -> Case:
    """The case of a name; its seed is the half's number, the name and nothing else."""
    half, kind, what, size, _ = name.split("/")
    seed = (HALVES[half], zlib.crc32(name.encode()))
    rng = np.random.default_rng(seed)
    made = _made(rng, half, kind, what, size)
    recipe = {"name": name, "seed": seed, **made.recipe}
    return Case(name, made.run, made.expect, made.allow, recipe)


def _made(rng: Random, half: str, kind: str, what: str, size: str) -> Draft:
    if kind == "clean":
        return clean(rng, half)
    if kind == "look-alike":
        return LOOKALIKES[what][0](rng, half)
    if kind == "between":
        return BETWEEN[what](rng, half, float(size))
    return FAULTS[what](rng, half) if what in FAULTS else SIZED[what](rng, half, float(size))


def clean(rng: Random, half: str) -> Draft:
    """A healthy run of any kind and length."""
    points = (2000, 20_000) if rng.random() < LONG_SHARE else (30, 2000)
    base = with_usual(draw(rng, half, Wish(points)))
    return Draft(finish(base), recipe=base.recipe)


if __name__ == "__main__":
    for wanted in sys.argv[1:]:
        found = build(wanted)
        print(found.recipe, *found.expect, sep="\n")  # noqa: T201 - a command for a person
