"""Tests of what is said of files that are no log: what they are, and the likeliest way out."""

from __future__ import annotations

import base64
import bz2
import io
import json
import tarfile
import zipfile
from pathlib import Path

import pytest

from lossscan.errors import NoLogFound
from lossscan.formats import read_file
from lossscan.pipeline import one_run
from lossscan.settings import Settings

TRAIN_PY = "import torch\nfor step in range(9):\n    loss = model(x)\n    loss.backward()\n"
BEGAN = "***** Running training *****\n  Num examples = 100\n  0%|          | 0/75 [00:00<?]\n"
SCORES = "[Epoch 0] training: accuracy=0.31\n[Epoch 0] validation: top1=0.425000 top5=1.0\n"
WEIGHTS = bytes(range(256)) * 20
LOG = "".join(f"step {step} loss: 2.{step}\n" for step in range(10, 50))
TABLE = "<table><tr><th>Step</th><th>Training Loss</th></tr></table>"


def _notebook(*pages: str) -> bytes:
    outputs = [{"data": {"text/html": page}} for page in pages]
    return json.dumps({"cells": [{"outputs": outputs}]}).encode()


def _tar(*texts: str) -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        for place, text in enumerate(texts):
            member = tarfile.TarInfo(f"{place}/train.log")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    return held.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("loss.png", b"\x89PNG\r\n\x1a\n" + WEIGHTS, "a picture"),
        ("loss.webp", b"RIFF\x10\0\0\0WEBPVP8 " + WEIGHTS, "a picture"),
        ("paper.pdf", b"%PDF-1.4\n" + WEIGHTS, "a document"),
        ("runs.tar", _tar(LOG, LOG.replace("2.", "7.")), "an archive"),
        ("train.log", _tar(LOG), "an archive"),
        ("train.log.bz2", bz2.compress(LOG.encode()), "an archive"),
        ("model.pkl", b"\x80\x04\x95" + WEIGHTS, "a Python pickle"),
        ("model.safetensors", b"\x40\0\0\0\0\0\0\0" + b'{"a": {"dtype": "F32"}}', "model weights"),
        ("data.log", WEIGHTS, "binary data"),
        ("log.html", b"<!DOCTYPE html><html><body>Sign in</body></html>", "a web page"),
        ("train.py", TRAIN_PY.encode(), "source code"),
        ("log.txt", base64.encodebytes(WEIGHTS), "base64"),
        ("log.b64", base64.b64encode(WEIGHTS), "base64"),
        ("run.yaml", b"learning_rate: 1e-4\nbatch: some\n", "training settings"),
        ("train.log", BEGAN.encode(), "training has begun"),
        ("train.log", (BEGAN + SCORES).encode(), "the accuracy is logged, but no loss"),
        ("story.txt", b"It was the best of times.\n" * 99, "no line logs a loss"),
        ("short.log", b"step 1 loss 2.3\n", "nearest line: step 1 loss 2.3"),
        ("a.ipynb", _notebook(), "printed nothing"),
        ("b.ipynb", _notebook(TABLE), "training table is empty"),
    ],
)
def test_what_a_file_is_instead_of_a_log_is_said(tmp_path: Path, name: str, data: bytes, said: str):
    """The user learns what was found, and not only that it is unknown."""
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(NoLogFound, match=said) as caught:
        read_file(path, Settings())
    assert caught.value.hint


def test_a_checkpoint_of_torch_is_weights_and_no_archive(tmp_path: Path):
    """Its files are zip archives; to unpack them helps nobody."""
    path = tmp_path / "model"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model/data.pkl", b"\x80\x02")
    with pytest.raises(NoLogFound, match="model weights"):
        read_file(path, Settings())


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([], "the directory is empty"),
        (["checkpoint-5/model.safetensors"], "only model weights .checkpoint-5"),
        (["config.yaml"], "only settings .config.yaml"),
        (["polyaxonfile.yaml"], "Polyaxon"),
        ([".detignore"], "Determined"),
        ([".guild/runs/1/opref"], "Guild AI"),
        (["valohai.yaml"], "Valohai"),
        (["mlpipeline-metrics.json"], "Kubeflow"),
        (["notes.doc"], "no training log found"),
    ],
)
def test_what_a_folder_holds_instead_of_a_log_is_said(tmp_path: Path, names: list[str], said: str):
    """Weights, settings and the files of platforms each have a way out of their own."""
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("a: 1\n")
    with pytest.raises(NoLogFound, match=said):
        one_run(tmp_path, Settings())


def test_a_json_object_is_asked_for_no_printed_lines(tmp_path: Path):
    """What a person noted of a run is no console, whatever it quotes."""
    path = tmp_path / "notes.json"
    said = {f"note {n}": f"step {n}/10 loss: 2.{9 - n}1 lr: 1e-4" for n in range(1, 6)}
    path.write_text(json.dumps(said, indent=1), encoding="utf-8")
    with pytest.raises(NoLogFound):
        read_file(path, Settings())


def test_a_folder_of_archives_names_one(tmp_path: Path):
    """The user may have packed all runs, and has to unpack them."""
    (tmp_path / "runs.tar.gz").write_bytes(b"\x1f\x8b")
    with pytest.raises(NoLogFound, match=r"found only runs\.tar\.gz, an archive"):
        one_run(tmp_path, Settings())
