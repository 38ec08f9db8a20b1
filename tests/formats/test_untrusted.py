"""Stores, notebooks and settings made to take time or memory end soon; others are still read."""

from __future__ import annotations

import gzip
import json
import os
import sqlite3
import time
import tracemalloc
from contextlib import closing

import pytest

from lossscan.errors import LogDamaged, LossscanError, UnreadableLog
from lossscan.formats import read_file
from lossscan.pipeline import examine
from lossscan.settings import Settings
from lossscan.sources import notebook
from lossscan.sources.safe_yaml import MAX_REASON, load_yaml

ENDLESS = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM c)"
TABLES = "CREATE TABLE runs(run_uuid, name, status); CREATE TABLE params(run_uuid, key, value);"
METRICS = "CREATE TABLE metrics(run_uuid, key, value, is_nan, timestamp, step);"
FIFTY = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM c WHERE n<50)"
POINTS = "SELECT 'a', 'loss', 2.0 + 1.0 / n, 0, n, n FROM c;"
LOSSES = " ".join(("INSERT INTO metrics", FIFTY, POINTS))
VIEW = "SELECT 'r' run_name, n step, '{}' metrics FROM c;"
PARAMS = "SELECT 'a' run_uuid, n key, n value FROM c;"
COMPUTED = "CREATE TABLE metrics(run_uuid AS (hex(zeroblob(400000000))), key);"
ROWS = "INSERT INTO metrics(key) VALUES ('loss'), ('loss');"
RUNS = "CREATE TABLE runs(run_uuid, name, status);"
SOON = 15.0  # seconds


def _store(folder, script, name="mlflow.db"):
    path = folder / name
    with closing(sqlite3.connect(path)) as store:
        store.executescript(script)
        store.commit()
    return path


@pytest.mark.parametrize(
    "script",
    [
        ("CREATE VIEW metrics AS", ENDLESS, VIEW),
        (TABLES, COMPUTED, ROWS),
        (RUNS, METRICS, "CREATE VIEW params AS", ENDLESS, PARAMS),
    ],
    ids=["endless view", "generated column", "view as params"],
)
def test_a_schema_that_computes_ends_soon(tmp_path, script):
    """A view is no table, and what a column computes is bounded."""
    path = _store(tmp_path, " ".join(script))
    begun = time.monotonic()
    with pytest.raises(LossscanError, match="mlflow"):
        read_file(path, Settings())
    assert time.monotonic() - begun < SOON


def test_work_within_a_query_is_bounded(tmp_path, monkeypatch):
    """Where it is used up, the file is said to be unusable."""
    monkeypatch.setattr("lossscan.formats.sqlite_store.MOST_WORK", 1)
    with pytest.raises(UnreadableLog, match="interrupted"):
        read_file(_store(tmp_path, TABLES + METRICS + LOSSES * 50), Settings())


def test_text_that_is_no_utf_8_costs_itself_alone(tmp_path):
    """The points of other runs and settings are read."""
    odd = "INSERT INTO metrics VALUES (CAST(x'ff' AS TEXT), CAST(x'fe' AS TEXT), 1, 0, 1, 1);"
    bad = "INSERT INTO params VALUES ('a', CAST(x'ff' AS TEXT), CAST(x'fe' AS TEXT));"
    table = read_file(_store(tmp_path, TABLES + METRICS + LOSSES + odd + bad), Settings())
    assert len(table.columns["loss"].steps) == 50


def test_a_damaged_schema_is_told_though_its_error_is_no_utf_8(tmp_path):
    """SQLite quotes the schema in its message, which Python cannot decode."""
    path = _store(tmp_path, TABLES + METRICS + LOSSES)
    path.write_bytes(path.read_bytes().replace(b"CREATE TABLE runs", b"CREATE \x9c\x9cBLE runs"))
    with pytest.raises(LossscanError, match=r"mlflow\.db") as caught:
        read_file(path, Settings())
    assert isinstance(caught.value, LogDamaged)


