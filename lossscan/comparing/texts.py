"""The catalogue of a comparison: kinds of settings, and what explains which parting."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from msgspec import Struct

from lossscan.model import Message
from lossscan.words.own_yaml import catalogue_in

MANY_TIMES = math.log(2)  # from there on a factor is easier to read than a percentage
LARGEST = 700.0  # of a logarithm; the exponential of more is no number


class Catalogue(Struct, frozen=True):
    """The file `catalogue.yaml`, looked up by field, family and shape."""

    unrelated: frozenset[str]  # settings that no loss depends on
    derived: frozenset[str]  # settings that follow from others
    families: Mapping[str, str]  # field -> family
    weights: Mapping[str, Mapping[str, float]]  # shape -> family -> how well it explains, 0..1

    def family(self, field: str) -> str:
        """The kind of a setting."""
        return self.families.get(field, "other")

    def weight(self, shape: str, family: str) -> float:
        """How well a difference of that kind explains that way of parting."""
        weights = self.weights[shape]
        return 0.0 if family == "evaluation" else weights.get(family, weights["other"])


@cache
def catalogue() -> Catalogue:
    """The catalogue, read once."""
    raw = catalogue_in(Path(__file__).with_name("catalogue.yaml"))
    families, shapes = raw["families"], raw["shapes"]
    return Catalogue(
        unrelated=frozenset(raw["unrelated"].split()),
        derived=frozenset(raw["derived"].split()),
        families={
            field: name for name, entry in families.items() for field in entry["fields"].split()
        },
        weights={name: entry["weights"] for name, entry in shapes.items()},
    )


def said(name: str, **values: object) -> Message:
    """A sentence of a comparison with its numbers."""
    return Message(f"compare/{name}", **values)


def joined(first: Message, second: Message) -> Message:
    """Two parts of a sentence."""
    return said("joined", first=first, second=second)


def share(gap: float, *, log: bool) -> str:
    """A gap in short, without sign: of logarithms as a percentage or factor, else as it is."""
    if not log:
        return f"{abs(gap):.3g}"
    if abs(gap) > MANY_TIMES:
        return f"×{1 + relative(abs(gap)):.2g}"
    return f"{abs(100 * relative(gap)):.2g}%"


def relative(gap: float) -> float:
    """A gap of logarithms as a share: 0.1 is a tenth more."""
    return math.expm1(min(gap, LARGEST))
