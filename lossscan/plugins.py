"""What other packages add by entry points to the open sets: formats, rules and reporters."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from lossscan.errors import ORDERS, PluginError
from lossscan.model import Message

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

FORMATS, RULES, REPORTERS = "lossscan.formats", "lossscan.rules", "lossscan.reporters"  # groups
_Member = TypeVar("_Member")


@cache
def added(group: str) -> Mapping[str, EntryPoint]:
    """The entry points of a group by name, none of them loaded; raises PluginError."""
    if not _any_stated():
        return {}
    from importlib.metadata import entry_points

    found: dict[str, EntryPoint] = {}
    for point in entry_points(group=group):
        other = found.setdefault(point.name, point)
        if other.value != point.value:  # the same twice is one package that is on the path twice
            raise _refusal(point, Message("plugin_twice", package=_package(other)))
    return found


@cache
def _any_stated() -> bool:
    """Whether a package may add something; importlib.metadata takes ten times as long to tell."""
    for folder in map(Path, sys.path):
        if folder.is_file():  # an archive, into which only importlib.metadata looks
            return True
        for stated in folder.glob("*-info/entry_points.txt"):
            if b"[lossscan." in stated.read_bytes():  # the head of a group
                return True
    return False


def names(group: str, own: Collection[str]) -> tuple[str, ...]:
    """The names of all members of an open set, sorted; raises PluginError where two are alike."""
    for name in added(group):
        if name in own:
            raise refused(group, name, Message("plugin_taken"))
    return tuple(sorted({*own, *added(group)}))


def load(group: str, name: str, kind: type[_Member]) -> _Member:
    """The member that a package adds; raises PluginError where it cannot be had."""
    point = added(group)[name]
    try:
        member = point.load()
    except ORDERS:
        raise
    except BaseException as error:  # the code of others: whatever it raises, it is said whose it is
        raise broken(group, name, error) from error
    if not isinstance(member, kind):
        raise _refusal(point, Message("plugin_kind", value=point.value, kind=kind.__name__))
    called = getattr(member, "name", None)
    if called != name:
        raise _refusal(point, Message("plugin_name", value=point.value, called=repr(called)))
    return member


def refused(group: str, name: str, reason: Message) -> PluginError:
    """That what a package adds cannot be used, and whose it is."""
    return _refusal(added(group)[name], reason)


def broken(group: str, name: str, error: BaseException) -> PluginError:
    """That what a package adds raised an error."""
    raised = Message("plugin_raised", error=type(error).__name__, reason=str(error))
    return refused(group, name, raised)


def _refusal(point: EntryPoint, reason: Message) -> PluginError:
    package = _package(point)
    return PluginError("plugin_refused", name=point.name, package=package, reason=reason)


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else point.module
