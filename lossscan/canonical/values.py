"""A raw setting becomes a value of its kind; ValueError, TypeError or KeyError where it is none."""

from __future__ import annotations

import math
import re
from typing import Any, Final

from lossscan.expressions import expression

LEAST_COUNT, MOST = 1e-9, 2.0**63  # a share of a run, sys.maxsize; beyond is no setting
MAX_TEXT = 300  # characters; a longer value is a prompt or a payload, not a setting
SAME: Final = 1e-5  # relative: event files keep seven digits
_SECRET: Final = expression(r"(?:hf_|sk-|ghp_|AKIA|eyJ)[\w-]{12,}|://[^/\s]+:[^/\s]+@")


def same(one: Any, other: Any) -> bool:
    """Whether two values of a setting are one."""
    if isinstance(one, float | int) and isinstance(other, float | int):
        return math.isclose(one, other, rel_tol=SAME)
    return bool(one == other)


def real(value: Any) -> float:
    """A float within MOST, from a number or its text (`1e-4` is text to YAML)."""
    if isinstance(value, bool):
        raise ValueError(value)
    number = float(value.replace(",", "") if isinstance(value, str) else value)
    if not abs(number) <= MOST:  # nor NaN
        raise ValueError(value)
    return number


def count(value: Any) -> int | float:
    """An integer; a fraction stays one, because `eval_steps: 0.1` is a share of the run."""
    number = real(value)
    if number and not LEAST_COUNT <= abs(number) <= MOST:
        raise ValueError(value)
    return int(number) if number.is_integer() else number


def flag(value: Any) -> bool:
    """True or false, from a bool, a number or their text."""
    words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    return words[str(value).strip().lower()]


def text(value: Any) -> str:
    """Short text that holds no secret; a list of texts is joined."""
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        value = ", ".join(value)
    if not isinstance(value, str) or len(value) > MAX_TEXT or _SECRET.search(value):
        raise ValueError("not a plain setting")
    return value


def word(value: Any) -> str:
    """A lower-case word; `IntervalStrategy.STEPS` is `steps`, and YAML reads `no` as False."""
    if value is False:
        return "no"
    word = text(value).strip().lower()
    return word.rpartition(".")[2] if re.fullmatch(r"\w+\.\w+", word) else word


def names(value: Any) -> tuple[str, ...]:
    """A tuple of texts."""
    return tuple(text(item) for item in ([value] if isinstance(value, str) else value))


def stage(value: Any) -> str:
    """LLaMA-Factory's stage; its board stores what its menu shows."""
    board = {"supervised fine-tuning": "sft", "reward modeling": "rm", "pre-training": "pt"}
    return board.get(word(value), word(value))


def tuning(value: Any) -> str:
    """lora, full, freeze, ...: QLoRA is LoRA here, and no adapter means full."""
    return {"qlora": "lora", "none": "full"}.get(word(value), word(value))
