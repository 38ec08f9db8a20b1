"""Runs in a SQLite file: MLflow's mlflow.db and Trackio's databases. It is opened to read only."""

from __future__ import annotations

import os
from array import array
from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lossscan.errors import LogDamaged, ReaderGaveUp, reason_of
from lossscan.formats.kit.cells import number, step_number
from lossscan.formats.kit.columns import RowLog, by_name, told_apart
from lossscan.formats.kit.damage import weighed
from lossscan.formats.kit.format import Format
from lossscan.formats.kit.many_keys import bounded
from lossscan.formats.kit.several import Kept, chosen, others
from lossscan.formats.kit.trainer_texts import trainer_by_arguments
from lossscan.model import Column, Note, Table
from lossscan.settings import Settings
from lossscan.sources.files import Head
from lossscan.sources.safe_json import object_in

if TYPE_CHECKING:
    import sqlite3

    from lossscan.numeric.arrays import FloatArray

MOST_POINTS: Final = 10_000_000  # of one run: ten for each of a million steps
MOST_RUNS: Final = 1_000_000  # whose names are looked at
MOST_PARAMS: Final = 10_000  # a trainer logs some 150
LONGEST: Final = 1 << 24  # bytes of a text or a row: Trackio keeps all that a step logs in one
MOST_WORK: Final = 500_000  # times a thousand steps of its machine: MOST_POINTS take two thirds
LONGEST_CELL: Final = 100  # characters; longer texts are no numbers
_MLFLOW: Final = "mlflow.db"
_TABLE: Final = b"CREATE TABLE metrics"  # SQLite keeps it so on the first page of most stores
_MAGIC: Final = b"SQLite format 3\0"
_PARAMS: Final = "SELECT key, value FROM params WHERE run_uuid IS ? LIMIT ?"
_INFINITE: Final = np.finfo(np.float64).max  # what MLflow stores for infinity, with its sign
_ENDED: Final = {"FINISHED": True, "FAILED": False, "KILLED": False}


def claims(head: Head) -> bool:
    """Whether it is a database with the tables of one of the two, or is called so and damaged."""
    if not head.start.startswith(_MAGIC):
        return False
    try:
        with closing(_opened(head)) as store:
            return _is_mlflow(store) or _is_trackio(store)
    except _damage():
        return head.name == _MLFLOW or _TABLE in head.start


def read(head: Head, settings: Settings) -> Table:
    """The run that has most points; a note tells how many others there are.

    Raises LogDamaged where SQLite cannot read it, ReaderGaveUp where a run has too many points.
    """
    try:
        with closing(_opened(head)) as store:
            found = _mlflow if _is_mlflow(store) else _trackio
            return found(store, head, settings)
    except _damage() as error:
        raise LogDamaged("damaged", reason=reason_of(error)) from error


def _damage() -> tuple[type[Exception], ...]:
    """What is raised over a damaged database; the errors of SQLite quote it."""
    import sqlite3

    return sqlite3.Error, OverflowError, UnicodeDecodeError


def _opened(head: Head) -> sqlite3.Connection:
    """The database as it is there: nothing is written next to it, unless it is in use anyway."""
    import sqlite3

    path = (head.content or head.path).resolve()
    shared, logged = (path.with_name(f"{path.name}-{each}").exists() for each in ("shm", "wal"))
    copied = logged and not shared and os.name == "posix"
    mode = "vfs=unix-none" if copied else "" if logged else "immutable=1"
    store = sqlite3.connect(f"{path.as_uri()}?mode=ro&{mode}", uri=True)
    if copied:  # nobody has it open: the index of its log, which others would share, is in memory
        store.execute("PRAGMA locking_mode = EXCLUSIVE")
    store.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST)
    left = iter(range(MOST_WORK))
    store.set_progress_handler(lambda: next(left, None) is None, 1000)
    store.execute("PRAGMA trusted_schema = OFF")
    store.text_factory = lambda text: text.decode(errors="replace")
    return store


def _is_mlflow(store: sqlite3.Connection) -> bool:
    return {"runs", "metrics", "params"} <= _tables(store)


def _is_trackio(store: sqlite3.Connection) -> bool:
    if "metrics" not in _tables(store):  # a view may never end
        return False
    columns_of = {name for _, name, *_ in store.execute("PRAGMA table_info(metrics)")}
    return {"run_name", "step", "metrics"} <= columns_of


def _tables(store: sqlite3.Connection) -> set[str]:
    return {name for (name,) in store.execute("SELECT name FROM sqlite_master WHERE type='table'")}


def _place(store: sqlite3.Connection) -> str:
    """What tells a row by its place; a table WITHOUT ROWID keeps none, and is counted through."""
    from sqlite3 import OperationalError

    try:
        store.execute("SELECT rowid FROM metrics LIMIT 0")
    except OperationalError:
        return "ROW_NUMBER() OVER ()"
    return "rowid"


def runs(head: Head) -> list[str]:
    """The names of all runs, of MLflow's those that are not unique by their ids."""
    try:
        found, called = _listed(head, Settings())
    except _damage():
        return []
    return [called.get(run, run) for run in found.keys]


@Kept
def _listed(head: Head, _: Settings) -> tuple[_Runs, dict[str, str]]:
    """The runs that hold points, and the names of MLflow's by id."""
    with closing(_opened(head)) as store:
        if _is_mlflow(store):
            return _Runs(store, "run_uuid"), _called(store)
        return _Runs(store, "run_name"), {}


