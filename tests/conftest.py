"""Fixtures that several test modules share."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# A timing is no test: on a busy machine any example may take long.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
# Else each process that a test starts compiles the whole package again: ten times its work. And
# each worker all tests, whose `assert`s pytest rewrites: half of the time until the first begins.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

GOLDEN = Path(__file__).parent / "golden"
MakeRun = Callable[..., Path]


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--update-goldens` rewrites the expected outputs instead of comparing them."""
    parser.addoption("--update-goldens", action="store_true", help="rewrite tests/golden")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a text with the golden file of that name."""

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--update-goldens"):
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8")

    return compare


@pytest.fixture
def make_run(tmp_path: Path) -> MakeRun:
    """A tiny run directory: trainer_state.json of some losses, and other JSON files by name."""

    def make(
        name: str = "run",
        *,
        losses: list[float] | None = None,
        every: int = 10,
        files: Mapping[str, Any] | None = None,
        **state: Any,
    ) -> Path:
        folder = tmp_path / name
        folder.mkdir(parents=True)
        values = [3.0 - 0.01 * i for i in range(60)] if losses is None else losses
        rows = [{"step": every * i, "loss": loss} for i, loss in enumerate(values, start=1)]
        whole = {"log_history": rows, "global_step": every * len(rows), "epoch": 1.0} | state
        for file, content in {"trainer_state.json": whole, **(files or {})}.items():
            (folder / file).write_text(json.dumps(content), encoding="utf-8")
        return folder

    return make
