"""The console of Megatron-LM and its kin: `iteration 5/ 484 | consumed samples: 80 | ... |`."""

from __future__ import annotations

import math
import re
from typing import Any, Final

from lossscan.ingest.files import Head
from lossscan.ingest.formats._banner import consistent, data_facts
from lossscan.ingest.formats._columns import Row, columns, number
from lossscan.ingest.formats._text import NUMBER, lines, peek
from lossscan.model import Table
from lossscan.settings import Settings

NAME = "megatron_console"
MARK = "iteration 5/ 100 | ..."
_POINT: Final = re.compile(r"iteration +(\d{1,15})/ *(\d{1,15}) \| (?=(?:consumed|elapsed) )")
_VALIDATION: Final = re.compile(
    r"validation loss at (?:iteration +(\d{1,15})|the end of training for val data)"
    rf"(?: on validation set)? \| .*?loss value: ({NUMBER}) "
)
_ARGUMENT: Final = re.compile(r"^(?:\S+: ?)?\s+(\w{1,80}) \.{3,200} (.{1,300})$")
_ARGUMENTS: Final = re.compile(r"-{8,} arguments -{8,}")
_END: Final = "end of arguments"
_SKIPPED = "number of skipped iterations"


def claims(head: Head) -> bool:
    """Whether a point stands in it, or the block of arguments."""
    text = peek(head)
    return _POINT.search(text) is not None or _ARGUMENTS.search(text) is not None


def read(head: Head, settings: Settings) -> Table:
    """All points and validations; what the arguments and the dataset builder say is config.

    Megatron leaves out a loss that is NaN: the field is missing while the others are there. It
    is missing too where all iterations were skipped, and then there was no loss.
    """
    rows: list[Row] = []
    arguments: dict[str, Any] = {}
    facts: dict[str, Any] = {}
    in_arguments = False
    for line in lines(head):
        if point := _POINT.search(line):
            arguments["train_iters"] = int(point[2])
            rows.append((int(point[1]), _fields(line, point.end())))
        elif validation := _VALIDATION.search(line):
            step = int(validation[1]) if validation[1] else _last(rows)
            rows.append((step, {"eval_loss": validation[2]}))
        else:
            in_arguments = (in_arguments or bool(_ARGUMENTS.search(line))) and _END not in line
            arguments |= _arguments(line) if in_arguments else {}
            facts = dict(data_facts(line)) | facts
    return Table(
        path=head.path,
        format=NAME,
        columns=columns(rows, settings),
        framework="megatron",
        config=arguments | consistent(facts),
    )


def _fields(line: str, start: int) -> dict[str, Any]:
    """The fields of a point that end with their bar, so that a cut number is none."""
    parts = (part.rpartition(":") for part in line[start:].split("|")[:-1])
    fields: dict[str, Any] = {name.strip(): value.strip() for name, _, value in parts}
    has_loss = any(name.endswith("loss") for name in fields)
    whole = _SKIPPED in fields
    if whole and not has_loss and not number(fields[_SKIPPED]):
        fields["lm loss"] = math.nan
    return fields


def _arguments(line: str) -> dict[str, str]:
    """The argument that a line of the block states, unless it is None."""
    return {name: text for name, text in _ARGUMENT.findall(line.rstrip()) if text != "None"}


def _last(rows: list[Row]) -> int:
    return rows[-1][0] if rows else 0
