"""Results become tables of text, in Markdown that reads well in a terminal too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from tests.accuracy import peers, score
from tests.accuracy.score import Result
from tests.accuracy.sizing import SIZES

BANDS = (0.0, 5.0, 8.0, 15.0)  # noise units from which the sizes of labelled runs are counted
UNSIZED = "-"  # in the name of a case: what happens has no size
PLACED = 1.0  # logged points within which a finding is at its place


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A Markdown table with aligned columns; the first is text, the others are numbers."""
    texts = [list(head), *[[_text(cell) for cell in row] for row in rows]]
    widths = [max(len(line[at]) for line in texts) for at in range(len(head))]
    rule = ["-" * widths[0], *("-" * (w - 1) + ":" for w in widths[1:])]
    padded = [
        [line[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(line[1:], widths[1:], strict=True))]
        for line in texts
    ]
    return "\n".join("| " + " | ".join(line) + " |" for line in [padded[0], rule, *padded[1:]])


def _text(cell: Any) -> str:
    if cell is None:
        return "-"
    return f"{cell:.3f}" if isinstance(cell, float) else str(cell)


def share(part: int, whole: int) -> float | None:
    """A part of a whole; None where there is no whole."""
    return part / whole if whole else None


def rules(results: Sequence[Result]) -> str:
    """Recall, precision and F1 of each rule over large effects, and recall over all."""
    large, every = score.per_rule(results), score.per_rule(results, large=False)
    rows = [
        [rule, s.hit, s.missed, s.false, s.recall, s.precision, s.f1, every[rule].recall]
        for rule, s in large.items()
    ]
    rows.append(["macro F1", "", "", "", "", "", score.macro_f1(large), ""])
    head = ["rule", "hit", "missed", "false", "recall", "precision", "F1", "recall, all sizes"]
    return table(head, rows)


def sizes(results: Sequence[Result]) -> str:
    """Recall of each rule against the size of the effect in noise units."""
    counts: dict[str, Counter[tuple[float, bool]]] = {}
    for result in results:
        for truth in result.expect:
            if truth.size is not None:
                key = (_nearest(truth.size), bool(result.found(truth)))
                counts.setdefault(truth.rules[0], Counter())[key] += 1
    rows = [
        [rule, *(share(c[size, True], c[size, True] + c[size, False]) for size in SIZES)]
        for rule, c in sorted(counts.items())
    ]
    return table(["rule", *(f"{size:g}" for size in SIZES)], rows)


def kinds(results: Sequence[Result]) -> str:
    """Recall by what happens in a labelled run, and the runs in which something wrong is said."""
    rows = []
    for kind in sorted({str(r.recipe.get("kind")) for r in results}):
        own = [r for r in results if str(r.recipe.get("kind")) == kind]
        found = [bool(r.found(truth)) for r in own for truth in r.expect]
        wrong = Counter(said.rule for r in own for said in r.false_alarms())
        said = ", ".join(f"{rule} {count}" for rule, count in wrong.most_common(3)) or "-"
        rows.append([kind, len(own), len(found), share(sum(found), len(found)), said])
    return table(["kind", "runs", "labels", "recall", "false alarms"], rows)


def bands(results: Sequence[Result]) -> str:
    """Recall of labelled runs against the size that is stated for them."""
    sized = [
        (abs(float(r.recipe["sigma"])), bool(r.found(truth)))
        for r in results
        if r.recipe.get("sigma") is not None
        for truth in r.expect
    ]
    rows = []
    for low, high in zip(BANDS, (*BANDS[1:], np.inf), strict=True):
        found = [hit for sigma, hit in sized if low <= sigma < high]
        rows.append([f"{low:g} and more", len(found), share(sum(found), len(found))])
    return table(["noise units", "labels", "recall"], rows)


def between(results: Sequence[Result]) -> str:
    """By effect that has a size: recall against the size asked for, and what was wrongly said."""
    rows = []
    sized = [r for r in results if r.name.split("/")[3] != UNSIZED]
    asked = sorted({_listed(r) for r in sized})
    for name in sorted({r.what for r in sized}):
        own = [r for r in sized if r.what == name]
        found = {
            size: [bool(r.found(t)) for r in own for t in r.expect if _listed(r) == size]
            for size in asked
        }
        wrong = Counter(said.rule for r in own for said in r.false())
        said = ", ".join(f"{rule} {count}" for rule, count in wrong.most_common(3)) or "-"
        rows.append([name, *(share(sum(f), len(f)) for f in found.values()), said])
    return table(["effect", *(f"{size:g}" for size in asked), "wrongly said"], rows)


def _listed(result: Result) -> float:
    """The size that the name of a case states."""
    return float(result.name.split("/")[3])


def _nearest(size: float) -> float:
    return min(SIZES, key=lambda listed: abs(float(np.log(listed / size))))


def alarms(groups: Mapping[str, Sequence[Result]]) -> str:
    """Clean runs with a false alarm, by group; per thousand."""
    rows = []
    for name, results in groups.items():
        clean = [result for result in results if result.clean]
        bad = score.alarmed(clean)
        by_rule = Counter(said.rule for result in bad for said in result.false_alarms())
        named = ", ".join(f"{rule} {count}" for rule, count in by_rule.most_common(5))
        per_thousand = None if not clean else 1000 * len(bad) / len(clean)
        rows.append([name, len(clean), len(bad), per_thousand, named or "-"])
    return table(["clean runs", "runs", "with alarm", "per 1000", "which"], rows)


