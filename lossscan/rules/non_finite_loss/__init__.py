"""NaN or infinity in the loss or the gradient norm, also where the trainer hides it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from lossscan.model import Cause, Episode, Evidence, Finding, Message, RuledOut, Series, Severity
from lossscan.numeric.medians import median
from lossscan.rules.kit.case import Case, is_eval_loss
from lossscan.rules.kit.evidence import around, rest_evidence
from lossscan.rules.kit.levels import episodes_of
from lossscan.rules.kit.nan_causes import (
    LAST_POINTS,
    climbed,
    frozen,
    half_precision,
    keeps_its_loss,
    lost_from,
    nan_causes,
    other_causes,
    restart,
    weights_lost,
    with_hidden_nan,
)
from lossscan.rules.kit.nan_filter import HALF, evaluated_first, hidden_nan, lost_at, restarted
from lossscan.rules.kit.rule import Rule
from lossscan.rules.kit.skips import may_be_fp16, to_bf16
from lossscan.rules.non_finite_loss.loss_scale import exhausted, scale_search
from lossscan.rules.non_finite_loss.parts import first_bad, lost_part

# Messages after which the weights are as they were: what is NaN in an evaluation is its own.
SURVIVED = ("scaled", "scaled-often", "passing", "exhausted", "exhausted-once")
A_FEW = 0.1  # of the gradient norms: the scaler of fp16 spoils fewer once it has its scale


def check(case: Case, *, tolerated: int = 3) -> Iterator[Finding | RuledOut]:
    """Yield a finding for training and one for each evaluation set.

    `tolerated`: overflows of fp16 in the first steps that are no finding.
    """
    training = (
        _loss(case)
        or _hidden(case)
        or _exhausted(case)
        or _said(case)
        or _gradient(case, tolerated)
        or _dropped(case)
        or lost_part(case)
    )
    if training is not None:
        yield training
    elif (search := scale_search(case, tolerated)) is not None:
        yield RuledOut(search)
    for series in _evaluated(case):
        yield from _evaluation(case, series, training)


def _loss(case: Case) -> Finding | None:
    loss = case.logged("loss")
    if loss is None or np.isfinite(loss.values).all():
        return None
    bad = ~np.isfinite(loss.values)
    first = int(np.argmax(bad))
    alone = int(bad.sum()) == 1 and not bad[-1]
    before, step = loss.values[:first], int(loss.steps[first])
    lost, sound = lost_from(case, loss, step), np.flatnonzero(~bad)
    since = int(sound[-1]) + 1 if len(sound) else 0
    held = lost_from(case, loss, int(loss.steps[since])) if bad[-1] else None
    shown = len(loss) - since > 1  # one NaN may be that of a batch, and the weights sound
    return Finding(
        0.9 if alone else 0.99,  # the log itself says NaN; a lone one may be one masked batch
        stated_severity=Severity.WARNING if alone else None,
        message=Message(
            _message(alone=alone, known=first > 0),
            step=step,
            count=int(bad.sum()),
            total=len(loss),
            before=float(before[-1]) if len(before) else None,
            **lost,
        ),
        episodes=episodes_of(loss, bad),
        evidence=(
            *rest_evidence(loss, bad),
            *_gradient_evidence(case, step),
            *around(case, step, "rate"),
            *weights_lost(held if shown else None),
        ),
        causes=nan_causes(case, step, before, alone=alone),
        remedies=restart(held),
        next=Message("inspect-batch") if alone else restarted("find-first", lost),
        claims=frozenset([*loss.steps[bad].tolist(), *climbed(loss, first)]),
    )


def _message(*, alone: bool, known: bool) -> str:
    """The id of the sentence; without a finite value before, none can be named."""
    if alone:
        return "isolated"
    return "default" if known else "from-the-first"


def _hidden(case: Case) -> Finding | None:
    loss = case.logged("loss")
    hidden = None if loss is None else hidden_nan(case, loss)
    if loss is None or hidden is None:
        return None
    step, lost = int(loss.steps[hidden.start]), lost_from(case, loss, hidden.begin)
    sound = loss.values[loss.steps < lost["since"]]
    found = Finding(
        0.98 if hidden.spoilt else 0.93,  # NaN is logged / the law alone, which noise seldom meets
        message=Message(
            "hidden" if len(sound) else "hidden-from-the-first",
            step=step,
            count=len(loss) - hidden.start,
            before=median(sound[-LAST_POINTS:]),
            **lost,
        ),
        evidence=tuple(_gradient_evidence(case, int(loss.steps[-1]))),
        next=restarted("filter-off", lost),
    )
    return with_hidden_nan(case, loss, hidden, found)


# How gradient norms alone are judged: confidence and severity (None: the page's).
_JUDGED: dict[str, tuple[float, Severity | None]] = {
    "gradient": (0.96, None),  # NaN to the end, or in half of all entries: nothing is learned
    "scaled": (0.5, Severity.INFO),  # what fp16 does unless it becomes frequent: as likely nothing
    "passing": (0.8, Severity.WARNING),  # bf16 has no scale to search for
}


def _gradient(case: Case, tolerated: int) -> Finding | None:
    norms = case.logged("grad_norm")
    if norms is None or np.isfinite(norms.values).all():
        return None
    bad = ~np.isfinite(norms.values)
    lasting = bad.mean() >= HALF or bool(bad[-2:].all())
    if not lasting and scale_search(case, tolerated) is not None:
        return None
    kind = "gradient" if lasting else "scaled" if may_be_fp16(case) else "passing"
    confidence, severity = _JUDGED[kind]
    said = "scaled-often" if kind == "scaled" and bad.mean() > A_FEW else kind
    first = int(norms.steps[int(np.argmax(bad))])
    lost = lost_at(case, first)
    still = tuple(frozen(case)) if lasting else ()
    kept = keeps_its_loss(case, first)
    idle = lasting and (bool(still) or (kept and bool(bad[0])))  # no update was made
    known = lost if lasting and not (idle or kept) and int(bad.sum()) > 1 else None
    return Finding(
        confidence,
        series="grad_norm",
        stated_severity=severity,
        message=Message(said, step=first, count=int(bad.sum()), total=len(norms), **lost),
        episodes=episodes_of(norms, bad),
        evidence=(*rest_evidence(norms, bad), *still, *weights_lost(known)),
        causes=nan_causes(
            case,
            first,
            alone=kind == "passing",
            calm=kind == "scaled" or kept,
            skipped=kind == "scaled",
            idle=idle,
        ),
        remedies=restart(known),
        next=restarted("find-first", lost) if lasting else None,
        claims=frozenset(norms.steps[bad].tolist()) if lasting else frozenset(),
    )


def _exhausted(case: Case) -> Finding | None:
    """Every update overflows in fp16, however small the loss scale."""
    found = exhausted(case)
    if found is None:
        return None
    numbers = {"step": found.start, "last": found.stop, "count": found.count}
    lost, counts = lost_at(case, found.start), case.run.source_of("skipped_iterations")
    return Finding(
        0.95 if found.lasting else 0.8,  # the log says so / a burst may have been one bad stretch
        stated_severity=None if found.lasting else Severity.WARNING,
        message=Message("exhausted" if found.lasting else "exhausted-once", **numbers, **lost),
        episodes=(Episode(found.start, found.stop),),
        evidence=(
            Evidence(Message("scale-minimum", **numbers), counts, found.start),
            *_gradient_evidence(case, found.stop),
            *around(case, found.start, "rate"),
        ),
        causes=(
            Cause(Message("half-precision"), 0.85, config=to_bf16(case)),  # the one with a scale
            *other_causes(case, found.start),
        ),
        next=restarted("find-first", lost),
    )


def _said(case: Case) -> Finding | None:
    """What the program itself says of a loss that it did not log: it stopped because of NaN."""
    found = next((note.numbers for note in case.run.notes if note.numbers.get("lost")), None)
    if found is None:
        return None
    step = case.run.last_step if found["step"] is None else int(found["step"])
    lost = lost_at(case, step)
    return Finding(
        0.98,  # the program's own word
        message=Message("said", step=step, **lost),
        episodes=(Episode(step, step),),
        evidence=(Evidence(Message("said", said=found["error"])), *around(case, step, "rate")),
        causes=nan_causes(case, step),
        next=restarted("find-first", lost),
    )


def _dropped(case: Case) -> Finding | None:
    """Megatron counts NaN iterations, and leaves `lm loss` out of a line where it is NaN."""
    counts = case.points("nan_iterations")
    if counts is None or not (counts.values > 0).any():
        return None
    bad = counts.values > 0
    first = int(counts.steps[int(np.argmax(bad))])
    lost = lost_at(case, first)
    held = lost if bad[-1] else None
    return Finding(
        0.97,  # Megatron's own count
        message=Message("dropped", step=first, count=int(counts.values[bad].sum()), **lost),
        episodes=episodes_of(counts, bad),
        evidence=(
            Evidence(Message("megatron-count"), step=first, value=float(counts.values[bad][0])),
            *weights_lost(held),
        ),
        causes=nan_causes(case, first),
        remedies=restart(held),
        next=restarted("find-first", lost),
    )


def _evaluated(case: Case) -> Iterable[Series]:
    """The losses of evaluations; of those that are lost from one step on, as parts are, one."""
    total = "eval_loss"
    found = [series for name, series in case.run.series.items() if is_eval_loss(name)]
    lost = [series for series in found if not np.isfinite(series.values).all()]
    lost.sort(key=lambda series: series.name == total)
    return {first_bad(series): series for series in lost}.values()


def _evaluation(case: Case, series: Series, training: Finding | None) -> Iterator[Finding]:
    bad = ~np.isfinite(series.values)
    first = first_bad(series)
    lost = training is not None and training.message.key not in SURVIVED
    broken = training.episodes[0].start_step if training is not None and lost else None
    if broken is not None and evaluated_first(case, broken) <= first:
        return  # a broken model cannot be evaluated: the finding on training says it
    alone = int(bad.sum()) == 1 and not bad[-1]  # an empty batch, and sound again
    yield Finding(
        0.97,  # the log itself says NaN
        series=series.name,
        stated_severity=Severity.WARNING if alone else None,
        message=Message("eval", step=first, count=int(bad.sum()), total=len(series)),
        episodes=episodes_of(series, bad),
        evidence=tuple(rest_evidence(series, bad)),
        causes=(Cause(Message("masked-evaluation"), 0.6), *half_precision(case, 0.7)),
        next=Message("evaluate-alone"),
    )


def _gradient_evidence(case: Case, step: int) -> Iterator[Evidence]:
    norms = case.logged("grad_norm")
    if norms is None or np.isfinite(norms.values).all():
        return
    first = first_bad(norms)
    if first <= step:
        said = Message("gradient-first", first=first)
        yield Evidence(said, case.run.source_of("grad_norm"), first)


RULE = Rule(name="non-finite-loss", check=check)
