"""Healthy runs step by step: a trend, a schedule, noise; then logged as a trainer logs them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from msgspec import Struct, field
from msgspec.structs import replace

from lossscan.model import Field, Resume, Run, Series, Source
from lossscan.numeric.arrays import FloatArray, IntArray
from lossscan.runs.landmarks.schedule import schedule_of
from tests.accuracy.shapes import NOISES, TRENDS, Random, autoregressive, learning_rate, moving

STEP_SIGMA = 0.35  # log noise of a single step: batches of public runs differ by no more
MAX_STEPS = 200_000  # simulated one by one
LARGEST = 256_000  # vocabulary, where none is stated
NEAR = 100  # logged points on either side from which the noise unit is measured


# --- the run -------------------------------------------------------------------------------------

# Task: range of the last level, of first over last, peak learning rate, vocabulary, objective.
TASKS: Mapping[str, tuple[tuple[float, float], tuple[float, float], float, int | None, str]] = {
    "sft": ((0.5, 1.8), (1.2, 3.0), 1e-4, None, "cross-entropy"),
    "full": ((0.8, 2.0), (1.2, 2.0), 2e-5, 151936, "cross-entropy"),
    "pretrain": ((2.4, 4.0), (2.6, 4.0), 3e-4, 32000, "cross-entropy"),
    "small": ((0.02, 0.2), (4.0, 20.0), 1e-4, None, "cross-entropy"),
    "dpo": ((0.2, 0.5), (1.4, 3.4), 5e-6, None, "dpo"),
}
SCHEDULES = ("cosine", "linear", "constant_with_warmup", "warmup_stable_decay")


class Wish(Struct, frozen=True):
    """What a run must be like; everything else is drawn."""

    points: tuple[int, int] = (30, 2000)
    epochs: tuple[float, ...] = (1, 1, 1, 2, 3, 3, 5, 2.4, 10, 50)
    tasks: tuple[str, ...] = tuple(TASKS)
    noise: tuple[float, float] = (0.005, 0.2)
    schedules: tuple[str, ...] = SCHEDULES
    trends: tuple[str, ...] | None = None
    every: tuple[int, ...] = (1, 1, 5, 10, 20, 50, 100)
    correlated: float = 0.25  # share of the runs


class Base(Struct, frozen=True):
    """A healthy run before it is logged."""

    rng: Random
    every: int
    course: FloatArray  # (steps,) log of the training loss without noise
    learned: FloatArray  # (steps,) the same as evaluation sees it
    noise: FloatArray  # (steps,) on the log scale
    rate: FloatArray  # (points,) learning rate at the logged steps
    epochs: float
    config: Mapping[str, Any]
    objective: str
    averaging: str
    digits: int | None
    recipe: Mapping[str, Any]
    series: Mapping[str, Series] = field(default_factory=dict)  # beside loss and what follows

    @property
    def points(self) -> int:
        """Logged points."""
        return len(self.rate)

    @property
    def steps(self) -> IntArray:
        """(points,) logged steps."""
        return self.every * np.arange(1, self.points + 1, dtype=np.int64)

    @property
    def per_epoch(self) -> int:
        """Steps of an epoch."""
        return max(1, round(len(self.course) / self.epochs))

    @property
    def boundaries(self) -> IntArray:
        """Steps that end an epoch before the run ends."""
        return np.arange(self.per_epoch, len(self.course), self.per_epoch)


def draw(rng: Random, half: str, wish: Wish) -> Base:
    """A healthy run of one half."""
    low, high = wish.points
    points = int(np.exp(rng.uniform(np.log(low), np.log(high))))
    sigma = float(np.exp(rng.uniform(*np.log(wish.noise))))
    longest = min((STEP_SIGMA / sigma) ** 2, MAX_STEPS / points)
    every = int(max([1, *[n for n in wish.every if n <= longest and rng.random() < 0.5]]))
    task, epochs = str(rng.choice(wish.tasks)), float(rng.choice(wish.epochs))
    names = wish.trends or tuple(TRENDS[half])
    trend = str(rng.choice([name for name in names if name in TRENDS[half]] or tuple(TRENDS[half])))
    kind = str(rng.choice(tuple(NOISES[half])))
    base = _shaped(rng, half, (task, trend), points * every, every)
    base = replace(base, epochs=min(epochs, points * every / 2))
    base = _scheduled(base, task, str(rng.choice(wish.schedules)))
    grows = rng.random() < 0.3
    noise = _noise(base, NOISES[half][kind], sigma, half=half, share=wish.correlated)
    if grows:
        noise = noise * np.exp(-0.5 * (base.course - np.median(base.course)))
    if task == "pretrain":  # an untrained model guesses alike in every batch
        noise = noise * np.clip((10.6 - np.exp(base.course)) / 4, 0.05, 1.0)
    recipe = {
        **base.recipe,
        "points": points,
        "every": every,
        "epochs": epochs,
        "noise": kind,
        "sigma": round(sigma, 4),
        "grows": grows,
        "digits": base.digits,
        "averaging": base.averaging,
    }
    return replace(base, noise=noise, recipe=recipe)


def _shaped(rng: Random, half: str, names: tuple[str, str], steps: int, every: int) -> Base:
    task, trend = names
    last, over, _, vocabulary, objective = TASKS[task]
    u = np.arange(1, steps + 1) / steps
    end = float(np.exp(rng.uniform(*np.log(last))))
    start = 0.693 if task == "dpo" else end * float(np.exp(rng.uniform(*np.log(over))))
    start = min(start, np.log(vocabulary or LARGEST) + 0.2)  # as initialisations have it
    course = np.log(end + (start - end) * TRENDS[half][trend](u, rng))
    return Base(
        rng=rng,
        every=every,
        course=course,
        learned=course,
        noise=np.zeros(0),
        rate=np.zeros(steps // every),
        epochs=1.0,
        config={},
        objective=objective,
        averaging="instant" if rng.random() < 0.1 else "window",
        digits=4 if rng.random() < 0.7 else None,
        recipe={"half": half, "task": task, "trend": trend},
    )


def _noise(
    base: Base, kind: Callable[[int, Random], FloatArray], sigma: float, *, half: str, share: float
) -> FloatArray:
    """White within a window; in a share of the runs neighboring points go together as well."""
    white = kind(len(base.course), base.rng)
    white = white * sigma * (np.sqrt(base.every) if base.averaging == "window" else 1.0)
    if base.rng.random() >= share:
        return white
    slow = (
        autoregressive(base.points, base.rng, base.rng.uniform(0.4, 0.8))
        if half == "train"
        else moving(base.points, base.rng, int(base.rng.integers(2, 6)))
    )
    return np.asarray(np.sqrt(0.5) * (white + sigma * np.repeat(slow, base.every)))


def _scheduled(base: Base, task: str, kind: str) -> Base:
    """The run with its learning rate, and the settings that state it."""
    peak, vocabulary = TASKS[task][2], TASKS[task][3]
    total = len(base.course)
    warmup = int(total * base.rng.choice([0.0, 0.03, 0.1])) if kind != "constant" else 0
    at = learning_rate(kind, np.arange(1, total + 1), total=total, warmup=warmup, peak=peak)
    course = base.course
    if kind == "warmup_stable_decay":  # an anneal buys a little loss
        done = np.arange(1, total + 1) > 0.8 * total
        course = course - 0.08 * np.where(done, 1 - at / peak, 0.0)
    batch = int(base.rng.choice([8, 16, 64, 256]))
    config: dict[str, Any] = {
        "learning_rate": peak,
        "lr_scheduler_type": kind,
        "warmup_steps": warmup,
        "max_steps": total,
        "logging_steps": base.every,
        "total_train_batch_size": batch,
        "num_train_epochs": base.epochs,
        "finetuning_type": "full" if task in ("full", "pretrain") else "lora",
    }
    config |= {"vocab_size": vocabulary} if vocabulary else {}
    recipe = {**base.recipe, "schedule": kind, "warmup": warmup}
    rate = at[base.every - 1 :: base.every]
    return replace(base, course=course, learned=course, rate=rate, config=config, recipe=recipe)


# --- logging -------------------------------------------------------------------------------------


def logged(base: Base, *, noisy: bool = True) -> FloatArray:
    """(points,) the loss as it is logged, unrounded."""
    values = np.exp(base.course + base.noise if noisy else base.course)
    windows = values.reshape(base.points, base.every)
    return np.asarray(windows.mean(axis=1) if base.averaging == "window" else windows[:, -1])


def unit_at(base: Base, point: int) -> float:
    """Noise of one logged point around a place: the unit of every size, on the log scale."""
    near = slice(max(point - NEAR, 0), point + NEAR)
    residuals = np.log(logged(base)[near] / logged(base, noisy=False)[near])
    return float(1.4826 * np.median(np.abs(residuals - np.median(residuals))))


def point_of(base: Base, step: float) -> int:
    """Index of the logged point whose window holds the step after this one."""
    return int(np.clip(step // base.every, 0, base.points - 1))


def moved(base: Base, effect: FloatArray, *, learned: bool = False) -> Base:
    """The run with an effect (steps,) on the log of its loss; of evaluation too where `learned`."""
    seen = base.learned + effect if learned else base.learned
    return replace(base, course=base.course + effect, learned=seen)


def finish(
    base: Base,
    *,
    loss: FloatArray | None = None,
    config: Mapping[str, Any] | None = None,
    resumes: Sequence[Resume] = (),
    framework: str | None = "transformers",
    complete: bool | None = None,
) -> Run:
    """The run as it is read from its logs; the landmarks are placed by the reader's own code."""
    values = logged(base) if loss is None else loss
    if base.digits is not None:
        values = np.round(values, base.digits)
    series = {
        "loss": Series("loss", base.steps, values),
        "learning_rate": Series("learning_rate", base.steps, base.rate),
        **base.series,
    }
    settings = {**base.config, **(config or {})}
    stated = {k: Field(v, "train.yaml") for k, v in settings.items() if v is not None}
    return Run(
        path="runs/simulated",
        name="simulated",
        series=series,
        sources=(Source("trainer_state.json", "trainer_state", base.points, tuple(series)),),
        framework=framework,
        objective=base.objective,
        averaging=base.averaging,  # type: ignore[arg-type]
        config=stated,
        schedule=schedule_of(series, stated, resumes, framework=framework),
        complete=complete,
    )


