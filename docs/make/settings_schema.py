"""The JSON Schema of a settings file, made of the keys, rules and options that the code has."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from lossscan import words
from lossscan.model import Severity
from lossscan.rules import load_rule, rule_names
from lossscan.settings import GATES, KEYS, REQUIRED, SUPPRESSION_KEYS, TIMEOUT
from lossscan.words.pages import load_page, worded

NAME = "settings.schema.json"
_TYPES: Mapping[type, str] = {float: "number", int: "integer", bool: "boolean", str: "string"}


def settings_schema() -> str:
    """The text of docs/settings.schema.json; raises KeyError for a key that it does not know."""
    known = _keys()
    whole = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "lossscan settings",
        "description": "lossscan.yaml, or [tool.lossscan] of pyproject.toml",
        **_table({key: known[key] for key in KEYS}),
    }
    return json.dumps(whole, ensure_ascii=False, indent=2) + "\n"


def _keys() -> dict[str, Any]:
    return {
        "lang": {"enum": [*words.LANGUAGES], "description": "language of the prose"},
        "fail-on": {
            "enum": [*map(str, GATES)],
            "default": str(Severity.CRITICAL),
            "description": "lowest severity that makes the exit status 1",
        },
        "select": _names("only these rules"),
        "ignore": _names("all rules but these"),
        "series": {
            "type": "object",
            "additionalProperties": {"type": "string"},
            "description": "what your log calls a series: canonical name to key",
        },
        "text": _table(
            {
                "pattern": {
                    "type": "string",
                    "description": "a regular expression for a line of your log; "
                    "its named groups are columns",
                }
            }
        ),
        "rules": _table({rule: _rule(rule) for rule in rule_names()}),
        "timeout": {
            "type": ["number", "null"],
            "exclusiveMinimum": 0,
            "default": TIMEOUT,
            "description": "seconds that each run of a batch may take",
        },
        "suppress": {"type": "array", "items": _suppression()},
    }


def _table(properties: Mapping[str, Any], required: Iterable[str] = ()) -> dict[str, Any]:
    asked = {"required": [*required]} if required else {}
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": dict(properties),
        **asked,
    }


def _names(description: str) -> dict[str, Any]:
    listed = {"type": "array", "items": {"enum": [*rule_names()]}}
    joined = {"type": "string", "description": "separated by commas"}
    return {"anyOf": [listed, joined], "description": description}


def _rule(name: str) -> dict[str, Any]:
    entry = load_page(name)
    severity = {"enum": [*map(str, Severity)], "default": str(entry.severity)}
    options = {
        option: {"type": _TYPES[type(default)], "default": default}
        for option, default in load_rule(name).options.items()
    }
    return {
        "description": worded(entry.summary, "en"),
        **_table({"severity": severity, **options}),
    }


def _suppression() -> dict[str, Any]:
    text = {"type": "string", "pattern": r"\S"}
    said = {
        "rule": {"enum": [*rule_names()]},
        "reason": {**text, "description": "why these findings may pass"},
        "runs": {**text, "default": "**", "description": "pattern of the paths of the runs"},
        "expires": {
            "type": "string",
            "format": "date",
            "description": "the last day on which it counts",
        },
    }
    return _table({key: said[key] for key in SUPPRESSION_KEYS}, REQUIRED)
