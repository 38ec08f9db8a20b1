"""What a corpus says of the cause of a run, in its own words, as the ids of causes that are right.

A phrase counts where the label's `cause` holds it. Ids of several rules stand together: a finding
only has those of its own rule. Labels whose rule knows but one cause are left out: naming it shows
nothing.
"""

from __future__ import annotations

from typing import Final

_RATE: Final = (
    *("rate-leaps",),
    *("learning-rate-too-high", "learning-rate-raised", "learning-rate-high", "no-warmup"),
    *("learning-rate-too-high-plain", "instability", "rate-raised", "second-schedule"),
)
_DATA: Final = ("unshuffled-data", "data-switch", "data-change", "data-order", "order-over-epochs")
CAUSES: Final = (
    ("learning rate 0", ("zero-rate", "rate-too-small")),
    ("learning rate", _RATE),
    ("half-precision", ("half-precision", "numerics", "overflow")),
    ("all labels masked", ("masked-labels", "masked-samples")),
    ("another domain", ("unshuffled-data", "odd-batch", "data-switch")),
    ("outlier batches", ("odd-batch", "bad-batch")),
    ("unshuffled concatenated", _DATA),
    ("other data from a step on", _DATA),
    ("resume: lost", ("data-order-lost", "optimizer-lost", "weights-not-loaded")),
    ("resume: no", ("scheduler-lost", "optimizer-lost", "state-lost", "second-schedule")),
    ("resume: weightsonly", ("scheduler-lost", "optimizer-lost", "state-lost", "second-schedule")),
    ("accumulation steps", ("loss-kwargs-ignored", "known-defect", "library-version")),
    ("labels leak", ("leaked-labels", "broken-mask")),
)


def right_causes(stated: str) -> tuple[str, ...]:
    """The ids that are right where a label states this cause; none where it cannot be scored."""
    return next((ids for phrase, ids in CAUSES if phrase in stated), ())
