"""A table of one quantity that its path names: what TensorBoard gives for download, and DVCLive's.

`run-train-tag-epoch_loss.csv` begins with `Wall time,Step,Value`; DVCLive writes `step` and the
value to `plots/metrics/train/loss.tsv`, DeepSpeed to `Train_Samples_train_loss.csv`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from lossscan.canonical.names import canonical
from lossscan.canonical.sets import HELD_OUT
from lossscan.errors import UnreadableLog
from lossscan.expressions import expression
from lossscan.formats.kit.columns import table
from lossscan.formats.kit.format import Format
from lossscan.formats.kit.text import lines, peek
from lossscan.model import Table
from lossscan.settings import Settings
from lossscan.sources.files import Head
from lossscan.sources.packed import plain_name

COLUMNS: Final = 2  # at least: the step and the value
_TENSORBOARD: Final = expression(r'"?Wall time"?,"?Step"?,"?Value"?\s')
# TensorBoard's JSON.
_LISTED: Final = expression(r"\s{0,9}\[\[\d{9,10}\.\d{1,9}, ?\d{1,15}, ?-?[\dN]")
_TRIPLE: Final = expression(r"\[\d{9,10}\.\d{1,20}, ?(\d{1,15}), ?(-?[\w.+-]{1,40})\]")
_DVCLIVE: Final = expression(r"(?:timestamp\t)?step\t([^\t\r\n]{1,200})\r?\n")
_DEEPSPEED: Final = expression(r"step,Train_(?:Samples|Steps)_(\w{1,200})\r?\n")
_TAGGED: Final = expression(r"(?:run-(.{0,300}?)[-_])?tag-(.{1,300})")  # as TensorBoard names it
_EVALUATES: Final = expression(rf"(?i)(?<![a-z])(?:{HELD_OUT})(?![a-z])")
_PLAYER: Final = expression(  # a line of `add_scalars` in the name of a run: `exp_loss_G`
    r"(?i)\A(?:.{0,300}[_-])?loss_(d|g|gen|disc|generator|discriminator|critic)"
)
_METRICS: Final = "metrics"  # the folder below which DVCLive's folders are part of the name


def claims(head: Head) -> bool:
    """Whether it begins with the header of such a table."""
    text = peek(head)
    shapes = (_TENSORBOARD, _LISTED, _DEEPSPEED)
    return any(shape.match(text) for shape in shapes) or (
        head.name.endswith(".tsv") and _DVCLIVE.match(text) is not None
    )


def read(head: Head, settings: Settings) -> Table:
    """Its points under the name that the path tells; raises UnreadableLog where it has none."""
    if _LISTED.match(peek(head)):
        key = _by_file(head.path)
        triples = (match for line in lines(head) for match in _TRIPLE.finditer(line))
        return _table(head, [{"step": match[1], key: match[2]} for match in triples], settings)
    text = lines(head)
    header = next(text, "")
    separator = "\t" if "\t" in header else ","
    names = [name.strip(' "\r\n') for name in header.split(separator)]
    if len(names) < COLUMNS:
        raise UnreadableLog("no_header")
    sampled = _DEEPSPEED.match(peek(head))
    if sampled:
        key = sampled[1]
    else:
        key = _by_file(head.path) if names[-1] == "Value" else _by_folder(head.path, names[-1])
    rows = []
    for line in text:
        cells = [cell.strip(' "') for cell in line.rstrip("\r\n").split(separator)]
        if len(cells) == len(names) and line.endswith("\n"):
            rows.append({"step": cells[-2], key: cells[-1]})
    return _table(head, rows, settings)


def _table(head: Head, rows: Sequence[dict[str, str]], settings: Settings) -> Table:
    found, _ = table(rows, settings)
    if not found:
        raise UnreadableLog("no_points")
    return Table(found)


def _by_file(path: Path) -> str:
    """The tag that the name of a file holds, and whether the run it is of evaluates."""
    stem = plain_name(path.name).removesuffix(".csv").removesuffix(".json")
    tagged = _TAGGED.search(stem)
    if tagged is None:
        return stem
    if (player := _PLAYER.fullmatch(tagged[1] or "")) and canonical(tagged[2]) == "loss":
        return f"{player[1]}_loss"
    evaluates = _EVALUATES.search(tagged[1] or "") and not _EVALUATES.search(tagged[2])
    return f"eval_{tagged[2].removeprefix('epoch_')}" if evaluates else tagged[2]


def _by_folder(path: Path, column: str) -> str:
    """The name of a column with the folders below `metrics`, unless it has them."""
    parts = path.parent.parts
    below = parts[parts.index(_METRICS) + 1 :] if _METRICS in parts else parts[-1:]
    known = [part for part in below if part in ("train", "training") or _EVALUATES.fullmatch(part)]
    return column if "/" in column else "/".join([*known, column])


_SAMPLE = "Wall time,Step,Value, or metrics/train/loss.tsv: step, loss"
FORMAT = Format(  # before tables that name their columns themselves
    "one_metric", _SAMPLE, claims, read, priority=55, recorded=True, maybe_files="run-*-tag-*.json"
)
