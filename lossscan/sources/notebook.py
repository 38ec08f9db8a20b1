"""What the cells of a Jupyter notebook printed, as the text of a log."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

from lossscan.errors import LogDamaged, ReaderGaveUp, UnreadableLog
from lossscan.expressions import expression
from lossscan.sources.own_file import opened

if TYPE_CHECKING:
    import msgspec

SUFFIX: Final = ".ipynb"
LARGEST: Final = 1 << 26  # bytes; pictures make a notebook large, not what it printed
MOST: Final = LARGEST // 128  # cells, and outputs of one; Jupyter writes more bytes for each
_MIME: Final = {"page": "text/html", "plain": "text/plain"}
_CELL: Final = expression(r"<t[hd][^<>]{0,400}>([^<>]{0,400})</t[hd]>")
_HINT: Final = "</table>"


def is_notebook(path: Path) -> bool:
    """Whether the name of a file is that of a notebook."""
    return path.name.endswith(SUFFIX)


def printed(path: Path) -> bytes:
    """All that its cells printed or raised, in order; rows of tables become lines of `name: value`.

    Raises UnreadableLog where it is no notebook, LogDamaged where one that names a loss is damaged,
    ReaderGaveUp where it is larger than LARGEST or prints as much, and OSError.
    """
    with opened(path) as stream:
        data = stream.read(LARGEST + 1)
    if len(data) > LARGEST:
        large = ReaderGaveUp if b"loss" in data else UnreadableLog
        raise large("too_large_notebook", at=path, mib=LARGEST >> 20)
    try:
        cells = _decoder().decode(data).cells
    except (ValueError, RecursionError) as error:
        kind = LogDamaged if b"loss" in data else UnreadableLog
        raise kind("not_notebook", at=path) from error
    parts: list[str] = []
    left = LARGEST  # characters: each cell of a table repeats the name of its column
    for part in (part for cell in cells or () if cell for part in _outputs(cell)):
        parts.append(part)
        left -= len(part)
        if left < 0:
            raise ReaderGaveUp("too_large_notebook", at=path, mib=LARGEST >> 20)
    return "".join(parts).encode(errors="replace")


@cache
def _decoder() -> msgspec.json.Decoder[Any]:
    """What takes the outputs alone: pictures and 20 million empty lists cost no memory.

    Anything may be null, as tools that strip or merge notebooks leave it: nothing is lost with it.
    """
    import msgspec

    def struct(name: str, **members: tuple[Any, Any]) -> Any:
        fields = [(key, kind | None, default) for key, (kind, default) in members.items()]
        return msgspec.defstruct(name, fields, rename=_MIME, frozen=True, gc=False)

    def several(kind: Any) -> Any:
        return Annotated[tuple[kind | None, ...], msgspec.Meta(max_length=MOST)]

    text: Any = str | list[str]
    data = struct("Data", page=(text, ""), plain=(text, ""))
    error = {"ename": (str, ""), "evalue": (str, "")}
    output = struct("Output", text=(text, ""), data=(data, data()), **error)
    cell = struct("Cell", outputs=(several(output), ()))
    return msgspec.json.Decoder(struct("Notebook", cells=(several(cell), ())))


def _outputs(cell: Any) -> Iterator[str]:
    for output in filter(None, cell.outputs or ()):
        page = _joined(output.data and output.data.page)
        if _HINT in page:
            yield from _rows(page)
        elif output.ename:  # its traceback is colored, with the code of each frame
            yield f"Traceback (most recent call last):\n{output.ename}: {output.evalue}\n"
        else:
            text = _joined(output.text or (output.data and output.data.plain))
            yield text if not text or text.endswith("\n") else f"{text}\n"


def _joined(text: str | list[str] | None) -> str:
    return text if isinstance(text, str) else "".join(text or ())


def _rows(page: str) -> Iterator[str]:
    """The rows of a table below its header, as `Step: 10 | Training Loss: 2.3`.

    Of one that has no row yet, the header tells that a training began.
    """
    from html import unescape

    header: list[str] = []
    rows = 0
    for row in page.split("<tr")[1:]:
        cells = [unescape(cell).strip() for cell in _CELL.findall(row)]
        if "<th" in row and not header:
            header = cells
        elif header:
            filled = [f"{name}: {cell}" for name, cell in zip(header, cells, strict=False) if name]
            yield " | ".join(filled) + "\n"
            rows += 1
    if header and not rows:
        yield " | ".join(f"{name}:" for name in header) + "\n"
