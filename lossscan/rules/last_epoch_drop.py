"""A drop only where the last, incomplete data epoch begins: the sampler shuffles it apart."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lossscan.model import (
    Alignment,
    BoundaryTest,
    Cause,
    Episode,
    Evidence,
    Finding,
    Message,
    RuledOut,
    Run,
    Signals,
)
from lossscan.rules.kit.case import Case
from lossscan.rules.kit.context import (
    advise_if_set,
    drop_none,
    eval_evidence,
    least_seen,
    logistic,
    relative,
    step_effect,
)
from lossscan.rules.kit.rates import rate_evidence, rate_steps
from lossscan.rules.kit.rule import Rule
from lossscan.trainers import trainer_of

NAME: Final = "last-epoch-drop"
EARLIEST_SHARE = 0.55  # of the run: 1/1.8, the earliest start of a separated last epoch


def check(
    case: Case, *, min_sigma: float = 2.5, min_drop: float = 0.01
) -> Iterator[Finding | RuledOut]:
    """Tested at the printed or computed boundary; without one, a lone late drop is consistent.

    `min_sigma`: size in standard errors; one place is tested, 2.5 is 0.6 % by chance.
    `min_drop`: smallest step as a share of the loss; below 1 % nobody looks.
    """
    known = [t for t in case.signals.boundaries if t.landmark.kind == "last_data_epoch"]
    curve = case.signals.curves.get("loss")
    if curve is None:
        return
    for test in known:
        drop = -relative(test.gap, test.before, log=curve.log)
        if test.sigma <= -min_sigma and drop >= min_drop:
            yield _at_boundary(case.run, test, drop)
        else:
            least = max(least_seen([test], min_sigma, log=curve.log), min_drop)
            numbers = {
                "step": test.landmark.step,
                "sigma": test.sigma,
                "least": least,
                "drop": drop,
            }
            yield RuledOut(
                NAME, Message("small" if test.sigma <= -min_sigma else "no-step", **numbers)
            )
    if not known and trainer_of(case.run.framework).shuffles_last_apart:
        yield from _consistent(case.run, case.signals)


def _at_boundary(run: Run, test: BoundaryTest, drop: float) -> Finding:
    source = test.landmark.source
    return Finding(
        rule=NAME,
        confidence=logistic(-test.sigma, 1.5, 1.2),
        message=Message(
            "at-boundary", step=int(test.landmark.step) + 1, drop=drop, **_levels(test)
        ),
        episodes=(Episode(test.step, None, test.sigma),),
        effect=step_effect(test.before, test.after, test.sigma),
        aligned_to=Alignment(
            "last_data_epoch",
            test.landmark.step,
            test.step - test.landmark.step,
            test.p_value,
            test.landmark.epoch,
        ),
        evidence=(
            Evidence(Message("boundary", step=int(test.landmark.step) + 1), source, test.step),
            Evidence(Message("size", sigma=-test.sigma, p=test.p_value), run.source_of("loss")),
            *drop_none(rate_evidence(run, test.step), eval_evidence(run, test.landmark.step)),
        ),
        causes=_causes(run, 0.95),
        next=Message("compare-evaluation"),
        claims=frozenset({test.step}),
    )


def _consistent(run: Run, signals: Signals) -> Iterator[Finding]:
    """One drop, late, with nothing else to explain it, in a trainer that has such a sampler."""
    last = run.series["loss"].steps[-1]
    falls = signals.changes_of("loss", "level_down")
    late = [c for c in falls if c.aligned_to is None and c.step >= EARLIEST_SHARE * last]
    if len(falls) != 1 or len(late) != 1 or rate_steps(run, late[0].step):
        return
    change = late[0]
    yield Finding(
        rule=NAME,
        confidence=0.6,  # the place is not confirmed: half of such drops have another reason
        message=Message(
            "consistent",
            step=change.step,
            share=change.step / last,
            before=change.before,
            after=change.after,
        ),
        episodes=(Episode(change.step, None, change.sigma),),
        effect=step_effect(change.before, change.after, change.sigma),
        evidence=drop_none(rate_evidence(run, change.step), eval_evidence(run, change.step)),
        causes=_causes(run, 0.6),
        next=Message("confirm-line"),
        claims=frozenset({change.step}),
    )


def _levels(test: BoundaryTest) -> dict[str, float]:
    return {"before": test.before, "after": test.after}


def _causes(run: Run, score: float) -> tuple[Cause, ...]:
    return (
        Cause(Message("last-epoch-shuffled-apart"), score, config=advise_if_set(run, "max_steps")),
        Cause(Message("data-mix-change"), 0.2),
    )


RULE = Rule(name=NAME, check=check)
