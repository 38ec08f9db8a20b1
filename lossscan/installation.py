"""What is installed: versions, extras, plug-ins, what each open set holds, and the JSON schemas."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from lossscan import __version__, plugins, words
from lossscan.errors import UsageError
from lossscan.expressions import expression

SCHEMAS = ("report", "settings")
_REQUIREMENT = expression(r"([\w.-]{1,100})[^;]{0,200}(?:;.{0,200}?extra == ['\"]([\w-]{1,50}))?")
_FOR_OTHERS = frozenset({"all", "dev"})  # extras that add no ability of their own


@dataclass(frozen=True, slots=True)
class Installation:
    """What this lossscan consists of."""

    version: str
    python: str
    platform: str
    packages: Mapping[str, str | None]  # what it needs, by version; None where it is missing
    extras: Mapping[str, bool]  # whether all that an extra needs is there
    plugins: Mapping[str, str]  # by group and name: the package, or why it cannot be used
    formats: tuple[str, ...]
    reporters: tuple[str, ...]
    rules: tuple[str, ...]


def installation() -> Installation:
    """What is there; nothing is read but the metadata of packages, and log formats are loaded."""
    import platform

    from lossscan.formats import formats
    from lossscan.reporters import formats as reporters
    from lossscan.rules import rule_names

    needed = [(name, extra) for name, extra in _requirements() if extra not in _FOR_OTHERS]
    extras = sorted({extra for _, extra in needed if extra})
    return Installation(
        version=__version__,
        python=platform.python_version(),
        platform=platform.platform(),
        packages={name: _version(name) for name, extra in needed if not extra},
        extras={
            each: all(_version(name) for name, extra in needed if extra == each) for each in extras
        },
        plugins=dict(_plugins()),
        formats=tuple(each.name for each in formats()),
        reporters=reporters(),
        rules=rule_names(),
    )


def _requirements() -> Iterator[tuple[str, str]]:
    """The packages that lossscan names, each with its extra; empty for what is always needed."""
    from importlib.metadata import PackageNotFoundError, requires

    try:
        stated = requires("lossscan") or []
    except PackageNotFoundError:  # run from its sources
        return
    for each in stated:
        if match := _REQUIREMENT.match(each):
            yield match[1], match[2] or ""


def _version(name: str) -> str | None:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _plugins() -> Iterator[tuple[str, str]]:
    for group in (plugins.FORMATS, plugins.RULES, plugins.REPORTERS):
        for name, point in plugins.added(group).items():
            yield f"{group}:{name}", point.dist.name if point.dist else point.module


def schema(name: str) -> str:
    """A JSON Schema as text; raises UsageError for a name that has none."""
    if name not in SCHEMAS:
        raise UsageError("no_schema", name=name, hint=words.nearest(name, SCHEMAS))
    return (Path(__file__).parent / "schemas" / f"{name}.json").read_text(encoding="utf-8")
