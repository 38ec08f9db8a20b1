"""All cases of a set examined on two processes; what comes back is light and in a fixed order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from tests.accuracy import decays, implants, limits, peers, real, score
from tests.accuracy.cases import build, names
from tests.accuracy.score import Result

JOBS = 2
CHUNK = 16  # cases handed to a process at a time
T = TypeVar("T")
R = TypeVar("R")


class Extent(Struct, frozen=True):
    """How many of each."""

    clean: int
    each: int  # of a size of a phenomenon; four times as many of a fault, twice of a look-alike
    lengths: dict[int, int]  # decays by length
    limits: int  # healthy runs whose smallest visible effects are put to the test


FULL = Extent(clean=3000, each=30, lengths=decays.LENGTHS, limits=300)
QUICK = Extent(clean=150, each=2, lengths=decays.QUICK, limits=30)


class Measured(Struct, frozen=True):
    """Everything that one run of the command measures."""

    simulated: tuple[Result, ...]
    samples: tuple[Result, ...]
    corpora: Mapping[str, tuple[Result, ...]]  # by name of the folder
    implanted: tuple[Result, ...]
    decays: tuple[tuple[int, int], ...]
    limits: tuple[limits.Seen, ...]

    @property
    def corpus(self) -> tuple[Result, ...]:
        """The results of all corpora."""
        return tuple(result for results in self.corpora.values() for result in results)

    def of(self, kind: str) -> list[Result]:
        """The simulated results of a kind: clean, phenomenon, look-alike, between."""
        return [result for result in self.simulated if result.name.split("/")[1] == kind]


def measure(half: str, extent: Extent, corpora: Sequence[Path]) -> Measured:
    """Examine the simulated cases of a half, the samples, and the corpora that are given.

    Effects are put into the healthy runs of the first.
    """
    tasks = {folder: [(folder, label) for label in real.labels(folder)] for folder in corpora}
    healthy = [task for task in next(iter(tasks.values()), []) if task[1]["clean"]]
    lengths = sorted(decays.tasks(half, extent.lengths), key=lambda task: -task[1])
    with ProcessPoolExecutor(JOBS) as pool:
        return Measured(
            simulated=_all(pool, examined, names(half, clean=extent.clean, each=extent.each)),
            samples=tuple(real.samples()),
            corpora={
                folder.name: _all(pool, real.labelled, own, 1) for folder, own in tasks.items()
            },
            implanted=tuple(r for rs in _all(pool, implants.implanted, healthy, 1) for r in rs),
            decays=_all(pool, decays.breaks, lengths, 1),
            limits=tuple(
                one
                for every in _all(pool, limits.seen, limits.names(half, extent.limits))
                for one in every
            ),
        )


def _all(
    pool: ProcessPoolExecutor, work: Callable[[T], R], tasks: Iterable[T], chunk: int = CHUNK
) -> tuple[R, ...]:
    return tuple(pool.map(work, tasks, chunksize=chunk))


def examined(name: str) -> Result:
    """The result of a case by name; with the peers' alarms where they have a say."""
    case = build(name)
    result = score.examine(case)
    noticeable = result.what in peers.JUDGED and all(score.is_large(t) for t in case.expect)
    if case.kind == "clean" or noticeable:
        return replace(result, alarms=peers.alarms(case.run.series["loss"].values))
    return result


def failures(results: Sequence[Result]) -> list[str]:
    """A line for each crash, each large truth missed and each finding that is wrong."""
    lines = [f"crashed {r.crash} · {r.name}" for r in results if r.crash]
    for result in results:
        missed = [t for t in result.expect if score.is_large(t) and not result.found(t)]
        lines += [
            f"missed {t.rules[0]} at {t.step} size {t.size and round(t.size, 1)} · {result.name}"
            f" · said {[(s.rule, s.starts[:3]) for s in result.said]}"
            for t in missed
        ]
        lines += [
            f"false {s.rule} ({s.severity}, {s.confidence:.2f}) at {s.starts[:3]} · {result.name}"
            for s in result.false()
        ]
    return lines
