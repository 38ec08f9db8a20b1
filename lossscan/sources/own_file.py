"""A file that the user names, settings or a baseline: it may be a pipe, also one without end."""

from __future__ import annotations

import os
import select
import stat
from pathlib import Path
from typing import Final

from lossscan.errors import Unusable

LONGEST: Final = 10  # seconds of silence; what writes to `<(...)` begins in a fraction of one


def read_own(path: Path, most: int) -> bytes:
    """All of it; raises OSError, and Unusable beyond `most` or where a pipe gives nothing."""
    with open(path, "rb", buffering=0, opener=_at_once) as stream:
        told, waits = b"", not stat.S_ISREG(os.fstat(stream.fileno()).st_mode)
        while len(told) <= most:
            if waits and not select.select([stream], (), (), LONGEST)[0]:
                raise Unusable("silent_pipe", seconds=LONGEST)
            piece = os.read(stream.fileno(), most + 1 - len(told))
            if not piece:
                return told
            told += piece
    raise Unusable("larger_mib", mib=most >> 20)


def _at_once(path: str, flags: int) -> int:
    """Open a pipe also where nobody writes to it."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
