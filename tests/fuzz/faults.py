"""What is wrong with how an input is read, if anything."""

from __future__ import annotations

import traceback
from pathlib import Path

from lossscan.errors import ExaminationFailed, LossscanError, ReaderFailed, Worded
from tests.fuzz.targets import Read
from tests.fuzz.watch import TooSlowError

FAULTS = (ReaderFailed, ExaminationFailed)  # and not what tells of damage or of a bound
TOLD = 10  # errors, of which one is said: that takes as long as a reading


def fault(read: Read, path: Path, data: bytes) -> tuple[str | None, str]:
    """What is wrong, and in short what came of it."""
    try:
        return None, read(path, data)
    except (TooSlowError, MemoryError) as error:
        return _traced(error), ""
    except LossscanError as error:
        if type(error) in FAULTS:
            return _traced(error), ""
        return _unsaid(error, len(data)), error.message.key
    except (OSError, ValueError) as error:  # what each of them states that it raises
        return (
            None,
            f"{type(error).__name__} {error.message.key if isinstance(error, Worded) else ''}",
        )
    except Exception as error:
        return _traced(error), ""


def _unsaid(error: LossscanError, size: int) -> str | None:
    """Why an error cannot be told, or tells of too little memory; words of one in TOLD are made."""
    if "out_of_memory" in error.message.key:
        return "out of memory"
    if size % TOLD:
        return None
    try:
        said = [error.said(lang) for lang in ("en", "zh")]
    except Exception as failure:
        return _traced(failure)
    return None if all(each.message for each in said) else "an error without words"


def _traced(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))
