"""Findings while a training runs: the monitor of a plain loop and the callbacks of trainers."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

import lossscan
from lossscan.integrations.monitor import Alarm
from lossscan.model import RunReport

NOISE = np.random.default_rng(5).normal(0, 0.02, 400)


def _losses(jump: int | None = None) -> list[float]:
    """A falling loss of 300 points that doubles at `jump`."""
    course = 2.0 + np.exp(-np.arange(300) / 40)
    course[jump:] *= 1.0 if jump is None else 2.0
    return list(course * (1 + NOISE[:300]))


def test_a_jump_is_said_while_the_loop_runs(caplog: pytest.LogCaptureFixture):
    """Two lines in a loop: the jump at step 2000 is logged long before the end."""
    monitor = lossscan.Monitor()
    said = [
        (step, finding.rule)
        for step, loss in enumerate(_losses(jump=200))
        for finding in monitor.log(10 * step, loss=loss, lr=1e-4)
    ]
    assert "loss-jump" in {rule for _, rule in said}
    assert all(200 < step < 260 for step, rule in said if rule == "loss-jump")
    assert "loss-jump" in caplog.text


def test_a_healthy_loop_hears_nothing(caplog: pytest.LogCaptureFixture):
    """No look at a smooth fall announces anything, nor does the end."""
    monitor = lossscan.Monitor()
    said = [monitor.log(step, loss=loss) for step, loss in enumerate(_losses())]
    assert not any(said)
    assert monitor.finish() == ()
    assert not caplog.records


def _stand_in(monkeypatch: pytest.MonkeyPatch, name: str, base: str) -> None:
    """A library that is not installed, as far as a callback needs it: a class to inherit from."""
    parts = name.split(".")
    for end in range(1, len(parts) + 1):
        monkeypatch.setitem(sys.modules, ".".join(parts[:end]), ModuleType(parts[end - 1]))
    setattr(sys.modules[name], base, type(base, (), {}))


def _callback(monkeypatch: pytest.MonkeyPatch, module: str, name: str, base: str) -> Any:
    _stand_in(monkeypatch, name, base)
    monkeypatch.delitem(sys.modules, f"lossscan.integrations.{module}", raising=False)
    return importlib.import_module(f"lossscan.integrations.{module}").LossScanCallback


def _train(callback: Any, losses: list[float]) -> tuple[int, Any]:
    """What transformers' Trainer calls; the step at which it was stopped, and its control."""
    args = SimpleNamespace(to_dict=lambda: {"learning_rate": 1e-4, "report_to": []}, world_size=1)
    state = SimpleNamespace(global_step=0, max_steps=300, is_world_process_zero=True)
    control = SimpleNamespace(should_save=False, should_training_stop=False)
    callback.on_train_begin(args, state, control)
    for step, loss in enumerate(losses):
        state.global_step = step
        callback.on_log(args, state, control, logs={"loss": loss, "epoch": step / 100})
        if control.should_training_stop:
            break
    callback.on_train_end(args, state, control)
    return state.global_step, control


def test_the_trainer_saves_and_stops_at_a_jump(monkeypatch: pytest.MonkeyPatch):
    """LossScanCallback(stop=True) ends a training of transformers that has gone wrong."""
    callback = _callback(monkeypatch, "transformers", "transformers", "TrainerCallback")
    step, control = _train(callback(stop=True), _losses(jump=200))
    assert 200 < step < 260
    assert control.should_save


def test_the_trainer_goes_on_where_stopping_was_not_asked_for(monkeypatch: pytest.MonkeyPatch):
    """Without `stop` the finding is only said."""
    callback = _callback(monkeypatch, "transformers", "transformers", "TrainerCallback")
    step, control = _train(callback(), _losses(jump=200))
    assert step == 299
    assert not control.should_training_stop


def test_lightning_stops_at_a_jump(monkeypatch: pytest.MonkeyPatch):
    """The callback reads the metrics that Lightning has logged, and saves before it stops."""
    saved: list[Path] = []
    callback = _callback(monkeypatch, "lightning", "lightning.pytorch.callbacks", "Callback")
    watching = callback(stop=True)
    trainer = SimpleNamespace(
        global_step=0,
        max_steps=300,
        log_every_n_steps=1,
        logged_metrics={},
        should_stop=False,
        is_global_zero=True,
        sanity_checking=False,
        strategy=SimpleNamespace(reduce_boolean_decision=lambda decision, all: decision),  # noqa: A006
        checkpoint_callback=SimpleNamespace(dirpath="saved"),
        save_checkpoint=saved.append,
    )
    watching.on_train_start(trainer, None)
    for step, loss in enumerate(_losses(jump=200)):
        trainer.global_step = step + 1
        trainer.logged_metrics["train_loss"] = loss
        watching.on_train_batch_end(trainer, None, None, None, step)
        if step % 50 == 49:
            trainer.logged_metrics["val_loss"] = 2.0
            watching.on_validation_end(trainer, None)
        if trainer.should_stop:
            break
    assert 200 < trainer.global_step < 260
    assert [path.name for path in saved] == [f"lossscan-step={trainer.global_step}.ckpt"]
    evaluated = watching._monitor._run().series["eval_loss"]
    assert evaluated.steps.tolist() == [49, 99, 149, 199], "not at every step since"


