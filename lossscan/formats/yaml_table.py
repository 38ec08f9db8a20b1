"""A table that a script kept as YAML: a list of entries, lists by name, or a document for each."""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache
from typing import Any, Final

from lossscan.errors import UnreadableLog, Unusable, reason_of
from lossscan.expressions import expression
from lossscan.formats.kit.documents import Rows, tables_in
from lossscan.formats.kit.format import Format
from lossscan.formats.kit.several import table_of
from lossscan.formats.kit.text import encoding, is_text
from lossscan.model import Table
from lossscan.settings import Settings
from lossscan.sources.files import Head

FEWEST: Final = 2  # rows: settings may state one loss, that of the model they begin with
_STATES: Final = expression(  # behind comments: a document, an entry of a list, or a list
    r"\A(?:\s|#.{0,200}\n){0,50}(?:---\s|- (?:\{ ?)?\w{1,60}:|\w{1,60}:(?: \[|[ \t]{0,9}\r?\n))"
)
_QUICK: Final = ("loss", "Loss", "reward", "nll")
_SETS: Final = expression(  # what says that a file holds settings
    r"(?i)conf|args|params|setting|option|recipe|model|override"
)
_DOCUMENT: Final = expression(r"(?m)^---[ \t]*$")


def claims(head: Head) -> bool:
    """Whether its start is YAML that states several losses."""
    if not is_text(head):
        return False
    start = head.start.decode(encoding(head), errors="replace")  # to peek would take ten times
    if not _STATES.match(start) or _SETS.search(head.name):
        return False
    if not any(word in start for word in _QUICK):
        return False
    if head.size > len(head.start):
        start = start[: start.rfind("\n") + 1]
    with suppress(Unusable):
        return any(len(rows) >= FEWEST for rows in _tables(start).values())
    return False


def read(head: Head, settings: Settings) -> Table:
    """All rows of a run; raises UnreadableLog where it is no YAML, or is too large to be taken."""
    with head.open() as stream:
        text = stream.read().decode(encoding(head), errors="replace")
    if not text.endswith(("\n", "]", "}")):  # the last line may be cut within a number
        text = text[: text.rfind("\n") + 1]
    try:
        held = _tables(text)
    except Unusable as error:
        raise UnreadableLog("broken_yaml", reason=reason_of(error)) from error
    return table_of(head, held, settings)


@lru_cache(maxsize=2)
def _tables(text: str) -> dict[str, Rows]:
    from lossscan.sources.safe_yaml import load_yaml

    parts = [part for part in _DOCUMENT.split(text) if part.strip()]
    document: Any = [load_yaml(part) for part in parts] if len(parts) > 1 else load_yaml(text)
    return tables_in(_with_names(document))


def _with_names(node: Any) -> Any:
    """A document whose keys are all text: in YAML a number, a day or nothing may be one."""
    if isinstance(node, dict):
        return {str(key): _with_names(value) for key, value in node.items()}
    return [_with_names(each) for each in node] if isinstance(node, list) else node


FORMAT = Format(
    name="yaml_table",
    sample="- epoch: 1, then train_loss: 2.3 below it",
    claims=claims,
    read=read,
    priority=-1,  # its lines are what other readers look for
    maybe_files="*history*.y*ml *metrics*.y*ml *loss*.y*ml *results*.y*ml *log.y*ml",
    may_be_yaml=True,
)
