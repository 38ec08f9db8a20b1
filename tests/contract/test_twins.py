"""A page in Chinese shows the commands and the code of its English twin."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
CHINESE = DOCS / "zh"
SHORTER = {"quickstart.md"}  # a page of its own for readers in a hurry, with other commands
MADE = {"README.md", "messages.md"}  # an index, and a page that is written by `make docs`
TWINS = sorted(
    page.name
    for page in CHINESE.glob("*.md")
    if (DOCS / page.name).exists() and page.name not in SHORTER | MADE
)
_FENCE = re.compile(r"^```(console|sh|bash|yaml|groovy|python)\n(.*?)^```$", re.M | re.S)
_INDENTED = re.compile(r"(?<=\n\n)(?: {4,}\S.*\n)+")
_LOCAL = re.compile(r'(?<=echo )"[^"]*"|(?<=--webhook-style )\w+')  # each language has its own
_OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")


def _shown(page: Path) -> set[str]:
    """The lines of code on a page, without outputs, comments and the choice of a language."""
    text = page.read_text(encoding="utf-8")
    indented = _INDENTED.findall(_FENCE.sub("", text))
    lines = [line for block in indented for line in block.splitlines()]
    for kind, block in _FENCE.findall(text):
        marks = {"console": ("$ ",), "python": (">>> ", "... ")}.get(kind, ("",))
        if not any(line.startswith(marks) for line in block.splitlines()):
            marks = ("",)  # Python as in a file
        lines += [line for line in block.splitlines() if line.startswith(marks)]
    bare = (re.sub(r"(?:^|\s+)#(?: |!).*$", "", line.replace(" --lang zh", "")) for line in lines)
    return {_LOCAL.sub("", line.strip()) for line in bare} - {""}


@pytest.mark.parametrize("page", TWINS)
def test_twins_show_the_same_code(page: str):
    """What is copied from the page in Chinese does what the page in English says."""
    ours, theirs = _shown(CHINESE / page), _shown(DOCS / page)
    assert sorted(ours - theirs) == sorted(theirs - ours) == []


@pytest.mark.parametrize("page", TWINS)
def test_twins_name_the_same_options(page: str):
    """An option that only one of them explains would be unknown to half of the readers."""
    said = {
        home: set(_OPTION.findall((home / page).read_text("utf-8"))) - {"--lang"}
        for home in (CHINESE, DOCS)
    }
    assert said[CHINESE] == said[DOCS]


@pytest.mark.parametrize("page", TWINS)
def test_twins_link_to_each_other(page: str):
    """A reader changes the language in one step."""
    assert f"](../{page})" in (CHINESE / page).read_text(encoding="utf-8")
    assert f"](zh/{page})" in (DOCS / page).read_text(encoding="utf-8")
