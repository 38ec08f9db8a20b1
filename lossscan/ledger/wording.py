"""Which of a page's sentences a run is told: none that names what its trainer does not have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from lossscan.model import Run
from lossscan.trainers import trainer_of
from lossscan.words.pages import PLAIN

T = TypeVar("T")


def worded(texts: Mapping[str, T], name: str, run: Run) -> T:
    """The text of that name; where the trainer is not built on PyTorch the plain one, if any."""
    own = texts[name]
    return own if trainer_of(run.framework).torch else texts.get(name + PLAIN, own)
