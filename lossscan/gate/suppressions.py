"""Which findings do not count at the gate, and what of the lists that say so is out of date."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from itertools import chain
from pathlib import Path
from time import localtime
from typing import Final, TypeAlias

from msgspec import Struct, field

from lossscan.expressions import expression
from lossscan.gate.baseline import Known, likenesses, run_key
from lossscan.model import Finding, Message, Report, RunReport, Waiver
from lossscan.settings import Settings, Suppression

_STAR: Final = expression(r"(\*\*/|\*\*|\*|\?)")
_STARS: Final = ("**/", "**", "*")  # in whose place nothing may be
SHOWN_GONE = 3  # findings named that the baseline knows and the runs no longer show

_Runs: TypeAlias = Sequence[tuple[str, RunReport]]  # with their keys


class GatePolicy(Struct, frozen=True):
    """The findings that the gate lets pass."""

    known: Mapping[str, Known] = field(default_factory=dict)  # the baseline, by fingerprint
    suppressions: tuple[Suppression, ...] = ()
    # The user's own day, as an expiry date means it; `datetime` refuses some time zones.
    today: date = field(default_factory=lambda: date(*localtime()[:3]))
    folder: Path = field(default_factory=Path.cwd)  # what the paths of runs are relative to


def waiver(finding: Finding, run: str, policy: GatePolicy) -> Waiver | None:
    """Why a finding of the run with this key does not count; None where it does."""
    for each in policy.suppressions:
        if _covers(each, finding, run) and not _expired(each, policy.today):
            return Waiver("suppression", each.reason, each.expires)
    known = likenesses(finding, run) & policy.known.keys()
    return Waiver("baseline") if known else None


def remarks(
    report: Report, policy: GatePolicy, settings: Settings, *, single: bool
) -> tuple[Message, ...]:
    """Remarks on entries of the baseline and on suppressions that match nothing any more.

    Where a single run was asked for, suppressions of other runs are not spoken of: only a batch
    sees them all.
    """
    runs = [(run_key(one.path, policy.folder), one) for one in report.runs]
    return (*_gone(runs, policy, settings), *_idle(runs, policy, settings, single=single))


def _gone(runs: _Runs, policy: GatePolicy, settings: Settings) -> Iterator[Message]:
    readable = {run: one for run, one in runs if one.status != "error"}
    seen = {
        name for run, one in readable.items() for f in one.findings for name in likenesses(f, run)
    }
    unseen = (known for name, known in policy.known.items() if name not in seen)
    gone = [each for each in unseen if each.run in readable and _asked(each.rule, settings)]
    if gone:
        named = ", ".join(f"{known.rule} ({known.run})" for known in gone[:SHOWN_GONE])
        more = ", ..." if len(gone) > SHOWN_GONE else ""
        yield Message("gone", count=len(gone), named=named + more)


def _idle(
    runs: _Runs, policy: GatePolicy, settings: Settings, *, single: bool
) -> Iterator[Message]:
    for each in policy.suppressions:
        if not _asked(each.rule, settings) or (single and not _meets(each.runs, runs[0][0])):
            continue
        met = any(_covers(each, f, run) for run, one in runs for f in one.findings)
        if _expired(each, policy.today) or not met:
            key = "suppression_expired" if _expired(each, policy.today) else "suppression_unused"
            told = {"rule": each.rule, "runs": each.runs, "reason": each.reason}
            yield Message(key, place=each.place, expires=each.expires, **told)


def _asked(rule: str, settings: Settings) -> bool:
    """Whether the rule was run: of one that was not, nothing can be said."""
    return rule not in settings.ignore and (not settings.select or rule in settings.select)


def _covers(suppression: Suppression, finding: Finding, run: str) -> bool:
    return suppression.rule == finding.rule and _meets(suppression.runs, run)


@lru_cache(maxsize=1 << 12)  # asked for each finding
def _meets(glob: str, path: str) -> bool:
    """Whether a path meets a pattern, which may begin at any folder of it.

    `**` crosses folders, `*` and `?` do not. It takes the time of both lengths: an expression
    tries every way to share the path out among the stars.
    """
    cut = [[part] if part in _STARS else [*part] for part in _STAR.split(glob)]
    parts = [*([] if glob.startswith("/") else ["**/"]), *chain.from_iterable(cut)]
    places = _entered(parts, 0)
    for char in path:
        places = set().union(*(_after(parts, place, char) for place in places))
    return len(parts) in places


def _entered(parts: Sequence[str], place: int) -> set[int]:
    """The place and those behind it as far as nothing has to be there."""
    end = next((at for at in range(place, len(parts)) if parts[at] not in _STARS), len(parts))
    return {*range(place, end + 1)}


def _after(parts: Sequence[str], place: int, char: str) -> set[int]:
    """Where in the pattern a character leads from a place in it."""
    part = parts[place] if place < len(parts) else ""
    if part == "**/":
        return {place} | (_entered(parts, place + 1) if char == "/" else set())
    if part == "**" or (part == "*" and char != "/"):
        return _entered(parts, place)
    return _entered(parts, place + 1) if part == char or (part == "?" and char != "/") else set()


def _expired(suppression: Suppression, today: date) -> bool:
    return suppression.expires is not None and suppression.expires < today
