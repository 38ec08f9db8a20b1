"""A callback for Keras' `fit`."""

from __future__ import annotations

from typing import Any

from keras.callbacks import Callback

from lossscan.integrations.monitor import Monitor, reaches
from lossscan.settings import Settings


class LossScanCallback(Callback):  # type: ignore[misc]  # the library may be absent: no types
    """Reports findings after each epoch; with `stop`, ends the training at one of `fail_on`."""

    def __init__(
        self, fail_on: str = "critical", *, stop: bool = False, settings: Settings | None = None
    ) -> None:
        super().__init__()
        self._fail_on, self._stop = fail_on, stop
        self._monitor = Monitor(settings=settings)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """The means of an epoch: one logged point."""
        values = {name: float(value) for name, value in (logs or {}).items()}
        if reaches(self._monitor.log(epoch + 1, **values), self._fail_on) and self._stop:
            self.model.stop_training = True

    def on_train_end(self, logs: Any = None) -> None:
        """What is left to say."""
        self._monitor.finish()
