"""Stores of trackers that lossscan does not read: they are named, with the way out."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from lossscan.errors import NoLogFound

# Hidden folders, each with the tracker's name and what gives its points in a form that is read.
STRANGERS: Final = {
    ".aim": ("Aim", "export_aim"),
    ".neptune": ("Neptune", "export_neptune"),
}


def stranger_at(path: Path) -> NoLogFound | None:
    """What to say of a folder that holds the store of such a tracker, or is it."""
    held = (name for name in STRANGERS if path.name == name or (path / name).is_dir())
    name = next(held, None)
    if name is None:
        return None
    tracker, hint = STRANGERS[name]
    return NoLogFound("stranger", at=path, tracker=tracker, hint=hint)
