"""Numbers in sentences: `{count:point|points}` becomes `2 points`, `{lr:.3r}` a rate as 1e-4."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from lossscan.expressions import expression

ORDINAL: Final = "th"  # the whole format of an ordinal: 1st, 2nd
RATE: Final = "r"  # ends the format of a learning rate: `.3r` has three digits
SMALL_RATE: Final = 0.01  # people write 0.05, and 1e-4 where the zeros are hard to count
SMALL: Final = 1e-3  # of other numbers: 0.05, 0.003, but 8.5e-4
LARGE: Final = 1e6  # the same: 25450, but 1.1e13
GROWTH: Final = "x"  # begins the format of a growth: +36%, from a doubling on 4.3x, or what follows
TENTH: Final = 0.1  # of growth: below it a digit more
UNKNOWN: Final = "?"  # for a number that nobody could know


def shown(value: Any, spec: str) -> str:
    """A number in a format; `one|many` is the noun that follows it, as English counts."""
    if "|" not in spec:
        text = _special(value, spec)
        return text[1:] if _NO_LESS.fullmatch(text) else text
    one, many = spec.split("|")
    return f"{value} {one if str(value) == '1' else many}"


def _special(value: Any, spec: str) -> str:
    """A number in a format of Python's, or in one of ours."""
    if spec == ORDINAL:
        return f"{value}{_ending(int(value))}"
    if spec.startswith(GROWTH):
        return _growth(value, spec.removeprefix(GROWTH) or GROWTH)
    if spec.endswith("g") and (0 < abs(value) < SMALL or abs(value) >= LARGE):
        return _short(value, spec)
    if spec.endswith("g") and abs(value) >= 1:
        return format(float(format(value, spec)), ".15g")
    return _rate(value, spec) if spec.endswith(RATE) else format(value, spec)


def _ending(number: int) -> str:
    """What makes a number an ordinal: 1st, 2nd, 3rd, 4th, 11th."""
    teen = number // 10 % 10 == 1
    return "th" if teen else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")


def _growth(value: float, times: str) -> str:
    """By what a value has grown."""
    if value >= 1:
        return _special(1 + value, ".2g") + times
    return format(value, "+.1%" if abs(value) < TENTH else "+.0%")


def _rate(value: Any, spec: str) -> str:
    """A learning rate as people write it: 0.05, 1e-4, 2.5e-5."""
    plain = f"{spec.removesuffix(RATE)}g"
    small = 0 < abs(float(format(value, plain))) < SMALL_RATE
    return _short(value, plain) if small else format(value, plain)


def _short(value: Any, spec: str) -> str:
    """A number by its power of ten: 8.5e-4, 1.1e13; one that is beyond all as `inf`."""
    mantissa, _, exponent = f"{float(format(value, spec)):e}".partition("e")
    return f"{float(mantissa):g}e{int(exponent)}" if exponent else mantissa


_NO_LESS: Final = expression(r"-[0.]++%?+")  # what rounding leaves of a number below 0: no -0.0
_FIELD: Final = expression(r"\{(?P<name>\w++)(?::[^{}|]*+\|(?P<many>[^{}]*+))?[^{}]*+\}")


def left_open(template: str, mark: str) -> str:
    """A template with the names of its numbers in `mark`, such as `<{}>`: `<count> points`."""
    return _FIELD.sub(lambda found: _named(found, mark), template)


def _named(found: re.Match[str], mark: str) -> str:
    noun = f" {found['many']}" if found["many"] else ""
    return mark.format(found["name"]) + noun


@dataclass(frozen=True, slots=True)
class Filling:
    """Numbers, or one of them, as a template asks for them; what is not known becomes "?"."""

    value: Any

    def __getitem__(self, name: str) -> Filling:
        return Filling(self.value[name])

    def __format__(self, spec: str) -> str:
        if self.value is None:
            return UNKNOWN
        try:
            return shown(self.value, spec)
        except (ValueError, TypeError):  # a word where the template expects a number
            return str(self.value)
