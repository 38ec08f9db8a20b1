"""The pages of docs/ as the code has them: rules, command line, and outputs inside the others."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path

from docs.make.architecture import with_picture
from docs.make.cli import cli_pages
from docs.make.console import refreshed
from docs.make.frameworks import frameworks_pages
from docs.make.man import man_page
from docs.make.messages import message_pages
from docs.make.rules import rule_pages
from docs.make.settings_schema import NAME, settings_schema

DOCS = Path(__file__).parents[1]
ROOT = DOCS.parent
REPORT = DOCS / "report.schema.json"  # people write it; the package holds a copy
SAMPLES = ROOT / "sample_logs"
_DRAWN = re.compile(r"!\[[^]]*\]\(([\w./-]+\.svg)\)")
_FONTS = re.compile('font-family: [^;"]+')
_PLACE = re.compile(r"\d+\.\d{2,}(?=[ \")])")
MADE = (
    "rules/*.md",
    "zh/rules/*.md",
    "cli.md",
    "zh/cli.md",
    "messages.md",
    "zh/messages.md",
    "frameworks.md",
    "zh/frameworks.md",
    "man/*",
)  # written here from end to end


def pages() -> dict[Path, str]:
    """What every page that is made, or holds output, should say; by its path."""
    by_name = {
        **rule_pages(SAMPLES),
        **message_pages(),
        **cli_pages(),
        **frameworks_pages(),
        "man/lossscan.1": man_page(),
    }
    made = {DOCS / name: text for name, text in by_name.items()}
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / ".git").mkdir()  # a project: fingerprints do not depend on where it is
        shutil.copytree(SAMPLES, Path(folder, SAMPLES.name))
        shown: dict[Path, str] = {}
        for page in hand_written():
            shown |= _shown(page, Path(folder))
    house = DOCS / "architecture.md"
    shown[house] = with_picture(shown[house])
    schemas = {"settings": settings_schema(), "report": REPORT.read_text("utf-8")}
    packed = {ROOT / "lossscan" / "schemas" / f"{k}.json": text for k, text in schemas.items()}
    return {DOCS / NAME: schemas["settings"]} | packed | made | shown


def _shown(page: Path, folder: Path) -> dict[Path, str]:
    """A page with what its commands print, and the pictures of it that they draw."""
    text = refreshed(page.read_text("utf-8"), folder)
    drawn = [name for name in _DRAWN.findall(text) if (folder / Path(name).name).exists()]
    pictures = {page.parent / name: _picture(folder / Path(name).name) for name in drawn}
    return {page: text} | pictures


def _picture(file: Path) -> str:
    """An SVG of the `plot` verb, in any font, its places rounded to what a screen shows."""
    drawing = _FONTS.sub("font-family: sans-serif", file.read_text("utf-8"))
    return _PLACE.sub(lambda place: f"{float(place[0]):.1f}", drawing)


def hand_written() -> tuple[Path, ...]:
    """The pages that people write; only the output in their `console` blocks is made."""
    own = sorted({*DOCS.rglob("*.md")} - {*written()})
    return (ROOT / "README.md", ROOT / "README.zh.md", *own, SAMPLES / "README.md")


def written() -> tuple[Path, ...]:
    """The files in the places of made pages, whether they still belong there or not."""
    return tuple(sorted(path for pattern in MADE for path in DOCS.glob(pattern)))
