"""Whatever a log holds, no rule breaks, and every report is in words."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lossscan.ledger import diagnose
from lossscan.model import Run
from lossscan.settings import Settings
from lossscan.signals import scan
from tests.curves import make_run

NUMBERS = st.one_of(
    st.floats(min_value=-10, max_value=50),
    st.sampled_from([0.0, float("nan"), float("inf"), 1e-30, 1e30, 1e300, 0.693, 2.5]),
)
EVALUATED = st.one_of(st.floats(min_value=1e-6, max_value=50), st.just(float("nan")))
NAMES = (
    "eval_loss",
    "eval_code_loss",
    "grad_norm",
    "learning_rate",
    "seconds_per_step",
    "reward",
    "skipped_iterations",
    "nan_iterations",
)
SETTINGS: dict[str, Any] = {
    "gradient_accumulation_steps": [1, 2, 8],
    "vocab_size": [2, 32000],
    "learning_rate": [1e-4, 0.5],
    "lr_scheduler_type": ["cosine", "linear", "unheard_of"],
    "eval_strategy": ["no", "steps", "epoch"],
    "eval_steps": [1, 7, 10_000],
    "warmup_steps": [0, 5, 500],
    "transformers_version": ["4.47.0", "unknown"],
    "fp16": [True, False],
    "num_examples": [0, 33],
    "per_device_train_batch_size": [0, 4],
}


def _values(name: str, count: int) -> st.SearchStrategy[list[float]]:
    numbers = EVALUATED if name.startswith("eval_") else NUMBERS
    return st.lists(numbers, min_size=count, max_size=count)


@st.composite
def runs(draw: st.DrawFn) -> Run:
    """Runs of up to 60 points with all that may go wrong in a log."""
    count = draw(st.integers(min_value=1, max_value=60))
    names = draw(st.lists(st.sampled_from(NAMES), unique=True))
    every = draw(st.sampled_from([1, 10]))
    series = {
        name: dict(zip(np.arange(1, count + 1) * every, draw(_values(name, count)), strict=True))
        for name in ("loss", *names)
    }
    fields = draw(st.lists(st.sampled_from(sorted(SETTINGS)), unique=True))
    return make_run(
        **series,
        epochs=draw(st.sampled_from([None, 1, 3])),
        config={name: draw(st.sampled_from(SETTINGS[name])) for name in fields},
        max_steps=draw(st.sampled_from([None, 5, 600])),
        objective=draw(st.sampled_from(["cross-entropy", "classification", "dpo", "grpo"])),
        complete=draw(st.sampled_from([None, True])),
        framework=draw(st.sampled_from([None, "megatron", "minimind"])),
        resumes=draw(st.sampled_from([(), (count * every // 2,)])),
    )


@settings(max_examples=50)
@given(runs(), st.sampled_from(["en", "zh"]))
def test_rules_survive_any_log(run: Run, lang: str):
    """NaN, infinities, negative losses, single points and odd settings break no rule."""
    found = diagnose(run, scan(run), Settings(lang=lang))
    failed = [remark for remark in found.remarks if "rule " in remark or "规则" in remark]
    assert not failed
    assert all(finding.message for finding in found.findings)
