"""What the rules said becomes what a report holds: completed, sorted, every event accounted for."""

from __future__ import annotations

import logging
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from lossscan.errors import ORDERS, ExaminationFailed
from lossscan.ledger.accounts import accounted, by_finding, is_asked, is_of_nothing
from lossscan.ledger.completed import completed, placed, ruled_out_of
from lossscan.model import ChangePoint, Finding, Message, RuledOut, Run, Signals
from lossscan.numeric.arrays import ignore_float_errors
from lossscan.rules import Outcome, check_options, chosen_rules, load_rule
from lossscan.rules.kit.case import Case
from lossscan.settings import Settings
from lossscan.words.pages import load_page

MIN_POINTS = 8  # of the loss: with fewer, noise and course look alike

_log = logging.getLogger(__name__)


class Diagnosis(Struct, frozen=True):
    """All that the rules say of one run."""

    findings: tuple[Finding, ...] = ()
    ruled_out: tuple[RuledOut, ...] = ()
    change_points: tuple[ChangePoint, ...] = ()  # every event, with what accounts for it
    remarks: tuple[Message, ...] = ()


def diagnose(run: Run, signals: Signals, settings: Settings) -> Diagnosis:
    """Ask the chosen rules; raises UsageError for a rule or an option that does not exist."""
    check_options(settings.rules, settings.source)
    outcomes: list[Outcome] = []
    chosen = chosen_rules(settings.select, settings.ignore)
    remarks = list(_too_short(run))
    broken, case = 0, Case(run, signals)
    chosen = tuple(name for name in chosen if is_asked(name, case))
    with ignore_float_errors():
        for name in chosen:
            try:
                outcomes += _ask(name, case, settings)
            except ORDERS:
                raise
            except BaseException as error:  # one broken rule must not silence the others
                _log.debug("rule %s: please report this with the log", name, exc_info=True)
                broken += 1
                if broken == len(chosen):  # nothing was judged: that is no verdict
                    if isinstance(error, Exception):
                        raise
                    kind = type(error).__name__  # who hears it would end, with a status of its own
                    raise ExaminationFailed(
                        "examination_failed", at=run.path, error=kind
                    ) from error
                remarks.append(Message("rule_crashed", rule=name, reason=repr(error)))
    outcomes, accounts = _all_accounted(outcomes, case, chosen)
    findings, ruled_out = _settled(outcomes)
    told = tuple(_told(each, findings) for each in accounts)
    return Diagnosis(findings, ruled_out, told, tuple(remarks))


def _ask(name: str, case: Case, settings: Settings) -> Iterator[Outcome]:
    """The findings of one rule, completed, and what it rules out."""
    for each in load_rule(name)(case, settings.rules.get(name)):
        if isinstance(each, RuledOut):
            yield ruled_out_of(each)
        elif not is_of_nothing(each, case):
            yield completed(each, case.run)


def _all_accounted(
    outcomes: Sequence[Outcome], case: Case, chosen: Iterable[str]
) -> tuple[list[Outcome], tuple[ChangePoint, ...]]:
    """The outcomes with those of events that no rule speaks of, and an account of every event."""
    findings = [each for each in outcomes if isinstance(each, Finding)]
    own = [each for each in findings if not _explained_by(each, findings)]
    out = [each for each in outcomes if isinstance(each, RuledOut)]
    spoken, accounts = accounted(case, own, out, chosen)
    kept = [each for each in outcomes if each not in own]  # yielded or ruled out
    return [*kept, *(placed(each, case.run) for each in spoken)], accounts


def _told(change: ChangePoint, findings: Sequence[Finding]) -> ChangePoint:
    """An event with who accounts for it: where its owner yielded to another finding, that one."""
    owner = change.accounted_for.rule
    claiming = [each.rule for each in findings if change.step in each.claims]
    if owner is None or not claiming or any(owner == each.rule for each in findings):
        return change
    return replace(change, accounted_for=by_finding(claiming[0]))


def _settled(outcomes: Sequence[Outcome]) -> tuple[tuple[Finding, ...], tuple[RuledOut, ...]]:
    """Findings worst first, without those that another rule explains better; and what is out."""
    findings = [each for each in outcomes if isinstance(each, Finding)]
    standing = [each for each in findings if not _explained_by(each, findings)]
    kept, ruled_out = [], []
    for each in outcomes:
        if isinstance(each, RuledOut):
            ruled_out.append(each)
        elif better := _explained_by(each, standing) or _explained_by(each, findings):
            ruled_out.append(_yielded(each, better))
        else:
            kept.append(each)
    told = {finding.rule for finding in kept}
    several = Counter(out.rule for out in ruled_out)  # only of these the words are needed
    untold = (out for out in ruled_out if out.rule not in told)
    once = {(o.rule, str(o.text) if several[o.rule] > 1 else ""): o for o in untold}
    return tuple(sorted(kept, key=_order)), tuple(once.values())


def _too_short(run: Run) -> Iterator[Message]:
    loss = run.series.get("loss")
    if loss is not None and len(loss) < MIN_POINTS:
        yield Message("too_short", points=len(loss))


def _explained_by(finding: Finding, others: Iterable[Finding]) -> list[Finding]:
    """The findings which claim all that this one claims, where it yields to them."""
    yields_to = load_page(finding.rule).yields_to
    better = [each for each in others if each.rule in yields_to and each.claims & finding.claims]
    claimed = frozenset().union(*(each.claims for each in better))
    return better if finding.claims <= claimed else []


def _yielded(finding: Finding, better: Iterable[Finding]) -> RuledOut:
    by = tuple({str(each.title): each.title for each in better}.values())
    if "explained_by" not in load_page(finding.rule).ruled_out:
        return RuledOut(Message("explained_by", by=by), rule=finding.rule)
    said = Message("explained_by", **{**finding.message.values, "by": by})
    return ruled_out_of(RuledOut(said, rule=finding.rule))


def _order(finding: Finding) -> tuple[int, float, float]:
    step = math.inf if finding.start_step is None else finding.start_step
    return (finding.severity.rank, -finding.confidence, step)
