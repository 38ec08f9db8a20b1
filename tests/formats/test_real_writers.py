"""What the real libraries write today is read back; each is skipped where it is not installed."""

import json
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests import logs

LOSS = {step: 2.0 / step for step in range(1, 31)}
ARGS = {"per_device_train_batch_size": 8, "learning_rate": 1e-4, "logging_steps": 1}

# What the libraries themselves warn of is no matter of lossscan.
pytestmark = pytest.mark.filterwarnings("ignore")


def importable(name: str) -> Any:
    """The library, or the test is skipped."""
    return pytest.importorskip(name, reason=f"the writer {name} is not installed")


def visualdl(folder: Path) -> None:
    """VisualDL's LogWriter, as PaddleNLP uses it."""
    with importable("visualdl").LogWriter(logdir=str(folder)) as writer:
        writer.add_text("args", json.dumps(ARGS), 0)
        for step, loss in LOSS.items():
            writer.add_scalar("train/loss", loss, step)
        writer.add_scalar("eval/loss", 1.5, 30)


def wandb(folder: Path) -> None:
    """W&B without a network, as transformers uses it."""
    library = importable("wandb")
    quiet = library.Settings(mode="offline", silent=True, console="off", x_disable_stats=True)
    with library.init(project="p", dir=str(folder), config=ARGS, settings=quiet) as run:
        for step, loss in LOSS.items():
            run.log({"train/loss": loss, "train/global_step": step})
        run.log({"eval/loss": 1.5, "train/global_step": 30})


def mlflow(folder: Path) -> None:
    """MLflow's file store."""
    os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"  # new versions warn that a database is better
    library = importable("mlflow")
    library.set_tracking_uri((folder / "mlruns").as_uri())
    library.set_experiment("e")
    with library.start_run():
        library.log_params(ARGS)
        for step, loss in LOSS.items():
            library.log_metric("train/loss", loss, step=step)
        library.log_metric("eval_loss", 1.5, step=30)


def lightning(folder: Path) -> None:
    """Lightning's CSVLogger."""
    logger = importable("lightning.pytorch.loggers").CSVLogger(str(folder))
    logger.log_hyperparams({"batch_size": 8, "learning_rate": 1e-4})
    for step, loss in LOSS.items():
        logger.log_metrics({"train_loss": loss, "epoch": 0}, step=step)
    logger.log_metrics({"val_loss": 1.5, "epoch": 0}, step=30)
    logger.save()


def tensorboardx(folder: Path) -> None:
    """The tensorboardX SummaryWriter, as transformers uses it."""
    with importable("tensorboardX").SummaryWriter(str(folder)) as writer:
        writer.add_text("args", json.dumps(ARGS))
        for step, loss in LOSS.items():
            writer.add_scalar("train/loss", loss, step)
        writer.add_scalar("eval/loss", 1.5, 30)


@pytest.mark.parametrize("write", [visualdl, wandb, mlflow, lightning, tensorboardx])
def test_read_run_reads_back_what_the_library_wrote(tmp_path: Path, write: Callable[[Path], None]):
    """Every point, the evaluation and the settings come back."""
    write(tmp_path)
    run = logs.run_at(tmp_path)
    assert run.series["loss"].steps.tolist() == list(LOSS)
    assert run.series["loss"].values == pytest.approx(list(LOSS.values()))
    assert run.series["eval_loss"].values.tolist() == [1.5]
    assert run.setting("per_device_train_batch_size") == 8
    assert math.isclose(run.setting("learning_rate"), 1e-4)


def test_read_run_reads_back_what_keras_wrote(tmp_path: Path):
    """Keras counts epochs from 0 and writes NA for an evaluation that is still to come."""
    os.environ.setdefault("KERAS_BACKEND", "torch")
    logger = importable("keras").callbacks.CSVLogger(str(tmp_path / "log.csv"))
    logger.set_model(type("Model", (), {"stop_training": False})())
    logger.on_train_begin()
    for epoch in range(8):
        logger.on_epoch_end(
            epoch, {"loss": 2.0 / (epoch + 1)} | ({"val_loss": 1.5} if epoch else {})
        )
    logger.on_train_end()
    run = logs.run_at(tmp_path)
    assert run.framework == "keras"
    assert run.series["loss"].steps.tolist() == list(range(8))
    assert run.series["eval_loss"].steps.tolist() == list(range(1, 8))
