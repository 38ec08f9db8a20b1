"""One JSON object a line: LLaMA-Factory's trainer_log.jsonl, ms-swift's logging.jsonl, kin."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from itertools import islice
from typing import Any, Final

import msgspec
import numpy as np

from lossscan.canonical.names import canonical, is_judged
from lossscan.errors import UnreadableLog
from lossscan.formats.kit.cells import clocks, number, step_number
from lossscan.formats.kit.columns import Sheet
from lossscan.formats.kit.damage import weighed
from lossscan.formats.kit.format import Format
from lossscan.formats.kit.groups import Group, groups_of
from lossscan.formats.kit.grown import Grown
from lossscan.formats.kit.labels import beside_phase, held_out, of_set, phase_key
from lossscan.formats.kit.records import Records, dotted, in_lines
from lossscan.formats.kit.text import LONGEST_LINE, lines_of, peek, pieces
from lossscan.formats.kit.trainer_texts import sums_up
from lossscan.model import Note, Table
from lossscan.numeric.arrays import IntArray
from lossscan.settings import Settings
from lossscan.sources.files import Head
from lossscan.sources.safe_json import load_json
from lossscan.trainers import trainer_with_key

LOOKED_AT = 50  # objects at the start of the file that decide whether it is a log
SHARED = 3  # keys shown where none is known
_DECODED: Final = msgspec.json.Decoder().decode
_END: Final = ord("\n")
_MEMBER: Final = '":'  # of an object, and of no prose or printed dict
_CLOCK: Final = "elapsed_time"  # LLaMA-Factory's, of the launch
_SETTINGS: Final = "config."  # what Ray Tune repeats in each line
_DONE: Final = "done"  # Ray Tune's, of the trial
_OF_POINT: Final = ("epoch", "learning_rate")  # what a point without a step has next to its loss
_OF_TRAINING: Final = "epoch"  # the lines of a prediction and ms-swift's last one have none
_MEASURED: Final = ("eval_loss", "predict_loss", "reward", "learning_rate", "lr")
_LLAMAFACTORY: Final = "trainer_log.jsonl"  # the rewritten trainer (v1) logs no key of its own


def claims(head: Head) -> bool:
    """Whether its first objects hold steps and a quantity that trainers log.

    Or several a loss next to an epoch or a learning rate; a single object sums a run up.
    """
    names = set(map(canonical, keys(head)))
    if any(name.startswith("_wandb") for name in names):  # W&B's summary, of last values
        return False
    judged = any(map(is_judged, names))
    if "step" in names:
        return judged or "learning_rate" in names
    return judged and not names.isdisjoint(_OF_POINT) and "\n{" in peek(head)


def keys(head: Head) -> list[str]:
    """The keys of its first objects."""
    objects = filter(None, map(_parsed, map(str.strip, _first(head))))
    return list(dict.fromkeys(key for each in objects for key in dotted(each)))


def _first(head: Head) -> list[str]:
    """The first lines; where the head ends within the first, as of 2,000 norms, that one."""
    text = peek(head)
    if not text.lstrip().startswith("{"):
        return []
    if head.size == len(head.start) or b"\n" in head.start:
        return text.splitlines()[:LOOKED_AT]
    with head.open() as stream:
        return [stream.readline(LONGEST_LINE).decode(errors="replace")]


def read(head: Head, settings: Settings) -> Table:
    """All whole objects; lines that are none are counted.

    Without a step a whole epoch counts, else the objects do. Raises UnreadableLog where no key is
    known.
    """
    log = _Log(settings)
    for piece in pieces(head):
        log.take(piece)
    steps, counted = log.sheet.counted_steps(log.rows)
    found = log.sheet.columns(steps)
    if not found:
        shown = ", ".join(islice(log.sheet.numbers, SHARED))
        raise UnreadableLog("no_key_among", keys=shown) if shown else UnreadableLog("no_key")
    broken = Note("broken_lines", head.path, log.broken)
    notes = [weighed(broken, log.lost, log.rows)] if log.broken else []
    notes += [Note("steps_counted", head.path, {"entries": log.rows})] if counted else []
    if log.cut:
        notes.append(Note("truncated_tail", head.path, {"line": log.lines}))
    named = "llamafactory" if head.name.startswith(_LLAMAFACTORY) else None
    return Table(
        found,
        framework=trainer_with_key(log.sheet.numbers) or named,
        config=_config(log.last),
        launches=_launches(steps, log.clock),
        complete=_complete(log.last),
        notes=tuple(notes),
    )


class _Log:
    """What the lines have said so far."""

    def __init__(self, settings: Settings) -> None:
        self.sheet = Sheet(settings)
        self.last: Mapping[str, Any] = {}  # of training, where that can be told
        self.clock = Grown(np.float64)  # times
        self.lines = 0
        self.rows = 0
        self.broken: dict[str, int] = {}  # how many lines, and the first, counted from 1
        self.lost = 0  # those that look like objects
        self.cut = False
        self._records = Records(in_lines)

    def take(self, piece: bytes) -> None:
        """Read some lines: at once where they are like those before, else one by one."""
        self.cut = False  # a long line is read in pieces that end within it
        ends = np.flatnonzero(np.frombuffer(piece, np.uint8) == _END)  # `count` takes ten times
        if not self.lines and len(ends) > LOOKED_AT:  # the first of a file say what is in it
            self._take_singly(lines_of(piece[: ends[LOOKED_AT - 1] + 1]))
            self.lines, piece, ends = LOOKED_AT, piece[ends[LOOKED_AT - 1] + 1 :], ends[LOOKED_AT:]
        lines = len(ends) + (not piece.endswith(b"\n"))
        group = self._records.group(piece, self.rows)
        if group is not None and _is_one_a_line(group, piece, lines):
            for part in _by_set(group):
                self._add(part)
            self._remember(group.row(at) for at in reversed(range(len(group.places))))
            self.rows += len(group.places)
        else:
            self._take_singly(lines_of(piece))
        self.lines += lines

    def _take_singly(self, lines: Sequence[str]) -> None:
        rows = []
        for at, line in enumerate(lines, start=self.lines + 1):
            text = line.strip()
            found = _parsed(text)
            if found is not None:
                flat = dotted(found)
                rows.append(flat if _phase(tuple(flat)) is None else beside_phase(flat))
            elif not line.endswith("\n"):
                self.cut = bool(text)
            elif text:
                self.broken.setdefault("lines", 0)
                self.broken.setdefault("first", at)
                self.broken["lines"] += 1
                self.lost += _MEMBER in text and (text[0] == "{" or text[-1] == "}")
        for group in groups_of(rows, self.rows):
            self._records.meet(group.cells)
            self._add(group)
        self._remember(reversed(rows))
        self.rows += len(rows)

    def _remember(self, backwards: Iterable[Mapping[str, Any]]) -> None:
        for row in backwards:
            if _OF_TRAINING in row or _OF_TRAINING not in self.sheet.numbers:
                self.last = row
                return

    def _add(self, group: Group) -> None:
        cells = {key: row for key, row in group.cells.items() if not key.startswith(_SETTINGS)}
        times = clocks(cells[_CLOCK]) if _CLOCK in cells else None
        if times is not None:
            self.clock.add(group.places, times)
            del cells[_CLOCK]  # no number is in it
        elif _CLOCK in cells:
            shown = np.array(list(map(_time, cells[_CLOCK])), dtype=np.float64)
            self.clock.add(group.places, shown)
        self.sheet.add(Group(group.places, cells))


_phase: Final = lru_cache(maxsize=1 << 10)(phase_key)  # shapes of rows come again and again


def _by_set(group: Group) -> Iterator[Group]:
    """The rows of training and of each set that is kept apart, where a key says it."""
    key = _phase(tuple(group.cells))
    sets = np.array([] if key is None else list(map(held_out, group.cells[key])))
    if not any(sets):
        yield group
        return
    for name in dict.fromkeys(sets.tolist()):
        at = np.flatnonzero(sets == name)
        cells = {key: [column[i] for i in at.tolist()] for key, column in group.cells.items()}
        yield Group(group.places[at], of_set(cells, name))


def _is_one_a_line(group: Group, piece: bytes, lines: int) -> bool:
    """Whether there are as many objects as lines, or as lines that are not empty."""
    count = len(group.places)
    return count == lines or count == sum(map(bool, piece.split(b"\n")))


def _parsed(text: str) -> dict[str, Any] | None:
    """The object that a line holds; None for a line that is cut, prose, or part of a longer one."""
    if not (text.startswith("{") and text.endswith("}")):
        return None
    for decode in (_DECODED, load_json):  # the second takes a bare NaN
        with suppress(ValueError, RecursionError):
            found = decode(text)
            return found if isinstance(found, dict) else None
    return None


def _config(last: Mapping[str, Any]) -> dict[str, Any]:
    planned = last.get("total_steps")
    if isinstance(shown := last.get("global_step/max_steps"), str):
        planned = step_number(shown.partition("/")[2])
    held = {key.removeprefix(_SETTINGS): last[key] for key in last if key.startswith(_SETTINGS)}
    return held if planned is None else held | {"max_steps": planned}


def _complete(last: Mapping[str, Any]) -> bool | None:
    """Trainers log a line without a loss when training has ended, also before the planned step."""
    if last.get(_DONE) is True or sums_up(last):
        return True
    counted = last.get("current_steps") is not None and last.get("loss") is None
    planned = last.get("current_steps") == last.get("total_steps")
    summed = _OF_TRAINING in last and not any(last.get(key) is not None for key in _MEASURED)
    return True if counted and (planned or summed) else None


def _launches(steps: IntArray, clock: Grown[np.float64]) -> tuple[int, ...]:
    """The steps after which the clock of the launch starts again and the step goes on."""
    at, shown = steps, clock.values
    if not clock.fills(len(steps)):
        order = np.argsort(clock.places, kind="stable")
        at, shown = steps[clock.places[order]], shown[order]
    told = (at >= 0) & (shown > 0)
    if not told.all():
        at, shown = at[told], shown[told]
    again = (shown[1:] < shown[:-1]) & (at[1:] > at[:-1])
    return tuple(at[:-1][again].tolist())


def _time(shown: Any) -> float:
    """A number that orders as the clock does, 0 for none; see `clocks`."""
    told = clocks([shown])
    return (number(shown) or 0.0) if told is None else float(told[0])


FORMAT = Format(
    name="json_lines",
    sample='{"step": 5, "loss": 2.3}',
    claims=claims,
    read=read,
    keys=keys,
    priority=50,
    precision=5,
    files="trainer_log.jsonl logging.jsonl",
    maybe_files="*.jsonl *.ndjson",
)
