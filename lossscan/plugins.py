"""What other packages add to lossscan, by the entry points of an open set: names, then values."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache
from typing import TYPE_CHECKING, TypeVar

from lossscan.errors import PluginError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

_Member = TypeVar("_Member")


@cache
def added(group: str) -> Mapping[str, EntryPoint]:
    """The entry points of a group by name, none of them loaded."""
    from importlib.metadata import entry_points

    found: dict[str, EntryPoint] = {}
    for point in entry_points(group=group):
        other = found.setdefault(point.name, point)
        if other.value != point.value:  # the same twice: a package that lies on the path twice
            raise _refused(point, f"{_package(other)} adds one of the same name")
    return found


def names(group: str, own: Collection[str]) -> tuple[str, ...]:
    """The names of all members of an open set, sorted; raises PluginError where two are alike."""
    for name, point in added(group).items():
        if name in own:
            raise _refused(point, "lossscan has one of the same name")
    return tuple(sorted({*own, *added(group)}))


def load(group: str, name: str, kind: type[_Member]) -> _Member:
    """The member that a package adds; raises PluginError where it cannot be had."""
    point = added(group)[name]
    try:
        member = point.load()
    except Exception as error:  # the code of others: whatever it raises, the user is told whose
        raise _refused(point, f"{type(error).__name__}: {error}") from error
    if not isinstance(member, kind):
        raise _refused(point, f"{point.value} is no {kind.__name__}")
    if getattr(member, "name", None) != name:
        raise _refused(point, f"{point.value} calls itself {getattr(member, 'name', None)!r}")
    return member


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else point.module


def _refused(point: EntryPoint, reason: str) -> PluginError:
    return PluginError(
        f"the plug-in {point.name} of {_package(point)} cannot be used: {reason}",
        hint=f"update or uninstall {_package(point)}",
    )
