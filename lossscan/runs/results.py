"""The evaluation that a trainer makes once training is over: it is in no log, but in a file."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from lossscan.errors import LossscanError, reason_of
from lossscan.model import Message, Note
from lossscan.sources.own_file import opened
from lossscan.sources.safe_json import load_json

_log = logging.getLogger(__name__)
# transformers' `save_metrics`: eval_results.json of the evaluation, all_results.json of everything
NAMES: Final = ("eval_results.json", "all_results.json")
MAX_BYTES: Final = 1024 * 1024  # a thousand metrics take 40 kB


def final_evaluation(paths: Iterable[Path]) -> tuple[Note, ...]:
    """A note with the evaluation loss that the run's result files state; none where none does."""
    known = sorted(
        (path for path in paths if path.name in NAMES),
        # the run before its parts
        key=lambda path: (len(path.parts), NAMES.index(path.name), path),
    )
    notes = (_stated(path) for path in known)
    return tuple(note for note in notes if note)[:1]


def unreadable(path: Path, error: Exception) -> Note:
    """The note on a side file that could not be read, or that broke its reader."""
    if isinstance(error, (ValueError, OSError, LossscanError)):
        return Note("unreadable", path, reason=reason_of(error))
    _log.debug("%s: please report this", path, exc_info=error)
    return Note("unreadable", path, reason=Message(type(error).__name__))


def _stated(path: Path) -> Note | None:
    try:
        with opened(path) as stream:
            results = load_json(stream.read(MAX_BYTES))
    except Exception as error:  # a side file must not stop the run
        return unreadable(path, error)
    loss = results.get("eval_loss") if isinstance(results, dict) else None
    if type(loss) not in (float, int):
        return None
    told = float(str(loss))  # of more digits than a float takes, infinite
    return Note("evaluated_after", path, {"loss": told})
