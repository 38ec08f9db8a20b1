"""The documentation says what the code does: fresh, complete, links alive, examples true."""

from __future__ import annotations

import doctest
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import lossscan
from docs import make
from docs.make.console import commands
from lossscan.commands import verbs
from lossscan.formats import formats
from lossscan.rules import check_options, rule_names
from lossscan.settings import KEYS, load
from tests.contract import test_contributing as contributing

DOCS, ROOT, SAMPLES = make.DOCS, make.ROOT, make.SAMPLES
QUICKSTART = DOCS / "quickstart.md"
PAGES = [*DOCS.rglob("*.md"), *SAMPLES.glob("*.md"), *ROOT.glob("*.md")]
NAMED = re.compile(r"(?<![\w/.-])((?:lossscan|tests|docs)/[\w./-]*\.\w{2,4})\b")
LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"^```.*?^```$|`[^`\n]*`", re.MULTILINE | re.DOTALL)
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def _blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of a page in one language."""
    found = FENCE.findall(page.read_text(encoding="utf-8"))
    return [text for name, text in found if name == language]


def _headings(page: Path) -> set[str]:
    """The anchors that GitHub gives to the headings of a page."""
    text = CODE.sub("", page.read_text(encoding="utf-8"))
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def _dead(page: Path) -> Iterator[str]:
    """The links of a page that lead nowhere."""
    for link in LINK.findall(CODE.sub("", page.read_text(encoding="utf-8"))):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if "://" in link:
            continue
        if not target.exists() or (anchor and anchor not in _headings(target)):
            yield link


def _keys(schema: Any) -> Iterator[str]:
    """The names of all properties in a JSON Schema."""
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
        yield from (key for part in schema.values() for key in _keys(part))


def _said(page: Path, text: str) -> object:
    """A page as it is; of a picture its words: lines depend on matplotlib and on fonts."""
    return re.findall(r"<text[^>]*>([^<]*)", text) if page.suffix == ".svg" else text


def _table(page: Path, first: str) -> list[dict[str, str]]:
    """The rows of the table of a page whose first column has this name."""
    _, _, rest = page.read_text(encoding="utf-8").partition(f"\n| {first} ")
    lines = f"| {first} {rest}".partition("\n\n")[0].splitlines()
    head, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [dict(zip(head, row, strict=True)) for row in rows]


def test_pages_are_fresh():
    """Pages say what the code and the tool say today, and commands return what pages say.

    Else run `make docs`. One test, since all pages are made together.
    """
    expected = make.pages()
    present = {page: page.read_text("utf-8") for page in expected if page.exists()}
    stale = [
        page
        for page, text in expected.items()
        if page not in present or _said(page, present[page]) != _said(page, text)
    ]
    left_over = [page for page in make.written() if page not in expected]
    assert not [str(page.relative_to(ROOT)) for page in (*stale, *left_over)]


def test_cli_page_has_a_heading_for_every_verb():
    """No verb goes without documentation."""
    assert set(verbs()) <= _headings(DOCS / "cli.md")


def test_links_lead_somewhere():
    """No link between the pages is dead, down to the heading."""
    assert not {str(page.relative_to(ROOT)): dead for page in PAGES if (dead := [*_dead(page)])}


def test_files_that_pages_name_are_there():
    """A file that was moved is named at its new place; a recipe names those that it makes."""
    named = {path for page in PAGES for path in NAMED.findall(page.read_text(encoding="utf-8"))}
    assert {path for path in named if not (ROOT / path).exists()} == contributing.shown().keys()


def test_index_names_every_page():
    """A reader finds each page from docs/README.md."""
    named = {
        path.partition("#")[0] for path in LINK.findall((DOCS / "README.md").read_text("utf-8"))
    }
    pages = {path.name for path in DOCS.glob("*.md")} - {"README.md"}
    assert pages <= named


@pytest.mark.parametrize(
    ("page", "names"),
    [
        ("formats.md", [each.name for each in formats()]),
        ("zh/formats.md", [each.name for each in formats()]),
        ("formats.md", list(KEYS)),
        ("json.md", sorted(_keys(json.loads((DOCS / "report.schema.json").read_text("utf-8"))))),
        ("api.md", [name for name in lossscan.__all__ if not name.startswith("__")]),
        ("zh/api.md", [name for name in lossscan.__all__ if not name.startswith("__")]),
    ],
    ids=[
        "log formats",
        "log formats in Chinese",
        "keys of the settings file",
        "keys of the report",
        "names of the API",
        "the same in Chinese",
    ],
)
def test_page_leaves_nothing_out(page: str, names: list[str]):
    """What a page lists, it lists in full."""
    text = (DOCS / page).read_text(encoding="utf-8")
    assert not [name for name in names if not re.search(rf"(?<![\w-]){name}(?![\w-])", text)]


def test_readme_has_the_figures_of_the_page_of_accuracy():
    """The table of other detectors is an excerpt of the one that `make accuracy` writes."""
    measured = _table(DOCS / "accuracy.md", "detector")
    for shown in _table(ROOT / "README.md", "detector"):
        row = next(row for row in measured if row["detector"] == shown["detector"])
        shares = {rule: f"{float(row[rule]):.0%}" for rule in shown if rule in rule_names()}
        shares["healthy runs alarmed"] = f"{float(row['clean runs alarmed']):.1%}"
        shares["alarms in one"] = f"{float(row['alarms a clean run']):.2f}"
        assert shown == shares | {"detector": shown["detector"]}


def test_quickstart_shows_every_exit_status():
    """The commands of the quick start are run for the tests above, with 0, 1 and 2."""
    run = list(commands(QUICKSTART.read_text(encoding="utf-8")))
    assert {command.status for command in run} == {0, 1, 2}
    assert len(_blocks(QUICKSTART, "sh")) == 1, "all but the installation is run"


@pytest.mark.parametrize("page", ["quickstart.md", "api.md", "zh/api.md"])
def test_python_examples_are_true(page: str, monkeypatch: pytest.MonkeyPatch):
    """What a page shows of the API is what the API does."""
    monkeypatch.chdir(ROOT)
    text = "\n".join(_blocks(DOCS / page, "python"))
    example = doctest.DocTestParser().get_doctest(text, {}, page, page, 0)
    result = doctest.DocTestRunner().run(example)
    assert result.attempted > 0
    assert result.failed == 0


def test_settings_examples_are_accepted(tmp_path: Path):
    """A settings file copied from the page works."""
    examples = [text for text in _blocks(DOCS / "formats.md", "yaml") if "# lossscan.yaml" in text]
    assert examples
    for text in examples:
        file = tmp_path / "lossscan.yaml"
        file.write_text(text, encoding="utf-8")
        check_options(load(file).rules)


def test_samples_are_listed_with_what_is_expected():
    """The table of samples names each, and the findings that its expected.yaml asks for."""
    text = (SAMPLES / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \[([\w-]+)\].*\| (.*) \|$", text, re.MULTILINE)
    listed = {name: set(re.findall(r"`([\w-]+)`", says)) for name, says in rows}
    wanted = {
        path.parent.name: {
            finding["rule"] for finding in yaml.safe_load(path.read_text("utf-8"))["findings"]
        }
        for path in SAMPLES.glob("*/expected.yaml")
    }
    assert listed == wanted
