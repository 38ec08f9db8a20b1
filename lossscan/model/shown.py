"""How a report shows itself in a notebook and to a script.

A value knows no room above it: the one that shows is looked up when it is asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pandas import DataFrame

_ROOM = "lossscan.integrations.notebook"


class Shown:
    """Conversions that reports, of one run or of many, offer."""

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        """The JSON report as plain dicts, lists, strings and numbers."""
        told: dict[str, Any] = import_module(_ROOM).dict_of(self)
        return told

    def to_json(self) -> str:
        """The JSON report as text, as `--format json` writes it."""
        text: str = import_module(_ROOM).json_of(self)
        return text

    def frame(self) -> DataFrame:
        """A row for each finding, with the columns of `--format csv`; MissingExtra without pandas.

        Of many runs, one without findings has a row, too.
        """
        table: DataFrame = import_module(_ROOM).frame_of(self)
        return table

    def _repr_html_(self) -> str:
        """What a notebook shows: the verdicts and the curve."""
        text: str = import_module(_ROOM).html_of(self)
        return text


class Tabled:
    """Conversions that a run offers."""

    __slots__ = ()

    def frame(self) -> DataFrame:
        """A row for each logged step, a column for each series; MissingExtra without pandas."""
        table: DataFrame = import_module(_ROOM).frame_of_run(self)
        return table
