"""The loss steps down where epochs begin: samples that were seen before are remembered."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

import numpy as np

from lossscan.model import (
    BoundaryTest,
    Cause,
    Episode,
    Evidence,
    Finding,
    Message,
    RuledOut,
)
from lossscan.numeric.medians import median, spacing
from lossscan.rules.kit.case import Case
from lossscan.rules.kit.domain import rate_limit
from lossscan.rules.kit.evidence import around
from lossscan.rules.kit.order import file_order
from lossscan.rules.kit.rates import rate_at, rate_leaps
from lossscan.rules.kit.rule import Rule
from lossscan.rules.kit.sizes import (
    STEPS_DOWN,
    STRONG,
    VERY_STRONG,
    effect_of,
    least_seen,
    logistic,
    pooled,
    relative,
    share_of,
)
from lossscan.rules.kit.waves import share_in_means

HARMFUL = 0.02  # rise of the evaluation loss that memorisation without harm does not show
EPISODE_SIGMA = -1.5  # a boundary is named when it steps down by more than noise usually does
# Of the gap that the levels of both sides must show, or it is only between their lines: the least
# of 28 labeled stairs is .63; seven findings in healthy trained runs came to .23 to .49.
ACTUAL_SHARE = 0.5
LINE_POINTS = 4  # a side: of fewer a slope is a guess; none of 600 healthy runs then has stairs
AGREE = 0.6  # of the boundaries that step down: one large step among others is not of the epochs
# Of stairs seen by eye, those below 3.8 sigma come to 2.9 and lose 36 % and more, by the gap as by
# the levels; seven of 1,200 trained runs come to 2.5 by luck, and to 25 % by the gap.
LARGE_DROP, BEYOND_CHANCE = 0.25, 3.8
# All points of a short run tell more than the windows at its boundaries, which need only agree: 1
# of 132 labeled runs without stairs shows very strong evidence, and none of some 900 both strong
# evidence and a large drop.
AGREEING = 1.0  # standard errors
ALONE = 7.0  # standard errors: sure by itself whatever its size, as away from any landmark
SAW_TOOTH = 0.25  # of a step that the means of epochs show: 0.5 and more in 18 public stairs
# Fitted on the causal, the trained and half of the fresh runs with the simulated train half, where
# 37 of 43 findings were right: pooled evidence hardly tells stairs from another shape that returns
# in each epoch (ticks at its end, means since it began), so that it only grows slowly.
SURE = (-10.0, 0.12)
SMALL_SET = 20_000  # samples: the public stairs come from sets of 300 to 20,000
SAME_PLACE = 1.0  # logged points within which another landmark explains the step


def check(
    case: Case, *, min_sigma: float = -STEPS_DOWN, min_drop: float = 0.03
) -> Iterator[Finding | RuledOut]:
    """All boundaries are judged together, since memorisation steps at each of them.

    `min_sigma`: combined size in standard errors; 2.8 happens by chance in 0.3 % of runs, which is
    enough for steps of a quarter of the loss; smaller ones must be beyond chance.
    `min_drop`: smallest typical step, as a share of the loss (3 %: less is not seen by eye).
    """
    tests = [test for test in case.tests("epoch_boundary") if not _is_over(case, test)]
    leaps = [mark for mark in case.run.schedule.of("lr_change") if rate_leaps(case, mark.step)]
    others = sorted(mark.step for mark in (*leaps, *case.run.schedule.of("resume")))
    free = [test for test in tests if not _explained(case, test, others)]
    if len(free) < len(tests):
        yield RuledOut(Message("other-landmark", count=len(tests) - len(free)))
    if not free:
        return
    sigmas, combined = np.array([test.sigma for test in free]), pooled(free)
    evidence = -(case.signals.epoch_step or 0.0) if len(free) == len(tests) else 0.0
    # Many small steps are sure together, and none by itself.
    named = 0.0 if evidence >= STRONG else max(EPISODE_SIGMA, sigmas.mean())
    down = [test for test in free if test.sigma <= named and test.shift < 0]
    agree = np.mean([test.sigma < 0 for test in free]) >= AGREE
    drop = -median([share_of(case, test) for test in down])
    levels = -median([_level_share(case, test) for test in down])
    large = min(drop, levels) >= LARGE_DROP
    shared = evidence >= (STRONG if large else VERY_STRONG)
    needed = AGREEING if shared else min_sigma if large else max(min_sigma, BEYOND_CHANCE)
    short = median([test.points for test in down]) < LINE_POINTS
    falls = shared or short or levels >= ACTUAL_SHARE * drop
    seen = drop >= min_drop or min((test.sigma for test in down), default=0.0) <= -ALONE
    if combined > -needed or not (agree and falls and seen):
        least = max(_least(case, free, min_sigma), min_drop)
        numbers = {"sigma": combined, "count": len(free), "least": least, "drop": drop}
        why = _why_none(agree, drop, sure=combined <= -needed, falls=falls)
        yield RuledOut(Message(why, **numbers))
        return
    back = frozenset(test.step for test in _falling_back(case, down))
    if back:
        yield RuledOut(Message("saw-tooth", count=len(back)), claims=back)
        return
    yield _finding(case, down, combined)


def _why_none(agree: np.bool_, drop: float, *, sure: bool, falls: bool) -> str:
    """The id of the sentence: no step, or a sure one that is not of the epochs or too small."""
    if not sure:
        return "no-step"
    if agree and not falls:
        return "turns"
    return "small" if agree and np.isfinite(drop) else "uneven"


def _least(case: Case, tests: list[BoundaryTest], min_sigma: float) -> float:
    """The smallest steps that would have been seen, given that large ones need less evidence."""
    least = least_seen(case, tests, max(min_sigma, BEYOND_CHANCE))
    return min(least, max(LARGE_DROP, least_seen(case, tests, min_sigma)))


def _falling_back(case: Case, down: list[BoundaryTest]) -> list[BoundaryTest]:
    """The steps to where the epoch before began, where most are: there nothing is remembered."""
    length = case.run.schedule.steps_per_epoch
    if not length:
        return []
    points = round(length / spacing(case.curve.steps))
    shown = [share_in_means(case.curve, test.index, points, test.gap) for test in down]
    whole = [share for share in shown if share]  # 0 where an epoch is not whole
    if not whole or median(whole) >= SAW_TOOTH:
        return []
    return [test for test, share in zip(down, shown, strict=True) if share < SAW_TOOTH]


def _is_over(case: Case, test: BoundaryTest) -> bool:
    """Whether the loss is 0 to the end from before a boundary on."""
    first = bisect_right(case.curve.steps, test.landmark.step - test.landmark.slack)
    values = case.curve.values
    return bool(values[-1] == 0 and not values[max(first - 1, 0) :].any())


def _explained(case: Case, test: BoundaryTest, others: Sequence[float]) -> bool:
    """The learning rate, a resume or another order of the data there explains the drop as well."""
    mark = test.landmark
    if file_order(case, mark.step) is not file_order(case, mark.step + mark.slack + 1):
        return True
    steps = case.run.series["loss"].steps
    between = (steps[-1] - steps[0]) / max(len(steps) - 1, 1)
    reach = SAME_PLACE * between + mark.slack
    return bisect_left(others, mark.step - reach) < bisect_right(others, mark.step + reach)


def _level_share(case: Case, test: BoundaryTest) -> float:
    """By what share the level behind a boundary differs from that before it, trend left in."""
    return relative(test.shift, test.before, log=case.curve.log)


def _finding(case: Case, down: list[BoundaryTest], combined: float) -> Finding:
    drops = [relative(test.after - test.before, test.before) for test in down]  # as quoted
    first, largest = down[0], down[int(np.argmin(drops))]
    verdict = _verdict(case, first.landmark.step)
    rate = rate_at(case, largest.landmark.step)
    return Finding(
        confidence=logistic(-combined, *SURE),
        message=Message(
            verdict,
            count=len(down),
            drop=-median(drops),
            before=largest.before,
            after=largest.after,
            step=first.step,
            rate=rate.value if rate else None,
        ),
        episodes=tuple(Episode(test.step, None, test.sigma) for test in down),
        effect=effect_of(largest.before, largest.after, combined),
        aligned_to=first.aligned_to,
        evidence=(
            *(_step_evidence(test, drop) for test, drop in zip(down, drops, strict=True)),
            *around(case, first.landmark.step, "eval"),
            *around(case, largest.step, "rate"),
        ),
        causes=_causes(case, harmless=verdict == "benign"),
        remedies=(Message("watch-evaluation"),) if verdict == "unknown" else (),
        next=Message("evaluate") if verdict == "unknown" else None,
        claims=frozenset(test.step for test in down),
    )


def _step_evidence(test: BoundaryTest, drop: float) -> Evidence:
    epoch, before, after = test.landmark.epoch, test.before, test.after
    said = Message("step", epoch=epoch, before=before, after=after, drop=-drop, p=test.p_value)
    return Evidence(said, step=test.step, value=after)


def _verdict(case: Case, first_boundary: float) -> str:
    """Benign, harmful or unknown; the harm itself is `overfitting`'s to report."""
    change = case.eval_change(first_boundary) or _evaluated_since(case, first_boundary)
    if change is None:
        return "unknown"
    before, last = change
    return "harmful" if last > before * (1 + HARMFUL) else "benign"


