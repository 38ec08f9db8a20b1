"""Short recipes become runs with known truth; shared by unit, property, rule and accuracy tests.

A recipe names its series. Each is a list of stretches `[after, by, start, end]` (logged every
`every` steps, straight from start to end), a mapping of steps to values, or one number for every
logged step:

    {loss: [[0, 500, 2.0, 1.5], [500, 1000, 0.9, 0.8]], noise: 0.03, seed: 1, epochs: 2}
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from lossscan.model import Curve, Field, Landmark, Note, Resume, Run, Schedule, Series, Source
from lossscan.signals.clean import curve_of

SETTINGS = [
    "every",
    "noise",
    "seed",
    "epochs",
    "config",
    "objective",
    "averaging",
    "complete",
    "framework",
    "put",
    "landmarks",
    "resumes",
    "max_steps",
    "epochs_done",
    "notes",
]


def make_run(**recipe: Any) -> Run:
    """The run of a recipe: series by name, and the settings below.

    `every` (10) steps between points; `noise`: relative standard deviation, of the loss or by
    series; `epochs`: equal epochs over the run; `put`: values by series and step that replace or
    add points; `config`, `objective`, `averaging`, `complete`, `framework`, `max_steps` as in Run.
    """
    recipes = {name: recipe[name] for name in recipe if name not in SETTINGS}
    steps = _logged(recipes, recipe.get("every", 10))
    noise = recipe.get("noise", 0.0)
    noise = noise if isinstance(noise, Mapping) else {"loss": noise}
    random = np.random.default_rng(recipe.get("seed", 0))
    series = {
        name: _with(
            _series(name, shape, steps, noise.get(name, 0.0), random),
            recipe.get("put", {}).get(name, {}),
        )
        for name, shape in recipes.items()
    }
    return Run(
        path="runs/example",
        name="example",
        series=series,
        sources=(_source(series),),
        framework=recipe.get("framework"),
        objective=recipe.get("objective", "cross-entropy"),
        averaging=recipe.get("averaging", "window"),
        config={k: Field(v, "train.yaml") for k, v in recipe.get("config", {}).items()},
        schedule=_schedule(recipe, int(steps[-1]) if len(steps) else 0),
        complete=recipe.get("complete"),
        notes=tuple(Note(**{**n, "path": Path(n["path"])}) for n in recipe.get("notes", ())),
    )


def curve(values: ArrayLike, spacing: int = 1) -> Curve:
    """The curve of a loss, one value each `spacing` steps from the first on."""
    array = np.asarray(values, dtype=np.float64)
    found = curve_of(Series("loss", spacing * np.arange(1, len(array) + 1), array))
    assert found is not None
    return found


def _logged(recipes: Mapping[str, Any], every: int) -> np.ndarray:
    """The steps at which the stretches are logged."""
    ends = [
        stretch[1] for shape in recipes.values() if isinstance(shape, list) for stretch in shape
    ]
    starts = [shape[0][0] for shape in recipes.values() if isinstance(shape, list)]
    if not ends:
        return np.zeros(0, dtype=np.int64)
    first = (min(starts) // every + 1) * every
    return np.arange(first, max(ends) + 1, every, dtype=np.int64)


def _series(
    name: str, shape: Any, steps: np.ndarray, noise: float, random: np.random.Generator
) -> Series:
    if isinstance(shape, Mapping):
        steps, values = np.array(list(shape), dtype=np.int64), np.array(list(shape.values()))
    elif isinstance(shape, list):
        steps, values = _drawn(shape, steps)
    else:
        values = np.full(len(steps), float(shape))
    factor = np.exp(noise * random.standard_normal(len(values)))
    return Series(name, steps, values.astype(np.float64) * factor)


def _drawn(stretches: list[list[float]], steps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    parts = []
    for after, by, start, end in stretches:
        inside = steps[(steps > after) & (steps <= by)]
        parts.append((inside, start + (end - start) * (inside - after) / (by - after)))
    return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])


def _with(series: Series, points: Mapping[int, float | None]) -> Series:
    """The series with points replaced or added; None takes a point away."""
    values = dict(zip(series.steps.tolist(), series.values.tolist(), strict=True)) | dict(points)
    kept = {step: value for step, value in sorted(values.items()) if value is not None}
    return Series(
        series.name,
        np.array(list(kept), dtype=np.int64),
        np.array(list(kept.values()), dtype=np.float64),
    )


def _source(series: Mapping[str, Series]) -> Source:
    points = max((len(column) for column in series.values()), default=0)
    return Source("trainer_state.json", "trainer_state", points, tuple(series))


def _schedule(recipe: Mapping[str, Any], last: int) -> Schedule:
    epochs = recipe.get("epochs")
    length = last / epochs if epochs else None
    ends = np.arange(1, np.ceil(epochs)) * length if epochs else []
    marks = [Landmark("epoch_boundary", float(s), epoch=i) for i, s in enumerate(ends, start=1)]
    marks += [Landmark(kind, float(at)) for kind, at in recipe.get("landmarks", ())]
    return Schedule(
        landmarks=tuple(sorted(marks, key=lambda mark: mark.step)),
        steps_per_epoch=length,
        epochs=recipe.get("epochs_done", epochs),
        max_steps=recipe.get("max_steps"),
        resumes=tuple(Resume(step) for step in recipe.get("resumes", ())),
    )
