"""What the cells of a Jupyter notebook printed, as the text of a log."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from lossscan.errors import UnreadableLog

SUFFIX: Final = ".ipynb"
LARGEST: Final = 1 << 26  # bytes; pictures make a notebook large, not what it printed
_CELL: Final = re.compile(r"<t[hd][^<>]{0,400}>([^<>]{0,400})</t[hd]>")
_HINT: Final = "</table>"


def is_notebook(path: Path) -> bool:
    """Whether the name of a file is that of a notebook."""
    return path.name.endswith(SUFFIX)


def printed(path: Path) -> bytes:
    """All that its cells printed, in order; the rows of tables become lines of `name: value`.

    Raises UnreadableLog where it is no notebook, and OSError.
    """
    with path.open("rb") as stream:
        data = stream.read(LARGEST + 1)
    if len(data) > LARGEST:
        said = f"{path}: larger than {LARGEST >> 20} MiB"
        raise UnreadableLog(said, hint="save the outputs of the training as text")
    try:
        cells = json.loads(data)["cells"]
        return "".join(text for cell in cells for text in _outputs(cell)).encode(errors="replace")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UnreadableLog(f"{path}: is no notebook", hint="save it once more") from error


def _outputs(cell: dict[str, Any]) -> Iterator[str]:
    for output in cell.get("outputs", ()):
        data = output.get("data", {})
        page = _joined(data.get("text/html", ""))
        if _HINT in page:
            yield from _rows(page)
        else:
            yield _ended(_joined(output.get("text", data.get("text/plain", ""))))


def _joined(text: str | list[str]) -> str:
    return text if isinstance(text, str) else "".join(text)


def _ended(text: str) -> str:
    return text if not text or text.endswith("\n") else f"{text}\n"


def _rows(page: str) -> Iterator[str]:
    """The rows of a table below its header, as `Step: 10 | Training Loss: 2.3`."""
    header: list[str] = []
    for row in page.split("<tr")[1:]:
        cells = [html.unescape(cell).strip() for cell in _CELL.findall(row)]
        if "<th" in row and not header:
            header = cells
        elif header:
            filled = [f"{name}: {cell}" for name, cell in zip(header, cells, strict=False) if name]
            yield " | ".join(filled) + "\n"
