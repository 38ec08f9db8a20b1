"""What a folder without a log holds: the store of a tracker that is not read, weights, settings."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from lossscan.errors import NoLogFound
from lossscan.runs.discover import is_log
from lossscan.runs.log_names import is_log_name
from lossscan.runs.stores import ARCHIVES
from lossscan.runs.training.files import is_config_name
from lossscan.settings import Settings
from lossscan.sources.files import any_of, leads_out

# Names in the folder, each with the tracker's and what gives its points in a form that is read.
STRANGERS: Final = {
    ".aim": ("Aim", "export_aim"),
    ".neptune": ("Neptune", "export_neptune"),
    ".detignore": ("Determined", "export_determined"),
    "determined-checkpoint-fs": ("Determined", "export_determined"),
    ".polyaxon": ("Polyaxon", "export_polyaxon"),
    ".polyaxonignore": ("Polyaxon", "export_polyaxon"),
    "polyaxonfile.yaml": ("Polyaxon", "export_polyaxon"),
    "polyaxonfile.yml": ("Polyaxon", "export_polyaxon"),
    ".guild": ("Guild AI", "export_guild"),
    "valohai.yaml": ("Valohai", "export_valohai"),
    "mlpipeline-metrics.json": ("Kubeflow", "export_kubeflow"),
    "mlpipeline-ui-metadata.json": ("Kubeflow", "export_kubeflow"),
}
MOST: Final = 10_000  # names looked at for what to say; a checkpoint in pieces has some hundred
LOOKED_INTO: Final = 20  # texts for people; a look takes some milliseconds
_NOTES: Final = any_of("*.md *.markdown *.rst")
_WEIGHTS: Final = any_of(
    "*.safetensors *.pt *.pth *.ckpt *.bin *.h5 *.keras *.gguf *.onnx *.distcp"
)
_KEPT: Final = any_of(  # a history, it may be, for Python, R or a spreadsheet alone
    "*.pkl *.pickle *.npy *.npz *.mat *.xlsx *.xls *.ods *.rds *.rdata"
)


def stranger_at(path: Path) -> NoLogFound | None:
    """The error for a folder that is, or holds, the store of such a tracker."""
    held = (name for name in STRANGERS if path.name == name or (path / name).exists())
    name = next(held, None)
    if name is None:
        return None
    tracker, hint = STRANGERS[name]
    return NoLogFound("stranger", at=path, tracker=tracker, hint=hint)


def nothing_at(path: Path) -> NoLogFound:
    """Why nothing at or below a folder is a log: what it holds instead, where that is known."""
    found = list(islice(_below(path), MOST))
    if not found and path.is_dir():
        return NoLogFound("empty_folder", at=path)
    links = (each for each in found if leads_out(each, path))
    notes = islice(_named(found, _NOTES), LOOKED_INTO)
    for key, files in (
        ("only_link", (each for each in links if each.is_dir() or is_log_name(each.name))),
        ("only_notes", (each for each in notes if is_log(each, Settings()))),
        ("only_kept", _named(found, _KEPT)),
        ("only_archive", _named(found, ARCHIVES)),
        ("only_weights", _named(found, _WEIGHTS)),
        ("only_settings", filter(is_config_name, found)),
    ):
        if (first := next(files, None)) is not None:
            return NoLogFound(key, at=path, name=str(first.relative_to(path)))
    return NoLogFound("no_log", at=path)


def _below(path: Path) -> Iterator[Path]:
    for name, folders, files in os.walk(path):
        folder = Path(name)
        links = (folder / each for each in folders if (folder / each).is_symlink())
        yield from sorted([*(folder / each for each in files), *links])


def _named(paths: Iterable[Path], names: re.Pattern[str]) -> Iterator[Path]:
    return (each for each in paths if names.fullmatch(each.name.lower()))
