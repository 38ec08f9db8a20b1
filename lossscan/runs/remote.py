"""Runs behind a URL that fsspec knows (s3://, gs://, hf://, memory://, ...).

Which files make which run is decided on a mirror of the tree: empty files of the right names and
sizes, with the first bytes of those that only content can tell. A run's files are then fetched to
a temporary folder when it is examined, in bounds, and deleted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO, Final

from msgspec import Struct
from msgspec.structs import replace

from lossscan.errors import (
    InputError,
    LossscanError,
    MissingExtra,
    NoLogFound,
    UnreadableLog,
    Unusable,
    reason_of,
)
from lossscan.expressions import expression
from lossscan.model import Message, RunReport, Skipped
from lossscan.runs.discover import RunFiles, discover
from lossscan.runs.log_names import of_interest
from lossscan.settings import Settings
from lossscan.sources.files import HEAD_BYTES

MOST_BYTES = 1 << 30  # of one run; five times the log of a million steps
TOO_LARGE = "too_large_to_fetch"
PIECE = 1 << 20  # bytes fetched at once
MOST_FILES = 500_000  # names listed below one URL, as on a disk
_URL: Final = expression(r"[A-Za-z][A-Za-z0-9+.-]{1,30}(::[A-Za-z][A-Za-z0-9+.-]{1,30}){0,8}://")
_WRITTEN: Final = ("mtime", "LastModified", "last_modified", "updated", "created")  # in a listing


class Remote(Struct, frozen=True):
    """The files of one run behind a URL."""

    url: str  # of its folder, or of its only log
    single: bool  # whether the URL is that of a log
    files: tuple[str, ...]  # paths below the folder
    marks: tuple[tuple[str, str], ...]  # each file, and what changes when it is written to
    sizes: tuple[int, ...]  # bytes, in the order of the files
    changed_at: float  # seconds since 1970; infinite where the listing does not tell
    skipped: tuple[Skipped, ...] = ()


def is_url(path: str) -> bool:
    """Whether a path is one for fsspec."""
    return _URL.match(path) is not None


def expanded(url: str) -> list[str]:
    """The URLs that a pattern matches, sorted; itself if it has no wildcard or no match."""
    if not any(mark in url for mark in "*?["):
        return [url]
    with _said_of(url):
        system, path = _opened(url)
        return sorted(map(system.unstrip_protocol, system.glob(path))) or [url]


def find(url: str, settings: Settings) -> list[Remote]:
    """The runs at and below a URL, in order of their names; raises InputError, MissingExtra."""
    with _said_of(url):
        system, root = _opened(url)
        system.invalidate_cache()
        listed: Mapping[str, Any] = system.find(root, detail=True)
        if not listed:
            raise NoLogFound("no_such_url", at=url)
        if len(listed) > MOST_FILES:
            raise InputError("too_many_files", at=url, files=len(listed))
        single = list(listed) == [root.rstrip("/")]
        base = str(PurePosixPath(root).parent) if single else root.rstrip("/")
        found = {path[len(base) :].lstrip("/"): told for path, told in listed.items()}
        out = () if single else {path for path in found if _leads_out(system, base, path)}
        inside = {path: told for path, told in found.items() if path not in out}
        with TemporaryDirectory(prefix="lossscan-") as mirror:
            skipped = [Skipped(path, Message("symlink_outside")) for path in out]
            folder = url.rstrip("/").removesuffix("/" + next(iter(found))) if single else url
            skipped += _mirror_tree(system, base, inside, Path(mirror), asked=single)
            place = Path(mirror) / next(iter(found)) if single else Path(mirror)
            runs = discover(place, settings)
            if out and not runs:
                raise NoLogFound("only_link", at=url, name=min(out))
            remotes = [_remote(run, Path(mirror), folder.rstrip("/"), found) for run in runs]
    return [replace(r, skipped=(*r.skipped, *skipped)) for r in remotes[:1]] + remotes[1:]


@contextmanager
def fetched(remote: Remote) -> Iterator[tuple[RunFiles, Callable[[RunReport], RunReport]]]:
    """The files of a run on this disk for a while, and what gives its report the URL for a name.

    Raises UnreadableLog where a file cannot be fetched. Errors of ours that are raised within
    name the URL and not the folder.
    """
    above = remote.url.removesuffix(f"/{remote.files[0]}") if remote.single else remote.url
    with TemporaryDirectory(prefix="lossscan-") as folder:
        with _said_of(remote.url):
            files = _fetch(remote, Path(folder))
        try:
            yield files, lambda report: _renamed(report, remote.url)
        except LossscanError as error:
            raise _with_large(error.renamed(folder, above), files) from error


def _with_large(error: LossscanError, files: RunFiles) -> LossscanError:
    """The error with the files that were too large: they may hold what is missing."""
    large = [each for each in files.skipped if each.reason.key == TOO_LARGE]
    told = tuple(each.reason.placed(each.path) for each in large)
    return error.worded(Message("several", said=(error.message, *told))) if large else error


# --- looking -----------------------------------------------------------------------------------


def _opened(url: str) -> tuple[Any, str]:
    """The file system of a URL, and the path on it."""
    try:
        from fsspec.core import url_to_fs
        from fsspec.registry import known_implementations, registry
    except ImportError as error:
        raise MissingExtra("remote_extra", at=url) from error
    unknown = {*url.partition("://")[0].split("::")} - {*known_implementations, *registry}
    if unknown:
        raise UnreadableLog("url_protocol", at=url, protocol=min(unknown))
    try:
        system, path = url_to_fs(url)
    except ImportError as error:
        raise MissingExtra("remote_driver", at=url, reason=str(error)) from error
    return system, str(path)


@contextmanager
def _said_of(url: str) -> Iterator[None]:
    """Any error of a file system becomes one of the URL; file systems raise all kinds."""
    try:
        yield
    except LossscanError:
        raise
    except Exception as error:
        kind, reason = type(error).__name__, reason_of(error)
        raise UnreadableLog("url_unreadable", at=url, error=kind, reason=reason) from error


def _leads_out(system: Any, base: str, path: str) -> bool:
    """Whether a file is on this disk and, by links, not below the folder."""
    local = getattr(system, "fs", system)  # behind a cache
    if "file" not in tuple(local.protocol):
        return False
    return not Path(base, path).resolve().is_relative_to(Path(base).resolve())


def _mirror_tree(
    system: Any, base: str, found: Mapping[str, Any], mirror: Path, *, asked: bool
) -> list[Skipped]:
    """Make the mirror of a tree, or of a file `asked` for; gives what has no place on a disk."""
    skipped: list[Skipped] = []
    for folder, names in _folders(found).items():
        wanted, doubtful = (names, names) if asked else of_interest(names)
        for name in wanted:
            path = str(folder / name)
            size, head = int(found[path].get("size") or 0), b""
            try:
                if name in doubtful:
                    head = bytes(system.cat_file(f"{base}/{path}", start=0, end=HEAD_BYTES))
                _placeholder(mirror, path, size, head)
            except (OSError, ValueError) as error:
                skipped.append(Skipped(path, reason_of(error)))
    return skipped


def _folders(found: Mapping[str, Any]) -> dict[PurePosixPath, list[str]]:
    folders: dict[PurePosixPath, list[str]] = {}
    for path in map(PurePosixPath, found):
        folders.setdefault(path.parent, []).append(path.name)
    return folders


def _placeholder(mirror: Path, path: str, size: int, head: bytes) -> None:
    """An empty file of a size, and a beginning."""
    place = _inside(mirror, path)
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.open("xb") as out:
        out.write(head)
        out.truncate(size)


def _inside(folder: Path, path: str) -> Path:
    """A place below a folder; raises ValueError for a name that leads out of it."""
    if ".." in PurePosixPath(path).parts or path.startswith("/") or "\0" in path:
        raise Unusable("name_leads_out")
    return folder / path


def _remote(run: RunFiles, mirror: Path, url: str, found: Mapping[str, Any]) -> Remote:
    below = run.root.relative_to(mirror).as_posix()
    folder = mirror if below == "." else run.root
    single = run.root.is_file()
    folder = folder.parent if single else folder
    keys = [path.relative_to(mirror).as_posix() for path in run.files]
    written = [_written(found[key]) for key in keys]
    return Remote(
        url=url if below == "." else f"{url}/{below}",
        single=single,
        files=tuple(path.relative_to(folder).as_posix() for path in run.files),
        marks=tuple((key, repr(sorted(found[key].items(), key=str))) for key in keys),
        sizes=tuple(int(found[key].get("size") or 0) for key in keys),
        changed_at=max(written, default=float("inf")),
        skipped=run.skipped,
    )


def _written(told: Mapping[str, Any]) -> float:
    """When a file was written, as far as the listing tells: infinite counts as just now."""
    stated = next((told[key] for key in _WRITTEN if told.get(key) is not None), None)
    if isinstance(stated, datetime):
        return stated.timestamp()
    return float(stated) if isinstance(stated, int | float) else float("inf")


# --- fetching ----------------------------------------------------------------------------------


def _fetch(remote: Remote, folder: Path) -> RunFiles:
    system, root = _opened(remote.url)
    base = str(PurePosixPath(root).parent) if remote.single else root.rstrip("/")
    skipped, files, left = list(remote.skipped), [], MOST_BYTES
    for name, size in zip(remote.files, remote.sizes, strict=True):
        if size > left:
            skipped.append(Skipped(name, Message(TOO_LARGE, size=size)))
            continue
        place = _inside(folder, name)
        place.parent.mkdir(parents=True, exist_ok=True)
        with system.open(f"{base}/{name}", "rb") as stream:
            _copy(stream, place, size)
        files.append(place)
        left -= size
    own = folder / remote.files[0] if remote.single else folder
    return RunFiles(own, tuple(files), tuple(skipped))


def _copy(stream: BinaryIO, place: Path, size: int) -> None:
    """As many bytes as were listed, though the file may have grown since."""
    with place.open("xb") as out:
        while size > 0 and (piece := stream.read(min(size, PIECE))):
            out.write(piece)
            size -= len(piece)


def _renamed(report: RunReport, url: str) -> RunReport:
    name = PurePosixPath(url).name
    run = None if report.run is None else replace(report.run, path=url, name=name)
    return replace(report, path=url, name=name, run=run)
