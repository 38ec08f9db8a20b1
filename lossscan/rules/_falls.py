"""What explains a fall of the loss, and which change only takes back the one before it."""

from __future__ import annotations

from lossscan.model import Change, Run, Signals
from lossscan.rules._context import rate_steps
from lossscan.rules._waves import outlasts

EARLY_SHARE = 0.2  # of the run: there a steep fall may be learning (stas00/ml-engineering)
TAKEN_BACK = 0.65  # of a change at the least, and no more than 1/0.65 of it; as in the engine
CROWDED = 1 / 3  # of all places near such a landmark: standing near one explains nothing
EXPLAINING = {"epoch_boundary", "last_data_epoch", "resume", "lr_change", "warmup_end"}


def explanation(run: Run, signals: Signals, fall: Change) -> str | None:
    """What explains a fall, as the id of a sentence; None where nothing does."""
    place = fall.aligned_to
    if place is not None and place.kind in EXPLAINING and (place.p_value or 0.0) <= CROWDED:
        return f"at-{place.kind.replace('_', '-')}"
    if fall.index < EARLY_SHARE * len(signals.curves["loss"].steps):
        return "early"
    if not outlasts(fall, signals):
        return "wave"
    if undone_by(signals, fall) is not None:
        return "recovery"
    return "learning-rate" if rate_steps(run, fall.step) else None


def undone_by(signals: Signals, change: Change) -> Change | None:
    """The last change the other way, where `change` leads back to about where that came from."""
    others = [
        other
        for other in signals.changes_of("loss")
        if other.index < change.index and other.delta * change.delta < 0
    ]
    if not others:
        return None
    size, back = abs(others[-1].delta), abs(change.delta)
    return others[-1] if TAKEN_BACK * size <= back <= size / TAKEN_BACK else None


def end_of(signals: Signals, fall: Change) -> Change | None:
    """The rise that takes a fall back, or None where the loss stays down."""
    rises = (c for c in signals.changes_of("loss") if c.index > fall.index)
    return next((rise for rise in rises if undone_by(signals, rise) is fall), None)
