"""What reads an input: each target has its seeds and one function over the bytes of one file."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from lossscan import formats, settings, words
from lossscan.errors import LossscanError
from lossscan.formats.pattern import LONGEST
from lossscan.gate import baseline
from lossscan.model import Report, Table
from lossscan.pipeline import examine
from lossscan.runs.training.files import is_config_name, read_settings
from lossscan.runs.training.pickled_args import scalars
from lossscan.settings import Settings
from lossscan.sources.archive import companion
from lossscan.sources.files import Head, head_of, plain
from lossscan.sources.line_pattern import compiled
from lossscan.words import messages
from tests.fuzz import values
from tests.fuzz.seeds import PATTERNS, packed, seeds

FIXTURES = Path(__file__).parents[1] / "fixtures"
LARGEST = 60_000  # bytes of a fixture; larger ones are mutated too seldom to be worth it
SMALL = 700  # bytes of a text: its first lines show what it is, and are read in a millisecond
RECORDS = {".tfevents", ".wandb", ".v2"}  # of these the first bytes are a whole log of some points
FEW_RECORDS = 2_000  # bytes of them
STORES = {".ipynb", ".zip", ".db", ".gz", ".xz"}  # what is not read from memory
OWN = Settings(series={"loss": "l", "eval_loss": "v"})  # 1 of 10 logs is read so

Read = Callable[[Path, bytes], str]  # of a place where the bytes may be written; what came of it


@dataclass(frozen=True, slots=True)
class Target:
    """What is given mutated inputs; `share` of them."""

    name: str
    share: int
    read: Read
    seeds: Mapping[str, bytes]


def _log(path: Path, data: bytes) -> str:
    """A log from memory."""
    return _told(
        formats.read(Head(path, len(data), data), OWN if len(data) % 10 == 0 else Settings())
    )


def read_store(path: Path, data: bytes) -> str:
    """A file that its reader opens itself, alone or with its neighbours in a store."""
    seed = path.read_bytes()
    path.write_bytes(data)
    try:
        return _whole(path)
    finally:
        path.write_bytes(seed)


def _whole(path: Path) -> str:
    store = next((p for p in path.parents[:2] if (p / "meta.yaml").exists()), None)
    whole = path if store is None else store / "meta.yaml"
    head_of(whole)
    formats.runs_in(whole)
    with suppress(LossscanError):
        formats.home_of(whole)
    companion(path, "task.json")
    with plain(whole) as head:
        return _told(formats.read(head, Settings()))


def _told(table: Table) -> str:
    for note in table.notes:
        message = words.noted(note.kind, str(table.path), **note.values())
        messages.rendered(message, "en" if len(table.notes) % 2 else "zh")
    return " ".join((table.format, *sorted(n.kind for n in table.notes), str(len(table.columns))))


def _stated(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    found = read_settings(path)
    return "nothing" if found is None else " ".join(sorted(found.fields))


def _pickle(_: Path, data: bytes) -> str:
    return " ".join(sorted(map(str, scalars(data))))[:200]


def _own_settings(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    return " ".join(sorted(vars_of(settings.load(path))))


def vars_of(loaded: Settings) -> list[str]:
    """The settings that are not at their defaults."""
    default = Settings()
    return [
        name
        for name in Settings.__dataclass_fields__
        if getattr(loaded, name) != getattr(default, name)
    ]


def _baseline(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    return str(min(len(baseline.load(path)), 3))


def _pattern(path: Path, data: bytes) -> str:
    """An expression of the user, over lines made of its own characters."""
    text = data.decode(errors="replace")
    found = compiled(text)
    units = (*sorted(set(text))[:6], "1", " ", "a1 ", text, "step 1 loss: 2.5 ")
    lines = "".join((unit * LONGEST)[:LONGEST] + "\n" for unit in units).encode()
    table = formats.read(Head(path, len(lines), lines), Settings(text={"pattern": text}))
    return f"{len(found.groupindex)} {table.format}"


def _examined(path: Path, data: bytes) -> str:
    """A run that is this file, judged and reported."""
    path.write_bytes(data)
    dice = random.Random(len(data))  # noqa: S311 - no secret
    report = examine(path, Settings(lang=dice.choice(("en", "zh"))))
    name = values.shown(Report("0", (report,)), dice)
    return " ".join((name, report.status, *sorted({f.rule for f in report.findings})))


def _reported(_: Path, data: bytes) -> str:
    """A report that holds the input as texts and odd numbers."""
    dice = random.Random(data)  # noqa: S311 - no secret
    return values.shown(values.changed(data, dice), dice)


def _small(name: str, data: bytes) -> bytes:
    """The first lines of a text, the first records of a log of them, the whole of all else."""
    if Path(name).suffix in RECORDS:
        return data[:FEW_RECORDS]
    if len(data) <= SMALL or b"\0" in data or name.endswith(".json"):
        return data
    end = max(data.rfind(b"\n", 0, SMALL), data.rfind(b"\r", 0, SMALL)) + 1
    return data[:end] or data


def _fixtures(folder: Path) -> dict[str, bytes]:
    """All that is mutated, by where it lies below the folder."""
    shutil.copytree(FIXTURES, folder, dirs_exist_ok=True)
    for name, data in seeds().items():
        path = folder / "seeds" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    found = (p for p in sorted(folder.rglob("*")) if p.is_file())
    named = {str(p.relative_to(folder)): p for p in found if not _no_input(p)}
    return {n: _small(n, data) for n, p in named.items() if len(data := p.read_bytes()) <= LARGEST}


def _no_input(path: Path) -> bool:
    """What describes fixtures or checks reports; a card of a model is among the seeds."""
    made_here = path.stem == "junit" or "promise" in path.parts
    return made_here or (path.name == "README.md" and "seeds" not in path.parts)


def targets(folder: Path) -> tuple[Target, ...]:
    """All of them; what must be in files is in the folder."""
    files = _fixtures(folder)
    own = {"lossscan.yaml", "baseline.json"}
    special = {n: d for n, d in files.items() if Path(n).name in own}
    config = {n: d for n, d in files.items() if n not in special and is_config_name(Path(n))}
    pickles = {n: d for n, d in config.items() if n.endswith(".bin")}
    apart = {
        n: d
        for n, d in files.items()
        if Path(n).suffix in STORES or n.startswith(("mlflow", "stores"))
    }
    left = {
        n: d for n, d in files.items() if n not in special and n not in apart and n not in pickles
    }
    logs = {n: d for n, d in left.items() if n not in config or n.endswith((".json", ".md"))}
    runs = {n: d for n, d in logs.items() if n.endswith((".log", ".jsonl", ".csv", "state.json"))}
    texts = {n: d for n, d in left.items() if len(d) < SMALL}
    return (
        Target("logs", 30, _log, logs),
        Target("stores, archives, notebooks", 8, read_store, apart),
        Target("settings of a run", 20, _stated, config),
        Target("training_args.bin", 20, _pickle, pickles),
        Target("packed files", 4, _stated, packed()),
        Target(
            "lossscan.yaml", 6, _own_settings, {n: d for n, d in special.items() if "yaml" in n}
        ),
        Target("baseline files", 6, _baseline, {n: d for n, d in special.items() if "json" in n}),
        Target("patterns of the user", 4, _pattern, PATTERNS),
        Target("runs judged and reported", 1, _examined, runs),
        Target("reports of odd values", 2, _reported, texts),
    )
