"""A good log beside what is damaged: each kind of file cut, overwritten, or of another kind."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

from tests.fuzz.seeds import seeds
from tests.soak.hostile.numbers import ROWS, jsonl

FIXTURES = Path(__file__).parents[2] / "fixtures"
SIDE = (
    *("training_args.bin", "training_args.yaml", "training_args.json", "config.json", "train.yaml"),
    *("README.md", "all_results.json", "trainer_state.json", "adapter_config.json", "hparams.yaml"),
    *("wandb-summary.json", "meta.yaml", "metrics.csv", "events.out.tfevents.1.a", "train.log"),
    *("mlflow.db", "run-a.wandb", "log.zip", "train.ipynb", "vdlrecords.1.log", "console.log.gz"),
    *("logging.jsonl", "metrics.json", "results.csv", "deepspeed.json", "old.log.xz", "a.log.zst"),
)
DEEP = 200_000


def folders() -> Iterator[tuple[str, dict[str, bytes]]]:
    """Each name with each content, and each fixture cut and overwritten."""
    log = jsonl(ROWS)
    for content, data in _contents().items():
        for name in SIDE:
            yield f"beside-{name}-{content}", {"trainer_log.jsonl": log, name: data}
    for name, data in _real().items():
        half = len(data) // 2
        good = {"a.jsonl" if name == "trainer_log.jsonl" else "trainer_log.jsonl": log}
        yield f"cut-{name}", {**good, name: data[:half]}
        yield f"zeros-{name}", {**good, name: data[:half] + b"\0" * 5000}
        yield f"noise-{name}", {**good, name: data[:9] + bytes(range(256)) * 20}
        yield f"alone-{name}", {name: data[:half] + b"\xff\xfe" + data[half + 2 :]}
        yield f"doubled-{name}", {**good, name: data * 2}


def _real() -> dict[str, bytes]:
    kept = {path.name: path.read_bytes() for path in FIXTURES.rglob("*") if path.is_file()}
    return {name: data for name, data in kept.items() if name != "README.md"} | {
        Path(name).name: data for name, data in seeds().items() if "/" not in name
    }


def _contents() -> dict[str, bytes]:
    return {
        "empty": b"",
        "zeros": b"\0" * 100_000,
        "noise": bytes(range(256)) * 400,
        "deep-list": b"[" * DEEP,
        "deep-map": b'{"a":' * DEEP,
        "deep-flow": b"a: " + b"{b: " * DEEP,
        "deep-block": b"".join(b" " * n + b"a:\n" for n in range(1500)),
        "deep-tag": b"<table>" * DEEP,
        "quotes": b'"' * 300_001,
        "aliases": b"a: &a [x,x,x]\n"
        + b"".join(b"%c: &%c [%s]\n" % (n, n, b"*%c," % (n - 1) * 9) for n in range(98, 110)),
        "merge": b"a: &a {x: 1}\n" + b"b: {<<: [" + b"*a, " * 50_000 + b"]}\n",
        "tags": b"a: !!python/object/apply:os.system [x]\nb: !" + b"t" * 900_000 + b" 1\n",
        "sexagesimals": b"a: " + b":".join([b"1"] * 200_000) + b"\n",
        "dashes": b"- " * DEEP,
        "questions": b"? " * DEEP,
        "documents": b"---\n" * DEEP,
        "list": json.dumps([[1, [2]], {}, None, "x"]).encode(),
        "text": b'"just a text"',
        "null": b"null",
        "keys": json.dumps({f"k{n}": n for n in range(60_000)}).encode(),
        "utf16": "learning_rate: 1e-4\n".encode("utf-16"),
        "latin": "learning_rate: é\n".encode("latin-1") * 100,
        "gzip": gzip.compress(b"learning_rate: 1e-4\n")[:-9],
        "links": b"lossscan\n../x\n/etc/passwd\n",
    }
