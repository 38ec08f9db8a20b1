"""Which series of a run are drawn below each other: the same in the page and in a picture."""

from __future__ import annotations

from collections.abc import Sequence

from lossscan.model import Finding, Run

UPPER = ("loss", "eval_loss")  # share an axis
BELOW = ("reward", "grad_norm", "learning_rate")
MOST_PANELS = 6  # below each other before the page is a wall of them


def panels_of(run: Run, findings: Sequence[Finding]) -> list[list[str]]:
    """The series of each panel: losses first, then what explains them and what was found."""
    wanted = [*BELOW, *(finding.series for finding in findings)]
    below = [name for name in dict.fromkeys(wanted) if name in run.series and name not in UPPER]
    upper = [name for name in UPPER if name in run.series]
    return ([upper] if upper else []) + [[name] for name in below[: MOST_PANELS - bool(upper)]]
