"""A path becomes the runs below it: which files are logs, and which of them make one run."""

from __future__ import annotations

import os
import re
import stat
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from lossscan.errors import LossscanError, NoLogFound
from lossscan.model import Skipped
from lossscan.runs.results import NAMES as RESULTS
from lossscan.runs.training.files import is_config_name
from lossscan.settings import Settings
from lossscan.sources.files import any_of, head_of, relative
from lossscan.sources.packed import plain_name

DEEPEST = 16  # folders below the path; a deeper tree is not one of runs
MOST_ENTRIES = 500_000  # names looked at; a hundred times the runs of a large sweep
MOST_DOUBTFUL = 200  # files of doubtful name in one folder; a folder with more holds data
CHECKPOINTS = 3  # the last ones are read; the histories of the others are their beginnings

# Names of logs, and names that only the content can tell; anything else may be a settings file.
_LOGS: Final = any_of(
    "trainer_state.json trainer_log.jsonl logging.jsonl metrics.csv running_log.txt nohup.out"
    " *tfevents* vdlrecords.* workerlog.* *.wandb *.log"
)
_DOUBTFUL: Final = any_of(
    "*.jsonl *.csv *.tsv *.txt *.out *.err *.log.* *state*.json *history*.json scalars.json"
    " meta.yaml wandb-summary.json log stdout stderr console output rank[0-9]* log[-_.]* stdout.*"
    " metrics*.json result*.json log*.json *.ndjson"
)
_OF_WANDB: Final = frozenset({"debug.log", "debug-internal.log", "debug-core.log"})  # of itself
_NEVER: Final = "__pycache__ node_modules site-packages venv"
_CONTAINERS: Final = "runs wandb lightning_logs"  # each folder in them is a run
_PARTS: Final = (  # folders in which a run keeps its own
    "runs wandb lightning_logs checkpoints logs log tb tb_logs tensorboard tensorboard_logs vdl"
    " vdl_log events files train validation val valid eval vis_data"
)

_CHECKPOINT: Final = re.compile(r"(?:checkpoint|global_step|iter|step|epoch)[-_]?(\d+)")
_LAUNCH: Final = re.compile(r"[A-Z][a-z]{2}\d\d_\d\d-\d\d-\d\d_.+|\d{10}\.\d+\.\d+")  # HF, hparams
_OF_WANDB_RUN: Final = re.compile(r"(?:offline-)?run-\d{8}_\d{6}-(\S+)")  # a launch, with run id


@dataclass(frozen=True, slots=True)
class RunFiles:
    """The files of one run, in order of path."""

    root: Path  # its folder, or its only log
    files: tuple[Path, ...]  # logs and what may be settings; their content decides
    skipped: tuple[Skipped, ...] = ()


@dataclass(slots=True)
class _Folder:
    logs: list[Path] = field(default_factory=list)
    doubtful: list[Path] = field(default_factory=list)
    settings: list[Path] = field(default_factory=list)

    @property
    def files(self) -> list[Path]:
        return self.logs + self.doubtful + self.settings


@dataclass(slots=True)
class _Tree:
    root: Path
    folders: dict[Path, _Folder] = field(default_factory=dict)
    skipped: dict[Path, str] = field(default_factory=dict)


def discover(path: Path) -> tuple[RunFiles, ...]:
    """The runs at and below a path in sorted order, none where no file there is a log.

    A file is a run together with the settings beside it. Where only the user's settings can tell
    which key is the loss, a folder is one run of all that may be a log. Raises NoLogFound where
    there is no such path.
    """
    if path.is_file():
        beside = _walked(path.parent, depth=0).folders.get(path.parent, _Folder())
        settings = sorted(set(beside.settings) - {path})
        return (RunFiles(root=path, files=(path, *settings)),)
    if not path.is_dir():
        found = "neither a file nor a folder" if path.exists() else "no such file or folder"
        raise NoLogFound(f"{path}: {found}", hint="give a run directory or a log file")
    tree = _walked(path, depth=DEEPEST)
    for folder in tree.folders.values():
        _settle(folder)
    return _runs(tree) or _last_resort(tree)


