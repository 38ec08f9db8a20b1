"""A log that comes through a pipe becomes a Run, as if it were a file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, Final

from lossscan.errors import InputError
from lossscan.model import Run
from lossscan.runs.assemble import assemble
from lossscan.runs.discover import RunFiles
from lossscan.settings import Settings
from lossscan.sources.files import PIPE, spooled

_NAME: Final = "stdin"


def read_piped(stream: BinaryIO, settings: Settings) -> Run:
    """Read all that the stream gives; where it lay meanwhile is shown nowhere."""
    with spooled(stream, _NAME) as path:
        try:
            run = assemble(RunFiles(path, (path,)), settings)
        except InputError as error:
            raise error.renamed(str(path), str(PIPE)) from error
    notes = tuple(replace(note, path=Path(_NAME)) for note in run.notes)
    return replace(run, path=str(PIPE), name=_NAME, notes=notes)
