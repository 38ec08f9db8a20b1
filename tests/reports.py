"""Hand-made reports: what the reporters are tested on, so that no verdict hangs on the engine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from msgspec.structs import replace

from lossscan.comparing import compared
from lossscan.model import (
    AccountedFor,
    Advice,
    Alignment,
    Cause,
    ChangePoint,
    Effect,
    Episode,
    Evidence,
    Failure,
    Field,
    Finding,
    Landmark,
    Message,
    Note,
    Report,
    RuledOut,
    Run,
    RunReport,
    Schedule,
    Series,
    Severity,
    Skipped,
    Source,
)
from lossscan.settings import Settings
from tests.curves import make_run

COURSES = ([[0, 3000, 4.0, 2.0]], [[0, 1500, 4.0, 3.0], [1500, 3000, 3.0, 2.8]])
HOSTILE = "a<script>|`x`[red]\x1b[31m\nb\u202e@all"


def jumped(name: str = "runs/jumped") -> RunReport:
    """A run of four epochs that jumps after the third and ends in NaN."""
    steps = np.arange(10, 4010, 10, dtype=np.int64)
    loss = 0.5 + np.exp(-steps / 900) + 0.02 * np.sin(steps / 7.0)
    loss[150] += 2.0
    loss[steps > 3000] *= 12
    loss[-8:] = np.nan
    evals = np.arange(500, 4010, 500, dtype=np.int64)
    run = Run(
        path=name,
        name=Path(name).name,
        series={
            "loss": Series("loss", steps, loss),
            "eval_loss": Series("eval_loss", evals, 0.7 + np.exp(-evals / 900)),
        },
        sources=(
            Source("trainer_state.json", "trainer_state", 400, ("loss", "eval_loss", "epoch")),
            Source("trainer_log.jsonl", "trainer_log", 400, ()),
        ),
        framework="llamafactory",
        config={
            "learning_rate": Field(5e-4, "train.yaml"),
            "num_train_epochs": Field(4, "train.yaml"),
            "warmup_ratio": Field(float("nan"), "train.yaml"),
            "output_dir": Field(Path("saves/x"), "train.yaml"),
        },
        schedule=Schedule(
            landmarks=tuple(Landmark("epoch_boundary", 1000.0 * k, epoch=k) for k in range(1, 5)),
            steps_per_epoch=1000.0,
            epochs=4.0,
        ),
        complete=True,
        skipped=(Skipped("console.log", Message("no line looks like a log entry")),),
    )
    return RunReport(
        path=name,
        name=run.name,
        status="critical",
        run=run,
        findings=(_jump(), _stairs()),
        ruled_out=(RuledOut(Message("the drop stands at every epoch"), rule="last-epoch-drop"),),
        change_points=(_change(3010, 0.5, 6.1), _change(2250, 0.6, 0.5)),
        remarks=(Message("trainer_log.jsonl: 3 lines could not be read"),),
    )


def clean(name: str = "runs/clean") -> RunReport:
    """A short run in which nothing is found."""
    steps = np.arange(1, 31, dtype=np.int64)
    series = {"loss": Series("loss", steps, 3.0 / np.sqrt(steps))}
    sources = (Source("train.csv", "csv_table", 30, ("loss",)),)
    return RunReport(name, Path(name).name, "ok", Run(name, Path(name).name, series, sources))


def halved(name: str = "runs/halved") -> RunReport:
    """A run of which half a document was left: read as far as it goes."""
    one = clean(name)
    assert one.run is not None
    note = Note("cut_json", Path(name) / "trainer_state.json", {"entries": 30})
    return replace(one, run=replace(one.run, notes=(note,)))


def unreadable(name: str = "runs/broken") -> RunReport:
    """A run that could not be read."""
    failure = Failure(
        "UnreadableLog",
        Message(f"{name}: trainer_state.json: not JSON at byte 7"),
        Message("mend it"),
    )
    return RunReport(name, Path(name).name, "error", error=failure)


def report(*runs: RunReport) -> Report:
    """Runs under a fixed version."""
    return Report("0.0.0", runs)


def _jump() -> Finding:
    return Finding(
        rule="loss-jump",
        stated_severity=Severity.CRITICAL,
        confidence=0.98,
        title=Message("The loss jumps up and stays up"),
        message=Message(
            "At step 3010 the loss goes from 0.51 to 6.1 (12 times) and stays to the end."
        ),
        series="loss",
        start_step=3010,
        end_step=4000,
        epoch=3.01,
        episodes=(Episode(3010, 4000, 41.0),),
        effect=Effect(0.51, 6.1, 5.59, 12.0, float("inf")),
        aligned_to=Alignment("epoch_boundary", 3000.0, 10.0, 0.001, 3),
        evidence=(
            Evidence(
                Message("the loss is on another level from there"), "trainer_state.json", 3010, 6.1
            ),
            Evidence(
                Message("gradient norms rise"), "runs/events.out.tfevents.1.host.2.0", 3000, 12.3
            ),
        ),
        causes=(
            Cause(
                Message("the learning rate is too high"),
                0.75,
                (Advice("learning_rate", 5e-4, "train.yaml", 1e-4),),
            ),
            Cause(Message("other data"), 0.2, (Advice("shuffle"),)),
        ),
        remedies=(
            Message("Lower the learning rate."),
            Message("Go back to the last checkpoint before step 3010."),
        ),
        next=Message("Resume before it with a fifth of the learning rate."),
    )


def _stairs() -> Finding:
    places = tuple(Episode(10 + 500 * k, None, 8.0) for k in range(1, 8))
    return Finding(
        rule="epoch-step-drop",
        stated_severity=Severity.INFO,
        confidence=0.9,
        title=Message("每个 epoch 开始处 loss 阶梯式下降"),
        message=Message("loss 在 7 个 epoch 边界处阶梯式下降。"),
        series="loss",
        start_step=510,
        end_step=None,
        epoch=None,
        episodes=places,
    )


def _change(step: int, before: float, after: float) -> ChangePoint:
    up = after > before
    rule = "loss-jump" if up else "epoch-step-drop"
    owner = AccountedFor("finding", rule, Message(f"the finding of {rule}"))
    kind = "level_up" if up else "level_down"
    return ChangePoint("loss", step, kind, after - before, 9.0, None, owner)


def diverged(names: Sequence[str] = ("runs/a", "runs/b"), lang: str = "en") -> Report:
    """Runs of two courses in turn, compared."""
    runs = [
        make_run(loss=COURSES[number % 2], noise=0.02, seed=number, config={"weight_decay": number})
        for number in range(len(names))
    ]
    reports = tuple(
        RunReport(name, name, "ok", replace(run, path=name, name=name))
        for name, run in zip(names, runs, strict=True)
    )
    comparison, findings = compared(reports, Settings(lang=lang))
    return Report("0.0.0", reports, findings, comparison=comparison)
