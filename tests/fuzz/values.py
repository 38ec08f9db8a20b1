"""Reports whose texts and numbers are whatever a log may have put there."""

from __future__ import annotations

import os
import random
import unicodedata
from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from lossscan import reporters
from lossscan.model import Message, Report, RunReport, Series
from lossscan.reporters import Page, finished
from lossscan.words import UNPRINTABLE
from tests import reports
from tests.fuzz.mutation import mutated

NUMBERS = (0.0, -0.0, 1e308, -1e308, 1e-320, float("nan"), float("inf"), -float("inf"), 1e17, 0.1)
SHARE = 0.08  # of the values that are changed: three or four in a finding
# Of what is unprintable: ends of lines, tabs and the break that a viewer may use in a long word.
HARMLESS = {"\n", "\t", "\u200b"}
BYTES = {"parquet"}
FIXED = {"rule", "kind", "status", "stated_severity", "by", "format", "steps"}  # of lossscan itself
FIXED |= {"confidence", "score", "p_value", "type"}  # nothing of a log is in these


class SpokeError(Exception):
    """A report that holds what steers a terminal or a viewer."""


def shown(report: Report, dice: random.Random) -> str:
    """Write a report in one of the formats; returns which, raises SpokeError."""
    name = dice.choice(reporters.formats())
    page = Page(
        lang=dice.choice(("en", "zh")),
        single=dice.random() < 0.5,
        color=False,
        ascii=dice.random() < 0.2,
        width=dice.choice((20, 80, 100, 300)),
    )
    pieces = list(reporters.stream(name, finished(report, page), page))
    text = "".join(piece for piece in pieces if isinstance(piece, str))
    wild = {c for c in set(text) if unicodedata.category(c) in UNPRINTABLE} - HARMLESS
    if wild and name != "html":
        raise SpokeError(f"{name}: {sorted(wild)}")
    text.encode()  # a lone surrogate is no text
    return name


def changed(data: bytes, dice: random.Random) -> Report:
    """A report of one to three hand-made runs, some of whose values are made of the data."""
    made = (reports.jumped, reports.clean, reports.unreadable, reports.halved)
    runs = tuple(_changed(dice.choice(made)(), data, dice) for _ in range(dice.randint(1, 3)))
    return Report("0", tuple(run for run in runs if isinstance(run, RunReport)))


def _changed(value: Any, data: bytes, dice: random.Random, name: str = "") -> Any:
    if isinstance(value, Series):
        return _series(value, dice)
    if isinstance(value, Struct):
        new = {
            name: _changed(getattr(value, name), data, dice, name)
            for name in value.__struct_fields__
            if name not in FIXED
        }
        return replace(value, **new)
    if isinstance(value, tuple):
        return tuple(_changed(each, data, dice, name) for each in value)
    if isinstance(value, dict):
        return {_leaf(key, data, dice): _changed(each, data, dice) for key, each in value.items()}
    return _leaf(value, data, dice)


def _leaf(value: Any, data: bytes, dice: random.Random) -> Any:
    if dice.random() > SHARE:
        return value
    if isinstance(value, Message):
        return Message("as_said", text=_text(data, dice))
    if isinstance(value, str):
        return _text(value.encode(), dice) if dice.random() < 0.5 else _text(data, dice)
    if isinstance(value, float):
        return dice.choice(NUMBERS)
    return value


def _text(data: bytes, dice: random.Random) -> str:
    """As a path or a key may hold it: bytes that are no text are kept as surrogates."""
    return os.fsdecode(mutated(data[:200], dice, data).replace(b"\0", b""))


def _series(series: Series, dice: random.Random) -> Series:
    values = series.values.copy()
    for _ in range(dice.randint(0, 5)):
        values[dice.randrange(len(values))] = dice.choice(NUMBERS)
    if dice.random() < 0.1:
        values[:] = dice.choice(NUMBERS)
    if dice.random() < 0.1:
        count = dice.randint(1, 3)
        return replace(series, steps=series.steps[:count], values=values[:count])
    return replace(series, steps=np.array(series.steps), values=values)
