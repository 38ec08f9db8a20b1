"""What the JSON report of 0.1 has, every later report of schema lossscan.report/1 has as well.

The files were written by 0.1.0 and are never made again: scripts read these keys. A new key may
join them; to take one away or to change its type is to raise the schema (docs/release.md).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lossscan.commands import main

PROMISED = Path("tests/fixtures/promise")
ONE, SEVERAL = "sample_logs/loss-jump", ("sample_logs/ga-scaling", "sample_logs/ga-scaling-ga1")
BY_NAME = ("series", "config", "values")  # objects whose keys are names of the run, not ours


def _shape(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Each place of a document and the type there; items of a list share a place."""
    if isinstance(value, dict):
        yield path, "object"
        for key, item in value.items():
            own = path.rsplit("/", 1)[-1] not in BY_NAME
            yield from _shape(item, f"{path}/{key if own else '*'}")
    elif isinstance(value, list):
        yield path, "array"
        for item in value:
            yield from _shape(item, f"{path}/-")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield path, "number"
    elif value is not None:  # null says nothing of the type
        yield path, type(value).__name__


@pytest.mark.parametrize(
    ("name", "asked"), [("report", ("analyze", ONE)), ("compare", ("compare", *SEVERAL))]
)
def test_what_a_report_of_0_1_has_a_report_of_today_has(
    name: str, asked: tuple[str, ...], capsys: pytest.CaptureFixture[str]
):
    """Keys and their types; the sentences and numbers may change."""
    assert main([*asked, "--format=json", "--fail-on=never"]) == 0
    today = json.loads(capsys.readouterr().out)
    promised = json.loads((PROMISED / f"{name}-0.1.json").read_text(encoding="utf-8"))
    missing = set(_shape(promised)) - set(_shape(today))
    assert not missing


def test_a_key_that_goes_or_changes_its_type_is_noticed():
    """The check sees both, in a list as well."""
    was = set(_shape({"runs": [{"step": 3, "name": "a"}]}))
    assert was - set(_shape({"runs": [{"step": "3"}]})) == {
        ("/runs/-/step", "number"),
        ("/runs/-/name", "str"),
    }
