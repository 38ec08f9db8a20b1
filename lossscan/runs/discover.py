"""A path becomes the runs below it: which files are logs, and which of them make one run."""

from __future__ import annotations

import os
import stat
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from msgspec import Struct, field
from msgspec.structs import replace

from lossscan.errors import LossscanError, NoLogFound, ReaderFailed, UnreadableLog, reason_of
from lossscan.expressions import expression
from lossscan.model import Message, Skipped
from lossscan.runs.belonging import Holding, holding_of, outputs_of, owner_of, without_beginnings
from lossscan.runs.log_names import (
    MOST_DOUBTFUL,
    Folder,
    is_output_name,
    is_sure_log_name,
    kind_of,
    names,
)
from lossscan.runs.stores import closed, is_packed_copy, is_store, never_below, shown
from lossscan.settings import Settings
from lossscan.sources.files import head_of, leads_out, relative

CARD = ".md"
LAST: Final = (CARD, ".json")  # that may hold a curve, and mostly hold something else
DEEPEST = 16  # folders below the path; a deeper tree is not one of runs
PLOT = 4  # folders from a run to a line of a plot, whose name is three at most
MOST_ENTRIES = 500_000  # names looked at; a hundred times the runs of a large sweep
LEADS_OUT: Final = "symlink_outside"  # the message on a link that is not followed
PART: Final = "#"  # before the name of a run in a file: `mlflow.db#lr-1e-3`

_HYDRA: Final = ".hydra"  # its config.yaml has what was resolved for the run in the folder above
_OF_TRAINING: Final = expression(  # of 29 unread logs of trainings 27 say one, of installers none
    rb"(?i)(?<![a-z])(?:epoch|iter(?:ation)?|loss(?:es)?|train(?:ing)?|perplexity)s?(?![a-z])"
)
_NEVER: Final = "__pycache__ node_modules site-packages venv"


class RunFiles(Struct, frozen=True):
    """The files of one run, in order of path."""

    root: Path  # its folder, or its only log
    files: tuple[Path, ...]  # logs and what may be settings; their content decides
    skipped: tuple[Skipped, ...] = ()
    part: str | None = None  # of a file that holds several runs; `root` names it behind a `#`
    silent: bool = False  # nothing can be read from what is named like a log


class _Tree(Struct):
    root: Path
    folders: dict[Path, Folder] = field(default_factory=dict)
    skipped: dict[Path, Message] = field(default_factory=dict)
    refused: dict[Path, Message] = field(default_factory=dict)  # by the system: runs may be there
    silent: list[Path] = field(default_factory=list)  # may be logs by name: empty, or no files


