"""The runs of a file or a folder that holds several, as an MLflow database does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec.structs import replace

from lossscan.errors import LossscanError
from lossscan.runs.discover import PART, RunFiles, is_log_name
from lossscan.runs.siblings import by_name, may_be_apart
from lossscan.sources.notebook import is_notebook

NUL = "\u2400"  # its picture, in the name of a run of a database: no path can hold it


def apart(files: RunFiles) -> tuple[RunFiles, ...]:
    """The runs of a file that holds several, each by itself: where it is named, or all there is.

    So are those of logs side by side whose names tell them apart.
    """
    logs = [path for path in files.files if is_log_name(path.name)]
    path = files.root if files.root in files.files else logs[0] if len(logs) == 1 else None
    if files.part:
        return (files,)
    return split_folder(files) if path is None else _held(files, path)


def _held(files: RunFiles, path: Path) -> tuple[RunFiles, ...]:
    from lossscan import formats  # loads numpy

    try:
        names = formats.runs_in(path)
    except (LossscanError, OSError):  # the reader says what is wrong
        return (files,)
    if len(names) <= 1 and is_notebook(path):  # others may be long, and are read once
        names = _trainings(path)
    if len(names) <= 1:
        return (files,)
    own = ((name, Path(f"{path}{PART}{name}".replace("\0", NUL))) for name in names)
    return tuple(replace(files, root=root, files=(path,), part=name) for name, root in own)


def _trainings(path: Path) -> list[str]:
    """The numbers of the trainings that are in a log one after the other."""
    from lossscan.formats import read_file
    from lossscan.runs.interleave import split_writers
    from lossscan.runs.launches import trainings_in
    from lossscan.settings import Settings

    try:
        table = split_writers(read_file(path, Settings()))
    except (LossscanError, OSError):  # the reader says what is wrong
        return []
    return list(map(str, trainings_in(table)))


def split_folder(files: RunFiles) -> tuple[RunFiles, ...]:
    """The runs whose logs are side by side in a folder, where their names tell them apart.

    So do their values where the names leave it open. Each run has the name of its only log, or of
    the folder and what its logs share.
    """
    from lossscan import formats  # loads numpy
    from lossscan.settings import Settings
    from lossscan.sources.files import head_of

    logs = [path for path in files.files if is_log_name(path.name)]
    if not (by_name(logs) or may_be_apart(logs)):
        return (files,)
    try:
        held = [path for path in logs if formats.is_log(head_of(path), Settings())]
        runs = by_name(held) or _by_values(held)
    except (LossscanError, OSError):  # the reader says what is wrong
        return (files,)
    others = tuple(path for path in files.files if path not in held)
    return tuple(
        replace(
            files,
            root=own[0] if len(own) == 1 else Path(f"{files.root}{PART}{name}"),
            files=(*own, *others),
        )
        for name, own in runs.items()
    ) or (files,)


def _by_values(logs: Sequence[Path]) -> Mapping[str, list[Path]]:
    """The logs of each run by its name, where their values differ at the same steps."""
    from lossscan.formats import read_file
    from lossscan.runs.merge import are_apart
    from lossscan.settings import Settings

    apart = may_be_apart(logs) and are_apart([read_file(path, Settings()) for path in logs])
    return {path.name: [path] for path in logs} if apart else {}
