"""What is said of a file that is no log: what it is by its first bytes, and its own way out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from lossscan.errors import NoLogFound
from lossscan.expressions import expression
from lossscan.formats.kit.ending import ending, last_words
from lossscan.formats.kit.format import Format
from lossscan.formats.kit.text import peek
from lossscan.model import Message
from lossscan.settings import Settings
from lossscan.sources.files import Head

ENOUGH: Final = 4096  # characters that tell what a text is: a screen or two
LEAST_CODE: Final = 3  # lines of code in them; a log may quote one or two, as a traceback does
LEAST_SCORES: Final = 2  # accuracies: one may be that of the model a training starts from
LONGEST: Final = 80  # characters shown of a line: a screen
MOST_KEYS: Final = 8  # shown of a file that no format claims
_PROGRESS: Final = {"current_steps", "total_steps", "percentage"}  # LLaMA-Factory's, of any stage
CONTROL: Final = 0.05  # of the first bytes that no text holds; a console colored by hand has 2 %
_MAGIC: Final = (
    ("a_picture", (b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF8", b"BM\x00", b"II*\x00", b"MM\x00*")),
    ("a_document", (b"%PDF-", b"\xd0\xcf\x11\xe0", b"{\\rtf")),
    ("an_archive", (b"7z\xbc\xaf", b"Rar!\x1a")),
    ("model_data", (b"\x89HDF\r\n", b"GGUF", b"TFL3")),
    ("a_pickle", (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")),
    ("an_array", (b"\x93NUMPY", b"MATLAB 5.0")),
    ("a_database", (b"SQLite format 3\0",)),
)
_OWN_REPORT: Final = expression(rb'\s{0,99}\{\s{0,99}"schema": ?"lossscan\.')
_BEHIND: Final = ((257, b"ustar"), (4, b"1AY&SY"))  # bytes before the mark of tar, of bzip2
_ZIP: Final = b"PK\x03\x04"
_OF_TORCH: Final = expression(rb"[^\0]{0,200}/(?:data\.pkl|byteorder|version|\.format_version)")
_WEIGHTS: Final = expression(r"(?i)\.(?:pt|pth|ckpt|bin|keras)$")
_OF_NUMPY: Final = b".npy"
_OF_OFFICE: Final = b"[Content_Types].xml"
_NAMES: Final = 1024  # bytes of a zip archive in which the name of its first file is
_SAFETENSORS: Final = expression(rb'.{4}\0{4}\{"', re.DOTALL)  # the length of its header, then JSON
_PAGE: Final = expression(r"(?i)\s{0,99}(?:<\?xml[^>]{0,200}>\s{0,9})?<(?:!doctype html|html)\b")
_CODE: Final = expression(
    r"(?m)^[ \t]{0,40}(?:import [\w., ]{1,80}$|from [\w.]{1,80} import |def \w{1,80}\(.{0,200}:$"
    r"|class \w{1,80}.{0,200}:$|for \w.{0,80} in .{1,100}:$|#!/.{0,20}sh\b|#SBATCH |#include\b"
    r"|if __name__ == |\w[\w.]{0,60} = \w[\w.]{0,60}\(|\w[\w.]{0,60}\.(?:backward|step)\(\))"
)
_BASE64: Final = expression(  # no word or number is 200 characters long
    r"(?:[A-Za-z0-9+/]{60,76}\r?\n){3}|[A-Za-z0-9+/]{200}"
)
_BEGAN: Final = expression(
    r"\*{5} Running training \*{5}|\bTotal optimization steps = |\bTrainable params\b"
    r"|(?m:^\s{0,9}(?:Epoch \d{1,6}:? {0,9})?0%\|[# \u2588-\u258f]{0,40}\| 0/\d)"
    r"|\[before the start of training step\]|Start(?:ing)? training\b"
)
_LOGGED: Final = expression(
    r"(?i)(?:loss(?: (?:at|after|in|for) [a-z]{2,9} \d{1,12})?|nll|perplexity|ppl)"
    r"\W{1,5}(?:\d|nan\b|inf\b)"
)
_ACCURACY: Final = expression(  # of a set that is trained or evaluated, as a share
    r"(?i)\b(?:acc|accuracy|top-?1)\W{1,4}(?:[01]\.\d|\d{1,3}(?:\.\d{1,9})? ?%)"
)
_SETTINGS_NAME: Final = expression(
    r"(?i).*\.(?:ya?ml|toml|ini|cfg)|.*(?:config|args|params)[^/]*\.json"
)
_TABLE: Final = expression(r"\s{0,9}(?:Step|Epoch): \| Training Loss:.{0,400}\s{0,9}\Z")
_TEXT: Final = frozenset({*range(32, 127), *b"\t\n\r\f\b\x1b", *range(128, 256)})


def never_a_log(start: bytes) -> bool:
    """Whether a file that begins so is a report, which may be in the run, or packs other files.

    Names and sizes of a tar archive lie among the lines of its files, which would read as one log.
    """
    return _OWN_REPORT.match(start) is not None or _packs_others(start)


def _packs_others(start: bytes) -> bool:
    return any(start.startswith(mark, at) for at, mark in _BEHIND)


def unknown(head: Head, settings: Settings, every: Sequence[Format]) -> NoLogFound:
    """No format claims a file: what each looks for, or only the one whose name the file bears.

    Who gave an expression is told that it meets no line.
    """
    given = settings.text.get("pattern")
    if given is not None:
        source = settings.source or "settings"
        return NoLogFound("pattern_unmet", at=head.path, source=source, pattern=given)
    bearing = [each for each in every if each.name in head.name]
    found = {each: each.keys_in(head) for each in bearing or every}
    nearest_first = sorted(found, key=lambda each: not found[each])
    looked_for = (
        Message("indented", said=f"{each.name:<22}{each.sample}", more=_keys_there(found[each]))
        for each in nearest_first
    )
    details = (Message("looked_for"), *looked_for, *how_to_map())
    if error := ending(head, lambda _: False) or last_words(head):
        return NoLogFound("died_before", at=head.path, error=error, details=details)
    if set(found[nearest_first[0]]) >= _PROGRESS:
        return NoLogFound("progress_alone", at=head.path, details=details)
    if kind := _kind(head, found[nearest_first[0]]):
        return NoLogFound(kind, at=head.path, details=details)
    more = _keys_there(found[nearest_first[0]]) or _nearest_line(head)
    return NoLogFound("no_log_known", at=head.path, more=more, details=details)


def _keys_there(keys: list[str]) -> Message | str:
    some = ", ".join(keys[:MOST_KEYS]) + (", ..." if len(keys) > MOST_KEYS else "")
    return Message("keys_there", keys=some) if keys else ""


def how_to_map() -> tuple[Message, ...]:
    """The lines that say how keys of the user's own are read."""
    return (Message("map_own"), Message("map_keys"), Message("map_lines"))


