"""Which trainer wrote a run: of all that its files name, the most specific."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lossscan.runs.objective import is_logged

_SPECIFIC: Final = (  # a front-end writes what its trainer writes too: the most specific name holds
    "llamafactory",
    "ms-swift",
    "axolotl",
    "trl",
    "paddlenlp",
    "minimind",
    "megatron",
    "nemo",
    "lightning",
    "nanogpt",
    "torchtune",
    "transformers",
)
_BASE: Final = "transformers"  # which TRL builds on and whose files it writes
_TRL: Final = (  # what TRL's trainers add to them
    "mean_token_accuracy",
    "rewards/",
    "completions/",
    "clip_ratio/",
    "objective/",
    "reward_std",
    "min_reward",
    "log_odds_ratio",
)


def framework_of(named: Iterable[str | None], keys: Iterable[str]) -> str | None:
    """The most specific of the names; what the run logged tells TRL from its base."""
    names = {name for name in named if name}
    known = (name for name in _SPECIFIC if name in names)
    found = next(known, None) or min(names, default=None)
    return "trl" if found == _BASE and is_logged(_TRL, keys) else found
