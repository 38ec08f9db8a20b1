"""Real parsers read what hostile runs bring into a report, in every format of every verb."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from html.parser import HTMLParser
from itertools import product
from pathlib import Path

import cmarkgfm
import pandas
import pyte
import pytest
import xmlschema
from sarif_kit.validate import validation_errors

from lossscan import api, commands, reporters
from lossscan.commands.kit.output import SUMMARY
from lossscan.model import Report
from lossscan.reporters import Page
from lossscan.settings import load
from tests.wild import WILD, write_baseline, write_run, write_settings, write_unreadable

SCHEMA = Path(__file__).parents[1] / "fixtures" / "schemas" / "junit.xsd"
COMMAND = re.compile(r"::(?:error|warning|notice) (?:\w+=[^,:]*,?)+::.*")
# What GitHub's runner takes for a command, as its ActionCommand.cs parses lines; and Azure's.
OBEYED = re.compile(r"(?m)^\s*::|##\w*\[")
LIVE = re.compile(r"(?i)^\s*(?:javascript|data|https?://evil|http://www.evil|mailto)")
MARKDOWN = {  # the elements that a report in Markdown is made of
    *("h1", "h2", "h3", "p", "br", "hr", "ul", "ol", "li", "strong", "em", "code", "pre"),
    *("table", "thead", "tbody", "tr", "th", "td", "details", "summary"),
}
Captured = pytest.CaptureFixture[bytes]


def _runs(folder: Path, wild: str) -> tuple[Path, Path, Path, Path]:
    """Two runs and one that cannot be read, the settings and the baseline that go with them."""
    first, second = (write_run(folder / side, wild, jump) for side, jump in (("a", 3.0), ("b", 0)))
    write_unreadable(folder / "c", wild)
    own = write_settings(folder.parent / "own.yaml", wild)
    return first, second, own, write_baseline(folder.parent / "known.json", wild)


def _written(folder: Path, wild: str, name: str, captured: Captured) -> Iterator[bytes]:
    """What each verb writes in a format, in either language, and says beside it."""
    first, second, own, known = _runs(folder, wild)
    gate = ["--config", own, "--baseline", known]
    output = folder.parent / "report"
    verbs = (
        ("en", ("analyze", first, *gate, "--verbose")),
        ("zh", ("batch", folder, *gate, "--jobs", "1")),
        ("en", ("compare", first, second)),
    )
    for lang, verb in verbs:
        asked = ["--format", name, "--lang", lang, "--fail-on", "never", "--output", output]
        status = commands.main([*map(str, verb), *map(str, asked)])
        said = captured.readouterr().err.decode()
        assert status == (2 if verb[0] == "batch" else 0), said
        _terminal(said)
        assert not OBEYED.search(said)
        yield output.read_bytes()


@pytest.fixture(scope="module", params=WILD)
def reports(request, tmp_path_factory) -> tuple[Report, ...]:
    """What each verb reports of hostile runs: examined once for all formats."""
    folder = tmp_path_factory.mktemp(request.param) / "in"
    first, second, own, known = _runs(folder, WILD[request.param])
    settings = load(own)
    one = Report("0", (api.analyze(first, settings=settings),))
    return (
        api.judge(one, settings=settings, baseline=known, single=True),
        api.judge(api.batch(folder, settings=settings), settings=settings, baseline=known),
        api.compare([first, second]),
    )


def _rendered(reports: Iterable[Report], name: str) -> Iterator[bytes]:
    """Each report in a format, in both languages."""
    for lang, report in product(("en", "zh"), reports):
        alone = len(report.runs) == 1
        pieces = reporters.pieces(name, report, Page(lang=lang, single=alone))
        yield b"".join(each.encode() if isinstance(each, str) else each for each in pieces)


class _Page(HTMLParser):
    """What of a page would come alive, and the elements in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.live: list[str] = []
        self.elements: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note handlers, and addresses that a log brought."""
        self.elements.add(tag)
        for key, value in attrs:
            if key.startswith("on") or (key in ("href", "src") and LIVE.match(value or "")):
                self.live.append(f"{tag} {key}={value}")


def _html(text: str) -> None:
    assert _Page(text).live == []


def _markdown(text: str) -> None:
    """As GitHub's own renderer shows it, before GitHub takes out what could be dangerous."""
    raw = cmarkgfm.cmark.Options.CMARK_OPT_UNSAFE
    page = _Page(cmarkgfm.github_flavored_markdown_to_html(text, options=raw))
    assert page.live == []
    assert page.elements <= MARKDOWN
    assert not re.search(r"(?<![\w`])@\w", re.sub(r"(?s)```.*?```|`[^`]*`", "", text))