class _Runs:
    """The runs that hold points; a damaged or foreign store may call one by what is no text."""

    def __init__(self, store: sqlite3.Connection, key: str) -> None:
        count = f"SELECT {key}, COUNT(*) FROM metrics GROUP BY {key}"  # noqa: S608 - one of two
        rows = store.execute(count).fetchall()
        self.keys = {_spelled(run): run for run, _ in rows}  # as they are stored
        self.points = {_spelled(run): int(points) for run, points in rows}


def _spelled(key: Any) -> str:
    """A key as SQL writes it, of text the text."""
    if key is None:
        return "NULL"
    return f"x'{key.hex()}'" if isinstance(key, bytes) else str(key)


def _called(store: sqlite3.Connection) -> dict[str, str]:
    """The names of the runs of MLflow by id, of those that have one which no other has."""
    names = store.execute("SELECT run_uuid, name FROM runs LIMIT ?", (MOST_RUNS,)).fetchall()
    times = Counter(name for _, name in names)
    return {str(run): str(name) for run, name in names if name and times[name] == 1}


def _mlflow(store: sqlite3.Connection, head: Head, settings: Settings) -> Table:
    found, called = _listed(head, settings)
    run = chosen(head, found.points, called)
    key, broken = found.keys[run], array("q")
    stated = dict(store.execute(_PARAMS, (key, MOST_PARAMS)))
    status = store.execute("SELECT status FROM runs WHERE run_uuid IS ?", (key,)).fetchone()
    columns = _mlflow_columns(store, key, broken)
    points = sum(len(column.steps) for column in columns.values())  # a row each
    return Table(
        by_name(columns, settings),
        framework=trainer_by_arguments(stated),
        config=stated,
        complete=_ENDED.get(str((status or [None])[0])),
        notes=(
            *others(head, called.get(run, run), len(found.keys)),
            *_skipped(head, broken, points),
        ),
        part=run,
    )


def _skipped(head: Head, broken: Sequence[int], whole: int) -> tuple[Note, ...]:
    """The note on rows that hold no step or no numbers, by their places; `whole` are others."""
    told = {"rows": len(broken), "first": min(broken, default=0)}
    note = Note("broken_rows", head.path, told)
    return (weighed(note, len(broken), whole),) if broken else ()


def _mlflow_columns(store: sqlite3.Connection, run: Any, broken: array[int]) -> dict[str, Column]:
    """All points in the order of time; what is no number is stored with a mark."""
    query = (
        f"SELECT {_place(store)}, step, key, value, is_nan FROM metrics"  # noqa: S608 - ours
        " WHERE run_uuid IS ? ORDER BY timestamp, step, 1"
    )
    places: dict[str, array[int]] = defaultdict(lambda: array("q"))
    values: dict[str, array[float]] = defaultdict(lambda: array("d"))
    for at, (row, step, key, stored, lost) in enumerate(store.execute(query, (run,))):
        if at >= MOST_POINTS:
            raise ReaderGaveUp("too_many_points", most=MOST_POINTS)
        place, value = step_number(step), float("nan") if lost else number(stored)
        if place is None or value is None:
            broken.append(row)
        else:
            places[_spelled(key)].append(place)
            values[_spelled(key)].append(value)
    return {
        key: Column(told_apart(np.array(places[key])), _restored(values[key]))
        for key in bounded(places)
    }


def _restored(stored: array[float]) -> FloatArray:
    """Values as they were logged."""
    values = np.array(stored)
    return np.where(abs(values) == _INFINITE, np.copysign(np.inf, values), values)


def _trackio(store: sqlite3.Connection, head: Head, settings: Settings) -> Table:
    found, _ = _listed(head, settings)
    run = chosen(head, found.points)
    key, broken = found.keys[run], array("q")
    config = _trackio_config(store, key) if "configs" in _tables(store) else {}
    columns = _trackio_columns(store, key, settings, broken)
    rows = max((len(column.steps) for column in columns.values()), default=0)
    return Table(
        columns,
        framework=trainer_by_arguments(config),
        config=config,
        notes=(*others(head, run, len(found.keys)), *_skipped(head, broken, rows)),
        part=run,
    )


def _trackio_columns(
    store: sqlite3.Connection, run: Any, settings: Settings, broken: array[int]
) -> dict[str, Column]:
    log = RowLog(settings)
    number_of = _place(store)
    query = f"SELECT {number_of}, step, metrics FROM metrics WHERE run_name IS ? ORDER BY 1"  # noqa: S608 - ours
    left = MOST_POINTS
    for number_of_row, step, text in store.execute(query, (run,)):
        place, row = step_number(step), object_in(text)
        kept = {key: row[key] for key in bounded(row) if key != "step" and not _is_long(row[key])}
        left -= 1 + len(kept)
        if left < 0:
            raise ReaderGaveUp("too_many_points", most=MOST_POINTS)
        if place is not None and row:
            log.add(place, kept)
        elif text != "{}":
            broken.append(number_of_row)
    return log.columns_as_stated()


def _is_long(value: Any) -> bool:
    return isinstance(value, str | list | dict) and len(value) > LONGEST_CELL


def _trackio_config(store: sqlite3.Connection, run: Any) -> dict[str, Any]:
    stated = store.execute("SELECT config FROM configs WHERE run_name IS ?", (run,)).fetchone()
    return object_in(stated[0]) if stated else {}


FORMAT = Format(
    name="sqlite_store",
    sample="mlflow.db, or a database of Trackio",
    claims=claims,
    read=read,
    priority=-5,  # known by its first bytes
    recorded=True,
    files=_MLFLOW,
    maybe_files="*.db *.sqlite *.sqlite3",
    runs=runs,
)
