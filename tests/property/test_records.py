"""Whatever bytes a file of records holds, reading gives points or says why not."""

import gzip
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossscan import formats
from lossscan.errors import InputError, MissingExtra
from lossscan.formats import mlflow_store, visualdl, wandb_file
from lossscan.model import Table
from lossscan.settings import Settings
from lossscan.sources.files import head_of
from tests import writers

FIXTURES = Path(__file__).parents[1] / "fixtures"
VDL = (FIXTURES / "visualdl" / "vdlrecords.1795246638.log").read_bytes()
WANDB = (FIXTURES / "wandb" / "run-abcd1234.wandb").read_bytes()
STORE = FIXTURES / "mlflow"
LOSS = (STORE / "metrics" / "train" / "loss").read_bytes()
EXAMPLES = settings(max_examples=40)
KEYS = st.sampled_from(["loss", "eval/loss", "train/global_step", "_step", "é", "k" * 130, ""])
JSON = st.floats().map(repr) | st.sampled_from(['"NaN"', "{}", '{"a": {"b": 1}}', "[", "", "null"])


def vdl(data: bytes) -> Table | None:
    """Read bytes as VisualDL's; None where they are refused."""
    return _read(visualdl, "vdlrecords.1.log", data)


def wandb(data: bytes) -> Table | None:
    """Read bytes as a file of W&B."""
    return _read(wandb_file, "run-x.wandb", data)


def mlflow(data: bytes) -> Table | None:
    """Read bytes as a metric of MLflow."""
    with TemporaryDirectory() as folder:
        store = Path(shutil.copytree(STORE, Path(folder) / "run"))
        (store / "metrics" / "train" / "loss").write_bytes(data)
        return mlflow_store.read(head_of(store / "meta.yaml"), Settings())


def _read(form: Any, name: str, data: bytes) -> Table | None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        try:
            table: Table = form.read(head_of(path), Settings())
        except (InputError, MissingExtra):
            return None
        return table


@pytest.mark.parametrize(("read", "whole"), [(vdl, VDL), (wandb, WANDB), (mlflow, LOSS)])
@EXAMPLES
@given(data=st.data())
def test_prefix_gives_a_prefix_of_the_points(read, whole, data):
    """A file cut anywhere gives the points before the cut."""
    full, part = read(whole), read(whole[: data.draw(st.integers(0, len(whole)))])
    assert full is not None
    if part is None:
        return
    for name, column in part.columns.items():
        count = len(column.steps)
        np.testing.assert_array_equal(column.steps, full.columns[name].steps[:count])
        np.testing.assert_array_equal(column.values, full.columns[name].values[:count])


@pytest.mark.parametrize(("read", "whole"), [(vdl, VDL), (wandb, WANDB), (mlflow, LOSS)])
@EXAMPLES
@given(data=st.data())
def test_damage_never_crashes_a_reader(read, whole, data):
    """Bytes that are changed or put in between are survived."""
    at = data.draw(st.integers(0, len(whole)))
    until = data.draw(st.integers(at, min(at + 30, len(whole))))
    read(whole[:at] + data.draw(st.binary(max_size=30)) + whole[until:])


@EXAMPLES
@given(st.integers(0, len(WANDB) - 1), st.integers(1, 255))
def test_flipped_bytes_cost_points_of_w_and_b_and_never_change_one(at, flip):
    """A checksum stands before each record."""
    damaged = bytearray(WANDB)
    damaged[at] ^= flip
    whole, part = wandb(WANDB), wandb(bytes(damaged))
    assert whole is not None
    if part is not None:
        loss = whole.columns["loss"].values
        assert set(part.columns["loss"].values.tolist()) <= set(loss.tolist())


@EXAMPLES
@given(st.lists(st.dictionaries(KEYS, JSON, max_size=4), max_size=10), st.binary(max_size=30))
def test_any_history_of_w_and_b_is_read(rows, junk):
    """Records with right checksums may hold anything."""
    assert wandb(writers.wandb_bytes([*map(writers.wandb_history, rows), junk, b""])) is not None


@EXAMPLES
@given(st.lists(st.binary(max_size=40), min_size=1, max_size=8), st.integers(1, 20))
def test_any_payloads_of_visualdl_are_read(payloads, repeats):
    """Payloads that mean nothing do not hide those that do."""
    good = writers.vdl_record(7, "loss", 1.5)
    table = vdl(good * repeats + b"".join(map(writers.vdl_frame, filter(None, payloads))) + good)
    assert table is not None
    assert len(table.columns["loss"].steps) > repeats


@EXAMPLES
@given(st.binary(max_size=200), st.integers(0, 200))
def test_compressed_copies_of_anything_are_read_or_refused(data, cut):
    """No compressed bytes crash the reading, whole, damaged or cut."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "train.log.gz"
        path.write_bytes(gzip.compress(data)[: cut + 2] + data[:cut])
        try:
            formats.read_file(path, Settings())
        except (InputError, MissingExtra):
            return
