"""What is known of a simulated run: what happens, where, how large, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from lossscan.model import Run


class Truth(Struct, frozen=True):
    """One thing that happens in a run."""

    rules: tuple[str, ...]  # any of these names is right
    step: int | None = None  # first logged step that shows it; None where it has no place
    tolerance: float = 2.0  # logged points by which a finding may be off
    size: float | None = None  # in noise units of one logged point; None where it has no size
    causes: tuple[str, ...] = ()  # the setting or event behind it; then the mechanism, if named
    alike: bool = False  # whether any of the causes is as right as the first
    sharp: bool = True  # whether its place is a point, and not a stretch


class Draft(Struct, frozen=True):
    """A run and the truth about it, as a phenomenon or a look-alike leaves it."""

    run: Run
    expect: tuple[Truth, ...] = ()
    allow: frozenset[str] = frozenset()  # rules that may fire beside the expected ones
    recipe: Mapping[str, Any] = field(default_factory=dict)


class Case(Struct, frozen=True):
    """A labelled run with its name, from which it can be built again."""

    name: str  # half/kind/what/size/number
    run: Run
    expect: tuple[Truth, ...]
    allow: frozenset[str]
    recipe: Mapping[str, Any]  # seed and all that was drawn

    @property
    def kind(self) -> str:
        """Clean, phenomenon or look-alike."""
        return self.name.split("/")[1]