def test_keras_is_watched_within_an_epoch(monkeypatch: pytest.MonkeyPatch):
    """`every` batches are one point; Keras states means since the epoch began."""
    callback = _callback(monkeypatch, "keras", "keras.callbacks", "Callback")
    watching = callback(every=2)
    watching.on_train_begin()
    for losses in ([4.0, 2.0, 6.0, 8.0], [1.0, 3.0]):
        watching.on_epoch_begin(0)
        for batch in range(len(losses)):
            watching.on_train_batch_end(batch, {"loss": np.mean(losses[: batch + 1])})
        watching.on_epoch_end(0, {"loss": np.mean(losses), "val_loss": 5.0})
    series = watching._monitor._run().series
    assert dict(zip(series["loss"].steps, series["loss"].values, strict=True)) == {2: 3, 4: 7, 6: 2}
    assert series["eval_loss"].steps.tolist() == [4, 6]


def test_nan_is_said_at_the_next_point():
    """It cannot be noise: no look at so many points is waited for."""
    monitor = lossscan.Monitor()
    losses = [*_losses()[:12], float("nan"), float("nan"), float("nan")]
    said = [
        (step, f.rule) for step, loss in enumerate(losses) for f in monitor.log(step, loss=loss)
    ]
    assert (13, "non-finite-loss") in said


def test_a_loop_may_call_its_loss_otherwise():
    """What counts is what a name means."""
    monitor = lossscan.Monitor()
    said = [
        finding.rule
        for step, loss in enumerate(_losses(jump=200))
        for finding in monitor.log(step, train_loss=loss)
    ]
    assert "loss-jump" in said


def test_a_step_logged_again_replaces_its_values():
    """As after a resume from a checkpoint within the loop."""
    monitor = lossscan.Monitor()
    for step, loss in ((1, 3.0), (2, 2.0), (3, 9.0), (2, 2.5), (3, 1.5)):
        monitor.log(step, loss=loss)
    series = monitor._run().series["loss"]
    assert (series.steps.tolist(), series.values.tolist()) == ([1, 2, 3], [3.0, 2.5, 1.5])


def test_looks_take_no_more_than_their_share(monkeypatch: pytest.MonkeyPatch):
    """A training of quick steps is not held up."""
    monitor = lossscan.Monitor()
    monitor._worked = 1e9
    monkeypatch.setattr(monitor, "_said", lambda *_: pytest.fail("looked"))
    assert [monitor.log(step, loss=1.0) for step in range(100)] == [()] * 100


def test_keras_stops_at_a_jump(monkeypatch: pytest.MonkeyPatch):
    """An epoch is one logged point."""
    callback = _callback(monkeypatch, "keras", "keras.callbacks", "Callback")
    watching = callback(stop=True)
    watching.model = SimpleNamespace(stop_training=False)
    for epoch, loss in enumerate(_losses(jump=200)):
        watching.on_epoch_end(epoch, {"loss": loss})
        if watching.model.stop_training:
            break
    assert 200 < epoch < 260


def test_a_monitor_looks_seldom_and_at_once_where_the_loss_leaves_its_level(
    monkeypatch: pytest.MonkeyPatch,
):
    """All looks of a healthy run of 1000 points are 16; a jump is looked at within five points."""
    seen: list[int] = []

    def looked(monitor: lossscan.Monitor, losses: list[float]) -> list[int]:
        seen.clear()
        report = monitor.report

        def counted() -> RunReport:
            seen.append(monitor._logged)
            return report()

        monkeypatch.setattr(monitor, "report", counted)
        for step, loss in enumerate(losses):
            monitor.log(step, loss=loss)
        return list(seen)

    noise = np.random.default_rng(2).normal(0, 0.02, 1000)
    healthy = (2 * (1 + noise)).tolist()
    jumps = [loss * (2 if step >= 700 else 1) for step, loss in enumerate(healthy)]
    assert len(looked(lossscan.Monitor(), healthy)) <= 16
    assert min(at for at in looked(lossscan.Monitor(), jumps) if at > 700) <= 705


def test_heavy_tails_do_not_make_a_monitor_look_at_each_point():
    """An alarm that was nothing is not heard again soon."""
    monitor, looks = lossscan.Monitor(), 0
    report = monitor.report

    def counted() -> RunReport:
        nonlocal looks
        looks += 1
        return report()

    monitor.report = counted  # type: ignore[method-assign]
    for step, noise in enumerate(np.random.default_rng(3).standard_t(1.5, 1000)):
        monitor.log(step, loss=2 + 0.05 * noise)
    assert looks < 60


def test_an_alarm_is_for_the_bad_side():
    """A loss that rises, a reward that falls."""
    level, changed = [1.0, 1.1] * 30, [3.0] * 5
    for sign, sounds in ((1, True), (-1, False)):
        alarm = Alarm(sign)
        assert not any(alarm.sounds(value) for value in level)
        assert any(alarm.sounds(value) for value in changed) is sounds


@pytest.mark.parametrize(("trainer", "count"), [("transformers", 1), ("keras", 0)])
def test_a_monitor_advises_in_the_terms_of_its_trainer(trainer: str, count: int):
    """Labels of -100 are those of transformers."""
    monitor = lossscan.Monitor(framework=trainer)
    for step in range(1, 41):
        monitor.log(step, loss=np.nan if step > 38 else 2.0 - 0.01 * step)
    (found,) = monitor.report().findings
    assert sum("-100" in str(remedy) for remedy in found.remedies) == count