def _evaluated_since(case: Case, step: float) -> tuple[float, float] | None:
    """The first and the last evaluation loss of a run that was not evaluated before a step."""
    series = case.points("eval_loss")
    if series is None or not step < series.steps[0] < series.steps[-1]:
        return None
    return float(series.values[0]), float(series.values[-1])


def _causes(case: Case, *, harmless: bool) -> tuple[Cause, ...]:
    """Memorisation is the mechanism; the settings behind it rank by how far they are from usual.

    Where it does no harm, no setting has to change.
    """
    rate, limit = rate_at(case, case.run.series["loss"].steps[-1] / 2), rate_limit(case)
    found = [Cause(Message("memorisation"), 0.9, config=case.advise("num_train_epochs"))]
    if harmless:
        return tuple(found)
    if rate is not None and limit is not None and rate.value > limit:
        score = min(0.4 + 0.2 * float(np.log10(rate.value / limit)), 0.8)
        high = Message("learning-rate-high", rate=rate.value, limit=limit)
        found.append(Cause(high, score, case.advise("learning_rate", limit)))
    if case.setting("finetuning_type") == "full":
        lora = case.advise("finetuning_type", "lora")
        found.append(Cause(Message("full-fine-tuning"), 0.3, config=lora))
    examples = case.number("num_examples")
    if examples is not None and examples < SMALL_SET:
        found.append(Cause(Message("small-data", examples=int(examples)), 0.35))
    return tuple(found)


RULE = Rule(name="epoch-step-drop", check=check)
