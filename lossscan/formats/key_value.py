"""Lines of `name: number` with a counter: torchtune, NeMo, XTuner, verl, tqdm bars, own loops."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, islice, pairwise
from pathlib import Path
from typing import Any, Final

from msgspec.structs import replace

from lossscan.canonical.names import canonical, is_judged
from lossscan.errors import UnreadableLog
from lossscan.expressions import expression
from lossscan.formats.kit.blocks import blocks
from lossscan.formats.kit.columns import Row, columns, number
from lossscan.formats.kit.counters import CounterPlace, Kind, place_of
from lossscan.formats.kit.evaluated import summed_up
from lossscan.formats.kit.format import Format
from lossscan.formats.kit.launches import Launches, resumes
from lossscan.formats.kit.loss_scale_log import LossScaleLog
from lossscan.formats.kit.recount import (
    Placed,
    assumed,
    by_lines,
    counted,
    headed,
    is_evaluation,
    unrounded,
    without_echo,
)
from lossscan.formats.kit.stated import LineReader, StatedLine
from lossscan.formats.kit.text import PAIR, are_most, lines, peek
from lossscan.model import Note, Table
from lossscan.settings import Settings
from lossscan.sources.files import Head
from lossscan.trainers import trainer_of

NAME: Final = "key_value"
FEWEST = 3  # what lines with a counter and a loss must weigh: two such lines are in any README
SEVERAL, MANY = 3, 5  # losses next to one counter: prose compares two at most
TWO_LOOPS: Final = 2  # bars of different lengths, and epochs with a loss
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
_JUDGED: Final = (  # to be quick
    *("loss", "Loss", "LOSS", "reward", "Reward", "xent", "cost", "Cost", "entropy", "损失"),
    *("Score at iteration", ", Gradient "),
    *("cycle_A", "errD", "Err_", "_err", " l_", "G_GAN", " G=", " G: ", "train==[", "fit progress"),
)
_OF_SAMPLES: Final = expression(  # PyTorch's quickstart, for `loss_lines`
    r"(?m)^loss: \S{1,20} {1,4}\[ {0,12}\d{1,12}/ {0,12}\d{1,12}\]"
)
_LOST: Final = expression(  # a line that holds nothing but a counter and such a loss
    r"(?im)^\W{0,9}(?:epoch|iter(?:ation)?|step|batch)s?[ :#=\[]{0,4}\d{1,12}(?:/\d{1,12})?\]?"
    r"[ ,:;|-]{1,5}(?:train(?:ing)?[ _])?loss ?[:= ] ?-?nan\W{0,9}$"
)
_SOLVER: Final = expression(r"\bsolver\.cpp:\d{1,6}\] Iteration \d{1,12}.{0,60}, loss = ")  # Caffe
_PLANNED: Final = expression(  # steps of the run, and of the warm-up, of OLMo-core and torchtitan
    r"\[step=\d{1,15}/(\d{1,15}),epoch=|total steps (\d{1,15}) \(warmup (\d{1,15})\)"
)


def claims(head: Head) -> bool:
    """Whether several of its lines, or blocks of lines, hold a counter and a loss or a reward."""
    text = peek(head)
    if not any(word in text for word in _JUDGED) or _OF_SAMPLES.search(text):
        return False
    if _LOST.search(text) or _SOLVER.search(text):
        return True
    found: Counter[Kind] = Counter()
    last: Kind | None = None  # of a training whose evaluation may be in a line of its own
    for line in blocks(list(map(LineReader().take, text.splitlines(keepends=True)))):
        if line.place is not None and line.row:
            found[line.place.kind] += _weight(line.place, line.row)
            trained = any(map(is_judged, line.row)) and not is_evaluation(*line.row)
            last = line.place.kind if trained else None
        elif last is not None and any(map(_is_eval_loss, line.row)):
            found[last] += 1
            last = None
        if max(found.values(), default=0) >= FEWEST:
            return True
    return are_most(max(found.values(), default=0), text)


def _is_eval_loss(name: str) -> bool:
    return is_judged(name) and is_evaluation(name)


def _weight(place: CounterPlace, row: Mapping[str, Any]) -> int:
    """How much a line shows that a text is a log: prose rarely says of how many it counts."""
    losses = [value for name, value in row.items() if is_judged(name)]
    if not losses:
        return 0
    lost = any((read := number(value)) is not None and math.isnan(read) for value in losses)
    if is_evaluation(*row):
        return 1
    drawn = place.kind == "bar" and any(canonical(name) == "loss" for name in row)
    if drawn or len(losses) >= MANY:  # no sentence is so
        return FEWEST
    rated = any(canonical(name) == "learning_rate" for name in row)
    if place.of is None:
        sure = len(losses) >= SEVERAL or (lost and len(row) > 1)
        return 1 + lost + (sure or rated)
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
    text = peek(head)
    framework = next((name for name, said in _SAID.items() if said.search(text)), None)
    instant = "console" in trainer_of(framework).instant
    reader = LineReader(frozenset(settings.series.values()))
    loss_scales = LossScaleLog()
    parsed: list[StatedLine] = []
    begun: list[int] = []  # places of the lines that say a launch goes on
    for line in lines(head):
        loss_scales.take(line, len(parsed))
        begun += [len(parsed)] * resumes(line)
        parsed.append(reader.take(line))
    parsed = summed_up(parsed)
    points = [at for at, each in enumerate(parsed) if each.place is not None and each.row]
    loss_scales.fill([each.row for each in parsed], points)
    stated_at = _with_headlines(list(blocks(parsed)))
    kind = _finest(stated_at)
    if kind == "step" and _stands_still(stated_at):
        stated_at, kind = [_of_epoch(line) for line in stated_at], "epoch"
    rows, length, doubts = _rows(list(_placed(stated_at, kind)), kind)
    found = columns(without_echo(rows), settings)
    if not found:
        raise UnreadableLog("no_step_and_loss")
    stated = {
        **_planned(text),
        "steps_per_epoch": length,
        "logging_strategy": "epoch" if kind == "epoch" else None,
    }
    return Table(
        path=head.path,
        format=NAME,
        columns=found,
        framework=framework,
        config={name: value for name, value in stated.items() if value is not None},
        averaging="instant" if instant and kind != "bar" else "window",
        launches=_launches(parsed, kind, begun, [step for step, _ in rows]),
        notes=(*loss_scales.notes(head.path), *(replace(note, path=head.path) for note in doubts)),
        fallback=kind in COARSE,
    )


def _planned(text: str) -> dict[str, str | None]:
    """How many steps the run and its warm-up shall have."""
    planned = _PLANNED.search(text)
    return {"max_steps": planned[1] or planned[2], "warmup_steps": planned[3]} if planned else {}


def _launches(
    parsed: Sequence[StatedLine], kind: Kind, begun: Iterable[int], steps: Sequence[int]
) -> tuple[int, ...]:
    """The steps from which launches went on; bars are drawn too often to be counted."""
    parts = pairwise((0, *begun)) if kind != "bar" else ()
    opened = set(accumulate(sum(1 for _ in _placed(blocks(parsed[a:b]), kind)) for a, b in parts))
    launches = Launches()
    for at, step in enumerate(steps):
        if at in opened:
            launches.begin()
        launches.point(step)
    return tuple(launches.steps)


def _finest(parsed: Sequence[StatedLine]) -> Kind:
    """What most lines with a loss count; of equal numbers what comes first.

    Where bars of two loops alternate, one may evaluate: the epochs that train are surer.
    """
    judged = [(place, row) for place, row in _placed(parsed) if any(map(is_judged, row))]
    found = Counter(place.kind for place, _ in judged)
    both = found["bar"] and found["epoch"]
    trained = [place for place, row in judged if both and not is_evaluation(*row)]
    bars = {place.of for place in trained if place.kind == "bar"}
    if min(len(bars), sum(place.kind == "epoch" for place in trained)) >= TWO_LOOPS:
        del found["bar"]
    return found.most_common(1)[0][0] if found else "step"


def _placed(
    parsed: Iterable[StatedLine], kind: Kind | None = None
) -> Iterator[tuple[CounterPlace, dict[str, Any]]]:
    """What blocks of lines say where they stand, all or those of one kind.

    The evaluation that sums up an epoch, or that counts nothing, is at the last count before.
    """
    parsed = list(parsed)
    current: CounterPlace | None = None
    counted = (line.place for line in parsed if line.place is not None and line.row)
    last = next((place for place in counted if place.kind == kind), None)  # of a log that is cut
    for line in parsed:
        row = line.row
        if line.place is not None and kind in (None, line.place.kind):
            current = last = line.place
        elif line.place is not None and line.place.kind == "epoch":
            current = last
            row = {name: row[name] for name in row if canonical(name).startswith("eval_")}
        elif kind is not None and line.place is None and any(map(_is_beside, row)):
            current = last
            row = {name: row[name] for name in row if _is_beside(name)}
        else:
            current = None
        if current is not None and row:
            yield current, row


def _is_beside(name: str) -> bool:
    """Whether what a line without a counter states belongs to the last one that has one."""
    return is_evaluation(name) or canonical(name) == "reward"


def _rows(placed: list[Placed], kind: Kind) -> tuple[list[Row], int | None, tuple[Note, ...]]:
    """The rows at their steps, the steps of an epoch, and what had to be assumed for them."""
    if kind == "epoch" and (lines := by_lines(placed)) is not None:
        return lines, None, (Note("steps_counted", Path(), {"entries": lines[-1][0]}),)
    placed = unrounded(placed)
    again = assumed(placed)
    rows, length = counted(placed if again is None else again)
    if again is None:
        return rows, length, ()
    return rows, length, (Note("epochs_assumed", Path(), {"epochs": again[-1][0].epoch}),)


def _with_headlines(lines: list[StatedLine]) -> list[StatedLine]:
    """The lines with the epochs that are in headlines alone, where their counter needs these."""
    if not any(each.place is not None and each.place.kind == "epoch" for each in lines):
        return lines
    points = [_is_bare(each.place) and any(map(is_judged, each.row)) for each in lines]
    epochs = headed([each.place for each in lines], points)
    return [
        replace(each, place=replace(each.place, epoch=epoch))
        if each.place is not None and epoch is not None and _is_bare(each.place)
        else each
        for each, epoch in zip(lines, epochs, strict=True)
    ]


def _stands_still(lines: Iterable[StatedLine]) -> bool:
    """Whether all steps are one number, that of an epoch's, and the epochs go on."""
    places = [place for place, row in _placed(lines, "step") if any(map(is_judged, row))]
    still = len({place.count for place in places}) == 1
    return still and len({place.epoch for place in places}) > 1 and places[0].of is None


def _of_epoch(line: StatedLine) -> StatedLine:
    """A line that counts its epoch alone."""
    place = line.place
    if place is None or place.kind != "step" or place.epoch is None:
        return line
    return replace(line, place=replace(place, kind="epoch", count=place.epoch))


def _is_bare(place: CounterPlace | None) -> bool:
    """Whether a line counts something and states no epoch."""
    return place is not None and place.kind != "epoch" and place.epoch is None


FORMAT = Format(
    name=NAME,
    sample="step 5 loss: 2.3, or Epoch 1/3 [10/200] loss 2.3",
    claims=claims,
    read=read,
    keys=keys,
    priority=90,
    mappable=True,
)