def of_interest(names: Iterable[str]) -> tuple[list[str], list[str]]:
    """Of the names in one folder: what may belong to a run, and whose content has to tell."""
    folder = _Folder()
    for path in map(Path, _shown(names)):
        kind = _kind(path, folder)
        if kind is not None:
            kind.append(path)
    doubtful = [] if folder.logs or len(folder.doubtful) > MOST_DOUBTFUL else folder.doubtful
    return [path.name for path in folder.files], [path.name for path in doubtful]


def _walked(root: Path, *, depth: int) -> _Tree:
    """All candidates below `root`; links are not followed out of it."""
    tree = _Tree(root)
    left = MOST_ENTRIES
    for name, below, files in os.walk(root, onerror=lambda error: _refuse(tree, error)):
        folder = Path(name)
        below[:] = sorted(
            each for each in below if not each.startswith(".") and each not in _NEVER.split()
        )
        left -= len(below) + len(files)
        if len(folder.relative_to(root).parts) >= depth or left < 0:
            if below and depth:
                tree.skipped[folder] = "too deep" if left >= 0 else "too many files above"
            below.clear()
        _sort_in(tree, folder, _shown(files))
    return tree


def _shown(names: Iterable[str]) -> list[str]:
    """The names of a folder in order, without hidden files and what W&B logs of itself."""
    shown = {name for name in names if not name.startswith(".")}
    return sorted(shown - _OF_WANDB if "debug-internal.log" in shown else shown)


def _refuse(tree: _Tree, error: OSError) -> None:
    tree.skipped[Path(error.filename)] = error.strerror or "unreadable"


def _sort_in(tree: _Tree, folder: Path, names: Iterable[str]) -> None:
    content = _Folder()
    for path in (folder / name for name in names):
        kind = _kind(path, content)
        if kind is None or not _has_content(path):
            continue
        if path.is_symlink() and not path.resolve().is_relative_to(tree.root.resolve()):
            tree.skipped[path] = "a link out of the run"
        else:
            kind.append(path)
    tree.folders[folder] = content


def is_log_name(name: str) -> bool:
    """Whether a file of this name is a log, or one whose content has to tell."""
    name = plain_name(name.lower())
    return _is_sure(name) or _is_doubtful(name)


def _kind(path: Path, content: _Folder) -> list[Path] | None:
    name = plain_name(path.name.lower())
    if _is_sure(name):
        return content.logs
    if _is_doubtful(name):
        return content.doubtful
    return content.settings if is_config_name(path) or name in RESULTS else None


def _is_sure(name: str) -> bool:
    return _LOGS.fullmatch(name) is not None


def _is_doubtful(name: str) -> bool:
    return _DOUBTFUL.fullmatch(name) is not None


def _has_content(path: Path) -> bool:
    """Whether it is a regular file that is not empty: a pipe would be waited for."""
    try:
        status = path.stat()
    except OSError:
        return False
    return stat.S_ISREG(status.st_mode) and status.st_size > 0


def _settle(folder: _Folder) -> None:
    """Doubtful files are logs where their content says so and nothing surer lies beside them."""
    if not folder.logs and len(folder.doubtful) <= MOST_DOUBTFUL:
        folder.logs = [path for path in folder.doubtful if _is_log(path)]
        folder.doubtful = [path for path in folder.doubtful if path not in folder.logs]


def _is_log(path: Path) -> bool:
    from lossscan import formats  # loads numpy; few folders need it

    try:
        return any(formats.claimants(head_of(path), Settings()))
    except (OSError, LossscanError):  # damaged: the reader says how
        return False


@dataclass(frozen=True, slots=True)
class _Holding:
    """The folders with logs, and how they lie to each other."""

    folders: set[Path]
    anchors: set[Path]  # where a training shows itself: they hold logs, or their checkpoints do
    runs: Mapping[Path, Mapping[str, list[Path]]]  # in each folder, by name of the run, in order


