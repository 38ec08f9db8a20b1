"""The callbacks in trainings of the real libraries, where they are installed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import lossscan

pytestmark = pytest.mark.filterwarnings("ignore")  # of the libraries
HOT = 300  # the step, or half the epoch, from which the rate is far too high
RNG = np.random.default_rng(1)
INPUTS = RNG.normal(size=(512, 16)).astype(np.float32)
TARGETS = (np.tanh(INPUTS @ RNG.normal(size=16) / 4) + RNG.normal(0, 0.3, 512)).astype(np.float32)


def _network(torch: Any) -> Any:
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Linear(16, 64), torch.nn.Tanh(), torch.nn.Linear(64, 1), torch.nn.Flatten(0)
    )


def test_transformers(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    """The Trainer stops with a checkpoint, and the run it leaves has what was said."""
    torch, transformers = pytest.importorskip("torch"), pytest.importorskip("transformers")
    pytest.importorskip("accelerate")
    from lossscan.integrations.transformers import LossScanCallback

    class Model(torch.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.net = _network(torch)

        def forward(self, x: Any, labels: Any) -> dict[str, Any]:
            out = self.net(x)
            return {"loss": ((out - labels) ** 2).mean(), "logits": out}

    class Hot(transformers.TrainerCallback):  # type: ignore[misc, name-defined]
        def on_step_begin(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            if state.global_step >= HOT:
                more["optimizer"].param_groups[0]["lr"] = 3.0

    arguments = transformers.TrainingArguments(
        str(tmp_path),
        max_steps=3 * HOT,
        per_device_train_batch_size=16,
        logging_steps=2,
        learning_rate=1e-2,
        lr_scheduler_type="constant",
        optim="sgd",
        save_strategy="no",
        report_to=[],
        disable_tqdm=True,
        use_cpu=True,
    )
    rows = [{"x": x, "labels": y} for x, y in zip(INPUTS, TARGETS, strict=True)]
    watching = LossScanCallback(stop=True)
    trainer = transformers.Trainer(
        model=Model(), args=arguments, train_dataset=rows, callbacks=[watching, Hot()]
    )
    trainer.train()
    assert HOT < trainer.state.global_step < 2 * HOT
    assert (tmp_path / f"checkpoint-{trainer.state.global_step}").is_dir()
    _said_is_found(tmp_path, caplog)


def test_lightning(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    """The Trainer stops with a checkpoint; what is evaluated is taken once."""
    torch, pl = pytest.importorskip("torch"), pytest.importorskip("lightning.pytorch")
    from lossscan.integrations.lightning import LossScanCallback

    class Module(pl.LightningModule):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.net = _network(torch)

        def training_step(self, batch: Any, _: int) -> Any:
            loss = ((self.net(batch[0]) - batch[1]) ** 2).mean()
            self.log("train_loss", loss)
            return loss

        def validation_step(self, batch: Any, _: int) -> None:
            self.log("val_loss", ((self.net(batch[0]) - batch[1]) ** 2).mean())

        def configure_optimizers(self) -> Any:
            return torch.optim.SGD(self.parameters(), lr=1e-2)

        def on_train_batch_start(self, *_: Any) -> None:
            if self.trainer.global_step >= HOT:
                self.optimizers().param_groups[0]["lr"] = 3.0

    held = torch.utils.data.TensorDataset(torch.tensor(INPUTS), torch.tensor(TARGETS))
    watching = LossScanCallback(stop=True)
    trainer = pl.Trainer(
        max_steps=3 * HOT,
        accelerator="cpu",
        logger=pl.loggers.CSVLogger(tmp_path),
        log_every_n_steps=2,
        callbacks=[watching],
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=tmp_path,
    )
    batches = [torch.utils.data.DataLoader(held, batch_size=16) for _ in range(2)]
    trainer.fit(Module(), *batches)
    assert HOT < trainer.global_step < 2 * HOT
    assert [*tmp_path.rglob(f"lossscan-step={trainer.global_step}.ckpt")]
    taken = watching._monitor._run().series
    epochs = len(INPUTS) // 16  # steps of one, after which it evaluates
    stop = trainer.global_step - 1  # where it evaluates once more
    evaluated = sorted({*range(epochs - 1, stop, epochs), stop})
    assert taken["eval_loss"].steps.tolist() == evaluated, "each evaluation once, at its step"
    _said_is_found(tmp_path, caplog)


def test_keras(tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch):
    """`fit` ends early."""
    if not (backend := os.environ.get("KERAS_BACKEND")):
        backend = "torch"
        monkeypatch.setenv("KERAS_BACKEND", backend)
    pytest.importorskip(backend)
    keras = pytest.importorskip("keras")
    from lossscan.integrations.keras import LossScanCallback

    class Hot(keras.callbacks.Callback):  # type: ignore[misc, name-defined]
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            if epoch >= HOT // 5:
                self.model.optimizer.learning_rate = 1.5

    keras.utils.set_random_seed(0)
    layers = [keras.Input((16,)), keras.layers.Dense(64, "tanh"), keras.layers.Dense(1)]
    model = keras.Sequential(layers)
    model.compile(keras.optimizers.SGD(1e-2), "mse")
    logger = keras.callbacks.CSVLogger(str(tmp_path / "log.csv"))
    told = [LossScanCallback(stop=True), Hot(), logger]
    history = model.fit(
        INPUTS, TARGETS, batch_size=64, epochs=HOT, verbose=0, callbacks=told, validation_split=0.1
    ).history
    assert HOT // 5 < len(history["loss"]) < HOT
    _said_is_found(tmp_path, caplog)


def _said_is_found(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever the trainer's log was told, analyze finds in what it left."""
    said = {record.args[1] for record in caplog.records if record.name == "lossscan"}  # type: ignore[index]
    assert said
    assert said <= {finding.rule for finding in lossscan.analyze(folder).findings}
