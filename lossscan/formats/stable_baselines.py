"""Boxes of names and numbers, as Stable-Baselines and its kin print: `|  ep_rew_mean  | 27.1 |`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from lossscan.canonical.names import is_judged
from lossscan.expressions import expression
from lossscan.formats.kit.columns import Row, columns, step_number
from lossscan.formats.kit.format import Format
from lossscan.formats.kit.text import NUMBER, lines, peek
from lossscan.model import Table
from lossscan.settings import Settings
from lossscan.sources.files import Head

NAME: Final = "stable_baselines"
_COUNTERS: Final = ("total_timesteps", "TimestepsSoFar", "step", "steps", "nupdates", "Iteration")
_CELL: Final = expression(
    rf"^\| {{1,8}}([\w/](?:[\w/ ]{{0,60}}[\w/])?) {{0,60}}\| {{0,8}}({NUMBER}) {{0,60}}\|\s"
)
_LINE: Final = expression(r"^-{10,200}\s*$")
_REWARDS: Final = (
    "ep_rew_mean",
    "ep_reward_mean",
    "episode_reward",
    "EpRewMean",
    "eprewmean",
    "mean 100 episode reward",
)


def claims(head: Head) -> bool:
    """Whether a box with a count of steps is in it."""
    text = peek(head)
    if not any(word in text for word in _COUNTERS):
        return False
    rows = _rows(text.splitlines(keepends=True))
    return any(_COUNTERS[0] in box or any(map(is_judged, box)) for _, box in rows)


def read(head: Head, settings: Settings) -> Table:
    """Each box is a point at its count of steps."""
    rows = list(_rows(lines(head)))
    return Table(
        path=head.path,
        format=NAME,
        columns=columns(rows, settings),
        framework="stable-baselines" if any(_COUNTERS[0] in row for _, row in rows) else None,
    )


def _rows(text: Iterable[str]) -> Iterator[Row]:
    box: dict[str, str] = {}
    for line in text:
        if _LINE.match(line):
            yield from _counted(box)
            box = {}
        elif cell := _CELL.match(line):
            name = cell[1].removeprefix("rollout/").removeprefix("time/")
            box["reward" if name in _REWARDS else name] = cell[2]
            box.pop("iterations", None)  # they count boxes
    yield from _counted(box)


def _counted(box: dict[str, str]) -> Iterator[Row]:
    """A box at its count."""
    stated = next((box[name] for name in _COUNTERS if name in box), "")
    step = step_number(stated.replace(",", ""))
    if step is not None:
        yield step, box


FORMAT = Format(
    name=NAME,
    sample="|    total_timesteps   | 4096   | below |    loss   | 7.03   |",
    claims=claims,
    read=read,
)
