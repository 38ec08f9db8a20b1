"""A callback for transformers' Trainer, and so for LLaMA-Factory, TRL and Axolotl."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from transformers import TrainerCallback

from lossscan.integrations.monitor import Monitor, reaches
from lossscan.settings import Settings

NO_SERIES = ("epoch", "total_flos", "train_runtime", "train_loss")  # of a log row: no curve


class LossScanCallback(TrainerCallback):  # type: ignore[misc]  # the library brings no types here
    """Reports findings while the Trainer trains; with `stop`, ends it at one of `fail_on`.

    Before it stops, the Trainer saves a checkpoint.
    """

    def __init__(
        self, fail_on: str = "critical", *, stop: bool = False, settings: Settings | None = None
    ) -> None:
        self._fail_on, self._stop, self._settings = fail_on, stop, settings
        self._monitor = Monitor(settings=settings)

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """A new training is watched from its beginning."""
        config = _settings_of(args, state)
        self._monitor = Monitor(settings=self._settings, config=config, framework="transformers")

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        """One row of the log."""
        values = {
            key: value
            for key, value in (logs or {}).items()
            if isinstance(value, int | float) and key not in NO_SERIES
        }
        reached = False
        if values and state.is_world_process_zero:
            reached = reaches(self._monitor.log(state.global_step, **values), self._fail_on)
        if self._stop and _agreed(args, reached=reached):
            control.should_save = control.should_training_stop = True

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """What is left to say."""
        if state.is_world_process_zero:
            self._monitor.finish()


def _agreed(args: Any, *, reached: bool) -> bool:
    """What the main process has found: each of several has to stop at the same step."""
    if args.world_size <= 1:
        return reached
    from torch import distributed

    told = [reached]
    distributed.broadcast_object_list(told)
    return told[0]


def _settings_of(args: Any, state: Any) -> Mapping[str, Any]:
    """The plain settings of the training."""
    stated = {**args.to_dict(), "max_steps": state.max_steps}
    return {key: v for key, v in stated.items() if isinstance(v, str | int | float | bool)}
