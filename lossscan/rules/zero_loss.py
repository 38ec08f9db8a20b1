"""The logged loss is exactly 0: hidden NaN, masked labels, skipped updates, or nothing to see."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from msgspec import Struct

from lossscan.model import Cause, Evidence, Finding, Message, RuledOut, Series, Severity
from lossscan.numeric.arrays import BoolArray, stretches
from lossscan.numeric.medians import median
from lossscan.points import COMPOSITE, NEAR, NEVER_ZERO, ROUNDED, near_zero
from lossscan.rules.kit.case import Case
from lossscan.rules.kit.domain import is_token_loss, learns_every_token
from lossscan.rules.kit.evidence import rest_evidence
from lossscan.rules.kit.levels import episodes_of, window_lengths
from lossscan.rules.kit.nan_causes import lost_from, with_hidden_nan
from lossscan.rules.kit.nan_filter import hidden_nan, leapt_before, lost_at, restarted
from lossscan.rules.kit.rule import Rule
from lossscan.rules.kit.skips import EARLY_STEPS, may_be_fp16, skips_beside
from lossscan.trainers import may_be_transformers

SMALL = 0.1  # entries between zeros of memorised samples: some are still to be learnt
IN_A_ROW = 2  # a single zero may be one masked sample
# Of the level there: one of ten losses as low shows that they spread down to 0. Cross-entropy of
# one sample each (sd .4 of its logarithm) reaches .5; margins and squares reach any value.
REACH = 0.25
MOST = 0.5  # of the zeros, or of the entries

# Of trainers that leave what they skip out of the loss and do not filter NaN: a 0.0 of theirs is a
# window without any update.
_LEFT_OUT = {None: None, "data": "data-skipped", "updates": "updates-skipped"}
LIKELY = 0.5  # a score above it is the likeliest cause

# Message: severity (None: the page's), confidence, causes with their scores.
_VERDICTS: dict[str, tuple[Severity | None, float, dict[str, float]]] = {
    # NaN gradients next to the zeros
    "nan": (None, 0.98, {"nan-in-weights": 0.95}),
    # zero gradient from the first entry on
    "labels": (None, 0.97, {"masked-labels": 0.9}),
    # zero gradient after normal values: seen with frozen or masked batches, rarely otherwise
    "vanished": (None, 0.9, {"masked-labels": 0.6, "nan-in-weights": 0.4}),
    # the gradient is not logged, and there is no other loss
    "always": (None, 0.97, {"masked-labels": 0.7, "nan-in-weights": 0.5}),
    # the gradient is not logged, the zeros last to the end and the level before was normal
    "silent": (None, 0.95, {"nan-in-weights": 0.8, "masked-labels": 0.4}),
    # the same of a trainer that logs NaN as NaN, or with a finite evaluation among the zeros
    "spent": (None, 0.9, {"masked-labels": 0.6, "rounding": 0.4}),
    # no update was made: counted, or the way of the trainer, or of fp16 at the start
    "skipped": (Severity.INFO, 0.9, {"masked-samples": 0.3}),
    # several in a row, but the loss comes back, which weights of NaN never do
    "gaps": (Severity.WARNING, 0.7, {"masked-samples": 0.7}),
    # a tenth and more of all entries: training on nothing for much of the time
    "partly": (Severity.WARNING, 0.95, {"masked-samples": 0.9}),
    "masked": (Severity.INFO, 0.95, {"masked-samples": 0.9}),
    "memorised": (Severity.INFO, 0.95, {"rounding": 0.9}),
}
_OF_NAN = ("nan", "silent")
_MAYBE_MASKED = ("always", "silent")  # where no gradient norm tells masked labels from NaN
_SAID_TO_LAST = ("silent", "spent")  # whose sentences say that they last to the end
_TO_THE_END = ("nan", "vanished", "silent", "spent")  # they speak of the last zeros only
_OF_FP16 = ("nan-in-weights", "updates-skipped")


class _Zeros(Struct, frozen=True):
    """Where the loss is 0, and what is logged there; masks over its points."""

    loss: Series
    zero: BoolArray
    row: BoolArray  # the zeros with another next to them
    first: BoolArray  # the ones before any other value
    end: BoolArray  # several that last to the end
    dead: BoolArray  # the gradient norm is exactly 0
    spoilt: BoolArray  # it is not finite
    alive: BoolArray  # it is a positive number
    around: float  # level of the other entries near the zeros; infinite where there are none
    sound: bool  # those at the end cannot be NaN
    leapt: float | None  # the loss before them, where no sound model has it

    def most(self, mask: BoolArray) -> bool:
        """Whether a mask holds for half of the zeros and more."""
        return int((self.zero & mask).sum()) >= MOST * int(self.zero.sum())


def check(
    case: Case, *, floor: float = ROUNDED, partly: float = 0.1
) -> Iterator[Finding | RuledOut]:
    """Judge exact zeros by the gradient norm next to them and the level around them.

    `floor`: a loss around it rounds to 0.0 at four decimals now and then: 100 last digits.
    `partly`: share of zero entries from which masked samples cost a good part of the training.
    """
    loss = case.points("loss")
    if loss is None or not (loss.values == 0).any():
        return
    if case.run.objective not in NEVER_ZERO and not _is_nothing(case, loss):
        count = int((loss.values == 0).sum())
        yield RuledOut(Message("objective", objective=case.run.objective, count=count))
        return
    zeros = _zeros(case, loss)
    if (zeros.zero & zeros.spoilt).all():  # no other sign than NaN: one event, one finding
        yield RuledOut(Message("only-nan", count=len(loss)))
        return
    if zeros.spoilt[-IN_A_ROW:].all() and zeros.zero[-1] and not zeros.zero[:-1].any():
        yield RuledOut(Message("last-nan", step=int(loss.steps[-1])))
        return
    if zeros.leapt is not None and not zeros.end.any():
        yield RuledOut(Message("last-leap", step=int(loss.steps[-1]), value=zeros.leapt))
        return
    if zeros.leapt is None and _is_in_reach(case, zeros, floor):
        yield RuledOut(Message("reach", count=int(zeros.zero.sum())))
        return
    skipped = _skipped(case, zeros)
    kind = _kind(zeros, skipped, floor, partly)
    yield _finding(case, zeros, kind, {} if kind == "memorised" else skipped, partly)


def _is_nothing(case: Case, loss: Series) -> bool:
    """Whether all parts of a sum are 0 from the first entry to the last: nothing was trained."""
    several = len(loss) > IN_A_ROW
    return case.run.objective == COMPOSITE and several and not loss.values.any()


def _is_in_reach(case: Case, zeros: _Zeros, floor: float) -> bool:
    """Whether the losses next to the zeros come as near to 0, and no token cross-entropy shows.

    Nor a gradient of NaN, as a small loss has none. A trainer that fine-tunes language models logs
    such a loss where a gradient is left: at a real 0 there is none.
    """
    if is_token_loss(case) or zeros.most(zeros.spoilt):
        return False
    if case.trainer.tunes and zeros.most(zeros.alive):
        return False
    level = zeros.around if np.isfinite(zeros.around) else 0.0
    return zeros.most(near_zero(zeros.loss.values, max(floor, REACH * level)))


def _zeros(case: Case, loss: Series) -> _Zeros:
    zero = loss.values == 0
    row = np.zeros_like(zero)
    for start, stop in stretches(zero):
        row[start:stop] = stop - start >= IN_A_ROW
    first = np.logical_and.accumulate(zero)
    end = row & np.logical_and.accumulate(zero[::-1])[::-1]
    level, sound = _around(loss, zero), _is_sound(case, loss, end)
    leapt = leapt_before(case, loss)
    return _Zeros(loss, zero, row, first, end, *_gradients(case, loss), level, sound, leapt)


def _gradients(case: Case, loss: Series) -> tuple[BoolArray, BoolArray, BoolArray]:
    """Where the gradient norm is exactly 0, not finite, or a positive number."""
    norms = case.logged("grad_norm")
    if norms is None:
        none = np.zeros(len(loss), dtype=bool)
        return none, none, none
    logged = dict(zip(norms.steps.tolist(), norms.values.tolist(), strict=True))
    known = np.array([step in logged for step in loss.steps.tolist()])
    values = np.array([logged.get(step, np.nan) for step in loss.steps.tolist()])
    return values == 0, known & ~np.isfinite(values), np.isfinite(values) & (values > 0)


def _around(loss: Series, zero: BoolArray) -> float:
    near = np.convolve(zero, np.ones(2 * NEAR + 1), mode="full")[NEAR:-NEAR] > 0
    values = loss.values[near & ~zero]
    return median(values) if len(values) else float("inf")


def _skipped(case: Case, zeros: _Zeros) -> dict[str, float]:
    """The way in which no update may have been made there, and its score; empty where one was."""
    recovers = not zeros.zero[-1] and may_be_fp16(case)
    updated = zeros.most(zeros.dead | zeros.alive)  # an overflow leaves no finite gradient
    early = zeros.first | (zeros.loss.steps <= EARLY_STEPS)
    cases = (
        # the log counts them
        ("updates-skipped", 0.95, zeros.most(skips_beside(case, zeros.loss))),
        (_LEFT_OUT[case.trainer.skips], 0.8, not updated),
        # weights that hold NaN give no loss again
        ("updates-skipped", 0.9, recovers and zeros.most(zeros.spoilt)),
        ("updates-skipped", 0.6, recovers and not updated and zeros.most(early)),
        ("updates-skipped", 0.4, recovers and not updated and case.setting("fp16") is True),
    )
    return next(({name: score} for name, score, holds in cases if name and holds), {})


def _is_sound(case: Case, loss: Series, end: BoolArray) -> bool:
    """Whether the zeros at the end cannot be NaN: an evaluation among them is finite.

    One at the last step may be of the best checkpoint, loaded again. Nor does any trainer but those
    built on transformers log NaN as 0; a loop of one's own, whose loss fell so far, rounds.
    """
    before = loss.values[~end]
    fell = len(before) > 0 and 0 < before[-1] <= SMALL * min(before[0], 1.0)
    if not may_be_transformers(case.run.framework) or (fell and not _tunes(case)):
        return True
    steps = loss.steps[end]
    evaluated = [each.steps for each in case.eval_losses().values()] if len(steps) else []
    return any(((steps[0] < each) & (each < steps[-1])).any() for each in evaluated)


def _tunes(case: Case) -> bool:
    """Whether it trains a language model, or is of a trainer that does little else."""
    return is_token_loss(case) or case.trainer.tunes


def _kind(zeros: _Zeros, skipped: dict[str, float], floor: float, partly: float) -> str:
    """The first of the verdicts that holds."""
    alive, share = zeros.most(zeros.alive), zeros.zero.mean()
    from_the_first = zeros.zero[0] and share >= MOST
    unexplained = (zeros.row & ~zeros.dead).any() or zeros.most(zeros.spoilt)
    cases = (
        ("nan", _several(zeros.end & zeros.spoilt)),
        ("memorised", zeros.around <= floor),
        ("skipped", max(skipped.values(), default=0.0) > LIKELY),
        ("memorised", alive and zeros.around <= SMALL),  # a gradient: the loss was not 0
        ("gaps", alive),
        ("labels", from_the_first and _several(zeros.row & zeros.dead)),
        ("vanished", _several(zeros.end & zeros.dead)),
        ("always", zeros.end.all()),
        ("spent" if zeros.sound else "silent", zeros.end.any()),
        ("gaps", unexplained),
        ("partly", share >= partly),
    )
    return next((kind for kind, holds in cases if holds), "masked")


def _several(mask: BoolArray) -> bool:
    return int(mask.sum()) >= IN_A_ROW


def _severity(zeros: _Zeros, partly: float) -> Severity | None:
    """Of skipped updates: the search for a loss scale is over soon; else training stood still."""
    lengths = window_lengths(zeros.loss)
    longest = max(int(lengths[a:b].sum()) for a, b in stretches(zeros.zero))
    many = lengths[zeros.zero].sum() > EARLY_STEPS and zeros.zero.mean() >= partly
    if longest <= EARLY_STEPS and not many:
        return Severity.INFO
    return None if zeros.end.any() else Severity.WARNING


def _finding(
    case: Case, zeros: _Zeros, kind: str, skipped: dict[str, float], partly: float
) -> Finding:
    severity, confidence, scores = _VERDICTS[kind]
    if kind == "skipped":
        severity = _severity(zeros, partly)
    elif kind == "spent" and not _tunes(case):  # most losses may end at 0
        sure = case.eval_losses() or not may_be_transformers(case.run.framework)
        severity = Severity.INFO if sure else Severity.WARNING
    loss, told = zeros.loss, zeros.end if kind in _TO_THE_END else zeros.zero
    first = int(loss.steps[int(np.argmax(told))])
    hidden = hidden_nan(case, loss) if kind in _OF_NAN else None
    lost = lost_from(case, loss, hidden.begin) if hidden else lost_at(case, first)
    rest = () if kind in _SAID_TO_LAST else rest_evidence(loss, told)
    fp16 = case.advise("fp16", suggest=False) if severity is not Severity.INFO else ()
    unmasked = kind in _MAYBE_MASKED and (zeros.leapt is not None or learns_every_token(case))
    impossible = {"masked-labels": unmasked, "nan-in-weights": zeros.sound}
    if kind == "always" and case.run.framework is None:  # a loop of one's own prints as it likes
        scores = scores | {"few-digits": 0.3}
    causes = tuple(
        Cause(restarted(name, lost), score, config=fp16 if name in _OF_FP16 else ())
        for name, score in (scores | skipped).items()
        if not impossible.get(name)
    )
    found = Finding(
        confidence,
        stated_severity=severity,
        message=Message(kind, step=first, count=int(told.sum()), total=len(loss), **lost),
        episodes=episodes_of(loss, told),
        evidence=(*rest, *_evidence(case, zeros, told, lost)),
        causes=causes,
        next=_next(kind, severity, lost),
        claims=frozenset(loss.steps[zeros.zero].tolist()),
    )
    return found if hidden is None else with_hidden_nan(case, loss, hidden, found)


def _evidence(
    case: Case, zeros: _Zeros, told: BoolArray, lost: dict[str, int]
) -> Iterator[Evidence]:
    if np.isfinite(zeros.around) and (lost["clean"] or told[0]):  # else NaN is in all of them
        yield Evidence(Message("around", around=zeros.around))
    if told[0] and not told.all():
        yield Evidence(Message("leading", leading=int(zeros.first.sum())))
    counted = skips_beside(case, zeros.loss)
    shown = {"dead": zeros.dead, "spoilt": zeros.spoilt, "counted": counted}
    for name, mask in shown.items():
        if (told & mask).any():
            yield Evidence(Message(name, count=int((told & mask).sum())))


def _next(kind: str, severity: Severity | None, lost: dict[str, int]) -> Message | None:
    if severity is Severity.INFO:
        return None
    if kind == "skipped":
        return Message("look-for-skips")
    return restarted("filter-off", lost) if kind in ("nan", "silent") else Message("count-labels")


RULE = Rule(name="zero-loss", check=check)
