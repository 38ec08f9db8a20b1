"""Numbers in sentences: `{count:point|points}` becomes `1 point` or `2 points`."""

from __future__ import annotations

import re
import string
from typing import Any, Final


def shown(value: Any, spec: str) -> str:
    """A number in a format; `one|many` is the noun that follows it, as English counts."""
    if "|" not in spec:
        return format(value, spec)
    one, many = spec.split("|")
    return f"{value} {one if str(value) == '1' else many}"


_FIELD: Final = re.compile(r"\{(?P<name>\w++)(?::[^{}|]*+\|(?P<many>[^{}]*+))?[^{}]*+\}")


def left_open(template: str, mark: str) -> str:
    """A template with the names of its numbers in `mark`, such as `<{}>`: `<count> points`."""
    return _FIELD.sub(lambda found: _named(found, mark), template)


def _named(found: re.Match[str], mark: str) -> str:
    noun = f" {found['many']}" if found["many"] else ""
    return mark.format(found["name"]) + noun


class Sentence(string.Formatter):
    """Fills in a template whose numbers may be counted."""

    def format_field(self, value: Any, format_spec: str) -> str:
        """One number as its place in the template asks for it."""
        return shown(value, format_spec)
