"""Loss or learning rate do not continue across a resume."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator

import numpy as np
from msgspec import Struct

from lossscan.model import (
    Alignment,
    Cause,
    Departure,
    Effect,
    Episode,
    Evidence,
    Finding,
    Message,
    Resume,
    RuledOut,
    Series,
)
from lossscan.rules.kit.case import Case
from lossscan.rules.kit.order import file_order
from lossscan.rules.kit.rule import Rule
from lossscan.rules.kit.sizes import effect_of, least_seen, logistic, relative, share_of
from lossscan.rules.resume_discontinuity.backwards import goes_back
from lossscan.rules.resume_discontinuity.weights import is_learned_again, is_undone, stays_up

RATE_POINTS = 6  # logged learning rates a side that a line is drawn through
MIN_RATE_POINTS = 2  # make a line
MIN_OVERLAP = 3  # points that both launches logged: fewer give no mean
OVERLAP_SIGMA = 4.0  # of their mean difference: 1 in 30,000 for a faithful resume


class Step(Struct, frozen=True):
    """By how much the loss steps."""

    before: float
    after: float
    share: float  # of the level before
    sigma: float
    p_value: float | None


class Seam(Struct, frozen=True):
    """One resume and what does not continue there."""

    resume: Resume
    first_step: int  # first logged step after it
    loss: Step | None  # where it steps
    rate: tuple[float, float] | None  # learning rate expected and found, where they differ
    overlap: tuple[float, float] | None  # mean difference of the launches: in noise, as a share


def check(
    case: Case, *, min_sigma: float = 4.0, min_step: float = 0.03, rate_tolerance: float = 0.05
) -> Iterator[Finding | RuledOut]:
    """Each resume is tested for a step of the loss, of the learning rate, and for its overlap.

    `min_sigma`, `min_step`: of the loss at the resume, in standard errors (two of 120 simulated
    faithful resumes are beyond 3.7) and as a share.
    `rate_tolerance`: of the learning rate against the line of the launch before, as a share.
    """
    if "loss" not in case.run.series:
        return
    steps, tolerance = Steps(case), _tolerance(case, rate_tolerance)
    seams = [
        Seam(
            resume,
            first := _first_step(case.run.series["loss"], resume),
            steps.within(resume.step, first, min_sigma, min_step),
            _rate_gap(case.logged("learning_rate"), resume.step, tolerance),
            _overlap(case, resume),
        )
        for resume in case.run.schedule.resumes
        if not resume.fresh
    ]
    torn = [seam for seam in seams if seam.loss or seam.rate or seam.overlap]
    back = goes_back(case)
    if torn:
        yield _finding(case, torn)
    elif back is not None:
        yield back
    elif seams:
        yield _continues(case, len(seams), min_sigma, min_step)


def _continues(case: Case, count: int, min_sigma: float, min_step: float) -> RuledOut:
    """All is well, as far as the noise lets us see at the resume where it hides most."""
    tests = case.tests("resume")
    if not tests:
        return RuledOut(Message("continues", count=count))
    hidden = max(least_seen(case, [test], min_sigma) for test in tests)
    return RuledOut(Message("continues-as-far-as-seen", count=count, least=max(hidden, min_step)))


def _first_step(loss: Series, resume: Resume) -> int:
    after = int(np.searchsorted(loss.steps, resume.step, side="right"))
    return int(loss.steps[after]) if after < len(loss.steps) else resume.step


class Steps:
    """The steps of the loss at resumes, in order: a run may be resumed ten thousand times."""

    def __init__(self, case: Case) -> None:
        self._found = sorted(_steps_at_resumes(case), key=lambda found: found[0])
        self._places = [place for place, _ in self._found]

    def within(self, last: int, first: int, min_sigma: float, min_step: float) -> Step | None:
        """The surest between the last step kept and the first logged after, if it counts."""
        near = slice(bisect_left(self._places, last), bisect_right(self._places, first))
        steps = [step for _, step in self._found[near]]
        surest = max(steps, key=lambda step: abs(step.sigma), default=None)
        if surest is None or abs(surest.sigma) < min_sigma or abs(surest.share) < min_step:
            return None
        return surest


def _steps_at_resumes(case: Case) -> Iterator[tuple[float, Step]]:
    """Where a resume is, and how the loss steps there: as tested, and as found by search.

    The search sees with wider windows, the test is not led astray by what is around.
    """
    for test in case.tests("resume"):
        step = Step(test.before, test.after, share_of(case, test), test.sigma, test.p_value)
        yield test.landmark.step, step
    for change in case.changes():
        place = change.aligned_to
        if place is not None and place.kind == "resume" and change.kind.startswith("level"):
            share = relative(change.delta, change.before)
            yield place.step, Step(change.before, change.after, share, change.sigma, place.p_value)


def _tolerance(case: Case, share: float) -> float:
    """What a learning rate may be off: a share of its peak."""
    rates = case.logged("learning_rate")
    return 0.0 if rates is None else share * float(np.fmax.reduce(rates.values, initial=0.0))


def _rate_gap(rates: Series | None, step: int, tolerance: float) -> tuple[float, float] | None:
    """The rate that the launch before led to and the one found, where they differ.

    At the first rate logged; of one that was falling, soon after it: it warms up again.
    """
    if rates is None:
        return None
    at = int(np.searchsorted(rates.steps, step, side="right"))
    before = slice(max(at - RATE_POINTS, 0), at)
    if at - before.start < MIN_RATE_POINTS or at >= len(rates):
        return None
    slope, offset = np.polyfit(rates.steps[before], rates.values[before], 1)
    found = float(rates.values[at])
    bend = float(np.ptp(rates.values[before]))  # a schedule bends by no more than it moved before
    expected = max(float(slope * rates.steps[at] + offset), 0.0)
    if abs(found - expected) > tolerance + bend:
        return expected, found
    high = at + int(np.argmax(rates.values[at : at + RATE_POINTS]))
    again = slope < 0 and rates.values[high] > rates.values[before].max() + tolerance
    expected = max(float(slope * rates.steps[high] + offset), 0.0)
    return (expected, float(rates.values[high])) if again else None


def _overlap(case: Case, resume: Resume) -> tuple[float, float] | None:
    """Mean difference of steps that both launches made: in its own errors, and as a share."""
    dead, curve = resume.dead.get("loss"), case.signals.loss
    if dead is None or curve is None or not curve.log:
        return None
    live = case.run.series["loss"]
    first, last = np.searchsorted(live.steps, (dead.steps[0], dead.steps[-1] + 1)).tolist()
    near = slice(first, last)  # where both can have points
    _, ours, theirs = np.intersect1d(live.steps[near], dead.steps, return_indices=True)
    pairs = np.column_stack([live.values[near][ours], dead.values[theirs]])
    pairs = pairs[np.all(np.isfinite(pairs) & (pairs > 0), axis=1)]
    if len(pairs) < MIN_OVERLAP:
        return None
    gaps = np.log(pairs[:, 0] / pairs[:, 1])
    error = curve.noise * np.sqrt(2 / len(gaps))
    sigma = float(gaps.mean() / error)
    return (sigma, float(np.expm1(gaps.mean()))) if abs(sigma) >= OVERLAP_SIGMA else None


def _finding(case: Case, torn: list[Seam]) -> Finding:
    worst = max(torn, key=_strength)
    step = worst.loss
    of_rate = step is None and worst.rate is not None
    return Finding(
        confidence=logistic(_strength(worst), 2.0, 0.8),
        series="learning_rate" if of_rate else "loss",
        message=Message(
            "loss" if step else ("rate" if worst.rate else "overlap"), step=worst.resume.step,
            before=step.before if step else None, after=step.after if step else None,
            expected=worst.rate[0] if worst.rate else None,
            found=worst.rate[1] if worst.rate else None,
            share=worst.overlap[1] if worst.overlap else None,
        ),
        episodes=tuple(
            Episode(seam.first_step, None, seam.loss.sigma if seam.loss else None) for seam in torn
        ),
        effect=_effect(worst),
        aligned_to=Alignment(
            "resume", worst.resume.step, worst.first_step - worst.resume.step,
            step.p_value if step else None,
        ),
        evidence=tuple(each for seam in torn for each in _evidence(case, seam)),
        causes=tuple(_causes(case, worst)),
        next=Message("compare-branches") if worst.overlap is None else None,
        claims=frozenset(_claimed(case)),
    )  # fmt: skip


def _effect(seam: Seam) -> Effect | None:
    """The step of the loss, else of the learning rate, which is logged without noise."""
    if seam.loss is not None:
        return effect_of(seam.loss.before, seam.loss.after, seam.loss.sigma)
    return None if seam.rate is None else effect_of(*seam.rate)


def _claimed(case: Case) -> Iterator[int]:
    """Changes and excursions of the loss that begin at a resume."""
    departures: tuple[Departure, ...] = (*case.changes(), *case.spikes)
    yield from (each.step for each in departures if each.is_at("resume"))


def _strength(seam: Seam) -> float:
    """In standard errors; a learning rate is logged without noise, so its gap alone is certain."""
    certain = 6.0 if seam.rate else 0.0
    step = abs(seam.loss.sigma) if seam.loss else 0.0
    return max(certain, step, abs(seam.overlap[0]) if seam.overlap else 0.0)


def _evidence(case: Case, seam: Seam) -> Iterator[Evidence]:
    first, step, rate, overlap = seam.first_step, seam.loss, seam.rate, seam.overlap
    yield Evidence(Message("resume", step=seam.resume.step), seam.resume.source, seam.resume.step)
    if step is not None:
        said = Message("loss-steps", before=step.before, after=step.after, sigma=step.sigma)
        yield Evidence(said, case.run.source_of("loss"), first, step.after)
    if rate is not None:
        said = Message("rate-steps", expected=rate[0], found=rate[1])
        yield Evidence(said, case.run.source_of("learning_rate"), first, rate[1])
    if overlap is not None:
        yield Evidence(Message("branches-differ", sigma=overlap[0], share=overlap[1]), step=first)


def _causes(case: Case, seam: Seam) -> Iterator[Cause]:
    """Which state was lost, by the shape of what does not continue."""
    rises = seam.loss is not None and seam.loss.sigma > 0
    falls = seam.loss is not None and seam.loss.sigma < 0
    bare = bool(case.setting("save_only_model"))
    if seam.rate is not None:
        yield Cause(Message("scheduler-lost", expected=seam.rate[0], found=seam.rate[1]), 0.9)
    stays = rises and stays_up(case, seam.resume)
    score = 0.4 + 0.3 * (rises and not stays) + 0.2 * bare + 0.1 * (seam.rate is not None)
    advice = case.advise("save_only_model", suggest=False)
    yield Cause(Message("optimizer-lost"), min(score, 0.85), config=advice)
    if case.setting("data_order") == "file_after_resume" and file_order(case, seam.first_step):
        yield Cause(Message("rest-in-file-order"), 0.8)
    if rises:
        lost = is_undone(case, seam.resume)
        yield Cause(Message("weights-not-loaded"), 0.8 if lost else 0.65 if stays else 0.35)
        if is_learned_again(case, seam.resume):
            yield Cause(Message("older-weights"), 0.75)
    if falls or seam.overlap is not None:
        yield Cause(Message("data-order-lost"), 0.6 if falls else 0.3)


RULE = Rule(name="resume-discontinuity", check=check)
