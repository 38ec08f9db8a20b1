"""Which folders belong to one run: its parts, its checkpoints, and launches side by side."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from lossscan.errors import LossscanError
from lossscan.expressions import expression
from lossscan.sources.files import beginning
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
LARGEST: Final = 1 << 16  # bytes; the arguments of transformers take five thousand
_TRACKERS: Final = ("wandb", "swanlog")  # folders that hold one for each run, next to the output
_CONFIG: Final = ("files", "config.yaml")  # of each run
_OUTPUT: Final = expression(  # a value below its name, behind what describes it
    r"(?m)^(?:output|out|save|work|run|checkpoint)_?dir:[ \t]*\n"
    r"(?:[ \t]{1,8}(?:desc|sort):.{0,200}\n){0,2}[ \t]{1,8}value:[ \t]{1,4}[\"']?([^\"'\n]{1,500})"
)


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
    stems = {path: {file.stem.lower() for file in files} for path, files in settings.items()}
    outputs = {path for path, held in stems.items() if "training_args" in held}  # transformers'
    anchors = folders | kept | outputs
    runs: dict[Path, dict[str, list[Path]]] = defaultdict(lambda: defaultdict(list))
    for path in sorted({path.parent if _is_of_wandb(path) else path for path in folders}):
        runs[path.parent][_run_name(path)].append(path)
    return Holding(folders, anchors, runs, homes)


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


def checkpoint_of(path: Path, root: Path) -> int | None:
    """The number of the checkpoint below the run's folder that a file is in; None where in none."""
    parts = path.relative_to(root).parts[:-1] if path.is_relative_to(root) else ()
    return next((int(found[1]) for each in parts if (found := CHECKPOINT.fullmatch(each))), None)


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


# --- the output that a tracker states -------------------------------------------------------------


def outputs_of(folders: Collection[Path], settings: Mapping[Path, list[Path]]) -> dict[Path, Path]:
    """The home of each of a tracker's folders that hold logs, where other logs are at that place.

    `folders` are all with logs, `settings` the files of settings in each folder. Where several
    runs state one place, nobody knows which of them wrote what is there.
    """
    stated: dict[Path, list[Path]] = defaultdict(list)
    for run in sorted(set(_runs(folders))):
        home = _stated(run, settings.get(run / _CONFIG[0], []))
        if home is not None and any(home in (each, *each.parents) for each in folders):
            stated[home].append(run)
    alone = {runs[0]: home for home, runs in stated.items() if len(runs) == 1}
    return {path: alone[run] for path in folders for run in (path, path.parent) if run in alone}


def _runs(folders: Collection[Path]) -> Iterator[Path]:
    """The folders of runs in trackers' that have logs of others next to them."""
    projects = {parent for path in folders for parent in path.parents}
    for path in folders:
        for run in (path, path.parent):
            tracker = run.parent
            if tracker.name in _TRACKERS and tracker.parent in projects:
                yield run


def _stated(run: Path, settings: list[Path]) -> Path | None:
    """The output folder that the settings of a run state, taken as one next to the tracker's."""
    config = next((path for path in settings if path.name == _CONFIG[1]), None)
    try:
        start = b"" if config is None else beginning(config, LARGEST)
    except (OSError, LossscanError):
        return None
    found = _OUTPUT.search(start.decode(errors="replace"))
    if found is None:
        return None
    place = Path(found[1].strip())
    return run.parent.parent / (place.name if place.is_absolute() else place)
