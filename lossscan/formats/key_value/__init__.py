"""Lines of `name: number` with a counter: torchtune, NeMo, XTuner, verl, tqdm bars, own loops."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from itertools import islice
from typing import Any, Final

from msgspec.structs import replace

from lossscan.canonical.names import canonical, is_evaluation, is_judged, trains
from lossscan.errors import UnreadableLog
from lossscan.expressions import expression
from lossscan.formats.key_value.blocks import blocks
from lossscan.formats.key_value.stated_columns import PlacedLines, placed_lines
from lossscan.formats.key_value.steady_lines import ReadLines, read_lines
from lossscan.formats.kit.cells import number
from lossscan.formats.kit.columns import Sheet
from lossscan.formats.kit.counters import CounterPlace, Kind, place_of
from lossscan.formats.kit.format import Format
from lossscan.formats.kit.idle_lines import JUDGED
from lossscan.formats.kit.loss_scale_log import SKIPPED
from lossscan.formats.kit.stated import LineReader
from lossscan.formats.kit.text import PAIR, are_most, peek
from lossscan.model import Column, Table
from lossscan.settings import Settings
from lossscan.sources.files import Head
from lossscan.trainers import trainer_of

FEWEST = 3  # what lines with a counter and a loss must weigh: two such lines are in any README
SEVERAL, MANY = 3, 5  # losses next to one counter: prose compares two at most
DECIMALS: Final = 5  # of the losses of two sets: who writes of a result rounds them
LOOKED_AT: Final = 50  # lines with a counter that show which numbers are next to it
COARSE = ("bar", "epoch")  # a bar shows three digits, often of a mean, one step late
_SAID: Final = {  # what only this trainer prints
    "torchtune": expression(r"^Step \d{1,15} \| loss:.{0,200} lr:"),
    "nemo": expression(r"Training epoch \d+, iteration \d+/\d+ \||\breduced_train_loss=\d"),
    "olmo-core": expression(r"\[step=\d+/\d+,epoch=\d+"),
    "torchtitan": expression(r"step: {1,20}\d{1,15} {1,20}loss: .{0,300}\btps: "),
    "deepspeed": expression(r"steps: \d{1,15} loss: .{0,200} iter time \(s\): "),
    "mmengine": expression(r" - mmengine - INFO - "),
    "verl": expression(r"\bstep:\d{1,15} - .{0,1000}\bactor/"),
    "litgpt": expression(r"\biter \d{1,15} step \d{1,15}(?: \| loss train:|: loss )"),
    "composer": expression(r"\[batch=\d+/\d+\]:"),
    "llm.c": expression(
        r"^step {1,20}\d{1,15}/\d{1,15} \| loss .{0,60} \([-+]?\w.{0,60}\)\| norm "
    ),
}
_OF_SAMPLES: Final = expression(  # PyTorch's quickstart, for `loss_lines`
    r"(?m)^loss: \S{1,20} {1,4}\[ {0,12}\d{1,12}/ {0,12}\d{1,12}\]"
)
_LOST: Final = expression(  # a line that holds nothing but counters and such a loss
    r"(?im)^\W{0,9}(?:(?:I )?training (?:of )?)?"  # of DeepSpeech
    r"(?:(?:epoch|iter(?:ation)?|step|batch)s?[ :#=\[]{0,4}\d{1,12}(?:/\d{1,12})?\]?"
    r"[ ,:;|-]{1,5}){1,3}(?:train(?:ing)?[ _])?loss ?[:= ] ?-?(?:nan|inf)\W{0,9}$"
)
_BEGINS: Final = expression(  # with its count and a loss of some digits: no prose has two such
    r"(?im)^\W{0,9}(?:(?:epoch|step|iter(?:ation)?)[ :=#\[]{1,4}(\d{1,12})(?:/\d{1,12})?\]?"
    r"[ \t,:|-]{1,4}(?:train(?:ing)?[ _])?loss ?[:=] ?\d{1,9}\.\d{3,20}(?:e[-+]\d\d)?\b"
    r"|(?:(?:mini)?batch |train(?:ing)? )?loss (?:at|after|in|for) (?:epoch|step|iteration) "
    r"(\d{1,12}): \d{1,9}\.\d)"
)
_PRINTED: Final = expression(  # what a logger or a launcher puts before a line, and no sentence
    r"\A\W{0,4}(?:(?:[A-Z][a-z]{2}|[\d./]{1,10}T?)[ ,_-]{1,3}){0,9}"  # a date has three such
    r"(?:[A-Z]\d{4} )?(?:\d\d:\d\d[:.,\d\]Z]{0,20} |(?:INFO|DEBUG)\b|\w{1,40} pid=\d"
    r"|Epoch: ?\[\d|(?<=\[)(?:Epoch|Iter|Step):? \d{1,12}\])"
)
_BLANKS: Final = expression(r"\n{3,}")
_SURE: Final = expression(  # one line of Caffe, of TensorFlow's estimators, of TFLearn
    r"\bsolver\.cpp:\d{1,6}\] Iteration \d{1,12}.{0,60}, loss = "
    r"|\bSaving dict for global step \d{1,12}: .{0,400}\bloss = [\dn]"
    r"|(?m:^)Training Step: \d{1,12} {1,4}\| .{0,80}time: "
)
_PLANNED: Final = expression(  # steps of the run, and of the warm-up, of OLMo-core and torchtitan
    r"\[step=\d{1,15}/(\d{1,15}),epoch=|total steps (\d{1,15}) \(warmup (\d{1,15})\)"
)


def claims(head: Head) -> bool:
    """Whether several of its lines, or blocks of lines, hold a counter and a loss or a reward."""
    text = peek(head)
    if not any(word in text for word in JUDGED) or _OF_SAMPLES.search(text):
        return False
    if _LOST.search(text) or _SURE.search(text):
        return True
    found: Counter[Kind] = Counter()
    last: Kind | None = None  # of a training whose evaluation may be in a line of its own
    shown = _BLANKS.sub("\n\n", text).splitlines(keepends=True)
    for line in blocks(map(LineReader(text=text).take, shown)):
        if line.place is not None and line.row:
            found[line.place.kind] += _weight(line.place, line.row)
            trained = any(map(is_judged, line.row)) and not is_evaluation(*line.row)
            last = line.place.kind if trained else None
        elif last is not None and any(map(_is_eval_loss, line.row)):
            found[last] += 1
            last = None
        if max(found.values(), default=0) >= FEWEST:
            return True
    begun = [int(found[1] or found[2]) for found in _BEGINS.finditer(text)]
    if len(begun) > 1 and begun[0] < begun[1]:
        return True
    printed = map(LineReader().take, filter(_PRINTED.match, shown))
    points = (line.place is not None and trains(line.row) for line in printed)
    return are_most(max(found.values(), default=0), text) or any(points)


def _is_eval_loss(name: str) -> bool:
    return is_judged(name) and is_evaluation(name)


def _weight(place: CounterPlace, row: Mapping[str, Any]) -> int:
    """How much a line shows that a text is a log: prose rarely says of how many it counts."""
    losses = [value for name, value in row.items() if is_judged(name)]
    if not losses:
        return 0
    lost = any((read := number(value)) is not None and not math.isfinite(read) for value in losses)
    if is_evaluation(*row):
        return 1
    drawn = place.kind == "bar" and any(canonical(name) == "loss" for name in row)
    sets = len(losses) >= SEVERAL and any(map(_is_eval_loss, row))
    both = len({_is_eval_loss(name) for name in row if is_judged(name)}) > 1  # sets
    exact = both and all(len(str(each).partition(".")[2]) >= DECIMALS for each in losses)
    if drawn or sets or exact or len(losses) >= MANY:  # no sentence is so
        return FEWEST
    rated = any(canonical(name) == "learning_rate" for name in row)
    if place.of is None:
        sure = len(losses) >= SEVERAL or (lost and len(row) > 1)
        placed = place.kind != "epoch" and place.epoch is not None
        return 1 + lost + (sure or rated or both) + placed
    return 2 + (lost or rated)


def keys(head: Head) -> list[str]:
    """The names of the numbers in its first lines that count something."""
    counted = (line for line in peek(head).splitlines(keepends=True) if place_of(line))
    found = (match[1] for line in islice(counted, LOOKED_AT) for match in PAIR.finditer(line))
    return list(dict.fromkeys(found))


def read(head: Head, settings: Settings) -> Table:
    """The quantities that are known by name; where counts begin again in each epoch, they go on.

    Of steps, batches, progress bars and epochs those count that most lines with a loss state.
    Raises UnreadableLog where no line holds a counter and a known name.
    """
    said = read_lines(head, frozenset(settings.series.values()))
    log, begun = said.log, said.begun
    log.write(SKIPPED, said.loss_scales.skipped(log.points()))
    points = placed_lines(log, begun) if len(log) else None
    sheet = Sheet(settings)
    for name, numbers in points.cells.items() if points is not None else ():
        sheet.take(name, numbers)
    # The epoch may have a name that no counter has, such as `current_epoch`: so `run_steps`.
    if points is None or not (found := sheet.columns(sheet.run_steps(points.steps))):
        raise UnreadableLog("no_step_and_loss")
    return _table(head, found, points, said)


def _table(head: Head, found: dict[str, Column], points: PlacedLines, said: ReadLines) -> Table:
    """The table, with the trainer and the planned steps that the log states."""
    text, kind = peek(head), points.kind
    framework = next((name for name, mark in _SAID.items() if mark.search(text)), None)
    instant = "console" in trainer_of(framework).instant
    strategy = "epoch" if kind == "epoch" else None
    own = {"steps_per_epoch": points.length, "logging_strategy": strategy}
    stated = _planned(text) | own
    doubts = (replace(note, path=head.path) for note in points.doubts)
    return Table(
        found,
        framework=framework,
        config={name: value for name, value in stated.items() if value is not None},
        averaging="instant" if instant and kind != "bar" else "window",
        launches=points.launches,
        notes=(*said.loss_scales.notes(head.path), *said.idle.notes(head.path), *doubts),
        fallback=kind in COARSE,
    )


def _planned(text: str) -> dict[str, str | None]:
    """How many steps the run and its warm-up shall have."""
    planned = _PLANNED.search(text)
    return {"max_steps": planned[1] or planned[2], "warmup_steps": planned[3]} if planned else {}


_SAMPLE = "step 5 loss: 2.3, or Epoch 1/3 [10/200] loss 2.3"
FORMAT = Format("key_value", _SAMPLE, claims, read, printed=True, keys=keys, priority=90)
