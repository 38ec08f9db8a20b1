"""TensorBoard event files, as torch, tensorboardX, TensorFlow, Keras and Megatron write them."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator, Mapping
from typing import Any

from lossscan.errors import UnreadableLog
from lossscan.ingest.files import Head
from lossscan.ingest.formats._gather import Log, scan
from lossscan.ingest.formats._tfrecord import HEADER, length_of
from lossscan.ingest.names import factor, namer, stand_in
from lossscan.model import Column, Note, Table
from lossscan.settings import Settings

NAME = "event_file"

_VERSION = b"brain.Event:"  # stands in the first record of every event file, of no other TFRecord
_ARGS = "args/text_summary"
_MODEL = "model_config/text_summary"
_MODEL_KEYS = (
    "vocab_size",
    "model_type",
    "architectures",
    "torch_dtype",
    "dtype",  # its name from transformers 4.56 on
    "num_hidden_layers",
    "hidden_size",
    "_name_or_path",
)
_TRAINING_ARGUMENT = "per_device_train_batch_size"  # every version of TrainingArguments has it
_MEGATRON_LOSS = "lm loss"
_TEXT = "/text_summary"  # what writers append to the tag of a text
_LONGEST_ARGUMENT = 1024  # bytes; longer texts are samples, not arguments
_SUMMARY = "train/train_runtime"  # transformers logs it when training has ended
_LARGEST_TEXT = 1 << 20  # bytes; TrainingArguments take 8 kB, a model config up to 100 kB
_NOT_SERIES = ("step", "max_steps")  # where other numbers stand, not numbers to judge
_POINTER = b"version https://git-lfs"


def claims(head: Head) -> bool:
    """Whether the name says so, as TensorBoard itself decides, or the first record does."""
    return "tfevents" in head.name or (
        _VERSION in head.start[HEADER : HEADER + 64] and length_of(head.start[:HEADER]) is not None
    )


def read(head: Head, settings: Settings) -> Table:
    """All scalars at full resolution, and what the run says of itself in texts.

    Raises UnreadableLog where not even the first record can be found.
    """
    with head.path.open("rb") as stream:
        log = scan(stream, os.fstat(stream.fileno()).st_size)
    if log.broken and not log.records:
        raise _unreadable(head)
    tags = log.columns()
    framework = _framework(log, tags)
    return Table(
        path=head.path,
        format=NAME,
        columns=_named(tags, settings),
        framework=framework,
        config=_config(log, framework),
        # Megatron writes the loss of the very iteration here; only its console averages
        averaging="instant" if framework == "megatron" else "window",
        launches=_launches(log),
        complete=True if _SUMMARY in tags else None,
        notes=tuple(_notes(head, log)),
    )


def _unreadable(head: Head) -> UnreadableLog:
    if head.start.startswith(_POINTER):
        return UnreadableLog(
            "byte 0: a Git LFS pointer instead of the file", hint="fetch it with `git lfs pull`"
        )
    zeros = not any(head.start[:HEADER])
    found = "zeros" if zeros else "a length with a wrong checksum"
    return UnreadableLog(
        f"byte 0: {found} where the first record should begin",
        hint="it is no event file, or was damaged in copying: copy it again or leave it out",
    )


def _named(tags: Mapping[str, Column], settings: Settings) -> dict[str, Column]:
    """Columns by canonical name; of two tags with one name the fuller."""
    name_of = namer(settings.series)
    columns: dict[str, Column] = {}
    for tag in sorted(tags, key=lambda tag: len(tags[tag].steps)):
        steps, values = tags[tag].steps, tags[tag].values
        columns[name_of(tag)] = Column(steps=steps, values=values * factor(tag))
    substitute = stand_in({name: len(column.steps) for name, column in columns.items()})
    if substitute is not None:
        columns["loss"] = columns.pop(substitute)
    return {name: column for name, column in columns.items() if name not in _NOT_SERIES}


def _framework(log: Log, tags: Mapping[str, Column]) -> str | None:
    if _TRAINING_ARGUMENT in _json(log, _ARGS):
        return "transformers"
    return "megatron" if _MEGATRON_LOSS in tags else None


def _config(log: Log, framework: str | None) -> dict[str, Any]:
    """What the texts and the hparams plugin say of the run, and when the file begins."""
    model = _json(log, _MODEL)
    config = dict(log.hparams)
    if framework == "megatron":
        config |= _arguments(log)
    config |= {key: model[key] for key in _MODEL_KEYS if key in model}
    config |= _json(log, _ARGS)
    if log.wall_time is not None and math.isfinite(log.wall_time):
        config["wall_time_start"] = log.wall_time
    return config


def _json(log: Log, tag: str) -> dict[str, Any]:
    """The object that a text summary holds; empty where it holds anything else."""
    _, text = log.texts.get(tag, (0, b""))
    if len(text) > _LARGEST_TEXT:
        return {}
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):  # a text of the user's own
        return {}
    return found if isinstance(found, dict) else {}


def _arguments(log: Log) -> dict[str, str]:
    """Megatron's arguments, each a text summary of its own, written with `str`."""
    return {
        tag.removesuffix(_TEXT): text.decode(errors="replace")
        for tag, (_, text) in log.texts.items()
        if tag.endswith(_TEXT) and len(text) <= _LONGEST_ARGUMENT
    }


def _launches(log: Log) -> tuple[int, ...]:
    """The steps at which further launches begin; a start at step 0 is the first launch's own."""
    return tuple(step for _, step in sorted(log.launches) if step > 0)


def _notes(head: Head, log: Log) -> Iterator[Note]:
    if log.bad:
        yield Note("bad_checksum", head.path, {"records": log.bad, "offset": log.first_bad})
    if log.left:
        yield Note("truncated_tail", head.path, {"bytes": log.left})
