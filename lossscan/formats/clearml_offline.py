"""What ClearML keeps of an offline task: `metrics.jsonl`, each line a list of events."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from lossscan.canonical.names import is_judged
from lossscan.formats.kit.format import Format
from lossscan.formats.kit.point_log import PointLog
from lossscan.formats.kit.text import lines, peek
from lossscan.model import Note, Table
from lossscan.settings import Settings
from lossscan.sources.archive import companion
from lossscan.sources.files import Head

_TASK: Final = "task.json"
_SCALAR: Final = "training_stats_scalar"


def claims(head: Head) -> bool:
    """Whether it begins with a list of ClearML's events."""
    return head.start.startswith(b"[{") and f'"type": "{_SCALAR}"' in peek(head)


def read(head: Head, settings: Settings) -> Table:
    """Every scalar at its iteration; raises UnreadableLog where there is none."""
    points = PointLog()
    for line in lines(head):
        for event in _events(line):
            if event.get("type") == _SCALAR:
                points.add(_name(event), event.get("iter"), event.get("value"))
    found = points.columns(settings)
    judged = (column for name, column in found.items() if is_judged(name))
    zeros = sum(int((column.values == 0).sum()) for column in judged)
    notes = (Note("nan_as_zero", head.path, {"zeros": zeros}),) if zeros else ()
    return Table(found, config=_config(head.path), notes=notes)


def _config(path: Path) -> dict[str, Any]:
    """The hyperparameters of the task, which are in sections: `{"General": {"lr": {"value": 1}}}`.

    None where its file is missing or of another form: the curve is worth reading without.
    """
    try:
        sections = json.loads(companion(path, _TASK) or b"{}")["hyperparams"]
        stated = [item for section in sections.values() for item in section.values()]
        return {str(item["name"]).rpartition("/")[2]: item["value"] for item in stated}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def _events(line: str) -> Iterator[dict[str, Any]]:
    """The events of a line; none of one that is cut."""
    try:
        held = json.loads(line)
    except (ValueError, RecursionError):
        return
    yield from (each for each in held if isinstance(each, dict)) if isinstance(held, list) else ()


def _name(event: dict[str, Any]) -> str:
    """The plot and its line, as in `eval/loss`; a line named as its plot has one name."""
    plot, line = str(event.get("metric")), str(event.get("variant"))
    return plot if plot == line else f"{line}/{plot}"


FORMAT = Format(
    name="clearml_offline",
    sample='[{"type": "training_stats_scalar", "iter": 1, "metric": "loss", ...}]',
    claims=claims,
    read=read,
    priority=-3,  # known by its first bytes
    recorded=True,
    maybe_files="metrics.jsonl",
)
