"""Logs of which more is damaged than whole: the gate hears of it, and of less it need not."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from lossscan.pipeline import examine
from lossscan.settings import Settings
from tests import writers

LINES = [json.dumps({"step": step, "loss": 2 + 1 / step}) + "\n" for step in range(1, 61)]


def _lines(folder: Path, damaged: Iterable[int]) -> None:
    cut = (each[:-8] + "\n" if at in damaged else each for at, each in enumerate(LINES))
    (folder / "trainer_log.jsonl").write_text("".join(cut))


def _ends(folder: Path, damaged: Iterable[int]) -> None:
    cut = (each[9:] if at in damaged else each for at, each in enumerate(LINES))
    (folder / "trainer_log.jsonl").write_text("".join(cut))


def _events(folder: Path, damaged: Iterable[int]) -> None:
    events = (writers.event(step, writers.simple("loss", 2 + 1 / step)) for step in range(1, 61))
    records = [bytearray(writers.record(each)) for each in events]
    for at in damaged:
        records[at][-5] ^= 1
    whole = writers.version() + b"".join(records)
    (folder / "events.out.tfevents.1700000000.host").write_bytes(whole)


def _rows(folder: Path, damaged: Iterable[int]) -> None:
    with sqlite3.connect(folder / "runs.db") as store:
        store.execute(
            "CREATE TABLE metrics (id INTEGER PRIMARY KEY, timestamp TEXT, run_name TEXT,"
            " step INTEGER, metrics TEXT)"
        )
        for at in range(60):
            row = '{"loss": 2.' if at in damaged else json.dumps({"loss": 2 + 1 / (at + 1)})
            store.execute("INSERT INTO metrics VALUES (NULL, '', 'a', ?, ?)", (at, row))
    store.close()


def _metric(folder: Path, damaged: Iterable[int]) -> None:
    (folder / "meta.yaml").write_text("artifact_uri: a\nrun_id: a\nstatus: 3\n")
    (folder / "metrics").mkdir()
    lines = ("1 x 1\n" if at in damaged else f"1 {2 + 1 / (at + 1)} {at}\n" for at in range(60))
    (folder / "metrics" / "loss").write_text("".join(lines))


@pytest.mark.parametrize("write", [_lines, _ends, _events, _rows, _metric])
def test_a_log_is_ok_only_where_most_of_it_can_be_read(
    tmp_path: Path, write: Callable[[Path, Iterable[int]], None]
):
    """A third of damaged entries is a remark, two thirds are an error that names the log."""
    some, most = tmp_path / "some", tmp_path / "most"
    for folder, damaged in (
        (some, range(0, 60, 3)),
        (most, sorted({*range(60)} - {*range(0, 60, 3)})),
    ):
        folder.mkdir()
        write(folder, damaged)
    assert examine(some, Settings()).status == "ok"
    report = examine(most, Settings())
    assert report.status == "error"
    assert report.error is not None
    assert "40 of 6" in report.error.message


def test_prose_and_printed_dicts_among_json_are_no_damage(tmp_path: Path):
    """A console may hold more of them than objects, and blocks of braces as well."""
    around = "Loading shards\n{'loss': 2.5, 'epoch': 1.0}\n{\n  lr: 1e-4\n}\n"
    (tmp_path / "train.log").write_text("".join(each + around for each in LINES))
    assert examine(tmp_path, Settings()).error is None
