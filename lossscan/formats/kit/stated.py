"""A line of a console as what it counts and what it states: `step 5 loss: 2.3`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from msgspec import Struct

from lossscan.canonical.names import (
    MEANS,
    SET_RATE,
    canonical,
    is_judged,
    is_known,
    is_part,
    trains,
)
from lossscan.canonical.sets import ANY, HELD_OUT, TRAINING
from lossscan.expressions import expression
from lossscan.formats.kit.counters import CounterPlace, place_of
from lossscan.formats.kit.ending import says_lost
from lossscan.formats.kit.held_out import MEASURED, OF_RESULTS, evaluations, headline_of, tests
from lossscan.formats.kit.idle_lines import IdleLines
from lossscan.formats.kit.rare_shapes import rare_parts, shared
from lossscan.formats.kit.shapes import LONGEST, Part, Shapes
from lossscan.formats.kit.steps import LOOPED
from lossscan.formats.kit.text import ENDS, NUMBER, PAIR, WRAPPED
from lossscan.formats.kit.worded import NO_NAMES, worded

_ADVERSARIAL: Final = expression(r"(?i)(?:d|g|disc(?:riminator)?|gen(?:erator)?) loss$")
# What transformers' `train` returns, a mean of the run; and what was asked for.
_NO_POINT: Final = ("TrainOutput(", "Namespace(")
_EVAL_BLOCK: Final = "--> EVAL PERFORMANCE"  # of Coqui, above the means of an evaluation
_TOTALS: Final = ("loss", "eval_loss", "test_loss", "train_loss", "total_loss", *MEANS)
_EVAL_BAR: Final = expression(r"(?i)\A\s{0,8}(?:valid|eval|test)\w{0,8}\b")  # drawn alone
_CLOCKED: Final = "time cost"  # of MXNet: how long an epoch took
_NET: Final = " net output #"  # of Caffe, below the iteration it belongs to
_DRAWN: Final = expression(  # behind how much of a bar is drawn: `epoch: 25%|##   | 1/4`
    r"%(?:\|| {1,4}\d{1,15}/\d{1,15} \[)"
)
_EVALUATED, _TESTED = "evaluation/loss", "test/loss"  # of such a line
BATCH_LOSS: Final = "evaluation/batch"  # of one of its batches, at no step of the run
_SPACED: Final = expression(  # a name and its number with nothing between
    rf"(?i)(?<![\w/.-])((?:(?:{ANY})[ _/]{{0,6}})?[tv]?loss"
    r"|(?:(?:total|mean|avg|average|episode)[_ ])?rewards?(?: sum)?|(?:approx_)?kl|entropy|xent"
    r"|nll|lr|learning[_ ]?rate|[a-z]\w{0,30}_loss(?:_\w{1,20})?|loss_\w{1,30}|ppl|(?<=\d )error"
    r"|(?<=[,|] )cost|(?:grad[ _])?norm|(?:训练|验证)?损失|(?:trainings|validierungs)?verlust)"
    r"(?: so far)?(?: is)?(?: -{3,20}>?| [-=]{1,2}>)? {1,24}"
    rf"{WRAPPED}({NUMBER}){ENDS}"
)
_SPACED_NAMES: Final = (  # one is in each of those
    *("loss", "xent", "lr", "learning", "ppl", "norm", "reward", "kl ", "entropy ", " cost "),
    *("nll ", " error ", "损失", "verlust"),
)
_TWO_WORDS: Final = expression(r"([A-Za-z]\w{0,30}) (?i:loss)$")
_ERROR: Final = expression(r"(?i)(?:(?:epoch|total|mean|avg|average|learning|net(?:work)?) )?error")
_SMOOTHED: Final = expression(r"(?i)(?:smooth(?:ed)?|ema|moving) ")  # next to what it smooths
_BEHIND: Final = expression(rf"(?:^|{TRAINING} )[Ll]oss (?!is$|was$|value$|now$)([a-z]{{2,12}})$")
_WORD: Final = expression(  # before one of several losses: `Regression Loss 2.962`
    rf"(?<![\w'-])(?!(?i:{'|'.join(NO_NAMES)}|avg|mean|val\w*|test|eval)\b)[A-Za-z][a-z]{{1,30}} $"
)
_MEASURED: Final = expression(  # `val mse loss 0.5`
    rf"(?i)(?<!\w)(?:({ANY}) (?:set|epoch)|(?:{TRAINING}|({HELD_OUT})) ([a-z]{{1,20}})) $"
)
_STATISTICS: Final = ("std", "stddev", "max", "maximum", "min", "minimum", "best", "lowest")
_STORED: Final = expression(  # `saved checkpoint at step 100 with loss 0.3`, of the best so far
    r"(?i)^[^a-z]{0,60}+(?:INFO\W{1,20}+)?(?:sav(?:ed|ing)|load(?:ed|ing)|restor(?:ed|ing)|resum(?:ed|ing))"
    r" (?:\w{1,20} ){0,3}(?:checkpoint|ckpt|model|weights)\b"
)
_SAID: Final = expression(  # `Validation loss is: 0.5`, `avg loss in epoch = 0.5`
    r" (?:is|was|is now|so far|(?:in|of|over|for) (?:the |this |each )?epoch)\Z"
)
_SUMMED_UP: Final = "tot_loss["
_RUNNING: Final = expression(r"\btot_loss\[[^\]]{1,400}\]")  # of icefall, over the last batches
_ASIDE: Final = ("best", "lowest", "minimum", "min", "packet")  # of the run so far; no loss
_QUALIFYING: Final = expression(  # `Loss(val)`, `loss train (curr)`, `Avg reward (last 1000)`
    rf"(?i)\A(?:({HELD_OUT})|{TRAINING}|curr(?:ent)?|avg|mean|last \d{{1,6}}(?: \w{{1,12}})?)\)"
)


class StatedLine(Struct, frozen=True, gc=False):  # no cycles: there are millions of it
    """The counter of a line and the numbers it states."""

    place: CounterPlace | None
    row: dict[str, Any]  # raw names
    indented: bool


_IDLE: Final = StatedLine(None, {}, indented=False)
_INDENTED: Final = StatedLine(None, {}, indented=True)


class LineReader:
    """Lines as what they count and what they state, by known names and the user's own."""

    def __init__(self, asked: frozenset[str] = frozenset(), text: str = "") -> None:
        self.idle = IdleLines(asked)
        self._row = _row_reader(asked, worded(text))
        self.parts = self._row.find  # where the numbers of a line are, by what names them
        self._in_evaluation = False
        self._alternates = False  # headlines say when training begins, too: so bars are below them
        self._measures = False  # lines tell their set by its accuracy
        self._trained = False  # a loss of training was stated since a bar was drawn
        self._at: CounterPlace | None = None  # of the last loss of training

    def take(self, line: str) -> StatedLine:
        """Read a line, of one that is very long its beginning."""
        line = line[:LONGEST]
        if _NET in line:
            return _of_net(line, self._row(line))
        self._in_evaluation = self._in_evaluation or _EVAL_BLOCK in line
        if line.startswith(_NO_POINT) or _EVAL_BLOCK in line:
            return _IDLE
        indented = line[:1].isspace() and not line.isspace()
        headline = headline_of(line)
        if headline is not None:
            self._in_evaluation = headline["trains"] is None
            self._alternates = self._alternates or not self._in_evaluation
        if self.idle.holds(line):
            return _INDENTED if indented else _IDLE
        return self._looked_at(line, indented=indented, headed=headline is not None)

    def _looked_at(self, line: str, *, indented: bool, headed: bool) -> StatedLine:
        place, row = place_of(line), self._row(line)
        if len(row) == 1 and canonical(*row) == "step":  # of a plan: `Total steps = 39350`
            row = {}
        if place is None and row and "nan" in line.lower() and says_lost(line):
            row = {}  # the note on the end of the log tells of it
        if SET_RATE in row:  # counted by the scheduler, which may begin at another number
            place = None
        self.idle.learn(line, states=bool(row), counts=place is not None)
        below = place in (None, self._at) or (self._alternates and place.kind == "bar")
        if self._in_evaluation and row and below:
            return StatedLine(None, {_evaluated(k): v for k, v in row.items()}, indented=False)
        if not (headed or OF_RESULTS.search(line)):
            self._go_on(line, place, row)
        if "acc" in line and self._of_other_set(line):
            row = {_evaluated(name): each for name, each in row.items()}
        evaluated = row.get(_EVALUATED, row.get(_TESTED))
        if place and place.kind in LOOPED and evaluated is not None:
            return StatedLine(None, {BATCH_LOSS: evaluated}, indented)
        return StatedLine(place, row, indented)

    def _of_other_set(self, line: str) -> bool:
        """Whether an accuracy says that a loss was evaluated, where others say what trains."""
        said = MEASURED.search(line)
        self._measures = self._measures or (said is not None and said[1] is not None)
        return self._measures and said is not None and said[1] is None

    def _go_on(self, line: str, place: CounterPlace | None, row: Mapping[str, str]) -> None:
        """Note whether what follows was evaluated: a bar without numbers says what is done."""
        if place and place.kind == "bar" and not row:
            self._in_evaluation = self._trained and _EVAL_BAR.match(line) is not None
            self._trained = False
        else:
            self._in_evaluation = self._in_evaluation and place is None
            if trains(row):
                self._trained, self._at = True, place


