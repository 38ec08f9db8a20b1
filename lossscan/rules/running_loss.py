"""The logged loss is a sum or a mean since the epoch began, not the loss of the logged steps."""

from __future__ import annotations

from collections.abc import Iterator

from lossscan.model import Cause, Episode, Evidence, Finding, Message
from lossscan.rules.kit.case import Case
from lossscan.rules.kit.rule import Rule
from lossscan.rules.kit.running import Running, near_starts, running_of

# Of 725 labeled real, trained and injected runs it fires in none; of 246 small runs really trained
# for this it finds 9 of the 12 that are counted up, and takes one other for one.
CONFIDENCE = 0.9


def check(case: Case) -> Iterator[Finding]:
    """A loss that is counted up from each epoch's start."""
    running = running_of(case)
    if running is not None:
        yield _finding(case, running)


def _finding(case: Case, running: Running) -> Finding:
    curve = case.curve
    starts = [int(curve.steps[at]) for at in running.starts]
    last = int(curve.steps[-1])
    end = (running.starts[1:] or (len(curve.steps),))[0] - 1
    numbers = {
        "points": running.points,
        "epochs": len(starts),
        "first": float(curve.values[0]),
        "high": float(curve.values[end]),
        "at": int(curve.steps[end]),
    }
    kind = running.kind if len(starts) > 1 else "one-sum"
    claims = set(near_starts(curve, running))
    if running.kind == "sum":  # all that moves in it is its own
        claims |= {change.step for change in case.signals.changes_of("loss")}
        claims |= {away.start_step for away in case.spikes}
    return Finding(
        confidence=CONFIDENCE,
        message=Message(kind, **numbers),
        episodes=(Episode(starts[0], last),),
        evidence=(
            Evidence(Message(f"shape-{running.kind}", **numbers), case.run.source_of("loss")),
        ),
        causes=(Cause(Message(f"logged-{running.kind}"), CONFIDENCE),),
        next=Message(f"log-{running.kind}"),
        claims=frozenset(claims),
    )


RULE = Rule(name="running-loss", check=check)
