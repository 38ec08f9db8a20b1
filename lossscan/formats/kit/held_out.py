"""Whether what a line of a console states was evaluated, on a set that is not trained on."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from lossscan.canonical.sets import HELD_OUT, TRAINING
from lossscan.expressions import expression

_EVALUATING: Final = {  # what a line says all of whose numbers were evaluated, by its kind
    "pass": (  # torchtitan's `validate step: 50  loss: 2.3`, and own loops
        r"(?<!prev )\b(?:validat(?:e|ion)|valid|val|eval(?:uation)?|test|cv)[\s|:\].)-]{1,4}"
        r"(?:results? |metrics \()?(?:of |at |@ ?)?(?:global[ _])?"
        r"(?:step|iter(?:ation)?|epoch|batch)\b(?! (?:loss|acc))"
    ),
    "brackets": (  # DeepSpeech's `[valid]`
        rf"[\[(|<【] {{0,4}}(?:{HELD_OUT}|验证集?|测试集?|検証)"
        r"(?:[ _]set| phase| epoch)? {0,4}[\])|>】]"
    ),
    "field": rf"\b(?:phase|mode|split|stage|subset|used)['\"]?[\s:=]{{1,4}}['\"]?(?:{HELD_OUT})\b",
    "name": rf"\bname['\"]: ?['\"](?:{HELD_OUT})['\"]",
    "Determined": r"\breport_validation_metrics\(|\bgroup=validation\b",
    "TensorFlow's estimators": r"\bSaving dict for global step \d",
    "fairseq": r"\bvalid(?:ation)? on '",
    "HRNet": r"\bloss: [\d.]{1,20}, meaniu: ",
    "JoeyNMT": r"\bevaluation result \([a-z ]{3,20}\):",
    "several sets": r"\bvalid set \d{1,2} loss:",
    "sentence": r"^\W{0,9}(?:validating|evaluating|testing)\b[^:=]{0,80}\bloss\b",
    "bullet": (  # of PyTorch's examples for ImageNet
        r"^\s{0,8}\*\s{1,4}(?:average |avg |mean )?(?:acc|prec|top|err)(?!.{0,300}\btrain)"
    ),
    "accuracy": rf"^\s{{0,20}}(?:{HELD_OUT}) acc(?:uracy)?\b(?!.{{0,300}}\btrain)",
    "the set first": (  # behind a clock at most: `Test 0, loss`
        rf"(?:^[\d\s:,.\[\]|/-]{{0,40}}|\bINFO\b)\W{{0,20}}"
        rf"(?:on (?:the )?|(?!train)[a-z]\w{{1,15}} )?(?:{HELD_OUT})"  # `Video val | Loss: 0.7`
        r"(?: on (?:the )?[a-z]{2,12})?(?: set| phase| epoch| results| summary| metrics| error)?"
        r"(?: ?[#(\[]?\d{1,9}(?:/\d{1,9})?(?=\W{1,4}(?:\w{2,8} ){0,2}(?:loss|acc))"
        r"|\s{0,4}[:|]|[,;] (?=epoch|step|iter|batch)|\t|\s{1,4}[-(]{1,2}"
        r"|\s{2,9}(?=loss\b))\s?"  # in columns: `Train  loss=0.5`, `Val    loss=0.7`
    ),
    "the set behind its epoch": (
        rf"\bepoch[\s:#\[]{{0,4}}\d[\d/\] ]{{0,16}}\W{{1,4}}(?:{HELD_OUT})"
        r"(?: set| phase)?(?:\s?[:,|\])-]|\t)"
    ),
}
EVALUATES: Final = expression(f"(?i){'|'.join(_EVALUATING.values())}")
_HEADLINE: Final = expression(  # alone in its line, above what is stated of a set
    r"(?i)^[\W\d]{0,60}+(?:INFO\W{1,20}+(?:[\w.]{1,40}+(?: - |:\W{0,20}+))?"
    r"|I\d{4} [\d:. ]{1,40}+[\w.]{1,40}+:\d{1,6}\] \W{0,20}+)?"  # of absl
    r"(?:epoch[ :#]{1,3}\d{1,9}(?:/\d{1,9})?\W{1,4}+)?(?:start(?:ing)? |running |begin )?"
    r"(?:(?P<trains>train(?:ing)?)|val(?:id(?:at(?:e|ion|ing))?)?|dev|eval(?:uat(?:e|ion|ing))?|test(?:ing)?)"
    r"(?: (?:set|phase|loop|(?:in eval(?:uation)? )?mode|stage|results?|performance|metrics|stats"
    r"|model|error))?"
    r"(?: (?:at |of |for )?(?:epoch|step|iteration))?"
    r"(?:[ :#\[]{1,3}\d{1,9}(?:/\d{1,9})?\]?)?[^\w\n]{0,60}$"
)
_LONGEST_HEADLINE: Final = 80  # characters
OF_RESULTS: Final = expression(r"(?:^|[:\]-]) {1,8}global_step = \d{1,15}\s{0,9}$")  # among others
_BEGUN: Final = expression(  # behind the loss of the training: `loss: 0.5, eval: loss: 0.6`
    rf"(?i)(?<![\w/])(?<=[,;|] )(?:{HELD_OUT})(?: set)?\s?: ?[\[({{]?(?=loss\b)"
)
# One is in what names each such set.
_HELD_OUT: Final = (
    *("val", "dev", "test", "saving dict", "meaniu", "* ", "cv batch"),
    *("验证", "测试", "検証"),
)
_SET: Final = rf"(?i)(?<![\w/])(?:({TRAINING})|{HELD_OUT})"
_MEASURE: Final = (  # before a loss without a set of its own: `val acc: 0.4, loss: 0.6`
    r"[ _]acc(?:uracy)?\s{0,2}[:=]?\s{0,2}\d{1,3}(?:\.\d{1,20})? ?%?[ ,;|-]{1,4}(?=loss\b)"
)
MEASURED: Final = expression(_SET + _MEASURE)
_SECTION: Final = expression(  # of a line that holds both: `train: loss 0.5 | val: loss 0.6`
    rf"{_SET}(?:(?: set)?(?:\s?[:>|)\]]|\s-)(?!\d)|{_MEASURE}"
    r"| ?[\[({](?=[a-z])|_(?:metrics|stats|results)\b)"
)


def evaluations(line: str) -> Callable[[int], bool]:
    """Whether what is at a place of a line was evaluated."""
    small = line.lower()
    if not any(word in small for word in _HELD_OUT):
        return lambda _: False
    sections = [(mark.start(), mark[1] is None) for mark in _SECTION.finditer(line)]
    if len({evaluated for _, evaluated in sections}) > 1:
        return lambda place: [False, *(said for at, said in sections if at <= place)][-1]
    if begun := _BEGUN.search(line):
        return lambda place: place > begun.start()
    whole = EVALUATES.search(line) is not None
    return lambda _: whole


def headline_of(line: str) -> re.Match[str] | None:
    """A line that is a headline; its group `trains` tells whether what is below is training."""
    return _HEADLINE.match(line) if len(line) <= _LONGEST_HEADLINE else None


def tests(line: str) -> bool:
    """Whether what the line evaluates is the set that is kept for the end."""
    said = EVALUATES.search(line)
    return said is not None and any(word in said[0].lower() for word in ("test", "测试"))
