"""Which folders belong to one run: its parts, its checkpoints, and launches side by side."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from lossscan.expressions import expression
from lossscan.sources.packed import plain_name

_CONTAINERS: Final = (  # each folder in them is a run, as Lightning's version_0
    "runs wandb lightning_logs csv csv_logs tensorboard tb_logs"
)
_PARTS: Final = (  # folders in which a run keeps its own
    "runs wandb lightning_logs csv csv_logs checkpoints logs log tb tb_logs tensorboard"
    " tensorboard_logs vdl vdl_log events files plots metrics console train train_inner validation"
    " val valid eval vis_data dvclive trackio"
)
_SETS: Final = "train validation val valid eval test"

CHECKPOINTS = 3  # the last ones are read; the histories of the others are their beginnings
CHECKPOINT: Final = expression(r"(?:checkpoint|global_step|iter|step|epoch)[-_]?(\d+)")
_RANK: Final = expression(r"rank[._-]?\d+")  # what each process of a training printed
_LAUNCH: Final = expression(r"[A-Z][a-z]{2}\d\d_\d\d-\d\d-\d\d_.+|\d{10}\.\d+\.\d+")  # HF, hparams
_OF_WANDB_RUN: Final = expression(r"(?:offline-)?run-\d{8}_\d{6}-(\S+)")  # a launch, with run id


class Holding(Struct, frozen=True):
    """The folders with logs, and which are inside others."""

    folders: set[Path]
    anchors: set[Path]  # where a training shows itself: logs, checkpoints with logs, its arguments
    runs: Mapping[Path, Mapping[str, list[Path]]]  # in each folder, by name of the run, in order
    homes: Mapping[Path, Path]  # of those that say themselves whose part they are


def holding_of(
    with_logs: Iterable[Path], homes: Mapping[Path, Path], settings: Mapping[Path, Iterable[Path]]
) -> Holding:
    """Which folders with logs are inside others; `homes` are known from what they hold.

    `settings` are the files of settings in each folder.
    """
    folders = set(with_logs)
    kept = {path.parent for path in folders if CHECKPOINT.fullmatch(path.name)}
    outputs = {path for path, files in settings.items() if any(map(_is_of_trainer, files))}
    anchors = folders | kept | outputs
    runs: dict[Path, dict[str, list[Path]]] = defaultdict(lambda: defaultdict(list))
    for path in sorted({path.parent if _is_of_wandb(path) else path for path in folders}):
        runs[path.parent][_run_name(path)].append(path)
    return Holding(folders, anchors, runs, homes)


def _is_of_trainer(file: Path) -> bool:
    """Whether it holds what transformers saves in the one folder that a training writes to."""
    return file.stem.lower() == "training_args"


def _is_of_wandb(path: Path) -> bool:
    """Whether W&B made this folder in that of a launch; of some, nothing else is left."""
    return path.name == "files" and _OF_WANDB_RUN.fullmatch(path.parent.name) is not None


def _run_name(path: Path) -> str:
    """The name of the run that a folder is one launch of."""
    launch = _OF_WANDB_RUN.fullmatch(path.name)
    return launch[1] if launch else path.name


def owner_of(path: Path, root: Path, holding: Holding) -> Path:
    """The folder of the run that `path` is a part of; of several launches, that of the first."""
    while path != root:
        if path in holding.homes:
            path = holding.homes[path]
            continue
        launches = holding.runs.get(path.parent, {}).get(_run_name(path), [path])
        if _is_part(path, launches, holding):
            path = path.parent
        elif launches[0] < path:
            path = launches[0]
        else:
            break
    return path


def _is_part(path: Path, launches: Sequence[Path], holding: Holding) -> bool:
    """Whether a folder belongs to the run of the folder above.

    In a container each folder is a run, but the launches of one training are there too: they
    belong together where the training shows itself next to the container.
    """
    if _is_set(path, holding):
        return True
    container = path.parent
    if container.name in _CONTAINERS.split():
        launch = _LAUNCH.fullmatch(path.name) is not None or len(launches) > 1
        only = not holding.runs.get(container, {}).keys() - {_run_name(path)}
        anchored = container.parent in holding.anchors
        return (launch and (anchored or only)) or (anchored and only)
    known = (each.fullmatch(path.name) for each in (CHECKPOINT, _RANK, _LAUNCH))
    return path.name in _PARTS.split() or any(known)


def _is_set(path: Path, holding: Holding) -> bool:
    """Whether it is one of the folders into which writers of one training put a set each."""
    sets = {name for name in _SETS.split() if path.with_name(name) in holding.folders}
    return path.name in sets and "train" in sets and len(sets) > 1


def without_beginnings(logs: Mapping[Path, Sequence[Path]], whole: re.Pattern[str]) -> list[Path]:
    """The folders of a run, by name, without the checkpoints whose whole history later ones hold.

    `logs` are those in each folder, `whole` what the names of histories from the start meet. Logs
    that are in the folders of epochs hold their own epoch.
    """
    found = {path: found for path in logs if (found := CHECKPOINT.fullmatch(path.name))}
    named = {path: [plain_name(log.name.lower()) for log in logs[path]] for path in found}
    alike = [path for path in found if all(map(whole.fullmatch, named[path]))]
    last = sorted(alike, key=lambda path: int(found[path][1]))[-CHECKPOINTS:]
    return sorted(logs.keys() - set(alike) | set(last))
