"""Lines of `name: number` with a step: torchtune, torchtitan, NeMo, OLMo-core, own loops."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from lossscan.errors import UnreadableLog
from lossscan.ingest.files import Head
from lossscan.ingest.formats._columns import Row, columns, step_number
from lossscan.ingest.formats._remarks import SKIPPED, Remarks
from lossscan.ingest.formats._text import lines, pairs, peek
from lossscan.ingest.names import canonical, is_known
from lossscan.model import Table
from lossscan.settings import Settings

NAME = "key_value"
MARK = "step 5 loss: 2.3"
PRIORITY = 90
MAPPABLE = True
FEWEST = 3  # lines with a step and a loss that make a log; fewer stand in any README
_STEP: Final = re.compile(
    r"(?i)\b(?:global[_ ]?)?(?:steps?|iter(?:ation)?s?)\b[\s:=#\[(]{0,10}(\d{1,15})"
    r"(?:\s?(?:/|of)\s?(\d{1,15}))?(?=[^\w.])"
)
_EPOCH: Final = re.compile(r"(?i)\bepoch\b[\s:=#\[(]{0,4}(\d{1,9})(?=[^\w.])")
_SAID: Final = {  # what only this trainer prints
    "torchtune": re.compile(r"^Step \d+ \| loss:.* lr:.*"),
    "nemo": re.compile(r"Training epoch \d+, iteration \d+/\d+ \||\breduced_train_loss=\d"),
    "olmo-core": re.compile(r"\[step=\d+/\d+,epoch=\d+"),
    "torchtitan": re.compile(r"step: +\d+ +loss: .*\btps: "),
    "deepspeed": re.compile(r"steps: \d+ loss: .* iter time \(s\): "),
}
_PLANNED: Final = re.compile(r"\[step=\d{1,15}/(\d{1,15}),epoch=")  # OLMo-core's steps of the run
_LOSS: Final = ("loss", "train_loss", "eval_loss")


@dataclass(frozen=True, slots=True)
class _Line:
    step: int | None
    of: int | None  # steps of the epoch or the run, where the line says
    epoch: int | None
    row: dict[str, Any]  # raw names
    indented: bool


def claims(head: Head) -> bool:
    """Whether several of its lines, or blocks of lines, hold a step and a loss."""
    text = peek(head)
    stepped = "global_step" in text or _STEP.search(text) is not None
    if not stepped or "loss" not in text.lower():
        return False
    found = 0
    for _, row in _joined(map(_parsed, text.splitlines(keepends=True))):
        found += any(canonical(name) in _LOSS for name in row)
        if found >= FEWEST:
            return True
    return False


def read(head: Head, settings: Settings) -> Table:
    """The quantities that are known by name; where steps begin anew in each epoch, they go on.

    Raises UnreadableLog where no line holds a step and a known name.
    """
    text = peek(head)
    framework = next((name for name, said in _SAID.items() if said.search(text)), None)
    planned = _PLANNED.search(text)
    asked = frozenset(settings.series.values())
    remarks = Remarks()
    parsed: list[_Line] = []
    for line in lines(head):
        remarks.take(line, len(parsed))
        parsed.append(_parsed(line, asked))
    points = [at for at, each in enumerate(parsed) if each.step is not None and each.row]
    for at, count in remarks.skipped(points).items():
        parsed[at].row[SKIPPED] = count
    rows = _without_echo(list(_joined(parsed)))
    found = columns(rows, settings)
    if not found:
        raise UnreadableLog("no line holds a step and a loss", hint="name the key under `series`")
    return Table(
        path=head.path,
        format=NAME,
        columns=found,
        framework=framework,
        config={"max_steps": planned[1]} if planned else {},
        notes=remarks.notes(head.path),
    )


def _parsed(line: str, asked: frozenset[str] = frozenset()) -> _Line:
    stated = pairs(line)
    row = {name: value for key, value in stated.items() if (name := _known(key, asked))}
    counter = _STEP.search(line)
    epoch = _EPOCH.search(line)
    declared = step_number(stated.get("global_step"))  # NeMo's iteration begins anew in each epoch
    here = counter is not None and declared is None
    return _Line(
        step=int(counter[1]) if counter is not None and here else declared,
        of=int(counter[2]) if counter is not None and here and counter[2] else None,
        epoch=int(epoch[1]) if epoch else None,
        row=row,
        indented=line[:1].isspace() and bool(line.strip()),
    )


def _known(key: str, asked: frozenset[str]) -> str | None:
    """The part of a key that is a known name: prose and prefixes may stand before it."""
    words = key.split(" ")
    for first in range(len(words)):
        name = " ".join(words[first:])
        if name in asked or is_known(name):
            return name
    return None


def _joined(parsed: Iterable[_Line]) -> Iterator[Row]:
    """Lines as rows; an indented line goes on with the step above it."""
    current: int | None = None
    done = 0  # steps of the epochs before
    before: _Line | None = None
    for line in parsed:
        if line.step is not None:
            done = _done(done, before, line)
            current, before = line.step + done, line
        elif not line.indented:
            current = None
        if current is not None and line.row:
            yield current, line.row


def _done(done: int, before: _Line | None, line: _Line) -> int:
    """Steps of the epochs that have ended: an epoch ends where its steps begin anew."""
    if before is None or line.step is None or before.step is None or line.step > before.step:
        return done
    further = before.epoch is not None and line.epoch is not None and line.epoch > before.epoch
    return done + (before.of or before.step) if further else done


def _without_echo(rows: list[Row]) -> list[Row]:
    """NeMo repeats the last evaluation on every line: only a new value is an evaluation."""
    kept: list[Row] = []
    shown: Any = None
    for step, row in rows:
        echo = {name for name in row if canonical(name) == "eval_loss" and row[name] == shown}
        both = any(canonical(name) == "loss" for name in row)
        shown = next((row[name] for name in row if canonical(name) == "eval_loss"), shown)
        fresh = {name: value for name, value in row.items() if not (both and name in echo)}
        kept.append((step, fresh))
    return kept
