"""The loss does not move from where it began."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import chain

import numpy as np

from lossscan.model import Cause, Episode, Evidence, Finding, Message, Series, Severity
from lossscan.numeric.arrays import distinct
from lossscan.numeric.medians import median, robust_sigma, running_median, step_noise
from lossscan.rules.kit.case import Case
from lossscan.rules.kit.domain import SATURATED
from lossscan.rules.kit.rule import Rule
from lossscan.rules.kit.sizes import effect_of
from lossscan.rules.plateau.guesses import ALIKE, NEAR_CHANCE, accuracy_of, choices_of, is_text

JUDGED = ("cross-entropy", "classification", "reward")  # whose guess is at ln k
MIN_POINTS = 10  # logged points; the shortest public case had 12
START = 3  # points at the start that must be on the level: else the loss fell and levelled off
SURE_SIGMA = 3.0  # standard errors within which two thirds of a run count as equal
MOSTLY = 0.8  # of the entries
MOST_ABOVE = 1.5  # times a guess: an untrained head is so far above it at most
USUAL_RATE = 1e-3  # of Adam where none is stated (PyTorch, Keras): models learn at it
TINY_RATE = 1e-7  # at its highest: no optimizer moves a model by it in a run that is watched
SAME_DIGITS = 5e-5  # relative: 87.34 and 87.3365 in four printed digits
FROZEN = 0.002  # relative spread of a loss that no update touches, in four printed digits
# Of 16 runs from scratch with frozen weights or a rate of 0 none fell by over 1.7 errors of the
# slope or showed a memory from point to point; but of 5 told by that alone none was, all learned.
NO_TREND_POINTS = 40
NO_FALL = 1.28  # standard errors of the slope: 1 in 10 runs of pure noise falls further
HIDDEN = 0.1  # of the loss: a larger fall must have shown beyond the noise
FINE = 0.005  # of the loss: where so small a fall would show, 9 of 10 labeled runs do not learn
MEMORY = 3.0  # standard errors of the correlation of neighboring points
SAME = 5  # losses in a row that are those of an epoch before, digit by digit: no chance of two

# What holds the loss: confidence, the causes and their scores.
_HOLDS: dict[str, tuple[float, dict[str, float]]] = {
    "saturated": (0.97, {"rate-unsuitable": 0.7}),
    "no-gradient": (0.97, {"frozen-parameters": 0.8, "masked-labels": 0.4}),
    "zero-rate": (0.97, {"zero-rate": 0.95}),
    "repeats": (0.97, {"frozen-parameters": 0.8, "zero-rate": 0.5}),
    "chance": (0.94, {"rate-unsuitable": 0.7, "labels-unrelated": 0.5, "frozen-parameters": 0.4}),
    "untouched": (
        0.94,
        {"frozen-parameters": 0.8, "rate-unsuitable": 0.5, "labels-unrelated": 0.3},
    ),
    "tiny-rate": (0.9, {"rate-too-small": 0.9}),
    "frozen": (0.8, {"frozen-parameters": 0.7, "rate-unsuitable": 0.4}),
    "no-fall": (0.85, {"rate-unsuitable": 0.5, "frozen-parameters": 0.4}),
    "no-trend": (0.3, {"frozen-parameters": 0.6, "rate-unsuitable": 0.5, "labels-unrelated": 0.3}),
}

_SEVERITIES = {
    "saturated": Severity.CRITICAL,
    "no-gradient": Severity.CRITICAL,  # as a zero gradient is wherever it begins
    "no-trend": Severity.INFO,
}
_SAID = {"untouched": "chance", "no-fall": "no-trend"}  # whose sentence is that of another


def check(case: Case, *, max_change: float = 0.01) -> Iterator[Finding]:
    """Yield a finding where the loss has not changed by `max_change`, and something shows why."""
    loss = case.loss
    if loss is None or len(loss) < MIN_POINTS or case.is_policy:
        return
    judged = case.run.objective in JUDGED
    loss = _behind_blow_up(loss) if judged else loss
    if not _is_flat(loss, max_change) and not (judged and _settles_at_chance(case, loss)):
        return
    signs = (_untrained(case, loss), _by_level(case, loss) if judged else ())
    holds = next(chain.from_iterable(signs), None)
    if holds is not None:
        yield _finding(case, loss, holds)


def _behind_blow_up(loss: Series) -> Series:
    """The later two thirds of a loss that blew up at first and is never below where they are.

    Updates that are too large leave a head that answers the same to everything.
    """
    third = len(loss) // 3
    later = loss.values[third:]
    if len(later) < MIN_POINTS or loss.values[:third].max() <= MOST_ABOVE * loss.values[0]:
        return loss
    lowest = running_median(loss.values, START).min()
    never_lower = lowest >= (1 - ALIKE) * median(later)
    return Series(loss.name, loss.steps[third:], later) if never_lower else loss


def _is_flat(loss: Series, max_change: float) -> bool:
    """Whether the first and the last third, and the very start, are on one level."""
    third, values = len(loss) // 3, loss.values
    middle = median(values)
    noise = step_noise(values)  # not what a steady fall spreads
    moved = abs(median(values[-third:]) - median(values[:third]))
    fell = median(values[:START]) - middle
    return moved <= max(max_change * middle, _error(noise, third)) and fell <= max(
        max_change * middle, _error(noise, START)
    )


def _settles_at_chance(case: Case, loss: Series) -> bool:
    """Whether a loss that began above a guess came down to it and no further, as does accuracy.

    By its loss alone a model that learns slowly from scratch looks the same.
    """
    if accuracy_of(case) is None:
        return False
    third = len(loss) // 3
    levels = [median(loss.values[k * third : (k + 1) * third]) for k in range(3)]
    near = [choices_of(case, level) for level in levels[1:]]
    return (
        None not in near
        and near[0] == near[1]
        and median(loss.values[:START]) <= MOST_ABOVE * levels[1]
        and levels[0] >= (1 - NEAR_CHANCE) * levels[1]
    )


def _error(noise: float, points: int) -> float:
    """How far apart two levels of so many points each may be by chance."""
    return SURE_SIGMA * noise * math.sqrt(2 / points)


def _untrained(case: Case, loss: Series) -> Iterator[tuple[str, Evidence]]:
    """What shows of itself that no update moves the model, the strongest first."""
    norms, rate = case.points("grad_norm"), case.points("learning_rate")
    if (np.abs(loss.values / SATURATED - 1) <= SAME_DIGITS).mean() >= MOSTLY:
        yield "saturated", Evidence(Message("saturated", after=SATURATED), value=SATURATED)
    of_norms, of_rate = (case.run.source_of(name) for name in ("grad_norm", "learning_rate"))
    if norms is not None and (norms.values == 0).mean() >= MOSTLY:
        yield "no-gradient", Evidence(Message("no-gradient"), source=of_norms, value=0.0)
    if rate is not None and (rate.values == 0).all():
        yield "zero-rate", Evidence(Message("zero-rate"), source=of_rate, value=0.0)
    if apart := _repeats(loss):
        yield "repeats", Evidence(Message("repeats", points=apart))


def _repeats(loss: Series) -> int | None:
    """After how many points all losses come again: in one order, batches differ by the model."""
    values = loss.values
    again = (np.flatnonzero(values[SAME:-SAME] == values[0]) + SAME).tolist()
    same = (lag for lag in again[:SAME] if (values[lag:] == values[:-lag]).all())
    return next(same, None) if len(distinct(values[:SAME])) == SAME else None


def _by_level(case: Case, loss: Series) -> Iterator[tuple[str, Evidence]]:
    """What the level of a probability's loss tells, the strongest first."""
    norms, rate = case.points("grad_norm"), case.points("learning_rate")
    warms_up = rate is not None and rate.values[-1] == rate.values.max() > median(rate.values)
    if rate is not None and 0 < rate.values.max() <= TINY_RATE and not warms_up:
        source = case.run.source_of("learning_rate")
        yield "tiny-rate", Evidence(Message("tiny-rate"), source=source)
    chance = None if warms_up else choices_of(case, median(loss.values))
    if chance is not None and not _learns_little(case, loss, math.log(chance)):
        untouched = norms is None and _is_untouched(loss, rate, chance)
        kind = "untouched" if untouched else "chance"
        yield kind, Evidence(Message("chance", choices=chance, uniform=math.log(chance)))
    low, high = np.quantile(loss.values, (0.05, 0.95))
    of_all_digits = high == low != 0 and float(f"{low:.4g}") != low  # tells in a piece of a log too
    if of_all_digits or (case.begins and (0 < high - low <= FROZEN * high or high == low != 0)):
        yield "frozen", Evidence(Message("frozen", low=float(low), high=float(high)))
    hidden = _hidden_fall(loss)
    shows = hidden is not None and hidden <= FINE and case.begins and not warms_up
    if shows or (hidden and len(loss) >= NO_TREND_POINTS and _is_from_scratch(case)):
        sign = Evidence(Message("no-trend", points=len(loss), least=hidden))
        yield "no-fall" if shows else "no-trend", sign


