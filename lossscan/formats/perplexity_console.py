"""Lines that count and state the perplexity alone, as OpenNMT and NMT do: its log is the loss."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate
from typing import Final

from lossscan.canonical.names import canonical
from lossscan.canonical.sets import ANY
from lossscan.expressions import expression
from lossscan.formats.kit.columns import columns
from lossscan.formats.kit.counters import CounterPlace, place_of
from lossscan.formats.kit.format import Format
from lossscan.formats.kit.held_out import evaluations
from lossscan.formats.kit.stated import LineReader
from lossscan.formats.kit.steps import Placed, counted
from lossscan.formats.kit.text import PASTED, are_most, lines, peek
from lossscan.model import Note, Table
from lossscan.settings import Settings
from lossscan.sources.files import Head

FEWEST = 3  # lines that make a log: fewer are in documents
_STATED: Final = expression(
    rf"(?i)(?<![\w/])(?:({ANY})(?:[ _-]|: {{0,4}}))?"
    r"(?:ppl|perplexity)\b(?: is)?\s{0,4}[:=]?\s{0,8}"
    r"(\d{1,320}(?:\.\d{0,40})?(?:e[-+]?\d{1,3})?|nan|inf)(?=[^\w.+-])"
)

_TIMED: Final = expression(  # and no name ahead, as of each model of a benchmark
    rf"(?i)^[^a-z]{{0,60}}(?:(?:{ANY})[ _-]{{1,4}})?(?:ppl|perplexity)\b.{{1,80}}?"
    r"\b(?:speed|sps|wps|(?:tok(?:ens)?|words|samples)/s(?:ec)?)\b"
)


def claims(head: Head) -> bool:
    """Whether several of its lines hold a counter and a perplexity, and no loss."""
    text = peek(head)
    if not any(word in text for word in ("ppl", "PPL", "erplexity")):
        return False
    alone = [line for line in text.splitlines(keepends=True) if "loss" not in line.lower()]
    stated = list(_stated(alone))
    counted = [row for place, row in stated if place is not None]
    if any(canonical(name) == "learning_rate" for row in counted for name in row):
        return True  # no sentence says the rate as well
    if not counted:
        return _timed(alone) >= FEWEST
    found = len(counted)  # below each of two may be what was evaluated
    return found >= FEWEST or (found >= PASTED and are_most(len(stated), text))


def read(head: Head, settings: Settings) -> Table:
    """All perplexities as losses; an evaluation without a count is at the last one."""
    found = list(_stated(lines(head)))
    if all(place is None for place, _ in found):  # of a loop that counts nothing
        counts = accumulate("loss" in row for _, row in found)
        found = [(CounterPlace("step", n), row) for n, (_, row) in zip(counts, found, strict=True)]
    kinds = Counter(place.kind for place, _ in found if place is not None)
    kind = next((kind for kind, _ in kinds.most_common(1)), None)
    placed: list[Placed] = []
    last: CounterPlace | None = None
    for place, row in found:
        last = place if place is not None and place.kind == kind else last
        if last is not None and (place is last or "eval_loss" in row):
            placed.append((last, dict(row)))
    rows, length = counted(placed)
    return Table(
        columns(rows, settings),
        config={} if length is None else {"steps_per_epoch": length},
        notes=(Note("loss_of_perplexity", head.path),),
    )


def _timed(text: Iterable[str]) -> int:
    """How many lines state a perplexity and how fast it was reached, as no document does."""
    return sum("loss" in row for _, row in _stated(filter(_TIMED.match, text)))


def _stated(text: Iterable[str]) -> Iterator[tuple[CounterPlace | None, dict[str, float]]]:
    reader = LineReader()
    for line in text:
        found = list(_STATED.finditer(line))
        if found:
            evaluates = evaluations(line)
            row = {
                _name(each, evaluates): math.log(value) if (value := float(each[2])) else math.nan
                for each in found
            }
            own = reader.take(line).row
            rates = {n: float(own[n]) for n in own if canonical(n) == "learning_rate"}
            yield place_of(line), row | rates


def _name(stated: re.Match[str], evaluates: Callable[[int], bool]) -> str:
    trains = stated[1] is None or stated[1].lower().startswith("train")
    return "loss" if trains and not evaluates(stated.start()) else "eval_loss"


_SAMPLE = "Epoch 1, 50/2000; acc: 0.41; ppl: 232.4 (and no loss)"
FORMAT = Format(  # behind all that find a loss
    "perplexity_console", _SAMPLE, claims, read, priority=93
)
