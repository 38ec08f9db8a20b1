"""The user's regular expression for the lines of a log: checked once, then safe to use on any."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

LONGEST: Final = 500  # characters; a longer expression describes more than one line
PLACES: Final = ("step", "epoch")  # groups that say where a point stands, not what was logged
# `(a+)+`: each further character doubles the time that a line takes which does not match.
_DOUBLED: Final = re.compile(r"(?<!\\)[*+}]\??\)(?:[*+]|\{\d*,\d*\})")


@lru_cache(maxsize=8)
def compiled(pattern: str) -> re.Pattern[str]:
    """The expression ready for use; raises ValueError that says what is wrong with it."""
    if len(pattern) > LONGEST:
        raise ValueError(f"is longer than {LONGEST} characters")
    try:
        found = re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(f"is no regular expression: {error}") from error
    if not set(found.groupindex) - set(PLACES):
        raise ValueError("names no quantity: write (?P<loss>...) around the number")
    if _DOUBLED.search(pattern):
        raise ValueError("repeats a repeat, as in (a+)+, which can take forever: repeat it once")
    return found
