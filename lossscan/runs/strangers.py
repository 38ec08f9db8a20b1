"""What a folder without a log holds: the store of a tracker that is not read, weights, settings."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from lossscan.errors import NoLogFound
from lossscan.runs.discover import is_log, is_log_name
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
_KEPT: Final = any_of("*.pkl *.pickle *.npy *.npz *.mat *.xlsx *.xls *.ods *.rds *.rdata")


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
    link = next((each for each in found if leads_out(each, path) and _may_be_log(each)), None)
    if link is not None:
        return NoLogFound("only_link", at=path, name=str(link.relative_to(path)))
    notes = [each for each in found if _NOTES.fullmatch(each.name.lower())][:LOOKED_INTO]
    note = next((each for each in notes if is_log(each, Settings())), None)
    if note is not None:
        return NoLogFound("only_notes", at=path, name=str(note.relative_to(path)))
    for key, is_one in (
        ("only_kept", _is_kept),
        ("only_weights", _is_weights),
        ("only_settings", is_config_name),
    ):
        held = next((each for each in found if is_one(each)), None)
        if held is not None:
            return NoLogFound(key, at=path, name=str(held.relative_to(path)))
    return NoLogFound("no_log", at=path)


def _below(path: Path) -> Iterator[Path]:
    for name, folders, files in os.walk(path):
        folder = Path(name)
        links = (folder / each for each in folders if (folder / each).is_symlink())
        yield from sorted([*(folder / each for each in files), *links])


def _may_be_log(path: Path) -> bool:
    """Whether it is a folder, or a file with the name of a log."""
    return path.is_dir() or is_log_name(path.name)


def _is_kept(path: Path) -> bool:
    """Whether it may hold a history in a form that is for Python, R or a spreadsheet alone."""
    return _KEPT.fullmatch(path.name.lower()) is not None


def _is_weights(path: Path) -> bool:
    return _WEIGHTS.fullmatch(path.name.lower()) is not None
