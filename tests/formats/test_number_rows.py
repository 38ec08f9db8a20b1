"""Rows of a table that are read as JSON, and those that are not."""

import pytest

from lossscan.formats.csv_table.separated import number_columns


def test_cells_without_a_number_are_empty() -> None:
    """At both ends of a row, and several side by side."""
    lines = ["1,2.5,,,3e-4\n", ",,7,,\n"]
    assert number_columns(lines, ",") == [
        [1, None],
        [2.5, None],
        [None, 7],
        [None] * 2,
        [3e-4, None],
    ]


def test_any_sign_may_separate_numbers() -> None:
    """As in tables with tabs."""
    assert number_columns(["1\t-2\n"], "\t") == [[1], [-2]]


@pytest.mark.parametrize(
    ("lines", "separator"),
    [
        (["1,nan\n"], ","),
        (["1,true\n"], ","),
        (["007,2\n"], ","),
        (['"1",2\n'], ","),
        (["1,2\n", "3\n"], ","),
        (["1,2\n", "3,4"], ","),
        (["1,2],[3,4\n"], ","),
        (["1,5;2\n"], ";"),
        (["1  2\n"], " "),
    ],
    ids=[
        "nan",
        "truth",
        "text",
        "quotes",
        "fewer cells",
        "cut",
        "brackets",
        "decimal comma",
        "blanks",
    ],
)
def test_other_cells_are_no_numbers_of_json(lines: list[str], separator: str) -> None:
    """They are read as text."""
    assert number_columns(lines, separator) is None
