"""A loss that stops at one number, and the near misses whose last entries are alike."""

from __future__ import annotations

import numpy as np
from msgspec.structs import replace

from tests.accuracy.lookalikes_beside import Tempting, plain, silent
from tests.accuracy.shapes import Random
from tests.accuracy.simulate import finish, logged, with_usual
from tests.accuracy.sizing import drawn, place
from tests.accuracy.truth import Draft, Truth


def frozen_loss(rng: Random, half: str) -> Draft:
    """From some entry on a value that is no longer updated, or the same batch at a rate of 0."""
    cause = str(rng.choice(["stale-value", "no-update"]))
    base = plain(rng, half)
    at = place(base, 0.3, 0.7) // base.every
    loss = logged(base)
    loss[at:] = loss[at]
    if cause == "no-update":
        base = replace(base, rate=np.where(np.arange(base.points) < at, base.rate, 0.0))
    base = with_usual(base, without=("grad_norm",))
    truth = Truth(("frozen-loss",), int(base.steps[at]), causes=(cause,))
    allow = frozenset({"lr-schedule-mismatch"} if cause == "no-update" else set())
    return Draft(finish(base, loss=loss), (truth,), allow, drawn(base, cause=cause, point=at))


def converged(rng: Random, half: str) -> Draft:
    """Whole batches and a smooth task: less and less is left, until the print shows none of it."""
    base = replace(plain(rng, half), digits=4)
    left = np.exp(-rng.uniform(15, 40) * np.arange(base.points) / base.points)
    return silent(base, loss=rng.uniform(0.3, 2.0) * (1 + left))


def coarse_print(rng: Random, half: str) -> Draft:
    """Two decimals, which the noise of the late entries does not reach."""
    base = replace(plain(rng, half, trends=("exponential",)), digits=2)
    course = logged(base, noisy=False)
    return silent(base, loss=course + 0.001 * rng.standard_normal(base.points))


def last_entries_alike(rng: Random, half: str) -> Draft:
    """A few entries of the last batch, as its logger repeats them at the end."""
    base = plain(rng, half)
    loss = logged(base)
    loss[-int(rng.integers(2, 6)) :] = loss[-6]
    return silent(base, loss=loss)


FROZEN: Tempting = {
    "converged": (converged, ("frozen-loss", "plateau")),
    "coarse-print": (coarse_print, ("frozen-loss", "plateau")),
    "last-entries-alike": (last_entries_alike, ("frozen-loss", "zero-gradient")),
}
