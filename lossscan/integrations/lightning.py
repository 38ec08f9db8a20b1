"""A callback for Lightning's Trainer."""

from __future__ import annotations

from typing import Any

from lightning.pytorch.callbacks import Callback

from lossscan.integrations.monitor import Monitor, reaches
from lossscan.settings import Settings


class LossScanCallback(Callback):  # type: ignore[misc]  # the library may be absent: no types
    """Reports findings while the Trainer trains; with `stop`, ends it at one of `fail_on`.

    Looks at `loss` (or `train_loss`) among the logged metrics.
    """

    def __init__(
        self, fail_on: str = "critical", *, stop: bool = False, settings: Settings | None = None
    ) -> None:
        self._fail_on, self._stop = fail_on, stop
        self._monitor = Monitor(settings=settings)
        self._seen = -1

    def on_train_batch_end(self, trainer: Any, *_: Any, **__: Any) -> None:
        """Metrics as far as they are logged at this step."""
        metrics = {name: float(value) for name, value in trainer.logged_metrics.items()}
        loss = metrics.pop("train_loss", None)
        if loss is not None:
            metrics.setdefault("loss", loss)
        if "loss" not in metrics or trainer.global_step == self._seen:
            return
        self._seen = trainer.global_step
        if reaches(self._monitor.log(trainer.global_step, **metrics), self._fail_on) and self._stop:
            trainer.should_stop = True

    def on_train_end(self, *_: Any, **__: Any) -> None:
        """What is left to say."""
        self._monitor.finish()
