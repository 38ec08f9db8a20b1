"""What is next to logs: trackers' own messages, copies and stores, and archives of files."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Final

from lossscan.model import Message
from lossscan.sources.archive import is_archive
from lossscan.sources.files import any_of

_OF_WANDB: Final = frozenset({"debug.log", "debug-internal.log", "debug-core.log"})  # of itself
_PACKAGES: Final = "requirements.txt"  # W&B and SwanLab list what is installed
_SWANLAB: Final = "swanlog"  # where SwanLab keeps its runs, each a folder
_OF_ITSELF: Final = frozenset({"debug"})  # what it logs of itself
_COPIES: Final = frozenset({"debug", "console", "logs", "media"})  # what a run's file holds too
_CATBOOST: Final = "catboost_training.json"  # next to event files that hold the same
_ITS_COPIES: Final = frozenset({"learn", "test", "tmp"})
DATABASES: Final = (".db", ".sqlite", ".sqlite3")
ARCHIVES: Final = any_of(
    "*.tar *.tar.* *.tgz *.bz2 *.lz4 *.7z *.rar"
)  # which only the user unpacks


def never_below(folder: Path, files: Collection[str]) -> frozenset[str]:
    """The folders of SwanLab and of CatBoost that hold nothing of their own."""
    if _CATBOOST in files:
        return _ITS_COPIES
    if folder.parent.name != _SWANLAB:
        return frozenset()
    return _COPIES if any(name.endswith(".swanlab") for name in files) else _OF_ITSELF


def shown(names: Iterable[str]) -> list[str]:
    """The names of a folder in order, without hidden files and what trackers log of themselves."""
    seen = {name for name in names if not name.startswith(".") and name != _PACKAGES}
    return sorted(seen - _OF_WANDB if "debug-internal.log" in seen else seen)


def is_store(path: Path) -> bool:
    """Whether a file is an archive or a database, which holds the whole of a run, or several."""
    return is_archive(path) or path.suffix in DATABASES


def is_packed_copy(path: Path, with_logs: Collection[Path]) -> bool:
    """Whether it is the archive of a run whose folder is next to it: ClearML keeps both."""
    return is_archive(path) and path.with_suffix("") in with_logs


def closed(archives: Iterable[Sequence[Path]]) -> dict[Path, Message]:
    """What is said of the archives of each folder, at its first."""
    return {each[0]: Message("archive_closed", files=len(each)) for each in archives if each}
