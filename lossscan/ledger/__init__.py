"""Hits and the catalogue become Findings in words, with what was ruled out and what stays open."""

from __future__ import annotations

import logging
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias, TypeVar

from lossscan import words
from lossscan.ledger.accounts import Account, accounted, change_point
from lossscan.model import (
    Acquittal,
    Cause,
    ChangePoint,
    Clue,
    Evidence,
    Finding,
    Hit,
    RuledOut,
    Run,
    Signals,
    Suspect,
)
from lossscan.rules import Outcome, check_options, chosen_rules, load_rule
from lossscan.settings import Settings
from lossscan.trainers import trainer_of
from lossscan.words.pages import PLAIN, load_page, say

MIN_POINTS = 8  # of the loss: with fewer, noise and course cannot be told apart
MOST_EVIDENCE = 12  # of one finding: what a person reads; `episodes` hold every place
SURE, HARDLY = 0.99, 0.01  # no verdict on a log alone is certain

T = TypeVar("T")
Verdict: TypeAlias = tuple[Outcome, Finding | RuledOut]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All that the rules say of one run, in words."""

    findings: tuple[Finding, ...] = ()
    ruled_out: tuple[RuledOut, ...] = ()
    change_points: tuple[ChangePoint, ...] = ()  # every event, with what accounts for it
    remarks: tuple[str, ...] = ()


def diagnose(run: Run, signals: Signals, settings: Settings) -> Diagnosis:
    """Ask the chosen rules; raises UsageError for a rule or an option that does not exist."""
    check_options(settings.rules, settings.source)
    verdicts: list[Verdict] = []
    chosen = chosen_rules(settings.select, settings.ignore)
    remarks = list(_too_short(run, settings.lang))
    broken = 0
    for name in chosen:
        try:
            verdicts += _ask(name, run, signals, settings)
        except Exception as error:  # one broken rule must not silence the others
            _log.debug("rule %s: please report this with the log", name, exc_info=True)
            broken += 1
            if broken == len(chosen):  # nothing was judged: that is no verdict
                raise
            remarks.append(words.say(settings.lang, "rule_crashed", rule=name, reason=repr(error)))
    verdicts, accounts = _all_accounted(verdicts, run, signals, chosen, settings.lang)
    findings, ruled_out = _settled(verdicts, settings.lang)
    told = tuple(change_point(each, _accounting(each, settings.lang)) for each in accounts)
    return Diagnosis(findings, ruled_out, told, tuple(remarks))


def _all_accounted(
    verdicts: Sequence[Verdict], run: Run, signals: Signals, chosen: Iterable[str], lang: str
) -> tuple[list[Verdict], tuple[Account, ...]]:
    """The verdicts with those of events that no rule speaks of, and an account of every event."""
    hits = [outcome for outcome, _ in verdicts if isinstance(outcome, Hit)]
    own = [hit for hit in hits if not _explained_by(hit, hits)]
    out = [outcome for outcome, _ in verdicts if isinstance(outcome, Acquittal)]
    spoken, accounts = accounted(run, signals, own, out, chosen)
    kept = [verdict for verdict in verdicts if verdict[0] not in own]  # yielded or ruled out
    return [*kept, *((hit, finding_of(hit, run, lang)) for hit in spoken)], accounts


def _accounting(account: Account, lang: str) -> str:
    """Who accounts for an event, in words."""
    if account.rule is not None:
        return say(load_page(account.rule).title, lang)
    return words.say(lang, account.key or "")


def _ask(name: str, run: Run, signals: Signals, settings: Settings) -> list[Verdict]:
    """What one rule says, as it said it and in words."""
    from lossscan.numeric.arrays import ignore_float_errors

    with ignore_float_errors():
        outcomes = list(load_rule(name)(run, signals, settings.rules.get(name)))
    return [
        (outcome, finding_of(outcome, run, settings.lang))
        if isinstance(outcome, Hit)
        else (outcome, _acquitted(outcome, settings.lang))
        for outcome in outcomes
    ]


def _settled(
    verdicts: Sequence[Verdict], lang: str
) -> tuple[tuple[Finding, ...], tuple[RuledOut, ...]]:
    """Findings worst first, without those that another rule explains better; and what is out."""
    hits = [outcome for outcome, _ in verdicts if isinstance(outcome, Hit)]
    findings, ruled_out = [], []
    for outcome, said in verdicts:
        better = _explained_by(outcome, hits) if isinstance(outcome, Hit) else ()
        if isinstance(outcome, Hit) and better:
            ruled_out.append(_yielded(outcome, better, lang))
        elif isinstance(said, Finding):
            findings.append(said)
        else:
            ruled_out.append(said)
    told = {finding.rule for finding in findings}
    return (
        tuple(sorted(findings, key=_order)),
        tuple(dict.fromkeys(out for out in ruled_out if out.rule not in told)),
    )


def _too_short(run: Run, lang: str) -> Iterator[str]:
    loss = run.series.get("loss")
    if loss is not None and len(loss) < MIN_POINTS:
        yield words.say(lang, "too_short", points=len(loss))


def _explained_by(hit: Hit, hits: Iterable[Hit]) -> tuple[str, ...]:
    """The rules whose hits claim all that this one claims, where it yields to them."""
    better = [
        other
        for other in hits
        if other.rule in load_page(hit.rule).yields_to and other.claims & hit.claims
    ]
    claimed = frozenset().union(*(other.claims for other in better))
    return tuple(dict.fromkeys(o.rule for o in better)) if hit.claims <= claimed else ()


def _yielded(hit: Hit, better: tuple[str, ...], lang: str) -> RuledOut:
    titles = ", ".join(load_page(rule).title.get(lang, rule) for rule in better)
    own = load_page(hit.rule).ruled_out.get("explained_by")
    if own is None:
        return RuledOut(hit.rule, words.say(lang, "explained_by", by=titles))
    return RuledOut(hit.rule, say(own, lang, {**hit.numbers, "by": titles}))


def _acquitted(outcome: Acquittal, lang: str) -> RuledOut:
    text = load_page(outcome.rule).ruled_out[outcome.id]
    return RuledOut(outcome.rule, say(text, lang, outcome.numbers))


def finding_of(hit: Hit, run: Run, lang: str) -> Finding:
    """A hit in words; `run` is what its evidence and advice refer to."""
    page = load_page(hit.rule)
    suspects = sorted(hit.suspects, key=lambda suspect: -suspect.score)
    starts = [e.start_step for e in hit.episodes if e.start_step is not None]
    ends = [e.end_step for e in hit.episodes if e.end_step is not None]
    start = min(starts, default=None)
    return Finding(
        rule=hit.rule,
        severity=hit.severity or page.severity,
        confidence=round(min(max(hit.confidence, HARDLY), SURE), 2),
        title=say(page.title, lang),
        message=say(page.messages[hit.message], lang, hit.numbers),
        series=hit.series,
        start_step=start,
        end_step=max(ends, default=None),
        epoch=None if start is None else _epoch_at(run, start),
        episodes=hit.episodes,
        effect=hit.effect,
        aligned_to=hit.aligned_to,
        evidence=tuple(_evidences(hit, run, lang)),
        causes=tuple(_cause(suspect, hit, run, lang) for suspect in suspects),
        remedies=tuple(dict.fromkeys(_remedies(hit, suspects, run, lang))),
        next=None
        if hit.next is None
        else say(_worded(page.next, hit.next, run), lang, hit.numbers),
    )


def _evidences(hit: Hit, run: Run, lang: str) -> Iterator[Evidence]:
    """The evidence; of kinds that have too much of it the first, and how much more there is."""
    quota = Counter(clue.id for clue in hit.clues)
    left_out = len(hit.clues) - MOST_EVIDENCE + 1 if len(hit.clues) > MOST_EVIDENCE else 0
    for _ in range(left_out):
        quota[max(quota, key=quota.__getitem__)] -= 1
    for clue in hit.clues:
        quota[clue.id] -= 1
        if quota[clue.id] >= 0:
            yield _evidence(clue, hit, run, lang)
    if left_out:
        said = words.say(lang, "more_evidence", count=left_out)
        yield Evidence(said, run.source_of(hit.series))


def _evidence(clue: Clue, hit: Hit, run: Run, lang: str) -> Evidence:
    text = say(load_page(hit.rule).clues[clue.id], lang, {**hit.numbers, **clue.numbers})
    return Evidence(text, clue.source or run.source_of(hit.series), clue.step, clue.value)


def _cause(suspect: Suspect, hit: Hit, run: Run, lang: str) -> Cause:
    """A cause in words; a setting that is as advised already is no advice."""
    text = _worded(load_page(hit.rule).causes, suspect.id, run).text
    advice = tuple(
        replace(
            advice,
            value=run.setting(advice.field),
            source=run.config[advice.field].source if advice.field in run.config else None,
        )
        for advice in suspect.config
        if advice.suggest is None or advice.suggest != run.setting(advice.field)
    )
    said = say(text, lang, {**hit.numbers, **suspect.numbers})
    return Cause(suspect.id, round(suspect.score, 2), said, advice)


def _remedies(hit: Hit, suspects: Iterable[Suspect], run: Run, lang: str) -> Iterator[str]:
    page = load_page(hit.rule)
    for remedy in hit.remedies:
        yield say(page.remedies[remedy], lang, hit.numbers)
    for suspect in suspects:
        yield say(
            _worded(page.causes, suspect.id, run).remedy, lang, {**hit.numbers, **suspect.numbers}
        )


def _worded(texts: Mapping[str, T], name: str, run: Run) -> T:
    """The text of that name; where the trainer is not built on PyTorch the plain one, if any."""
    own = texts[name]
    return own if trainer_of(run.framework).torch else texts.get(name + PLAIN, own)


def _epoch_at(run: Run, step: int) -> float | None:
    """Epochs done at a step: as logged, or counted from the steps of an epoch."""
    logged = run.series.get("epoch")
    if logged is not None and len(logged) > 1:
        import numpy as np

        return round(float(np.interp(step, logged.steps, logged.values)), 4)
    per_epoch = run.schedule.steps_per_epoch
    return round(step / per_epoch, 4) if per_epoch else None


def _order(finding: Finding) -> tuple[int, float, float]:
    step = math.inf if finding.start_step is None else finding.start_step
    return (finding.severity.rank, -finding.confidence, step)