def lookalikes(results: Sequence[Result], tempts: Mapping[str, tuple[str, ...]]) -> str:
    """By look-alike: runs, runs in which anything was wrongly said, and what."""
    rows = []
    for name, rules_tempted in tempts.items():
        own = [result for result in results if result.what == name]
        wrong = Counter(said.rule for result in own for said in result.false())
        tempted = sum(any(s.rule in rules_tempted for s in result.false()) for result in own)
        said = ", ".join(f"{rule} {count}" for rule, count in wrong.most_common())
        rows.append([name, len(own), tempted, said or "-", ", ".join(rules_tempted)])
    return table(["look-alike", "runs", "fell for it", "said", "tempts"], rows)


def places(results: Sequence[Result]) -> str:
    """How far from their true place findings stand, in logged points."""
    away = np.array(score.place_errors(results))
    if not len(away):
        return "No effect with a sharp place was found."
    rows = [
        [len(away), float(np.mean(away <= PLACED + 1e-9)), float(np.mean(away < 0.5)), away.max()]
    ]
    head = ["findings with a place", "within one point", "on the point", "farthest"]
    return table(head, rows)


def reliability(results: Sequence[Result]) -> str:
    """Stated confidence against the share that is right, and the calibration error."""
    pairs = [(confidence, right) for _, confidence, _, right in score.confidences(results)]
    rows = [[n, stated, right, right - stated] for n, stated, right in score.reliability(pairs)]
    error = score.calibration_error(pairs)
    head = ["findings", "stated", "right", "gap"]
    return f"{table(head, rows)}\n\nExpected calibration error: {error:.3f}"


def causes(results: Sequence[Result]) -> str:
    """The true cause first, and among the first two."""
    found = score.causes(results)
    rows: list[Sequence[Any]] = [
        [rule, n, share(first, n), share(two, n)] for rule, (n, first, two) in found.items()
    ]
    whole = np.array(list(found.values())).sum(axis=0).tolist() if found else [0, 0, 0]
    rows.append(["all", whole[0], share(whole[1], whole[0]), share(whole[2], whole[0])])
    return table(["rule", "cause known", "first", "first two"], rows)


def sure(results: Sequence[Result]) -> str:
    """Recall of labels that are sure and of all, and precision of what was said."""
    found = [
        (result.recipe.get("sure", True), bool(result.found(truth)))
        for result in results
        for truth in result.expect
    ]
    wrong = sum(len(result.false_alarms()) for result in results)
    right = sum(r.is_right(s) and s.severity != "info" for r in results for s in r.said)
    certain = [hit for is_sure, hit in found if is_sure]
    rows = [
        ["of sure labels", len(certain), share(sum(certain), len(certain))],
        ["of all labels", len(found), share(sum(hit for _, hit in found), len(found))],
        ["precision at warning or above", right + wrong, share(right, right + wrong)],
    ]
    return table(["recall", "count", "share"], rows)


def decays(found: Iterable[tuple[int, int]]) -> str:
    """Curves without a change in which `change_points` found one."""
    by_length: dict[int, list[int]] = {}
    for length, breaks in found:
        by_length.setdefault(length, []).append(breaks)
    rows: list[Sequence[Any]] = [
        [f"{length:,}", len(b), sum(n > 0 for n in b), float(np.mean(np.array(b) > 0))]
        for length, b in sorted(by_length.items())
    ]
    every = [n for b in by_length.values() for n in b]
    rows.append(["all", len(every), sum(n > 0 for n in every), float(np.mean(np.array(every) > 0))])
    return table(["length", "curves", "with a break", "share"], rows)


def limits(found: Sequence[tuple[str, float, bool]]) -> str:
    """Share of effects found, against the size that the report of the run before them names."""
    times = sorted({size for _, size, _ in found})
    rows = []
    for effect in sorted({name for name, _, _ in found}):
        hits = [[hit for name, at, hit in found if (name, at) == (effect, size)] for size in times]
        rows.append([effect, len(hits[0]), *(float(np.mean(each)) for each in hits)])
    return table(["effect", "runs", *(f"x{size:g}" for size in times)], rows)


def compared(results: Sequence[Result]) -> str:
    """Each peer's rule and lossscan on the same runs: alarms on clean ones, what was noticed."""
    clean = [r for r in results if r.clean and r.alarms]
    happens = {
        rule: [r for r in results if r.what == rule and r.alarms and _is_large(r)]
        for rule in peers.JUDGED
    }
    everyone = ("lossscan", *peers.PEERS)
    rows = [
        [
            name,
            share(sum(bool(_alarms(r, name)) for r in clean), len(clean)),
            float(np.mean([len(_alarms(r, name)) for r in clean])) if clean else None,
            *(
                share(sum(peers.noticed(r, _alarms(r, name)) for r in runs), len(runs))
                for runs in happens.values()
            ),
        ]
        for name in everyone
    ]
    return table(["detector", "clean runs alarmed", "alarms a clean run", *happens], rows)


def _is_large(result: Result) -> bool:
    return all(score.is_large(truth) for truth in result.expect)


def _alarms(result: Result, name: str) -> tuple[int, ...]:
    return peers.own_alarms(result) if name == "lossscan" else result.alarms[name]
