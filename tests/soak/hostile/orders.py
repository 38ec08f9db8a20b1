"""Steps, launches and files in orders and numbers that cost a careless reader their square."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator

from tests import writers
from tests.soak.hostile.numbers import ROWS, jsonl

MANY = 100_000
Points = Iterable[tuple[int, float]]


def folders() -> Iterator[tuple[str, dict[str, bytes]]]:
    """Each order of steps as JSON lines, a console, a table, a state, events."""
    for name, steps in _orders().items():
        rows = [(step, round(2 + n % 7 / 9, 3)) for n, step in enumerate(steps)]
        text = "".join(f'{{"step": {step}, "loss": {loss}}}\n' for step, loss in rows)
        yield f"jsonl-{name}", {"trainer_log.jsonl": text.encode()}
        text = "".join(f"step {step} loss: {loss}\n" for step, loss in rows)
        yield f"console-{name}", {"train.log": text.encode()}
        text = "step,loss\n" + "".join(f"{step},{loss}\n" for step, loss in rows)
        yield f"csv-{name}", {"metrics.csv": text.encode()}
        state = {"log_history": [{"step": step, "loss": loss} for step, loss in rows]}
        yield f"state-{name}", {"trainer_state.json": json.dumps(state).encode()}
        events = {"loss": rows[: MANY // 5]}
        yield f"events-{name}", {"events.out.tfevents.1.a": writers.event_bytes(events, {})}
        metric = "".join(f"{n} {loss} {step}\n" for n, (step, loss) in enumerate(rows))
        store = {"a/meta.yaml": b"artifact_uri: x\nrun_id: a\n", "a/metrics/loss": metric.encode()}
        yield f"mlflow-{name}", store
    yield from _epochs()
    yield from _many_keys()
    yield from _many_files()


def _orders() -> dict[str, list[int]]:
    dice = random.Random(1)  # noqa: S311 - no secret
    return {
        "falling": list(range(MANY, 0, -1)),
        "one": [1] * MANY,
        "two": [1, 2] * (MANY // 2),
        "saw": [n % 10 for n in range(MANY)],
        "resumed": [10 * (n // 12) + n % 12 for n in range(MANY)],
        "shuffled": dice.sample(range(MANY), MANY),
        "interleaved": [n // 2 if n % 2 else 10_000_000 + n for n in range(MANY)],
        "huge": [n * 10**13 for n in range(MANY)],
        "back": [*range(MANY // 2), *range(MANY // 2)],
        "shrinking": [step for k in range(450, 0, -1) for step in range(k)],
    }


def _epochs() -> Iterator[tuple[str, dict[str, bytes]]]:
    """No steps, epochs that fall, grow too fast or never."""
    kinds: dict[str, list[float]] = {
        "falling": [1000 - n / 100 for n in range(MANY // 2)],
        "same": [1.0] * (MANY // 2),
        "each": [float(n) for n in range(MANY // 2)],
        "saw": [n % 3 / 3 for n in range(MANY // 2)],
        "wild": [1e9 * (n % 2) for n in range(MANY // 2)],
    }
    for name, epochs in kinds.items():
        text = "".join(
            f"{{'loss': {2 + n % 7 / 9:.3f}, 'epoch': {e}}}\n" for n, e in enumerate(epochs)
        )
        yield f"epochs-console-{name}", {"train.log": text.encode()}
        rows = [{"step": n, "loss": 2 + n % 7 / 9, "epoch": e} for n, e in enumerate(epochs)]
        yield f"epochs-jsonl-{name}", {"trainer_log.jsonl": jsonl(rows)}
        bars = "".join(
            f"Epoch {int(e)}/9: 100%|#| {n}/9 [00:01<00:00, 1it/s, loss=2.{n % 9}]\r"
            for n, e in enumerate(epochs)
        )
        yield f"epochs-bars-{name}", {"train.log": bars.encode()}


def _many_keys() -> Iterator[tuple[str, dict[str, bytes]]]:
    """Keys of their own in each line, and very many in one."""
    own = "".join(f'{{"step": {n}, "loss": 2.5, "k{n}": 1}}\n' for n in range(2 * MANY))
    yield "keys-jsonl", {"trainer_log.jsonl": own.encode()}
    own = "".join(f"step {n} loss: 2.5 k{n}: 1\n" for n in range(2 * MANY))
    yield "keys-console", {"train.log": own.encode()}
    own = ", ".join(f'{{"step": {n}, "loss": 2.5, "k{n}": 1}}' for n in range(2 * MANY))
    yield "keys-state", {"trainer_state.json": f'{{"log_history": [{own}]}}'.encode()}
    yield "keys-list", {"metrics.json": f"[{own}]".encode()}
    wide = {f"k{n}": 1.5 for n in range(20_000)}
    yield "wide-jsonl", {"a.jsonl": jsonl([{"step": n, "loss": 2.5, **wide} for n in range(100)])}
    pairs = " ".join(f"k{n}: 1.5" for n in range(20_000))
    line = "".join(f"step {n} loss: 2.{n} {pairs}\n" for n in range(100))
    yield "wide-console", {"train.log": line.encode()}
    names = ",".join(f"k{n}" for n in range(20_000))
    table = f"step,loss,{names}\n" + "".join(f"{n},2.5{',1' * 20_000}\n" for n in range(100))
    yield "wide-csv", {"metrics.csv": table.encode()}
    losses = {f"loss_{n}": 2.5 for n in range(3000)} | {f"eval_{n}_loss": 2.5 for n in range(3000)}
    yield "wide-losses", {"a.jsonl": jsonl([{"step": n, "loss": 2.5, **losses} for n in range(60)])}
    tags = {f"layer{n}/norm": [(1, 1.0), (2, 1.0)] for n in range(20_000)}
    yield "wide-events", {"events.out.tfevents.1.a": writers.event_bytes(tags, {})}
    deep: object = 1
    for n in range(90):
        deep = {f"k{n}": deep, "x": 1}
    yield (
        "deep-jsonl",
        {"a.jsonl": jsonl([{"step": n, "loss": 2.5, "a": deep} for n in range(2000)])},
    )
    nested = "[" * 900 + "]" * 900
    rows = "".join(f'{{"step": {n}, "loss": 2.5, "a": {nested}}}\n' for n in range(5000))
    yield "deep-lists", {"trainer_log.jsonl": rows.encode()}


def _many_files() -> Iterator[tuple[str, dict[str, bytes]]]:
    """Logs of one run in very many files."""
    points: list[Points] = [[(s, 2.5) for s in range(9 * n, 9 * n + 12)] for n in range(3000)]
    named = {
        f"events.out.tfevents.{1_700_000_000 + n}.a": writers.event_bytes({"loss": each}, {})
        for n, each in enumerate(points)
    }
    yield "files-events", named
    log = jsonl(ROWS)
    yield "files-jsonl", {f"log{n}.jsonl": log for n in range(1500)}
    yield (
        "files-console",
        {f"train-{n}.log": b"step 1 loss: 2.5\nstep 2 loss: 2.4\n" * 9 for n in range(1500)},
    )
    yield (
        "files-yaml",
        {"a.jsonl": log, **{f"s{n}.yaml": b"learning_rate: 1e-4\n" * 3 for n in range(3000)}},
    )
    yield (
        "files-states",
        {
            f"checkpoint-{n}/trainer_state.json": json.dumps(
                {"log_history": ROWS[: n % 60 + 1]}
            ).encode()
            for n in range(1500)
        },
    )
    yield "files-folders", {f"a{n}/b/c.txt": b"x" for n in range(5000)} | {"a.jsonl": log}
