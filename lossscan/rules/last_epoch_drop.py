"""A drop only where the last, incomplete data epoch begins: the sampler shuffles it apart."""

from __future__ import annotations

from collections.abc import Iterator

from lossscan.model import BoundaryTest, Episode, Evidence, Finding, Message, RuledOut
from lossscan.rules.kit.case import Case
from lossscan.rules.kit.evidence import around
from lossscan.rules.kit.order import last_epoch_causes
from lossscan.rules.kit.rates import rate_steps
from lossscan.rules.kit.rule import Rule
from lossscan.rules.kit.sizes import effect_of, least_seen, logistic, relative, share_of

EARLIEST_SHARE = 0.55  # of the run: 1/1.8, the earliest start of a separated last epoch


def check(
    case: Case, *, min_sigma: float = 2.5, min_drop: float = 0.01
) -> Iterator[Finding | RuledOut]:
    """Tested at the printed or computed boundary; without one, a lone late drop is consistent.

    `min_sigma`: size in standard errors; one place is tested, 2.5 is 0.6 % by chance.
    `min_drop`: smallest step as a share of the loss; below 1 % nobody looks.
    """
    if not case.searched:
        return
    known = case.tests("last_data_epoch")
    for test in known:
        drop, sure = -share_of(case, test), test.sigma <= -min_sigma
        if sure and drop >= min_drop:
            yield _at_boundary(case, test)
            continue
        least = max(least_seen(case, [test], min_sigma), min_drop)
        key, step = "small" if sure else "no-step", test.landmark.step
        yield RuledOut(Message(key, step=step, sigma=test.sigma, least=least, drop=drop))
    if not known and case.trainer.shuffles_last_apart:
        yield from _consistent(case)


def _at_boundary(case: Case, test: BoundaryTest) -> Finding:
    drop = -relative(test.after - test.before, test.before)  # as quoted
    step, source = int(test.landmark.step) + 1, test.landmark.source
    return Finding(
        confidence=logistic(-test.sigma, 1.5, 1.2),
        message=Message("at-boundary", step=step, drop=drop, before=test.before, after=test.after),
        episodes=(Episode(test.step, None, test.sigma),),
        effect=effect_of(test.before, test.after, test.sigma),
        aligned_to=test.aligned_to,
        evidence=(
            Evidence(Message("boundary", step=step), source, test.step),
            Evidence(Message("size", sigma=-test.sigma, p=test.p_value)),
            *around(case, test.step, "rate"),
            *around(case, test.landmark.step, "eval"),
        ),
        causes=last_epoch_causes(case, 0.95),
        next=Message("compare-evaluation"),
        claims=frozenset({test.step}),
    )


def _consistent(case: Case) -> Iterator[Finding]:
    """One drop, late, with nothing else to explain it, in a trainer that has such a sampler."""
    last = case.run.series["loss"].steps[-1]
    falls = case.falls
    late = [c for c in falls if c.aligned_to is None and c.step >= EARLIEST_SHARE * last]
    if len(falls) != 1 or len(late) != 1 or rate_steps(case, late[0].step):
        return
    change = late[0]
    step, before, after = change.step, change.before, change.after
    yield Finding(
        confidence=0.6,  # the place is not confirmed: half of such drops have another reason
        message=Message("consistent", step=step, share=step / last, before=before, after=after),
        episodes=(Episode(change.step, None, change.sigma),),
        effect=effect_of(change.before, change.after, change.sigma),
        evidence=around(case, change, "rate", "eval"),
        causes=last_epoch_causes(case, 0.6),
        next=Message("confirm-line"),
        claims=frozenset({change.step}),
    )


RULE = Rule(name="last-epoch-drop", check=check)
