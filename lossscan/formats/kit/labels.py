"""Rows of several runs in one table: a column names the model, fold, seed or client."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, Final

from lossscan.canonical.names import is_judged
from lossscan.canonical.sets import HELD_OUT
from lossscan.expressions import expression
from lossscan.formats.kit.many_keys import bounded

# The widest first: of a table of folds of several models, each fold of a model is a run.
LABELS: Final = (
    "name run run_name run_id experiment exp exp_name model model_name arch architecture method"
    " algorithm algo optimizer variant dataset task trial client client_id worker"
    " fold seed cv_fold kfold k_fold run.hash"
)
FEWEST: Final = 2  # rows of each run on average, or each row sums a run up
MOST: Final = 1000  # runs in a table
_SETS: Final = expression(rf"(?i)(?:{HELD_OUT})")
PHASES: Final = (
    "phase split mode set stage subset type metric.context.subset"  # the last one of Aim
)
_TRAINS: Final = ("train", "training", "is_train", "is_training")  # true or false
_TAGS: Final = "tag metric metric_name metric.name name key variable series scalar"
_VALUES: Final = "value metric_value val score"


@lru_cache(maxsize=4096)
def is_label(key: str) -> bool:
    """Whether a column of this name says which run a row belongs to."""
    return key.strip().lower().replace(" ", "_").replace("-", "_") in LABELS.split()


def labeled(key: str, value: Any) -> str:
    """The name of a run: a text stands alone, a number needs the name of its column."""
    text = str(value).strip()
    return f"{key.strip()}-{text}" if text.isdecimal() or text[:1].isdigit() else text


def label_of(row: Mapping[str, Any]) -> str:
    """The run that a row is of, by all columns that say so."""
    said = {key: row[key] for key in row if is_label(key) and isinstance(row[key], str | int)}
    return " ".join(labeled(key, value) for key, value in said.items())


def keys_of(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """All keys of some rows in the order in which they came, no more than are read."""
    return bounded(dict.fromkeys(chain.from_iterable(rows)))


def are_labeled(rows: Iterable[Mapping[str, Any]]) -> bool:
    """Whether any row has a key that may say which run it belongs to."""
    return any(map(is_label, keys_of(rows)))


def parted(rows: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The rows of each run by its name; all of them under no name where they are of one."""
    if not are_labeled(rows):
        return {"": rows}
    runs: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        runs[label_of(row)].append(row)
    return dict(runs) if 1 < len(runs) <= MOST else {"": rows}


def sums_up_runs(rows: Sequence[Mapping[str, Any]]) -> bool:
    """Whether each row is the result of another run, and none a point of a curve."""
    labels = {label_of(row) for row in rows} if are_labeled(rows) else ()
    return len(labels) > 1 and len(rows) < FEWEST * len(labels)


def tag_and_value(columns: Iterable[str]) -> tuple[str, str] | None:
    """The column that names the quantity of a row, and the one that holds its value alone."""
    folded = {key.strip().lower().replace(" ", "_"): key for key in columns}
    held = ([each for each in names.split() if each in folded] for names in (_TAGS, _VALUES))
    tag, value = (folded[each[0]] if each else None for each in held)
    return None if tag is None or value is None else (tag, value)


def beside_tag(row: dict[str, Any]) -> dict[str, Any]:
    """The row of a table with a name and a value in each, with the value under that name."""
    named = tag_and_value(row)
    if named is None:
        return row
    tag, value = named
    rest = {key: row[key] for key in row if key not in named}
    return rest | {str(row[tag]): row[value]}


def phase_key(columns: Iterable[str]) -> str | None:
    """The column that says whether a row is of training or of an evaluation.

    Next to a loss `train` is no loss.
    """
    named = {key.strip().lower(): key for key in columns}
    sure = (*PHASES.split(), *(_TRAINS if "loss" in named else ()))
    return next((key for name, key in named.items() if name in sure), None)


def beside_phase(row: dict[str, Any]) -> dict[str, Any]:
    """The row of an evaluation with names that say so, where another key says it."""
    said = phase_key(row)
    return row if said is None else of_set(row, held_out(row[said]))


def held_out(phase: Any) -> str:
    """The set that is kept apart which such a cell names; empty for training and what else."""
    name = str(phase).strip()
    name = "val" if name.lower() == "false" else name
    return name if _SETS.fullmatch(name) else ""


def of_set(row: dict[str, Any], name: str) -> dict[str, Any]:
    """The row, or columns, of a set that is kept apart with names that say so; `` trains."""
    return {f"{name}/{key}" if name and is_judged(key) else key: row[key] for key in row}
