"""The logged loss is exactly 0: NaN that the trainer hides, masked labels, or nothing to see."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lossscan.arrays import BoolArray
from lossscan.medians import median
from lossscan.model import Acquittal, Clue, Hit, Run, Series, Severity, Signals, Suspect
from lossscan.points import NEAR, NEVER_ZERO, finite
from lossscan.rules._context import stated
from lossscan.rules._facts import episodes_of, stretches
from lossscan.rules._nan_filter import lost_at

RULE = "zero-loss"

SMALL = 0.1  # entries between zeros of memorised samples: some are still to be learnt
IN_A_ROW = 2  # a single zero may be one masked sample

# Message: severity (None: the page's), confidence, suspects with their scores.
_VERDICTS: dict[str, tuple[Severity | None, float, dict[str, float]]] = {
    # NaN gradients beside the zeros
    "nan": (None, 0.98, {"nan-in-weights": 0.95}),
    # zero gradient from the first entry on
    "labels": (None, 0.97, {"masked-labels": 0.9}),
    # zero gradient after normal values: seen with frozen or masked batches, rarely otherwise
    "vanished": (None, 0.9, {"masked-labels": 0.6, "nan-in-weights": 0.4}),
    # the gradient is not logged, the zeros last to the end and the level before was normal
    "silent": (None, 0.95, {"nan-in-weights": 0.8, "masked-labels": 0.4}),
    # the same, but the loss comes back
    "gaps": (Severity.WARNING, 0.7, {"masked-samples": 0.7, "nan-in-weights": 0.3}),
    # a tenth and more of all entries: training on nothing for much of the time
    "partly": (Severity.WARNING, 0.95, {"masked-samples": 0.9}),
    "masked": (Severity.INFO, 0.95, {"masked-samples": 0.9}),
    "memorised": (Severity.INFO, 0.95, {"rounding": 0.9}),
}


def check(
    run: Run,
    signals: Signals,
    *,
    floor: float = 0.01,
    partly: float = 0.1,
) -> Iterator[Hit | Acquittal]:
    """Judge exact zeros by the gradient norm beside them and the level around them.

    `floor`: a loss around it rounds to 0.0 at four decimals now and then: 100 last digits.
    `partly`: share of zero entries from which masked samples cost a good part of the training.
    """
    loss = finite(run.series.get("loss"))
    if loss is None or not (loss.values == 0).any():
        return
    if run.objective not in NEVER_ZERO:
        count = int((loss.values == 0).sum())
        yield Acquittal(RULE, "objective", {"objective": run.objective, "count": count})
        return
    yield _hit(run, loss, _kind(run, loss, floor, partly))


def _kind(run: Run, loss: Series, floor: float, partly: float) -> str:
    zero = loss.values == 0
    row = _in_a_row(zero)
    dead, spoilt, alive = _gradients(run, loss)
    around = _around(loss, zero)
    if _several(row & spoilt):
        return "nan"
    if (zero & alive).sum() * 2 >= zero.sum():  # a gradient: the loss was not 0
        return "memorised" if around <= SMALL else "gaps"
    if around <= floor:
        return "memorised"
    if _several(row & dead):
        return "labels" if zero[0] else "vanished"
    if row.any():
        return "labels" if zero.all() else "silent" if zero[-IN_A_ROW:].all() else "gaps"
    return "partly" if zero.mean() >= partly else "masked"


def _in_a_row(zero: BoolArray) -> BoolArray:
    """The zeros that do not stand alone."""
    row = np.zeros_like(zero)
    for start, stop in stretches(zero):
        row[start:stop] = stop - start >= IN_A_ROW
    return row


def _several(mask: BoolArray) -> bool:
    return int(mask.sum()) >= IN_A_ROW


def _gradients(run: Run, loss: Series) -> tuple[BoolArray, BoolArray, BoolArray]:
    """Where the gradient norm is exactly 0, not finite, or a positive number."""
    norms = run.series.get("grad_norm")
    if norms is None:
        nowhere = np.zeros(len(loss), dtype=bool)
        return nowhere, nowhere, nowhere
    logged = dict(zip(norms.steps.tolist(), norms.values.tolist(), strict=True))
    known = np.array([step in logged for step in loss.steps.tolist()])
    values = np.array([logged.get(step, np.nan) for step in loss.steps.tolist()])
    return values == 0, known & ~np.isfinite(values), np.isfinite(values) & (values > 0)


def _around(loss: Series, zero: BoolArray) -> float:
    """The level of the non-zero entries near the zeros; infinite where all are 0."""
    near = np.convolve(zero, np.ones(2 * NEAR + 1), mode="full")[NEAR:-NEAR] > 0
    values = loss.values[near & ~zero]
    return median(values) if len(values) else float("inf")


def _hit(run: Run, loss: Series, kind: str) -> Hit:
    severity, confidence, scores = _VERDICTS[kind]
    zero = loss.values == 0
    dead, spoilt, _ = _gradients(run, loss)
    around = _around(loss, zero)
    first = int(loss.steps[int(np.argmax(zero))])
    beside = [("dead", int((zero & dead).sum())), ("spoilt", int((zero & spoilt).sum()))]
    level_near = (Clue("around", {"around": around}),) if np.isfinite(around) else ()
    fp16 = stated(run, "fp16", suggest=False)
    return Hit(
        RULE,
        confidence,
        severity=severity,
        message=kind,
        numbers={
            "step": first,
            "count": int(zero.sum()),
            "total": len(loss),
            **lost_at(run, first),
        },
        episodes=episodes_of(loss, zero),
        clues=(
            Clue("zeros", step=first, value=0.0),
            *level_near,
            *(Clue(name, {"beside": count}) for name, count in beside if count),
        ),
        suspects=tuple(
            Suspect(name, score, config=fp16 if name == "nan-in-weights" else ())
            for name, score in scores.items()
        ),
        next=_next(kind, severity),
        claims=frozenset(loss.steps[zero].tolist()),
    )


def _next(kind: str, severity: Severity | None) -> str | None:
    if severity is Severity.INFO:
        return None
    return "filter-off" if kind in ("nan", "silent") else "count-labels"
