"""A callback for Lightning's Trainer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lightning.pytorch.callbacks import Callback

from lossscan.integrations.monitor import Monitor, reaches
from lossscan.settings import Settings


class LossScanCallback(Callback):  # type: ignore[misc]  # the library may be absent: no types
    """Reports findings while the Trainer trains; with `stop`, ends it at one of `fail_on`.

    Looks at what the module logs, every `log_every_n_steps`: `loss` or `train_loss`, `val_loss` ...
    Before it stops, a checkpoint is saved, unless checkpoints are switched off.
    """

    def __init__(
        self, fail_on: str = "critical", *, stop: bool = False, settings: Settings | None = None
    ) -> None:
        self._fail_on, self._stop, self._settings = fail_on, stop, settings
        self._monitor = Monitor(settings=settings)
        self._owners: dict[str, str] = {}  # the hook that saw a metric first: it is stale elsewhere
        self._seen = 0

    def on_train_start(self, trainer: Any, module: Any) -> None:
        """A new training is watched from its beginning."""
        planned = {"max_steps": trainer.max_steps} if trainer.max_steps > 0 else {}
        self._monitor = Monitor(settings=self._settings, config=planned, framework="lightning")
        self._owners, self._seen = {}, trainer.global_step

    def on_train_batch_end(self, trainer: Any, *_: Any, **__: Any) -> None:
        """Metrics of a step, as often as they are logged: to read them waits for the GPU."""
        if trainer.global_step - self._seen >= trainer.log_every_n_steps:
            self._seen = trainer.global_step
            self._take(trainer, "step")

    def on_validation_end(self, trainer: Any, module: Any) -> None:
        """Metrics of an evaluation."""
        if not trainer.sanity_checking:
            self._take(trainer, "validation")

    def on_train_epoch_end(self, trainer: Any, module: Any) -> None:
        """Metrics of a whole epoch."""
        self._take(trainer, "epoch")

    def on_train_end(self, trainer: Any, module: Any) -> None:
        """What is left to say."""
        if trainer.is_global_zero:
            self._monitor.finish()

    def _take(self, trainer: Any, hook: str) -> None:
        metrics = trainer.logged_metrics
        own = [name for name in metrics if self._owners.setdefault(name, hook) == hook]
        stops = False
        if trainer.is_global_zero and own:
            values = {name: float(metrics[name]) for name in own}
            step = trainer.global_step - 1  # as the loggers count: from 0
            stops = reaches(self._monitor.log(step, **values), self._fail_on)
        # Every process of several has to stop at the same step.
        if self._stop and trainer.strategy.reduce_boolean_decision(stops, all=False):
            self._end(trainer)

    def _end(self, trainer: Any) -> None:
        saving = trainer.checkpoint_callback
        if saving is not None and not trainer.should_stop:
            folder = Path(saving.dirpath or trainer.default_root_dir)
            trainer.save_checkpoint(folder / f"lossscan-step={trainer.global_step}.ckpt")
        trainer.should_stop = True
