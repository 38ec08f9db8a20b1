"""What the guards against hostile runs cost: `python -m tests.bench.guards` writes a table.

A profile of an `analyze` in this process, which has loaded all: the share of each guard, with
what it calls. A profiler adds to each call, and guards are small functions: it is an upper bound.
"""

from __future__ import annotations

import cProfile
import json
import pstats
import random
import tempfile
import time
from collections.abc import Callable, Mapping
from inspect import unwrap
from pathlib import Path
from typing import Any, Final

from lossscan import api, formats, reporters, words
from lossscan.formats.kit import many_keys, unlike
from lossscan.reporters import Page
from lossscan.runs import discover
from lossscan.settings import Settings
from lossscan.sources import files, line_pattern, safe_yaml
from tests.reports import report

GUARDS: Final[Mapping[str, tuple[Callable[..., Any], ...]]] = {
    "YAML: levels and aliases counted first": (safe_yaml._may_multiply, safe_yaml._check_shape),
    "links that lead out, special files": (files.leads_out, discover._has_content),
    "quantities bounded": (formats._bounded, many_keys.bounded),
    "archives and reports told from logs": (unlike.never_a_log,),
    "an expression of your own timed": (unwrap(line_pattern.paced), line_pattern.Pace.tick),
    "what is printed made harmless": (words.printable, words.inert),
}
YAML: Final = (
    "learning_rate: 1e-4\nnum_train_epochs: 4\ndatasets:\n" + 20 * "  - {path: a, type: b}\n"
)
PATTERN: Final = r"it (?P<step>\d+) nll=(?P<loss>[\d.]+)"
POINTS: Final = 100_000
PASSES: Final = 5


def _entries(count: int) -> list[dict[str, float]]:
    dice = random.Random(1)  # noqa: S311 - no secret
    losses = (2 + 3 / (1 + 50 * n / count) + dice.gauss(0, 0.02) for n in range(count))
    return [
        {"step": n + 1, "loss": round(loss, 4), "grad_norm": 1.5, "epoch": 4 * n / count}
        for n, loss in enumerate(losses)
    ]


def _made(folder: Path) -> Mapping[str, tuple[Path, Settings]]:
    """The runs that are analyzed."""
    rows = [json.dumps(entry) + "\n" for entry in _entries(POINTS)]
    held = {
        "1,000 points, with a YAML": {
            "trainer_log.jsonl": "".join(map("{}\n".format, map(json.dumps, _entries(1_000)))),
            "train.yaml": YAML,
        },
        f"JSONL, {POINTS:,} lines": {"trainer_log.jsonl": "".join(rows)},
        f"state of {POINTS:,} entries": {
            "trainer_state.json": json.dumps({"log_history": _entries(POINTS)})
        },
        "an expression, 3,000 lines": {
            "train.txt": "".join(f"it {n} nll={2 + n % 7 / 9:.4f}\n" for n in range(3_000))
        },
    }
    for name, each in held.items():
        (folder / name).mkdir()
        for file, text in each.items():
            (folder / name / file).write_text(text)
    own = {name: {"pattern": PATTERN} if "expression" in name else {} for name in held}
    return {name: (folder / name, Settings(text=own[name])) for name in held}


def _shares(path: Path, settings: Settings) -> list[float]:
    """Of each guard, in percent of an `analyze`."""
    api.analyze(path, settings=settings)  # loads all
    with cProfile.Profile(time.process_time) as profile:  # the machine may be busy
        for _ in range(PASSES):
            reporters.render("rich", report(api.analyze(path, settings=settings)), Page())
    found = pstats.Stats(profile)
    took = {place: spent for place, (_, _, _, spent, _) in found.stats.items()}  # type: ignore[attr-defined]
    return [
        100 / found.total_tt * sum(took.get(_place(guard), 0.0) for guard in each)  # type: ignore[attr-defined]
        for each in GUARDS.values()
    ]


def _place(guard: Callable[..., Any]) -> tuple[str, int, str]:
    """A function as a profile names it."""
    code = guard.__code__
    return code.co_filename, code.co_firstlineno, code.co_name


def main() -> None:
    """Write the table."""
    with tempfile.TemporaryDirectory() as folder:
        made = _made(Path(folder))
        columns = [_shares(*each) for each in made.values()]
    print("| guard |", " | ".join(made), "|")  # noqa: T201
    print("| --- |" + " --- |" * len(made))  # noqa: T201
    for place, guard in enumerate([*GUARDS, "all"]):
        shares = (f"{[*each, sum(each)][place]:.2f}" for each in columns)
        print(f"| {guard} |", " | ".join(shares), "|")  # noqa: T201


if __name__ == "__main__":
    main()