def discover(path: Path, settings: Settings) -> tuple[RunFiles, ...]:
    """The runs at and below a path in sorted order, none where no file there is a log.

    A log is what a format claims or what holds a key that the settings name. A file is a run
    together with the settings next to it. Where no file is a log for sure, a folder is one run of
    all that may be some. Raises NoLogFound where there is no such path.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError as error:
        file, _, part = str(path).partition(PART)
        if part and Path(file).is_file():
            return (RunFiles(path, (Path(file),), part=part),)
        raise NoLogFound("no_such_path", at=path) from error
    except OSError as error:
        raise UnreadableLog("no_access", at=path, reason=reason_of(error)) from error
    if stat.S_ISREG(mode):
        around = _walked(path.parent, depth=0).folders.get(path.parent, Folder())
        return (RunFiles(path, (path, *sorted(set(around.settings) - {path}))),)
    if not stat.S_ISDIR(mode):
        raise NoLogFound("not_a_place", at=path)
    tree = _walked(path, depth=DEEPEST)
    _settle_all(tree.folders, settings)
    if not any(folder.logs for folder in tree.folders.values()):
        _settle_last(tree.folders.values(), settings)
    return _runs(tree) or _last_resort(tree)


def _walked(root: Path, *, depth: int) -> _Tree:
    """All candidates below `root`; links are not followed out of it."""
    tree = _Tree(root)
    left = MOST_ENTRIES
    for name, below, files in os.walk(root, onerror=lambda error: _refuse(tree, error)):
        folder = Path(name)
        seen = shown(files) + ([f"{_HYDRA}/config.yaml"] if _HYDRA in below else [])
        never = {*_NEVER.split(), *never_below(folder, files)}
        below[:] = sorted(each for each in below if each[0] != "." and each not in never)
        left -= len(below) + len(files)
        if len(folder.relative_to(root).parts) >= depth or left < 0:
            if below and depth:
                why = "nested_folders" if left >= 0 else "too_many_entries"
                tree.skipped[folder] = Message(why)
            below.clear()
        _sort_in(tree, folder, seen)
    return tree


def _refuse(tree: _Tree, error: OSError) -> None:
    tree.refused[Path(error.filename)] = reason_of(error)


def _sort_in(tree: _Tree, folder: Path, names: Iterable[str]) -> None:
    content = Folder()
    for path in (folder / name for name in names):
        if (kind := kind_of(path, content)) is None:
            continue
        try:
            if leads_out(path, tree.root):
                tree.skipped[path] = Message(LEADS_OUT)
            elif _has_content(path):
                kind.append(path)
            elif (kind is content.logs or kind is content.doubtful) and path.exists():
                tree.silent.append(path)
        except OSError as error:  # the folder may be listed and not entered
            if kind is not content.settings:
                tree.refused[folder] = reason_of(error)
    tree.folders[folder] = content


def _has_content(path: Path) -> bool:
    """Whether it is a regular file that is not empty: a pipe would be waited for."""
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):  # a link to nothing, or gone meanwhile
        return False
    return stat.S_ISREG(status.st_mode) and status.st_size > 0


def _settle_all(folders: Mapping[Path, Folder], settings: Settings) -> None:
    """Tell the logs of all folders, without copies of what is in another."""
    for folder in folders.values():
        if folder.logs or len(folder.doubtful) > MOST_DOUBTFUL:
            continue  # something surer is next to the doubtful ones, or these are data
        folder.logs = [path for path in folder.doubtful if is_log(path, settings)]
        folder.doubtful = [path for path in folder.doubtful if path not in folder.logs]
    with_logs = {path for path, folder in folders.items() if folder.logs}
    for folder in folders.values():
        folder.logs = [path for path in folder.logs if not is_packed_copy(path, with_logs)]


def _settle_last(folders: Iterable[Folder], settings: Settings) -> None:
    """Model cards, and JSON of any name, are logs where nothing else is left that holds a curve."""
    for folder in folders:
        left = [path for path in folder.settings if path.suffix.lower() in LAST]
        folder.logs = [path for path in left[:MOST_DOUBTFUL] if is_log(path, settings)]
        folder.settings = [path for path in folder.settings if path not in folder.logs]


def is_log(path: Path, settings: Settings) -> bool:
    """Whether a format claims it, or the settings name a key of it."""
    from lossscan import formats  # loads numpy

    try:
        return formats.is_log(head_of(path), settings)
    except (PermissionError, ReaderFailed):  # the reader says so: such a run is not lost
        return True
    except (OSError, LossscanError):  # nothing shows that it is a log
        return False


def _runs(tree: _Tree) -> tuple[RunFiles, ...]:
    with_logs = {path: folder.logs for path, folder in tree.folders.items() if folder.logs}
    settings = {path: folder.settings for path, folder in tree.folders.items()}
    homes = _homes(with_logs) | outputs_of(with_logs, settings)
    holding = holding_of(with_logs, homes, settings)
    owners: dict[Path, list[Path]] = defaultdict(list)
    for path in tree.folders:
        owners[owner_of(path, tree.root, holding)].append(path)
    roots = sorted(root for root, parts in owners.items() if holding.folders.intersection(parts))
    refused = {path: owner_of(path, tree.root, holding) for path in tree.refused}
    links = (path for path, why in tree.skipped.items() if why.key == LEADS_OUT)
    linked = (path.parent for path in links if is_sure_log_name(path.name))
    unread = {*refused.values(), *(owner_of(path, tree.root, holding) for path in linked)}
    lost = sorted(unread - set(roots))
    archives = (tree.folders[path].archives for path in with_logs)
    skipped = _shared_out(tree.skipped | closed(archives), [*roots, *lost])
    for path, home in sorted(refused.items()):
        skipped[home].append(Skipped(relative(path, home), tree.refused[path]))
    found = (
        RunFiles(root, tuple(_files(owners[root], tree.folders)), tuple(skipped[root]))
        for root in sorted([*roots, *lost])
    )
    held = {path for logs in with_logs.values() for path in logs}
    apart = [each for files in found for each in _stores_apart(files, held)]
    silent = _silent(tree, holding, {*roots, *lost})
    return tuple(sorted([*apart, *silent], key=lambda files: files.root) if silent else apart)


def _silent(tree: _Tree, holding: Holding, known: Collection[Path]) -> list[RunFiles]:
    """Runs that left nothing but empty, packed or foreign logs: these are not `ok`.

    An empty log of a run that has others, or in a folder above runs, says nothing. A name that only
    the content can tell is that of a log where another run has one of this name.
    """
    logs = {path.name for folder in tree.folders.values() for path in folder.logs}
    with_runs = {above for root in known for above in (root, *root.parents)}
    homes: dict[Path, list[Path]] = defaultdict(list)
    packed = {path for folder in tree.folders.values() for path in folder.archives}
    for path in sorted({*tree.silent, *packed, *_foreign(tree.folders.values())}):
        if not (path.name in logs or is_output_name(path.stem if path in packed else path.name)):
            continue
        if (home := owner_of(path.parent, tree.root, holding)) not in with_runs:
            homes[home].append(path)
    found = []
    for home, paths in homes.items():
        odd = [path for path in paths if path in packed or not path.is_file()]  # nor open a pipe
        told = (Skipped(relative(path, home), _unopened(path)) for path in odd)
        empty = tuple(path for path in paths if path not in odd)
        found.append(RunFiles(home, empty, tuple(told), silent=True))
    return found


def _foreign(folders: Iterable[Folder]) -> Iterator[Path]:
    """Logs by their name and their words that no format claims; `pip` has a `log.txt`, too."""
    for folder in folders:
        if not folder.logs and len(folder.doubtful) <= MOST_DOUBTFUL:
            named = (path for path in folder.doubtful if path.suffix == ".txt")
            yield from (path for path in named if is_output_name(path.name) and _trains(path))


def _trains(path: Path) -> bool:
    try:
        return _OF_TRAINING.search(head_of(path).start) is not None
    except (OSError, LossscanError):  # gone meanwhile
        return False


def _unopened(path: Path) -> Message:
    return Message("only_archive", name=path.name) if path.is_file() else Message("not_a_place")


def _homes(with_logs: Mapping[Path, list[Path]]) -> dict[Path, Path]:
    """The folders that are parts of one above, as their logs say."""
    from lossscan import formats  # loads numpy

    first = {path: logs[0] for path, logs in with_logs.items() if any(map(formats.has_home, logs))}
    nested = (path for path in first if not first.keys().isdisjoint(path.parents[:PLOT]))
    homes = ((path, formats.home_of(first[path])) for path in nested)
    return {path: home for path, home in homes if home and home in with_logs}


def _stores_apart(files: RunFiles, held: Collection[Path]) -> list[RunFiles]:
    """Each tracker's store by itself where a folder holds nothing but several; `held` are logs."""
    logs = [path for path in files.files if path in held]
    if len(logs) <= 1 or not all(map(is_store, logs)):
        return [files]
    others = tuple(path for path in files.files if path not in held)
    return [replace(files, root=path, files=(path, *others)) for path in logs]


def _files(parts: Collection[Path], folders: Mapping[Path, Folder]) -> Iterator[Path]:
    logs = {path: folders[path].logs for path in parts}
    for path in without_beginnings(logs, names()[2]):
        yield from sorted(folders[path].files)


def _shared_out(skipped: Mapping[Path, Message], roots: list[Path]) -> dict[Path, list[Skipped]]:
    """Paths that could not be read, each with the run it is in, or else with the first run."""
    shared: dict[Path, list[Skipped]] = defaultdict(list)
    known, first = frozenset(roots), next(iter(roots), None)
    for path, reason in sorted(skipped.items()):
        around = (above for above in (path, *path.parents) if above in known)
        home = next(around, first or path)
        shared[home].append(Skipped(relative(path, home), reason))
    return shared


def _last_resort(tree: _Tree) -> tuple[RunFiles, ...]:
    """One run of all that may be a log, for the reader to judge; nothing where nothing may."""
    if not any(folder.doubtful for folder in tree.folders.values()):
        return ()
    files = tuple(_files(tree.folders, tree.folders))
    skipped = _shared_out(tree.skipped, [tree.root])[tree.root]
    return (RunFiles(tree.root, files[:MOST_DOUBTFUL], tuple(skipped)),)