def _kind(head: Head, keys: Sequence[str]) -> str | None:
    """The message for what the file is instead of a log, None for a text that may be one.

    `keys` are the names that it gives to numbers.
    """
    if binary := _binary(head):
        return binary
    if _SETTINGS_NAME.fullmatch(head.name):
        return "settings_alone"
    kind = _text(peek(head))
    return None if kind == "no_loss_in_text" and keys else kind


def _nearest_line(head: Head) -> Message | str:
    """A message with the first line that seems to log a loss, in a form that no reader knows."""
    lines = (line for line in peek(head).splitlines() if _LOGGED.search(line))
    line = next((line.strip()[:LONGEST] for line in lines), "")
    return Message("nearest", line=line) if line else ""


def _binary(head: Head) -> str | None:
    start = head.start
    known = next((key for key, marks in _MAGIC if start.startswith(marks)), None)
    if known is not None:
        return known
    if _packs_others(start):
        return "an_archive"
    if start.startswith(_ZIP):
        return "model_data" if _WEIGHTS.search(head.name) else _zipped(start[:_NAMES])
    if _SAFETENSORS.match(start):
        return "model_data"
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "a_picture"
    odd = sum(byte not in _TEXT for byte in start[:ENOUGH])
    return "binary_data" if odd > CONTROL * len(start[:ENOUGH]) else None


def _zipped(start: bytes) -> str:
    if _OF_NUMPY in start:
        return "an_array"
    if _OF_TORCH.search(start):
        return "model_data"
    return "a_document" if _OF_OFFICE in start else "an_archive"


def _text(text: str) -> str | None:
    first = text[:ENOUGH]
    if len(_CODE.findall(first)) >= LEAST_CODE:
        return "source_code"
    told = ((_PAGE, "a_page"), (_BASE64, "base64_text"), (_TABLE, "empty_table"))
    if kind := next((kind for shape, kind in told if shape.match(first)), None):
        return kind
    if _LOGGED.search(text):
        return None
    if len(_ACCURACY.findall(text)) >= LEAST_SCORES:
        return "accuracy_alone"
    return "only_begun" if _BEGAN.search(text) else "no_loss_in_text"