def test_a_sparse_metric_of_20_gib_is_read_to_its_hole(tmp_path):
    """What was written is there; the hole costs no memory to speak of."""
    (tmp_path / "metrics").mkdir()
    (tmp_path / "meta.yaml").write_text("artifact_uri: x\nrun_id: a\n")
    metric = tmp_path / "metrics" / "loss"
    metric.write_text("".join(f"1 2.{n} {n}\n" for n in range(50)))
    os.truncate(metric, 20 << 30)
    table = read_file(tmp_path / "meta.yaml", Settings())
    assert len(table.columns["loss"].steps) == 50


@pytest.mark.parametrize(
    "cells",
    ['{"a":{}},' * 600_000 + "{}", "[]," * 600_000 + "{}", '{"outputs":[{"text":7}]}', '"x"'],
)
def test_a_notebook_of_empty_things_is_none_and_small(tmp_path, cells):
    """What is no output is passed over without being built."""
    path = tmp_path / "train.ipynb"
    path.write_text(f'{{"cells":[{cells}]}}')
    tracemalloc.start()
    try:
        with pytest.raises(UnreadableLog, match="not a notebook"):
            notebook.printed(path)
        assert tracemalloc.get_traced_memory()[1] < notebook.LARGEST + (16 << 20)
    finally:
        tracemalloc.stop()


def test_a_notebook_whose_tables_repeat_a_long_header_is_refused(tmp_path, monkeypatch):
    """Each cell is written with the name of its column; a part of it would hide the rest."""
    monkeypatch.setattr(notebook, "LARGEST", 100_000)
    row = "<tr>" + "<td>1</td>" * 20 + "</tr>"
    page = f"<table><tr>{'<th>' + 'a' * 399 + '</th>'}{'<th>b</th>' * 19}</tr>{row * 300}</table>"
    path = tmp_path / "train.ipynb"
    path.write_text(json.dumps({"cells": [{"outputs": [{"data": {"text/html": page}}]}]}))
    with pytest.raises(UnreadableLog, match="larger than"):
        notebook.printed(path)


@pytest.mark.parametrize("text", ["!<" + "a" * 900_000 + "> 1", "!!float '" + "x" * 900_000 + "'"])
def test_a_yaml_error_quotes_no_megabyte(text):
    """Its reason is a line that fits a report."""
    with pytest.raises(ValueError, match=r"line 1|not usable") as caught:
        load_yaml(f"learning_rate: {text}\n")
    assert len(str(caught.value)) < MAX_REASON + 100


def test_a_packed_settings_file_is_not_unpacked_to_look_for_a_log(tmp_path, monkeypatch):
    """Its beginning tells that it is none; a log beside it is read."""
    rows = (json.dumps({"step": n, "loss": 2 + 1 / n}) + "\n" for n in range(1, 40))
    (tmp_path / "trainer_log.jsonl").write_text("".join(rows))
    packed = gzip.compress(b'{"learning_rate": ' + b" " * (64 << 20) + b"1}")
    (tmp_path / "train_config.json").write_bytes(packed)
    monkeypatch.setattr("lossscan.sources.files.unpack", lambda *_: pytest.fail("unpacked"))
    report = examine(tmp_path, Settings())
    assert report.run is not None
    assert len(report.run.series["loss"]) == 39


def test_a_log_of_too_many_quantities_keeps_its_losses_and_says_so(tmp_path, monkeypatch):
    """Both languages tell how many were left out."""
    monkeypatch.setattr("lossscan.formats.MOST_COLUMNS", 3)
    rows = ({"step": n, **dict.fromkeys("abcdef", n), "loss": 2 + 1 / n} for n in range(1, 40))
    (tmp_path / "trainer_log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for lang, said in (("en", "too many metrics"), ("zh", "记录的指标过多")):
        report = examine(tmp_path, Settings(lang=lang))
        assert report.run is not None
        assert "loss" in report.run.series
        assert any(said in remark.say(lang) for remark in report.remarks)