@lru_cache(maxsize=2)  # so that shapes which another log of a batch had are known at once
def _row_reader(asked: frozenset[str], parts: frozenset[str]) -> Shapes[str]:
    return Shapes(_Names(asked, parts).parts)


class _Names:
    """The numbers of a line by what names them: known names and the user's own."""

    def __init__(self, asked: frozenset[str], parts: frozenset[str]) -> None:
        self._asked, self._parts = asked, parts
        self._known = lru_cache(maxsize=1 << 14)(self._known_part)  # keys come again and again
        self._is_name = lru_cache(maxsize=1 << 14)(self._names_a_number)  # and so do their ends

    def parts(self, line: str) -> Iterator[Part[str]]:
        """The places of these numbers; those of an evaluation have other names."""
        if _SUMMED_UP in line:  # by the numbers of the batch, which have the same names
            line = _RUNNING.sub(lambda running: " " * len(running[0]), line)
        parts = [] if _STORED.search(line) else list(self._named(line))
        evaluates = evaluations(line if parts else "")
        alone = not any(is_total(part.label) for part in parts)
        for part in parts:
            known = canonical(part.label).startswith("eval_") or part.label in self._asked
            if known or not evaluates(part.begin):
                yield part
            elif is_total(part.label) or (alone and canonical(part.label) == "nll_loss"):
                yield part._replace(label=_TESTED if tests(line) else _EVALUATED)

    def _named(self, line: str) -> Iterator[Part[str]]:
        together, line = shared(line)
        yield from together
        small = line.lower()
        named = any(word in small for word in _SPACED_NAMES)
        spaced = [*filter(_is_current, _SPACED.finditer(line))] if named else []
        many = bool(self._parts) or len(spaced) > 1 or small.count("loss") > 1
        for match in spaced:
            own = _with_word(line, match, several=many)
            yield Part(own, match.start(), *match.span(2))
        yield from rare_parts(line, small)
        found = (m for m in PAIR.finditer(line) if not _DRAWN.match(line, m.end()))
        pairs = [(m, name) for m in found if (name := self._known(m[1])) and _is_of_net(m, name)]
        several = bool(self._parts) or sum(_is_loss(name) for _, name in pairs) > 1
        if "oss " in line:
            yield from _by_word_behind(line)
        bare = {name for match, name in pairs if match[1] == name}
        for match, name in pairs:
            label = _own_name(match[1], name) if several else name
            if label not in bare or match[1] == label or not _SMOOTHED.match(match[1]):
                yield Part(label, match.start(), *match.span(2))

    def _known_part(self, key: str) -> str | None:
        """The part of a key that is a known name: prose and prefixes may be before it."""
        before, _, behind = key.rpartition("(")
        if before and (found := _QUALIFYING.fullmatch(behind)):
            known = self._known_part(before.rstrip())
            return f"val_{known}" if found[1] and known else known
        if key.casefold().endswith(_CLOCKED):
            return None
        words = _SAID.sub("", key).split(" ")
        for first in range(len(words)):
            if first and words[first - 1].casefold() in _ASIDE:
                return None
            name = " ".join(words[first:]).removeprefix("(")
            if self._is_name(name):
                of_many = first > 0 and words[first - 1].lower() in _STATISTICS
                return None if of_many else _joined(name) if name.lower() in self._parts else name
        return None

    def _names_a_number(self, name: str) -> bool:
        if name in self._asked or name.lower() in self._parts or is_known(name):
            return True
        # Prose may be before a loss: of two words only what adversarial loops print is a part.
        return is_part(name) and (" " not in name or _ADVERSARIAL.match(name) is not None)


