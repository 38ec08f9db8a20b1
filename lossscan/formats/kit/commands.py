"""The command that started a training, as a log repeats it: its flags and overrides."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any, Final

from lossscan.expressions import expression

MOST_WORDS: Final = 400  # of one command; Megatron's have some 150
MOST_AHEAD: Final = 24  # words before the program: a clock, a level, a launcher with its flags
_PROGRAMS: Final = (
    "python torchrun accelerate deepspeed llamafactory-cli swift axolotl litgpt tune composer"
    " fairseq-train fairseq-hydra-train trl paddle onmt_train spacy t2t-trainer xtuner"
)
_PYTHON: Final = expression(r"python[\d.]{0,6}(?:\.exe)?|\S{1,200}\.(?:py|sh)")
_BEFORE: Final = expression(r"[/\\>$!]")  # a path, or a prompt without a blank
_AHEAD: Final = expression(  # what may be before it; a word of prose is none of these
    r"(?i)[^a-z]*|\(\w{1,60}\)|(?:\d[.、)])?\w{1,80}=.*|-{1,2}\w.*|\S{0,200}[$#>%]|\[?\W?(?:info|debug)\W{0,2}"
    r"|(?:srun|mpirun|nohup|sudo|exec|env|time|numactl|uv|poetry|run|ran|running|executing"
    r"|launch(?:ing|ed)?|cmd|command|commandline|argv|line|args|arguments|with|sys\.argv)\W{0,3}"
)
_OVERRIDE: Final = expression(r"\+{0,2}([A-Za-z_][\w.]{0,100})=(.{1,300})")
_FLAG: Final = expression(r"--?([A-Za-z][\w.-]{0,80})(?:=(.{0,300}))?")
_PLACEHOLDER: Final = expression(r"[A-Z][A-Z_]{0,80}|[\[<{].{0,200}")  # what a usage text has
_NUMBER: Final = expression(r"[\d.,e+-]{1,40}")
_MEANT: Final = {
    "data.train_batch_size": "global_batch_size",  # verl's, of all its workers
    "train_batch_size": "batch_size",  # of diffusers; as a key of DeepSpeed's it is the total
}
_QUOTES: Final = str.maketrans("", "", "[]'\",")


def command(line: str) -> list[tuple[str, Any]] | None:
    """The settings that a command states, None where the line is none.

    A flag without a value is true, `--no-flag` is false.
    """
    if not ("python" in line or " -" in line or "--" in line or "=" in line):
        return None
    listed = "'--" in line or '"--' in line  # sys.argv
    words = (line.translate(_QUOTES) if listed else line).split(maxsplit=MOST_WORDS)
    begin = next((at for at, word in enumerate(words[:MOST_AHEAD]) if _is_program(word)), None)
    if begin is None or not all(map(_AHEAD.fullmatch, words[:begin])):
        return None
    return list(_flags(words[begin + 1 :]))


def continued(line: str) -> list[tuple[str, Any]]:
    """The settings on a further line of a command."""
    return list(_flags(line.split(maxsplit=MOST_WORDS)))


def listed_flags(line: str) -> list[tuple[str, Any]]:
    """The settings of a line that is nothing but flags with values; an option's help has words."""
    words = line.rstrip("\\` \t").split(maxsplit=MOST_WORDS)
    if not words or not words[0].startswith("--") or _FLAG.fullmatch(words[0]) is None:
        return []
    pairs = itertools.pairwise(words)
    help_text = any(_is_word(one) and _is_word(two) for one, two in pairs)
    placeholder = any(map(_PLACEHOLDER.fullmatch, words))
    return [] if help_text or placeholder else list(_flags(words))


def _is_word(word: str) -> bool:
    """Whether a word is neither a flag nor a further number of one."""
    return _FLAG.fullmatch(word) is None and _NUMBER.fullmatch(word) is None


def _is_program(word: str) -> bool:
    name = _unquoted(_BEFORE.split(word)[-1])
    return name in _PROGRAMS.split() or _PYTHON.fullmatch(name) is not None


def _flags(words: Sequence[str]) -> Iterator[tuple[str, Any]]:
    for at, word in enumerate(words):
        if override := _OVERRIDE.fullmatch(word):
            yield _leaf(override[1]), override[2].strip("'\"")
        elif flag := _FLAG.fullmatch(word):
            value = _unquoted(flag[2]) if flag[2] is not None else _value(words[at + 1 : at + 2])
            yield from _flag(_leaf(flag[1]), value)


def _leaf(name: str) -> str:
    """The name of a setting without its groups, written as in Python."""
    return _MEANT.get(name) or name.rpartition(".")[2].replace("-", "_")


def _value(behind: Sequence[str]) -> str | None:
    """The value that follows a flag; a negative number is none of the next flag."""
    if not behind or _FLAG.fullmatch(behind[0]) or behind[0] in ("\\", "`", "&", "|", ">", "2>&1"):
        return None
    return _unquoted(behind[0])


def _unquoted(value: str) -> str:
    return value.strip("'\"`")


def _flag(name: str, value: str | None) -> Iterator[tuple[str, Any]]:
    if value is not None:
        yield name, value
    elif name.startswith("no_"):
        yield name.removeprefix("no_"), False
    else:
        yield name, True
