"""Many runs become what the troubled ones have in common: settings that go with a finding.

Each setting is one test for each rule: of `value >= threshold` at the best threshold, or of
`value = x` for the best x, by Fisher's exact test, its p-value multiplied by the number of
splits tried (Bonferroni). Over all settings and rules the false discovery rate is held at LEVEL
(Benjamini and Hochberg 1995). It is association, not cause: settings that vary together are
named together.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from msgspec import Struct, field
from msgspec.structs import replace

from lossscan import words
from lossscan.model import Advice, Cause, Effect, Evidence, Finding, Message, RunReport, Severity

if TYPE_CHECKING:
    from lossscan.numeric.arrays import BoolArray, FloatArray

LEVEL: Final = 0.05  # expected share of false ones among the associations shown
FEWEST: Final = 3  # runs with the finding, and on each side of a split: fewer prove nothing
MOST_SPLITS: Final = 24  # thresholds of a number, or values of a word, that are tried
MOST_SHOWN: Final = 3  # associations of one rule: the next ones are mostly echoes of the first
MOST_SAME: Final = 4  # settings named next to one that splits the runs in the same way
LONGEST: Final = 80  # characters; a longer text is a list or a prompt and no setting
FRAMEWORK: Final = "framework"  # tested like a setting
ROUNDING: Final = 1e-7  # equally likely tables may differ by this much, as in R's fisher.test
SURE: Final = 0.99  # no verdict on logs alone is certain

Relation: TypeAlias = Literal[">=", "<=", "=", "!="]
Split: TypeAlias = "tuple[Relation, Any, BoolArray]"  # relation, value, and which runs meet it


class Association(Struct, frozen=True):
    """Runs that meet `field relation value`, against the other runs that state the field."""

    rule: str
    field: str
    relation: Relation
    value: Any
    hits: int  # runs with the finding among those that meet it
    runs: int
    other_hits: int  # and among the others
    others: int
    p_value: float  # of Fisher's exact test, two-sided, times the splits tried
    members: bytes  # which runs meet it
    q_value: float = 1.0  # after control over all settings and rules
    tests: int = 1  # how many settings and rules that was
    same: tuple[str, ...] = ()  # further settings that split the runs in the same way

    @property
    def odds_ratio(self) -> float:
        """Odds of the finding with the setting over those without, a half added to each count.

        The half (Haldane 1956, Anscombe 1956) keeps it finite where a count is zero.
        """
        inside = (self.hits + 0.5) / (self.runs - self.hits + 0.5)
        outside = (self.other_hits + 0.5) / (self.others - self.other_hits + 0.5)
        return inside / outside


class _Column(Struct):
    """One setting over the runs that state it: numbers of runs, and codes of values."""

    runs: array[int] = field(default_factory=lambda: array("l"))
    codes: array[int] = field(default_factory=lambda: array("l"))


class Collected(Struct):
    """What is kept of each run: some bytes a setting, and the rules that found something."""

    _columns: dict[str, _Column] = field(default_factory=lambda: defaultdict(_Column))
    _codes: dict[tuple[type, Any], int] = field(default_factory=dict)  # in order of the codes
    _having: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))  # runs by rule
    _count: int = 0

    def add(self, report: RunReport) -> None:
        """Take in one run; one that could not be read says nothing."""
        if report.run is None:
            return
        stated = {name: each.value for name, each in report.run.config.items()}
        for name, value in (stated | {FRAMEWORK: report.run.framework}).items():
            if _is_setting(value):
                column = self._columns[name]
                column.runs.append(self._count)
                column.codes.append(self._codes.setdefault((type(value), value), len(self._codes)))
        for finding in report.findings:
            self._having[finding.rule].add(self._count)
        self._count += 1

    def associations(self) -> tuple[Association, ...]:
        """Those that hold, by rule, the surest first."""
        most = self._count - FEWEST
        rules = {r: runs for r, runs in sorted(self._having.items()) if FEWEST <= len(runs) <= most}
        values = [value for _, value in self._codes] if rules else []
        tested = [
            found
            for name, column in sorted(self._columns.items() if rules else ())
            for found in _tested(name, column, [values[code] for code in column.codes], rules)
        ]
        return _shown(_controlled(tested))


def as_findings(found: Iterable[Association]) -> tuple[Finding, ...]:
    """Associations as findings of the batch: of severity `info`, under the name of their rule."""
    return tuple(_finding(each) for each in found)


def _is_setting(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, bool | int) or (isinstance(value, str) and len(value) <= LONGEST)


# --- one setting -------------------------------------------------------------------------------


def _tested(
    name: str, column: _Column, values: Sequence[Any], rules: dict[str, set[int]]
) -> Iterator[Association]:
    """The best split of a setting for each rule."""
    import numpy as np

    runs = np.array(column.runs)
    splits = _splits(values)
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, len(values) + 1)))])
    for rule, having in rules.items() if splits else ():
        hit = np.isin(runs, list(having))
        if not FEWEST <= hit.sum() <= len(hit) - FEWEST:
            continue
        p_values = [_fisher(hit, inside, logs) for *_, inside in splits]
        p_value = min(p_values)
        relation, value, inside = _towards(splits[p_values.index(p_value)], values, hit)
        yield Association(
            rule=rule,
            field=name,
            relation=relation,
            value=value,
            hits=int(hit[inside].sum()),
            runs=int(inside.sum()),
            other_hits=int(hit[~inside].sum()),
            others=int((~inside).sum()),
            p_value=min(p_value * len(splits), 1.0),
            members=runs[inside].tobytes(),
        )


def _splits(values: Sequence[Any]) -> list[Split]:
    """The ways to part the runs that are tried: thresholds of numbers, values of anything else."""
    numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in values)
    whole = _thresholds(values) if numbers else _categories(values)
    return [each for each in whole if FEWEST <= each[2].sum() <= len(values) - FEWEST]


def _thresholds(values: Sequence[float]) -> list[Split]:
    """At every value but the least; where there are many, at quantiles."""
    import numpy as np

    numbers = np.array(values, dtype=float)
    levels = np.unique(numbers)[1:]
    if len(levels) > MOST_SPLITS:
        shares = np.linspace(0, 1, MOST_SPLITS + 2)[1:-1]
        levels = np.unique(np.quantile(numbers, shares, method="inverted_cdf"))
    return [(">=", _stated(values, level), numbers >= level) for level in levels.tolist()]


def _stated(values: Sequence[float], level: float) -> float:
    """The number as the runs state it: a whole one stays whole."""
    return next(value for value in values if float(value) == level)


def _categories(values: Sequence[Any]) -> list[Split]:
    """Each of the most frequent values against the others; of two values one split is enough."""
    import numpy as np

    texts = np.array([str(value) for value in values])
    counts = Counter(texts.tolist()).most_common(MOST_SPLITS)
    tried = counts[:1] if len(counts) <= 2 else counts  # noqa: PLR2004 - the two of the sentence
    by_text = dict(zip(texts.tolist(), values, strict=True))
    return [("=", by_text[text], texts == text) for text, _ in sorted(tried)]


def _towards(split: Split, values: Sequence[Any], hit: BoolArray) -> Split:
    """The side of a split on which the finding is more frequent."""
    relation, value, inside = split
    if hit[inside].mean() >= hit[~inside].mean():
        return split
    outside = [each for each, met in zip(values, inside, strict=True) if not met]
    if relation == ">=":
        return "<=", max(outside), ~inside
    if len(set(map(str, outside))) == 1:
        return "=", outside[0], ~inside
    return "!=", value, ~inside


def _fisher(hit: BoolArray, inside: BoolArray, logs: FloatArray) -> float:
    """Fisher's exact test, two-sided: the tables at most as likely as the one seen.

    `logs` holds the logarithms of the factorials up to the number of runs.
    """
    import numpy as np

    total, having, runs = len(hit), int(hit.sum()), int(inside.sum())
    low, high = max(0, runs + having - total), min(runs, having)
    k = np.arange(low, high + 1)
    ways = -logs[k] - logs[having - k] - logs[runs - k] - logs[total - having - runs + k]
    fixed = logs[having] + logs[total - having] + logs[runs] + logs[total - runs] - logs[total]
    chances = np.exp(ways + fixed)
    seen = chances[int(hit[inside].sum()) - low]
    return float(min(chances[chances <= seen * (1 + ROUNDING)].sum(), 1.0))


# --- all settings together ---------------------------------------------------------------------


def _controlled(tested: Sequence[Association]) -> list[Association]:
    """Those that hold at LEVEL, the surest first, with their q-values."""
    ordered = sorted(tested, key=lambda each: (each.p_value, each.rule, each.field))
    q_value, kept = 1.0, []
    for rank, each in reversed(list(enumerate(ordered, start=1))):
        q_value = min(q_value, each.p_value * len(ordered) / rank)
        if q_value <= LEVEL:
            kept.append(replace(each, q_value=q_value, tests=len(ordered)))
    return kept[::-1]


def _shown(holding: Iterable[Association]) -> tuple[Association, ...]:
    """The best of each rule; settings that split the runs alike become one association."""
    by_rule: dict[str, dict[bytes, list[Association]]] = defaultdict(lambda: defaultdict(list))
    for each in holding:
        by_rule[each.rule][each.members].append(each)
    return tuple(
        replace(best, same=tuple(f"{o.field} {o.relation} {_said(o.value)}" for o in others))
        for alike in by_rule.values()
        for best, *others in list(alike.values())[:MOST_SHOWN]
    )


# --- words -------------------------------------------------------------------------------------


def _finding(each: Association) -> Finding:
    condition = f"{each.field} {each.relation} {_said(each.value)}"
    numbers = {
        "rule": each.rule,
        "condition": condition,
        "hits": each.hits,
        "runs": each.runs,
        "other_hits": each.other_hits,
        "others": each.others,
        "odds": f"{each.odds_ratio:.3g}",
        "p": f"{each.p_value:.1e}",
        "q": f"{each.q_value:.1e}",
        "tests": each.tests,
        "same": ", ".join(each.same[:MOST_SAME]),
    }
    rate, other = each.hits / each.runs, each.other_hits / each.others
    said = ["association_test", *(["association_same"] if each.same else [])]
    advice = Advice(each.field, f"{each.relation} {_said(each.value)}")
    return Finding(
        rule=each.rule,
        stated_severity=Severity.INFO,
        confidence=round(min(1 - each.q_value, SURE), 2),
        title=Message("association_title", **numbers),
        message=Message("association", **numbers),
        series="config",
        effect=Effect(other, rate, rate - other, rate / other if other else None),
        evidence=tuple(Evidence(Message(key, **numbers)) for key in said),
        causes=(
            Cause(Message("association/setting", condition=condition), 1 - each.q_value, (advice,)),
        ),
        next=Message("association_next", **numbers),
    )


def _said(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else words.printable(str(value))
