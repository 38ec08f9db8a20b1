"""A callback for Keras' `fit`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keras.callbacks import Callback

from lossscan.integrations.monitor import Monitor, reaches
from lossscan.settings import Settings


class LossScanCallback(Callback):  # type: ignore[misc]  # the library may be absent: no types
    """Reports findings while `fit` runs; with `stop`, ends the training at one of `fail_on`.

    An epoch is one point. With `every`, so many batches are one: a training of few epochs is
    watched from within them.
    """

    def __init__(
        self,
        fail_on: str = "critical",
        *,
        stop: bool = False,
        every: int | None = None,
        settings: Settings | None = None,
    ) -> None:
        super().__init__()
        self._fail_on, self._stop, self._every, self._settings = fail_on, stop, every, settings
        self._monitor = Monitor(settings=settings)
        self._batches = 0  # of all epochs
        self._mean = (0, 0.0)  # batches of this epoch at the last point, and their mean loss

    def on_train_begin(self, logs: Any = None) -> None:
        """A new training is watched from its beginning."""
        self._monitor = Monitor(settings=self._settings, framework="keras")
        self._batches = 0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Keras' means restart."""
        self._mean = (0, 0.0)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """The mean loss since the last point, out of the mean since the epoch began."""
        self._batches += 1
        (before, old), done = self._mean, batch + 1
        if self._every is None or done - before < self._every or "loss" not in (logs or {}):
            return
        mean = float(logs["loss"])
        self._mean = (done, mean)
        self._take(self._batches, {"loss": (mean * done - old * before) / (done - before)})

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """The means of an epoch, evaluation included."""
        values = {name: float(value) for name, value in (logs or {}).items()}
        if self._every is None:
            self._take(epoch + 1, values)
        elif evaluated := {k: value for k, value in values.items() if k.startswith("val_")}:
            self._take(self._batches, evaluated)

    def on_train_end(self, logs: Any = None) -> None:
        """What is left to say."""
        self._monitor.finish()

    def _take(self, step: int, values: Mapping[str, float]) -> None:
        if reaches(self._monitor.log(step, **values), self._fail_on) and self._stop:
            self.model.stop_training = True
