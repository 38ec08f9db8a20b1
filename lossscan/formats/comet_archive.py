"""What Comet keeps of an offline experiment: an archive with one message a line."""

from __future__ import annotations

from typing import Any, Final

from lossscan.formats.kit.format import Format
from lossscan.formats.kit.point_log import PointLog
from lossscan.formats.kit.text import lines, peek
from lossscan.model import Table
from lossscan.settings import Settings
from lossscan.sources.files import Head
from lossscan.sources.safe_json import object_in

_METRIC: Final = '"metric_msg"'
_PARAMETER: Final = '"parameter_msg"'
_OWN: Final = "sys."  # what Comet measures of the machine
_CONTEXTS: Final = {"validate": "eval", "test": "test"}
_MESSAGE: Final = '{"payload":'


def claims(head: Head) -> bool:
    """Whether its lines are messages of Comet."""
    return head.start.startswith(_MESSAGE.encode()) and '"message_id"' in peek(head)


def read(head: Head, settings: Settings) -> Table:
    """Every logged number at its step; raises UnreadableLog where there is none."""
    points = PointLog()
    config: dict[str, Any] = {}
    for line in lines(head):
        if _METRIC in line or _PARAMETER in line:
            _take(line, points, config)
    return Table(points.columns(settings), config=config)


def _take(line: str, points: PointLog, config: dict[str, Any]) -> None:
    """Add what a message says; one that is cut or of another form says nothing."""
    payload = object_in(line).get("payload")
    held = payload if isinstance(payload, dict) else {}
    metric, parameter = held.get("metric"), held.get("param")
    if isinstance(metric, dict) and not str(metric.get("metricName")).startswith(_OWN):
        step, name, context = metric.get("step") or 0, metric.get("metricName"), held.get("context")
        if context in _CONTEXTS:  # within `experiment.validate()` or `test()` names are training's
            name = f"{_CONTEXTS[context]}/{name}"
        points.add(str(name), step, metric.get("metricValue"))
        points.add("epoch", step, metric.get("epoch"))
    elif isinstance(parameter, dict):
        config[str(parameter.get("paramName"))] = parameter.get("paramValue")


_SAMPLE = 'an offline archive, with {"payload": {"metric": {"metricName": "loss", ...}}}'
FORMAT = Format(  # known by its first bytes
    "comet_archive", _SAMPLE, claims, read, priority=-3, recorded=True
)
