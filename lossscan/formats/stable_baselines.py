"""The boxes that Stable-Baselines prints: `|    ep_rew_mean   | 27.1  |` between dashed lines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from lossscan.formats.kit.columns import Row, columns
from lossscan.formats.kit.format import Format
from lossscan.formats.kit.text import NUMBER, lines, peek
from lossscan.model import Table
from lossscan.settings import Settings
from lossscan.sources.files import Head

NAME: Final = "stable_baselines"
_QUICK = "total_timesteps"
_CELL: Final = re.compile(rf"^\| {{1,8}}([\w/]{{1,60}}) {{0,60}}\| {{0,8}}({NUMBER}) {{0,60}}\|\s")
_LINE: Final = re.compile(r"^-{10,200}\s*$")
_REWARDS: Final = ("ep_rew_mean", "ep_reward_mean", "episode_reward")


def claims(head: Head) -> bool:
    """Whether a whole box with a count of steps is in it."""
    text = peek(head)
    return _QUICK in text and any(_rows(text.splitlines(keepends=True)))


def read(head: Head, settings: Settings) -> Table:
    """Each box is a point at its count of steps of the environment."""
    return Table(
        path=head.path,
        format=NAME,
        columns=columns(list(_rows(lines(head))), settings),
        framework="stable-baselines",
    )


def _rows(text: Iterable[str]) -> Iterator[Row]:
    box: dict[str, str] = {}
    for line in text:
        if _LINE.match(line):
            step = box.pop(_QUICK, "")
            if step.isdecimal():
                yield int(step), box
            box = {}
        elif cell := _CELL.match(line):
            name = cell[1].removeprefix("rollout/").removeprefix("time/")
            box["reward" if name in _REWARDS else name] = cell[2]
            box.pop("iterations", None)  # they count boxes


FORMAT = Format(
    name=NAME,
    sample="|    total_timesteps   | 4096   | below |    loss   | 7.03   |",
    claims=claims,
    read=read,
)
