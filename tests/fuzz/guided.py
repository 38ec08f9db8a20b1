"""The loop led by the lines that an input reaches: `python -m tests.fuzz.guided SECONDS [SEED]`.

It needs atheris, which has wheels for Linux alone. An input is the number of a target, that of the
seed whose name its file bears, and the bytes of the file.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import time
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.fuzz.mutation import LARGEST, mutated
from tests.fuzz.watch import IN_MEMORY, SAID, watched

NUMBERS = 2  # bytes before those of the file
OWN = 0.7  # of the inputs that are changed as the other loop does, which knows numbers and words
SHARE = 4  # of what is read: whole runs and reports take ten times as long as all else
LONGEST = 600  # seconds of an input: the watch, which counts CPU, is sooner; atheris 3 ends at 0
ATHERIS: Any = import_module("atheris")


class Guided:
    """A campaign whose inputs atheris chooses."""

    def __init__(self, folder: Path, seed: int, seconds: float) -> None:
        with ATHERIS.instrument_imports(include=["lossscan"]):
            loop = import_module("tests.fuzz.__main__")
            self.campaign = loop.Campaign(folder / "files", seed)
            self.campaign.warm_up()  # imports what is imported where it is used
        self.targets = [each for each in self.campaign.targets if each.share >= SHARE]
        self.seeds = [list(each.seeds.items()) for each in self.targets]
        self.told = time.monotonic()
        self.end = self.told + seconds
        self.corpus = folder / "corpus"
        self.corpus.mkdir()
        for target, seeds in enumerate(self.seeds):
            for place, (_, data) in enumerate(seeds):
                (self.corpus / f"{target}-{place}").write_bytes(bytes((target, place)) + data)

    def once(self, given: bytes) -> None:
        """Read one input."""
        if len(given) >= NUMBERS:
            target = given[0] % len(self.seeds)
            name, _ = self.seeds[target][given[1] % len(self.seeds[target])]
            self.campaign.check(self.targets[target], name, given[NUMBERS:])

    def is_over(self) -> bool:
        """Whether the time is; then, and each minute, it is said how far it is."""
        now = time.monotonic()
        if now > min(self.told + SAID, self.end):
            self.told = now
            print(self.campaign.told(), flush=True)  # noqa: T201
        return now > self.end

    def changed(self, given: bytes, most: int, seed: int) -> bytes:
        """An input made of another."""
        dice = random.Random(seed)  # noqa: S311 - no secret
        numbers, data = given[:NUMBERS].ljust(NUMBERS, b"\0"), given[NUMBERS:]
        if dice.random() > OWN:
            return numbers + bytes(ATHERIS.Mutate(data, most - NUMBERS))
        _, other = dice.choice(self.seeds[numbers[0] % len(self.seeds)])
        return (numbers + mutated(data, dice, other))[:most]


def main(seconds: float, seed: int) -> None:
    """Mutate and read until the time is over; the status tells whether an input failed."""
    print(f"seed {seed}, led by coverage", flush=True)  # noqa: T201
    folder = tempfile.TemporaryDirectory(dir=IN_MEMORY, prefix="lossscan-fuzz-")
    os.environ["TMPDIR"] = tempfile.tempdir = folder.name  # where packed logs are unpacked
    guided = Guided(Path(folder.name), seed, seconds)
    warnings.simplefilter("error")  # a user would see them as noise

    def once(given: bytes) -> None:
        watch.tried += 1
        guided.once(given)
        if guided.is_over():  # libFuzzer returns to nobody
            folder.cleanup()
            os._exit(bool(guided.campaign.failed))

    options = (f"-seed={seed}", f"-max_len={2 * LARGEST}", f"-timeout={LONGEST}", "-rss_limit_mb=0")
    given = [sys.argv[0], *options, "-verbosity=0", str(guided.corpus)]
    ATHERIS.Setup(given, once, custom_mutator=guided.changed)
    with watched() as watch:
        ATHERIS.Fuzz()


if __name__ == "__main__":
    main(float(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else random.getrandbits(31))