def _learns_little(case: Case, loss: Series, guess: float) -> bool:
    """Whether a loss surely keeps falling and ends below a guess, if no accuracy is known."""
    third, values = len(loss) // 3, loss.values
    last, error = median(values[-third:]), _error(step_noise(values), third)
    return accuracy_of(case) is None and min(median(values[:third]), guess) - last > error


def _is_from_scratch(case: Case) -> bool:
    """Whether a log begins with a run of no trainer that fine-tunes, and no accuracy tells more."""
    begins = case.begins and not case.run.schedule.of("resume")
    tuned = case.trainer.tunes or case.trainer.of_transformers
    return begins and not (tuned or is_text(case) or accuracy_of(case) is not None)


def _hidden_fall(loss: Series) -> float | None:
    """The largest fall that the noise may hide, as a share; None where there is more than noise."""
    values, count = loss.values, len(loss)
    level = median(values)
    if not level > 0:
        return None
    at = np.linspace(-0.5, 0.5, count)
    slope = float((at * values).sum() / (at * at).sum())  # over the whole run
    rest = values - values.mean() - slope * at
    error = robust_sigma(rest) * math.sqrt(12 / count)  # of a line's slope, over its whole length
    memory = (rest[1:] * rest[:-1]).sum() / (rest * rest).sum() * math.sqrt(count)
    hidden = SURE_SIGMA * error / level
    if slope < -NO_FALL * error or slope > SURE_SIGMA * error or memory > MEMORY:
        return None
    return hidden if 0 < hidden <= HIDDEN else None


