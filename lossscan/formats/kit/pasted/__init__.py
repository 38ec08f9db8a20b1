"""What a log went through: it is quoted, fenced, typeset, escaped, wrapped, glued or of Julia."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from operator import methodcaller
from typing import Final, TypeAlias

from lossscan.expressions import expression
from lossscan.formats.kit.pasted.cut_lines import (
    are_cut_entries,
    are_cut_rows,
    has_objects,
    margin_of,
    objects_flat,
    uncut,
    whole_entries,
    whole_rows,
    width_of_cut,
)
from lossscan.formats.kit.pasted.julia import is_julia, plain
from lossscan.formats.kit.pasted.set_rows import has_set_rows, named_rows
from lossscan.sources.files import Head, is_object

_Repair: TypeAlias = Callable[[Iterable[str]], Iterator[str]]

SCREEN: Final = 4096  # bytes that show what was done
MOST: Final = 0.75  # of the first lines that are quoted where all are
FEWEST: Final = 2  # entries that are wrapped: one may be cut
NARROWEST: Final = 2  # blanks before all lines: trainers put one before each of their rows
ALIKE: Final = 2  # times as many losses: the shown start may end before all ranks have printed
_MARK: Final = expression(r"\A[>#] ?(?![>#])")  # of a mail, of a comment in code
_FENCE: Final = expression(r"\A {0,3}`{1,9}(?=[^`\n])")  # of Markdown, next to the text
_FENCED: Final = expression(r"(?m)^ {0,3}`{1,9}[^`\n]{0,400}[^`\n\w+-]")  # and no language alone
_MARKED: Final = expression(  # bold, or a line in italics
    r"(?m)\*\*(?<!\*{3})(?=[^*\n]{0,40}(?:\d|nan))([^*\n]{1,80})\*\*(?!\*)"
    r"|^_(?=\w)([^_\n]{1,400}\d)_(?=[ \t]{0,4}$)"
)
_CURLY: Final = "\u2018\u2019\u201c\u201d"  # single ones, double ones
_TYPESET: Final = expression(rf"[{_CURLY}]\w{{1,40}}[{_CURLY}] ?[:：]")
_ESCAPED: Final = expression(r"&(#39|#x27|quot);\w{1,40}&\1; ?:")
_STRAIGHT: Final = str.maketrans(_CURLY, "''\"\"")
_REMARK: Final = expression(  # `<-- NaN here`
    r"[ \t]{1,8}(?:<-{2,4}|<={2,4}|\u2190)(?![\w<=-])[^\n]{0,400}"
)
_TUPLE: Final = expression(r"\A\s{0,20}\(u?'(?=[^\n]{0,400}\d[^\n]{0,80}\)\s{0,9}\Z)")
_COMMAS: Final = expression(r"', ?(?:u?')?|, ?u?'|'?\)\s{0,9}\Z|\\[tn]")  # next to its texts
_COLOR: Final = expression(r"\x1b\[[\d;]{0,9}m")
_BLANK: Final = "\u00a0"  # that no line is broken at: of a web page
_BREAK: Final = expression(r"<br ?/?>\n?")  # of HTML
_BACKSLASH: Final = expression(r"\\(?=[_*\[\]#|])")  # of Markdown, in what its editor was given
_WRAPPER: Final = expression(  # of one container, pod, rank or worker, before each line
    r"\A(?:\([^()\n]{0,60}\bpid=\d{1,9}[^()\n]{0,60}\) |[\w.-]{1,40}[_-]\d{1,3} {1,20}\| "
    r"|\[\w{0,12}\d{1,6}(?:,\d{1,6})?\](?:<std(?:out|err)>)?: ?)"
)
_RANK: Final = expression(r"(?i)\A\W{0,3}(?:rank|gpu|worker)[ :_#-]{0,2}\[?(\d{1,4})(?=[\]): |,])")
_STAMP: Final = expression(  # of Kaggle; of GitHub's runners, of containers in nanoseconds
    r"\A(?:\d{1,7}\.\d{1,9}s\t\d{1,7}\t|\d{4}-\d\d-\d\dT[\d:]{8}\.(?:\d{7}|\d{9})Z )"
)
_SHARE: Final = expression(
    r"\A\[(?: {0,4}\d{1,3}% {1,9}|-{9,15})\] "
)  # of xLearn, before its table
_TAB: Final = "#011"  # as syslog writes it
_ELIDED: Final = " d'"  # French, before a vowel: `perte d'entraînement`
_GLUED: Final = expression(r"(?<=[\w.:]) {1,8}(?=\d{1,9}/(?:\d{1,9} \[[=>.]{3,60}\]|Unknown) - )")
_HEADED_BAR: Final = expression(  # of Keras, behind the headline of its epoch
    r"(Epoch \d{1,9}/\d{1,9}) {1,8}(?=\d{1,9}/\d{1,9} (?:\[[=>.]{3}|\u2501))"
)
_GLUED_BAR: Final = expression(  # the same with nothing between: `Epoch 1/10100/100 [====`
    r"(Epoch \d{1,9}/\d{1,9}?)(?=(\d{1,9})/\2 \[[=>.]{3})"
)
_BEHIND_BAR: Final = expression(  # what was printed next, with a count of its own
    r"(?<=it/s\]|s/it\])(?=(?i:step|iter|epoch)\w{0,6}[ :#]{1,3}\d)"
)
_BARS: Final = expression(  # a bar with another behind it
    r"(\d%\|[^\]\n]{1,400}\])(?=[^\n]{1,400}\d%\|)"
)
_UNNAMED: Final = expression(  # the step and the loss, as Unsloth's own loop prints them
    r"(?m)(?<=it/s\]|s/it\])(\d{1,9}), (\d{1,6}\.\d{1,9}|nan)(?=\s{0,4}$)"
)
_BY_BARS: Final = (
    (_HEADED_BAR, "\n\\1\n"),
    (_GLUED_BAR, "\n\\1\n"),
    (_BEHIND_BAR, "\n"),
    (_BARS, "\\1\n"),
    (_UNNAMED, "\nstep \\1, loss: \\2"),
)
_NAMED: Final = expression(  # `[epoch]: 3, [loss]: 4.9`, `{Training loss}=4.9`, `[Loss] 4.9`
    r"(?i)[\[{][\w ]{0,30}loss\w{0,10}[\]}](?: ?[:=]| {1,8}(?:-?\d|nan))"
)
_NAME: Final = expression(r"[\[{]([A-Za-z][\w ]{0,40})[\]}](?= ?[:=]| {1,8}(?:-?\d|nan))")
_LIST: Final = expression(r"\[([-+\d.e, ]{1,600}|nan(?:, ?nan){0,60})\]")  # the terms of a loss
_LIST_ROW: Final = expression(r"\W{0,9}\d{1,12}\b[^\[\n]{1,200}\[[-+\d.e]{1,40}, ?[-+\d.e]")
_LIST_ROWS: Final = expression(  # of DeepXDE: its losses, those of the test, its metrics
    r"\d{1,12} {2,20}\[[-+\d.e]{7,12}(?:, [-+\d.e]{7,12}){0,30}\] {2,20}\[[-+\d.e, ]{7,400}\]"
    r" {2,20}\[[-+\d.e, ]{0,400}\]\s{0,9}\Z"
)
_LIST_NAMES: Final = "Step  Train loss  Test loss  Test metric\n"
_LIST_HEAD: Final = expression(r"(?i)(?!.{0,500}[\d:=]).{0,200}\bloss\b")
_HEADS: Final = expression(  # what counts, again and again in one line: `Epoch 7/9`
    r"(?i)(?<![\w./-])(?:epochs?|steps?|iter(?:ation)?s?)"
    r"[ :=#]{0,3}\[?\d{1,9}(?:/\d{1,9})?(?![\w.])"
)
_HEADED: Final = 3  # of one kind in a line: a sentence names two, but draws no bar
_COMMA: Final = expression(
    r"(?i:loss|verlust|perte|p[eé]rdida|perdita|lr|acc\w{0,10})[:=：]?"
    r" {0,4}\d{1,9},\d{1,12}(?!,?\d)"
)
_POINT: Final = expression(r"\d\.\d")
_DECIMAL: Final = expression(r"(\d),(?=\d)")  # where no number of the log has a point


def is_pasted(head: Head) -> bool:
    """Whether its lines are not as they were printed."""
    return not is_object(head) and bool(_repairs(head.start[:SCREEN]))


def _each(edit: Callable[[str], str]) -> _Repair:
    """The repair that edits each line by itself."""
    return partial(map, edit)


def repaired(head: Head, text: Iterable[str]) -> Iterable[str]:
    """The lines as they were printed; what shows in the start of the file holds for all of it."""
    for repair in _repairs(head.start[:SCREEN]):
        text = repair(text)
    return text


@lru_cache(maxsize=2)
def _repairs(start: bytes) -> tuple[_Repair, ...]:
    plain_start = _COLOR.sub("", start.decode(errors="replace"))
    shown = [line for line in plain_start.splitlines() if line.strip()]
    marked = sum(line.startswith(("> ", ">\t", "# ")) for line in shown)
    quoted = marked >= MOST * max(len(shown), 1)
    if quoted:
        shown = [_MARK.sub("", line) for line in shown]
    text = "\n".join(shown)
    within = tuple(
        repair
        for repair, holds in (
            (_each(partial(_BACKSLASH.sub, "")), "\\_" in text or "\\[" in text),
            (_each(methodcaller("replace", _ELIDED, " ")), _ELIDED in text),
            (_each(methodcaller("replace", _TAB, "\t")), _TAB in text),
            (objects_flat, has_objects(text)),
            (_each(partial(_MARKED.sub, r"\1\2")), bool(_MARKED.search(text))),
            (
                _each(methodcaller("translate", _STRAIGHT)),
                not text.isascii() and bool(_TYPESET.search(text)),
            ),
            (_unescaped, "&" in text and ("&nbsp;" in text or bool(_ESCAPED.search(text)))),
            (whole_entries, are_cut_entries(shown)),
            (partial(_cut_at, _GLUED), "] - ETA" in text or "/Unknown - " in text),
            (_unglued, any(mark.search(text) for mark, _ in _BY_BARS)),
            (named_rows, has_set_rows(text)),
            (_each(partial(_NAME.sub, r"\1")), bool(_NAMED.search(text))),
            (_summed, "[" in text and _are_lists(shown)),
            (_parted, any(map(_heads, shown))),
            (whole_rows, are_cut_rows(shown)),
            (plain, is_julia(text)),
            (_untupled, "('" in text and _often(_TUPLE.match, shown)),
            (
                _each(partial(_DECIMAL.sub, r"\1.")),
                not _POINT.search(text) and len(_COMMA.findall(text)) >= FEWEST,
            ),
        )
        if holds
    )
    return (*_around(text, shown, quoted=quoted), *within)


def _around(text: str, shown: Sequence[str], *, quoted: bool) -> Iterator[_Repair]:
    """The repairs of what came before or behind each line, or cut it."""
    wrapper, width = _wrapper(shown), width_of_cut(shown[:-1])
    ranks, margin = _ranks(shown), margin_of(shown)
    repairs = (
        (_each(partial(_MARK.sub, "")), quoted),
        (partial(uncut, width), width > 0),
        (_each(methodcaller("removeprefix", margin)), len(margin.expandtabs()) >= NARROWEST),
        (_each(partial(_FENCE.sub, "")), "`" in text and bool(_FENCED.search(text))),
        (
            _each(partial(_REMARK.sub, "")),
            ("<" in text or "\u2190" in text) and bool(_REMARK.search(text)),
        ),
        (partial(_cut_at, _BREAK), len(_BREAK.findall(text)) >= FEWEST),
        (_each(methodcaller("removeprefix", wrapper)), wrapper != ""),
        (partial(_of_ranks, ranks), len(ranks) > 1 and any(ranks.values())),
        (_each(partial(_STAMP.sub, "")), _often(_STAMP.match, shown)),
        (_each(partial(_SHARE.sub, "")), "%  " in text and any(map(_SHARE.match, shown))),
        (_each(methodcaller("replace", _BLANK, " ")), _BLANK in text),
    )
    return (repair for repair, holds in repairs if holds)


def _often(holds: Callable[[str], object], shown: Sequence[str]) -> bool:
    return len(list(filter(holds, shown))) >= FEWEST


def _unescaped(text: Iterable[str]) -> Iterator[str]:
    from html import unescape

    return map(unescape, text)


def _untupled(text: Iterable[str]) -> Iterator[str]:
    """What Python 3 would have printed of several: `('epoch', 1, 'loss:', 0.5)` was of Python 2."""
    for line in text:
        found = _TUPLE.match(line)
        yield f"{_COMMAS.sub(' ', line[found.end() :])}\n" if found else line


def _are_lists(shown: Sequence[str]) -> bool:
    """Whether rows below a header with a loss hold lists, as of the terms of a loss."""
    headed = any(map(_LIST_HEAD.match, shown))
    return _often((_LIST_ROW if headed else _LIST_ROWS).match, shown)


def _summed(text: Iterable[str]) -> Iterator[str]:
    """Rows with the sum of each list in its place, below the names that were not pasted."""
    named = False
    for line in text:
        named = named or _LIST_HEAD.match(line) is not None
        if not named and _LIST_ROWS.match(line):
            yield _LIST_NAMES
            named = True
        yield _LIST.sub(_sum, line) if "[" in line else line


def _sum(found: re.Match[str]) -> str:
    try:
        return repr(sum(map(float, found[1].split(","))))
    except ValueError:
        return found[0]


def _heads(line: str) -> list[int]:
    """Where in a line several epochs, or steps, begin that were a line each; empty where none."""
    least = FEWEST if line.count("%|") >= FEWEST else _HEADED
    if line.lower().count("loss") < least:
        return []
    found: dict[str, list[int]] = {}
    for head in _HEADS.finditer(line):
        found.setdefault(head[0].lower().rstrip("0123456789/ :=#["), []).append(head.start())
    return next((places for places in found.values() if len(places) >= least), [])


def _parted(text: Iterable[str]) -> Iterator[str]:
    """Each epoch, or step, on a line of its own: a page may show all of them as one paragraph."""
    for line in text:
        at = 0
        for place in _heads(line):
            if line[at:place].strip():
                yield f"{line[at:place]}\n"
                at = place
        yield line[at:]


def _cut_at(mark: re.Pattern[str], text: Iterable[str]) -> Iterator[str]:
    """Lines cut wherever such a mark is, in whose place a line ended."""
    for line in text:
        yield from mark.sub("\n", line).splitlines(keepends=True)


def _unglued(text: Iterable[str]) -> Iterator[str]:
    """Bars, and what was printed behind them, on lines of their own."""
    for line in text:
        for mark, by in _BY_BARS:
            line = mark.sub(by, line)  # noqa: PLW2901
        yield from line.splitlines(keepends=True)


def _wrapper(shown: Sequence[str]) -> str:
    """What most lines begin with, where it is the name of one container, rank or worker."""
    found = next(filter(None, map(_WRAPPER.match, shown)), None)
    wrapped = sum(line.startswith(found[0]) for line in shown) if found else 0
    return found[0] if found and wrapped >= max(MOST * len(shown), FEWEST) else ""


def _ranks(shown: Sequence[str]) -> dict[int, bool]:
    """The ranks that print, and whether a log needs their lines: of those alike one is enough.

    In a pipeline only the last one prints a loss; one that evaluates prints fewer than the others.
    """
    losses: Counter[int] = Counter()
    for found in filter(None, map(_RANK.match, shown)):
        losses[int(found[1])] += "loss" in found.string.lower()
    alike = sorted(rank for rank in losses if ALIKE * losses[rank] >= max(losses.values()))
    return {rank: losses[rank] > 0 and rank not in alike[1:] for rank in losses}


def _of_ranks(ranks: Mapping[int, bool], text: Iterable[str]) -> Iterator[str]:
    """The lines of the ranks that are needed, and those of others with NaN."""
    for line in text:
        rank = _RANK.match(line)
        if rank is None or ranks.get(int(rank[1])) or "nan" in line.lower():
            yield line
