"""The same runs give the same reports."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from lossscan import reporters
from tests.soak.kit import check, need, run

SAMPLES = Path(__file__).parents[2] / "sample_logs"
COPIED = ("loss-jump", "nan", "overfitting", "resumed")
SURROUNDINGS = (
    {"PYTHONHASHSEED": "0", "TZ": "UTC", "LC_ALL": "C.UTF-8"},
    {"PYTHONHASHSEED": "4711", "TZ": "Asia/Shanghai", "LC_ALL": "C"},
    {"PYTHONHASHSEED": "99", "TZ": "America/New_York", "LC_ALL": "de_DE.UTF-8"},
)
VERBS = {
    "analyze": ("runs/loss-jump",),
    "batch": ("runs",),
    "compare": ("runs/loss-jump", "runs/nan"),
}


def _copied(folder: Path, names: tuple[str, ...]) -> None:
    shutil.rmtree(folder / "runs", ignore_errors=True)
    for name in names:
        shutil.copytree(SAMPLES / name, folder / "runs" / name)


@check("reports equal over hash seeds, locales, time zones, processes and orders of folders")
def equal(folder: Path) -> None:
    """In every format of every verb."""
    found: dict[tuple[str, str], set[bytes]] = {}
    for at, surroundings in enumerate(SURROUNDINGS):
        _copied(folder, COPIED if at % 2 else COPIED[::-1])
        for verb, roots in VERBS.items():
            for name in reporters.formats():
                output = folder / f"report.{name}"
                asked = ["-f", name, "-o", output.name, "--lang", "en", "--fail-on", "never"]
                more = ["-j", str(1 + at % 2)] if verb == "batch" else []
                done = run(verb, *roots, *asked, *more, surroundings=surroundings, cwd=folder)
                if done.status == 2 and verb == "compare":
                    continue
                need(done.status == 0, f"{verb} {name}: {done.err}")
                found.setdefault((verb, name), set()).add(output.read_bytes())
                os.unlink(output)  # noqa: PTH108
    differ = [" ".join(which) for which, texts in found.items() if len(texts) > 1]
    need(not differ, f"differ: {', '.join(differ)}")
    need(len(found) > len(reporters.formats()), "too few reports")
