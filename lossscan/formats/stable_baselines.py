"""Boxes of names and numbers, as loops of reinforcement learning print: `|  ep_rew_mean  | 27.1 |`.

Stable-Baselines and Spinning Up draw them with bars; rlpyt, garage and rlkit between rules alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from lossscan.canonical.names import is_judged
from lossscan.expressions import expression
from lossscan.formats.kit.cells import step_number
from lossscan.formats.kit.columns import Row
from lossscan.formats.kit.own_lines import own_lines
from lossscan.formats.kit.text import NUMBER

_OWN: Final = "total_timesteps"
_COUNTERS: Final = (  # the best first, without groups and signs
    *("totaltimesteps", "timestepssofar", "totalenvsteps", "totalenvinteracts", "cumsteps"),
    *("step", "steps", "nupdates", "iteration", "itr", "epoch"),
)
_CELL: Final = expression(
    rf"^\| {{1,60}}([\w/](?:[\w/ ]{{0,60}}[\w/])?) {{0,60}}\| {{0,60}}({NUMBER}) {{0,60}}\|\s"
)
_BARE_CELL: Final = expression(
    rf"^([A-Za-z][\w/-]{{0,60}}(?: [\w/-]{{1,30}}){{0,4}}) {{2,60}}({NUMBER})\s*$"
)
_LINE: Final = expression(r"^-{10,200}\s*$|^-{3,100} {1,4}-{3,100}\s*$")
_HEADLINE: Final = expression(r"\b(?:itr|epoch) #(\d{1,15})\b")
_GROUP: Final = expression(r"\A(?:rollout|time|trainer)/")
_REWARDS: Final = (
    *("eprewmean", "eprewardmean", "episodereward", "mean100episodereward"),
    *("averageepret", "returnaverage", "averagereturn", "averagereturns"),
)


def _rows(text: Iterable[str]) -> Iterator[Row]:
    """Each box is a point at its count of steps."""
    box: dict[str, str] = {}
    ruled, headline = False, ""  # whether the last rule has two columns
    for each in text:
        line = bare if (bare := each.lstrip())[:1] in ("|", "-") else each  # pages indent boxes
        if _LINE.match(line):
            yield from _counted(box, headline)
            box, ruled = {}, "- " in line and not box
        elif cell := (_CELL if line.startswith("|") else _BARE_CELL).match(line):
            if line.startswith("|") or ruled:
                name = _GROUP.sub("", cell[1])
                box["reward" if _folded(name) in _REWARDS else name] = cell[2]
                box.pop("iterations", None)  # they count boxes
        elif said := _HEADLINE.search(line):
            headline = said[1]
    yield from _counted(box, headline)


def _folded(name: str) -> str:
    """A name without its group, in small letters alone."""
    return name.rpartition("/")[2].replace("_", "").replace(" ", "").lower()


def _counted(box: Mapping[str, str], headline: str) -> Iterator[Row]:
    """A box at its count, or at that of the headline above it."""
    counts = {_folded(name): value for name, value in box.items()}
    stated = next((counts[name] for name in _COUNTERS if name in counts), headline)
    step = step_number(stated.replace(",", "")) if box else None
    if step is not None:
        yield step, box


_SAMPLE = "|    total_timesteps   | 4096   | below |    loss   | 7.03   |"
FORMAT = own_lines(
    "stable_baselines",
    _SAMPLE,
    ("----------", _OWN),
    _rows,
    shows=lambda box: _OWN in box or any(map(is_judged, box)),
    says=(_OWN,),
    framework="stable-baselines",
)
