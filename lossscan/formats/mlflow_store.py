"""MLflow's file store: a run is a folder, and each of its metrics a file of lines.

What is claimed is the run's meta.yaml; the points are next to it in `metrics/<key>`, a line
`<milliseconds> <value> [<step> [<dataset> <digest>]]` each, and the settings in `params/<key>`
(mlflow/store/tracking/file_store.py).
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
from msgspec.json import Decoder

from lossscan.errors import UnreadableLog, reason_of
from lossscan.expressions import expression
from lossscan.formats.kit.cells import LARGEST_STEP
from lossscan.formats.kit.columns import by_name, told_apart
from lossscan.formats.kit.damage import weighed
from lossscan.formats.kit.format import Format
from lossscan.formats.kit.many_keys import bounded
from lossscan.formats.kit.text import pieces
from lossscan.formats.kit.trainer_texts import trainer_by_arguments
from lossscan.model import UNREAD_NOTE, Column, Note, Table
from lossscan.numeric.arrays import FloatArray, IntArray
from lossscan.settings import Settings
from lossscan.sources.files import HEAD_BYTES, Head
from lossscan.sources.own_file import opened

_Taken = TypeVar("_Taken")
_SAID: Final = b"artifact_uri: "
_PLACE: Final = expression(rb"(?m)^artifact_uri: ")
_RUN: Final = expression(rb"(?m)^run_(?:uu)?id: ")
_FINISHED: Final = expression(rb"(?m)^status: 3$")
_METRICS: Final = "metrics"
_STATED: Final = ("tags", "params")  # where settings are; of two with one name the later one counts
_LONGEST: Final = 8192  # bytes of a setting: MLflow takes no more than 6000 characters
_STEPPED: Final = 3  # fields of a line with a step
_IN_NUMBERS: Final = b"0123456789.+-eEnan"
_LISTED: Final = bytes.maketrans(b" \n", b",,")
_NUMBERS: Final = Decoder(list[float | None])
_WIDTHS: Final = (2, _STEPPED, 5)  # of any line
_SUMMARY = "total_flos"  # transformers logs it when training has ended
_ENDED: Final = {3: True, 4: False, 5: False}  # finished, failed, killed; 1 and 2 are yet to end


def claims(head: Head) -> bool:
    """Whether it describes a run whose metrics are next to it.

    One that finished without any is no training: it only holds the nested runs of a search.
    """
    place = _PLACE.search(head.start) if _SAID in head.start else None  # ten times as fast
    described = place is not None and _RUN.search(head.start, place.end())  # the keys are sorted
    if not described or not (metrics := head.path.parent / _METRICS).is_dir():
        return False
    return any(metrics.iterdir()) or not _FINISHED.search(head.start)


def read(head: Head, settings: Settings) -> Table:
    """Every metric at full resolution; where a metric has no steps, its points are counted.

    Raises UnreadableLog where meta.yaml is no YAML.
    """
    meta = _meta(head)
    folder = head.path.parent
    notes: list[Note] = []
    metrics = _taken(folder / _METRICS, _column, UNREAD_NOTE, notes)
    columns = {key: column for key, (column, _) in metrics.items()}
    notes += (note for _, found in metrics.values() for note in found)
    config: dict[str, Any] = {}
    for part in _STATED:
        config |= _taken(folder / part, _text, "unreadable", notes)
    began, status = meta.get("start_time"), meta.get("status")
    if isinstance(began, int):
        config["wall_time_start"] = began / 1000  # seconds since 1970
    ended = _ENDED.get(status) if isinstance(status, int) else None
    return Table(
        path=folder / _METRICS,
        columns=by_name({key: one for key, one in columns.items() if len(one.steps)}, settings),
        framework=trainer_by_arguments(config),
        config=config,
        complete=True if _SUMMARY in columns else ended,
        notes=tuple(notes),
    )


def _meta(head: Head) -> Mapping[str, Any]:
    """What the store says of the run."""
    from lossscan.sources.safe_yaml import MAX_BYTES, load_yaml

    try:
        with head.open() as stream:
            meta = load_yaml(stream.read(MAX_BYTES + 1).decode(errors="replace"))
    except ValueError as error:
        raise UnreadableLog("broken_meta", reason=reason_of(error)) from error
    return meta if isinstance(meta, dict) else {}


def _taken(
    folder: Path, take: Callable[[Path], _Taken], kind: str, notes: list[Note]
) -> dict[str, _Taken]:
    """What `take` gives of each file by key; what cannot be had is a note of a kind instead."""

    def refuse(error: OSError, path: Path | None = None) -> None:
        if not isinstance(error, FileNotFoundError):  # of a run without tags or params
            notes.append(Note(kind, path or Path(error.filename), reason=reason_of(error)))

    taken: dict[str, _Taken] = {}
    for key, path in _files(folder, refuse):
        try:
            taken[key] = take(path)
        except OSError as error:
            refuse(error, path)
    return taken


def _files(folder: Path, refuse: Callable[[OSError], None]) -> Iterator[tuple[str, Path]]:
    """The files below a folder by key, in order; a `/` in a key makes a folder. No link counts."""
    if folder.is_symlink():
        return
    walk = os.walk(folder, onerror=refuse)
    paths = sorted(Path(name) / file for name, _, files in walk for file in files)
    found = {path.relative_to(folder).as_posix(): path for path in paths}
    for key in bounded(found):
        if found[key].is_file() and not found[key].is_symlink():
            yield key, found[key]


def _column(path: Path) -> tuple[Column, list[Note]]:
    """All points of a metric, whose file is read in pieces: a crash may leave a hole in it."""
    steps, values, rows, cut = array("q"), array("d"), 0, b""
    with opened(path) as stream:
        size = os.fstat(stream.fileno()).st_size
        head = Head(path=path, size=size, start=stream.read(HEAD_BYTES))
    for piece in pieces(head):
        end = piece.rfind(b"\n") + 1
        whole, cut = piece[:end], piece[end:]
        own, told = _plain(whole) or _points(whole, rows + 1)
        steps.frombytes(np.asarray(own, np.int64).tobytes())
        values.frombytes(np.asarray(told, np.float64).tobytes())
        rows += whole.count(b"\n")
    notes = [Note("truncated_tail", path, {"bytes": len(cut)})] if cut else []
    if broken := rows - len(steps):
        notes.append(weighed(Note("broken_lines", path, {"lines": broken}), broken, len(steps)))
    return Column(told_apart(np.frombuffer(steps, np.int64)), np.frombuffer(values)), notes


def _plain(lines: bytes) -> tuple[IntArray, FloatArray] | None:
    """Steps and values of lines that are all three numbers, as JSON; else None."""
    if lines.translate(None, _IN_NUMBERS) != b"  \n" * lines.count(b"\n"):
        return None
    listed = lines[:-1].replace(b"nan", b"null").translate(_LISTED)
    try:
        numbers = np.array(_NUMBERS.decode(b"[%b]" % listed), np.float64)
    except ValueError:
        return None
    steps = numbers[2::_STEPPED]
    fit = (steps >= 0) & (steps <= LARGEST_STEP) & (steps == np.floor(steps))
    return (steps.astype(np.int64), numbers[1::_STEPPED]) if fit.all() else None


def _points(lines: bytes, first: int) -> tuple[Sequence[int], Sequence[float]]:
    """Steps and values of lines, numbered from `first`; a line may be no point."""
    rows = map(bytes.split, lines[:-1].split(b"\n"))
    found = [point for at, parts in enumerate(rows, first) if (point := _point(parts, at))]
    return [step for step, _ in found], [value for _, value in found]


def _point(parts: list[bytes], place: int) -> tuple[int, float] | None:
    """Step and value of a line, whose number in the file stands for a step it does not have."""
    if len(parts) not in _WIDTHS:
        return None
    try:
        step = int(parts[2]) if len(parts) >= _STEPPED else place
        return (step, float(parts[1])) if 0 <= step <= LARGEST_STEP else None
    except ValueError:
        return None


def _text(path: Path) -> str:
    with opened(path) as stream:
        return stream.read(_LONGEST).decode(errors="replace")


FORMAT = Format(
    name="mlflow_store",
    sample="meta.yaml: run_id, metrics/",
    claims=claims,
    read=read,
    recorded=True,
    holds_arguments=True,
    precision=3,
    maybe_files="meta.yaml",
    may_be_yaml=True,
)
