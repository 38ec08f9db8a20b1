"""Reports and runs as notebooks show them: text, tables, a curve; `model` looks this up."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from lossscan import __version__
from lossscan.errors import MissingExtra
from lossscan.model import Report, Run, RunReport

if TYPE_CHECKING:
    from pandas import DataFrame


def dict_of(report: RunReport | Report) -> dict[str, Any]:
    """The JSON report as plain values."""
    from lossscan.reporters.kit.plain import plain, plain_report

    if isinstance(report, Report):
        return plain_report(report, next((one.lang for one in report.runs), "en"))
    return plain(report, __version__, report.lang)


def json_of(report: RunReport | Report) -> str:
    """The JSON report as text."""
    from lossscan.reporters.kit.plain import dumped

    return dumped(dict_of(report)) + "\n"


def html_of(report: RunReport | Report) -> str:
    """The piece of HTML that a notebook shows."""
    from lossscan.reporters.html.card import card, cards

    return cards(report) if isinstance(report, Report) else card(report)


def frame_of(report: RunReport | Report) -> DataFrame:
    """The findings as a table; raises MissingExtra."""
    _need_pandas()
    from lossscan.reporters.kit.records import framed, records

    if isinstance(report, Report):
        return framed(row for one in report.runs for row in records(one, __version__, one.lang))
    rows = records(report, __version__, report.lang)
    return framed(row for row in rows if row["rule"] is not None)


def frame_of_run(run: Run) -> DataFrame:
    """The series of a run side by side, by step; raises MissingExtra."""
    _need_pandas()
    import pandas as pd

    columns = {name: pd.Series(s.values, index=s.steps) for name, s in run.series.items()}
    return pd.DataFrame(columns).rename_axis("step")


def _need_pandas() -> None:
    if find_spec("pandas") is None:
        raise MissingExtra("frame_extra")
