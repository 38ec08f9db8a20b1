"""Gradient norms leave their range, before or with the loss."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lossscan.model import Cause, Episode, Evidence, Finding, Message, Series
from lossscan.numeric.arrays import BoolArray, FloatArray
from lossscan.numeric.medians import block_medians, median
from lossscan.rules.kit.case import Case
from lossscan.rules.kit.evidence import around
from lossscan.rules.kit.levels import last_since
from lossscan.rules.kit.rates import high_rate
from lossscan.rules.kit.rule import Rule
from lossscan.rules.kit.sizes import effect_of

BLOCKS = 8  # a run is cut into so many stretches at least, whose medians are the usual norms
BLOCK = (10, 50)  # logged points of a stretch, at least and at most
LEARNING_IN = 20  # logged points at the start, where norms come down from anywhere
LASTING = 8  # logged points, most of them high: three blips are not enough
BLIP = 2.0  # a single point must stand out this many times more to count with a loss change
FOLLOWS = 10  # logged points within which the loss answers a gradient (arXiv 2501.00656)
SELDOM = 2.0  # median deviations: norms are heavy-tailed in many runs
TINY = 1e-12  # a norm of exactly 0 has no logarithm
CLIP = 1.0  # max_grad_norm of most trainers: norms below it change no update


def check(case: Case, *, factor: float = 5.0) -> Iterator[Finding]:
    """Yield a finding where norms are `factor` times the usual, or a peak precedes a rise."""
    norms = case.points("grad_norm")
    if norms is None or len(norms) < 2 * LEARNING_IN:
        return
    clip = case.number("max_grad_norm") or CLIP
    border = _usual(norms.values)
    border *= factor
    if not _late(norms.values > np.maximum(border, clip, out=border)).any():
        return  # nearly always; the spread only raises the border
    usual = _usual(norms.values)
    rises = _rises(case)
    border = np.maximum(factor * usual * _spread(norms.values, usual), clip)
    above = _late(norms.values > border)
    lasting = above & _mostly(above)
    if lasting.any():
        start = int(np.argmax(lasting))
        stop = _end(norms.values, start, float(border[start]))
        climb = last_since(norms.values[:start] > usual[start])  # they may take long to the border
        answer = _answer(norms, start, rises, climb)
        yield _finding(case, norms, (start, stop), float(usual[start]), answer)
        return
    for at in np.flatnonzero(_late(norms.values > BLIP * border)):
        answer = _answer(norms, int(at), rises, int(at))
        if answer is not None:
            yield _finding(case, norms, (int(at), int(at) + 1), float(usual[at]), answer)
            return


def _usual(values: FloatArray) -> FloatArray:
    """(n,) the median of the block of points before the one each is in; of its own in the first."""
    least, most = BLOCK
    block = min(max(len(values) // BLOCKS, least), most)
    medians = block_medians(values, block)
    return np.repeat(np.append(medians[:1], medians), block)[: len(values)]


def _spread(values: FloatArray, usual: FloatArray) -> FloatArray:
    """(n,) the factor that norms seldom exceed the usual by; 1 at least."""
    away = np.abs(np.log(np.maximum(values, TINY) / np.maximum(usual, TINY)))
    return np.asarray(np.exp(SELDOM * _usual(away)))


def _mostly(above: BoolArray) -> BoolArray:
    """(n,) whether most of LASTING points from each on are above; behind the last none is."""
    counts = np.concatenate([[0], np.cumsum(above)])
    ends = np.minimum(np.arange(len(above)) + LASTING, len(above))
    return np.asarray(counts[ends] - counts[:-1] > LASTING / 2)


def _end(values: FloatArray, start: int, border: float) -> int:
    """Index behind the last point before most norms are below the border again."""
    above = values > border
    calm = np.flatnonzero(~_mostly(above)[start + 1 :])
    since = len(values) if not len(calm) else start + 1 + int(calm[0])
    return start + 1 + int(np.flatnonzero(above[start : since + LASTING])[-1])


def _late(mask: BoolArray) -> BoolArray:
    """The mask without the points at the start."""
    late = mask.copy()
    late[:LEARNING_IN] = False
    return late


def _rises(case: Case) -> list[int]:
    """The steps at which the loss begins to rise."""
    changes = [c.step for c in case.changes("level_up", "slope_up")]
    return sorted(changes + [e.start_step for e in case.spikes if e.sigma > 0])


def _answer(norms: Series, at: int, rises: list[int], climb: int) -> int | None:
    """The step at which the loss rises with a gradient, which climbs from there, or soon after."""
    since = int(norms.steps[max(climb - 1, 0)])  # the loss covers the steps since the last entry
    until = int(norms.steps[min(at + FOLLOWS, len(norms) - 1)])
    return next((step for step in rises if since < step <= until), None)


def _finding(
    case: Case, norms: Series, where: tuple[int, int], usual: float, answer: int | None
) -> Finding:
    start, stop = where
    lasts = stop - start > 1
    values = norms.values[start:stop]
    step, peak = int(norms.steps[start]), float(values.max())
    loss = case.run.source_of("loss")
    message = ("lasting-loss" if answer else "lasting") if lasts else "peak"
    return Finding(
        _SURE[message],
        series="grad_norm",
        message=Message(
            message,
            step=step,
            last=int(norms.steps[stop - 1]),
            count=stop - start,
            usual=usual,
            level=median(values),
            peak=peak,
            loss_step=answer,
        ),
        episodes=(Episode(step, int(norms.steps[stop - 1])),),
        effect=effect_of(usual, median(values)),
        evidence=(
            Evidence(Message("norms"), step=step, value=peak),
            *([Evidence(Message("loss-follows"), loss, answer)] if answer else []),
            *around(case, step, "rate"),
        ),
        causes=(
            high_rate(case, step, 0.6),
            Cause(Message("bad-batch"), 0.3 if lasts else 0.6),
            Cause(Message("no-clipping"), 0.5, config=case.advise("max_grad_norm", CLIP))
            if (case.number("max_grad_norm") or 0) > CLIP
            else Cause(Message("instability"), 0.35),
        ),
        next=Message("inspect-batch"),
        # A peak with a spike is the spike's; norms that stay up speak for themselves.
        claims=frozenset() if lasts or answer is None else frozenset({answer}),
    )


# Confidence: two series that agree, one that stays up, one point and its answer. All of 115 were
# right on the simulated train half; real norms have more ways to rise.
_SURE = {"lasting-loss": 0.96, "lasting": 0.93, "peak": 0.93}


RULE = Rule(name="grad-norm-explosion", check=check)
