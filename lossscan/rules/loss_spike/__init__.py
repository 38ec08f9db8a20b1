"""The loss jumps up and recovers; the same samples may bring it back in each epoch."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

from lossscan.model import (
    Cause,
    Curve,
    Effect,
    Episode,
    Evidence,
    Excursion,
    Finding,
    Message,
    RuledOut,
    Severity,
)
from lossscan.numeric.levels import BLOCK_POINTS
from lossscan.numeric.medians import spacing
from lossscan.rules.kit.case import Case
from lossscan.rules.kit.evidence import around, lone_evidence
from lossscan.rules.kit.order import file_order, samples_between
from lossscan.rules.kit.rates import (
    RETURN_POINTS,
    is_above_limit,
    lost_state,
    rate_at,
    rate_raised,
    rate_restarts,
)
from lossscan.rules.kit.rule import Rule
from lossscan.rules.kit.running import running_of
from lossscan.rules.kit.sizes import growth_of, logistic, none_seen
from lossscan.rules.kit.skips import skipped_updates
from lossscan.rules.kit.waves import above_crests
from lossscan.rules.loss_spike.pattern import Pattern, pattern_of, recurring_of

SURE_SIGMA = 7.2  # of one too low for a warning: of 615 clean labeled runs two have one beyond it
GROUPED = 0.9  # of an epoch: a period below it is not that of the samples' order
SLOW_POINTS = 20  # of recovery: slower than that is an optimizer, not a batch (arXiv 2501.00656)
SURE = (2.0, 0.315)  # fitted on 111 findings of trained runs and of the simulated train half
STATED = {True: 0.2, False: -0.2, None: 0.0}  # score of file order: less than what the loss shows
MANY = 12  # episodes named one by one
LONG_FOR_A_BATCH = 0.1  # score of one odd batch where several logged points are high
ONE_BATCH = 0.35  # where few are: above file order that nothing but the spike speaks for
SWITCHED = 0.3  # of a long one in shuffled data: 3 of 5 trained ones without a raised rate were it
GROWING = 0.35  # score of an optimizer that steps too far, where steps are the longest
RAISED = 0.5  # the same where the log shows that the rate leaps
CALM = 0.1  # taken off where gradient norms are logged and do not rise before
EARLY = 0.15  # of the run: where a missing warm-up shows
NEAR_END = 0.2  # of the warm-up, behind its end


def check(case: Case, *, min_ratio: float = 1.2) -> Iterator[Finding | RuledOut]:
    """The upward excursions, once one of them is high or beyond doubt.

    `min_ratio`: peak over course from which one is a warning; the clean public runs hold blips of
    up to 1.1.
    """
    if not case.searched:
        return
    found = [e for e in case.spikes if growth_of(e) >= min_ratio or not _overshoots(case, e)]
    recurring = frozenset[int]() if _is_grouped(case) else recurring_of(case, found)
    above = set(above_crests(case, found))
    spikes = [e for e in found if e.start_step in recurring or e in above]
    if not spikes and found:
        crests = Message("crests", count=len(found), period=case.signals.period)
        yield RuledOut(crests, claims=_starts(found))
        return
    if not any(growth_of(e) >= min_ratio for e in spikes) and _together(case, spikes) < SURE_SIGMA:
        spikes = []
    restarts = [spike for spike in spikes if rate_restarts(case, spike.start_step)]
    if restarts:
        said = Message("restart", step=restarts[0].start_step, count=len(restarts))
        yield RuledOut(said, claims=_starts(restarts))
    spikes = [spike for spike in spikes if spike not in restarts]
    if spikes:
        yield _finding(case, spikes, loud=max(map(growth_of, spikes)) >= min_ratio)
    elif not restarts:
        yield from none_seen(case, case.signals.least_peak, min_ratio - 1)


def _starts(spikes: Iterable[Excursion]) -> frozenset[int]:
    return frozenset(spike.start_step for spike in spikes)


def _together(case: Case, spikes: Sequence[Excursion]) -> float:
    """How sure the spikes of a run are together, in noise units: Fisher's sum for normal tails."""
    apart = running_of(case) is None  # of a mean since its epoch began, each holds the one before
    return math.hypot(*(max(s.sigma, apart * _in_a_row(case.curve, s)) for s in spikes))


