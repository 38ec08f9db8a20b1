"""What a row of a long log takes while it is read, by the reader."""

import json
import sqlite3
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from lossscan import formats
from lossscan.settings import Settings
from tests.writers import wandb_bytes, wandb_history

FEW, MANY = 9, 18_000  # four times as many as are objects at a time
# Bytes a row: its numbers, twice while they are arranged, take up to 130, and the thousands that
# are objects at a time the rest; where all are objects these readers took 345 to 560.
MOST = 300


def _lines(name: str, line: Callable[[int], str]) -> Callable[[Path, int], Path]:
    def write(folder: Path, rows: int) -> Path:
        path = folder / name
        path.write_text("".join(line(at) for at in range(1, rows + 1)))
        return path

    return write


def _wandb(folder: Path, rows: int) -> Path:
    path = folder / "run-a.wandb"
    told = ({"_step": f"{at}", "loss": f"2.{at % 7}", "norm": "0.5"} for at in range(rows))
    path.write_bytes(wandb_bytes(map(wandb_history, told)))
    return path


def _trackio(folder: Path, rows: int) -> Path:
    path = folder / "p.db"
    path.unlink(missing_ok=True)
    with sqlite3.connect(path) as store:
        store.execute("CREATE TABLE metrics (id INTEGER PRIMARY KEY, run_name, step, metrics)")
        told = ((at, json.dumps({"loss": at % 7 / 3, "norm": 0.5})) for at in range(rows))
        insert = "INSERT INTO metrics (run_name, step, metrics) VALUES ('a', ?, ?)"
        store.executemany(insert, told)
    store.close()
    return path


def _mlflow(folder: Path, rows: int) -> Path:
    path, metrics = folder / "meta.yaml", folder / "metrics"
    path.write_text("artifact_uri: x\nrun_id: a\n")
    metrics.mkdir(exist_ok=True)
    told = (f"1700000000{at % 1000:03} 2.{at % 7}4567890123 {at}\n" for at in range(rows))
    (metrics / "loss").write_text("".join(told))
    return path


LOGS: dict[str, Callable[[Path, int], Path]] = {
    "Megatron": _lines(
        "a.log",
        lambda at: (
            f" iteration {at:8d}/ 90000 | consumed samples: {at * 8:12d} |"
            f" lm loss: 2.{at % 7}E+00 | number of skipped iterations: 0 |"
            " number of nan iterations: 0 |\n"
        ),
    ),
    "nanoGPT": _lines("a.log", lambda at: f"iter {at}: loss 2.{at % 7}, time 5.00ms, mfu 4.00%\n"),
    "PaddleNLP": _lines(
        "a.log", lambda at: f"loss: 2.{at % 7}, learning_rate: 1e-05, global_step: {at}\n"
    ),
    "fairseq": _lines(
        "a.log",
        lambda at: (
            f"epoch 001: {at} / 90000 loss=2.{at % 7}, num_updates={at}, lr=0.1, gnorm=1.5\n"
        ),
    ),
    "MiniMind": _lines("a.log", lambda at: f"Epoch:[1/1]({at}/90000) loss:2.{at % 7} lr:0.0001\n"),
    "lines of one shape": _lines(
        "a.log", lambda at: f"[{at}] recall: 0.{at % 9}, loss: 2.{at % 7}\n"
    ),
    "CatBoost": _lines(
        "learn_error.tsv",
        lambda at: ("iter\tLogloss\n" if at == 1 else "") + f"{at - 1}\t0.{at % 7 + 1}\n",
    ),
    "Kaldi": _lines(
        "a.log",
        lambda at: (
            f"Average objective function for 'output' for minibatches {at - 1}-{at} is"
            f" -2.{at % 7} over 19538 frames.\n"
        ),
    ),
    "lines without a step": _lines("a.log", lambda at: f"loss: 2.{at % 7} acc: 0.{at % 9}\n"),
    "ClearML": _lines(
        "metrics.jsonl",
        lambda at: (
            f'[{{"type": "training_stats_scalar", "iter": {at}, "metric": "loss",'
            f' "variant": "loss", "value": 2.{at % 7}}}]\n'
        ),
    ),
    "W&B": _wandb,
    "Trackio": _trackio,
    "MLflow": _mlflow,
}


def _peak(path: Path, rows: int) -> int:
    tracemalloc.start()
    try:
        table = formats.read_file(path, Settings())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(table.columns["loss"].steps) == rows
    return peak


@pytest.mark.parametrize("name", LOGS)
def test_a_row_takes_no_more_than_its_numbers(tmp_path: Path, name: str):
    """The rows of a long log are not objects all at once."""
    write = LOGS[name]
    _peak(write(tmp_path, FEW), FEW)  # what is imported and remembered
    assert _peak(write(tmp_path, MANY), MANY) / MANY < MOST
