"""Tables with columns of several runs, or with columns that only the file says are losses.

So is `epoch, cnn_train_loss, cnn_val_loss, lstm_train_loss, ...`, and in a file called `loss.csv`
also `epoch, cnn, lstm`, or `epoch, train, val`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from types import NoneType
from typing import Any, Final, TypeAlias

from lossscan.canonical.names import canonical, is_judged, is_known
from lossscan.canonical.sets import ANY
from lossscan.expressions import expression
from lossscan.formats.kit.cells import number

# The names of the columns of each run by what they are called in the table.
Renamed: TypeAlias = Mapping[str, Mapping[str, str]]

_WHAT: Final = rf"(?P<what>(?:{ANY})[ _-]?loss(?:es)?)"
_BEFORE: Final = expression(rf"(?i)\A(?P<run>.{{1,60}}?)[ _/.:-]{{1,3}}{_WHAT}")
_BEHIND: Final = expression(rf"(?i){_WHAT}[ _/.:(\[-]{{1,3}}(?P<run>[^()\[\]]{{1,60}})[)\]]?")
_NO_RUN: Final = expression(  # of one run: how it was averaged, or a part of its loss
    r"(?i)(?:best|min|max|avg|mean|average|last|final|prev|current|running|smooth(?:ed)?|total|sum"
    r"|epoch|step|batch|iter|std|history|list|d|g|gen|disc|generator|discriminator|critic|adv|kl"
    r"|recon\w*|cls|box|dfl|obj|reg|ce|bce|mse|mae|l1|l2|nll|lm|aux|ctc|dice|actor|policy|value)"
)
_PLAYERS: Final = expression(r"(?i)(?:d|g|gen|disc|generator|discriminator|critic)")
_ONE_SET: Final = expression(rf"(?i)(?:{ANY})")
_OF_LOSSES: Final = expression(r"(?i)loss|nll|cost")
_NO_LOSS: Final = expression(  # columns that are next to losses in files called after these
    r"(?i)|x|i|n|idx|index|unnamed.{0,30}|date|batch\w*|it|itr|ep|lr|psnr|ssim|bleu|seconds|round|episode"
    r"|percent\w*|\A.{0,30}(?:time.{0,30}|acc\w{0,30}|f1.{0,30}|auc.{0,30}|iou.{0,30}|dice.{0,30}|precision|recall)"
)
_LETTER: Final = expression(r"[^\W\d_]")
_MONITOR: Final = ("r", "l", "t")  # of each episode, as gym's Monitor writes: reward, length, time
_UNNAMED: Final = ["x1", "x2"]  # of Julia's CSV: a counter and its numbers, for `bare_numbers`
SEVERAL: Final = 2  # runs, or sets: one needs no names for its columns
ENDS: Final = 3  # parts of a list whose first and last tell whether it falls
_PAIR: Final = ("train_loss", "val_loss")
_CELLS: Final = {int, float, bool, NoneType}


def of_runs(columns: Sequence[str]) -> Renamed:
    """The columns of each run where all that are losses say a run before or behind their set."""
    runs: dict[str, dict[str, str]] = defaultdict(dict)
    for name in columns:
        match = _BEFORE.fullmatch(name) or _BEHIND.fullmatch(name)
        if match is None or _NO_RUN.fullmatch(match["run"]):
            if is_judged(name):
                return {}
            continue
        runs[match["run"]][name] = match["what"]
    return runs if len(runs) >= SEVERAL else {}


def says_losses(file: str) -> bool:
    """Whether a file is called after the losses that it holds."""
    return _OF_LOSSES.search(file) is not None


def by_file(columns: Sequence[str], file: str) -> Renamed:
    """The columns of a file that is called after losses and names none: see the module."""
    if tuple(columns[: len(_MONITOR)]) == _MONITOR:
        return {"": {"r": "reward", "l": "episode_length"}}
    if not says_losses(file) or any(map(is_judged, columns)) or [*columns] == _UNNAMED:
        return {}
    if not all(_LETTER.search(name) for name in columns if name):
        return _numbered(columns)
    unknown = [name for name in columns if not _NO_LOSS.fullmatch(name) and not is_known(name)]
    for kind in (_ONE_SET, _PLAYERS):
        own = [name for name in unknown if kind.fullmatch(name)]  # next to them may be their sum
        if own and (len(own) >= SEVERAL or own == unknown):
            return {"": {name: f"{name}_loss" for name in own}}
    if len(unknown) == 1:
        return {"": {unknown[0]: "loss"}}
    return {name: {name: "loss"} for name in unknown}


def _numbered(columns: Sequence[str]) -> Renamed:
    """Each column a loss where pandas numbered them, as they had no names."""
    numbers = ("", *map(str, range(len(columns) - 1)))
    several = len(columns) > SEVERAL and tuple(columns) == numbers
    return {name: {name: "loss"} for name in columns if name} if several else {}


def renamed(columns: Sequence[str], runs: Renamed, run: str) -> list[str]:
    """All columns as they are called in one of the runs; those of the others have no name."""
    own = runs[run]
    foreign = {name for other in runs.values() for name in other} - own.keys()
    return ["" if name in foreign else own.get(name, name) for name in columns]


def counts(columns: Sequence[str]) -> bool:
    """Whether one of the columns is a step or an epoch."""
    return not {"step", "epoch"}.isdisjoint(map(canonical, columns))


def is_set(key: str) -> bool:
    """Whether a key is the name of a set alone."""
    return _ONE_SET.fullmatch(key) is not None


def falling_sets(lists: Mapping[str, Sequence[Any]]) -> Renamed:
    """Lists that are called `train` and `val` alone: a loss falls, an accuracy would rise."""
    sets = {key: f"{key}_loss" for key in lists if is_set(key)}
    trained = next((each for key, each in lists.items() if key.lower().startswith("train")), ())
    cells = [float(cell) for cell in trained if is_number(cell)]
    size = len(cells) // ENDS
    falls = size > 0 and sum(cells[-size:]) < sum(cells[:size])
    return {"": sets} if len(sets) > 1 and falls else {}


def listed_rows(document: Sequence[Any]) -> list[dict[str, Any]]:
    """The rows of a list of lists `[step, loss]` or `[step, training loss, evaluation loss]`.

    Two long lists side by side are the losses of training and of evaluation.
    """
    rows = [row for row in document if isinstance(row, list)]
    if len(document) == len(rows) == len(_PAIR) and all(len(listed(row)) > ENDS for row in rows):
        return [dict(zip(_PAIR, row, strict=True)) for row in zip_longest(*rows)]
    names = ("step", "train_loss", "val_loss")[: max(map(len, rows), default=0)]
    if len(rows) < len(document) or not all(
        len(row) == len(names) > 1 and type(row[0]) is int and all(map(is_cell, row))
        for row in rows
    ):
        return []
    return [dict(zip(names, row, strict=True)) for row in rows]


def listed(value: Any) -> list[Any]:
    """A list of numbers, also as pandas writes one: `{"0": 2.3, "1": 2.2}`; else none."""
    if isinstance(value, dict) and value and all(map(str.isdecimal, value)):
        value = list(value.values())
    held = value if isinstance(value, list) else []
    return held if set(map(type, held)) <= _CELLS or all(map(is_cell, held)) else []


def is_cell(value: Any) -> bool:
    """Whether it is what a column of numbers may hold."""
    return value is None or isinstance(value, bool) or is_number(value)


def is_number(value: Any) -> bool:
    """Whether it is a number, also one in words such as `NaN`."""
    return not isinstance(value, bool) and value is not None and number(value) is not None
