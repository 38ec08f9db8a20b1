"""What sacred's FileStorageObserver keeps: `metrics.json`, the steps and values of each metric."""

from __future__ import annotations

from typing import Any, Final

from lossscan.expressions import expression
from lossscan.formats.kit.format import Format
from lossscan.formats.kit.json_document import document
from lossscan.formats.kit.point_log import PointLog
from lossscan.formats.kit.text import peek
from lossscan.model import Note, Table
from lossscan.settings import Settings
from lossscan.sources.archive import companion
from lossscan.sources.files import Head
from lossscan.sources.safe_json import object_in

_RUN: Final = "run.json"
_ENDED: Final = {"COMPLETED": True, "FAILED": False, "INTERRUPTED": False, "TIMEOUT": False}
_SHAPE: Final = expression(
    r'\s{0,99}\{\s{0,99}"[^"]{1,200}"\s{0,9}:\s{0,9}\{\s{0,99}"steps"\s{0,9}:'
)


def claims(head: Head) -> bool:
    """Whether its first metric begins with its steps."""
    return _SHAPE.match(peek(head)) is not None


def read(head: Head, settings: Settings) -> Table:
    """Every metric at its steps.

    Raises UnreadableLog where it is no JSON or holds no points, ReaderGaveUp where it is too much.
    """
    held, cut = document(head)
    points = PointLog()
    for name, metric in (held if isinstance(held, dict) else {}).items():
        if isinstance(metric, dict):
            for stated, value in zip(_list(metric, "steps"), _list(metric, "values"), strict=False):
                plain = value.get("value") if isinstance(value, dict) else value  # of numpy
                points.add(name.replace(".", "/"), stated, plain)
    found = points.columns(settings)
    entries = max(len(column.steps) for column in found.values())
    notes = (Note("cut_json", head.path, {"entries": entries}),) if cut else ()
    status = object_in(companion(head.path, _RUN)).get("status")  # in the file next to it
    return Table(found, complete=_ENDED.get(str(status)), notes=notes)


def _list(metric: dict[str, Any], key: str) -> list[Any]:
    held = metric.get(key)
    return held if isinstance(held, list) else []


_SAMPLE = '{"training.loss": {"steps": [1, 2], "values": [2.3, 2.1]}}'
FORMAT = Format(  # before tables of lists
    "sacred_metrics", _SAMPLE, claims, read, priority=40, recorded=True, maybe_files="metrics.json"
)
