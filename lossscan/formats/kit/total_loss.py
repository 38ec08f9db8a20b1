"""The columns that stand for the loss: a kindred one, a sum of parts, a mean and not its sum."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final

import numpy as np

from lossscan.canonical.names import fallback_loss, is_part
from lossscan.expressions import expression
from lossscan.model import Column

_WHOLE: Final = expression(
    r"(?:\A|_)(?:vae|elbo|all|sum|tot|joint|combined|overall)(?:_|\Z)"
)  # what its terms make
_TERM: Final = "cross_entropy"  # the loss where it is alone, next to parts one of them
FEWEST_TERMS: Final = 2  # in addition to the total
_SUM: Final = expression(r"(?i)(?<![a-z])(?:total|sum)(?![a-z])")
_MEAN: Final = expression(r"(?i)(?<![a-z])(?:avg|average|mean)(?![a-z])")


def without_totals(keys: Collection[str], name_of: Callable[[str], str]) -> list[str]:
    """The keys without sums of what another key says the mean of."""
    means = {name_of(key) for key in keys if _MEAN.search(key)}
    return [key for key in keys if not (_SUM.search(key) and name_of(key) in means)]


def with_loss(found: dict[str, Column]) -> dict[str, Column]:
    """The columns with what stands for the loss under its name, where none is called so."""
    if "eval_loss" not in found and (other := _other_eval_loss(found)):
        found["eval_loss"] = found.pop(other)
    lost = {name for name, column in found.items() if not np.isfinite(column.values).all()}
    name = fallback_loss({name: len(column.steps) for name, column in found.items()}, lost)
    terms = [column for other, column in found.items() if is_part(other)]
    if name == _TERM and terms:  # of a detector, which logs no total
        found["loss"] = added_up([found[name], *terms])
    elif name is not None:
        found["loss"] = found.pop(name)
        evaluated = f"eval_{name.removeprefix('train_')}"
        if "eval_loss" not in found and evaluated in found:
            found["eval_loss"] = found.pop(evaluated)
    elif "loss" not in found and "reward" not in found:
        found |= _summed_up(found)
    return found


def _other_eval_loss(found: Collection[str]) -> str | None:
    """The stand-in for the evaluation loss: of the test set, or of the only named set."""
    if "test_loss" in found:
        return "test_loss"
    named = [name for name in found if name.startswith("eval_") and name.endswith("_loss")]
    alone = len(named) == 1 and named[0].removeprefix("eval_") not in found
    return named[0] if alone and "loss" in found else None


def _summed_up(found: Mapping[str, Column]) -> dict[str, Column]:
    """The sum of the parts of a loss without a logged total, and of the same evaluated."""
    parts = [name for name in found if is_part(name)]
    whole = next((name for name in parts if _WHOLE.search(name)), None)
    if whole is not None and len(parts) > FEWEST_TERMS:
        return {"loss": found[whole]}
    total = {"loss": added_up([found[name] for name in parts])} if parts else {}
    alone = [name for name in found if is_part(name.removeprefix("eval_"))]  # without a training
    evaluated = [f"eval_{name}" for name in parts] or alone
    if evaluated and "eval_loss" not in found and found.keys() >= set(evaluated):
        total["eval_loss"] = added_up([found[name] for name in evaluated])
    return total


def added_up(parts: Sequence[Column]) -> Column:
    """Parts added up, those that are logged as often as the fullest: NaN stays."""
    fullest = max(parts, key=lambda column: len(column.steps))
    whole = [part.values for part in parts if np.array_equal(part.steps, fullest.steps)]
    return Column(steps=fullest.steps, values=np.sum(whole, axis=0))
