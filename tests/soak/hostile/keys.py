"""Names and texts that JSON, terminals, markup and file systems treat in a way of their own."""

from __future__ import annotations

import json
from collections.abc import Iterator

from tests.soak.hostile.numbers import ROWS, jsonl

ODD = {
    "backslash": "C:\\data\\new\\u0041",
    "quote": "a\"b'c`d",
    "control": "a\tb\x00c\x1b[31md\r\n",
    "surrogate": "a\ud800b",
    "pair": "a\ud83d\ude00b",
    "empty": "",
    "blank": "   ",
    "dunder": "__class__",
    "keyword": "class",
    "digit": "0abc",
    "long": "k" * 300_000,
    "bidi": "a\u202eb\u2066c\u2028d\u0085e",
    "c1": "a\x9b31mb\x9d8;;http://x\x9c",
    "link": "http://evil.example/x",
    "osc8": "\x1b]8;;http://evil.example\x07x\x1b]8;;\x07",
    "markup": "<img src=x onerror=alert(1)>|[x](http://y)<!--",
    "command": "::error file=a::b",
    "formula": "=cmd|' /C calc'!A0",
    "xml": "]]></a>\ufffe\uffff&#0;",
    "dots": "../../../etc/passwd",
    "format": "{0.__class__} %s %n ${x}",
    "nul": "\0" * 50,
    "combining": "e" + "\u0301" * 2000,
    "emoji": "\U0001f469\u200d\U0001f469" * 500,
}
MANY = 2500  # entries, above what is read as a whole
ENOUGH = 300 << 10  # bytes, above what is read as a whole


def folders() -> Iterator[tuple[str, dict[str, bytes]]]:
    """A log small and large, a state small and large, a table and settings for each."""
    for name, odd in ODD.items():
        row = json.dumps({odd: 1, f"eval_{odd}_loss": 2.0, "note": odd})[1:-1]
        rows = [f"{json.dumps(each)[:-1]}, {row}}}" for each in ROWS]
        yield f"key-small-{name}", {"trainer_log.jsonl": ("\n".join(rows) + "\n").encode()}
        times = max(ENOUGH // (len(rows[0]) * len(rows)), 1) + 1 if len(rows[0]) < 5000 else 1
        yield f"key-large-{name}", {"trainer_log.jsonl": ("\n".join(rows * times) + "\n").encode()}
        count = MANY if len(rows[0]) < 5000 else 20
        history = ", ".join((rows * (count // len(rows) + 1))[:count])
        yield (
            f"key-state-{name}",
            {"trainer_state.json": f'{{"log_history": [{history}]}}'.encode()},
        )
        raw = "".join(f'{{"step": {n}, "loss": 2.{n}, "{odd}": 1}}\n' for n in range(40))
        yield f"key-raw-{name}", {"trainer_log.jsonl": raw.encode(errors="surrogatepass")}
        text = odd.encode(errors="surrogatepass")
        head = b'step,loss,"' + text.replace(b'"', b'""') + b'"\n'
        cells = "".join(f"{n},2.{n},1\n" for n in range(40)).encode()
        yield f"key-csv-{name}", {"metrics.csv": head + cells}
        line = b"".join(b"step %d loss: 2.%d %s: 3 %s\n" % (n, n, text, text) for n in range(40))
        yield f"key-console-{name}", {"train.log": line}
        error = b"Traceback (most recent call last):\nRuntimeError: " + text + b"\n"
        yield f"error-{name}", {"train.log": line + error}
        stated = {"learning_rate": odd, odd: 1, "num_train_epochs": odd, "data": {odd: [odd]}}
        yield f"stated-{name}", {"a.jsonl": jsonl(ROWS), "train.json": json.dumps(stated).encode()}
