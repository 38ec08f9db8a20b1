"""Where a finding can be seen: the lines of the log and of the settings file that state it.

The files are searched as text, because readers keep no line numbers; only runs with findings pay.
"""

from __future__ import annotations

import math
import os
import re
import string
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Final, TypeAlias

from msgspec.structs import replace

from lossscan.canonical.fields import ALIASES
from lossscan.expressions import expression
from lossscan.model import Finding, Location, Run, Series
from lossscan.sources.own_file import opened

MOST_BYTES = 64 << 20  # of a file that is searched, in 0.5 s; the log of 600,000 steps
MOST_LINES = 1000  # that name the step and not the value, before the search is given up
LONGEST_LINE = 64 << 10  # bytes; a longer one is a whole file on one line, not a point
_NUMBER: Final = (
    rb"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[-+]?(?:nan|NaN|inf(?:inity)?|Infinity)"
)
_DIGITS: Final = frozenset(b"0123456789.")
_LETTERS: Final = frozenset(b"_" + string.ascii_letters.encode() + string.digits.encode())
# As trainer_state.json is laid out.
_RECORD: Final = expression(rb'\s{0,99}"step"\s{0,9}:\s{0,9}\d{1,20},?\s{0,99}')
_SAME: Final = 1e-9  # relative: both were parsed from the same text
_TextOf: TypeAlias = Callable[[Path], bytes]


def located(run: Run, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings of a run, each with the places where it can be seen: none for a run elsewhere.

    The most telling place is first: the first point in the log, then the settings that its causes
    name; a finding without a step is about the settings. Each file is read once for all of them.
    """
    folder = _folder(run) if findings else None
    if folder is None:
        return tuple(findings)
    text_of = cache(text_in)
    return tuple(replace(f, locations=_locations(run, f, folder, text_of)) for f in findings)


def _locations(run: Run, finding: Finding, folder: Path, text_of: _TextOf) -> tuple[Location, ...]:
    point = list(_point(run, finding, folder, text_of))
    settings = list(_settings(finding, folder, text_of))
    ordered = point + settings if finding.start_step is not None else settings + point
    return tuple(dict.fromkeys(ordered))


def _folder(run: Run) -> Path | None:
    path = Path(run.path)
    return None if "://" in run.path else path if path.is_dir() else path.parent


def _point(run: Run, finding: Finding, folder: Path, text_of: _TextOf) -> Iterator[Location]:
    source = run.source_of(finding.series) or next((s.path for s in run.sources), None)
    if source is not None:
        step, line = finding.start_step, None
        if step is not None:
            value = _value(run.series.get(finding.series), step)
            line = line_of_point(text_of(folder / source), step, value, finding.series)
        yield Location(source, line)


def _value(series: Series | None, step: int) -> float | None:
    if series is None:
        return None
    values = series.values[series.steps == step]
    return float(values[0]) if len(values) else None


def _settings(finding: Finding, folder: Path, text_of: _TextOf) -> Iterator[Location]:
    for advice in (advice for cause in finding.causes for advice in cause.config):
        if advice.source is None:
            continue
        log, _, number = advice.source.rpartition(":")
        if log and number.isdecimal():  # a log repeats the setting there
            yield Location(log, int(number), advice.field)
        else:
            file = folder / advice.source
            text = text_of(file if file.exists() else Path(advice.source))
            line = line_of_field(text, advice.field)
            if line is not None:
                yield Location(advice.source, line, advice.field)


# --- searching ---------------------------------------------------------------------------------


def line_of_point(text: bytes, step: int, value: float | None, series: str) -> int | None:
    """The line of a text log that states a point, from 1; None where there is none.

    That is the line with both step and value, else the record of JSON that has the step alone in
    its line, else, in logs that print no steps, the first line that gives the series this value.
    """
    for place in islice(_alone(text, b"%d" % step, _DIGITS), MOST_LINES):
        if _states(_line_around(text, place), value):
            return _line(text, place)
    stated = re.compile(rb"\W{1,4}(" + _NUMBER + rb")")
    for place in _alone(text, series.encode(), _LETTERS):
        match = stated.match(text, place + len(series))
        if match is not None and _equal(float(match[1]), value):
            return _line(text, place)
    return None


def line_of_field(text: bytes, field: str) -> int | None:
    """The line of a YAML, JSON or shell file that sets a field under any of its names."""
    names = [field, *(alias for alias, name in ALIASES.items() if name == field)]
    either = "|".join(map(re.escape, names)).encode()
    found = re.search(rb"(?m)(?:^|[{,])[ \t-]*[\"']?(?:" + either + rb")[\"']?\s*[:=]", text)
    return None if found is None else _line(text, found.end())


def text_in(file: Path) -> bytes:
    """The file, or nothing where it is binary, too long, or cannot be read."""
    try:
        with opened(file) as stream:
            size = os.fstat(stream.fileno()).st_size
            text = stream.read(size) if size <= MOST_BYTES else b""
    except OSError:  # the finding goes without its line
        return b""
    return b"" if b"\0" in text[:1024] else text


def _alone(text: bytes, word: bytes, kin: frozenset[int]) -> Iterator[int]:
    """Where a word occurs with nothing of its kind next to it; `find` is 5 times faster than re."""
    place = text.find(word)
    while place >= 0:
        end = place + len(word)
        around = text[max(place - 1, 0) : place] + text[end : end + 1]
        if kin.isdisjoint(around):
            yield place
        place = text.find(word, end)


def _line_around(text: bytes, place: int) -> bytes:
    end = text.find(b"\n", place)
    return text[text.rfind(b"\n", 0, place) + 1 : None if end < 0 else end]


def _states(line: bytes, value: float | None) -> bool:
    """Whether a line that names the step is the point's, or the one line of a whole file."""
    if len(line) > LONGEST_LINE or _RECORD.fullmatch(line):
        return True
    return any(_equal(float(number), value) for number in re.findall(_NUMBER, line))


def _line(text: bytes, place: int) -> int:
    return text.count(b"\n", 0, place) + 1


def _equal(one: float, value: float | None) -> bool:
    if value is None:
        return False
    return math.isclose(one, value, rel_tol=_SAME) or (math.isnan(one) and math.isnan(value))
