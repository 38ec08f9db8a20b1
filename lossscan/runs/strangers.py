"""Stores of trackers that lossscan does not read: they are named, with the way out."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from lossscan.errors import NoLogFound

# Hidden folders, each with the tracker's name and what gives its points in a form that is read.
STRANGERS: Final = {
    ".aim": ("Aim", "export it with repo.query_metrics().dataframe().to_csv(FILE)"),
    ".neptune": ("Neptune", "upload it with `neptune sync`, then download the charts as CSV"),
}


def stranger_at(path: Path) -> NoLogFound | None:
    """What to say of a folder that holds the store of such a tracker, or is it."""
    held = (name for name in STRANGERS if path.name == name or (path / name).is_dir())
    name = next(held, None)
    if name is None:
        return None
    tracker, hint = STRANGERS[name]
    return NoLogFound(f"{path}: found only a store of {tracker}, which is not read", hint=hint)
