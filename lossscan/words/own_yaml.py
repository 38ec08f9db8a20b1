"""The YAML of our own: catalogues that lie next to the modules, and pages of plug-ins.

To load PyYAML and to parse a page takes a tenth of a command. So Python keeps what is in a file as
byte code in `__pycache__`, as it does with a module, and reads that until the file changes.
"""

from __future__ import annotations

from functools import cache
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import Any


@cache
def catalogue_in(path: Path) -> dict[str, Any]:
    """The mapping in a file of this package."""
    code = _AsCode(path.stem, str(path)).get_code(path.stem)
    found: dict[str, Any] = eval(code)  # type: ignore[arg-type]  # noqa: S307 - literals, made below
    return found


def as_yaml(text: str) -> dict[str, Any]:
    """The mapping in a YAML text of our own; another has no more than a safe loader."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # in C where it is built: 8 times faster
    parsed: dict[str, Any] = yaml.load(text, Loader=loader)  # noqa: S506 - both loaders are safe
    return parsed


class _AsCode(SourceFileLoader):
    """Loads a YAML file as a module whose code is the literal of what is in it."""

    def source_to_code(  # type: ignore[override]  # of its two bases one has it static
        self, data: Any, path: Any, *, _optimize: int = -1
    ) -> CodeType:
        """What is kept."""
        return compile(repr(as_yaml(data.decode())), path, "eval")
