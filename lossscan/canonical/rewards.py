"""The names of a reward: of an episode, or its mean over some, in any order of the words."""

from __future__ import annotations

from typing import Final

from lossscan.expressions import expression

_REWARD: Final = expression(
    r"(?:rollout/)?(?:(?:avg|average|mean|total|cumulative)_)?(?:ep(?:isode|isodic)?_)?"
    r"(?:rew(?:ard)?s?|returns?|ret)(?:_(?:mean|sum))?"
)
_BARE: Final = ("return", "returns", "ret", "rew")  # of a stock, or of a function


def rewarding(folded: str) -> str | None:
    """The canonical name of a reward; None of other keys. `folded` is a key in small letters."""
    return None if folded in _BARE or _REWARD.fullmatch(folded) is None else "reward"
