"""Logs with more keys than any trainer logs: which of them are read."""

from __future__ import annotations

from collections.abc import Collection

MOST_KEYS = 20_000  # of a log, and as many that may be needed; of these 10,000 become columns
_NEEDED = ("loss", "step", "epoch")  # parts of the keys that are wanted among very many


def bounded(keys: Collection[str]) -> list[str]:
    """The keys of a log that are read: the first ones, of very many more those of losses only."""
    return [key for at, key in enumerate(keys) if at < MOST_KEYS or is_needed(key)][: 2 * MOST_KEYS]


def is_needed(key: str) -> bool:
    """Whether a key looks like one of those without which no log can be judged."""
    return any(part in key.lower() for part in _NEEDED)