def _terminal(text: str) -> None:
    """What is shown is what is there: no sequence moves, colors or clears."""
    lines = text.split("\n")
    screen = pyte.Screen(max(map(len, lines)) * 2 + 2, len(lines) + 1)
    pyte.Stream(screen).feed(text.replace("\n", "\r\n"))
    shown = [line.rstrip() for line in screen.display]
    assert screen.title == ""
    cells = (cell for row in screen.buffer.values() for cell in row.values())
    assert all(not cell.bold and cell.fg == "default" for cell in cells)
    for line, there in zip(lines, shown, strict=False):
        assert line.rstrip().replace(" ", "") == there.replace(" ", "")


def _github(text: str) -> None:
    for line in text.splitlines():
        assert COMMAND.fullmatch(line) or not OBEYED.search(line), line


@cache
def _schema() -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(str(SCHEMA))


def _junit(text: str) -> None:
    _schema().validate(text.partition("\n")[2])


def _gitlab(text: str) -> None:
    for issue in json.loads(text):
        assert {"description", "check_name", "fingerprint", "severity", "location"} <= set(issue)
        assert issue["location"]["path"]
        assert issue["location"]["lines"]["begin"] >= 1


def _csv(text: str) -> None:
    rows = list(csv.reader(io.StringIO(text)))
    assert len({len(row) for row in rows}) == 1
    assert not [cell for row in rows[1:] for cell in row if re.match(r"[=@+\t]|-[^\d.ni]", cell)]


PARSERS: dict[str, Callable[[str], object]] = {
    "rich": _terminal,
    "json": json.loads,
    "jsonl": lambda text: [json.loads(line) for line in text.split("\n") if line],
    "markdown": _markdown,
    "html": _html,
    "junit": _junit,
    "github": _github,
    "gitlab": _gitlab,
    "sarif": lambda text: validation_errors(json.loads(text)) == [] or pytest.fail(text),
    "csv": _csv,
}


@pytest.mark.parametrize("name", sorted(set(reporters.formats()) - {"parquet"}))
def test_parsers_take_what_hostile_runs_say(reports, name):
    """Every document is one, and nothing in it comes alive."""
    for report in _rendered(reports, name):
        text = report.decode()
        PARSERS[name](text)
        assert name in ("github", "html") or not OBEYED.search(text)


def test_parquet_holds_what_hostile_runs_say(reports):
    """It is read by Arrow."""
    for report in _rendered(reports, "parquet"):
        assert len(pandas.read_parquet(io.BytesIO(report)))


@pytest.mark.parametrize("wild", WILD)
def test_the_command_and_the_summary_of_its_step_show_what_hostile_runs_say(
    tmp_path, capsysbinary, monkeypatch, wild
):
    """Each verb adds to the summary, and GitHub shows it as Markdown."""
    summary = tmp_path / "summary.md"
    monkeypatch.setenv(SUMMARY, str(summary))
    said = list(_written(tmp_path / "in", WILD[wild], "github", capsysbinary))
    for report in said:
        _github(report.decode())
    assert summary.read_text().count("# ") >= len(said)
    _markdown(summary.read_text())
