"""Which trainer wrote a run: of all that its files name, the most specific."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lossscan.runs.objective import is_logged
from lossscan.trainers import most_specific

_BASE: Final = "transformers"  # which TRL builds on and whose files it writes
_TRL: Final = (  # what TRL's trainers add to them
    *("mean_token_accuracy", "rewards/", "completions/", "clip_ratio/", "objective/"),
    *("reward_std", "min_reward", "log_odds_ratio"),
)


def framework_of(named: Iterable[str | None], keys: Iterable[str]) -> str | None:
    """The most specific of the names; what the run logged tells TRL from its base."""
    found = most_specific(filter(None, named))
    return "trl" if found == _BASE and is_logged(_TRL, keys) else found
