"""Where a run ended and how it was set, as columns of a table: what a sweep is sorted by."""

from __future__ import annotations

from lossscan.model import Run
from lossscan.points import finite
from lossscan.samples import samples_per_step


def outcome_of(run: Run | None) -> dict[str, float | None]:
    """The last and the best losses, the rate and the size of a step; None where a run has none."""
    if run is None:
        return {}
    loss, evaluated, rates = (
        finite(run.series.get(name)) for name in ("loss", "eval_loss", "learning_rate")
    )
    rate = run.setting("learning_rate") or (float(rates.values.max()) if rates else None)
    samples, length = samples_per_step(run.config, run.framework), run.setting("seq_length")
    return {
        "last_loss": float(loss.values[-1]) if loss else None,
        "best_eval_loss": float(evaluated.values.min()) if evaluated else None,
        "last_eval_loss": float(evaluated.values[-1]) if evaluated else None,
        "learning_rate": rate,
        "samples_per_step": samples,
        "tokens_per_step": samples * length if samples and length else None,
    }
