"""Logs of several runs side by side in one folder, where their names say so.

`seed0.csv, seed1.csv` and TensorBoard's `run-a-tag-loss.csv, run-b-tag-loss.csv` are of two runs.
The names of `resnet18.txt, vgg16.txt` say neither this nor that they are parts of one run.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from lossscan.canonical.sets import ANY
from lossscan.expressions import expression

SEVERAL: Final = 2
_NUMBERED: Final = expression(
    r"(?i)(?<![a-z])((?:seed|fold|cv|kfold|trial|client|exp|run)[ _-]?\d{1,6})(?![\d.])"
)
_TENSORBOARD: Final = expression(r"run-(.{1,200}?)-tag-.{1,300}")
_OF_A_SET: Final = expression(  # the parts of one run that TensorBoard keeps apart
    r"(?i)(?<![a-z])(?:(?:\.|train(?:ing)?|val(?:id(?:ation)?)?|eval(?:uation)?|test|loss(?:es)?)"
    r"(?=_|\Z)|loss(?:es)?(?=-))"
)
_WORD: Final = expression(r"[a-z]+")
_PART: Final = expression(  # a set, a process, a launch or what a program prints: of one run
    rf"{ANY}|loss(?:es)?|rank|worker|node|gpu|proc(?:ess)?|part|launch|resumed?|slurm"
    r"|logs?|out(?:put)?|err(?:or)?|stdout|stderr|console|metrics|history|results?|run"
)
MOST: Final = 100  # logs that are read to tell: a folder with more is one of launches


def by_name(logs: Iterable[Path]) -> Mapping[str, list[Path]]:
    """The logs of each run by its name; empty where they are of one, or no name says so."""
    logs = list(logs)
    if len({path.parent for path in logs}) != 1 or len({path.suffix for path in logs}) != 1:
        return {}
    runs: dict[str, list[Path]] = defaultdict(list)
    for path in logs:
        name = _run_of(path.stem)
        if name is None:
            return {}
        runs[name].append(path)
    return runs if len(runs) >= SEVERAL else {}


def may_be_apart(logs: Sequence[Path]) -> bool:
    """Whether such logs, all of one kind, may be of a run each: no name says that it is a part.

    A word that all share, as in `train_a.log, train_b.log`, says nothing where they differ in more
    than numbers.
    """
    alike = len({(path.parent, path.suffix) for path in logs}) == 1
    if not alike or not SEVERAL <= len(logs) <= MOST:
        return False
    words = [{*_WORD.findall(path.stem.lower())} for path in logs]
    shared = set.intersection(*words)
    own = [each - shared for each in words]
    parts = any(map(_PART.fullmatch, set().union(*own)))
    return not parts and (all(own) or not any(map(_PART.fullmatch, shared)))


def _run_of(stem: str) -> str | None:
    """The run that the name of a file says; None where it says none."""
    if exported := _TENSORBOARD.fullmatch(stem):
        return None if _OF_A_SET.search(exported[1]) else exported[1]
    numbered = _NUMBERED.search(stem)
    return numbered[1] if numbered else None