def _is_untouched(loss: Series, rate: Series | None, choices: int) -> bool:
    """Whether the loss stays above a guess to the end, at a rate that breaks no model.

    What is updated at all comes down to the guess, also with labels that mean nothing.
    """
    later = loss.values[len(loss) // 3 :]
    error = float(later.std()) / math.sqrt(len(later))
    usual = rate is not None and rate.values.max() <= USUAL_RATE
    return usual and later.mean() - math.log(choices) >= SURE_SIGMA * error


def _claims(case: Case, first: int) -> frozenset[int]:
    """Where the gradient begins to be 0: a model that gets none learns nothing, once said.

    Else the first point: where NaN gradients are said of it, no update moves rate and loss.
    """
    norms = case.points("grad_norm")
    zeros = [] if norms is None else norms.steps[norms.values == 0][:1].tolist()
    return frozenset(zeros or [first])


def _finding(case: Case, loss: Series, holds: tuple[str, Evidence]) -> Finding:
    kind, sign = holds
    confidence, scores = _HOLDS[kind]
    third = len(loss) // 3
    before, after = median(loss.values[:third]), median(loss.values[-third:])
    first, last = int(loss.steps[0]), int(loss.steps[-1])
    rate = case.points("learning_rate")
    peak = float(rate.values.max()) if rate is not None else None
    rated = case.advise("learning_rate")
    said, level = _SAID.get(kind, kind), median(loss.values)
    return Finding(
        confidence,
        stated_severity=_SEVERITIES.get(kind),
        message=Message(said, level=level, first=first, last=last, points=len(loss)),
        episodes=(Episode(first, last),),
        effect=effect_of(before, after),
        evidence=(
            sign,
            Evidence(Message("thirds", before=before, after=after)),
            *([Evidence(Message("rate", peak=peak), value=peak)] if peak else []),
        ),
        causes=tuple(
            Cause(Message(cause), score, config=rated if "rate" in cause else ())
            for cause, score in scores.items()
        ),
        next=Message("overfit-one-batch"),
        claims=_claims(case, first),
    )


RULE = Rule(name="plateau", check=check)
