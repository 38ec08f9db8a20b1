"""What no rule is asked about: the course of two nets against each other, and losses of nothing."""

from __future__ import annotations

from typing import Final

from lossscan.model import Finding
from lossscan.numeric.levels import highest_first
from lossscan.points import ADVERSARIAL
from lossscan.rules.kit.case import Case

# Of the course of a loss that training brings down. In a GAN, one net gains what the other loses.
OF_COURSE: Final = (
    "divergence epoch-step-drop last-epoch-drop loss-jump loss-spike loss-too-low overfitting"
    " periodic-loss plateau unexplained-drop"
)
RISES: Final = ("divergence", "loss-jump", "loss-spike")
# Of where the loss began, and of 1: what is left there is rounding and the optimizer's own noise,
# which go up and down by orders of magnitude (grokking's slingshots).
NEGLIGIBLE: Final = 1e-3


def is_asked(rule: str, case: Case) -> bool:
    """Whether a rule has something to say of such a run."""
    return case.run.objective != ADVERSARIAL or rule not in OF_COURSE.split()


def is_negligible(case: Case, level: float) -> bool:
    """Whether a loss is next to nothing, in itself and compared with where it began."""
    loss = case.loss
    if loss is None or not len(loss) or level < 0:
        return False
    return level <= NEGLIGIBLE * min(1.0, highest_first(loss.values))


def is_of_nothing(finding: Finding, case: Case) -> bool:
    """Whether a finding is of a rise that ends where the loss is next to nothing."""
    effect = finding.effect
    if finding.rule not in RISES or finding.series != "loss" or effect is None:
        return False
    if effect.before is None or effect.after is None:
        return False
    return is_negligible(case, max(effect.before, effect.after))
