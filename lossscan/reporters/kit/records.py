"""The columns of a table of findings: a row for each, and one for a run without any."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from lossscan.model import RunReport
from lossscan.reporters.kit.lines import outcome_of
from lossscan.reporters.kit.plain import plain

if TYPE_CHECKING:
    from pandas import DataFrame

COLUMNS: Mapping[str, str] = {  # name -> kind, as pandas calls those that know a missing value
    "path": "string",
    "name": "string",
    "framework": "string",
    "status": "string",
    "first_step": "Int64",
    "last_step": "Int64",
    "epochs": "Float64",
    "points": "Int64",
    "complete": "boolean",
    "error": "string",
    "rule": "string",
    "severity": "string",
    "confidence": "Float64",
    "series": "string",
    "start_step": "Int64",
    "end_step": "Int64",
    "epoch": "Float64",
    "before": "Float64",
    "after": "Float64",
    "sigma": "Float64",
    "waived": "boolean",
    "message": "string",
    "first_cause": "string",
    "last_loss": "Float64",
    "best_eval_loss": "Float64",
    "last_eval_loss": "Float64",
    "learning_rate": "Float64",
    "samples_per_step": "Float64",
    "tokens_per_step": "Float64",
}


def records(one: RunReport, version: str, lang: str) -> Iterator[dict[str, Any]]:
    """The rows of a run; every column is in each, None where there is nothing to say."""
    whole = plain(one, version, lang)
    points = whole["run"].pop("series").get("loss")  # a finding has a `series` of its own
    error = one.error.message.say(lang) if one.error else None
    judged = {"status": one.status, "points": points, "error": error}
    told = whole["run"] | judged | outcome_of(one.run)
    for finding in whole["findings"] or [{}]:
        effect = finding.get("effect") or {}
        waived = {"waived": finding["waiver"] is not None} if finding else {}
        cause = next((cause["text"] for cause in finding.get("causes", ())), None)
        known = told | effect | finding | waived | {"first_cause": cause}
        yield {name: known.get(name) for name in COLUMNS}


def framed(rows: Iterable[Mapping[str, Any]]) -> DataFrame:
    """The rows as a table of pandas, which the caller has found installed."""
    import pandas as pd

    told = [{name: _text(value) for name, value in row.items()} for row in rows]
    table = pd.DataFrame(told, columns=list(COLUMNS), dtype=object)
    return table.astype(dict(COLUMNS))


def _text(value: Any) -> Any:
    """A text that Arrow takes: a path of the system may hold bytes that are no UTF-8."""
    if not isinstance(value, str):
        return value
    return value.encode("utf-8", "backslashreplace").decode("utf-8")
