"""How the program ended, where its console tells: with an error, or stopped by the scheduler."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from msgspec.structs import replace

from lossscan.expressions import expression
from lossscan.formats.kit.text import peek
from lossscan.sources.files import Head

LONGEST: Final = 200  # characters of a message that are kept: a screen of 100 columns, twice
_FRAMES: Final = 1 << 14  # characters of a traceback that are looked through: some 200 frames
_TRACEBACK: Final = "Traceback (most recent call last):"
_RANK: Final = expression(r"^(?:\[[\w:]{1,30}\]:? ?|\d{1,5}: )")  # torchrun's, srun's
_ERROR: Final = expression(r"[A-Za-z_][\w.]{0,200}(?:: .*|:?$)")  # torch.OutOfMemoryError: CUDA ...
_LAUNCHERS: Final = ("ChildFailedError", "CalledProcessError")  # what failed printed its own before
LAST: Final = 10  # lines at the end of a log that tell how it ended: launchers add some
_DIED: Final = expression(  # of Python without its frames, and of a shell
    r"[A-Za-z_][\w.]{0,100}(?:Error|Exception): \S|Killed\s*$|Segmentation fault|Bus error"
    r"|Aborted \(core dumped\)|terminate called after throwing"
)
_STOPPED: Final = expression(
    r"(?:slurmstepd|srun): error: (.{0,400}?(?:CANCELLED|oom.kill|OOM).{0,400})"
)


def ending(head: Head, claims: Callable[[Head], bool]) -> str | None:
    """The error that ended the program; None if nothing tells, or the log goes on after it.

    `claims` says whether a text holds logs.
    """
    text = peek(head)
    for place, said in _endings(text):
        rest = text[place:].encode()
        if claims(replace(head, size=len(rest), start=rest, content=None)):
            return None
        return said[:LONGEST]
    return None


def last_words(head: Head) -> str | None:
    """The error without a traceback in the last lines, as a shell or a quoted log has it."""
    for line in reversed(peek(head).splitlines()[-LAST:]):
        bare = _RANK.sub("", line.strip("> `\t\r"))
        if _DIED.match(bare):
            return bare.strip()[:LONGEST]
    return None


def _endings(text: str) -> Iterator[tuple[int, str]]:
    """The place and the text of each line that may tell the end, the likeliest first."""
    for match in list(_STOPPED.finditer(text))[-1:]:
        yield match.end(), match[1]
    place, launcher = len(text), None
    while (place := text.rfind(_TRACEBACK, 0, place)) >= 0:
        error = _error(text[place : place + _FRAMES].splitlines()[1:])
        if error is None:
            continue
        if error.partition(":")[0].endswith(_LAUNCHERS):
            launcher = launcher or (place, error)
            continue
        yield place, error
        return
    if launcher:
        yield launcher


def _error(lines: list[str]) -> str | None:
    """The first line behind a traceback that is not indented."""
    bare = (_RANK.sub("", line) for line in lines)
    first = next((line for line in bare if line.strip() and not line[0].isspace()), "")
    return first.strip() if _ERROR.match(first) else None
