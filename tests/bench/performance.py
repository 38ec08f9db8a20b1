"""How long lossscan takes beside its peers: `make bench` writes docs/performance.md.

With another Python that has the peers:

    python tests/bench/performance.py build/bench/bin/python docs/performance.md

`SMALLER=100` in the environment tries the script itself, with a hundredth of everything.

Every figure is CPU seconds of an interpreter of its own. The commands of a row take turns and the
median counts, so that other work on the machine slows all of them alike. Needs Linux.
"""

import json
import math
import os
import platform
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np

from tests import writers
from tests.bench.bench_batch import make_runs

ROUNDS = 3
ONCE = 1  # round of what takes long: the engine, and event files, for which the peer takes 30 s
REFUSED = 2  # the status of a command that does not exist: one of those measured
SMALLER = int(os.environ.get("SMALLER", "1"))
POINTS = 1_000_000 // SMALLER  # of each log
LINES = 20_000 // SMALLER  # of the console
SHORT = 1_000  # points of the run that is analyzed cold
LENGTHS = (1_000_000 // SMALLER, 10_000_000 // SMALLER)  # of the series that the engine gets
RUNS = 300 // SMALLER  # of the batch

TIMED = """
import re, sys, time
_begun = time.process_time()
{work}
print(time.process_time() - _begun)
print(*re.findall("VmHWM:\\s*(\\d+)", open("/proc/self/status").read()))
"""  # the peak in kB: what the parent is told counts the parent's own memory as well
ENGINE = """
import numpy as np
from lossscan.model import Run, Series
from lossscan.signals import scan
n, steps = int(sys.argv[1]), int(sys.argv[2])
loss = 2 + 2 * np.exp(-np.arange(n) / (n / 20)) + np.random.default_rng(0).normal(0, 0.05, n)
for number, at in enumerate(np.linspace(0, n, steps + 2)[1:-1].astype(int)):
    loss[at:] += 0.3 if number % 2 == 0 else -0.3
run = Run(path="x", name="x", sources=(), series={"loss": Series("loss", np.arange(n), loss)})
_begun = time.process_time()
scan(run)
"""
READ = """
from pathlib import Path
from lossscan.formats import formats, read_file
from lossscan.settings import Settings
formats()
_begun = time.process_time()
read_file(Path(sys.argv[1]), Settings())
"""
EVENTS = """
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
_begun = time.process_time()
found = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0}).Reload()
for tag in found.Tags()["scalars"]:
    [(each.step, each.value) for each in found.Scalars(tag)]
"""
STATE = """
import json
import pandas as pd
_begun = time.process_time()
pd.DataFrame(json.load(open(sys.argv[1]))["log_history"])
"""
LINED = """
import pandas as pd
_begun = time.process_time()
pd.read_json(sys.argv[1], lines=True)
"""
DECODED = """
import json
from pathlib import Path
import yaml
_begun = time.process_time()
for file in Path(sys.argv[1]).rglob("trainer_state.json"):
    json.loads(file.read_text())
    yaml.load(file.with_name("training_args.yaml").read_text(), yaml.CSafeLoader)
"""
COLD = """
import json
import pandas as pd
import ruptures
loss = pd.DataFrame(json.load(open(sys.argv[1] + "/trainer_state.json"))["log_history"])["loss"]
ruptures.KernelCPD(kernel="linear").fit(loss.to_numpy().reshape(-1, 1)).predict(pen=1.0)
"""


@dataclass(frozen=True)
class Row:
    """One thing to be done, by lossscan and by a peer."""

    name: str
    mine: list[str]
    peer: list[str] | None = None
    called: str = "-"  # the peer
    whole: bool = False  # the start of the interpreter counts as well
    goal: float | None = None  # times the speed of the peer; without a peer, seconds at most
    rounds: int = ROUNDS

    def verdict(self, seconds: float, peer: float | None) -> str:
        """The goal, and whether it is missed."""
        if self.goal is None:
            return "-"
        missed = seconds > self.goal if peer is None else peer / seconds < self.goal
        return f"{self.goal:g}{' s' if peer is None else ''}{', missed' if missed else ''}"


def cost(command: list[str], *, whole: bool) -> tuple[float, int | None]:
    """CPU seconds that a command took, or says that its work took, and its peak of memory in MB."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
    )
    assert process.stdout is not None
    said = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, REFUSED):
        raise RuntimeError(f"{command} ended with status {process.returncode}")
    if whole:
        return used.ru_utime + used.ru_stime, None
    seconds, peak = said.split()[-2:]
    return float(seconds), int(peak) // 1024


def script(work: str, *arguments: object, python: str = sys.executable) -> list[str]:
    """A command that does some work and prints how long it took."""
    return [python, "-c", TIMED.format(work=work), *map(str, arguments)]


def cli(*arguments: str) -> list[str]:
    """A command line of lossscan."""
    return [sys.executable, "-m", "lossscan", *arguments]


def history(points: int, *, jump: bool = False, nan: bool = False) -> list[dict[str, float]]:
    """The log_history of a run, every hundredth entry an evaluation."""
    noise = np.random.default_rng(0).normal(0, 0.05, points).tolist()
    entries: list[dict[str, float]] = []
    for at, each in enumerate(noise, start=1):
        loss = 2 + 3 * 0.99**at + each + (0.8 if jump and at > points * 0.6 else 0)
        loss = math.nan if nan and at % 1000 == 0 else round(loss, 4)
        entries.append({"epoch": at / points, "loss": loss, "learning_rate": 1e-4, "step": at})
        if at % 100 == 0:
            entries.append({"epoch": at / points, "eval_loss": 2.1, "step": at})
    return entries


def state(folder: Path, entries: list[dict[str, float]]) -> Path:
    """A folder with a trainer_state.json."""
    folder.mkdir()
    state = {"log_history": entries, "global_step": entries[-1]["step"], "logging_steps": 1}
    (folder / "trainer_state.json").write_text(json.dumps(state))
    return folder


def rows(folder: Path, python: str) -> Iterator[Row]:
    """All that is measured."""
    yield from _engine()
    yield from _events(folder, python)
    yield from _states(folder, python)
    yield from _lines(folder, python)
    yield from _consoles(folder)
    yield from _starts(folder, python)
    root = folder / "runs"
    make_runs(root, RUNS)
    batch = cli("batch", str(root), "--jobs", "1", "--format", "jsonl", "--fail-on", "never")
    peer = script(DECODED, root)
    yield Row(f"batch, {RUNS} runs, one process", batch, peer, "json + yaml", whole=True, goal=0.52)


def _engine() -> Iterator[Row]:
    goals = {(LENGTHS[0], 0): 0.15, (LENGTHS[0], 50): 0.3, (LENGTHS[1], 0): 2, (LENGTHS[1], 50): 4}
    for points in LENGTHS:
        for steps in (0, 50):
            name = f"engine, {points:,} points, {steps or 'no'} steps"
            yield Row(name, script(ENGINE, points, steps), goal=goals[points, steps], rounds=ONCE)


def _analyzed(path: Path, read: Row, goal: float) -> Row:
    mine = cli("analyze", str(path), "--fail-on", "never")
    return replace(read, name="the same, analyzed", mine=mine, whole=True, goal=goal)


def _events(folder: Path, python: str) -> Iterator[Row]:
    steps = {"in order": np.arange(POINTS // 2), "in random order": None}
    for name, order in steps.items():
        at = np.random.default_rng(0).permutation(POINTS // 2) if order is None else order
        events = folder / name / "events.out.tfevents.1700000000.host"
        events.parent.mkdir()
        tags = {tag: [(int(s), 1 / (int(s) + 1)) for s in at] for tag in ("loss", "grad_norm")}
        writers.write_events(events, tags)
        peer = script(EVENTS, events, python=python)
        what = f"event file, {POINTS:,} scalars {name}"
        read = Row(what, script(READ, events), peer, "tensorboard", goal=40, rounds=ONCE)
        yield from (read, _analyzed(events, read, 20))


def _states(folder: Path, python: str) -> Iterator[Row]:
    for nan, goal in ((False, 3), (True, 2)):
        name = "with NaN" if nan else "with evaluations"
        file = state(folder / f"state-{nan}", history(POINTS, nan=nan)) / "trainer_state.json"
        peer = script(STATE, file, python=python)
        what = f"trainer_state.json, {POINTS:,} entries, {name}"
        read = Row(what, script(READ, file), peer, "json + DataFrame", goal=goal)
        yield from (read, _analyzed(file.parent, read, 1.5))


def _lines(folder: Path, python: str) -> Iterator[Row]:
    for nan, goal, whole in ((False, 6, 3), (True, 4, 2.5)):
        lines = folder / f"lines-{nan}" / "trainer_log.jsonl"
        lines.parent.mkdir()
        entries = (each for each in history(POINTS, nan=nan) if "loss" in each)
        lines.write_text("".join(json.dumps(each) + "\n" for each in entries))
        peer = script(LINED, lines, python=python)
        what = f"JSONL, {POINTS:,} lines{', with NaN' if nan else ''}"
        read = Row(what, script(READ, lines), peer, "pandas.read_json", goal=goal)
        yield from (read, _analyzed(lines, read, whole))


def _consoles(folder: Path) -> Iterator[Row]:
    logged = [each for each in history(LINES) if "loss" in each]
    dicts = [str({key: each[key] for key in ("loss", "learning_rate", "epoch")}) for each in logged]
    mixed = (
        f" {at * 100 // LINES}%|##   | {at}/{LINES} [00:10<01:00, 3.21it/s]" if at % 2 else line
        for at, line in enumerate(dicts)
    )
    texts = {
        "transformers": (dicts, 4),
        "key=value": (
            [
                f"step={each['step']} loss={each['loss']} lr={each['learning_rate']}"
                for each in logged
            ],
            5,
        ),
        "mixed with progress bars": (mixed, 12),
    }
    for name, (lines, goal) in texts.items():
        console = folder / f"{name}.log"
        console.write_text("".join(f"{line}\n" for line in lines))
        what = f"console of {LINES:,} lines, {name}"
        yield Row(what, script(READ, console), goal=goal * LINES / 1e6)


def _starts(folder: Path, python: str) -> Iterator[Row]:
    floor = [sys.executable, "-c", "import typer"]
    for command, goal in (
        (("--help",), 0.75),
        (("wrong",), 0.75),
        (("explain", "loss-jump"), 0.52),
    ):
        name = f"lossscan {' '.join(command)}"
        yield Row(name, cli(*command), floor, "import typer", whole=True, goal=goal)
    for jump, goal in ((False, 4), (True, 3.3)):
        run = state(folder / f"run-{jump}", history(SHORT, jump=jump))
        name = f"analyze, {SHORT:,} points{', with a break' if jump else ''}, from a cold start"
        peer = script(COLD, run, python=python)
        mine = cli("analyze", str(run), "--fail-on", "never")
        yield Row(name, mine, peer, "pandas + ruptures", whole=True, goal=goal)


def measured(row: Row) -> tuple[float, int | None, float | None]:
    """Seconds and memory of lossscan, seconds of the peer: medians of rounds that take turns."""
    mine, peers = [], []
    for _ in range(row.rounds + (row.rounds > ONCE)):
        mine.append(cost(row.mine, whole=row.whole))
        if row.peer is not None:
            peers.append(cost(row.peer, whole=row.whole)[0])
    # Of several the first wrote byte code and filled caches; next to a lone one that is nothing.
    seconds, peaks = zip(*mine[-row.rounds :], strict=True)
    return (
        median(seconds),
        max(peaks, key=lambda peak: peak or 0),
        median(peers[-row.rounds :]) if peers else None,
    )


def growth(times: dict[str, float], steps: str) -> str:
    """The exponent of the time over the length of a series, between the shortest and longest."""
    first, last = (times[f"engine, {points:,} points, {steps} steps"] for points in LENGTHS)
    return f"{math.log(last / first) / math.log(LENGTHS[-1] / LENGTHS[0]):.2f}"


def page(python: str) -> str:
    """The page with all figures; prints each row as it comes."""
    times: dict[str, float] = {}
    table = ["| what | lossscan | memory | peer | takes | ratio | goal |", f"|{' --- |' * 7}"]
    with TemporaryDirectory() as folder:
        for row in rows(Path(folder), python):
            seconds, peak, peer = measured(row)
            times[row.name] = seconds
            beside = ("-", "-") if peer is None else (f"{peer:.2f} s", f"{peer / seconds:.2g}")
            cells = (
                row.name,
                f"{seconds:.2f} s",
                "-" if peak is None else f"{peak} MB",
                row.called,
                *beside,
                row.verdict(seconds, peer),
            )
            table.append(f"| {' | '.join(cells)} |")
            print(table[-1], flush=True)  # noqa: T201 - a script
    versions = f"lossscan {version('lossscan')}, numpy {version('numpy')}"
    return PAGE.format(
        date=datetime.now(UTC).date(),
        machine=f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, load"
        f" {os.getloadavg()[0]:.0f}",
        versions=f"Python {platform.python_version()}, {versions}",
        peers=", ".join(peer_versions(python)),
        table="\n".join(table),
        none=growth(times, "no"),
        fifty=growth(times, "50"),
        rounds=ROUNDS,
        reasons="\n".join(f"- **{what}**: {why}" for what, why in REASONS.items()),
    )


def peer_versions(python: str) -> list[str]:
    """What the other environment has."""
    code = "from importlib.metadata import version as v; import sys; print(*map(v, sys.argv[1:]))"
    names = ("pandas", "ruptures", "tensorboard")
    said = subprocess.run([python, "-c", code, *names], capture_output=True, text=True, check=True)
    return [f"{name} {each}" for name, each in zip(names, said.stdout.split(), strict=True)]


REASONS: Mapping[str, str] = {
    "Engine": "some forty passes of numpy over a series: of a million points the scale, the noise"
    " and the end of the descent take two fifths, the period a seventh, the heights of points above"
    " their median a ninth, the gaps at all places a twelfth. Of more than 20,000 points the median"
    " of 51 is that of a place up to eight points away, except where a point is three noise units"
    " from it: a window moved by eight moves its median by eight ranks at most, so that no such"
    " point is missed. Of more than 260,000 the period is sought in three stretches, with an error"
    " of 1/400, and its strength measured in all. Of 104 simulated series of 25,000 to 400,000"
    " points all changes, excursions and periods are the same as without both; the height that a"
    " lone spike must have moves by 7% at most, less than the error of the tail it is judged by."
    " Medians of up to eleven points compare whole slices in a third of the time of a heap. With"
    " fifty steps half of the time goes to places that are measured again once a step is taken out."
    " Memory is eight times a series of ten million points; its goal is ten.",
    "Readers": "consoles are far from what one expression over the whole file could do, and such a"
    " reader would know one trainer only; of reading JSONL a third is the decoder, the rest makes"
    " columns of its rows; cells of one type, or taken by attribute, gain nothing. Lines of one"
    " shape in a row are matched by an expression of it and become columns: of 200,000 lines of"
    " transformers each took 17 us before and 4.6 now, of `key=value` 27 and 4.7 on a busy machine."
    " With bars between them each line is taken by itself; a bare bar is told at a glance, so that"
    " of ten bars and an entry each line takes half of what it took.",
    "Analyzed": "of a million lines of JSONL reading takes two fifths, of an event file a third,"
    " the search of the curve three tenths, and the start, half a second by itself, most of the"
    " rest.",
    "Starts": "of the instructions of `--help` typer and Python take six sevenths, of `explain`"
    " half, and rich, with its layout, three tenths; numpy with typer takes more than half of a"
    " cold `analyze`, loading the formats, as each may claim a log, a seventh. Pages of rules"
    " are kept as byte code, as PyYAML took an eighth of `explain`; docstrings of verbs are read"
    " from theirs, as parsing took a tenth of `--help`."
    " click instead of typer would take a quarter off `--help` and a seventh off `explain`:"
    " another command line, with its help, its errors and its completions, for 0.04 s.",
    "Batch": "of a real directory two thirds go to reading, a seventh of that to finding out"
    " which reader a file is for; the search of the curve takes a sixth and the rules an eighth,"
    " each in hundreds of small calls. Nothing that is worked out again from the same numbers takes"
    " more than 1.2% of a run. Runs of equal length could share the latter, at the price of an"
    " engine that is harder to read.",
}
PAGE = """# Performance

Written by `make bench`, which makes all inputs, puts the peers into an environment of their own and
measures again. Run it on a quiet machine; it takes some minutes.

- {date}: {machine}; {versions}; peers: {peers}.
- CPU seconds (user and system); the median of {rounds} rounds in which the commands of a row take
  turns, after one that is not counted; the engine and event files are measured once.
  Compare the ratios: the seconds are those of a shared machine.
- `ratio` is the time of the peer over that of lossscan: above 1, lossscan is faster. For commands
  and cold starts the whole process counts, for the others the work alone, its imports left out.
- `memory` is the peak of the whole process of lossscan, its inputs included.
- `goal` is a ratio where there is a peer, else seconds on a machine that does nothing else.

{table}

Why some goals are missed:

{reasons}

Time of the engine grows with the length of a series to the power of **{none}** without steps and
**{fifty}** with fifty (1 is linear), between {shortest:,} and {longest:,} points.

## Large logs

Readers of lines stream: memory follows the points that were logged, and not the size of a file. A
number of JSONL or CSV takes 8 bytes, the steps are there once for all of them, and the engine adds
less than 8 numbers to each loss. Peaks of whole processes that analyzed 10,000,000 points each:

| log | size | CPU | peak |
| --- | --- | --- | --- |
| JSONL of 500 bytes a line: step, loss, norm, rate, epoch | 5.0 GB | 33 s | 918 MiB |
| JSONL of ten keys a line, as LLaMA-Factory writes it | 2.5 GB | 30 s | 975 MiB |
| CSV of seven columns | 0.5 GB | 23 s | 987 MiB |
| `trainer_state.json` with evaluations | 1.5 GB | 32 s | 1008 MiB |
| console of transformers: loss, norm, rate, epoch | 0.9 GB | 42 s | 914 MiB |
| console of `step=5 loss=2.3`, with rate and norm | 0.5 GB | 50 s | 1016 MiB |
| event file, two tags of 5,000,000 scalars | - | 12 s | 647 MiB |

The goal is 1 GiB, for 5 GB. The first three rows were measured on 2026-11-29, the first before the
others took less; the rest on 2026-11-30, at a load of 11 to 13. Memory follows the points alone:
a row of the CSV takes 104 bytes; 56 of them are what is read (7 numbers), 24 the curve (3), and 16
the search of the curve or a rule for a while. 14.6 million rows took 31 s and 1521 MiB. So
30 million take some 64 s and 3 GiB: less than 2 would take numbers of 32 bits, which change
reports, or columns on disk. Of a state file three stages have a peak of 99 to 104 bytes: rows of
one step that become one, launches that are cut apart, and the search; to lower one of them lowers
nothing.

Consoles become columns while they are read: some thousand lines are objects at a time, of
the older ones only the numbers are kept, 70 to 120 bytes of a line where there were 840 to 980.
Where numbers of a line belong to another (below a headline, indented), counts are rounded or lines
state their epoch alone, lines of `name: number` become objects again, 950 bytes each.

What must not grow faster than its input (launches, resumes, files of one folder, runs of one file,
epochs, spikes, breaks, evaluations and their sets, steps of the rate, steps in any order) is held
against four times the size in `tests/runs/test_growth.py`. An evaluation whose set has an entry of
its own takes 28 us, and up to 60 where there are more sets than entries are read at once; from
there on that is linear. Only `compare` takes time with the square of its runs, as it compares each
pair: 2.3 s for 48, and no more than 52 are taken. What a batch costs is in [Many runs](scale.md).
""".replace("{shortest:,}", f"{LENGTHS[0]:,}").replace("{longest:,}", f"{LENGTHS[-1]:,}")


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(page(sys.argv[1]), encoding="utf-8")
