"""What docs/api.md promises to scripts: the public names, their arguments and their fields."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import is_dataclass
from typing import Any

from msgspec import StructMeta

import lossscan


def _lines() -> Iterator[str]:
    for name in lossscan.__all__:
        public: Any = getattr(lossscan, name)
        if is_dataclass(public) or isinstance(public, StructMeta):
            yield from (f"{name}.{field}: {of}" for field, of in public.__annotations__.items())
        elif inspect.isclass(public):
            yield from (
                f"{name}.{each}" for each in sorted(vars(public)) if not each.startswith("_")
            )
        elif callable(public):
            yield from _arguments(name, public)


def _arguments(name: str, function: Callable[..., Any]) -> Iterator[str]:
    signature = inspect.signature(function)
    yield from (f"{name}({each})" for each in signature.parameters.values())
    yield f"{name}() -> {signature.return_annotation}"


def test_public_names_are_what_scripts_rely_on(golden: Callable[[str, str], None]) -> None:
    """A line that is new is written with --update-goldens; one that goes breaks somebody."""
    golden("public_api.txt", "\n".join(_lines()) + "\n")


def test_every_option_of_a_function_is_passed_by_its_name() -> None:
    """So that more may come, and in any order."""
    for name in lossscan.__all__:
        public = getattr(lossscan, name)
        if not inspect.isfunction(public) or public.__module__ != "lossscan.api":
            continue
        for each in list(inspect.signature(public).parameters.values())[2:]:
            assert each.kind is inspect.Parameter.KEYWORD_ONLY, f"{name}: {each}"
