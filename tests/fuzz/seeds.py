"""What fuzzing begins with beside the fixtures: a file of each kind that none of them is of."""

from __future__ import annotations

import gzip
import io
import json
import lzma
import pickle
import zipfile

from lossscan.gate import baseline
from tests import logs


def _zipped(name: str, data: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return held.getvalue()


PATTERNS = {
    name: text.encode()
    for name, text in {
        "plain": r"step (?P<step>\d+) loss: (?P<loss>[\d.]+)",
        "words": r"(?:loss|nll)=(?P<loss>-?[\d.e+-]{1,20})(?:\s+\w+:\s*\S+)*$",
        "lazy": r"^.*?it (?P<step>\d+)/\d+.*?(?P<loss>\d+\.\d+)",
        "choice": r"(?:\[(?P<epoch>\d+)\]|e(?P<epoch2>\d+)): (?i:LOSS) (?P<loss>[^ ]+) ?",
    }.items()
}
CARD = """---
base_model: a/b
tags: [llama-factory, trl]
---
The following hyperparameters were used during training:
- learning_rate: 0.0001
- train_batch_size: 4
- optimizer: Use adamw_torch with betas=(0.9,0.999) and epsilon=1e-08
- num_epochs: 3.0
- mixed_precision_training: Native AMP

### Training results
| Training Loss | Epoch | Step | Validation Loss |
|:-------------:|:-----:|:----:|:---------------:|
| No log        | 1.0   | 10   | 2.5             |
| 2.4           | 2.0   | 20   | 2.3             |

### Framework versions
- Transformers 4.45.0
<details><summary>axolotl version: `0.4.0`</summary>

```yaml
sequence_len: 2048
```
"""


def packed() -> dict[str, bytes]:
    """Settings in archives and streams, whose unpackers are what is tried."""
    text = b"learning_rate: 1e-4\nnum_train_epochs: 3\nper_device_train_batch_size: 4\n" * 3
    stated = pickle.dumps({"learning_rate": 1e-4, "num_train_epochs": 3}, 2)
    return {
        "packed/a.yaml.gz": gzip.compress(text),
        "packed/b.yaml.xz": lzma.compress(text),
        "packed/training_args.bin": _zipped("archive/data.pkl", stated),
    }


def seeds() -> dict[str, bytes]:
    """The files by their names."""
    rows = "".join(json.dumps({"step": n, "loss": 2 + 1 / n}) + "\n" for n in range(1, 60)).encode()
    table = "<table><tr><th>Step</th><th>Loss</th></tr><tr><td>1</td><td>2.5</td></tr></table>"
    outputs = [{"text": ["step 1 loss: 2.5\n"]}, {"data": {"text/html": table}}]
    stated = {"learning_rate": 1e-4, "num_train_epochs": 3, "per_device_train_batch_size": 4}
    known = {"fingerprint": "0" * 16, "run": "a", "rule": "loss-jump", "series": "loss"}
    special = {
        "trainer_log.jsonl": rows,
        "trainer_log.jsonl.gz": gzip.compress(rows),
        "trainer_log.jsonl.xz": lzma.compress(rows),
        "log.zip": _zipped("log.jsonl", rows),
        "train.ipynb": json.dumps({"cells": [{"outputs": outputs}]}).encode(),
        "training_args.bin": _zipped("archive/data.pkl", pickle.dumps(stated, 2)),
        "old/training_args.bin": pickle.dumps(stated, 4),
        "README.md": CARD.encode(),
        "train_config.json": json.dumps(stated).encode(),
        "all_results.json": b'{"epoch": 3.0, "train_loss": 1.5, "train_runtime": 9.5}',
        "train.yaml": b"a: &a {lr: 1e-4}\nlearning_rate: 1e-4\nb: *a\nnum_train_epochs: 3\n",
        "lossscan.yaml": b"lang: zh\nfail_on: warning\nseries: {loss: l}\nignore: [plateau]\n",
        "baseline.json": json.dumps({"schema": baseline.SCHEMA, "findings": [known]}).encode(),
    }
    every = {f"{name}/{logs.name_of(name)}": text.encode() for name, text in logs.ALL.items()}
    return special | every | {"trainer_state.json": logs.TRAINER_STATE.encode()}