def _in_a_row(curve: Curve, spike: Excursion) -> float:
    """How high the points of a spike are together, in the noise of their sum (Stouffer)."""
    at, base = slice(spike.start, spike.stop), math.log(spike.base) if curve.log else spike.base
    heights = (curve.scaled[at] - base) / curve.local_noise[at]
    return float(heights.sum()) / math.sqrt(len(heights))


def _overshoots(case: Case, spike: Excursion) -> bool:
    """Whether it only tops a rise of level that begins just before."""
    return any(0 <= spike.start - rise.index <= BLOCK_POINTS for rise in case.rises)


def _is_grouped(case: Case) -> bool:
    """Whether the loss comes in waves shorter than an epoch: crests return wherever one looks."""
    per_epoch, period = case.run.schedule.steps_per_epoch, case.signals.period
    if not per_epoch or not case.period_points or period is None:
        return False
    return period < GROUPED * per_epoch


def _finding(case: Case, spikes: list[Excursion], *, loud: bool) -> Finding:
    top = max(spikes, key=lambda spike: spike.sigma)
    pattern = pattern_of(case, spikes, top)
    # What the order of the samples would settle is settled: by the log itself or its landmarks.
    settled = pattern.passed or pattern.at_ends or _is_raised(case, top.start_step)
    return Finding(
        confidence=logistic(top.sigma, *SURE),
        stated_severity=None if loud else Severity.INFO,
        message=Message(
            _message(pattern, len(spikes)),
            count=len(spikes),
            base=top.base,
            peak=top.peak,
            step=top.start_step,
            points=top.stop - top.start,
            recurring=len(pattern.recurring),
        ),
        episodes=tuple(Episode(s.start_step, s.end_step, s.sigma) for s in spikes),
        effect=Effect(top.base, top.peak, top.peak - top.base, growth_of(top), top.sigma),
        aligned_to=spikes[0].aligned_to,
        evidence=(
            *_spike_evidence(spikes[:MANY]),
            *_sample_evidence(case, spikes[:MANY], pattern),
            *_order_evidence(pattern),
            *around(case, top.start_step, "order", "gradient", "rate"),
        ),
        causes=tuple(_causes(case, pattern, top.start_step)),
        next=None if settled else Message("print-batch"),
        claims=_starts(spikes),
    )


def _message(pattern: Pattern, count: int) -> str:
    if pattern.recurring:
        return "at-ends" if pattern.at_ends else "recurring"
    alone = "slow" if pattern.slowest >= SLOW_POINTS else "single"
    return "isolated" if count > 1 else alone


def _spike_evidence(spikes: list[Excursion]) -> Iterator[Evidence]:
    """The place and height of each of several; of one, what its message does not say."""
    if len(spikes) == 1:
        yield lone_evidence(spikes[0])
        return
    for spike in spikes:
        step, points = spike.start_step, spike.stop - spike.start
        said = Message("spike", step=step, base=spike.base, peak=spike.peak, points=points)
        yield Evidence(said, step=step, value=spike.peak)


def _sample_evidence(case: Case, spikes: list[Excursion], pattern: Pattern) -> Iterator[Evidence]:
    """Which samples of the epoch were read there; known only where their order is fixed."""
    if not pattern.returns:
        return
    window = int(spacing(case.curve.steps))
    read: dict[tuple[int, int], list[int]] = {}  # start steps by samples
    for spike in spikes:
        samples = samples_between(case, spike.start_step - window, spike.end_step)
        if samples is not None:
            same = next((r for r in read if r[0] < samples[1] and samples[0] < r[1]), samples)
            read.setdefault(same, []).append(spike.start_step)
    for (first, last), steps in read.items():
        places = ", ".join(map(str, steps))
        said = Message("samples", first=first, last=last, count=len(steps), steps=places)
        yield Evidence(said, step=steps[0])


