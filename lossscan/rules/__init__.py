"""The rules: each module or folder here holds a `RULE`, other packages add more by entry points.

What a rule states of itself are the fields of `kit.rule.Rule`; its words are in `words/rules`, or
go with it. An entry point of the group `lossscan.rules` bears the name of the rule and leads to
its `Rule`. The names are known without loading any.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Any

from lossscan import plugins, words
from lossscan.errors import SettingsError, UsageError
from lossscan.model import Message
from lossscan.rules.kit.rule import Outcome as Outcome
from lossscan.rules.kit.rule import Rule as Rule

SEVERITY = "severity"  # every rule has this option; the settings take it out before a rule is asked


@cache
def rule_names() -> tuple[str, ...]:
    """All rules in alphabetical order, without loading any; raises PluginError."""
    return plugins.names(plugins.RULES, _own())


@cache
def load_rule(name: str) -> Rule:
    """Load one rule; raises UsageError where there is none of that name, PluginError."""
    _known(name)
    if name not in _own():
        return plugins.load(plugins.RULES, name, Rule)
    rule: Rule = import_module(f"{__name__}.{name.replace('-', '_')}").RULE
    return rule


@cache
def _own() -> frozenset[str]:
    modules = (module.name for module in pkgutil.iter_modules(__path__) if module.name != "kit")
    return frozenset(name.replace("_", "-") for name in modules)


def chosen_rules(select: tuple[str, ...] = (), ignore: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The rules selected (all where none is named) and not ignored; raises UsageError."""
    for name in (*select, *ignore):
        _known(name)
    chosen = tuple(name for name in select or rule_names() if name not in ignore)
    if not chosen:
        raise UsageError("no_rules_left")
    return chosen


def check_options(rules: Mapping[str, Mapping[str, Any]], source: str | None = None) -> None:
    """Raise SettingsError where a settings file gives options that a rule does not take."""
    for rule, given in rules.items():
        at = source or "settings"
        if rule not in rule_names():
            hint = words.nearest(rule, rule_names())
            raise SettingsError("rule_entry", at=at, key=f"rules.{rule}", hint=hint)
        for name, value in given.items():
            _check_option(at, f"rules.{rule}.{name}", value, load_rule(rule).options)


def _check_option(at: str, key: str, value: object, options: Mapping[str, Any]) -> None:
    name = key.rpartition(".")[2]
    if name not in options:
        hint = words.nearest(name, (*options, SEVERITY))
        raise SettingsError("unknown_option", at=at, key=key, hint=hint)
    expected = type(options[name])
    if not _fits(value, expected):
        noun = Message(_NOUNS.get(expected, expected.__name__))
        said = words.printable(repr(value))
        default = repr(options[name])
        raise SettingsError(
            "wrong_option", at=at, key=key, expected=noun, found=said, default=default
        )
    if isinstance(value, int | float) and value < 0:  # all are sizes, shares or counts
        default = repr(options[name])
        raise SettingsError("negative_option", at=at, key=key, found=value, default=default)


_NOUNS = {float: "a_number", int: "an_integer", bool: "a_boolean", str: "a_string"}


def _fits(value: object, expected: type) -> bool:
    if isinstance(value, bool) or expected is bool:
        return isinstance(value, bool) and expected is bool
    return isinstance(value, (int, float) if expected is float else expected)


def _known(name: str) -> None:
    if name not in rule_names():
        raise UsageError("unknown_rule", name=name, hint=words.nearest(name, rule_names()))
