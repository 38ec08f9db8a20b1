"""The one file of a zip archive that is a log: what a tracker keeps offline, or a lone log."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import Final

from lossscan.errors import LogDamaged, ReaderGaveUp, UnreadableLog, reason_of
from lossscan.model import Message
from lossscan.sources import packed
from lossscan.sources.own_file import opened

SUFFIX: Final = ".zip"
LARGEST: Final = 1 << 28  # bytes; a million points of Comet take as much
SMALL: Final = 1 << 22  # bytes; what a tracker says of a task takes some kB
# zipfile unpacks other kinds of a member whole, however little of it is read.
BOUNDED: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_LOGS: Final = ("messages.json", "metrics.jsonl")  # of Comet's archives and ClearML's
_LOSS: Final = b"loss"
_GLANCE: Final = 1 << 16  # bytes; every log names its loss well within them
_MAGIC: Final = b"PK\3\4"
_HEADER: Final = 30  # bytes of the header of a file, before its name
_TEXTS: Final = (b".log", b".json", b".jsonl", b".csv", b".tsv", b".txt", b".out")
_DAMAGED: Final = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)


def is_archive(path: Path) -> bool:
    """Whether the name of a file is that of a zip archive."""
    return path.name.endswith(SUFFIX)


def archived(path: Path, size: int = LARGEST) -> bytes:
    """The first `size` bytes of the log in an archive.

    Raises LogDamaged where the archive or the log is damaged or encrypted, ReaderGaveUp where the
    log is more than is unpacked, UnreadableLog where none is in it, and OSError.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return _unpacked(path, archive, size)
    except zipfile.BadZipFile as error:
        damaged = UnreadableLog if _begins_with_data(path) else LogDamaged
        raise damaged("not_zip", at=path, reason=reason_of(error)) from error


def _begins_with_data(path: Path) -> bool:
    """Whether a damaged archive still tells the name of its first file, and it is no text's."""
    with opened(path) as stream:
        header = stream.read(_HEADER)
        name = stream.read(int.from_bytes(header[26:28], "little"))
    return header.startswith(_MAGIC) and not name.lower().endswith(_TEXTS)


def companion(path: Path, name: str) -> bytes | None:
    """A small file next to a log, or next to it in its archive; None where it cannot be had."""
    try:
        if is_archive(path):
            with zipfile.ZipFile(path) as archive:
                if archive.getinfo(name).compress_type not in BOUNDED:
                    return None
                with archive.open(name) as stream:
                    held = stream.read(SMALL + 1)
        else:
            with opened(path.with_name(name)) as stream:
                held = stream.read(SMALL + 1)
    except (*_DAMAGED, KeyError, OSError):
        return None
    return held if len(held) <= SMALL else None


def _unpacked(path: Path, archive: zipfile.ZipFile, size: int) -> bytes:
    member = _member(path, archive)
    try:
        with archive.open(member) as stream:
            start = stream.read(min(size, _GLANCE))
            if beyond := _beyond(path, member):
                is_log = member.filename in _LOGS or _LOSS in start.lower()
                raise beyond if is_log else UnreadableLog("no_log_in_zip", at=path, files=1)
            return start + stream.read(size - len(start))
    except RuntimeError as error:  # zipfile quotes its own object
        raise LogDamaged("not_zip", at=path, reason=Message("zip_encrypted")) from error
    except _DAMAGED as error:
        raise LogDamaged("not_zip", at=path, reason=reason_of(error)) from error


def _member(path: Path, archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    held = [info for info in archive.infolist() if not info.filename.endswith("/")]  # or no name
    known = [info for info in held if info.filename in _LOGS]
    if not known and len(held) != 1:
        raise UnreadableLog("no_log_in_zip", at=path, files=len(held))
    member = (known or held)[0]
    if member.compress_type not in BOUNDED:  # not even its beginning can be had
        raise LogDamaged("not_zip", at=path, reason=Message("zip_packing"))
    return member


def _beyond(path: Path, member: zipfile.ZipInfo) -> ReaderGaveUp | None:
    """Why a member is not unpacked: no more than is stated would be."""
    if member.file_size > LARGEST:
        return ReaderGaveUp("too_large_member", at=path, mib=LARGEST >> 20)
    if member.file_size > max(packed.SMALL, packed.TIGHTEST * member.compress_size):
        return ReaderGaveUp("packed_too_tightly", at=path, times=packed.TIGHTEST)
    return None