def is_total(name: str) -> bool:
    """Whether it names the loss that an evaluation would be told by, not a part of it."""
    return canonical(name) in ("loss", "total_loss", "ce_loss", "cross_entropy", *MEANS)


def _evaluated(name: str) -> str:
    """The name of what a line below the headline of an evaluation states."""
    if not is_judged(name):
        return name
    known = canonical(name)
    return name if known.startswith(("train_", "eval_")) else f"val_{known.removeprefix('avg_')}"


def _of_net(line: str, row: dict[str, Any]) -> StatedLine:
    """The outputs of a Caffe net: parts of the loss, whose total was stated before."""
    if "Test" in line:
        return StatedLine(None, {f"val_{name}": each for name, each in row.items()}, indented=True)
    parts = {name: each for name, each in row.items() if canonical(name) != "loss"}
    return StatedLine(None, parts, indented=True)


def _with_word(line: str, match: re.Match[str], *, several: bool) -> str:
    """The name before a number; of one of several losses with the word before it."""
    measured = _MEASURED.search(line[: match.start()]) if match[1].lower() == "loss" else None
    if measured and (measured[1] or is_part(f"{measured[3]}_loss")):
        return _joined(" ".join(filter(None, (*measured.groups(), match[1]))))
    before = _WORD.search(line[: match.start()]) if several and match[1].lower() == "loss" else None
    own = f"{before[0]}{match[1]}" if before else ""
    return _joined(own) if is_part(own) or _joined(own) in MEANS else match[1]


