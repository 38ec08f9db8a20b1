"""The runs of a file or a folder that holds several, as an MLflow database does.

`seed0.csv, seed1.csv` and TensorBoard's `run-a-tag-loss.csv, run-b-tag-loss.csv` are of two runs.
The names of `resnet18.txt, vgg16.txt` say neither this nor that they are parts of one run.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from lossscan.canonical.sets import ANY
from lossscan.errors import LossscanError
from lossscan.expressions import expression
from lossscan.runs.discover import PART, RunFiles
from lossscan.runs.log_names import is_log_name
from lossscan.sources.notebook import is_notebook

NUL = "\u2400"  # its picture, in the name of a run of a database: no path can hold it
SEVERAL: Final = 2  # runs: one needs no names for its logs
_NUMBERED: Final = expression(
    r"(?i)(?<![a-z])((?:seed|fold|cv|kfold|trial|client|exp|run)[ _-]?\d{1,6})(?![\d.])"
)
_TENSORBOARD: Final = expression(r"run-(.{1,200}?)-tag-.{1,300}")
_OF_A_SET: Final = expression(  # the parts of one run that TensorBoard keeps apart
    r"(?i)(?<![a-z])(?:(?:\.|train(?:ing)?|val(?:id(?:ation)?)?|eval(?:uation)?|test|loss(?:es)?)"
    r"(?=_|\Z)|loss(?:es)?(?=-))"
)
_WORD: Final = expression(r"[a-z]+")
_PART: Final = expression(  # a set, a process, a launch or what a program prints: of one run
    rf"{ANY}|loss(?:es)?|rank|worker|node|gpu|proc(?:ess)?|part|launch|resumed?|slurm"
    r"|logs?|out(?:put)?|err(?:or)?|stdout|stderr|console|metrics|history|results?|run"
)
MOST: Final = 100  # logs that are read to tell: a folder with more is one of launches


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


# --- by the names of logs -------------------------------------------------------------------------


def by_name(logs: Iterable[Path]) -> Mapping[str, list[Path]]:
    """The logs of each run by its name; empty where they are of one, or no name says so."""
    logs = list(logs)
    if len({path.parent for path in logs}) != 1 or len({path.suffix for path in logs}) != 1:
        return {}
    runs: dict[str, list[Path]] = defaultdict(list)
    for path in logs:
        name = _run_of(path.stem)
        if name is None:
            return {}
        runs[name].append(path)
    return runs if len(runs) >= SEVERAL else {}


def may_be_apart(logs: Sequence[Path]) -> bool:
    """Whether such logs, all of one kind, may be of a run each: no name says that it is a part.

    A word that all share, as in `train_a.log, train_b.log`, says nothing where they differ in more
    than numbers.
    """
    alike = len({(path.parent, path.suffix) for path in logs}) == 1
    if not alike or not SEVERAL <= len(logs) <= MOST:
        return False
    words = [{*_WORD.findall(path.stem.lower())} for path in logs]
    shared = set.intersection(*words)
    own = [each - shared for each in words]
    parts = any(map(_PART.fullmatch, set().union(*own)))
    return not parts and (all(own) or not any(map(_PART.fullmatch, shared)))


def _run_of(stem: str) -> str | None:
    """The run that the name of a file says; None where it says none."""
    if exported := _TENSORBOARD.fullmatch(stem):
        return None if _OF_A_SET.search(exported[1]) else exported[1]
    numbered = _NUMBERED.search(stem)
    return numbered[1] if numbered else None
