"""One JSON object a line: LLaMA-Factory's trainer_log.jsonl, ms-swift's logging.jsonl, kin."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice, pairwise
from typing import Any, Final, NamedTuple

import msgspec

from lossscan.errors import UnreadableLog
from lossscan.ingest.files import Head
from lossscan.ingest.formats._columns import Row, columns, number, step_number
from lossscan.ingest.formats._text import lines, peek
from lossscan.ingest.names import canonical, namer
from lossscan.model import Note, Table
from lossscan.settings import Settings

NAME = "json_lines"
LACKS = "its lines are no JSON objects with a step and a loss"
PRIORITY = 50
MAPPABLE = True
LOOKED_AT = 50  # objects at the start of the file that decide whether it is a log
DEEPEST = 4  # levels of nesting that become dotted keys
SHARED = 3  # keys shown where none is known
_DECODED: Final = msgspec.json.Decoder().decode
_LOGGED: Final = ("loss", "eval_loss", "reward", "train_loss", "learning_rate")
_DURATION: Final = re.compile(r"(?:(\d{1,6}) days?, )?(\d{1,6}):(\d\d):(\d\d)")
_MADE_BY: Final = {"current_steps": "llamafactory", "global_step/max_steps": "ms-swift"}


class _Object(NamedTuple):  # a million are made: a frozen dataclass takes four times as long
    line: int  # counted from 1
    keys: Mapping[str, Any] | None  # None: the line is broken
    whole: bool  # it ends with a newline


def claims(head: Head) -> bool:
    """Whether its first objects hold steps and a quantity that trainers log."""
    text = peek(head)
    if not text.lstrip().startswith("{"):
        return False
    objects = filter(None, map(_parsed, text.splitlines()[:LOOKED_AT]))
    names = {canonical(key) for each in objects for key in _flat(each)}
    return "step" in names and any(name in names for name in _LOGGED)


def read(head: Head, settings: Settings) -> Table:
    """All whole objects; lines that are none are counted.

    Without a step, the objects are counted. Raises UnreadableLog where no key is known.
    """
    objects = list(_objects(head))
    broken = [each.line for each in objects if each.keys is None and each.whole]
    kept = [each.keys for each in objects if each.keys is not None]
    rows = _rows(kept, namer(settings.series))
    found = columns(rows, settings)
    if not found:
        shown = ", ".join(islice(dict.fromkeys(key for row in kept for key in row), SHARED))
        raise UnreadableLog(f"no series among its keys ({shown})", hint="name one under `series`")
    notes = [Note("broken_lines", head.path, _count(broken))] if broken else []
    if objects[-1].keys is None and not objects[-1].whole:
        notes.append(Note("truncated_tail", head.path, {"line": objects[-1].line}))
    return Table(
        path=head.path,
        format=NAME,
        columns=found,
        framework=next((who for key, who in _MADE_BY.items() if key in kept[0]), None),
        config=_config(kept),
        launches=_launches(rows),
        complete=_complete(kept),
        notes=tuple(notes),
    )


def _objects(head: Head) -> Iterator[_Object]:
    for at, line in enumerate(lines(head), start=1):
        if line.strip():
            found = _parsed(line)
            yield _Object(at, None if found is None else _flat(found), line.endswith("\n"))


def _parsed(line: str) -> dict[str, Any] | None:
    try:
        found = _DECODED(line)
    except (msgspec.DecodeError, RecursionError):
        found = _with_bare_nan(line)
    return found if isinstance(found, dict) else None


def _with_bare_nan(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _flat(found: dict[str, Any], depth: int = DEEPEST) -> dict[str, Any]:
    """Nested objects become dotted keys."""
    if dict not in map(type, found.values()):
        return found
    flat: dict[str, Any] = {}
    for key, value in found.items():
        inner = _flat(value, depth - 1) if isinstance(value, dict) and depth else {"": value}
        flat |= {f"{key}.{name}".rstrip("."): item for name, item in inner.items()}
    return flat


def _rows(kept: Sequence[Mapping[str, Any]], name_of: Callable[[str], str]) -> list[Row]:
    names = {key: name_of(key) for row in kept for key in row}
    step_keys = [key for key, name in names.items() if name == "step"]
    if not step_keys:
        return list(enumerate(kept, start=1))
    found = ((_step(row, step_keys), row) for row in kept)
    return [(step, row) for step, row in found if step is not None]


def _step(row: Mapping[str, Any], keys: Sequence[str]) -> int | None:
    return next((step for key in keys if (step := step_number(row.get(key))) is not None), None)


def _count(broken: Sequence[int]) -> dict[str, int]:
    return {"lines": len(broken), "first": broken[0]}


def _config(kept: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    last = kept[-1]
    planned = last.get("total_steps")
    if isinstance(shown := last.get("global_step/max_steps"), str):
        planned = step_number(shown.partition("/")[2])
    return {} if planned is None else {"max_steps": planned}


def _complete(kept: Sequence[Mapping[str, Any]]) -> bool | None:
    """Trainers log a line without a loss when training has ended."""
    last = kept[-1]
    ended = "train_runtime" in last or (
        last.get("loss") is None
        and last.get("current_steps") is not None
        and last.get("current_steps") == last.get("total_steps")
    )
    return True if ended else None


def _launches(rows: Sequence[Row]) -> tuple[int, ...]:
    """The steps after which the clock of the launch starts again and the step goes on."""
    timed = [
        (step, seconds) for step, row in rows if (seconds := _seconds(row.get("elapsed_time")))
    ]
    return tuple(
        before
        for (before, late), (after, early) in pairwise(timed)
        if early < late and after > before
    )


def _seconds(shown: Any) -> float | None:
    match = _DURATION.fullmatch(shown) if isinstance(shown, str) else None
    if match is None:
        return number(shown)
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return float(((days * 24 + hours) * 60 + minutes) * 60 + seconds)
