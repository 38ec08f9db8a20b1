"""Files are opened so that nobody waits for a pipe; one that the user names may be one."""

from __future__ import annotations

import errno
import os
import select
import stat
from pathlib import Path
from typing import BinaryIO, Final

from lossscan.errors import Unusable

LONGEST: Final = 10  # seconds of silence; what writes to `<(...)` begins in a fraction of one


def opened(path: Path) -> BinaryIO:
    """A file of a run; raises OSError, also where a pipe or a device has taken its place since."""
    return open(path, "rb", opener=_no_pipe)


def read_own(path: Path, most: int) -> bytes:
    """All of one that the user names.

    Raises OSError, and Unusable beyond `most` or where a pipe gives nothing.
    """
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


def _no_pipe(path: str, flags: int) -> int:
    file = _at_once(path, flags)
    mode = os.fstat(file).st_mode
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
        return file
    os.close(file)
    raise OSError(errno.ENXIO, os.strerror(errno.ENXIO), path)
