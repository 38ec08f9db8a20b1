"""trainer_state.json of transformers 4 and 5, and of trainers built on it or after its model."""

from __future__ import annotations

import json
import re
from collections.abc import Container, Mapping, Sequence
from typing import Any, BinaryIO, Final

import msgspec

from lossscan.errors import ReaderGaveUp, UnreadableLog
from lossscan.expressions import expression
from lossscan.formats.kit.columns import Sheet
from lossscan.formats.kit.format import Format
from lossscan.formats.kit.groups import Group, groups_of
from lossscan.formats.kit.records import Records, in_array
from lossscan.formats.kit.text import PIECE, UTF_8, encoding
from lossscan.formats.kit.trainer_texts import sums_up
from lossscan.model import Column, Note, Table
from lossscan.settings import Settings
from lossscan.sources.files import Head
from lossscan.sources.safe_json import TooDeep, decoded, load_json, unquoted, whole
from lossscan.trainers import trainer_with_key

LARGEST = 1 << 30  # bytes that are no flat entries: these are read piece by piece
AT_ONCE = 1024  # entries taken together: as many as the processor's cache holds
_HISTORY: Final = expression(rb'"log_history"\s*:')
_LIST: Final = expression(r'"log_history"\s*:\s*\[')
_OPENED: Final = expression(rb'"log_history"\s{0,32}:\s{0,32}\[')
_PASTED: Final = expression(rb'(?m)^\s{0,9}"log_history": \[\s{0,9}$')
# It may be in a list in an entry, or in a text.
_NEXT: Final = expression(rb"\}\s{0,32},(?=\s{0,32}\{)")
_LONG: Final = 1 << 16  # bytes at the end of a piece in which an entry ends; few are as long
_STATED: Final = (
    *("global_step", "max_steps", "num_train_epochs", "logging_steps", "eval_steps", "save_steps"),
    *("train_batch_size", "epoch", "num_input_tokens_seen"),
)
_CONSUMED = "consumed_samples"  # PaddleNLP's
_ANYTHING: Final = msgspec.json.Decoder().decode


def claims(head: Head) -> bool:
    """Whether it is a JSON object with a `log_history`: its keys are sorted, so this is early.

    Who pastes it may leave out where it begins.
    """
    start = _start(head)
    if not start.startswith((b"{", b"[")):
        return b'"log_history"' in start and _PASTED.search(start) is not None
    first = start.partition(b"\n")[0].rstrip()
    # Of JSON lines the first counts: ms-swift's last one holds the history once more.
    own = first if first.endswith(b"}") else start
    return start.startswith(b"{") and _HISTORY.search(own) is not None


def _start(head: Head) -> bytes:
    return head.start.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")


def read(head: Head, settings: Settings) -> Table:
    """All entries; of the last one, which sums the run up, only what it says of the end.

    Raises UnreadableLog where it is no JSON, or its history no list.
    """
    history = _History(settings)
    state, cut = _state(head, history)
    entries = state.get("log_history")
    if not isinstance(entries, list):
        raise UnreadableLog("history_no_list")
    for first in range(0, len(entries), AT_ONCE):
        history.take(entries[first : first + AT_ONCE])
    damaged = cut and _start(head).startswith(b"{")  # and no piece that was pasted
    notes = [Note("cut_json", head.path, {"entries": history.rows})] if damaged else []
    notes += [] if history.rows or entries else [Note("empty_log_history", head.path)]
    columns = history.columns()
    notes += [Note("bad_records", head.path, {"records": history.bad})] if history.bad else []
    return Table(
        columns,
        framework=_framework(state, history.sheet.numbers),
        config=_config(state, history.summaries),
        complete=True if history.summaries else None,
        notes=tuple(notes),
    )


class _History:
    """What the entries have said so far."""

    def __init__(self, settings: Settings) -> None:
        self.sheet = Sheet(settings)
        self.summaries: list[Mapping[str, Any]] = []
        self.rows = 0
        self.bad = 0  # that are no objects, or state no step
        self._no_points: list[int] = []  # rows
        self._records = Records(in_array)

    def take_text(self, entries: bytes) -> bool:
        """Read some entries: at once where they are like those before. False for no entries."""
        array = b"[%b]" % entries
        group = self._records.group(array, self.rows)
        if group is not None:
            self.sheet.add(group)
            for at in _summaries(group):
                self._add_summary(self.rows + at, group.row(at))
            self.rows += len(group.places)
            return True
        try:
            found = _decoded(array)
        except ValueError:
            return False
        self.take(found)
        return True

    def take(self, entries: Sequence[Any]) -> None:
        """Read some decoded entries."""
        rows = [entry for entry in entries if isinstance(entry, dict)]
        self.bad += len(entries) - len(rows)
        for group in groups_of(rows, self.rows):
            self._records.meet(group.cells)
            self.sheet.add(group)
        for at, row in enumerate(rows, start=self.rows):
            if sums_up(row):
                self._add_summary(at, row)
        self.rows += len(rows)

    def _add_summary(self, at: int, row: Mapping[str, Any]) -> None:
        """A row with the run time and no loss: it sums the run up and is no point."""
        self.summaries.append(row)
        self._no_points.append(at)

    def columns(self) -> dict[str, Column]:
        """The columns of the entries with a step."""
        steps = self.sheet.stated_steps(self.rows)
        self.bad += int((steps < 0).sum())
        steps[self._no_points] = -1
        return self.sheet.columns(steps)


