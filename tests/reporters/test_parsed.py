"""Real parsers read what hostile runs bring into a report, in every format of every verb."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pandas
import pyte
import pytest
import xmlschema
from markdown_it import MarkdownIt
from sarif_kit.validate import validation_errors

from lossscan import commands

WILD = {
    "terminal": "a\x1b[2J\x1b]8;;http://evil.example\x07b\x9b31mc\x07\x08\rd\x7f"
    "a\u202eb\u2066c\u2028d\u2029e\u200ff\ufeffg",
    "markup": "<script>alert(1)</script><img src=x onerror=alert(1)>]]>&#0;&lt;"
    "::error::x%0A::warning::y ##[error]z @all =cmd() +1 -1 \\",
    "markdown": "|`x`|``` [a](javascript:b) ![c](http://evil.example) http://evil.example **b** ~~~"
    "mailto:a@b.example www.evil.example https://evil.example <http://evil.example>",
}
FORMATS = ("rich", "json", "jsonl", "markdown", "html", "junit", "github", "gitlab", "sarif", "csv")
SCHEMA = Path(__file__).parents[1] / "fixtures" / "schemas" / "junit.xsd"
COMMAND = re.compile(r"::(?:error|warning|notice) (?:\w+=[^,:]*,?)+::.*")
LIVE = re.compile(r"(?i)^\s*(?:javascript|data|https?://evil|mailto)")


def _run(folder: Path, wild: str, jump: float) -> Path:
    """A run that says what is wild in names, keys, settings and its last words."""
    run = folder / wild.replace("/", "_")
    run.mkdir(parents=True)
    rows = ({"step": n, "loss": 2 + n % 7 / 50 + (n > 100) * jump} for n in range(1, 200))
    text = "".join(json.dumps({**row, f"eval_{wild}_loss": 2.0, wild: wild}) + "\n" for row in rows)
    (run / "trainer_log.jsonl").write_text(text)
    said = {"learning_rate": 0.1, "optim": wild, "dataset": wild, wild: wild, "num_train_epochs": 3}
    (run / "training_args.json").write_text(json.dumps(said))
    (run / f"{wild[:60]}.log".replace("/", "_")).write_text(f"Error: {wild}\n")
    (run / "train.log").write_text(f"Traceback (most recent call last):\n  x\nError: {wild}\n")
    return run


Captured = pytest.CaptureFixture[bytes]


def _reports(folder: Path, wild: str, name: str, capsysbinary: Captured) -> list[bytes]:
    """What each verb prints that knows the format."""
    first, second = (_run(folder / side, wild, jump) for side, jump in (("a", 3.0), ("b", 0.1)))
    found = []
    for verb in (["analyze", first], ["batch", folder, "--jobs", "1"], ["compare", first, second]):
        output = folder.parent / "report"
        asked = ["--format", name, "--fail-on", "never", "--output", str(output)]
        status = commands.main([*map(str, verb), *asked])
        said = capsysbinary.readouterr().err.decode()
        assert status == 0, said
        assert "\x1b" not in said
        found.append(output.read_bytes())
    return found


class _Page(HTMLParser):
    """What of a page would come alive."""

    def __init__(self) -> None:
        super().__init__()
        self.live: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note handlers, and addresses that a log brought."""
        for key, value in attrs:
            if key.startswith("on") or (key in ("href", "src") and LIVE.match(value or "")):
                self.live.append(f"{tag} {key}={value}")


def _html(text: str) -> None:
    page = _Page()
    page.feed(text)
    assert page.live == []


def _markdown(text: str) -> None:
    """As GitHub shows it: addresses become links there."""
    shown = MarkdownIt("gfm-like", {"html": True, "linkify": False}).enable("table").parse(text)
    inner = [child for token in shown for child in (token.children or [])]
    addresses = [str(token.attrs.get("href") or token.attrs.get("src") or "") for token in inner]
    assert not [address for address in addresses if LIVE.match(address)]
    raw = "".join(t.content for t in [*shown, *inner] if t.type in ("html_block", "html_inline"))
    assert "<script" not in raw
    assert "<img" not in raw
    assert "evil" not in "".join(re.findall(r"<[^>]*>", raw))
    plain = re.sub(r"\\.|`[^`]*`", "", text)
    assert not re.search(r"https?://evil|www\.evil", plain)


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
        assert COMMAND.fullmatch(line) or not ("::" in line or "##[" in line), line


def _junit(text: str) -> None:
    xmlschema.XMLSchema(str(SCHEMA)).validate(text.partition("\n")[2])


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


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("wild", WILD)
def test_parsers_take_what_hostile_runs_say(tmp_path, capsysbinary, wild, name):
    """Every document is one, and nothing in it comes alive."""
    for report in _reports(tmp_path / "in", WILD[wild], name, capsysbinary):
        PARSERS[name](report.decode())


@pytest.mark.parametrize("wild", WILD)
def test_parquet_holds_what_hostile_runs_say(tmp_path, capsysbinary, wild):
    """It is read by Arrow."""
    for report in _reports(tmp_path / "in", WILD[wild], "parquet", capsysbinary):
        assert len(pandas.read_parquet(io.BytesIO(report)))
