"""The settings of a training run, from all files and logs that state any; the most trusted wins."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from lossscan import formats
from lossscan.canonical.fields import canonical_fields
from lossscan.canonical.values import same
from lossscan.errors import LossscanError, UsageError, reason_of
from lossscan.model import Field, Note, Table
from lossscan.runs.belonging import checkpoint_of
from lossscan.runs.results import unreadable
from lossscan.runs.training.files import Room, Stated, Trust, is_config_name, read_settings
from lossscan.sources.files import relative

MATTERS: Final = (  # fields whose disagreement changes a verdict
    *("learning_rate", "lr_scheduler_type", "warmup_steps", "warmup_ratio", "max_grad_norm"),
    *("per_device_train_batch_size", "gradient_accumulation_steps", "eval_strategy"),
    *("finetuning_type", "lora_rank", "stage", "seed", "fp16", "bf16"),
)
SHARES: Final = ("eval_steps", "save_steps", "logging_steps")  # below 1: a share of max_steps


class Config(Struct, frozen=True):
    """The training settings of a run, with their sources."""

    fields: Mapping[str, Field]
    notes: tuple[Note, ...] = ()
    framework: str | None = None


def read_config(
    paths: Iterable[Path], tables: Sequence[Table], *, root: Path, explicit: Path | None = None
) -> Config:
    """Gather the settings that `paths` and `tables` state.

    `tables` come oldest first: of two launches the later one's arguments hold. Files below the
    run that cannot be read become notes; raises UsageError where `explicit` cannot be read.
    """
    stated, notes = _from_files(paths)
    stated += _from_tables(tables)
    if explicit is not None:
        stated.append(_explicit(explicit))
    stated.sort(key=lambda source: _rank(source, root))
    fields = _resolved(_chosen(stated, root), stated)
    framework = next((source.framework for source in stated if source.framework), None)
    return Config(fields, (*notes, *_conflicts(stated, root)), framework)


def _rank(source: Stated, root: Path) -> tuple[int, int, int, int]:
    """The place among all sources; the first that states a field wins.

    A checkpoint may be of an earlier launch: what it holds comes behind what the run's own logs
    state, and of several checkpoints the last counts most.
    """
    number = checkpoint_of(source.path, root)
    if number is None or source.trust is Trust.EXPLICIT:
        return source.trust, 0, 0, 0
    return max(source.trust, Trust.LOG), 1, -number, source.trust


def _from_files(paths: Iterable[Path]) -> tuple[list[Stated], list[Note]]:
    stated: list[Stated] = []
    notes: list[Note] = []
    room = Room()
    for path in sorted(paths, key=lambda path: (len(path.parts), path)):  # the run before its parts
        if not is_config_name(path):
            continue
        try:
            found = read_settings(path, room=room)
        except Exception as error:  # a settings file must not stop the run
            notes.append(unreadable(path, error))
        else:
            stated += [found] if found else []
    return stated, notes


def _from_tables(tables: Sequence[Table]) -> list[Stated]:
    """The settings that the logs state, newest first."""
    return [
        Stated(
            table.path,
            Trust.ARGUMENTS if formats.named(table.format).holds_arguments else Trust.LOG,
            canonical_fields(table.config),
            lines=table.config_lines,
        )
        for table in reversed(tables)
        if table.config
    ]


def _explicit(path: Path) -> Stated:
    try:
        found = read_settings(path, Trust.EXPLICIT)
    except FileNotFoundError as error:
        raise UsageError("config_missing", at=path) from error
    except (ValueError, OSError, LossscanError) as error:
        raise UsageError("config_unreadable", at=path, reason=reason_of(error).bare()) from error
    if found is None:
        raise UsageError("config_unknown", at=path)
    return found


def _chosen(stated: Sequence[Stated], root: Path) -> dict[str, Field]:
    fields: dict[str, Field] = {}
    for source in stated:
        path = relative(source.path, root)
        for name, value in source.fields.items():
            line = source.lines.get(name)
            fields.setdefault(name, Field(value, path if line is None else f"{path}:{line}"))
    return fields


def _resolved(fields: dict[str, Field], stated: Sequence[Stated]) -> dict[str, Field]:
    """Shares of the run become steps: from a log that resolved them, else by the trainer's rule."""
    planned = fields.get("max_steps")
    for name in SHARES:
        field = fields.get(name)
        if field is None or field.value >= 1:
            continue
        absolute = (source.fields.get(name, 0) for source in stated)
        computed = math.ceil(planned.value * field.value) if planned else None
        steps = next((value for value in absolute if value >= 1), computed)
        if steps is not None:
            fields[name] = replace(field, value=steps)
    return fields


def _conflicts(stated: Sequence[Stated], root: Path) -> list[Note]:
    """A note for each field that matters and on which two files of the run disagree."""
    own = [source for source in stated if source.trust is not Trust.EXPLICIT]
    notes = []
    for name in MATTERS:
        named = [source for source in own if name in source.fields]
        other = next((s for s in named if not same(s.fields[name], named[0].fields[name])), None)
        if other is not None:
            notes.append(_conflict(name, named[0], other, root))
    return notes


def _conflict(name: str, kept: Stated, other: Stated, root: Path) -> Note:
    numbers = {
        "field": name,
        "value": kept.fields[name],
        "source": relative(kept.path, root),
        "other": other.fields[name],
        "other_source": relative(other.path, root),
    }
    return Note("config_conflict", kept.path, numbers)
