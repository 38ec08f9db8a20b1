"""trainer_state.json of transformers 4 and 5, and of trainers built on it or after its model."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np

from lossscan.errors import UnreadableLog
from lossscan.ingest.files import Head
from lossscan.ingest.formats._columns import LARGEST_STEP, columns_of, step_number
from lossscan.ingest.formats._text import encoding
from lossscan.model import Column, Note, Table
from lossscan.settings import Settings

if TYPE_CHECKING:
    from lossscan.arrays import IntArray

NAME = "trainer_state"
LACKS = 'no "log_history"'
PRIORITY = -1  # asked first: known by a glance, while others search the whole start for a line
LARGEST = 1 << 30  # bytes; a million entries take 0.17 GB
_HISTORY: Final = re.compile(rb'"log_history"\s*:')
_LIST: Final = re.compile(r'"log_history"\s*:\s*\[')
_STATED: Final = (
    "global_step",
    "max_steps",
    "num_train_epochs",
    "logging_steps",
    "eval_steps",
    "save_steps",
    "train_batch_size",
    "epoch",
    "num_input_tokens_seen",
)
_MADE_BY: Final = {  # a key of an entry that only this trainer writes
    "rewards/chosen": "trl",
    "mean_token_accuracy": "trl",
    "completions/mean_length": "trl",
    "objective/kl": "trl",
    "memory(GiB)": "ms-swift",
}


def claims(head: Head) -> bool:
    """Whether it is a JSON object with a `log_history`: its keys are sorted, so this is early."""
    start = head.start.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    return start.startswith(b"{") and _HISTORY.search(start) is not None


def read(head: Head, settings: Settings) -> Table:
    """All entries; of the last one, which sums the run up, only what it says of the end.

    Raises UnreadableLog where it is no JSON, or its history no list.
    """
    state, cut = _state(head)
    history = state.get("log_history")
    if not isinstance(history, list):
        raise UnreadableLog("log_history is not a list", hint="write the file with save_state()")
    entries = [entry for entry in history if isinstance(entry, dict)]
    summaries = [entry for entry in entries if "train_runtime" in entry and "loss" not in entry]
    notes = [Note("cut_json", head.path, {"entries": len(entries)})] if cut else []
    notes += [] if history else [Note("empty_log_history", head.path)]
    return Table(
        path=head.path,
        format=NAME,
        columns=_columns(entries, settings),
        framework=_framework(state, entries),
        config=_config(state, summaries),
        complete=True if summaries else None,
        notes=tuple(notes),
    )


def _state(head: Head) -> tuple[Mapping[str, Any], bool]:
    """The object of the file, and whether its end is missing."""
    if head.size > LARGEST:
        raise UnreadableLog(f"larger than {LARGEST >> 30} GiB", hint="give its event files instead")
    with head.open() as stream:
        data = stream.read()
    try:
        return _object(data, encoding(head)), False
    except RecursionError as error:
        raise UnreadableLog("nested too deep", hint="it was not written by a trainer") from error
    except ValueError as error:
        return _salvaged(data.decode(encoding(head), errors="replace"), str(error)), True


def _object(data: bytes, written_in: str) -> Mapping[str, Any]:
    """Decode fast; the standard library also takes the bare NaN that Python writes."""
    try:
        found = msgspec.json.decode(data)
    except msgspec.DecodeError:
        found = json.loads(data.decode(written_in, errors="replace"))
    if not isinstance(found, dict):
        raise UnreadableLog("it holds no JSON object", hint="it is no trainer state")
    return found


def _salvaged(text: str, reason: str) -> Mapping[str, Any]:
    """What stands before the place where the text breaks off."""
    opening = _LIST.search(text)
    if opening is None:
        raise UnreadableLog(f"it is no JSON: {reason}", hint="copy it again from the training host")
    try:
        stated = json.loads(text[: opening.end()] + "]}")
    except ValueError:
        stated = {}
    return {**stated, "log_history": _entries(text, opening.end())}


def _entries(text: str, place: int) -> list[Any]:
    decoder = json.JSONDecoder()
    between = re.compile(r"[\s,]*")
    entries = []
    while (match := between.match(text, place)) and text.startswith("{", match.end()):
        try:
            entry, place = decoder.raw_decode(text, match.end())
        except (ValueError, RecursionError):
            break
        entries.append(entry)
    return entries


def _columns(entries: Sequence[Mapping[str, Any]], settings: Settings) -> dict[str, Column]:
    """The columns of the entries with a step; the summary's means are no points."""
    logged = [
        entry
        for entry in entries
        if "step" in entry and ("train_runtime" not in entry or "loss" in entry)
    ]
    steps = _steps([entry["step"] for entry in logged])
    valid = steps >= 0
    if not valid.all():
        logged = [entry for entry, stands in zip(logged, valid, strict=True) if stands]
    return columns_of(steps[valid], logged, settings)


def _steps(stated: Sequence[Any]) -> IntArray:
    """The steps, -1 for what cannot be one; integers, as nearly all are, need no conversion."""
    if not (set(map(type, stated)) <= {int} and max(stated, default=0) <= LARGEST_STEP):
        stated = [-1 if (step := step_number(each)) is None else step for each in stated]
    return np.array(stated, dtype=np.int64)


def _framework(state: Mapping[str, Any], entries: Sequence[Mapping[str, Any]]) -> str:
    if "consumed_samples" in state:
        return "paddlenlp"
    seen = {key for entry in (*entries[:2], *entries[-2:]) for key in entry}
    return next((maker for key, maker in _MADE_BY.items() if key in seen), "transformers")


def _config(state: Mapping[str, Any], summaries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    config = {key: state[key] for key in _STATED if state.get(key) is not None}
    for summary in summaries:
        config |= {key: value for key, value in summary.items() if key.startswith("train_")}
    return config
