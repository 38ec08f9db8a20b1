"""The state file of `--changed-only`: what each run's files were like when it was last reported.

SQLite in WAL mode with short transactions: many batches may share one file, and a batch that is
killed leaves it as it was. What is noted is passed over the next time, so a run that could not be
read whole is not.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from time import time

from lossscan import __version__
from lossscan.batching.work import Task
from lossscan.errors import OutputError, UsageError
from lossscan.settings import Settings

PATIENCE = 60.0  # seconds to wait for another batch's transaction, which lasts some milliseconds
AT_ONCE = 500  # rows in one transaction, so that others get their turn
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}

_TABLE = """CREATE TABLE IF NOT EXISTS lossscan_runs (
    path TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, status TEXT NOT NULL
) WITHOUT ROWID"""
_KNOWN = "SELECT status FROM lossscan_runs WHERE path = ? AND fingerprint = ?"
_NOTE = """INSERT INTO lossscan_runs VALUES (?, ?, ?) ON CONFLICT (path)
    DO UPDATE SET fingerprint = excluded.fingerprint, status = excluded.status"""


class History:
    """The state file, and the fingerprints of this batch's runs as they were before reading."""

    def __init__(self, file: Path, settings: Settings) -> None:
        self._file = file
        self._salt = f"{__version__}\0{settings!r}"  # other rules would say other things
        self._prints: dict[str, str] = {}

    def statuses(self, tasks: Sequence[Task]) -> dict[str, str]:
        """Path and last status of the runs that have not changed; raises OutputError."""
        known: dict[str, str] = {}
        with self._opened() as database:
            for task in tasks:
                said = repr((self._salt, task.marks())).encode("utf-8", "surrogateescape")
                self._prints[task.path] = blake2b(said, digest_size=16).hexdigest()
                key = (_key(task), self._prints[task.path])
                if row := database.execute(_KNOWN, key).fetchone():
                    known[task.path] = row[0]
        return known

    def note(self, seen: Iterable[tuple[Task, str]]) -> None:
        """Note the statuses of runs; raises OutputError."""
        rows = [(_key(task), self._prints[task.path], status) for task, status in seen]
        with self._opened() as database:
            for start in range(0, len(rows), AT_ONCE):
                with _transaction(database):
                    database.executemany(_NOTE, rows[start : start + AT_ONCE])

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        try:
            connection = sqlite3.connect(self._file, timeout=PATIENCE, isolation_level=None)
            with closing(connection) as database:
                with suppress(sqlite3.OperationalError):  # another batch is just doing so
                    database.execute("PRAGMA journal_mode = WAL")
                with _transaction(database):
                    database.execute(_TABLE)
                yield database
        except sqlite3.Error as error:
            refused = isinstance(error, sqlite3.OperationalError)  # by the disk or another batch
            kind = "state_refused" if refused else "bad_state_file"
            raise OutputError(kind, at=self._file, reason=str(error)) from error


@contextmanager
def _transaction(database: sqlite3.Connection) -> Iterator[None]:
    """Begun as a writer, so that the wait for others is at its start and cannot fail midway."""
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        database.execute("ROLLBACK")
        raise
    database.execute("COMMIT")


def _key(task: Task) -> str:
    """Where the run is, as text that SQLite takes."""
    return task.place.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def parse_since(text: str) -> float:
    """Seconds since 1970 of a date, or of an age such as 12h; raises UsageError."""
    if age := re.fullmatch(r"(\d+)([smhdw])", text):
        return time() - int(age[1]) * SECONDS[age[2]]
    try:
        return datetime.fromisoformat(text).timestamp()  # without a zone: local time
    except ValueError as error:
        raise UsageError("bad_since", text=text) from error
