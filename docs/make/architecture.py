"""The picture of docs/architecture.md: the rooms and who imports whom, read from the code."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

HOUSE = Path(__file__).parents[2] / "lossscan"
BEGIN, END = "<!-- rooms: made by make docs -->\n", "<!-- end of rooms -->\n"
FOUNDATION = frozenset(
    {"errors", "model", "numeric", "points", "words", "settings"}
)  # all use them


def with_picture(page: str) -> str:
    """The page with its picture made again; raises ValueError where the marks are gone."""
    start, stop = page.index(BEGIN) + len(BEGIN), page.index(END)
    return page[:start] + _picture(_imports()) + page[stop:]


def _imports() -> Mapping[str, set[str]]:
    """For each room the other rooms that it imports; those that all use are left out."""
    found: dict[str, set[str]] = defaultdict(set)
    for module in sorted(HOUSE.rglob("*.py")):
        room = _room(module)
        found[room] |= {
            name for name in _imported(module) if name not in FOUNDATION | {room} and _is_room(name)
        }
    return {room: names for room, names in sorted(found.items()) if room not in FOUNDATION}


def _is_room(name: str) -> bool:
    return (HOUSE / name).is_dir() or (HOUSE / f"{name}.py").exists()


def _room(module: Path) -> str:
    return module.relative_to(HOUSE).parts[0].removesuffix(".py")


def _imported(module: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ImportFrom) or node.module is None:
            continue
        if node.module == "lossscan":
            yield from (alias.name for alias in node.names)
        elif match := re.match(r"lossscan\.(\w+)", node.module):
            yield match[1]


def _picture(imports: Mapping[str, set[str]]) -> str:
    arrows = [
        f"  {room} --> {name}"
        for room, names in imports.items()
        if not room.startswith("__")
        for name in sorted(names)
    ]
    return "\n".join(["```mermaid", "flowchart TD", *arrows, "```", ""])
