"""How the program ended, where its console tells: with an error, stopped by the scheduler.

Or with what it says in place of a loss that is no number.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from typing import Final

from msgspec.structs import replace

from lossscan.expressions import expression
from lossscan.formats.kit.text import peek
from lossscan.model import Note, Numbers
from lossscan.sources.files import Head

LONGEST: Final = 200  # characters of a message that are kept: a screen of 100 columns, twice
_FRAMES: Final = 1 << 14  # characters of a traceback that are looked through: some 200 frames
_TRACEBACK: Final = "Traceback (most recent call last):"
_RANK: Final = expression(r"^(?:\[[\w:]{1,30}\]:? ?|\d{1,5}: )")  # torchrun's, srun's
_ERROR: Final = expression(r"[A-Za-z_][\w.]{0,200}(?:: .*|:?$)")  # torch.OutOfMemoryError: CUDA ...
_LAUNCHERS: Final = ("ChildFailedError", "CalledProcessError")  # what failed printed its own before
LAST: Final = 10  # lines at the end of a log that tell how it ended: launchers add some
_DIED: Final = expression(  # of Python without its frames, and of a shell
    r"[A-Za-z_][\w.]{0,100}(?:Error|Exception): \S|Killed\s*$|Segmentation fault|Bus error"
    r"|Aborted \(core dumped\)|terminate called after throwing"
)
_STOPPED: Final = expression(
    r"(?:slurmstepd|srun): error: (.{0,400}?(?:CANCELLED|oom.kill|OOM).{0,400})"
)
_LOST: Final = (
    r"(?<!not )(?<!never )(?<!no )"
    r"(?:nan|inf|infinite|infinity|non-?finite|not finite|invalid|explod(?:ing|ed))"
)
_STOPS: Final = (  # with what ends or fails, as epochs end and uploads fail
    r"(?:stop(?:ping|ped)?|terminat(?:ing|ed)|abort(?:ing|ed)?|exit(?:ing)?|halting|quit(?:ting)?"
    r"|ending training|breaking out|(?:training|job|run) failed)"
)
_STATED: Final = r"\bloss\b(?!\W{1,4}\d{1,9}\.\d)"  # and not as a number
_QUICK: Final = (
    *("nan", "inf", "NAN", "INF", "NaN", "Inf", "nvalid loss", "invalid values"),
    *("Minimum loss scale", "finite", "xploded"),
)
_ENDS: Final = (  # one is in what each of these expressions finds
    *("stop", "terminat", "abort", "exit", "halting", "ending", "quit", "breaking", "failed"),
    *("停止", "终止", "退出", "終了", "中断", "中止", "중단", "종료", "abgebrochen", "abbruch"),
    *("deten", "interr", "arrêt", "останов", "прерв"),
    *("error", "exception", "diverged", "became", "assert"),
)
_LOSS: Final = "verlust|p[ée]rdida|perte|perda|perdita|потер[яи]|[损損]失|손실"
_MARKS: Final = (  # of such a line
    *("oss", "OSS", "损失", "損失", "손실", "nan", "NaN", "invalid values", "FloatingPointError"),
    *("radients", "grad norm"),
)
_SAID: Final = tuple(
    expression(rf"(?i){pattern}")
    for pattern in (
        rf"{_STATED}.{{0,60}}?\b{_LOST}\b.{{0,60}}?[,.;:!] ?(?:\w{{1,20}} ){{0,3}}{_STOPS}\b",
        rf"\b{_LOST} (?:\w{{1,20}} ){{0,3}}loss\b.{{0,40}}?[,.;:!] ?{_STOPS}\b",  # of Keras
        rf"(?:Error|Exception)(?:: |'>, ).{{0,80}}?\bloss(?:tensor)?\b.{{0,80}}?\b{_LOST}\b",
        rf"(?:Error|Exception): .{{0,80}}?\b{_LOST}\b.{{0,40}}?(?:\b|_)loss(?:es)?\b",
        r"(?:Error|Exception): .{0,80}?returned nan values in its",  # torch's anomaly detection
        rf"\b{_STOPS}\b.{{0,40}}?\b{_LOST} loss\b",  # stopped because of NaN loss
        rf"\b{_STOPS}\b[ \w]{{0,20}}[:,-] ?.{{0,20}}?{_STATED}.{{0,40}}?\b{_LOST}\b",
        rf"\bdiverged with loss = {_LOST}\b",  # of TensorFlow
        r"FloatingPointError: .{0,80}?\b(?:nan|inf)\b",  # fairseq's of gradients
        r"Error: expected parameter .{0,300}?\breal\(\).{0,20}? found invalid values",  # a policy's
        # Megatron's, and torch's of a norm that is to be clipped
        rf"Error: .{{0,120}}?\b(?:{_LOST} in local grad|gradients\b.{{0,40}}?\bis {_LOST})\b",
        rf"Error: training (?:failed|diverged|stopped|aborted)\b.{{0,40}}?\b{_LOST}\b",
        (
            rf"(?:{_LOSS}|loss).{{0,30}}?(?:nan|inf)(?![a-z]).{{0,30}}?"
            "(?:停止|终止|退出|終了|中断|中止|중단|종료"
            "|abgebrochen|abbruch|deten|interr(?:om|ot|ump)|arrêt|останов|прерв)"
        ),
        r"^\s{1,40}assert (?:not )?[\w.]{0,40}is_?(?:finite|nan|inf)\(.{0,40}?loss",  # of code
        r"(?:Error|Exception): minimum loss scale reached",  # of fairseq
        rf"\bloss became {_LOST} (?:or \w{{1,20}} )?at iteration\b",  # of detectron2
        rf"\bmetric \S{{0,40}}loss\S{{0,10}} = \S{{1,10}} is not finite.{{0,120}}{_STOPS}\b",
    )
)
_AHEAD: Final = expression(
    r"(?i)\b(?:will|would|if|when(?! computing)|whether|unless|wenn|falls|sobald|si|se|cuando"
    rf"|quando|lorsque|quand|если)\b.{{0,60}}(?:\bloss\b|{_LOSS})"
)
_STEP: Final = expression(r"(?i)\b(?:iteration|iter|step|update)s?[ =:#]{1,3}(\d{1,15})\b")


def ending(head: Head, claims: Callable[[Head], bool]) -> str | None:
    """The error that ended the program; None if nothing tells, or the log goes on after it.

    `claims` says whether a text holds logs.
    """
    text = peek(head)
    for place, said in _endings(text):
        rest = text[place:].encode()
        if claims(replace(head, size=len(rest), start=rest, content=None)):
            return None
        return said[:LONGEST]
    return None


def last_words(head: Head) -> str | None:
    """The error without a traceback in the last lines, as a shell or a quoted log has it."""
    for line in reversed(peek(head).splitlines()[-LAST:]):
        bare = _RANK.sub("", line.strip("> `\t\r"))
        if _DIED.match(bare):
            return bare.strip()[:LONGEST]
    return None


def _endings(text: str) -> Iterator[tuple[int, str]]:
    """The place and the text of each line that may tell the end, the likeliest first."""
    for match in list(_STOPPED.finditer(text))[-1:]:
        yield match.end(), match[1]
    place, launcher = len(text), None
    while (place := text.rfind(_TRACEBACK, 0, place)) >= 0:
        error = _error(text[place : place + _FRAMES].splitlines()[1:])
        if error is None:
            continue
        if error.partition(":")[0].endswith(_LAUNCHERS):
            launcher = launcher or (place, error)
            continue
        yield place, error
        return
    if launcher:
        yield launcher


def _error(lines: list[str]) -> str | None:
    """The first line behind a traceback that is not indented."""
    bare = (_RANK.sub("", line) for line in lines)
    first = next((line for line in bare if line.strip() and not line[0].isspace()), "")
    return first.strip() if _ERROR.match(first) else None


# --- a loss that is no number ---------------------------------------------------------------------


def lost(head: Head, claims: Callable[[Head], bool]) -> Note | None:
    """The note on such a message, None where there is none or the log goes on behind it.

    `claims` says whether a text holds logs.
    """
    text = peek(head)
    if not any(word in text for word in _QUICK):
        return None

    def is_last(message: tuple[int, str]) -> bool:
        rest = text[message[0] :].encode()
        return not claims(replace(head, size=len(rest), start=rest, content=None))

    messages = list(_messages(text))
    first = bisect_left(messages, 1, key=is_last)  # of thousands
    if first == len(messages):
        return None
    line = messages[first][1]
    step = _STEP.search(line)
    named = int(step[1]) if step else None
    said: Numbers = {"error": line.strip()[:LONGEST], "lost": 1, "step": named}
    return Note("ended_by_error", head.path, said)


def _messages(text: str) -> Iterator[tuple[int, str]]:
    """The lines that say so, each with the place of its end."""
    at, marks = 0, [word for word in _MARKS if word in text]
    for line in text.splitlines(keepends=True):
        at += len(line)
        if any(word in line for word in marks) and says_lost(line):
            yield at, line


def says_lost(line: str) -> bool:
    """Whether a line says that the program stops because its loss is no number."""
    low = line.lower()
    if not any(word in low for word in _ENDS):  # to look for words is far faster
        return False
    return any(said.search(line) for said in _SAID) and not _AHEAD.search(line)
