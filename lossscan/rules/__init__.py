"""The rules, one module each, found by listing this folder; their words lie in `words/rules`.

A rule module holds `RULE = "loss-jump"` and `def check(run, signals, *, option=default, ...)`,
which yields Hits and Acquittals. The keyword options of `check` are what a settings file may
override. Modules whose name starts with an underscore are helpers.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, TypeAlias

from lossscan import words
from lossscan.errors import SettingsError, UsageError
from lossscan.model import Acquittal, Hit, Run, Signals

Outcome: TypeAlias = Hit | Acquittal
SEVERITY = "severity"  # every rule has this option; the settings take it out before a rule is asked


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule and the options it takes, with their defaults."""

    name: str
    check: Callable[..., Iterator[Outcome]]
    options: Mapping[str, Any] = field(default_factory=dict)

    def __call__(
        self, run: Run, signals: Signals, options: Mapping[str, Any] | None = None
    ) -> tuple[Outcome, ...]:
        """What the rule says of one run."""
        return tuple(self.check(run, signals, **(options or {})))


@cache
def rule_names() -> tuple[str, ...]:
    """All rules in alphabetical order, without loading any."""
    stems = (path.stem for path in Path(__file__).parent.glob("*.py"))
    return tuple(sorted(stem.replace("_", "-") for stem in stems if stem != "__init__"))


@cache
def load_rule(name: str) -> Rule:
    """Import one rule; raises UsageError where there is none of that name."""
    _known(name)
    module = import_module(f"{__name__}.{name.replace('-', '_')}")
    parameters = inspect.signature(module.check).parameters.values()
    defaults = {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}
    return Rule(module.RULE, module.check, defaults)


def chosen_rules(select: tuple[str, ...] = (), ignore: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The rules selected (all where none is named) and not ignored; raises UsageError."""
    for name in (*select, *ignore):
        _known(name)
    chosen = tuple(name for name in select or rule_names() if name not in ignore)
    if not chosen:
        raise UsageError("no rules left to run", hint="select more rules, or ignore fewer")
    return chosen


def check_options(rules: Mapping[str, Mapping[str, Any]], source: str | None = None) -> None:
    """Raise SettingsError where a settings file gives options that a rule does not take."""
    for rule, given in rules.items():
        place = f"{source or 'settings'}: rules.{rule}"
        if rule not in rule_names():
            raise SettingsError(f"{place}: unknown rule", hint=words.nearest(rule, rule_names()))
        for name, value in given.items():
            _check_option(f"{place}.{name}", name, value, load_rule(rule).options)


def _check_option(place: str, name: str, value: object, options: Mapping[str, Any]) -> None:
    if name not in options:
        raise SettingsError(
            f"{place}: unknown option", hint=words.nearest(name, (*options, SEVERITY))
        )
    expected = type(options[name])
    if not _fits(value, expected):
        noun = _NOUNS.get(expected, expected.__name__)
        raise SettingsError(
            f"{place}: expected {noun}, found {words.printable(repr(value))}",
            hint=f"the default is {options[name]!r}",
        )
    if isinstance(value, int | float) and value < 0:  # all are sizes, shares or counts
        raise SettingsError(
            f"{place}: must not be negative: {value}", hint=f"the default is {options[name]!r}"
        )


_NOUNS = {float: "a number", int: "an integer", bool: "true or false", str: "a string"}


def _fits(value: object, expected: type) -> bool:
    if isinstance(value, bool) or expected is bool:
        return isinstance(value, bool) and expected is bool
    return isinstance(value, (int, float) if expected is float else expected)


def _known(name: str) -> None:
    if name not in rule_names():
        raise UsageError(f"unknown rule {name!r}", hint=words.nearest(name, rule_names()))
