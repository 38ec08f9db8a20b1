"""An abrupt drop that no epoch, schedule or resume explains."""

from __future__ import annotations

from collections.abc import Iterator

from lossscan.model import Change, Episode, Finding, Message, RuledOut
from lossscan.rules.kit.case import Case
from lossscan.rules.kit.evidence import around, size_evidence
from lossscan.rules.kit.falls import EPOCHS, end_of, ends_a_climb, explanation, is_at
from lossscan.rules.kit.order import drop_causes, step_of_order
from lossscan.rules.kit.rule import Rule
from lossscan.rules.kit.sizes import effect_of, logistic
from lossscan.rules.kit.waves import outlives_period

SURE = (0.75, 0.3)  # fitted on 157 findings of the simulated train half


def check(
    case: Case, *, max_ratio: float = 0.9, min_sigma: float = 7.0
) -> Iterator[Finding | RuledOut]:
    """Downward changes of level away from everything that is known to make one.

    `max_ratio`: after over before; a tenth is what people ask about.
    `min_sigma`: one more than a break needs, since nothing else supports the finding.
    """
    free = []
    for fall in case.falls:
        of_epochs = is_at(fall, EPOCHS) and outlives_period(case, fall)
        if of_epochs and not ends_a_climb(case, fall):
            continue  # the ledger knows what the rules of epochs have said of it
        reason = explanation(case, fall)
        if reason is not None:
            yield RuledOut(Message(reason, step=fall.step), claims=frozenset({fall.step}))
        elif -fall.sigma >= min_sigma and (fall.ratio or 1.0) <= max_ratio:
            free.append(fall)
    if free:
        yield _finding(case, free)


def _finding(case: Case, falls: list[Change]) -> Finding:
    ends = [end_of(case, fall) for fall in falls]
    worst, end = min(zip(falls, ends, strict=True), key=lambda pair: pair[0].sigma)
    whole = "epochs" if case.of_epochs else "default"
    return Finding(
        confidence=logistic(-worst.sigma, *SURE),
        message=Message(
            whole if end is None else "returns",
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
        effect=effect_of(worst.before, worst.after, worst.sigma),
        aligned_to=falls[0].aligned_to,
        evidence=(
            size_evidence(case, worst),
            *around(case, worst, "rate", "order", "eval"),
        ),
        causes=drop_causes(case, step_of_order(case, worst), lasts=end is None),
        next=Message("look-at-epochs" if case.of_epochs else "look-at-data"),
        claims=frozenset(fall.step for fall in falls),
    )


RULE = Rule(name="unexplained-drop", check=check)
