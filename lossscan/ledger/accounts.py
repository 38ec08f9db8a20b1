"""Every event of a run has one owner: a finding that claims it, or a reason that explains it.

An event is a departure that the engine is sure of. What no rule claims and no reason explains
becomes a finding by itself: how sure the engine is decides whether, the relative size how loudly.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from lossscan.ledger.completed import completed
from lossscan.ledger.events import Departure, events_of
from lossscan.ledger.evidence import Told, told
from lossscan.ledger.nearby import with_near_events
from lossscan.ledger.unasked import is_negligible
from lossscan.model import AccountedFor, ChangePoint, Episode, Finding, Message, RuledOut, Severity
from lossscan.numeric.medians import median
from lossscan.points import ADVERSARIAL
from lossscan.rules.kit.case import Case
from lossscan.rules.kit.falls import explanation
from lossscan.rules.kit.levels import end_points
from lossscan.rules.kit.rates import rate_restarts, rate_returns
from lossscan.rules.kit.sizes import effect_of, logistic

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
AT: Final[Mapping[str, str]] = {  # whose a fall is where it begins at such a landmark
    "epoch_boundary": "epoch-step-drop",
    "last_data_epoch": "last-epoch-drop",
}
UNSEEN: Final = ("none", "none-visible", "no-step", "undecidable")  # ids that only say so
# The ids that send a drop at an epoch boundary to the stairs, and it away from them again, since
# other boundaries step up: a drop that is sure by itself is then as one away from any boundary.
STAIR, UNEVEN = "at-epoch-boundary", "uneven"
BENIGN: Final = ("lr_change", "warmup_end")  # a fall there is the schedule's doing


class Account(Struct, frozen=True):
    """Why an event needs no finding of its own: `key` names a sentence, or `rule` its finding."""

    event: Departure
    rule: str | None = None
    key: str | None = None


def accounted(
    case: Case, findings: Sequence[Finding], ruled_out: Sequence[RuledOut], chosen: Iterable[str]
) -> tuple[tuple[Finding, ...], tuple[Account, ...]]:
    """The findings with one for each event that was left, and an account of every event."""
    events = events_of(case.signals)
    rules, said = set(chosen), with_near_events(case.signals, events, findings)
    uneven = any(out.text.name == UNEVEN for out in ruled_out)
    heard = [out for out in ruled_out if not uneven or out.text.name != STAIR]
    accounts = []
    for event in events:
        judged = _freed(event) if uneven else event
        account = replace(_account(judged, said, rules, case), event=event)
        if account.rule is not None and _reason(judged, account.rule, case, heard):
            account = Account(event, key="account_explained")
        elif account.rule is not None and not _claims(said, account.rule, event):
            _speak(said, account.rule, event, case)
        accounts.append(account)
    return tuple(said), tuple(accounts)


def _freed(event: Departure) -> Departure:
    """The event as if no epoch ended there."""
    mark, change = event.aligned_to, event.change
    if mark is None or mark.kind != "epoch_boundary":
        return event
    return replace(event, aligned_to=None, change=change and replace(change, aligned_to=None))


def _reason(event: Departure, rule: str, case: Case, ruled_out: Iterable[RuledOut]) -> bool:
    """Whether the rule looked at the event and found a reason, more than that it saw nothing."""
    for out in ruled_out:
        if (
            out.rule == rule
            and out.text.name not in UNSEEN
            and out.text.values.get("step", event.step) == event.step
        ):
            return True
    if rule != SPOKEN_BY["level_down"] or event.change is None:
        return False
    return explanation(case, event.change) is not None


def _account(event: Departure, findings: Sequence[Finding], rules: set[str], case: Case) -> Account:
    owner = _owner(event, findings)
    if owner is not None:
        return Account(event, rule=owner)
    key = _explained(event, case)
    if key is not None:
        return Account(event, key=key)
    kind = event.aligned_to.kind if event.aligned_to else None
    downward = event.kind == "level_down" or (event.kind == "spike" and event.sigma < 0)
    rule = AT.get(kind or "", SPOKEN_BY["level_down"]) if downward else SPOKEN_BY[event.kind]
    return Account(event, rule=rule) if rule in rules else Account(event, key="account_not_asked")


def _explained(event: Departure, case: Case) -> str | None:
    """Why an event calls for no finding, as the key of a sentence."""
    kind = event.aligned_to.kind if event.aligned_to else None
    rises = event.sigma > 0 and event.size < LOUD
    restarts = event.kind == "spike" and rate_restarts(case, event.step)
    scheduled = event.kind == "level_down" and kind in BENIGN
    cases = (
        ("account_beside", event.series != "loss"),
        ("account_adversarial", case.run.objective == ADVERSARIAL),
        ("account_negligible", is_negligible(case, max(event.before, event.after))),
        ("account_falls", event.kind == "slope_down"),
        ("account_schedule", scheduled or restarts or (rises and rate_returns(case, event.step))),
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
    return next(
        (
            finding.rule
            for finding in findings
            if finding.series == event.series and _within(event, finding)
        ),
        None,
    )


def _within(event: Departure, finding: Finding) -> bool:
    """Whether an episode covers the event; one that lasts to the end covers no later spike."""
    return any(
        episode.start_step is not None
        and episode.start_step <= event.step <= (episode.end_step or episode.start_step)
        and (event.kind != "spike" or finding.rule == SPOKEN_BY["spike"])
        for episode in finding.episodes
    )


def _claims(findings: Sequence[Finding], rule: str, event: Departure) -> bool:
    return any(
        finding.rule == rule and (event.step in finding.claims or _within(event, finding))
        for finding in findings
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
    said = told(rule, event, case)
    findings.append(completed(_finding(rule, event, episode, said), case.run))


def _finding(rule: str, event: Departure, episode: Episode, said: Told) -> Finding:
    return Finding(
        rule=rule,
        confidence=min(logistic(abs(event.sigma), *_sure(event.kind)), MOST),
        series=event.series,
        stated_severity=_severity(rule, event.size),
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
        remedies=said.remedies,
        next=said.next,
        claims=frozenset({event.step}),
    )


def _sure(kind: str) -> tuple[float, float]:
    """Where the confidence of an event is even, and how fast it grows."""
    return CLIMBED if kind == "slope_up" else FALLEN if kind == "level_down" else RISEN


def _severity(rule: str, size: float) -> Severity | None:
    """How loudly, by the relative size; a stair of memorized samples keeps its own."""
    if rule == AT["epoch_boundary"]:
        return None
    if rule == SPOKEN_BY["spike"]:
        return Severity.WARNING if size >= SPIKE_HEARD else Severity.INFO
    if size >= LOUD and rule in (SPOKEN_BY["level_up"], SPOKEN_BY["slope_up"]):
        return Severity.CRITICAL
    return Severity.WARNING if size >= HEARD else Severity.INFO


def change_point(account: Account, text: Message) -> ChangePoint:
    """The event as the report shows it, with the words of its account."""
    event = account.event
    return ChangePoint(
        series=event.series,
        step=event.step,
        kind=event.kind,
        delta=event.after - event.before,
        sigma=event.sigma,
        aligned_to=event.aligned_to,
        accounted_for=AccountedFor(
            by="finding" if account.rule else "explanation", rule=account.rule, text=text
        ),
    )
