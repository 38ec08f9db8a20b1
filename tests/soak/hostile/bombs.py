"""Little files that unpack to very much."""

from __future__ import annotations

import gzip
import io
import json
import lzma
import pickle
import zipfile
from collections.abc import Iterator
from functools import cache

from tests.soak.hostile.numbers import ROWS, jsonl

GIB = 1 << 30
PIECE = 1 << 23
ZIPPED = 1 << 27  # bytes of a member: 128 MiB are packed in a second
CONTENTS = {
    "zeros": b"\0",
    "newlines": b"\n",
    "rows": b'{"step": 1, "loss": 2.5}\n',
    "text": b"a: 1 ",
}
PACKINGS = (zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)


def folders() -> Iterator[tuple[str, dict[str, bytes]]]:
    """Settings, logs, pickles and archives."""
    log = jsonl(ROWS)
    for content, unit in CONTENTS.items():
        for suffix, data in (("gz", _gzipped(unit, 2 * GIB)), ("xz", _xz(unit, GIB // 2))):
            yield (
                f"settings-{content}-{suffix}",
                {
                    "trainer_log.jsonl": log,
                    **{f"train{n}.yaml.{suffix}": data for n in range(5)},
                    f"training_args.json.{suffix}": data,
                    f"config.json.{suffix}": data,
                },
            )
            yield (
                f"log-{content}-{suffix}",
                {
                    f"train.log.{suffix}": data,
                    f"trainer_log.jsonl.{suffix}": data,
                },
            )
            yield (
                f"beside-{content}-{suffix}",
                {
                    "trainer_log.jsonl": log,
                    f"console.log.{suffix}": data,
                    f"metrics.csv.{suffix}": data,
                },
            )
            yield f"bin-{content}-{suffix}", {"training_args.bin": data, "a.jsonl": log}
        for packing in PACKINGS:
            held = _zipped("archive/data.pkl", unit, packing)
            yield f"args-{content}-{packing}", {"training_args.bin": held, "a.jsonl": log}
            held = _zipped("train.log", unit, packing)
            yield f"zip-{content}-{packing}", {"log.zip": held, "a.jsonl": log}
    many = {f"train{n}.log.gz": _gzipped(b"\n", GIB // 16) for n in range(100)}
    yield "many-logs", {"trainer_log.jsonl": log, **many}
    members = gzip.compress(log) * 20_000
    yield "members", {"trainer_log.jsonl.gz": members}
    yield from _pickles(log)
    outputs = [{"text": ["step 1 loss: 2.5\n"]}] * 99_000
    yield "notebook-outputs", {"a.ipynb": json.dumps({"cells": [{"outputs": outputs}]}).encode()}
    yield "notebook-lists", {"a.ipynb": b'{"cells": [' + b"[]," * 9_000_000 + b"[]]}"}
    rows = "<tr><th>Step</th><th>Loss</th></tr>" + "<tr><td>1</td><td>2.5</td></tr>" * 90_000
    page = [{"data": {"text/html": f"<table>{rows}</table>"}}]
    yield "notebook-rows", {"a.ipynb": json.dumps({"cells": [{"outputs": page}]}).encode()}
    name = "Loss" * 90
    heads = f"<tr><th>{name}</th></tr>" + "<tr><td>1</td></tr>" * 900_000
    page = [{"data": {"text/html": f"<table>{heads}</table>"}}]
    yield "notebook-names", {"a.ipynb": json.dumps({"cells": [{"outputs": page}]}).encode()}


def _pickles(log: bytes) -> Iterator[tuple[str, dict[str, bytes]]]:
    nested: object = 1
    for _ in range(400):
        nested = (nested, nested)
    made = {
        "memo": b"\x80\x02]" + b"h\0" * 3_000_000 + b".",
        "marks": b"\x80\x02" + b"(" * 3_000_000 + b".",
        "lists": b"\x80\x02" + b"]" * 3_000_000 + b".",
        "tuples": b"\x80\x02N" + b"\x86" * 10 + b"N\x86" * 1_500_000 + b".",
        "doubling": b"\x80\x02K\x01" + b"2\x86" * 5_000 + b".",
        "text": b"\x80\x04\x8d" + (1 << 60).to_bytes(8, "little") + b"x.",
        "put": b"\x80\x02K\x01r\xff\xff\xff\xff.",
        "long": b"\x80\x02\x8b" + (3_000_000).to_bytes(4, "little") + b"\x7f" * 3_000_000 + b".",
        "digits": b"I" + b"9" * 3_000_000 + b"\n.",
        "decimal": b"L" + b"9" * 3_000_000 + b"L\n.",
        "float": b"F" + b"9" * 3_000_000 + b"\n.",
        "string": b"S'" + b"\\x41" * 900_000 + b"'\n.",
        "call": b"cos\nsystem\n(S'touch /tmp/lossscan-was-here'\ntR.",
        "shared": pickle.dumps(nested, 2),
    }
    for name, data in made.items():
        yield f"pickle-{name}", {"training_args.bin": data, "trainer_log.jsonl": log}
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("archive/data.pkl", data)
        yield f"zipped-{name}", {"training_args.bin": held.getvalue(), "trainer_log.jsonl": log}


@cache
def _gzipped(unit: bytes, size: int) -> bytes:
    """Streams one behind the other, which read as one."""
    piece = unit * (PIECE // len(unit))
    return gzip.compress(piece, 6) * (size // PIECE)


@cache
def _xz(unit: bytes, size: int) -> bytes:
    piece = unit * (PIECE // len(unit))
    return lzma.compress(piece, preset=0) * (size // PIECE)


@cache
def _zipped(name: str, unit: bytes, packing: int) -> bytes:
    held = io.BytesIO()
    piece = unit * (PIECE // len(unit))
    with (
        zipfile.ZipFile(held, "w", packing, compresslevel=1) as archive,
        archive.open(name, "w") as member,
    ):
        for _ in range(ZIPPED // PIECE):
            member.write(piece)
    return held.getvalue()