def _summaries(group: Group) -> list[int]:
    """The rows that sum a run up: with its run time and no loss."""
    cells = group.cells
    timed = [at for at, time in enumerate(cells.get("train_runtime", ())) if time is not None]
    return [at for at in timed if "loss" not in cells or cells["loss"][at] is None]


def _state(head: Head, history: _History) -> tuple[Mapping[str, Any], bool]:
    """The object of the file with the entries that remain, and whether its end is missing."""
    try:
        data = _streamed(head, history)
        try:
            state, cut = _decoded(data, encoding(head)), False
        except TooDeep:
            raise
        except ValueError as error:
            text = data.decode(encoding(head), errors="replace")
            state, cut = _salvaged(text, str(error)), True
    except (RecursionError, TooDeep) as error:
        raise UnreadableLog("nested_state") from error
    if not isinstance(state, dict):
        raise UnreadableLog("state_no_object")
    return state, cut


def _streamed(head: Head, history: _History) -> bytes:
    """Give the history its entries while they are found, and return the file without them.

    Where `[` and some text and `]` are JSON, that text is whole entries of the list, whatever it
    looks like: so the places where it is cut may be guessed.
    """
    with head.open() as stream:
        text = stream.read(PIECE)
        opening = _OPENED.search(text)
        if opening is None or not _opens(text[: opening.end()], head):
            return text + _rest(stream, head)
        before, text = text[: opening.end()], text[opening.end() :]
        while piece := stream.read(PIECE):
            text += piece
            end = _last_end(text)
            if end is None or not history.take_text(text[:end]):
                return before + text + _rest(stream, head)
            text = text[end + 1 :]
    return before + text


def _opens(before: bytes, head: Head) -> bool:
    """Whether what is before the entries is the beginning of a state."""
    if encoding(head) != UTF_8:
        return False
    try:
        found = decoded(_ANYTHING, before + b"]}")
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and found.get("log_history") == []


def _last_end(text: bytes) -> int | None:
    """The place of the last comma between two entries, at a guess."""
    first, at = max(len(text) - _LONG, 0), len(text)
    while (at := text.rfind(b"}", first, at)) >= 0:
        if (found := _NEXT.match(text, at)) is not None:
            return found.end() - 1
    return None


def _rest(stream: BinaryIO, head: Head) -> bytes:
    """What is left of a file that has to be read as a whole; raises ReaderGaveUp of too much."""
    if head.size - stream.tell() > LARGEST:
        raise ReaderGaveUp("too_large_state", gib=LARGEST >> 30)
    return stream.read()


def _decoded(data: bytes, written_in: str = UTF_8) -> Any:
    """Decode fast, the bare NaN that Python writes as text; else by the standard library."""
    try:
        return decoded(_ANYTHING, data)
    except ValueError:  # 1e400, bytes that are no UTF-8
        return load_json(data.decode(written_in, errors="replace"))


def _salvaged(text: str, reason: str) -> Mapping[str, Any]:
    """What is before the place where the text breaks off."""
    opening = _LIST.search(text)
    if opening is None:
        raise UnreadableLog("state_not_json", reason=reason)
    try:
        stated = load_json(text[: opening.end()] + "]}")
    except ValueError:
        stated = {}
    return {**stated, "log_history": _entries(text, opening.end())}


def _entries(text: str, place: int) -> list[Any]:
    decoder = json.JSONDecoder(parse_int=whole)
    between = re.compile(r"[\s,]*")
    entries = []
    while (match := between.match(text, place)) and text.startswith("{", match.end()):
        try:
            entry, place = decoder.raw_decode(text, match.end())
        except (ValueError, RecursionError):
            break
        entries.append(entry)
    return entries


def _framework(state: Mapping[str, Any], keys: Container[str]) -> str:
    if state.get(_CONSUMED) is not None:
        return "paddlenlp"
    return trainer_with_key(keys) or "transformers"


def _config(state: Mapping[str, Any], summaries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    config = {key: state[key] for key in _STATED if state.get(key) is not None}
    for summary in summaries:
        config |= {key: value for key, value in summary.items() if key.startswith("train_")}
    return {key: unquoted(value) for key, value in config.items()}


FORMAT = Format(
    name="trainer_state",
    sample='{"log_history": [{"loss": 2.3, "step": 5}, ...]}',
    claims=claims,
    read=read,
    priority=-1,  # asked first: known by a glance, while others search the whole start for a line
    recorded=True,
    precision=6,
    whole=True,
    files="trainer_state.json",
    maybe_files="*state*.json",
)
