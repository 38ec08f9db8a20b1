"""Where a line of a console is in its training: the steps, batches or epochs it counts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, Literal, TypeAlias

from msgspec import Struct

from lossscan.expressions import expression
from lossscan.formats.kit.shapes import FRACTION, Part, Shapes

Kind: TypeAlias = Literal["step", "batch", "bar", "epoch"]

# Steps and epochs in other languages than English, also as browsers translate a page.
_STEP_WORDS: Final = ("步数", "步骤", "迭代", "训练", "重复", "ステップ", "스텝", "шаг", "итерация")
_EPOCH_WORDS: Final = (
    *("轮次", "轮数", "纪元", "时代", "エポック", "에포크", "에폭"),
    *("эпоха", "época", "epoca", "époque", "epoque", "epoche"),
)
_BETWEEN: Final = (  # a name and its number
    r"(?:\(train\)|\.{3}| (?:number|no\.))?['\"]?[\s:：=#\[(<]{0,16}['\"]?"
)
_COUNT: Final = r"(\d{1,3}(?:,\d{3}){1,4}|\d{1,15}(?:[KM](?= ))?)"
_OF: Final = (
    rf"(?:st|nd|rd|th)?(?:\s{{0,8}}(?:/|of)\s{{0,8}}{_COUNT})?(?=[^\w.%]|\.\.?\s)"  # of how many
)
_OR_FRACTION: Final = rf"(\d{{1,9}}|{FRACTION})"  # of any length and sign: a shape is one in all
_TIMES: Final = {"k": 1000, "m": 1_000_000}
_LARGEST: Final = 1e15  # of a count in digits; `1e999` is infinite
_WITH_TOTAL = 2  # groups of a counter that says of how many
# NeMo's iteration begins again in each epoch, this does not; torchtune's bar: `1|54|Loss: 1.09`
_DECLARED: Final = expression(
    r"(?<![\w./])(?:(?:global_step|GLOBAL_STEP|acc_iter|global[_ ]iter|current_steps"
    r"|steps_completed)(?:/max_steps)?"
    r"['\"]?\s{0,8}[:=]\s{0,24}['\"]?|Acc_iter |\d{1,6}\|(?=\d{1,15}\|Loss: ))"
    rf"(\d{{1,15}}|{FRACTION})(?=[^\w.])"
)
_AT_EPOCH: Final = expression(  # fairchem's are of three digits: `epoch: 1.2e-02, step: 1.20e+02`
    r"\bepoch:? (?:\d{1,9}, total_steps:?|\d\.\d\de[-+]\d\d, step:)"
    r" (\d{1,15}(?!\.)|\d\.\d\de\+\d\d)(?=\D)"
)
_STEP: Final = expression(
    r"(?i)(?:(?<!\w)(?<!time/)(?<!(?<!-)--)(?<!episode )(?:global[_ ]?|total_(?=step\b))?"
    r"(?:steps?|iter(?:ation|ate)?s?|itrs?|n?updates?)\b"
    rf"|(?<![\w/])it\b|(?:{'|'.join(_STEP_WORDS)})(?:次?数)?(?![a-z\u0430-\u044f])){_BETWEEN}{_COUNT}{_OF}"
)
_STEP_BEHIND_ITER: Final = expression(  # of the run, behind the epoch's: `iter 14/15, step 89`
    rf"(?i)(?<!\w)iter(?:ation)?s?\b{_BETWEEN}\d{{1,15}}\s{{0,8}}/.{{1,200}}?[\s,(|]step\b{_BETWEEN}{_COUNT}"
    r"(?=[^\w.%/]|\Z)(?! ?(?:/|of\b))"
)
_BATCH: Final = expression(  # not one's shape: `batch: (32, 1024)`
    r"(?i)(?<!\w)(?<!time/)(?<!\[eval )batch(?:_?(?:id|idx|index)| ?个数)?\b(?!:? ?\(\d{1,9}, ?\d)"
    rf"(?:{_BETWEEN}|-(?=\d)){_COUNT}{_OF}"
)
_EPOCH: Final = expression(
    rf"(?i)(?:(?<!\w)(?<!time/)(?<!(?<!-)--)(?:e?pochs?|rounds?|pass)\b"
    rf"|(?<![a-z\u0430-\u044f])(?:{'|'.join(_EPOCH_WORDS)})(?![a-z\u0430-\u044f]))"
    rf"(?:{_BETWEEN}|-(?=\d{{1,9}}\s)){_OR_FRACTION}{_OF}"
    r"(?!\s?s(?:ec(?:ond)?s?)?\.?\s{0,4}(?:\Z|[,;|)]))"  # how long one took
)
_SET_TO: Final = expression(  # of a YAML that is printed; the length of an epoch; of TFLearn
    r"\A\s{0,40}(?:(?:epochs: {1,4}\d{1,9}|(?:1|one) epoch = \d{1,12} \w{1,20})\s{0,4}\Z"
    r"|\| \w{1,30} \| epoch: \d{1,9} \| .{1,300} -- iter: \d)"
)
_NTH_STEP: Final = expression(r"(?:第|已训练)\s{0,4}(\d{1,15})\s{0,4}(?:步|次|个?批次)")
# 900step:
_STEP_BEHIND: Final = expression(r"(?i)^\s{0,20}(\d{1,15}) ?(?:steps?|iter(?:ation)?s?) ?:")
_UPDATES: Final = expression(r"\| {0,4}(\d{1,15}) updates \|")  # of fairseq-lua
_NTH_EPOCH: Final = expression(
    r"第\s{0,4}(\d{1,9})\s{0,4}(?:/\s{0,4}(\d{1,9})\s{0,4})?(?:轮|个?\s?epoch)"
)
_SUMMED_UP: Final = expression(r"(\d{1,9})(?=epoch results: )")  # of ESPnet
_OF_SET: Final = expression(  # of Catalyst: `train (1/20) `; `Val[1] loss: 0.5`
    r"(?i)(?:^|\s)(?:train|val(?:id)?|test)(?: \(|\[)(\d{1,9})(?:/(\d{1,9}))?[\])][ :]"
)
_NEXT_SHARE: Final = expression(  # `Epoch 2, 50/900;`, no date
    r"(?:\s{0,4}[,:;|-]\s{0,8}|\s{2,8})(\d{1,15}) ?/ {0,8}(\d{1,15})(?=[^\w./-])"
)
_SHARE: Final = expression(r"[\[(|]\s{0,8}(\d{1,15})\s?/\s{0,8}(\d{1,15})(?=[^\w.])")
_CORRECT: Final = expression(  # before how many of a set were told right: `acc: 0.73 (1464/2000)`
    r"(?i)(?:acc\w{0,6}|correct\w{0,2}|top-?\d)\W{1,4}(?:[\d.]{1,20} ?%? ?)?\(\Z"
)
_OPEN_BAR: Final = expression(  # of unknown length; Levanter's `1.23kit/10.0kit rate:2.1it/s`
    r"(?:^|[\s:])(\d{1,15}|\d{1,3}\.\d{1,2}[kM])it(?: \[\d{1,3}:\d\d|/[\d.]{1,9}[kM]?it rate:)"
)
_BAR: Final = expression(  # tqdm's, also without a drawing, and rich's as Lightning draws it
    r"(?:\||━|╸|╺|\d%)\s{0,80}(\d{1,15})/(\d{1,15}) (?:\[\d{1,5}:\d\d|\d{1,3}:\d\d:\d\d •)"
)
_DRAWN: Final = expression(  # by the package `progress`: `Processing |####| (391/391) Data: `
    r"\|[#█ ]{1,80}\| \((\d{1,15})/(\d{1,15})\) "
)
# A part of such a line, in small letters, an epoch without the word, and the batch behind it:
# timm, PyTorch's tutorial, WeNet, ESPnet.
_UNNAMED: Final = (
    ("train: ", expression(r"\bTrain: (\d{1,9})(?= \[)"), _SHARE),
    (  # of pytracking
        ", ",
        expression(r"^\[(?:train|val): (\d{1,9})(?=, \d)"),
        expression(r", (\d{1,15}) / (\d{1,15})\]"),
    ),
    (
        "[",
        expression(r"^\s*(?:Loss )?\[(\d{1,9})(?=, {0,8}\d{1,15}\][ (])"),
        expression(r", {0,8}(\d{1,15})\]"),
    ),
    (  # DCGAN of PyTorch's examples, Swin Transformer's `Train: [0/300][50/1251]`
        "[",
        expression(r"(?:^\s*|\bTrain: )\[ {0,8}(\d{1,9})(?= {0,8}/ {0,8}\d{1,9}\] ?\[ {0,8}\d)"),
        expression(r"\] ?\[ {0,8}(\d{1,15}) {0,8}/ {0,8}(\d{1,15})\]"),
    ),
    (
        "batch ",
        expression(r"\bTRAIN\b.{0,80}?\bBatch (\d{1,9})(?=/\d)"),
        expression(r"/(\d{1,15}) "),
    ),
    (  # two numbers before a loss
        "loss",
        expression(r"^\s*(\d{1,9})(?=[ ,:]{1,3}\d{1,15}[ ,:]{1,3}(?i:(?:train )?loss)[ :=])"),
        expression(r"[ ,:](\d{1,15})(?=[ ,:])"),
    ),
    (  # of YOLACT
        " || ",
        expression(r"^\[ {0,4}(\d{1,9})(?=\] {1,8}\d)"),
        expression(r" (\d{1,15}) \|\| "),
    ),
    (  # NVIDIA's DLLogger
        '"step": [',
        expression(r'"step": \[(\d{1,9})(?=, ?\d)'),
        expression(r", ?(\d{1,15})[\],]"),
    ),
    ("epoch:train:", expression(r"\b(\d{1,9})epoch:train:"), expression(r"-(\d{1,15})batch:")),
)
_BARE: Final = expression(  # no line of a file: `train.py: 159: Loss is NaN`, no set: `SET 0 LOSS`
    r"(?:^|(?<!\.py:)(?<!set|SET)\s)[\[#]?(\d{1,15})(?:/(\d{1,15})|\s\|\s[\d.]{1,20})?\]?[,:]?\s(?:\|\s)?"
    r"(?=(?:\[[DG] )?(?i:(?:train[ _])?loss(?:es)?)\b)"
)
# RVC: step, rate
_HEADED: Final = expression(r"(?:^|:)\[(\d{1,15})(?=, \d[\d.e-]{1,24}\]\s{0,2}$)")
_OF_RUN: Final = expression(  # with the word behind: Keras-RL, char-rnn; torch-rnn's `i = 5 / 9,`
    r"(?:(?:^|\s)(?=\d{1,15}/\d{1,15}(?:: episode\b| \(epoch \d))|, i = )(\d{1,15}) ?/ ?(\d{1,15})"
    r"(?=\D)"
)
_BEFORE_EPOCH: Final = expression(  # a step, the epoch and its batch, each in brackets
    r"^\s*\[ {0,8}(\d{1,12})\] ?\[ {0,8}\d{1,9} {0,8}/ {0,8}\d{1,9}\] ?\[ {0,8}\d{1,12} {0,8}/"
)
_LEADING: Final = expression(  # `[  120/10000]  eta: ...`, `51000 / 1000000 eps 0.9 |`, EDSR's tabs
    r"^\s{0,20}\[? {0,12}(\d{1,15}) ?/ {0,12}(\d{1,15})\]?(?= (?!\[)|\t\[[A-Z])"
)
_BRACKETED: Final = expression(  # Dreamer's `[5000] div 77.2 / model_loss 5864.5 / `
    r"^\[(\d{1,15})\](?= [a-z]\w{1,40} \S{1,50} / [a-z]\w{1,40} \S{1,50} / )"
)
_BEFORE_LOSS: Final = expression(  # DARTS' `train 050 6.912632e+00 0.1 0.5`, `model_10, loss: 4.9`
    r"(?:\b(?:train|valid) (?=\d{1,6} \d\.\d{6}e[-+]\d\d )|^model_(?=\d{1,9}, loss))(\d{1,9})[ ,]"
)
_OF_PROCESS: Final = expression(r"\]\((\d{1,15})/(\d{1,15})\) ")  # of DGL-KE
_OF_BATCHES: Final = expression(r"(?<![\w./])(\d{1,15})/ {0,8}(\d{1,15}) batches \|")
_FIT: Final = expression(r"\bfit progress: \((\d{1,9})(?=, \d)")  # Flower's rounds
_EPOCH_ITER: Final = expression(r"\bepoch/iter: \d{1,9}/(\d{1,15})(?=\s)")  # of fastreid
_EPISODE: Final = expression(rf"(?i)(?<!\w)ep(?:isode)?s?\b{_BETWEEN}{_COUNT}{_OF}")
_OF_LOSS: Final = expression(  # Tacotron 2: `Train loss 64998 0.302`
    r"(?i)(?<![\w/])(?:train|validation) loss (\d{1,12}):? {1,4}(?=\d{1,12}\.\d|nan)"
)
_GLUED: Final = expression(  # `step-90`, `step90`
    r"(?i)^\s{0,20}(?:step|iter(?:ation)?)-?(\d{1,15})(?=[\s,:;])"
)
_CLU: Final = expression(r"\] \[(\d{1,15})\] (?=[\w/]{1,60}=)")
# Each with words in small letters, one of them in all that it finds: a look for these is fast.
_Hinted: TypeAlias = tuple[tuple[str, ...], re.Pattern[str]]
_EPOCHS: Final[tuple[_Hinted, ...]] = (
    (("poch", "round", "pass", *_EPOCH_WORDS), _EPOCH),
    (("第",), _NTH_EPOCH),
    (("epoch results: ",), _SUMMED_UP),
    (("train (", "valid (", "train[", "val[", "valid[", "test["), _OF_SET),
)
_STEPS: Final[tuple[_Hinted, ...]] = (
    (("global", "acc_iter", "current_steps", "steps_completed", "|loss: "), _DECLARED),
    (("total_steps", ", step: "), _AT_EPOCH),
    (("iter",), _STEP_BEHIND_ITER),
    ((": episode", " (epoch ", ", i = "), _OF_RUN),
    (("epoch/iter: ",), _EPOCH_ITER),
    (("step", "it", "update", *_STEP_WORDS), _STEP),
    (("第", "已训练"), _NTH_STEP),
    ((" updates |",), _UPDATES),
)
_BATCHES: Final[tuple[_Hinted, ...]] = ((("batch",), _BATCH), ((" batches |",), _OF_BATCHES))
_OPEN_BARS: Final[tuple[_Hinted, ...]] = ((("it [", "it rate:"), _OPEN_BAR), (("| (",), _DRAWN))
_LESS_SURE: Final[tuple[_Hinted, ...]] = (
    (("[",), _BEFORE_EPOCH),
    (("ep",), _EPISODE),
    (("fit progress",), _FIT),
    (("loss",), _OF_LOSS),
    (("/",), _LEADING),
    (("loss",), _BARE),
    (("step", "iter"), _GLUED),
    (("[",), _CLU),
    (("[",), _HEADED),
    (("step", "iter"), _STEP_BEHIND),
    (("[",), _BRACKETED),
    (("](",), _OF_PROCESS),
    (("train ", "valid ", "model_"), _BEFORE_LOSS),
)


class CounterPlace(Struct, frozen=True, gc=False):  # no cycles: there are millions of it
    """The counter of a line: of steps, batches of an epoch, a progress bar, or epochs alone."""

    kind: Kind
    count: int
    of: int | None = None  # counts of the epoch or of the run, where the line says
    epoch: int | None = None
    rounded: bool = False  # LeRobot's 12K


def place_of(line: str) -> CounterPlace | None:
    """The finest counter of a line."""
    texts = _texts(line)
    if not texts:
        return None
    kind = next(iter(texts))[0]
    of, epoch = texts.get((kind, "of")), texts.get((kind, "epoch"))
    return CounterPlace(
        kind,
        whole(texts[kind, "count"]),
        None if of is None else whole(of),
        None if epoch is None else whole(epoch),
        rounded=texts[kind, "count"][-1].casefold() in _TIMES or "e+" in texts[kind, "count"],
    )


def whole(text: str) -> int:
    """The number of a counter: of a fraction, as of an epoch, what is whole; none is below 0."""
    if text.isdecimal():
        return int(text)
    shown = float(text.rstrip("kmKM\u212a").replace(",", "")) * _TIMES.get(text[-1].casefold(), 1)
    return int(min(max(shown, 0.0), _LARGEST))


def counter_parts(line: str) -> Iterator[Part[tuple[Kind, str]]]:
    """The counter of a line, of how many it says it is, and its epoch, each where it has one."""
    if _SET_TO.match(line):
        return
    kind, counter, epoch = _finest(line)
    if counter is None:
        return
    yield Part((kind, "count"), counter.start(), *counter.span(1))
    if kind != "epoch" and counter.lastindex == _WITH_TOTAL:
        yield Part((kind, "of"), counter.start(), *counter.span(2))
    if kind != "epoch" and epoch:
        yield Part((kind, "epoch"), epoch.start(), *epoch.span(1))


_Found: TypeAlias = re.Match[str] | None


def _finest(line: str) -> tuple[Kind, _Found, _Found]:
    """The counter and the epoch it is in: of steps, batches or bars, else the epoch alone."""
    small = line.lower()
    for hint, named, counted in _UNNAMED:
        found = named.search(line) if hint in small else None
        if found and (batch := counted.search(line, found.end())):
            return "batch", batch, found
    epoch = _first(line, small, _EPOCHS)
    if step := _first(line, small, _STEPS):
        episode = _EPISODE.search(line, 0, step.start()) if "episode" in small else None
        return "step", episode or step, epoch  # the steps behind an episode are those it took
    if batch := _first(line, small, _BATCHES):  # of an epoch, where it says of how many
        return ("batch" if batch[2] else "step"), batch, epoch
    after = epoch.end() if epoch else 0
    if bar := _BAR.search(line, after) or _first(line, small, _OPEN_BARS, after):
        return "bar", bar, epoch
    if epoch:
        return _within(line, small, epoch)
    return ("step", _first(line, small, _LESS_SURE), None)


def _within(line: str, small: str, epoch: re.Match[str]) -> tuple[Kind, _Found, _Found]:
    """The batch of an epoch, or the bar before it, else the epoch alone."""
    at = epoch.start()
    glued = "loss" in small[at:] and "loss" not in small[:at]
    if not glued and (bar := _BAR.search(line)):  # else a message is behind a bar of no numbers
        return "bar", bar, None
    shares = (_NEXT_SHARE.match(line, epoch.end()), *_SHARE.finditer(line, epoch.end()))
    share = next((m for m in shares if m and not _CORRECT.search(line[: m.start() + 1])), None)
    return ("batch", share, epoch) if share else ("epoch", epoch, epoch)


def _first(line: str, small: str, patterns: Iterable[_Hinted], start: int = 0) -> _Found:
    """The match of the first pattern that matches; `small` is the line in lower case."""
    for hints, pattern in patterns:
        for hint in hints:
            if hint in small:
                if found := pattern.search(line, start):
                    return found
                break
    return None


_texts: Final = Shapes(counter_parts)
