"""The loss jumps up and stays up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from lossscan.model import Change, Episode, Finding, Message, RuledOut, Severity
from lossscan.numeric.arrays import FloatArray
from lossscan.numeric.levels import LEVEL_POINTS
from lossscan.numeric.medians import median
from lossscan.rules.kit.case import Case
from lossscan.rules.kit.evidence import around, size_evidence
from lossscan.rules.kit.falls import dip_before
from lossscan.rules.kit.rates import lower_rate, rate_restarts
from lossscan.rules.kit.rises import (
    OVER,
    collapse_evidence,
    is_policy_size,
    next_try,
    rise_causes,
    way_back,
)
from lossscan.rules.kit.rule import Rule
from lossscan.rules.kit.sizes import effect_of, growth_of, logistic, none_seen
from lossscan.rules.kit.waves import outlives_period

CRITICAL_RATIO = 1.5  # and the checkpoint is usually spoilt (hiyouga/LlamaFactory#7129)
MIN_AFTER = 5  # logged points after the jump: fewer cannot show that it stays
# Fitted on 146 findings of the simulated train half. It holds for rises just before the end too: in
# trained runs cut off 2 to 4 points behind a fault 15 of 15 were right, in 2,094 healthy cuts none.
SURE = (0.75, 0.3)
STAYS = 0.75  # of a jump: where so much is left at the end, it can be said to stay
APART = 5  # logged points behind a restart: a mark so near is still its own
SHORT_STAY = 0.02  # of the run, the same for long runs,
LONG_STAY = 200  # logged points at most: slow recoveries took some 130 steps (marin #1368)


def check(
    case: Case, *, min_ratio: float = 1.15, min_sigma: float = 6.0
) -> Iterator[Finding | RuledOut]:
    """Each upward change of level that is large, and lasts or begins too near the end to tell.

    `min_ratio`: after over before; a resume without its weights was reported at 1.16, clean public
    runs hold lasting rises of up to 1.04.
    `min_sigma`: size in standard errors, as for any break.
    """
    if not case.searched:
        return
    sure = [c for c in case.rises if c.sigma >= min_sigma]
    restarts = [c for c in sure if _is_of_restart(case, c)]
    rises = [c for c in sure if growth_of(c) >= min_ratio]
    yield from (_out("restart", rise, {}) for rise in restarts)
    large = [c for c in rises if c not in restarts]
    shown = [c for c in large if _lasts(case, c)]
    lasting = [c for c in shown if outlives_period(case, c)]
    yield from (_out("wave", rise, {}) for rise in shown if rise not in lasting)
    jumps = []
    for jump in lasting:
        start = dip_before(case, jump)
        if start is None:
            jumps.append(jump)
        else:
            yield _out("returns", jump, {"fall": int(case.curve.steps[start])})
    if jumps:
        yield _judged(case, jumps)
    elif not rises and not any(test.sigma >= min_sigma for test in case.signals.boundaries):
        yield from none_seen(case, case.signals.least_step, min_ratio - 1)
    yield from _late(case, [c for c in large if c not in shown])


def _late(case: Case, rises: list[Change]) -> Iterator[Finding | RuledOut]:
    """The rises too near the end to tell whether they stay, except what may be a spike."""
    own = [c for c in rises if outlives_period(case, c) and not _is_spike(case, c)]
    if own:
        yield _judged(case, own)
    for rise in rises:
        if rise not in own:
            yield _out("at-the-end", rise, {"points": len(case.curve.steps) - rise.index})


def _out(said: str, rise: Change, numbers: Mapping[str, int]) -> RuledOut:
    """What a rise is that is no jump."""
    return RuledOut(Message(said, step=rise.step, **numbers), claims=frozenset({rise.step}))


def _judged(case: Case, jumps: list[Change]) -> Finding | RuledOut:
    """The jumps as a finding, unless all are of the size that a policy's loss has by nature."""
    highest = max(jumps, key=lambda jump: jump.after)
    if not is_policy_size(case, highest.after):
        return _finding(case, jumps)
    return RuledOut(
        Message("policy", objective=case.run.objective, after=highest.after, at=highest.step),
        claims=frozenset(jump.step for jump in jumps),
    )


def _lasts(case: Case, change: Change) -> bool:
    """Whether it stays as far as the log goes: NaN behind it is no way back."""
    loss = case.logged("loss")
    lost = loss is not None and not np.isfinite(loss.values[-1])
    return lost or _is_shown(case, change)


def _is_shown(case: Case, change: Change) -> bool:
    """Whether enough of the run follows to show that it stays."""
    points = len(case.curve.steps)
    return points - change.index >= max(MIN_AFTER, min(SHORT_STAY * points, LONG_STAY))


def _is_spike(case: Case, rise: Change) -> bool:
    """Whether a rise is the front of a spike, or within one: loss-spike judges it."""
    return any(spike.start <= rise.index + 1 and rise.index < spike.stop for spike in case.spikes)


def _is_of_restart(case: Case, rise: Change) -> bool:
    """Whether the rate restarts there, and the loss is back before it does so again."""
    if not rate_restarts(case, rise.step):
        return False
    curve = case.curve
    marks = (mark.step for mark in case.run.schedule.of("lr_change"))
    later = [int(at) for at in np.searchsorted(curve.steps, list(marks)) if at > rise.index + APART]
    cycle = curve.values[rise.index : min(later, default=len(curve.steps))]
    return _left(rise, cycle[len(cycle) // 2 :]) < OVER


def _left(jump: Change, values: FloatArray) -> float:
    """The share of a jump that is left at the end of values behind it, 0..1."""
    end = median(values[-LEVEL_POINTS:])
    return float(np.clip((end - jump.before) / jump.delta, 0, 1)) if jump.delta else 0.0


def _finding(case: Case, jumps: list[Change]) -> Finding:
    worst = max(jumps, key=growth_of)
    last, points = int(case.curve.steps[-1]), len(case.curve.steps)
    stays = _lasts(case, worst)
    left = _left(worst, case.curve.values[worst.index :])
    lower = lower_rate(case, worst.step)
    end = median(case.curve.values[worst.index :][-LEVEL_POINTS:])
    high = worst.ratio is not None and end >= CRITICAL_RATIO * worst.before  # however far it fell
    over = stays and left < OVER and not high
    causes = rise_causes(case, worst)
    told = "over" if over else "default" if left >= STAYS else "fades" if left >= OVER else "high"
    return Finding(
        confidence=logistic(worst.sigma, *SURE),
        message=Message(
            told if stays else "late",
            before=worst.before,
            after=worst.after,
            step=worst.step,
            stays=left,
            last=last,
            end=end,
            points=points - worst.index,
            count=len(jumps),
            lower=lower,
        ),
        stated_severity=Severity.CRITICAL
        if growth_of(worst) >= CRITICAL_RATIO and _is_shown(case, worst) and not over
        else Severity.WARNING,
        episodes=tuple(Episode(jump.step, last, jump.sigma) for jump in jumps),
        effect=effect_of(worst.before, worst.after, worst.sigma),
        aligned_to=jumps[0].aligned_to,
        evidence=(
            size_evidence(case, worst),
            *collapse_evidence(case, worst),
            *around(case, worst, "rate", "limit", "gradient", "landmark", "order", "eval"),
        ),
        causes=causes,
        remedies=() if over or not stays else (way_back(case, worst),),
        next=next_try(case, worst, causes),
        claims=frozenset(jump.step for jump in jumps),
    )


RULE = Rule(name="loss-jump", check=check)
