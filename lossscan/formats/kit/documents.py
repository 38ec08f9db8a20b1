"""The tables in a JSON document of any nesting, as scripts keep what their loops collected.

A table is a list of rows, an object of lists, or an object of rows by epoch; below a key, it is of
a run of its own where others like it are next to it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import Any, Final, TypeAlias

from lossscan.canonical.fields import canonical_fields
from lossscan.canonical.names import canonical, is_judged
from lossscan.expressions import expression
from lossscan.formats.kit.labels import (
    beside_phase,
    keys_of,
    label_of,
    parted,
    phase_key,
    sums_up_runs,
)
from lossscan.formats.kit.many_keys import bounded
from lossscan.formats.kit.wide import (
    by_file,
    falling_sets,
    is_cell,
    is_number,
    is_set,
    listed,
    listed_rows,
    says_losses,
)

DEEPEST: Final = 6  # levels above a table
MOST_RUNS: Final = 1000  # in a document; a search over settings has some hundred
MOST_PARTS: Final = 4  # levels below a row that become a part of its keys
SPREAD: Final = 2  # times as many points as an evaluation has: it was made every so many of them
Rows: TypeAlias = list[dict[str, Any]]

_COUNTED: Final = expression(
    r"(?i)(?:(epoch|ep|step|iter|iteration|round|episode)s?[ _-]?)?(\d{1,12})"
)
_OF_LOSSES: Final = expression(r"(?i)loss(?:es)?")
_COUNTERS: Final = ("step", "epoch", "round", "episode")
_CLOCKS: Final = expression(r"(?i).{0,40}(?:time|date|duration|elapsed).{0,40}|phase|split|mode")
_SETTINGS: Final = expression(
    r"(?i)(?:train(?:ing)?_?)?(?:config(?:uration)?|arg(?:ument)?s|hyper_?param(?:eter)?s|hparams"
    r"|params|settings|options)"
)


@dataclass(frozen=True, slots=True)
class RowsAt:
    """The rows at one place of a document."""

    path: tuple[str, ...]
    rows: Rows

    def names(self) -> frozenset[str]:
        """The names of the losses and of what else is judged."""
        return frozenset(canonical(key) for key in keys_of(self.rows) if is_judged(key))


def tables_in(document: Any, file: str = "") -> dict[str, Rows]:
    """The rows of each run that a document holds, by name; one run has the name ``.

    Of tables that are not alike the fullest counts: the other sums it up. `file` may say that
    numbers are losses which have other names.
    """
    alike: dict[tuple[int, frozenset[str]], list[RowsAt]] = defaultdict(list)
    for found in _by_set(_found(document, ())):
        alike[len(found.path), found.names()].append(found)
    if not alike:
        return _by_file(document, file)
    fullest = max(alike.values(), key=lambda group: sum(len(found.rows) for found in group))
    if len(fullest) == 1:
        return {"": fullest[0].rows}
    return {_named(found.path, fullest): found.rows for found in fullest}


def _by_file(document: Any, file: str) -> dict[str, Rows]:
    """The lists of a document that only its file calls losses, or their sets, by run."""
    if isinstance(document, list):
        return {"": rows} if says_losses(file) and (rows := listed_rows(document)) else {}
    if not isinstance(document, dict):
        return {}
    lists = {key: cells for key, each in document.items() if (cells := listed(each))}
    runs = by_file(list(lists), file) or falling_sets(lists)
    held = {run: _columns({name: lists[key] for key, name in runs[run].items()}) for run in runs}
    return {run: own for run, own in held.items() if len(own) > 1}


def settings_in(document: Any) -> dict[str, Any]:
    """The items of all objects whose name says that they are settings."""
    if not isinstance(document, dict):
        return {}
    held = (each for key, each in document.items() if _SETTINGS.fullmatch(key))
    return {key: value for each in held if isinstance(each, dict) for key, value in each.items()}


def _named(path: tuple[str, ...], group: Sequence[RowsAt]) -> str:
    """The parts of a path that not all of its kind share."""
    same = [len({found.path[at] for found in group}) == 1 for at in range(len(path))]
    return "/".join(part for part, shared in zip(path, same, strict=True) if not shared)


def _by_set(tables: Iterable[RowsAt]) -> Iterator[RowsAt]:
    """The tables, those of training and of evaluation side by side as one."""
    sides: dict[tuple[str, ...], list[RowsAt]] = defaultdict(list)
    for found in tables:
        if found.path and is_set(found.path[-1]):
            sides[found.path[:-1]].append(found)
        else:
            yield found
    for path, parts in sides.items():
        sets = [_of_set(found.path[-1], found.rows) for found in parts]
        if any(canonical(key) in _COUNTERS for each in sets for key in each[0]):
            yield RowsAt(path, [row for each in sets for row in each])
        else:  # what is at one place belongs together
            joined = zip_longest(*sets, fillvalue={})
            yield RowsAt(path, [{k: v for part in row for k, v in part.items()} for row in joined])


def _of_set(name: str, rows: Rows) -> Rows:
    def label(key: str) -> str:
        return key if canonical(key) in _COUNTERS else f"{name}/{key}"

    return [{label(key): row[key] for key in row} for row in rows]


def _found(node: Any, path: tuple[str, ...]) -> Iterator[RowsAt]:
    if len(path) > DEEPEST:
        return
    if isinstance(node, list):
        objects = [each for each in node if isinstance(each, dict)]
        rows = _rows(objects, within_set=bool(path) and is_set(path[-1]))
        below = [(label_of(each) or str(at), each) for at, each in enumerate(objects[:MOST_RUNS])]
    elif isinstance(node, dict):
        rows = _by_counter(node) or _columns(_beside_sets(node))
        below = list(node.items())[:MOST_RUNS]
    else:
        return
    if rows:
        for label, part in parted(rows).items():
            yield RowsAt((*path, label) if label else path, part)
        return
    for key, child in below:
        yield from _found(child, (*path, str(key)))


def _rows(objects: Rows, *, within_set: bool) -> Rows:
    """The objects as rows where these are such of a log: they count, or hold numbers alone."""
    nested = dict in set(map(type, chain.from_iterable(map(dict.values, objects))))
    rows = list(map(_flat, objects)) if nested else [*objects]
    if any(key.lower().endswith("total") for key in keys_of(rows)):
        rows = [_with_total(row, within_set=within_set) for row in rows]
    keys = keys_of(rows)
    held = _of_numbers(rows, keys)
    if not any(map(is_judged, held)) or sums_up_runs(rows):
        return []
    counted = any(canonical(key) in _COUNTERS for key in held)
    if not (counted or _are_points(rows, held)):
        return []
    return rows if phase_key(keys) is None else list(map(beside_phase, rows))


def _of_numbers(rows: Rows, keys: Collection[str]) -> set[str]:
    """The keys that hold a number in any row."""
    left = set(keys)
    for row in rows:  # `left & row.keys()` goes through the room of all that ever were in it
        left.difference_update([key for key in row if key in left and is_number(row[key])])
    return set(keys) - left


def _are_points(rows: Rows, held: Collection[str]) -> bool:
    """Whether rows that count nothing hold numbers alone, and none of what a training is set to."""
    texts = (row[key] for row in rows for key in row if not _CLOCKS.fullmatch(key))
    set_to = canonical_fields(dict.fromkeys(held, 1)).keys() - {"learning_rate"}
    return all(map(is_cell, texts)) and not set_to


def _by_counter(node: Mapping[str, Any]) -> Rows:
    """The rows of an object whose keys are epochs or steps: `{"1": {"loss": 2.3}, ...}`."""
    counts = [_COUNTED.fullmatch(key) for key in node]
    rows = [each for each in node.values() if isinstance(each, dict)]
    if not node or len(rows) < len(node) or not all(counts):
        return []
    counters = {(count[1] or "epoch").lower() for count in counts if count}
    flat = [_with_total(_flat(row), within_set=False) for row in rows]
    if not any(is_judged(key) and is_number(row[key]) for row in flat for key in row):
        return []
    stated = any(canonical(key) in _COUNTERS for row in flat for key in row)
    counter = "epoch" if "ep" in counters else counters.pop()
    numbers = [int(count[2]) for count in counts if count]
    return [row if stated else {counter: at} | row for at, row in zip(numbers, flat, strict=True)]


def _columns(node: Mapping[str, Any]) -> Rows:
    """The rows of an object of lists; an evaluation made now and then is put where it was made."""
    lists = {key: cells for key, each in node.items() if (cells := listed(each))}
    lists = {key: lists[key] for key in bounded(lists)}
    if not any(map(is_judged, lists)):
        return []
    most = max(len(each) for key, each in lists.items() if is_judged(key))
    for key, cells in lists.items():
        if canonical(key).startswith(("eval_", "test_")) and 1 < len(cells) * SPREAD <= most:
            lists[key] = _spread(cells, most)
    return [dict(zip(lists, row, strict=True)) for row in zip_longest(*lists.values())]


def _spread(cells: Sequence[Any], most: int) -> list[Any]:
    """The cells at the ends of equal parts of `most` places."""
    spread: list[Any] = [None] * most
    for at, cell in enumerate(cells, start=1):
        spread[at * most // len(cells) - 1] = cell
    return spread


def _flat(row: Mapping[str, Any], depth: int = MOST_PARTS) -> dict[str, Any]:
    """Objects in a row become a part of its keys where they say of what set, or of what loss."""
    flat: dict[str, Any] = {}
    alike = [key for key in row if isinstance(row[key], dict) and not _says(key)]
    for key, value in row.items():
        if isinstance(value, dict) and depth and not all(map(str.isdecimal, value)):
            for name, item in _flat(value, depth - 1).items():
                joined = _joined(key, name)
                apart = joined in row or (len(alike) > 1 and key in alike)  # of clients, as a rule
                flat[f"{key}/{name}" if apart else joined] = item
        else:
            flat[key] = value
    return flat


def _beside_sets(node: Mapping[str, Any]) -> dict[str, Any]:
    """The object with what is below `train`, `val` or `loss`, and nothing below other keys."""
    below = {key: each for key, each in node.items() if isinstance(each, dict)}
    held = {key: each for key, each in below.items() if _says(key) or all(map(is_set, each))}
    return {key: node[key] for key in node if key not in held} | _flat(held, depth=2)


def _says(key: str) -> bool:
    """Whether a key says of what set, or of what loss, the numbers below it are."""
    return is_set(key) or _OF_LOSSES.fullmatch(key) is not None


def _joined(outer: str, inner: str) -> str:
    """`val` and `loss` are the evaluation's, `losses` and `box` a part; others add nothing."""
    if is_set(outer):
        return f"{outer}/{inner}"
    if _OF_LOSSES.fullmatch(outer):
        part = f"loss/{inner}" if is_set(inner) else f"{inner}_loss"
        return inner if is_judged(inner) else part
    return inner if is_judged(inner) or canonical(inner) in _COUNTERS else f"{outer}/{inner}"


def _with_total(row: dict[str, Any], *, within_set: bool) -> dict[str, Any]:
    """The row with the `total` of a set as the loss, where nothing else in it is called one."""
    if any(map(is_judged, row)):
        return row
    totals = [key for key in row if "/" in key or within_set]
    totals = [key for key in totals if key.rpartition("/")[2].lower() == "total"]
    return {f"{key}_loss" if key in totals else key: value for key, value in row.items()}
