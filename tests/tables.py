"""Tables and settings as the readers make them, from a short recipe."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from lossscan.model import Column, Field, Series, Table

Points = tuple[Iterable[int], Iterable[float]]


def column(steps: Iterable[int], values: Iterable[float]) -> Column:
    """A column in the order given."""
    return Column(np.array(list(steps), dtype=np.int64), np.array(list(values), dtype=np.float64))


def table(name: str, form: str, /, columns: dict[str, Points], **facts: Any) -> Table:
    """What a reader makes of a file `name` of one format."""
    return Table(
        path=Path("/run") / name,
        format=form,
        columns={key: column(*points) for key, points in columns.items()},
        **facts,
    )


def series(name: str, steps: Iterable[int], values: Iterable[float]) -> Series:
    """A series of a run."""
    made = column(steps, values)
    return Series(name, made.steps, made.values)


def config(**fields: Any) -> dict[str, Field]:
    """Settings of a run, all from one file."""
    return {name: Field(value, "train.yaml") for name, value in fields.items()}
