"""What a chart of a run shows, the same in the page, in a picture and in the terminal."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator

from lossscan.model import ChangePoint, Finding

UPPER = ("loss", "eval_loss")  # share an axis
BELOW = ("reward", "kl", "grad_norm", "learning_rate")
LAST = ("entropy",)  # where there is room
MOST_MARKS = 300  # of a kind; more of them paint a panel over
MOST_PANELS = 6  # below each other before the page is a wall of them


def panels_of(series: Container[str], findings: Iterable[Finding]) -> list[list[str]]:
    """The series of each panel: losses first, then what explains them and what was found."""
    wanted = [*BELOW, *(finding.series for finding in findings), *LAST]
    below = [name for name in dict.fromkeys(wanted) if name in series and name not in UPPER]
    upper = [name for name in UPPER if name in series]
    return ([upper] if upper else []) + [[name] for name in below[: MOST_PANELS - bool(upper)]]


def of_no_finding(changes: Iterable[ChangePoint]) -> Iterator[ChangePoint]:
    """The changes of the loss that no finding is about."""
    return (at for at in changes if at.accounted_for.by != "finding" and at.series in UPPER)
