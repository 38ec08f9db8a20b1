"""Which names are those of logs, and which files of a folder their content has to tell."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Final

from msgspec import Struct, field

from lossscan.runs.results import NAMES as RESULTS
from lossscan.runs.stores import ARCHIVES, shown
from lossscan.runs.training.files import is_config_name
from lossscan.sources.files import any_of
from lossscan.sources.packed import plain_name

MOST_DOUBTFUL = 200  # files of doubtful name in one folder; a folder with more holds data
# Names of logs of any format, and names that only the content can tell. The formats add their own;
# anything else may be a settings file.
LOGS: Final = "nohup.out *.log"
DOUBTFUL: Final = (
    "*.txt *.out *.err *.log.* log stdout stderr console output out rank[0-9]* log[-_.]* stdout.*"
    " *.ipynb *.zip"
)
# Those that nothing else is called, so that an empty one is the log of a run that died at once.
# What errors go to, and Slurm's `*.out`, may be empty while the run wrote its log elsewhere.
OUTPUTS: Final = (
    "log stdout console log.txt log[-_.][0-9]* log[-_]*.txt *[-_]log.txt *[-_]log.jsonl"
    " metrics.jsonl train*.out stdout.* console.txt"
)
ROTATED: Final = re.compile(r"\.\d{1,2}\Z")  # what logrotate and Python's handlers put behind it


class Folder(Struct):
    """The files of a folder by what they may be."""

    logs: list[Path] = field(default_factory=list)
    doubtful: list[Path] = field(default_factory=list)
    settings: list[Path] = field(default_factory=list)
    archives: list[Path] = field(default_factory=list)

    @property
    def files(self) -> list[Path]:
        """What a run may be of."""
        return self.logs + self.doubtful + self.settings


def is_log_name(name: str) -> bool:
    """Whether a file of this name is a log, or one whose content has to tell."""
    return is_sure_log_name(name) or _is_doubtful(plain_name(name.lower()))


def is_sure_log_name(name: str) -> bool:
    """Whether a file of this name is a log, compressed or not."""
    return names()[0].fullmatch(plain_name(name.lower())) is not None


def is_output_name(name: str) -> bool:
    """Whether a file of this name is a log even where it is empty, as far as its name tells."""
    return is_sure_log_name(name) or any_of(OUTPUTS).fullmatch(plain_name(name.lower())) is not None


def kind_of(path: Path, content: Folder) -> list[Path] | None:
    """The list of a folder's content that a file belongs in; None where it is of no interest."""
    if is_sure_log_name(path.name):
        return content.logs
    name = plain_name(path.name.lower())
    if ARCHIVES.fullmatch(path.name.lower()):
        return content.archives
    if _is_doubtful(name):
        return content.doubtful
    return content.settings if is_config_name(path) or name in RESULTS else None


@cache
def names() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """Patterns for names of logs, for names whose content decides, and for whole histories."""
    from lossscan import formats  # loads numpy

    sure, maybe, whole = formats.file_patterns()
    return any_of(f"{LOGS} {sure}"), any_of(f"{DOUBTFUL} {maybe}"), any_of(whole)


def _is_doubtful(name: str) -> bool:
    rotated = ROTATED.sub("", name)
    return names()[1].fullmatch(name) is not None or (rotated != name and is_log_name(rotated))


def of_interest(names: Iterable[str]) -> tuple[list[str], list[str]]:
    """The names in one folder that may belong to a run, and those whose content decides."""
    folder = Folder()
    for path in map(Path, shown(names)):
        if (kind := kind_of(path, folder)) is not None:
            kind.append(path)
    doubtful = [] if folder.logs or len(folder.doubtful) > MOST_DOUBTFUL else folder.doubtful
    return [path.name for path in folder.files], [path.name for path in doubtful]
