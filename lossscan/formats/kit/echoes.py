"""Settings that a log repeats: the command, YAML, JSON, a dump of arguments, overridden values.

They are told by their names and by their company: one known name alone may be prose, and a line
that also states a loss or a counter is a point. A usage text states defaults and is passed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from math import prod
from typing import Any, Final, TypeAlias

from msgspec import Struct, field

from lossscan.canonical.fields import ALIASES, FIELDS, PRECISIONS, canonical_fields
from lossscan.expressions import expression
from lossscan.formats.kit.commands import command, continued, listed_flags
from lossscan.formats.kit.text import encoding, lines_of
from lossscan.sources.files import Head

FEWEST: Final = 2  # known names in a row that make settings: one alone is in any prose
MOST_AHEAD: Final = 100  # lines of settings before the first whose name tells, as of the model
MOST_BARE: Final = 3  # lines within settings that state nothing: headlines, brackets
_NAME: Final = r"(?<![\w.])([A-Za-z_][\w.-]{0,80}(?: [A-Za-z]\w{0,30}){0,4})['\"]?"
_VALUE: Final = (
    r"(\"[^\"\n]{0,300}\"|'[^'\n]{0,300}'|<[^<>\n]{1,100}>|\d{1,9}(?: ?\* ?\d{1,9}){1,3}"
    r"|[^\s,;:='\"(){}\[\]<>|#][^\s,;:='\"(){}\[\]|]{0,300})"
)
_ITEM: Final = expression(
    rf"{_NAME}[ \t]{{0,60}}(?:[:=|│┃]|\.{{2,200}})[ \t]{{0,60}}"
    rf"(?:\[(?=[^\],\n]{{1,40}}\]))?{_VALUE}"
    r"(?=['\"\s,;)}\]|]|$)(?![ \t]{0,40}(?:[:=]|\*))"
)
_COLUMNS: Final = expression(  # a name and its value in columns, with nothing between
    r"(?:.{0,100}\])?[ \t]{0,40}([A-Za-z_][\w.-]{0,80}) {2,80}([^\s:=|]{1,100})"
)
_DEFAULTED: Final = expression(  # what was chosen, and behind it the default of an option
    r"(?P<chosen>\s{0,40}[\w.-]{1,80}: \S{1,100}\s{1,80})\[default: .{0,300}"
)
_TRANSLATED: Final = expression(
    r"(?<=\w) / [^\n:=]{0,8}[^\x00-\x7f][^\n:=]{0,40}(?=:|=| =)"
)  # kohya's
_SHORT: Final = expression(r" \([A-Z]{1,3}\)(?=:)")  # `learning rate (LR): 0.1`
_GROUPED: Final = expression(  # DeepSpeed's `"fp16": {"enabled": true`
    r"\b(fp16|bf16|bfloat16)['\"]?\s{0,8}[:=]\s{0,8}\{?([^{}]{0,300})"
)
_ENABLED: Final = expression(r"(?i)\benabled['\"]?\s{0,8}[:=]\s{0,8}(true|false)\b")
_VARIABLE: Final = expression(
    r"\s{0,8}(?:\+ )?(?:export |set )?([A-Za-z_]\w{0,60})=(\S{1,100})\s{0,8}"
)
_USED: Final = expression(r"\$(?:\{(\w{1,60})\}|(\w{1,60}))")
_POINT: Final = expression(r"(?i)loss['\"]?[ \t:=(]{1,4}['\"]?[+-]?(?:\.?\d|nan\b|inf)")
_COUNT: Final = expression(  # and no flag
    r"(?i)(?<![\w-])(?:epoch|step|iter|iteration|global_step)[ =:#\[]{1,12}\d"
)
_SECTION: Final = "***** Running"
_FENCE: Final = ("```y", "```toml", "```json")  # of settings that were pasted in Markdown
_SURE: Final = expression(r"\bNamespace\(|\b\w{1,60}(?:Arguments|Args|Config)\(|\bOverriding\b")
_USAGE: Final = expression(r"(?i)\s{0,20}usage:")
_MEMBER: Final = expression(r"<(?:\w{1,60}\.)?(\w{1,60})(?::.{0,100})?>")
_PRODUCT: Final = expression(r"\d{1,9}(?: ?\* ?\d{1,9}){1,3}")
_MODEL: Final = ("vocab_size", "model_type", "architectures", "transformers_version")
_MODEL_MARKS: Final = ("transformers_version", "architectures")
_OF_ARGUMENTS: Final = {"epoch": "num_epochs"}  # elsewhere it may be where a training is
_ALONE: Final = ("gradient_accumulation_steps",)  # that nobody names but who sets it
_BEFORE: Final = "calculated info debug export set initial using the training train"
_TRIAL: Final = "finished with value"  # of Optuna's: what other trials were set to
_GROUP: Final = "Parameter Group"  # of a printed optimizer: its rate may be one of the warm-up
_KNOWN: Final = frozenset((*FIELDS, *ALIASES, *PRECISIONS, "num_examples"))
_FACTS: Final = (  # counts of the data: the banner's reader knows whose they are
    "num_examples num_eval_examples train_samples samples_per_epoch tokens_per_epoch data_epochs"
    " last_epoch_first_sample last_epoch_samples built_samples num_trainable_parameters"
)
_STEMS: Final = ("rate", "lr", "batch", "epochs", "steps", "iters", "16", "dtype", "accum", "decay")
_QUICK: Final = tuple(stem.encode() for stem in _STEMS)

Item: TypeAlias = tuple[str, Any]


class _Block(Struct):
    """Settings that are in a row."""

    stated: dict[str, Any] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    sure: bool = False
    bare: int = 0  # lines since the last that states something

    def take(self, items: Iterable[Item], line: int) -> None:
        """Note what a line states."""
        self.bare = 0
        for name, value in items:
            if name in _KNOWN:
                self.stated[name] = value
                self.lines[ALIASES.get(name, name)] = line

    def settled(self) -> dict[str, tuple[Any, int]]:
        """The fields with their lines, where the block is one of settings."""
        stated: Mapping[str, Any] = self.stated
        if "num_examples" in stated and "num_epochs" not in stated:  # of an evaluation
            return {}
        if any(mark in stated for mark in _MODEL_MARKS):
            stated = {name: stated[name] for name in _MODEL if name in stated}
        fields = canonical_fields(stated)
        if len(fields) < (1 if self.sure or fields.keys() & _ALONE else FEWEST):
            return {}
        chosen = (self.lines[name] for name in PRECISIONS if name in self.lines)
        other = next(chosen, min(self.lines.values()))  # of what two spellings were folded into
        own = (name for name in fields if name not in _FACTS.split())
        return {name: (fields[name], self.lines.get(name, other)) for name in own}


def echoed(head: Head) -> dict[str, tuple[Any, int]]:
    """The canonical settings that the start of a log states, each with its line, from 1.

    Of two launches the later one's hold.
    """
    written_in = encoding(head)
    start = head.start
    if b"\0" in start:
        start = start.decode(written_in, errors="replace").encode()
    small = start.lower()
    if b"\0" in start or not any(word in small for word in _QUICK):
        return {}
    found: dict[str, tuple[Any, int]] = {}
    for block in _Reader().blocks(lines_of(start)):
        found |= block.settled()
    return found


class _Reader(Struct):
    """The settings that are together, as the lines of a log go by."""

    block: _Block = field(default_factory=_Block)
    ahead: list[tuple[int, str]] = field(default_factory=list)  # lines before the first known name
    passing: bool = False  # within a usage text or a printed optimizer
    commanding: bool = False  # the command goes on
    group: str = ""  # a precision whose settings follow, one a line
    variables: dict[str, str] = field(default_factory=dict)  # of the shell

    def blocks(self, lines: Iterable[str]) -> Iterator[_Block]:
        """All blocks; a point, and some lines in a row that state nothing, end one."""
        for number, raw in enumerate(lines, 1):
            if "it/s" in raw or "s/it" in raw:  # a progress bar
                continue
            line = self._filled(raw.rstrip().rpartition("\r")[2])  # as a terminal shows it
            if _ends(line) or self.block.bare > MOST_BARE:
                yield from self._ended()
            else:
                self._take(number, line)
        yield from self._ended()

    def _ended(self) -> Iterator[_Block]:
        if self.block.lines:
            yield self.block
        if self.block.lines or self.block.bare or self.ahead:
            self.block, self.ahead = _Block(), []
        self.passing = self.commanding = False

    def _filled(self, line: str) -> str:
        """A line with the values of the shell's variables in it."""
        if "=" in line and (said := _VARIABLE.fullmatch(line)):
            self.variables[said[1]] = said[2].strip("'\"")
        if "$" not in line:
            return line
        return _USED.sub(lambda used: self.variables.get(used[1] or used[2], used[0]), line)

    def _take(self, number: int, line: str) -> None:
        self.block.sure = self.block.sure or line.startswith(_FENCE)
        self.passing = _is_passed_over(line, passing=self.passing)
        flags = None if self.passing else continued(line) if self.commanding else command(line)
        self.commanding = flags is not None and line.endswith("\\")
        if flags is not None:
            self.block.sure = True
            self.block.take(_arguments(flags), number)
        elif not self.passing and (flags := listed_flags(line)):
            self.block.take(flags, number)
        elif self.passing or not _states(line):
            self.block.bare += 1
        elif self.block.lines or any(stem in line.lower() for stem in _STEMS):
            for place, text in (*self.ahead, (number, line)):
                self._state(place, text)
            self.ahead = []
        elif len(self.ahead) < MOST_AHEAD:
            self.ahead.append((number, line))

    def _state(self, number: int, line: str) -> None:
        sure = _SURE.search(line) is not None
        self.block.sure = self.block.sure or sure
        items = _arguments(_items(line)) if sure else _items(line)
        self.block.take((*items, *self._enabled(line)), number)

    def _enabled(self, line: str) -> Iterator[Item]:
        """The precision that a group switches, in one line or in several."""
        opened = _GROUPED.search(line)
        if opened:
            self.group = opened[1]
        if self.group and (said := _ENABLED.search(opened[2] if opened else line)):
            yield ("fp16" if self.group == "fp16" else "bf16"), said[1]
        if self.group and (said or "}" in line):
            self.group = ""


