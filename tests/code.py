"""The package's own code, parsed once for all tests that look at it."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import lossscan

HOUSE = Path(lossscan.__file__).parent
MODULES = sorted(HOUSE.rglob("*.py"))


@cache
def tree(module: Path) -> ast.Module:
    """The statements of a module."""
    return ast.parse(module.read_text(encoding="utf-8"))


@cache
def nodes(module: Path) -> tuple[ast.AST, ...]:
    """All that its statements consist of."""
    return tuple(ast.walk(tree(module)))
