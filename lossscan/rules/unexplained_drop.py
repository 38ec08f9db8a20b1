"""An abrupt drop that no epoch, schedule or resume explains."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lossscan.model import Change, Curve, Effect, Episode, Finding, Message, RuledOut, Run, Signals
from lossscan.rules.kit.case import Case
from lossscan.rules.kit.context import drop_none, eval_evidence, level_evidence, logistic
from lossscan.rules.kit.falls import end_of, explanation
from lossscan.rules.kit.order import drop_causes, order_evidence, step_of_order
from lossscan.rules.kit.rates import rate_evidence
from lossscan.rules.kit.rule import Rule

NAME: Final = "unexplained-drop"
SURE = (0.75, 0.3)  # fitted on 157 findings of the simulated train half


def check(
    case: Case, *, max_ratio: float = 0.9, min_sigma: float = 7.0
) -> Iterator[Finding | RuledOut]:
    """Downward changes of level away from everything that is known to make one.

    `max_ratio`: after over before; a tenth is what people ask about.
    `min_sigma`: one more than a break needs, since nothing else supports the finding.
    """
    curve = case.signals.curves.get("loss")
    if curve is None:
        return
    falls = [
        c
        for c in case.signals.changes_of("loss", "level_down")
        if -c.sigma >= min_sigma and (c.ratio or 1.0) <= max_ratio
    ]
    free = []
    for fall in falls:
        reason = explanation(case.run, case.signals, fall)
        if reason is None:
            free.append(fall)
        else:
            yield RuledOut(NAME, Message(reason, step=fall.step))
    if free:
        yield _finding(case.run, case.signals, curve, free)


def _finding(run: Run, signals: Signals, curve: Curve, falls: list[Change]) -> Finding:
    ends = [end_of(run, signals, fall) for fall in falls]
    worst, end = min(zip(falls, ends, strict=True), key=lambda pair: pair[0].sigma)
    at = step_of_order(run, curve, worst)
    return Finding(
        rule=NAME,
        confidence=logistic(-worst.sigma, *SURE),
        message=Message(
            "default" if end is None else "returns",
            before=worst.before,
            after=worst.after,
            step=worst.step,
            end=end.step if end else None,
            back=end.after if end else None,
        ),
        episodes=tuple(
            Episode(fall.step, end.step if end else None, fall.sigma)
            for fall, end in zip(falls, ends, strict=True)
        ),
        effect=Effect(worst.before, worst.after, worst.delta, worst.ratio, worst.sigma),
        aligned_to=falls[0].aligned_to,
        evidence=(
            level_evidence(run, curve, worst.before, worst.after, worst.step),
            *drop_none(
                rate_evidence(run, worst.step),
                order_evidence(run, at),
                eval_evidence(run, worst.step),
            ),
        ),
        causes=drop_causes(run, at, lasts=end is None),
        next=Message("look-at-data"),
        claims=frozenset(fall.step for fall in falls),
    )


RULE = Rule(name=NAME, check=check)
