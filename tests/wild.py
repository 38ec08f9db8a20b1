"""Runs that say what is wild wherever a report repeats their text."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from lossscan.gate import baseline
from tests.writers import write_events

WILD = {
    "terminal": "a\x1b[2J\x1b]8;;http://evil.example\x07b\x9b31mc\x07\x08\rd\x7f"
    "a\u202eb\u2066c\u2028d\u2029e\u200ff\ufeffg",
    "markup": "<script>alert(1)</script><img src=x onerror=alert(1)>]]>&#0;&lt;"
    "::error::x%0A::warning::y ##[error]z @all =cmd() +1 -1 \\",
    "runner": "::error::x%0A::stop-commands::y ##[warning]z ##vso[task.complete]w "
    + "b" * 90
    + "::add-mask::steps",
    "markdown": "|`x`|``` [a](javascript:b) ![c](http://evil.example) http://evil.example **b** ~~~"
    "mailto:a@b.example www.evil.example https://evil.example <http://evil.example>",
}
STEPS = 200


def write_run(folder: Path, wild: str, jump: float) -> Path:
    """A run that is wild in its name, keys, tags, settings, files and last words."""
    run = folder / wild.replace("/", "_")
    run.mkdir(parents=True)
    rows = ({"step": n, "loss": 2 + n % 7 / 50 + (n > 100) * jump} for n in range(1, STEPS))
    text = "".join(json.dumps({**row, f"eval_{wild}_loss": 2.0, wild: wild}) + "\n" for row in rows)
    (run / "trainer_log.jsonl").write_text(text)
    tags = [f"train/{wild}_loss", f"eval/loss/{wild}"]
    points = [(n, 2 + n % 5 / 50) for n in range(1, STEPS)]
    write_events(run / "events.out.tfevents.1.a.2", dict.fromkeys(tags, points), {wild: wild})
    said = {"learning_rate": 0.1, "optim": wild, "dataset": wild, wild: wild, "num_train_epochs": 3}
    (run / "training_args.json").write_text(json.dumps(said))
    (run / f"{wild[:60]}.log".replace("/", "_")).write_text(f"Error: {wild}\n")
    (run / "train.log").write_text(f"Traceback (most recent call last):\n  x\nError: {wild}\n")
    return run


def write_unreadable(folder: Path, wild: str) -> Path:
    """A run whose only log has wild keys and ends in wild words."""
    run = folder / wild.replace("/", "_")
    run.mkdir(parents=True)
    (run / "train.log").write_text(f"{wild}: 1\nTraceback (most recent call last):\n{wild}: {wild}")
    return run


def write_settings(path: Path, wild: str) -> Path:
    """Settings with a wild series, and suppressions with wild reasons, all of them idle but one."""
    reasons = [
        {"rule": "loss-jump", "reason": wild, "runs": "**/a/*"},
        {"rule": "plateau", "reason": wild, "runs": f"*{wild}"},
    ]
    whole = {"series": {"eval_loss": f"eval_{wild}_loss"}, "suppress": reasons}
    path.write_text(yaml.safe_dump(whole, allow_unicode=True))
    return path


def write_baseline(path: Path, wild: str) -> Path:
    """A baseline of one finding, of a wild series, that no run shows."""
    known = baseline.Known("0" * 16, wild, "loss-jump", wild, 100, "critical")
    path.write_text(baseline.dumps([known]))
    return path