def _ends(line: str) -> bool:
    """Whether a line is a point, or the headline of counts that the banner's reader knows."""
    if "oss" in line and _POINT.search(line):
        return True
    low = line.lower()
    named = "step" in low or "epoch" in low or "iter" in low  # to look for words is far faster
    counts = named and _COUNT.search(line) is not None and _SURE.search(line) is None
    return counts or _SECTION in line


def _states(line: str) -> bool:
    """Whether a line may state a setting, at a glance."""
    shaped = ":" in line or "=" in line or ".." in line or "|" in line or "│" in line
    described = "(default" in line or "[default" in line
    helps = line.lstrip().startswith("--") or (described and not _DEFAULTED.fullmatch(line))
    return (shaped or _COLUMNS.fullmatch(line) is not None) and not helps


def _is_passed_over(line: str, *, passing: bool) -> bool:
    """Whether a line belongs to a usage text or a printed optimizer: what is set in below one."""
    if passing:
        return not line.strip(" )") or line[0].isspace()
    return _GROUP in line or _TRIAL in line or ("sage:" in line and _USAGE.match(line) is not None)


def _items(line: str) -> Iterator[Item]:
    """The settings that a line states, by their names in the line."""
    if defaulted := _DEFAULTED.fullmatch(line):
        line = defaulted["chosen"]
    line = _TRANSLATED.sub("", line) if " / " in line else _SHORT.sub("", line)
    columns = _COLUMNS.fullmatch(line)
    found = (columns,) if columns else _ITEM.finditer(line)
    return ((_named(m[1]), _plain(m[2])) for m in found)


def _arguments(items: Iterable[Item]) -> Iterator[Item]:
    """Settings of a command or a Namespace."""
    return ((_OF_ARGUMENTS.get(name, name), value) for name, value in items)


def _named(said: str) -> str:
    """The setting that is meant, without its group and the words that may be before a name."""
    words = said.lower().replace("-", "_").split()
    while len(words) > 1 and words[0] in _BEFORE.split():
        words = words[1:]
    return "_".join(words).removesuffix(".type").rpartition(".")[2]


def _plain(value: str) -> str:
    """A value without quotes, of an enumeration its member; a product is computed."""
    if member := _MEMBER.fullmatch(value):
        return member[1].lower()
    if _PRODUCT.fullmatch(value):
        return str(prod(int(factor) for factor in value.split("*")))
    return value.strip("'\"")