def _by_word_behind(line: str) -> Iterator[Part[str]]:
    """Parts as well as a total: `train loss:616.4, train loss ctc:1156.6`."""
    for match in PAIR.finditer(line):
        named = _BEHIND.search(match[1])
        if named and is_part(f"loss_{named[1]}"):
            yield Part(f"loss_{named[1]}", match.start(), *match.span(2))


def _is_current(match: re.Match[str]) -> bool:
    """Whether a number is that of its line, and not the best so far: `best val loss 0.5`."""
    word = match.string[: match.start()].rstrip().rpartition(" ")[2]
    return word.lstrip("([").casefold() not in _ASIDE


def _is_of_net(match: re.Match[str], name: str) -> bool:
    """Whether an error is that of the net, and no count of faults or `read error=0.1`."""
    return name != "error" or bool(_ERROR.fullmatch(match[1]) and not match[2].isdecimal())


def _is_loss(name: str) -> bool:
    return canonical(name) in _TOTALS or _ADVERSARIAL.match(name) is not None


def _own_name(key: str, name: str) -> str:
    """The name of one of several losses of a line, by the word before it: `Cls Loss`."""
    words = _TWO_WORDS.search(key)
    return _joined(words[0]) if words and len(name) < len(words[0]) and is_part(words[0]) else name


def _joined(words: str) -> str:
    """Words as one name, as most trainers spell it."""
    return words.lower().replace(" ", "_")
