"""A directory becomes a Run: discover its files, read each, merge them, place the landmarks."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from lossscan.model import Run
    from lossscan.runs.discover import RunFiles
    from lossscan.settings import Settings


def read_run(files: RunFiles, settings: Settings) -> Run:
    """The run that `files` hold.

    A log that cannot be read is named in `Run.skipped` while another can. Raises NoLogFound,
    UnreadableLog or NoUsableSeries where nothing is left to judge, UsageError for a bad
    `settings.training_config`.
    """
    from lossscan.runs.assemble import assemble  # numpy loads with the first run

    return assemble(files, settings)


def read_stream(stream: BinaryIO, settings: Settings) -> Run:
    """The run whose log a pipe gives, under the path `-`; raises as `read_run` does."""
    from lossscan.runs.assemble import read_piped

    return read_piped(stream, settings)
