"""What a rule states of itself; no other module knows a rule by its name."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:  # `explain` lists rules, and needs neither numpy nor a report for it
    from lossscan.model import Finding, RuledOut
    from lossscan.rules.kit.case import Case

Outcome: TypeAlias = "Finding | RuledOut"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; the keyword options of `check` are what a settings file may override."""

    name: str
    check: Callable[..., Iterator[Outcome]]  # of a case
    page: str | None = None  # its words as YAML, where they are in no file of `words/rules`

    @property
    def options(self) -> Mapping[str, Any]:
        """The options it takes, with their defaults."""
        parameters = inspect.signature(self.check).parameters.values()
        return {each.name: each.default for each in parameters if each.kind is each.KEYWORD_ONLY}

    def __call__(self, case: Case, options: Mapping[str, Any] | None = None) -> tuple[Outcome, ...]:
        """What the rule says of one run, under its name."""
        from msgspec.structs import replace

        said = self.check(case, **(options or {}))
        return tuple(replace(each, rule=self.name) for each in said)
