"""The help of the command line in Chinese; in English it is in the code, next to each option."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

CATALOGUE: Final = Path(__file__).with_name("help.json")


@cache
def _chinese() -> Mapping[str, str]:
    import json

    found: dict[str, str] = json.loads(CATALOGUE.read_bytes())
    return found


def helped(text: str, lang: str) -> str:
    """A text of the help in a language; one without words stays as it is."""
    return text if lang == "en" else _chinese().get(text, text)
