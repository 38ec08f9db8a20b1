"""The metrics of boosted trees, by the names that XGBoost, LightGBM and CatBoost give them."""

from __future__ import annotations

from typing import Final

from lossscan.expressions import expression

_SCORE: Final = expression(
    r"(?i)auc|acc|ndcg|map|mrr|f1|r2|average_?precision|precision|recall|kappa|mcc|pre@|lift|pfound"
)


def is_score(metric: str) -> bool:
    """Whether more of it is better, so that it is no loss."""
    return _SCORE.search(metric) is not None