def _holding(tree: _Tree) -> _Holding:
    folders = {path for path, folder in tree.folders.items() if folder.logs}
    anchors = folders | {path.parent for path in folders if _CHECKPOINT.fullmatch(path.name)}
    runs: dict[Path, dict[str, list[Path]]] = defaultdict(lambda: defaultdict(list))
    for path in sorted({path.parent if _is_of_wandb(path) else path for path in folders}):
        runs[path.parent][_run_name(path)].append(path)
    return _Holding(folders, anchors, runs)


def _is_of_wandb(path: Path) -> bool:
    """Whether W&B made this folder in that of a launch; of some, nothing else is left."""
    return path.name == "files" and _OF_WANDB_RUN.fullmatch(path.parent.name) is not None


def _run_name(path: Path) -> str:
    """The name of the run that a folder is one launch of."""
    launch = _OF_WANDB_RUN.fullmatch(path.name)
    return launch[1] if launch else path.name


def _runs(tree: _Tree) -> tuple[RunFiles, ...]:
    holding = _holding(tree)
    owners: dict[Path, list[Path]] = defaultdict(list)
    for path in tree.folders:
        owners[_owner(path, tree.root, holding)].append(path)
    roots = sorted(root for root, parts in owners.items() if holding.folders.intersection(parts))
    skipped = _shared_out(tree.skipped, roots)
    return tuple(
        RunFiles(root, tuple(_files(owners[root], tree.folders)), tuple(skipped[root]))
        for root in roots
    )


def _owner(path: Path, root: Path, holding: _Holding) -> Path:
    """The folder of the run that `path` is a part of; of several launches, that of the first."""
    while path != root:
        launches = holding.runs.get(path.parent, {}).get(_run_name(path), [path])
        if _is_part(path, launches, holding):
            path = path.parent
        elif launches[0] < path:
            path = launches[0]
        else:
            break
    return path


def _is_part(path: Path, launches: Sequence[Path], holding: _Holding) -> bool:
    """Whether a folder belongs to the run of the folder above.

    In a container each folder is a run, but the launches of one training lie there too: they
    belong together where the training shows itself beside the container.
    """
    container = path.parent
    if container.name in _CONTAINERS.split():
        launch = _LAUNCH.fullmatch(path.name) is not None or len(launches) > 1
        only = not holding.runs.get(container, {}).keys() - {_run_name(path)}
        anchored = container.parent in holding.anchors
        return (launch and (anchored or only)) or (anchored and only)
    known = (
        path.name in _PARTS.split()
        or _CHECKPOINT.fullmatch(path.name)
        or _LAUNCH.fullmatch(path.name)
    )
    return bool(known)


def _files(parts: Iterable[Path], folders: Mapping[Path, _Folder]) -> Iterator[Path]:
    parts = list(parts)
    numbers = {path: int(m[1]) for path in parts if (m := _CHECKPOINT.fullmatch(path.name))}
    last = sorted(numbers, key=lambda path: numbers[path])[-CHECKPOINTS:]
    for path in sorted(parts):
        if path not in numbers or path in last:
            yield from sorted(folders[path].files)


def _shared_out(skipped: Mapping[Path, str], roots: list[Path]) -> dict[Path, list[Skipped]]:
    """What could not be looked at, each at the run it lies in, else at the first."""
    shared: dict[Path, list[Skipped]] = defaultdict(list)
    for path, reason in sorted(skipped.items()):
        around = [root for root in roots if path.is_relative_to(root)]
        home = max(around, key=lambda root: len(root.parts), default=next(iter(roots), path))
        shared[home].append(Skipped(relative(path, home), reason))
    return shared


def _last_resort(tree: _Tree) -> tuple[RunFiles, ...]:
    """One run of all that may be a log, for the reader to judge; nothing where nothing may."""
    if not any(folder.doubtful for folder in tree.folders.values()):
        return ()
    files = tuple(_files(tree.folders, tree.folders))
    skipped = _shared_out(tree.skipped, [tree.root])[tree.root]
    return (RunFiles(tree.root, files[:MOST_DOUBTFUL], tuple(skipped)),)
