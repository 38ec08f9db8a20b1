"""Where a line of a console stands in its training: the steps, batches or epochs it counts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from lossscan.ingest.formats._shapes import Part, Shapes

Kind: TypeAlias = Literal["step", "batch", "bar", "epoch"]

_BETWEEN: Final = r"(?:\(train\))?['\"]?[\s:=#\[(]{0,10}['\"]?"  # a name and its number
_NUMBER: Final = r"(\d{1,15})(?:\s{0,8}(?:/|of)\s{0,8}(\d{1,15}))?(?=[^\w.%])"  # and of how many
_WITH_TOTAL = 2  # groups of a counter that says of how many
_DECLARED: Final = re.compile(  # NeMo's iteration begins anew in each epoch, this does not
    r"(?<![\w./])global_step['\"]?\s{0,8}[:=]\s{0,24}['\"]?(\d{1,15})(?:\.0)?(?=[^\w.])"
)
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


def place_of(line: str) -> Place | None:
    """The finest counter of a line."""
    texts = _texts(line)
    if not texts:
        return None
    kind = next(iter(texts))[0]
    of, epoch = (texts.get((kind, name)) for name in ("of", "epoch"))
    return Place(
        kind,
        int(texts[kind, "count"]),
        None if of is None else int(of),
        None if epoch is None else int(epoch),
    )


def _parts(line: str) -> Iterator[Part[tuple[Kind, str]]]:
    found = _EPOCH.search(line) or _TIMM.search(line)
    kind, counter = _finest(line, found)
    if counter is None:
        return
    yield Part((kind, "count"), counter.start(), *counter.span(1))
    if kind != "epoch" and counter.lastindex == _WITH_TOTAL:
        yield Part((kind, "of"), counter.start(), *counter.span(2))
    if kind != "epoch" and found:
        yield Part((kind, "epoch"), found.start(), *found.span(1))


def _finest(line: str, epoch: re.Match[str] | None) -> tuple[Kind, re.Match[str] | None]:
    step = _DECLARED.search(line) or _STEP.search(line) or _BATCH.search(line)
    if step:
        return "step", step
    if epoch:
        share = _SHARE.search(line, epoch.end())
        kind: Kind = "bar" if share and share[0].startswith("|") else "batch"
        return (kind, share) if share else ("epoch", epoch)
    bar = _BAR.search(line)
    return ("bar", bar) if bar else ("step", _BARE.search(line))


_texts: Final = Shapes(_parts)
