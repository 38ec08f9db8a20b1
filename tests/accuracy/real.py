"""Real runs: the samples of this project, and a labelled corpus where one is at hand.

A corpus is a folder with `truth.jsonl`, one run a line: `run` (a folder beside it), `clean`,
`expect` (rules, step, tolerance in steps), `allow`, `unlabelled` (rules nobody looked for); where
known `kind` (what happens in it), `cause` and `sigma` (its size in noise units).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from lossscan.errors import InputError
from lossscan.model import RunReport
from lossscan.pipeline import examine
from lossscan.runs.discover import discover
from lossscan.settings import Settings
from lossscan.words.pages import load_page
from tests.accuracy.real_causes import right_causes
from tests.accuracy.score import Result, said_of, spacing
from tests.accuracy.truth import Truth

SAMPLES = Path(__file__).parents[2] / "sample_logs"
LABELS = "truth.jsonl"
INTERVALS = 2.0  # logging intervals by which a label's place may be off, where it does not say


def samples() -> Iterator[Result]:
    """The sample runs, each with what is expected of it."""
    for path in sorted(SAMPLES.glob("*/expected.yaml")):
        wanted = yaml.safe_load(path.read_text(encoding="utf-8"))
        report = read(path.parent)
        allow = frozenset(wanted.get("allowed", ()))
        yield _result(f"real/sample/{path.parent.name}", report, _sample_truths(wanted), allow)


def _sample_truths(wanted: Mapping[str, Any]) -> tuple[Truth, ...]:
    """The findings of a sample; a cause that its rule does not know cannot be scored."""
    return tuple(
        Truth((f["rule"],), causes=(f["first_cause"],) if _is_known(f) else ())
        for f in wanted["findings"]
    )


def _is_known(finding: Mapping[str, Any]) -> bool:
    return finding.get("first_cause") in load_page(finding["rule"]).causes


def labels(corpus: Path) -> list[dict[str, Any]]:
    """The labelled runs of a corpus, in its order."""
    text = (corpus / LABELS).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def labelled(task: tuple[Path, dict[str, Any]]) -> Result:
    """What is said of one run of the corpus, against its label."""
    corpus, label = task
    report = read(corpus / label["run"])
    step = _spacing(report)
    truths = tuple(
        Truth(
            tuple(wanted["rules"]),
            wanted.get("step"),
            (wanted["tolerance"] / step) if wanted.get("tolerance") else INTERVALS,
            causes=right_causes(label.get("cause") or ""),
            alike=True,
        )
        for wanted in label.get("expect", ())
    )
    allow = frozenset({*label.get("allow", ()), *label.get("unlabelled", ())})
    recipe = {
        "sure": label.get("confidence", "high") == "high",
        "kind": label.get("kind") or label.get("label"),
        "sigma": label.get("sigma"),
    }
    return _result(
        f"real/corpus/{label['run']}", report, truths, allow, clean=label["clean"], recipe=recipe
    )


def read(folder: Path) -> RunReport:
    """The report of a folder; where it holds several runs, of the one with the most losses."""
    reports = [_report(files) for files in discover(folder, Settings())]
    missing = RunReport(path=str(folder), name=folder.name, status="error")
    return max(reports, key=_points, default=missing)


def _report(files: Any) -> RunReport:
    try:
        return examine(files, Settings(lang="en"))
    except InputError:
        return RunReport(path=str(files.root), name=files.root.name, status="error")


def _points(report: RunReport) -> int:
    run = report.run
    return len(run.series["loss"]) if run is not None and "loss" in run.series else 0


def _spacing(report: RunReport) -> float:
    run = report.run
    return 1.0 if run is None or "loss" not in run.series else spacing(run.series["loss"].steps)


def _result(
    name: str,
    report: RunReport,
    truths: tuple[Truth, ...],
    allow: frozenset[str],
    **more: Any,
) -> Result:
    points = _points(report)
    more.setdefault("clean", not truths)
    return Result(
        name=name,
        points=points,
        spacing=_spacing(report),
        expect=truths,
        allow=allow,
        said=said_of(report.findings),
        real=True,
        **more,
    )
