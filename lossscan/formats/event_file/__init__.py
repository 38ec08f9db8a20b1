"""TensorBoard event files, as torch, tensorboardX, TensorFlow, Keras and Megatron write them."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

from lossscan.canonical.names import canonical
from lossscan.errors import LogDamaged, UnreadableLog
from lossscan.formats.kit.binary.gather import Log, scan
from lossscan.formats.kit.binary.tfrecord import HEADER, length_of
from lossscan.formats.kit.columns import by_name
from lossscan.formats.kit.format import Format
from lossscan.formats.kit.trainer_texts import ARGS, MODEL, are_arguments, trainer_settings
from lossscan.model import Column, Table
from lossscan.settings import Settings
from lossscan.sources.files import Head
from lossscan.trainers import trainer_of, trainer_with_key

_VERSION = b"brain.Event:"  # is in the first record of every event file, of no other TFRecord
_TEXT = "/text_summary"  # what writers append to the tag of a text
_LONGEST_ARGUMENT = 1024  # bytes; longer texts are samples, not arguments
_SUMMARY = "train/total_flos"  # transformers logs it when training has ended
_EPOCH = "epoch_"  # Keras' prefix of what it logs at the end of an epoch
_TENSORFLOW = ".v2"  # what TensorFlow 2 ends the name of a file with
_EVALUATIONS = ("validation", "val", "valid", "eval", "test")  # next to a folder `train`
_POINTER = b"version https://git-lfs"


def claims(head: Head) -> bool:
    """Whether the name says so, as TensorBoard itself decides, or the first record does."""
    return "tfevents" in head.name or (
        _VERSION in head.start[HEADER : HEADER + 64] and length_of(head.start[:HEADER]) is not None
    )


def read(head: Head, settings: Settings) -> Table:
    """All scalars at full resolution, and what the run says of itself in texts.

    Raises UnreadableLog where not even the first record can be found, LogDamaged where all that
    would be scalars are damaged.
    """
    with head.open() as stream:
        log = scan(stream, stream.seek(0, os.SEEK_END))
    if log.broken and not log.records:
        raise _unreadable(head)
    tags = log.columns()
    if log.bad and not tags:
        raise LogDamaged("event_file_bad", records=log.bad)
    framework = _framework(head, log, tags)
    return Table(
        by_name(_named(head, tags, log.hparams), settings),
        framework=framework,
        config=_config(log, framework),
        averaging="instant" if "events" in trainer_of(framework).instant else "window",
        launches=tuple(step for _, step in sorted(log.launches) if step > 0),  # 0 is the first's
        complete=True if _SUMMARY in tags else None,
        notes=tuple(log.notes(head.path, "bad_checksum")),
    )


def home(head: Head) -> Path | None:
    """The folder of the writer that made this one for a line of a plot, or for its settings."""
    log = scan(BytesIO(head.start), len(head.start))
    found = plotted(head.path.parent, log.columns(), log.hparams)
    return found.home if found else None


def _named(
    head: Head, tags: Mapping[str, Column], hparams: Mapping[str, Any]
) -> Mapping[str, Column]:
    """The tags with what the folder adds to them; none of one that holds settings."""
    part = plotted(head.path.parent, tags, hparams)
    if part is not None:
        return {_line(tag, part.line): column for tag, column in tags.items() if part.line}
    if _is_of_epochs(head):
        return {f"{tag}_epoch": column for tag, column in tags.items()}
    return _evaluated(tags) if _is_evaluation(head) else tags


def _line(plot: str, line: str) -> str:
    """A line of a plot: of the loss, those that neither train nor evaluate are its parts."""
    whole = f"{plot}/{line}"
    is_part = canonical(plot) == "loss" and canonical(whole) == whole
    return f"{line}_loss" if is_part else whole


def _unreadable(head: Head) -> UnreadableLog:
    if head.start.startswith(_POINTER):
        return UnreadableLog("lfs_pointer")
    zeros = not any(head.start[:HEADER])
    return LogDamaged("event_file_zeros" if zeros else "event_file_checksum")


def _is_evaluation(head: Head) -> bool:
    """Whether the folder says so: Keras writes the same tags to `train` and to `validation`."""
    folder = head.path.parent
    return folder.name in _EVALUATIONS and (folder.parent / "train").is_dir()


def _is_of_epochs(head: Head) -> bool:
    """Whether its tags are means over epochs: fairseq writes the same ones to `train_inner`."""
    folder = head.path.parent
    return folder.name == "train" and (folder.parent / "train_inner").is_dir()


def _evaluated(tags: Mapping[str, Column]) -> dict[str, Column]:
    """The tags as those of an evaluation, also where they do not say so."""
    return {
        tag if canonical(tag).startswith("eval_") else f"val_{tag.removeprefix(_EPOCH)}": column
        for tag, column in tags.items()
    }


def _framework(head: Head, log: Log, tags: Mapping[str, Column]) -> str | None:
    if are_arguments(log.text(ARGS + _TEXT)):
        return "transformers"
    if f"{_EPOCH}loss" in tags and head.name.endswith(_TENSORFLOW):
        return "keras"
    return trainer_with_key(tags)


def _config(log: Log, framework: str | None) -> dict[str, Any]:
    """What the texts and the hparams plugin say of the run, and when the file begins."""
    config = dict(log.hparams)
    if framework == "megatron":
        config |= _arguments(log)
    config |= trainer_settings(log.text(ARGS + _TEXT), log.text(MODEL + _TEXT))
    if log.wall_time is not None and math.isfinite(log.wall_time):
        config["wall_time_start"] = log.wall_time
    return config


def _arguments(log: Log) -> dict[str, str]:
    """Megatron's arguments, each a text summary of its own, written with `str`."""
    return {
        tag.removesuffix(_TEXT): text.decode(errors="replace")
        for tag, (_, text) in log.texts.items()
        if tag.endswith(_TEXT) and len(text) <= _LONGEST_ARGUMENT
    }


# --- the parts of a plot --------------------------------------------------------------------------


class Plotted(NamedTuple):
    """Whose folder it is a part of, and what its line is called next to the others of its plot.

    torch writes the tag `Loss` to `Loss_train` and `Loss_val`, tensorboardX to `Loss/train`.
    """

    home: Path
    line: str  # empty of one that holds settings


def plotted(folder: Path, tags: Mapping[str, Column], hparams: Mapping[str, Any]) -> Plotted | None:
    """Whose part a folder of event files is, None where it is no part of one above.

    `add_hparams` writes to a folder that the clock names, or the user.
    """
    if hparams and all(len(column.steps) <= 1 for column in tags.values()):
        return _beside_events(folder.parent, "")
    if len(tags) != 1:
        return None
    (tag,) = tags
    start = f"{tag.replace('/', '_')}_"
    if folder.name.startswith(start):
        return _beside_events(folder.parent, folder.name.removeprefix(start))
    parts = tag.split("/")
    if folder.parts[-1 - len(parts) : -1] == tuple(parts):
        return _beside_events(folder.parents[len(parts)], folder.name)
    return None


def _beside_events(home: Path, line: str) -> Plotted | None:
    """The part, if its writer has an event file of its own, as each has."""
    return Plotted(home, line) if any(home.glob("*tfevents*")) else None


FORMAT = Format(
    name="event_file",
    sample="events.out.tfevents.* (TensorBoard; begins with brain.Event:)",
    claims=claims,
    read=read,
    recorded=True,
    joined=True,
    holds_arguments=True,
    precision=2,
    files="*tfevents*",
    home=home,
    priority=-1,  # known by its name or first record: as text it takes a hundred times as long
)
