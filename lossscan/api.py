"""The verbs as functions: what the command line calls and what a script may call."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from lossscan import __version__
from lossscan.model import Report, RunReport
from lossscan.settings import Settings

if TYPE_CHECKING:
    from lossscan.rules.pages import Page


def analyze(
    path: str | PathLike[str],
    *,
    settings: Settings | None = None,
    training_config: str | PathLike[str] | None = None,
) -> RunReport:
    """What happened to the loss of one run: a directory, or one log file.

    Raises InputError where the run cannot be examined, UsageError for a rule that does not exist.
    """
    from lossscan.pipeline import examine

    chosen = settings or Settings()
    if training_config is not None:
        chosen = replace(chosen, training_config=Path(training_config))
    return examine(Path(path), chosen)


def batch(paths: Iterable[str | PathLike[str]], *, settings: Settings | None = None) -> Report:
    """Every run below the paths; a run that cannot be examined has the status `error`."""
    from lossscan.batching import each_run

    return Report(__version__, tuple(each_run(map(Path, paths), settings or Settings())))


def rule_names() -> tuple[str, ...]:
    """The names of all rules, sorted."""
    from lossscan import rules

    return rules.rule_names()


def explain(rule: str) -> Page:
    """The catalogue page of a rule; raises UsageError, which names the nearest, for another."""
    from lossscan.rules import chosen_rules
    from lossscan.rules.pages import load_page

    return load_page(*chosen_rules(select=(rule,)))
