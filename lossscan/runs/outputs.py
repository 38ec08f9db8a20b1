"""The folder that a training wrote to, as the settings in the tracker's folder next to it say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Final

from lossscan.errors import LossscanError
from lossscan.expressions import expression
from lossscan.sources.files import beginning

LARGEST: Final = 1 << 16  # bytes; the arguments of transformers take five thousand
_TRACKERS: Final = ("wandb", "swanlog")  # folders that hold one for each run, next to the output
_CONFIG: Final = ("files", "config.yaml")  # of each run
_OUTPUT: Final = expression(  # a value below its name, behind what describes it
    r"(?m)^(?:output|out|save|work|run|checkpoint)_?dir:[ \t]*\n"
    r"(?:[ \t]{1,8}(?:desc|sort):.{0,200}\n){0,2}[ \t]{1,8}value:[ \t]{1,4}[\"']?([^\"'\n]{1,500})"
)


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
