"""What the guards against hostile runs cost, in instructions: a busy machine does not change them.

`valgrind --tool=cachegrind --cache-sim=no python -m tests.bench.guards on|off PASSES samples|own`
says how many a process takes. `on 1` less `off 1` are those of the guards, `on 2` less `on 1` those
of a pass without the start of Python; `own` is a log that an expression of the user reads.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from unittest.mock import patch

from lossscan import api, reporters
from lossscan.reporters import Page
from lossscan.settings import Settings
from lossscan.sources.patience import Pace
from tests.reports import report

SAMPLES = Path(__file__).parents[2] / "sample_logs"
NAMES = ("staircase", "nan", "resumed", "overfitting", "last-data-epoch-megatron", "loss-jump")
LINES = 3_000  # of the log that an expression reads
PATTERN = r"it (?P<step>\d+) nll=(?P<loss>[\d.]+)"


@contextmanager
def _unguarded() -> Iterator[None]:
    """Nothing is counted, bounded, timed or cleaned."""
    without = {
        "lossscan.sources.safe_yaml._MAY_MULTIPLY": re.compile(r"(?!)"),
        "lossscan.runs.discover.leads_out": lambda path, root: False,
        "lossscan.runs.strangers.leads_out": lambda path, root: False,
        "lossscan.formats._bounded": lambda table: table,
        "lossscan.formats.pattern.paced": lambda pattern: nullcontext(Pace(pattern)),
        "lossscan.words.printable": str,
        "lossscan.words.inert": str,
    }
    with ExitStack() as stack:
        for name, other in without.items():
            stack.enter_context(patch(name, other))
        yield


def main(guards: str, passes: int, what: str) -> None:
    """Analyze the samples, or the log of one's own, so many times."""
    with tempfile.TemporaryDirectory() as folder, nullcontext() if guards == "on" else _unguarded():
        own = Path(folder) / "train.txt"
        own.write_text("".join(f"it {n} nll={2 + n % 7 / 9:.4f}\n" for n in range(LINES)))
        samples = [(SAMPLES / name, Settings()) for name in NAMES]
        cases = samples if what == "samples" else [(own, Settings(text={"pattern": PATTERN}))]
        for path, settings in cases * passes:
            reporters.render("rich", report(api.analyze(path, settings=settings)), Page())


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
