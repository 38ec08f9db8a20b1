"""Lines that make a careless expression search for ever: each log stretched at each part."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import pairwise

from tests import logs
from tests.fuzz.seeds import CARD
from tests.soak.hostile.numbers import ROWS, jsonl

LENGTH = 400_000  # characters of the line
UNITS = (
    "1",
    " ",
    "a",
    "a ",
    "1 ",
    ".",
    ":",
    ": ",
    "a: ",
    "=",
    ",",
    "-",
    "(",
    "[",
    "{",
    "'",
    "|",
    "\\",
)
_PART = re.compile(r"\w+|\s+|[^\w\s]+")
PREFIXES = (
    *("step:1 - ", "srun: error: ", "slurmstepd: error: ", "[rank0]: ", "WARNING:", "Epoch 1/2\n"),
    *(" validation loss at iteration 10 | ", "[default0]:", "torchrun: ", "ERROR: ", "{'loss': "),
    *("Traceback (most recent call last):\n", "RuntimeError: ", "[INFO|trainer.py:1] ", "[rank"),
    *(
        "step 1 loss: 2.5 ",
        "steps: 1 loss: 2.5 iter time (s): ",
        "[titan] step: 1  loss: ",
        "  1%|",
    ),
    *(
        "wandb: ",
        "Epoch: [0][",
        "I1121 06:42:50.743 ",
        "0: ",
        "2026-11-21 06:42:50 | INFO | ",
        "\x1b[",
    ),
)


def folders() -> Iterator[tuple[str, dict[str, bytes]]]:
    """Each kind of log followed by a stretched line of it, the prefixes, a card, a store."""
    for kind, text in logs.ALL.items():
        longest = max(text.splitlines(), key=len)
        for n, (part, following) in enumerate(_cuts(longest)):
            line = part + (following * LENGTH)[:LENGTH]
            yield f"stretched-{kind}-{n}", {"train.log": f"{text}{line}\n{text}".encode()}
        yield f"joined-{kind}", {"train.log": (longest * (LENGTH // len(longest))).encode()}
    for n, prefix in enumerate(PREFIXES):
        bodies = (prefix + (unit * LENGTH)[:LENGTH] for unit in UNITS)
        text = logs.ALL["key_value"] + "\n".join((*bodies, prefix * (LENGTH // len(prefix)), ""))
        yield f"prefix-{n}", {"train.log": text.encode()}
    for n, unit in enumerate(UNITS):
        long = (unit * LENGTH)[:LENGTH]
        card = CARD.replace("0.0001", long).replace("Native AMP", long).replace("2048", long)
        log = jsonl(ROWS)
        yield f"card-{n}", {"README.md": card.encode(), "trainer_log.jsonl": log}
        front = f"---\n{long}\n"
        yield f"front-{n}", {"README.md": front.encode(), "trainer_log.jsonl": log}
        table = f"| Training Loss | Step |\n| {long} | 1 |\n|{long}"
        yield f"table-{n}", {"README.md": table.encode(), "trainer_log.jsonl": log}
        meta = f"artifact_uri: {long}\nrun_id: {long}\n{long}: {long}\n"
        metric = "".join(f"1 2.{n} {n}\n" for n in range(40)).encode() + long.encode()
        yield f"meta-{n}", {"a/meta.yaml": meta.encode(), "a/metrics/loss": metric}
        yield f"yaml-{n}", {"a.jsonl": log, "train.yaml": f"a: {long}\n{long}\n".encode()}
        html = f"<table><tr><th>Step</th><th>Loss</th></tr><tr><td {long}<td>{long}</td></tr>"
        cell = '{"cells": [{"outputs": [{"data": {"text/html": %s}}]}]}'
        yield f"notebook-{n}", {"a.ipynb": (cell % json.dumps(html)).encode()}


def _cuts(line: str) -> Iterator[tuple[str, str]]:
    """The beginnings of a line, each with the part behind it."""
    ends = [found.end() for found in _PART.finditer(line)][:24]
    for before, after in pairwise([0, *ends]):
        yield line[:before], line[before:after]
