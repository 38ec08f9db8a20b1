"""The loss repeats with a period: length-grouped or unshuffled data, or a side effect."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lossscan.model import Cause, Evidence, Finding, Message, RuledOut
from lossscan.numeric.medians import running_median, spacing
from lossscan.rules.kit.case import Case
from lossscan.rules.kit.rule import Rule
from lossscan.rules.kit.running import running_of
from lossscan.rules.kit.sizes import STEPS_DOWN, STRONG, pooled
from lossscan.rules.kit.waves import LASTING_SHARE, share_in_means, wobble_alike

STAIRS_SHARE = 0.5  # of the epoch ends: the first and the last lack a whole epoch on one side
TREND_POINTS = 51  # of the median that is the trend: what returns later shows at epochs
# Of the autocorrelation: of 18 real and trained runs, 6 with odd epoch ends keep up to 0.35 of it
# without these, all others 0.58 and more.
LEFT = 0.5
WAVE_POINTS = 3  # between two ends: in fewer no crest has a valley on either side
CHANCE_ERRORS = 3.0  # standard errors above the highest that white noise is expected to reach
RESTART_SHARE = 0.5  # of the highest rate, by which a restart raises it at once
FEWEST_CRESTS = 3  # at one phase: two come together by chance
PHASE = 0.1  # of a period by which the rises of its waves may come early or late
NEAR = 0.06  # relative difference of two periods that are one: a point in 16
MOST_EPOCHS = 24  # that a period may be: of more, some multiple is near any period
MEETS = 0.1  # of the gap between two points: nearer they fall on the same batches
# Of what is said where nothing known has the period: of 8 real runs with one, the 4 whose cause was
# known had it, and of the other 4, of 43 to 130 points, none.
UNNAMED = 0.4
MEGA_BATCHES = 50  # updates between two sorted mega-batches of a length-grouped sampler


def check(case: Case, *, min_strength: float = 0.5) -> Iterator[Finding | RuledOut]:
    """Where the autocorrelation has a peak at a lag that the run holds at least four times.

    `min_strength`: of the peak; correlated noise alone reaches 0.4 in one of 40 simulated runs.
    """
    curve = case.signals.loss
    if curve is None or case.signals.period is None:
        return
    if case.signals.period_strength < max(min_strength, _by_chance(len(curve.steps))):
        return
    if running_of(case) is not None:
        return
    period = case.signals.period
    if _is_stairs(case, period):
        yield RuledOut(Message("stairs", period=period))
        return
    if _is_at_ends(case, period):
        yield RuledOut(Message("at-ends", period=period))
        return
    causes = tuple(_causes(case, period))
    said = {"period": period, "strength": case.signals.period_strength}
    sure = min(0.5 + case.signals.period_strength / 2, 0.95)
    yield Finding(
        confidence=sure if len(causes) > 1 else UNNAMED * sure,
        message=_message(case, period),
        evidence=(Evidence(Message("repeats", **said), case.run.source_of("loss")),),
        causes=causes,
        claims=_crests(case, period),
    )


def _message(case: Case, period: float) -> Message:
    """The period in steps, and in epochs where it is so many whole ones."""
    per_epoch = case.run.schedule.steps_per_epoch
    epochs = round(period / per_epoch) if per_epoch else 0
    if not per_epoch or not epochs or abs(period / per_epoch - epochs) > NEAR:
        return Message("default", period=period)
    return Message("epoch" if epochs == 1 else "epochs", period=period, epochs=epochs)


def _crests(case: Case, period: float) -> frozenset[int]:
    """The rises that come at one phase of a period shorter than an epoch: they are its waves.

    What returns with each epoch is read at one place of it, which says more than a period.
    """
    per_epoch = case.run.schedule.steps_per_epoch
    if not per_epoch or period > (1 - NEAR) * per_epoch:
        return frozenset()
    rises = [spike.start_step for spike in case.spikes]
    rises += [c.step for c in case.rises]
    turns = np.exp(2j * np.pi * np.array(rises) / period)
    if len(rises) < FEWEST_CRESTS or abs(turns.sum()) == 0:
        return frozenset()
    off = np.abs(np.angle(turns / turns.sum())) / (2 * np.pi)
    crests = [step for step, away in zip(rises, off, strict=True) if away <= PHASE]
    return frozenset(crests) if len(crests) >= FEWEST_CRESTS else frozenset()


def _is_stairs(case: Case, period: float) -> bool:
    """Whether the period is an epoch and the loss surely is lower from each to the next.

    A saw tooth falls at each epoch end as well, but its epochs have one mean; and the order of
    the data repeats within the epochs, whatever is at their ends.
    """
    per_epoch, points = case.run.schedule.steps_per_epoch, case.period_points
    if points is None or not per_epoch or not _same(period, per_epoch):
        return False
    curve = case.curve
    tests = [t for t in case.signals.boundaries if t.landmark.kind == "epoch_boundary"]
    epochs = np.split(curve.values, [t.index for t in tests])[:-1]  # the last may be cut
    if wobble_alike(epochs):
        return False
    if not tests or (pooled(tests) > STEPS_DOWN and (case.signals.epoch_step or 0.0) > -STRONG):
        return False
    shares = [share_in_means(curve, t.index, points, t.gap) for t in tests if t.gap < 0]
    return sum(share >= LASTING_SHARE for share in shares) >= STAIRS_SHARE * len(tests)


def _is_at_ends(case: Case, period: float) -> bool:
    """Whether the wave is a point at each epoch end, and little is left of it without these."""
    curve, lag = case.curve, round(period / spacing(case.curve.steps))
    within = np.ones(len(curve.steps), dtype=bool)
    ends = case.run.schedule.of("epoch_boundary")
    for mark in ends:
        first, last = np.searchsorted(curve.steps, (mark.step - mark.slack, mark.step + mark.slack))
        within[first : last + 1] = False
    if np.count_nonzero(within) < max(len(within) / 2, WAVE_POINTS * len(ends)):
        return False
    flat = curve.clipped - running_median(curve.clipped, TREND_POINTS)
    flat = np.where(within, flat - flat.mean(where=within), 0.0)
    left = float(flat[:-lag] @ flat[lag:])
    return left < LEFT * case.signals.period_strength * float(flat @ flat)


def _by_chance(points: int) -> float:
    """The highest of n/4 autocorrelations of noise, each of standard error 1/sqrt(n)."""
    highest = np.sqrt(2 * np.log(max(points / 4, 1)))
    return float((highest + CHANCE_ERRORS) / np.sqrt(points))


def _restarts(case: Case) -> float | None:
    """Steps from one restart of the learning rate to the next; None where it has fewer than two."""
    rate = case.logged("learning_rate")
    if rate is None:
        return None
    up = np.diff(rate.values) >= RESTART_SHARE * rate.values.max(initial=0.0)
    raised = rate.steps[1:][up]
    return spacing(raised) if len(raised) > 1 else None


def _causes(case: Case, period: float) -> Iterator[Cause]:
    if case.setting("group_by_length"):
        advice = case.advise("group_by_length", suggest=False)
        yield Cause(Message("length-grouping", period=period), 0.8, advice)
    elif _same(period, MEGA_BATCHES):
        yield Cause(Message("length-grouping", period=period), 0.5)
    restarts = _restarts(case)
    if restarts and _same(period, restarts):
        advice = case.advise("lr_scheduler_type")
        yield Cause(Message("rate-restarts", period=period), 0.8, advice)
    per_epoch = case.run.schedule.steps_per_epoch
    if per_epoch and _same(period, per_epoch):
        yield Cause(Message("data-order", period=period), 0.7, case.advise("shuffle", suggest=True))
    elif per_epoch and (epochs := _whole_epochs(case, period, per_epoch)):
        said = Message("order-over-epochs", period=period, epochs=epochs)
        yield Cause(said, 0.6, case.advise("shuffle", suggest=True))
    for field, cause in (("eval_steps", "evaluation"), ("save_steps", "saving")):
        steps = case.number(field)
        if steps and _same(period, steps):
            yield Cause(Message(cause, period=period), 0.6, case.advise(field))
    yield Cause(Message("unknown-cycle", period=period), 0.1)


def _whole_epochs(case: Case, period: float, per_epoch: float) -> int | None:
    """How many epochs the period is, where logging meets the same batches only after so many."""
    epochs = round(period / per_epoch)
    gap = spacing(case.run.series["loss"].steps)
    if not 1 < epochs <= MOST_EPOCHS or abs(period - epochs * per_epoch) > gap / 2:
        return None
    off = (abs(n * per_epoch / gap - round(n * per_epoch / gap)) for n in range(1, epochs))
    return epochs if min(off) > MEETS else None


def _same(period: float, other: float) -> bool:
    return abs(period / other - 1) <= NEAR


RULE = Rule(name="periodic-loss", check=check)
