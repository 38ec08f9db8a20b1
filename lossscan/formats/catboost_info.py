r"""What CatBoost leaves in `catboost_info`: a JSON of all rounds, and a table for each data set.

`catboost_training.json` has a line for each round, `{"learn":[0.67],"iteration":0,"test":[0.68]},`
below one that names the metrics; `learn_error.tsv` and `test_error.tsv` begin with `iter\tLogloss`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Final

from lossscan.errors import UnreadableLog
from lossscan.expressions import expression
from lossscan.formats.kit.boosted import is_score
from lossscan.formats.kit.cells import step_number
from lossscan.formats.kit.columns import Row, RowLog
from lossscan.formats.kit.format import Format
from lossscan.formats.kit.text import lines
from lossscan.model import Table
from lossscan.settings import Settings
from lossscan.sources.files import Head
from lossscan.sources.packed import plain_name
from lossscan.sources.safe_json import object_in

_DOCUMENT: Final = expression(rb'\{\s{0,9}"meta":\{"test_sets":\[')
_HEADER: Final = expression(rb"iter\t[A-Za-z][^\n]{0,2000}\n0\t")
_TABLES: Final = {"learn_error.tsv": "", "test_error.tsv": "eval_"}  # before the names of metrics
_SETS: Final = {"learn": "", "test": "eval_"}


def claims(head: Head) -> bool:
    """Whether it begins as one of these files; a table has also the name of one."""
    shape = _HEADER if plain_name(head.name) in _TABLES else _DOCUMENT
    return shape.match(head.start) is not None


def read(head: Head, settings: Settings) -> Table:
    """All metrics by rounds, the loss among them; raises UnreadableLog where there is none."""
    prefix, text = _TABLES.get(plain_name(head.name)), lines(head)
    meta = {} if prefix is not None else _object("".join(islice(text, 2)).partition(":")[2])
    log = RowLog(settings)
    for step, row in _rounds(text, meta) if prefix is None else _tabled(text, prefix):
        log.add(step, row)
    found = log.columns()
    if not found:
        raise UnreadableLog("no_column")
    ended = int(log.steps[-1]) + 1 == meta.get("iteration_count")
    complete = True if ended else None  # else it was stopped, for good or ill
    return Table(found, averaging="instant", complete=complete)


def _rounds(text: Iterator[str], meta: dict[str, Any]) -> Iterator[Row]:
    """The rounds of the JSON; of a line that is cut nothing is taken."""
    names = {each: _names(meta.get(f"{each}_metrics")) for each in _SETS}
    for line in text:
        told = _object(line)
        step = step_number(told.get("iteration"))
        if step is not None:
            values = ((names[each], told.get(each), prefix) for each, prefix in _SETS.items())
            yield step, {k: v for each in values for k, v in _row(*each).items()}


def _tabled(text: Iterator[str], prefix: str) -> Iterator[Row]:
    _, *names = next(text).rstrip("\r\n").split("\t")
    for line in text:
        first, *values = line.rstrip("\r\n").split("\t")
        step = step_number(first)
        if step is not None and line.endswith("\n"):
            yield step, _row(names, values, prefix)


def _row(names: Sequence[str], values: Any, prefix: str) -> dict[str, Any]:
    """The metrics of a set by their names; the first that is a loss is the loss."""
    loss = next((name for name in names if not is_score(name)), None)
    told = zip(names, values if isinstance(values, list) else (), strict=False)
    return {f"{prefix}{'loss' if name == loss else name}": value for name, value in told}


def _names(metrics: Any) -> list[str]:
    told = metrics if isinstance(metrics, list) else []
    return [str(each.get("name")) for each in told if isinstance(each, dict)]


def _object(text: str) -> dict[str, Any]:
    """The object of a line, without the comma behind it; an empty one where it is not whole."""
    return object_in(text.strip().removesuffix(","))


FORMAT = Format(
    name="catboost_info",
    sample='{"learn":[0.67],"iteration":0}, or learn_error.tsv: iter, Logloss (CatBoost)',
    claims=claims,
    read=read,
    priority=-1,  # known by its first bytes
    recorded=True,
    precision=1,  # the JSON and the tables hold the same
    files="catboost_training.json",
    maybe_files="learn_error.tsv test_error.tsv",
)
