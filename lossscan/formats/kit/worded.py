"""Losses that the word before each tells apart, a line each: `cls loss: 0.6`, `box loss: 0.3`."""

from __future__ import annotations

from collections import Counter
from typing import Final

from lossscan.canonical.names import is_part
from lossscan.expressions import expression

SEVERAL: Final = 2  # such words, and how often each comes: one alone may be of a sentence
_STATED: Final = expression(r" [lL](?:oss|OSS) ?(?:is ?|[:=] ?)?(?:tensor\()?-?(?:\d{1,9}\.\d|nan)")
_LONGEST: Final = 30  # letters of a word
_WORD: Final = expression(
    r"(?<![\w'/-])(?!(?i:the|batch|iter|step|this|current|previous|final|new|old|best|my)\Z)"
    r"[A-Za-z]\w{1,29}\Z"
)


def worded(text: str) -> frozenset[str]:
    """The names of such parts in a log; none where it has a single one."""
    ahead = (text[max(at.start() - _LONGEST - 1, 0) : at.start()] for at in _STATED.finditer(text))
    found = Counter(word[0].lower() for word in map(_WORD.search, ahead) if word)
    parts = [word for word, times in found.items() if times >= SEVERAL and is_part(f"{word}_loss")]
    return frozenset(f"{word} loss" for word in parts if len(parts) >= SEVERAL)
