"""What a shell may complete: formats, rules and other words with a fixed set of values."""

from __future__ import annotations

from collections.abc import Callable, Iterable


def one_of(choices: Callable[[], Iterable[str]]) -> Callable[[str], list[str]]:
    """A completion from some words, which are asked for only when a shell wants them."""

    def complete(incomplete: str) -> list[str]:
        return [each for each in choices() if each.startswith(incomplete)]

    return complete


def known_rules() -> Iterable[str]:
    """The names of all rules."""
    from lossscan.rules import rule_names

    return rule_names()


def several_rules(incomplete: str) -> list[str]:
    """Rules behind a comma: those that are not named yet."""
    before, comma, last = incomplete.rpartition(",")
    named = set(before.split(","))
    left = (rule for rule in known_rules() if rule not in named)
    return [f"{before}{comma}{rule}" for rule in left if rule.startswith(last)]
