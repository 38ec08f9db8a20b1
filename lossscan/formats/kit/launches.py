"""Launches that a log announces where no step goes back: it continues where the one before ended.

A launch says that it begins, or the step that it loaded. Whether it continued is known once the
next point is: who trains on from weights alone counts from 1 again.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct, field

MOST: Final = 500  # of one log: no training is launched as often, and each costs time

_TAKES_UP: Final = tuple(
    f"esum{how} {what} "
    for how in ("ing", "ed")
    for what in ("from", "at", "training from", "training at")
)


class Launches(Struct):
    """The launches that a log has announced so far."""

    steps: list[int] = field(default_factory=list)  # from which one continues
    last: int = -1  # step of the last point; below 0 there is none
    _begun: bool = False
    _loaded: int | None = None

    def begin(self) -> None:
        """A launch begins; before the first point it is the first one."""
        self._begun = self.last >= 0

    def load(self, step: int) -> None:
        """A checkpoint of a step was loaded."""
        self._loaded = step

    def point(self, step: int) -> None:
        """The next point: after a launch it tells where that continues."""
        since = self.last if self._loaded is None else self._loaded
        begun = self._begun or self._loaded is not None
        if begun and since < step and len(self.steps) < MOST:
            self.steps.append(since)
        self.last, self._begun, self._loaded = step, False, None


def resumes(line: str) -> bool:
    """Whether a line says that a launch takes up a checkpoint.

    In the words of nanoGPT, torchtitan, Lightning, NeMo, the examples of PyTorch and accelerate,
    and of loops that are alike. `To resume, run ...` is said where a checkpoint is saved.
    """
    return (  # of what thousands of lines are asked; three times as fast as one expression
        ("esum" in line and any(words in line for words in _TAKES_UP))
        or "Training starts at step " in line
        or "Restored all states from the checkpoint" in line
        or "=> loaded checkpoint" in line
    )
