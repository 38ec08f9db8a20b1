"""The names of what a policy is judged by: its reward, its divergence and its entropy.

A reward is that of an episode, or its mean over some, in any order of the words.
"""

from __future__ import annotations

from typing import Final

from lossscan.expressions import expression

_REWARD: Final = expression(
    r"(?:rollout/)?(?:(?:avg|average|mean|total|cumulative)_)?(?:ep(?:isode|isodic)?_)?"
    r"(?:rew(?:ard)?s?|returns?|ret)(?:[_/](?:mean|avg|sum))?"
)
OF_UPDATE: Final = ("actor/ppo_kl", "ppo_kl", "approx_kl")  # from the policy before the update
DIVERGENCE: Final = ("kl", "objective/kl", *OF_UPDATE)
ENTROPY: Final = (
    *("entropy", "actor/entropy", "policy/entropy_avg", "objective/entropy"),
    "actor/entropy_loss",  # verl's: the entropy itself
)
_BARE: Final = ("return", "returns", "ret")  # of a stock, or of a function


def rewarding(folded: str) -> str | None:
    """The canonical name of a reward; None of other keys. `folded` is a key in small letters."""
    return None if folded in _BARE or _REWARD.fullmatch(folded) is None else "reward"