# --- what is logged beside the loss --------------------------------------------------------------


def with_usual(base: Base, *, without: tuple[str, ...] = ()) -> Base:
    """The run with the other series that such runs log, each drawn; and what asks for them."""
    rng, series, config = base.rng, dict(base.series), dict(base.config)
    if "epoch" not in without:
        series.setdefault("epoch", epoch_series(base))
    if "grad_norm" not in without and rng.random() < 0.8:
        series.setdefault("grad_norm", grad_norms(base))
    if "seconds_per_step" not in without and rng.random() < 0.3:
        times = 1.5 * np.exp(0.03 * rng.standard_normal(base.points))
        series.setdefault("seconds_per_step", Series("seconds_per_step", base.steps, times))
    if "eval_loss" not in without and rng.random() < 0.6 and base.points >= 30:
        every = base.every * max(1, base.points // int(rng.integers(5, 20)))
        series.setdefault("eval_loss", evaluated(base, every))
        config |= {"eval_strategy": "steps", "eval_steps": every, "val_size": 200}
    return replace(base, series=series, config=config)


def epoch_series(base: Base) -> Series:
    """Epochs as transformers logs them: rounded to two decimals up to 4.x, then in full."""
    done = base.steps / base.per_epoch
    return Series("epoch", base.steps, np.round(done, 2) if base.rng.random() < 0.5 else done)


def grad_norms(base: Base, *, sigma: float | None = None) -> Series:
    """Norms that come down from a higher start, with log-normal noise."""
    spread = float(base.rng.uniform(0.08, 0.3)) if sigma is None else sigma
    start = np.exp(-np.arange(base.points) / max(3, 0.03 * base.points))
    level = float(base.rng.choice([0.4, 1.0, 2.5])) * (1 + base.rng.uniform(0.2, 2.0) * start)
    noise = np.exp(spread * base.rng.standard_normal(base.points))
    return Series("grad_norm", base.steps, level * noise)


def evaluated(base: Base, every: int, *, sigma: float = 0.004) -> Series:
    """Evaluation at each multiple of `every` steps, a little beside the training loss."""
    steps = np.arange(every, len(base.course) + 1, every, dtype=np.int64)
    gap = float(base.rng.uniform(-0.04, 0.08))
    noise = sigma * base.rng.standard_normal(len(steps))
    return Series("eval_loss", steps, np.exp(base.learned[steps - 1] + gap + noise))