def _order_evidence(pattern: Pattern) -> Iterator[Evidence]:
    """What epochs have in common; where spikes return, that says more than all other places."""
    if pattern.in_order is not None:
        kind = "order-fixed" if pattern.in_order else "order-shuffled"
        yield Evidence(Message(kind, r=pattern.correlation))
    if pattern.passed:
        yield Evidence(Message("passed-before"))


def _causes(case: Case, pattern: Pattern, step: int) -> Iterator[Cause]:
    """The causes, each raised and lowered by what speaks for and against it."""
    if pattern.at_ends:
        advice = case.advise("dataloader_drop_last", suggest=True)
        yield Cause(Message("small-last-batch"), 0.8, config=advice)
    only_small = pattern.at_ends and step in pattern.recurring and not file_order(case, step)
    if not pattern.passed and not only_small:
        yield from _of_samples(case, pattern, step)
    unstable, rate = _unstable(case, pattern, step), rate_at(case, step)
    if rate is not None and _is_raised(case, step):  # the configured rate is not what fails there
        yield Cause(Message("rate-leaps", rate=rate.value), unstable)
    else:
        yield Cause(Message("instability"), unstable, config=case.advise("learning_rate"))
    yield from (*skipped_updates(case, step), *lost_state(case, step))


def _of_samples(case: Case, pattern: Pattern, step: int) -> Iterator[Cause]:
    """The causes that are in what is read there."""
    if pattern.in_order is not False or file_order(case, step):
        ordered, advice = _ordered(case, pattern, step), case.advise("shuffle", suggest=True)
        yield Cause(Message("unshuffled-data"), ordered, config=advice)
    elif pattern.is_long:
        yield Cause(Message("data-switch"), SWITCHED)
    odd = LONG_FOR_A_BATCH if pattern.is_long else ONE_BATCH
    yield Cause(Message("odd-batch"), odd, config=case.advise("total_train_batch_size"))


def _ordered(case: Case, pattern: Pattern, step: int) -> float:
    """The score of data read in file order."""
    ordered = 0.3 + 0.35 * pattern.returns + STATED[file_order(case, step)]
    ordered += 0.1 * (pattern.in_order is True)
    if pattern.is_long and not pattern.leads:
        ordered += 0.1
    return min(ordered, 0.95)


def _unstable(case: Case, pattern: Pattern, step: int) -> float:
    """The score of an optimizer that steps too far."""
    hot = is_above_limit(case, rate_at(case, case.run.series["loss"].steps[-1] / 2))
    unstable = 0.15 + 0.3 * bool(pattern.leads) + 0.15 * hot + 0.3 * pattern.passed
    unstable += 0.15 * (pattern.slowest >= SLOW_POINTS)
    unstable -= CALM * (pattern.leads is False)
    unstable += RAISED if _is_raised(case, step) else GROWING * _is_early(case, step)
    if pattern.recurring:
        unstable -= 0.2  # an optimizer does not know the place in the epoch
    return max(unstable, 0.05)


def _is_raised(case: Case, step: int) -> bool:
    """Whether the log shows a rate that leaps shortly before the spike."""
    return rate_raised(case, step, RETURN_POINTS)


def _is_early(case: Case, step: int) -> bool:
    """Whether the spike falls into warm-up, or where its end or its lack shows.

    The steps are the longest there, and the model is the least able to bear them.
    """
    last = case.run.series["loss"].steps[-1]
    warm = [mark.step for mark in case.run.schedule.of("warmup_end")]
    until = max([EARLY * last, *(mark + NEAR_END * mark for mark in warm)])
    return bool(step <= until)


RULE = Rule(name="loss-spike", check=check)
