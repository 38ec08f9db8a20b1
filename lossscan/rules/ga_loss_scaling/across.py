"""Several runs of one config: their loss grows with the accumulation steps, or should not."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from lossscan.model import Effect, Episode, Evidence, Finding, Message, Run
from lossscan.numeric.levels import first_level
from lossscan.points import points_of
from lossscan.rules.ga_loss_scaling import NAME
from lossscan.rules.ga_loss_scaling.defects import scaling_causes
from lossscan.rules.kit.case import Case
from lossscan.samples import passes_per_update

NEAR = 0.25  # of a slope to 1, -1 or 0; as far as the rule's train/eval ratio may be
SURE_SIGMA = 5.0  # standard errors of the slope from 0
MANY = 3  # accumulation steps: two make a line, three test it
TELLING = 4.0  # a factor that no other batch size brings by itself, as in the rule

# Confidence by what agrees; that of one run's train/eval ratio is alike.
_SURE = {"two": 0.85, "two eval": 0.93, "many": 0.96, "many eval": 0.98}
_FACTOR_TWO = 0.1  # less, where two runs alone differ by a small factor


class Slope(Struct, frozen=True):
    """Growth of the logarithm of a loss with that of the accumulation steps."""

    value: float
    error: float  # standard error
    first: float  # where the samples begin: before the runs have learned differently

    def is_near(self, target: float) -> bool:
        """Whether it is the target from the beginning on, and is not 0 by chance."""
        near = abs(self.value - target) <= NEAR and abs(self.first - target) <= NEAR
        return near and abs(self.value) >= SURE_SIGMA * self.error


def _way_of(slope: Slope, evaluated: Slope | None) -> float | None:
    """1 where the loss is multiplied by the accumulation steps, -1 where divided, else None.

    Evaluation does not accumulate: what scales it too is another thing.
    """
    way = next((sign for sign in (1.0, -1.0) if slope.is_near(sign)), None)
    if way is None or (evaluated is not None and evaluated.is_near(way)):
        return None
    return way


def check_across(runs: Mapping[str, Run], slope: Slope, evaluated: Slope | None) -> Finding | None:
    """The finding of runs of one config (by letter) that differ in their accumulation steps.

    `slope`: growth of the log loss with the log of the steps; `evaluated`: of the evaluation loss.
    """
    way = _way_of(slope, evaluated)
    if way is None:
        return None
    ordered = sorted(runs.items(), key=lambda item: (steps_of(item[1]), item[1].path))
    low, high = ordered[0][1], ordered[-1][1]
    unscaled = evaluated if evaluated is not None and abs(evaluated.value) <= NEAR else None
    first = max(int(run.series["loss"].steps[0]) for run in runs.values())
    logged, factor = _first_loss(high), steps_of(high) ** way
    return Finding(
        _confidence([steps_of(run) for run in runs.values()], unscaled),
        message=Message(
            "across",
            runs=len(runs),
            slope=slope.value,
            error=slope.error,
            accumulation=steps_of(high),
            low=steps_of(low),
            low_loss=_first_loss(low),
            logged=logged,
            true=logged / factor,
        ),
        episodes=(Episode(first, high.last_step),),
        effect=Effect(before=logged / factor, after=logged, ratio=factor),
        evidence=tuple(_evidence(ordered, unscaled)),
        causes=scaling_causes(Case(max(runs.values(), key=steps_of)), divided=way < 0),
        next=Message("one-step"),
        claims=frozenset({first}),
        rule=NAME,
    )


def steps_of(run: Run) -> int:
    """Micro-batches a step; 1 where no file tells."""
    return passes_per_update(run.config) or 1


def _confidence(steps: Sequence[int], evaluated: Slope | None) -> float:
    kind = "many" if len(set(steps)) >= MANY else "two"
    small = kind == "two" and max(steps) / min(steps) < TELLING
    return _SURE[f"{kind} eval" if evaluated else kind] - (_FACTOR_TWO if small else 0.0)


def _first_loss(run: Run) -> float:
    column = points_of(run, "loss")
    return math.nan if column is None else first_level(column.values)


def _evidence(ordered: Sequence[tuple[str, Run]], evaluated: Slope | None) -> Iterator[Evidence]:
    for label, run in ordered:
        steps, logged = steps_of(run), _first_loss(run)
        said = Message("across-run", label=label, accumulation=steps, logged=logged)
        yield Evidence(said, source=run.path)
    if evaluated is not None:
        yield Evidence(Message("across-eval", slope=evaluated.value, error=evaluated.error))
