"""The loop: mutate, read, keep what failed and what gave something new.

What may come is a result or one of lossscan's own errors, which can be said in both languages;
anything else is a fault. All runs in this process, from memory or a file system in memory.
"""

from __future__ import annotations

import gc
import os
import random
import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path

from tests.fuzz.faults import fault
from tests.fuzz.mutation import mutated
from tests.fuzz.targets import Target, targets
from tests.fuzz.watch import IN_MEMORY, SAID, watched

KEPT = Path("build/fuzz")
MOST_NEW = 400  # inputs of a target that are mutated further because what came of them was new


class Campaign:
    """What is tried, how often, and what came of it."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.dice = random.Random(seed)  # noqa: S311 - no secret
        self.seed, self.folder = seed, folder
        self.targets = targets(folder)
        self.pools = {each.name: list(each.seeds.items()) for each in self.targets}
        self.tried: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()
        self._seen: set[tuple[str, str]] = set()
        self._shares = [each.share for each in self.targets]

    def warm_up(self) -> None:
        """Read each seed: what is imported where it is used costs no input its time."""
        for target in self.targets:
            for name, data in target.seeds.items():
                self.check(target, name, data)
        self.tried.clear()

    def once(self) -> None:
        """Try one more input."""
        target = self.dice.choices(self.targets, self._shares)[0]
        pool = self.pools[target.name]
        name, data = self.dice.choice(pool)
        new = mutated(data, self.dice, self.dice.choice(pool)[1])
        if self.check(target, name, new) and len(pool) < len(target.seeds) + MOST_NEW:
            pool.append((name, new))

    def check(self, target: Target, name: str, data: bytes) -> bool:
        """Whether an input gives what none gave before; what fails is kept."""
        path = self.folder / name
        said, came = fault(target.read, path, data)
        self.tried[target.name] += 1
        if said is not None:
            self.failed[said.splitlines()[-1]] += 1
            self._keep(target, path, data, said)
        new = (target.name, came) not in self._seen
        self._seen.add((target.name, came))
        return new and said is None

    def _keep(self, target: Target, path: Path, data: bytes, said: str) -> None:
        KEPT.mkdir(parents=True, exist_ok=True)
        where = KEPT / f"{self.seed}-{self.tried.total()}-{path.name}"
        where.write_bytes(data)
        print(f"{target.name}: {where}: {said}", flush=True)  # noqa: T201

    def told(self) -> str:
        """How far it is."""
        each = ", ".join(f"{count:,} {name}" for name, count in self.tried.most_common())
        return f"{self.tried.total():,} inputs, {self.failed.total()} failed: {each}"


def main(seconds: float, seed: int) -> int:
    """Mutate and read until the time is over; returns how many inputs failed."""
    print(f"seed {seed}", flush=True)  # noqa: T201
    with tempfile.TemporaryDirectory(dir=IN_MEMORY, prefix="lossscan-fuzz-") as folder:
        os.environ["TMPDIR"] = tempfile.tempdir = folder  # where packed logs are unpacked
        campaign = Campaign(Path(folder) / "files", seed)
        campaign.warm_up()
        gc.freeze()  # what was imported is not looked through again and again
        warnings.simplefilter("error")  # a user would see them as noise
        told = time.monotonic()
        end = told + seconds
        with watched() as watch:
            while (now := time.monotonic()) < end:
                watch.tried += 1
                campaign.once()
                if now > told + SAID:
                    told = now
                    print(campaign.told(), flush=True)  # noqa: T201
    print(campaign.told(), flush=True)  # noqa: T201
    for kind, count in campaign.failed.most_common():
        print(f"{count} times: {kind}", flush=True)  # noqa: T201
    return campaign.failed.total()


if __name__ == "__main__":
    given = sys.argv[1:]
    seed = int(given[1]) if len(given) > 1 else random.SystemRandom().randrange(2**32)
    sys.exit(bool(main(float(given[0]) if given else 60.0, seed)))
