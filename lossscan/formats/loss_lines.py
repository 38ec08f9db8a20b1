"""Lines that begin with a loss and count nothing, as a loop of one's own prints: `loss: 2.3`."""

from __future__ import annotations

from typing import Final

from lossscan.canonical.names import MEANS, canonical, is_known
from lossscan.canonical.sets import ANY, HELD_OUT
from lossscan.expressions import expression
from lossscan.formats.kit.columns import RowLog
from lossscan.formats.kit.format import Format
from lossscan.formats.kit.text import ENDS, NUMBER, are_most, lines, pairs, peek
from lossscan.model import Note, Table
from lossscan.settings import Settings
from lossscan.sources.files import Head

FEWEST = 20  # lines that make a log: fewer are in documents
SURE = 3  # that state next to the loss how far the epoch is, or print it as a tensor
_LOSS: Final = expression(  # behind the clock of a logger, its level and its place
    r"(?i)^(?:[\d\s:,.\[\]|/-]{0,40}(?:INFO|DEBUG)\b.{0,60}?\b|[\d\s:,.\[\]|/-]{0,40}|Tensor )"
    rf"(?<!packet )((?:(?:{ANY}|model|current|running|epoch|batch)[ _])?loss)"
    r"(?: of type float\. Dims: \(\))?"  # of Caffe2, which prints a `Tensor loss`
    rf"(?: is)?-{{0,30}}[\s:=,]{{1,4}}(?:tensor\(\[?)?({NUMBER}){ENDS}"
)
_OF_SAMPLES: Final = expression(r"\[ {0,12}\d{1,12}/ {0,12}\d{1,12}\]")  # of PyTorch's quickstart
_EVALUATED: Final = expression(rf"(?i)(?:{HELD_OUT}) (?:error|results?)\b")
_EPOCH: Final = expression(r"(?i)^\W{0,20}(?:start\w{0,3} )?epochs?[\s:=#]{1,4}(\d{1,9})\b")


def claims(head: Head) -> bool:
    """Whether so many lines begin with a loss."""
    text = peek(head)
    if "oss" not in text and "OSS" not in text:
        return False
    losses = ((line, _LOSS.match(line)) for line in text.splitlines(keepends=True))
    stated = [line for line, found in losses if found and _of_training(found[1])]
    bare = sum(line[0].isalpha() for line in stated)  # begin with the name of the loss
    between = (_EPOCH.match(line) or _EVALUATED.match(line) for line in text.splitlines())
    if sum("tensor(" in line or _OF_SAMPLES.search(line) is not None for line in stated) >= SURE:
        return True
    return len(stated) >= FEWEST or (bare > 1 and are_most(bare + sum(map(bool, between)), text))


def _of_training(name: str) -> bool:
    return not name.lower().startswith(("val", "eval", "test"))


def read(head: Head, settings: Settings) -> Table:
    """The lines with a training loss are counted as steps; an evaluation is at the last one.

    A headline such as `Epoch 2` holds until the next.
    """
    log = RowLog(settings)
    step, epoch, before = 0, None, ""
    for line in lines(head):
        if headline := _EPOCH.match(line):
            epoch = headline[1]
        if found := _LOSS.match(line):
            step += _of_training(found[1])
            behind = pairs(line[found.end() :])
            row = {found[1]: found[2], **{name: behind[name] for name in filter(is_known, behind)}}
            log.add(step, row if epoch is None else {"epoch": epoch, **row})
        elif _EVALUATED.match(before):
            means = {n: value for n, value in pairs(line).items() if canonical(n) in MEANS}
            for value in list(means.values())[:1]:
                log.add(step, {"eval_loss": value})
        before = line
    return Table(
        log.columns(), notes=(Note("steps_counted", head.path, {"entries": step}),), fallback=True
    )


FORMAT = Format(  # behind all that count something
    "loss_lines", "loss: 2.3 (20 such lines)", claims, read, priority=95
)
