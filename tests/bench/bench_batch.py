"""How fast a batch is beside merely decoding its files: `python tests/bench/bench_batch.py [runs]`.

Makes run directories as transformers and LLaMA-Factory leave them (a `trainer_state.json` of 50 to
200 entries, a `training_args.yaml`) and times whole commands, start included. They take turns, and
the best of each counts, so that a machine with other work slows all of them alike. Needs Linux.
"""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

RUNS = 2000
ROUNDS = 3
EVERY = 10  # steps between entries
TROUBLES = ("none", "none", "none", "jump", "spike", "stairs")

DECODE = """
from pathlib import Path
from lossscan.runs import read_run
from lossscan.runs.discover import discover
from lossscan.settings import Settings
for files in discover(Path(sys.argv[1]), Settings()):
    read_run(files, Settings())
"""
BATCH = """
from lossscan.commands import main
options = ["--format", "jsonl", "--output", sys.argv[3], "--fail-on", "never"]
main(["batch", sys.argv[1], "--jobs", sys.argv[2], *options])
"""
PEAK = """
print(re.search("VmHWM:\\\\s*(\\\\d+)", open("/proc/self/status").read())[1])
"""  # of this process since its start; what getrusage says begins with the process that started it


@dataclass(frozen=True, slots=True)
class Took:
    """What one command took."""

    seconds: float
    cpu: float  # seconds, of its processes together
    peak: int  # MB, of the process that was started


def took(script: str, *arguments: object) -> Took:
    """Run a script in an interpreter of its own."""
    before, started = _cpu(), time.perf_counter()
    command = [sys.executable, "-c", f"import re, sys\n{script}{PEAK}", *map(str, arguments)]
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return Took(time.perf_counter() - started, _cpu() - before, int(said.stdout) // 1024)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


# --- runs --------------------------------------------------------------------------------------


def make_runs(root: Path, count: int) -> None:
    """So many run directories, a quarter of them below a folder of their own."""
    rng = np.random.default_rng(0)
    for number in range(count):
        folder = root / ("quarter" if number < count // 4 else "rest") / f"run-{number:05}"
        folder.mkdir(parents=True)
        rate = float(rng.choice([1e-5, 5e-5, 1e-4, 5e-4]))
        state = json.dumps(_state(rng, rate), indent=2)
        (folder / "trainer_state.json").write_text(state + "\n", encoding="utf-8")
        (folder / "training_args.yaml").write_text(_lines(_arguments(rate, number)), "utf-8")


def _state(rng: np.random.Generator, rate: float) -> Mapping[str, object]:
    losses = _losses(rng, int(rng.integers(50, 201)))
    last = len(losses) * EVERY
    rows: list[Mapping[str, object]] = [
        {
            "epoch": round(3 * k / len(losses), 4),
            "grad_norm": float(rng.uniform(0.5, 1.5)),
            "learning_rate": rate * (1 - k / (len(losses) + 1)),
            "loss": round(float(loss), 4),
            "step": k * EVERY,
        }
        for k, loss in enumerate(losses, start=1)
    ]
    rows.append({"epoch": 3.0, "step": last, "train_loss": 1.0, "train_runtime": 100.0})
    known = {"epoch": 3.0, "global_step": last, "max_steps": last, "num_train_epochs": 3}
    return {**known, "log_history": rows, "logging_steps": EVERY, "train_batch_size": 8}


def _losses(rng: np.random.Generator, points: int) -> np.ndarray:
    """A falling curve with 3 % of noise, and in half of the runs something to be found."""
    k = np.arange(1, points + 1)
    course = 0.8 + 1.5 * np.exp(-k / 15)
    trouble = rng.choice(TROUBLES)
    if trouble == "jump":
        course[k > 0.6 * points] *= 2
    elif trouble == "spike":
        course[int(0.7 * points)] *= 3
    elif trouble == "stairs":
        course *= 0.8 ** (3 * (k - 1) // points)
    return course * np.exp(rng.normal(0, 0.03, points))


def _arguments(rate: float, seed: int) -> Mapping[str, object]:
    return {
        "model_name_or_path": "Qwen/Qwen2.5-7B",
        "stage": "sft",
        "finetuning_type": "lora",
        "learning_rate": rate,
        "num_train_epochs": 3,
        "per_device_train_batch_size": 8,
        "gradient_accumulation_steps": 2,
        "lr_scheduler_type": "linear",
        "logging_steps": EVERY,
        "save_steps": 500,
        "lora_rank": 8,
        "cutoff_len": 2048,
        "seed": seed,
    }


def _lines(values: Mapping[str, object]) -> str:
    return "".join(f"{key}: {value}\n" for key, value in values.items())


# --- timing ------------------------------------------------------------------------------------


def main(count: int) -> None:
    """Time decoding and batches over the same runs, and say how they compare."""
    with TemporaryDirectory() as made:
        root, report = Path(made) / "runs", Path(made) / "report.jsonl"
        make_runs(root, count)
        rounds = [
            (took(DECODE, root), took(BATCH, root, 1, report), took(BATCH, root, 2, report))
            for _ in range(ROUNDS)
        ]
        quarter = took(BATCH, root / "quarter", 2, report)
    decode, one, two = (_fastest(turns) for turns in zip(*rounds, strict=True))
    lines = [
        f"{'':16}{'runs/s':>8}{'ms CPU/run':>12}",
        _row("decode", decode, count),
        _row("batch --jobs 1", one, count) + f"  x{decode.seconds / one.seconds:.2f} of decoding",
        _row("batch --jobs 2", two, count) + f"  x{one.seconds / two.seconds:.2f} of one process",
        f"peak memory: {quarter.peak} MB after {count // 4} runs, {two.peak} MB after {count}",
    ]
    print("\n".join(lines))  # noqa: T201


def _fastest(turns: Iterable[Took]) -> Took:
    return min(turns, key=lambda each: each.seconds)


def _row(name: str, each: Took, count: int) -> str:
    return f"{name:16}{count / each.seconds:8.0f}{1000 * each.cpu / count:12.2f}"


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else RUNS)
