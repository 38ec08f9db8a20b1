"""Where a line of a console stands in its training: the steps, batches or epochs it counts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from lossscan.ingest.formats._columns import step_number

Kind: TypeAlias = Literal["step", "batch", "bar", "epoch"]

_BETWEEN: Final = r"(?:\(train\))?['\"]?[\s:=#\[(]{0,10}['\"]?"  # a name and its number
_NUMBER: Final = r"(\d{1,15})(?:\s{0,8}(?:/|of)\s{0,8}(\d{1,15}))?(?=[^\w.%])"  # and of how many
_STEP: Final = re.compile(
    rf"(?i)(?<!\w)(?<!time/)(?:global[_ ]?)?(?:steps?|iter(?:ation)?s?)\b{_BETWEEN}{_NUMBER}"
)
_BATCH: Final = re.compile(rf"(?i)(?<!\w)(?<!time/)batch\b{_BETWEEN}{_NUMBER}")
_EPOCH: Final = re.compile(rf"(?i)(?<!\w)(?<!time/)epochs?\b{_BETWEEN}{_NUMBER}")
_TIMM: Final = re.compile(r"\bTrain: (\d{1,9})()(?= \[)")  # an epoch without the word
_SHARE: Final = re.compile(r"[\[(|]\s{0,8}(\d{1,15})\s?/\s?(\d{1,15})(?=[^\w.])")
_BAR: Final = re.compile(r"\|\s{0,8}(\d{1,15})/(\d{1,15}) \[\d{1,5}:\d\d")  # tqdm's
_BARE: Final = re.compile(
    r"(?:^|\s)\[?(\d{1,15})(?:/(\d{1,15})|\s\|\s[\d.]{1,20})?\]?\s(?:\|\s)?"
    r"(?=(?i:(?:train[ _])?loss)\b)"
)


@dataclass(frozen=True, slots=True)
class Place:
    """What a line counts: steps, the batches of an epoch, a progress bar, or epochs alone."""

    kind: Kind
    count: int
    of: int | None = None  # counts of the epoch or of the run, where the line says
    epoch: int | None = None


def place_of(line: str, stated: Mapping[str, str]) -> Place | None:
    """The finest counter of a line, of which `stated` are the names and numbers."""
    found = _EPOCH.search(line) or _TIMM.search(line)
    epoch = int(found[1]) if found else None
    declared = step_number(stated.get("global_step"))  # NeMo's iteration begins anew in each epoch
    if declared is not None:
        return Place("step", declared, None, epoch)
    named = _STEP.search(line) or _BATCH.search(line)
    if named:
        return _place("step", named, epoch)
    if found:
        share = _SHARE.search(line, found.end())
        kind: Kind = "bar" if share and share[0].startswith("|") else "batch"
        return _place(kind, share, epoch) if share else Place("epoch", int(found[1]))
    bar, bare = _BAR.search(line), _BARE.search(line)
    if bar:
        return _place("bar", bar, None)
    return _place("step", bare, None) if bare else None


def _place(kind: Kind, counter: re.Match[str], epoch: int | None) -> Place:
    return Place(kind, int(counter[1]), int(counter[2]) if counter[2] else None, epoch)
