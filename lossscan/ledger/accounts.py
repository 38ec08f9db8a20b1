"""Every event of a run has one owner: a finding that claims it, or a reason that explains it.

An event is a departure that the engine is sure of. What no rule claims and no reason explains
becomes a finding by itself: how sure the engine is decides whether, the relative size how loudly.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from lossscan.ledger.completed import completed, key_of
from lossscan.ledger.events import events_of, with_near_events
from lossscan.ledger.evidence import Told, told
from lossscan.model import (
    AccountedFor,
    ChangePoint,
    Departure,
    Episode,
    Finding,
    Message,
    RuledOut,
    Severity,
)
from lossscan.numeric.levels import highest_first
from lossscan.numeric.medians import median
from lossscan.points import ADVERSARIAL
from lossscan.rules.kit.case import Case
from lossscan.rules.kit.levels import end_points
from lossscan.rules.kit.rates import rate_returns
from lossscan.rules.kit.sizes import effect_of, growth_of, logistic

LOUD, HEARD = 0.5, 0.1  # relative size of a lasting rise: critical, a warning (the contract)
SPIKE_HEARD = 0.2  # of one that recovers: what the rule itself counts as a spike
# Confidence of an event that no rule claimed, by its size in noise units: where it is even, and how
# fast it grows. Fitted on the trained, the causal and half of the fresh runs and on the simulated
# train half (60 of 61 jumps were right, 18 of 27 drops, 2 of 5 climbs: most others are waves
# and returns from a hump). What looks like one may be another event's end: never beyond `MOST`.
RISEN, FALLEN, CLIMBED, MOST = (-4.5, 0.24), (8.5, 0.8), (20.0, 0.1), 0.95

LEFT = 0.5  # of a rise: of 39 climbs that were put into curves 36 had more, of 17 waves 5

SPOKEN_BY: Final[Mapping[str, str]] = {
    "level_up": "loss-jump",
    "slope_up": "divergence",
    "level_down": "unexplained-drop",
    "spike": "loss-spike",
}
AT: Final[Mapping[str, str]] = {  # whose a fall at such a landmark is, where that rule has spoken
    "epoch_boundary": "epoch-step-drop",
    "last_data_epoch": "last-epoch-drop",
}

# Of the course of a loss that training brings down. In a GAN, one net gains what the other loses.
OF_COURSE: Final = (
    "divergence epoch-step-drop last-epoch-drop loss-jump loss-spike loss-too-low overfitting"
    " periodic-loss plateau unexplained-drop"
)
RISES: Final = ("divergence", "loss-jump", "loss-spike")
# Of where the loss began, and of 1: what is left there is rounding and the optimizer's own noise,
# which go up and down by orders of magnitude (grokking's slingshots).
NEGLIGIBLE: Final = 1e-3


def accounted(
    case: Case, findings: Sequence[Finding], ruled_out: Sequence[RuledOut], chosen: Iterable[str]
) -> tuple[tuple[Finding, ...], tuple[ChangePoint, ...]]:
    """The findings with one for each event that was left, and every event with its account."""
    events = events_of(case.signals)
    said = with_near_events(case.signals, events, findings)
    rules, changes = set(chosen), []
    for event in events:
        account = _account(event, said, ruled_out, case) or _left(event, said, rules, case)
        changes.append(_change_point(event, account))
    return tuple(said), tuple(changes)


def by_finding(rule: str) -> AccountedFor:
    """The account of an event that a finding of this rule claims."""
    return AccountedFor("finding", rule, Message(key_of(rule, "title")))


def _account(
    event: Departure, findings: Sequence[Finding], ruled_out: Iterable[RuledOut], case: Case
) -> AccountedFor | None:
    """The finding that claims an event, or what it is, or what a rule found it to be; if any."""
    owner = _owner(event, findings)
    if owner is not None:
        return by_finding(owner)
    key = _explained(event, case)
    found = (out.text for out in ruled_out if event.step in out.claims)
    reason = next(found, None) if key is None else Message(key)
    return None if reason is None else AccountedFor("explanation", None, reason)


def _left(event: Departure, findings: list[Finding], rules: set[str], case: Case) -> AccountedFor:
    """The account of an event that was left: a finding of the rule that is to speak of it.

    Falls where epochs begin go to what their rules have found, and never make a finding of these.
    """
    rule = _speaker(event, findings, rules)
    if rule not in rules:
        return AccountedFor("explanation", None, Message("account_not_asked"))
    _speak(findings, rule, event, case)
    return by_finding(rule)


def _speaker(event: Departure, findings: Iterable[Finding], rules: set[str]) -> str:
    """The rule that is to speak of an event which nothing accounts for.

    A fall where an epoch begins is of the epochs only where the rule of these finds it so.
    """
    if event.kind != "level_down" and (event.kind != "spike" or event.sigma > 0):
        return SPOKEN_BY[event.kind]
    own = AT.get(event.aligned_to.kind if event.aligned_to else "")
    spoken = any(finding.rule == own for finding in findings)
    return own if own and (spoken or own not in rules) else SPOKEN_BY["level_down"]


def _explained(event: Departure, case: Case) -> str | None:
    """What an event is that calls for no finding whatever the rules say, as a key of a sentence."""
    rises = event.sigma > 0 and growth_of(event) - 1 < LOUD
    cases = (
        ("account_beside", event.series != "loss"),
        ("account_adversarial", case.run.objective == ADVERSARIAL),
        ("account_negligible", is_negligible(case, max(event.before, event.after))),
        ("account_falls", event.kind == "slope_down"),
        ("account_schedule", rises and rate_returns(case, event.step)),
        ("account_returns", event.kind == "slope_up" and _comes_back(event, case)),
    )
    return next((key for key, holds in cases if holds), None)


def _comes_back(event: Departure, case: Case) -> bool:
    """Whether less than half of a rise is left at the end of the run: a wave or a hump."""
    loss = case.points(event.series)
    if loss is None:
        return False
    end = median(loss.values[-end_points(len(loss)) :])
    return end - event.before < LEFT * (event.after - event.before)


def _owner(event: Departure, findings: Sequence[Finding]) -> str | None:
    """The rule whose finding claims the event, or whose episode holds it."""
    claiming = [finding.rule for finding in findings if event.step in finding.claims]
    if claiming:
        own = SPOKEN_BY.get(event.kind)
        return own if own in claiming else claiming[0]
    alike = (finding for finding in findings if finding.series == event.series)
    return next((finding.rule for finding in alike if _within(event, finding)), None)


def _within(event: Departure, finding: Finding) -> bool:
    """Whether an episode covers the event; one that lasts to the end covers no later spike."""
    return any(
        episode.start_step is not None
        and episode.start_step <= event.step <= (episode.end_step or episode.start_step)
        and (event.kind != "spike" or finding.rule == SPOKEN_BY["spike"])
        for episode in finding.episodes
    )


def _speak(findings: list[Finding], rule: str, event: Departure, case: Case) -> None:
    """Add the event to the finding of its rule, or make one."""
    episode = Episode(event.step, event.end_step, event.sigma)
    for number, finding in enumerate(findings):
        if finding.rule == rule and finding.series == event.series:
            episodes = sorted((*finding.episodes, episode), key=lambda each: each.start_step or 0)
            findings[number] = replace(
                finding, episodes=tuple(episodes), claims=finding.claims | {event.step}
            )
            return
    said = told(event, case)
    findings.append(completed(_finding(rule, event, episode, said), case.run))


def _finding(rule: str, event: Departure, episode: Episode, said: Told) -> Finding:
    return Finding(
        rule=rule,
        confidence=min(logistic(abs(event.sigma), *_sure(event.kind)), MOST),
        series=event.series,
        stated_severity=_severity(rule, abs(growth_of(event) - 1)),
        message=Message(
            "unclaimed",
            before=event.before,
            after=event.after,
            step=event.step,
            sigma=abs(event.sigma),
            **said.numbers,
        ),
        episodes=(episode,),
        effect=effect_of(event.before, event.after, event.sigma),
        aligned_to=event.aligned_to,
        evidence=said.evidence,
        causes=said.causes,
        next=said.next,
        claims=frozenset({event.step}),
    )


def _sure(kind: str) -> tuple[float, float]:
    """Where the confidence of an event is even, and how fast it grows."""
    return CLIMBED if kind == "slope_up" else FALLEN if kind == "level_down" else RISEN


def _severity(rule: str, size: float) -> Severity:
    """How loudly, by the relative size."""
    if rule == SPOKEN_BY["spike"]:
        return Severity.WARNING if size >= SPIKE_HEARD else Severity.INFO
    if size >= LOUD and rule in (SPOKEN_BY["level_up"], SPOKEN_BY["slope_up"]):
        return Severity.CRITICAL
    return Severity.WARNING if size >= HEARD else Severity.INFO


def _change_point(event: Departure, account: AccountedFor) -> ChangePoint:
    return ChangePoint(
        series=event.series,
        step=event.step,
        kind=event.kind,
        delta=event.after - event.before,
        sigma=event.sigma,
        aligned_to=event.aligned_to,
        accounted_for=account,
    )


def is_asked(rule: str, case: Case) -> bool:
    """Whether a rule has something to say of such a run."""
    return case.run.objective != ADVERSARIAL or rule not in OF_COURSE.split()


def is_negligible(case: Case, level: float) -> bool:
    """Whether a loss is next to nothing, in itself and compared with where it began."""
    loss = case.loss
    if loss is None or not len(loss) or level < 0:
        return False
    return level <= NEGLIGIBLE * min(1.0, highest_first(loss.values))


def is_of_nothing(finding: Finding, case: Case) -> bool:
    """Whether a finding is of a rise that ends where the loss is next to nothing."""
    effect = finding.effect
    if finding.rule not in RISES or finding.series != "loss" or effect is None:
        return False
    if effect.before is None or effect.after is None:
        return False
    return is_negligible(case, max(effect.before, effect.after))
