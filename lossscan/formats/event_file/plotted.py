"""The folders that a SummaryWriter makes below its own: one for each line of `add_scalars`.

torch writes the tag `Loss` to `Loss_train` and `Loss_val`, tensorboardX to `Loss/train`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from lossscan.model import Column


class Plotted(NamedTuple):
    """Whose folder it is a part of, and what its line is called next to the others of its plot."""

    home: Path
    line: str  # empty of one that holds settings


def plotted(folder: Path, tags: Mapping[str, Column], hparams: Mapping[str, Any]) -> Plotted | None:
    """Whose part a folder of event files is, None where it is no part of one above.

    `add_hparams` writes to a folder that the clock names, or the user.
    """
    if hparams and all(len(column.steps) <= 1 for column in tags.values()):
        return _beside_events(folder.parent, "")
    if len(tags) != 1:
        return None
    (tag,) = tags
    start = f"{tag.replace('/', '_')}_"
    if folder.name.startswith(start):
        return _beside_events(folder.parent, folder.name.removeprefix(start))
    parts = tag.split("/")
    if folder.parts[-1 - len(parts) : -1] == tuple(parts):
        return _beside_events(folder.parents[len(parts)], folder.name)
    return None


def _beside_events(home: Path, line: str) -> Plotted | None:
    """The part, if its writer has an event file of its own, as each has."""
    return Plotted(home, line) if any(home.glob("*tfevents*")) else None
