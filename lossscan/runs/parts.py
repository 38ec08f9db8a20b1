"""The parts of a loss that are in files of their own, one in each: none of them is the loss."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from msgspec.structs import replace

from lossscan.canonical.names import is_part
from lossscan.formats.kit.total_loss import added_up
from lossscan.model import Column, Table

_LOSS: Final = "loss"
SEVERAL: Final = 2  # parts; a loss of one part is that part


def with_total(tables: Sequence[Table]) -> list[Table]:
    """The tables with the sum of such parts as the loss, where no other table holds one."""
    alone = {id(table): part for table in tables if (part := _only_part(table))}
    if len(alone) < SEVERAL or len(set(alone.values())) < len(alone):
        return list(tables)
    columns = [table.columns[alone[id(table)]] for table in tables if id(table) in alone]
    logged = any(_LOSS in table.columns for table in tables if id(table) not in alone)
    total = None if logged else added_up(columns)
    first = next(iter(alone))
    return [
        _of_part(table, total if id(table) == first else None) if id(table) in alone else table
        for table in tables
    ]


def _only_part(table: Table) -> str | None:
    """The part that a table took for the loss, as it holds no other."""
    parts = [name for name in table.columns if is_part(name)]
    loss = table.columns.get(_LOSS)
    if len(parts) != 1 or loss is None:
        return None
    same = np.array_equal(table.columns[parts[0]].values, loss.values, equal_nan=True)
    return parts[0] if same else None


def _of_part(table: Table, total: Column | None) -> Table:
    columns = {name: column for name, column in table.columns.items() if name != _LOSS}
    return replace(table, columns=columns if total is None else columns | {_LOSS: total})
