"""An abrupt drop that no epoch, schedule or resume explains."""

from __future__ import annotations

from collections.abc import Iterator

from lossscan.model import Acquittal, Change, Effect, Episode, Hit, Run, Signals, Suspect
from lossscan.rules._context import eval_clue, level_clue, logistic, present, rate_clue, rate_steps
from lossscan.rules._waves import outlasts

RULE = "unexplained-drop"
SURE = (0.75, 0.3)  # fitted on 157 findings of the simulated train half
EARLY_SHARE = 0.2  # of the run: there a steep fall may be learning (stas00/ml-engineering)
RECOVERS = (
    0.65  # of a jump that a fall must take back, and no more than 1/0.65 of it; as in the engine
)
CROWDED = 1 / 3  # of all places near such a landmark: standing near one explains nothing
EXPLAINING = {"epoch_boundary", "last_data_epoch", "resume", "lr_change", "warmup_end"}


def check(
    run: Run, signals: Signals, *, max_ratio: float = 0.9, min_sigma: float = 7.0
) -> Iterator[Hit | Acquittal]:
    """Downward changes of level away from everything that is known to make one.

    `max_ratio`: after over before; a tenth is what people ask about.
    `min_sigma`: one more than a break needs, since nothing else supports the finding.
    """
    curve = signals.curves.get("loss")
    if curve is None:
        return
    falls = [
        c
        for c in signals.changes_of("loss")
        if c.kind == "level_down" and -c.sigma >= min_sigma and (c.ratio or 1.0) <= max_ratio
    ]
    free = []
    for fall in falls:
        reason = _reason(run, signals, fall)
        if reason is None:
            free.append(fall)
        else:
            yield Acquittal(RULE, reason, {"step": fall.step})
    if free:
        worst = min(free, key=lambda fall: fall.sigma)
        yield Hit(
            rule=RULE,
            confidence=logistic(-worst.sigma, *SURE),
            numbers={"before": worst.before, "after": worst.after, "step": worst.step},
            episodes=tuple(Episode(fall.step, None, fall.sigma) for fall in free),
            effect=Effect(worst.before, worst.after, worst.delta, worst.ratio, worst.sigma),
            aligned_to=worst.aligned_to,
            clues=(
                level_clue(run, curve, worst.before, worst.after, worst.step),
                *present(rate_clue(run, worst.step), eval_clue(run, worst.step)),
            ),
            suspects=(
                Suspect("data-change", 0.5),
                Suspect("repeated-data", 0.3),
                Suspect("phase-transition", 0.15),
            ),
            next="look-at-data",
            claims=frozenset(fall.step for fall in free),
        )


def _takes_back(signals: Signals, fall: Change) -> bool:
    """Whether the loss only falls back from the last jump, to about where it came from."""
    rises = [c for c in signals.changes_of("loss") if c.kind == "level_up" and c.index < fall.index]
    if not rises:
        return False
    up, down = rises[-1].after - rises[-1].before, fall.before - fall.after
    return bool(up * RECOVERS <= down <= up / RECOVERS)


def _reason(run: Run, signals: Signals, fall: Change) -> str | None:
    """What explains the drop after all, as the id of a sentence; None where nothing does."""
    place = fall.aligned_to
    if place is not None and place.kind in EXPLAINING and (place.p_value or 0.0) <= CROWDED:
        return f"at-{place.kind.replace('_', '-')}"
    if fall.index < EARLY_SHARE * len(signals.curves["loss"].steps):
        return "early"
    if not outlasts(fall, signals):
        return "wave"
    if _takes_back(signals, fall):
        return "recovery"
    return "learning-rate" if rate_steps(run, fall.step) else None
