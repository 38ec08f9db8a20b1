"""Numbers that no float, no integer of 64 bits and no calendar holds, wherever a log has one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from tests import logs, writers

ODD = {
    "digits": "9" * 400,
    "many_digits": "7" * 6000,
    "negative_digits": "-" + "9" * 400,
    "1e400": "1e400",
    "1e308": "1e308",
    "-1e308": "-1e308",
    "1e200": "1e200",
    "1e17": "1e17",
    "2_53": "9007199254740993",
    "2_63": "9223372036854775808",
    "tiny": "1e-320",
    "nan": "NaN",
    "negative": "-5",
    "zero": "0",
}
ROWS: list[dict[str, Any]] = [
    {
        "step": n,
        "loss": round(2 + 1 / n, 4),
        "eval_loss": round(2.5 - n / 90, 4),
        "epoch": round(n / 20, 3),
        "learning_rate": 1e-4,
        "grad_norm": 1.0 + n % 3,
        "elapsed_time": n * 10,
        "total_steps": 60,
        "num_tokens": n * 4096,
    }
    for n in range(1, 61)
]
STATED = (
    *("learning_rate", "num_train_epochs", "max_steps", "per_device_train_batch_size", "seed"),
    *("gradient_accumulation_steps", "warmup_steps", "warmup_ratio", "eval_steps", "save_steps"),
    *("logging_steps", "vocab_size", "world_size", "weight_decay", "label_smoothing_factor"),
)
_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?:e-?\d+)?(?![\w.])")


def folders() -> Iterator[tuple[str, dict[str, bytes]]]:
    """A folder for each kind of log, of setting and of number."""
    for name, odd in ODD.items():
        yield from _in_tables(name, odd)
        yield from _in_logs(name, odd)
        stated = ", ".join(f'"{key}": {odd}' for key in STATED)
        good = jsonl(ROWS)
        yield f"settings-{name}", {"a.jsonl": good, "training_args.json": f"{{{stated}}}".encode()}
        yaml = "".join(f"{key}: {odd}\n" for key in STATED)
        yield f"yaml-{name}", {"a.jsonl": good, "train.yaml": yaml.encode()}
        results = f'{{"epoch": {odd}, "eval_loss": {odd}, "train_runtime": {odd}, "step": {odd}}}'
        state = {"log_history": ROWS, "max_steps": 60, "global_step": 60, "num_train_epochs": 3}
        text = json.dumps(state)
        for key in ("max_steps", "global_step", "num_train_epochs"):
            text = re.sub(rf'"{key}": \d+', f'"{key}": {odd}', text)
        files = {"trainer_state.json": text.encode(), "all_results.json": results.encode()}
        yield f"results-{name}", files
        yield f"mlflow-{name}", _mlflow(odd)
    for value in (3e38, -3e38, float("inf"), float("nan"), 1e17, 0.0):
        points = [(n, value if n % 5 else 2.5) for n in range(60)]
        data = writers.event_bytes({"loss": points, "epoch": points}, {})
        yield f"events-{value}", {"events.out.tfevents.1.a": data}
        constant = jsonl([{"step": n, "loss": value} for n in range(60)])
        yield f"constant-{value}", {"trainer_log.jsonl": constant}
    for step in (2**62, 2**63 - 1, -(2**40)):
        data = writers.event_bytes({"loss": [(step, 2.5), (step + 0, 2.4), (3, 2.2)]}, {})
        yield f"events-step-{step}", {"events.out.tfevents.1.a": data}


def jsonl(rows: list[dict[str, Any]]) -> bytes:
    """The rows as JSON lines."""
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def _in_tables(name: str, odd: str) -> Iterator[tuple[str, dict[str, bytes]]]:
    """Each column of one row in three, as JSON lines, a state, a list and CSV."""
    rows = [json.dumps(row) for row in ROWS]
    for key in ROWS[0]:
        bad = [
            re.sub(rf'"{key}": [\d.e-]+', f'"{key}": {odd}', row) if n % 3 == 2 else row
            for n, row in enumerate(rows)
        ]
        yield f"jsonl-{key}-{name}", {"trainer_log.jsonl": ("\n".join(bad) + "\n").encode()}
        history = ", ".join(bad)
        state = f'{{"log_history": [{history}], "max_steps": 60}}'
        yield f"state-{key}-{name}", {"trainer_state.json": state.encode()}
        yield f"list-{key}-{name}", {"metrics.json": f"[{history}]".encode()}
        cells = [[str(row[each]) for each in row] for row in ROWS]
        for n in range(2, len(cells), 3):
            cells[n][list(ROWS[0]).index(key)] = odd
        table = "\n".join(",".join(row) for row in [list(ROWS[0]), *cells])
        yield f"csv-{key}-{name}", {"metrics.csv": f"{table}\n".encode()}


def _in_logs(name: str, odd: str) -> Iterator[tuple[str, dict[str, bytes]]]:
    """Every fourth number of each console log, begun at each of the first four."""
    for kind, text in logs.ALL.items():
        for first in range(4):
            count = -1

            def changed(found: re.Match[str], first: int = first) -> str:
                nonlocal count
                count += 1
                return odd if count % 4 == first else found[0]

            yield f"{kind}-{first}-{name}", {"train.log": _NUMBER.sub(changed, text * 4).encode()}


def _mlflow(odd: str) -> dict[str, bytes]:
    rows = "".join(
        f"{n if n % 4 else odd} {2 + 1 / n} {n if n % 3 else odd}\n" for n in range(1, 40)
    )
    meta = f"artifact_uri: x\nrun_id: a\nstart_time: {odd}\nend_time: {odd}\nstatus: {odd}\n"
    return {
        "a/meta.yaml": meta.encode(),
        "a/metrics/loss": rows.encode(),
        "a/params/lr": odd.encode(),
    }
