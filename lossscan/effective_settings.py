"""The settings in force: every key with its value and where that comes from."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from lossscan.rules import load_rule, rule_names
from lossscan.settings import NEVER, Settings
from lossscan.words.pages import load_page

DEFAULT = "default"
DEEPEST = 3  # levels of keys: rules, a rule, its option


class EffectiveSetting(Struct, frozen=True):
    """One key of the settings."""

    key: str  # as a settings file spells its path
    value: Any
    source: str  # `default`, an option of the command line, or the file with line or key path


def effective_settings(
    settings: Settings, given: Mapping[str, str]
) -> tuple[EffectiveSetting, ...]:
    """All keys in the order of the settings file; `given` names the options by their key."""
    stated = {} if settings.source is None else _places(settings.source, settings.stated)
    sources = {**stated, **given}
    return tuple(
        EffectiveSetting(key, value, _source(key, sources)) for key, value in _values(settings)
    )


def _source(key: str, sources: Mapping[str, str]) -> str:
    """An item of a list may be where TOML names the list alone."""
    return sources.get(key) or sources.get(key.partition("[")[0]) or DEFAULT


def _values(settings: Settings) -> Iterator[tuple[str, Any]]:
    yield "lang", settings.lang
    yield "fail-on", NEVER if settings.fail_on is None else str(settings.fail_on)
    yield "select", list(settings.select)
    yield "ignore", list(settings.ignore)
    for table, entries in (("series", settings.series), ("text", settings.text)):
        yield from ((f"{table}.{name}", value) for name, value in entries.items())
    for rule in rule_names():
        severity = settings.severities.get(rule, load_page(rule).severity)
        yield f"rules.{rule}.severity", str(severity)
        chosen = {**load_rule(rule).options, **settings.rules.get(rule, {})}
        yield from ((f"rules.{rule}.{option}", value) for option, value in chosen.items())
    yield "timeout", settings.timeout
    for index, each in enumerate(settings.suppress):
        expires = None if each.expires is None else each.expires.isoformat()
        told = {"rule": each.rule, "runs": each.runs, "reason": each.reason, "expires": expires}
        yield f"suppress[{index}]", told


# --- where a file states each key --------------------------------------------------------------


def _places(file: str, text: str) -> Mapping[str, str]:
    """`rules.loss-jump.severity` -> `lossscan.yaml:7`; TOML tells no lines, only the key's path."""
    if file.endswith(".toml"):
        table = tomllib.loads(text)["tool"]["lossscan"]
        return {key: f"{file}: tool.lossscan.{key}" for key in _toml_keys(table, "")}

    import yaml

    lines = _yaml_lines(yaml.compose(text, yaml.SafeLoader), "", DEEPEST)
    return {key: f"{file}:{line}" for key, line in lines}


def _toml_keys(table: Any, above: str) -> Iterator[str]:
    for key, value in table.items() if isinstance(table, Mapping) else ():
        yield f"{above}{key}"
        yield from _toml_keys(value, f"{above}{key}.")


def _yaml_lines(node: Any, above: str, deepest: int) -> Iterator[tuple[str, int]]:
    """Every key and every item of a list, with its line from 1."""
    kind = None if node is None else node.id
    if kind == "mapping" and deepest:
        for key, value in node.value:
            yield f"{above}{key.value}", key.start_mark.line + 1
            yield from _yaml_lines(value, f"{above}{key.value}.", deepest - 1)
    elif kind == "sequence":
        for index, item in enumerate(node.value):
            yield f"{above[:-1]}[{index}]", item.start_mark.line + 1
