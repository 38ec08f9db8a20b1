"""The scores of a small fixed set, which may only rise: `ratchet.yaml` holds what was reached."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import yaml

from tests.accuracy import score
from tests.accuracy.cases import build, names
from tests.accuracy.score import Result
from tests.accuracy.tables import PLACED

FLOOR = Path(__file__).parent / "ratchet.yaml"
CLEAN, EACH, LARGE = 120, 2, ("-", "8", "12", "20")
HEAD = """\
# What the small fixed set of ratchet.py scored; each number is better when higher.
# test_ratchet.py fails when one falls; `python -m tests.accuracy --ratchet` writes those that rose.
"""


def scores() -> dict[str, float]:
    """Every score of the set; the same on each machine."""
    every = names("test", clean=CLEAN, each=EACH)
    wanted = (n for n in every if n.split("/")[3] in LARGE and "/between/" not in n)
    return summed([score.examine(build(name)) for name in wanted])


def summed(results: list[Result]) -> dict[str, float]:
    """Scores by name, each from 0 to 1."""
    healthy = [r for r in results if "/clean/" in r.name]
    alike = [r for r in results if "/look-alike/" in r.name]
    pairs = [(stated, right) for _, stated, _, right in score.confidences(results)]
    known, first, two = np.array(list(score.causes(results).values())).sum(axis=0)
    rules = score.per_rule(results)
    found = {
        "macro F1": score.macro_f1(rules),
        "healthy runs without an alarm": 1 - len(score.alarmed(healthy)) / len(healthy),
        "look-alikes without an alarm": 1 - len(score.alarmed(alike)) / len(alike),
        "placed within one point": float(np.mean(np.array(score.place_errors(results)) <= PLACED)),
        "calibration": 1 - score.calibration_error(pairs),
        "true cause first": first / known,
        "true cause among two": two / known,
        **{f"recall of {rule}": s.recall for rule, s in rules.items() if s.recall is not None},
    }
    return {name: round(float(value), 3) for name, value in found.items()}


def floor() -> dict[str, float]:
    """What was reached before."""
    return dict(yaml.safe_load(FLOOR.read_text(encoding="utf-8"))) if FLOOR.exists() else {}


def raise_floor() -> dict[str, float]:
    """Write the better of old and new, and return it."""
    old = floor()
    best = {name: max(value, old.get(name, 0.0)) for name, value in scores().items()}
    FLOOR.write_text(HEAD + yaml.safe_dump(best, sort_keys=False), encoding="utf-8")
    return best
