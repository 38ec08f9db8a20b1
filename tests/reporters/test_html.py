"""The HTML report: whole, escaped, in one file; how it looks is for eyes."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from lossscan.model import Message, Report, RunReport, Series
from lossscan.model.comparison import Comparison, Member
from lossscan.reporters import Page, render
from lossscan.reporters.html import payload, sketch
from tests.reports import HOSTILE, clean, jumped, report, unreadable

ALERT = "<script>alert(1)</script>"
ALL = (jumped(), clean(), unreadable())
LIMIT = 1_000_000  # bytes of a page beside its data
VOID = {"wbr", "meta", "input", "polyline", "br"}


class Read(HTMLParser):
    """The elements of a page; fails where one is closed that is not open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note it."""
        self.seen.append((tag, dict(attrs)))
        self.open += [] if tag in VOID else [tag]
        self.scripts += [""] if tag == "script" else []

    def handle_endtag(self, tag: str) -> None:
        """Hold it against what is open."""
        if tag not in VOID:
            assert self.open.pop() == tag, tag

    def handle_data(self, data: str) -> None:
        """Keep what stands in scripts."""
        if self.open and self.open[-1] == "script":
            self.scripts[-1] += data


def _read(text: str) -> Read:
    page = Read()
    page.feed(text)
    page.close()
    assert set(page.open) <= {"p", "li", "td"}
    return page


def _data(text: str) -> Any:
    return json.loads(_read(text).scripts[0])


def _pages(name: str | None = None) -> list[str]:
    runs = (jumped(name), clean(name), unreadable(name)) if name else ALL
    beside = Comparison((Member("a", runs[0].path), Member("b", runs[1].path)))
    return [
        *(render("html", report(one), Page()) for one in runs),
        render("html", report(*runs), Page(single=False)),
        render("html", Report("0", runs[:2], comparison=beside), Page(single=False)),
    ]


@pytest.mark.parametrize("text", _pages())
def test_a_page_is_one_file_that_loads_nothing(text):
    """Elements are nested, no address is named, scripts are known by their digest."""
    page = _read(text)
    for tag, attributes in page.seen:
        assert not {"src", "srcset", "action", "style", "onclick"} & set(attributes), tag
        assert (attributes.get("href") or "#").startswith("#"), tag
        assert tag not in {"link", "iframe", "object", "img", "base", "form"}
    assert not re.search(r"@import|url\(|fetch\(|XMLHttpRequest|WebSocket|sendBeacon", text)
    policy = next(a["content"] for _, a in page.seen if a.get("http-equiv"))
    assert policy is not None
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert len(text.encode()) < LIMIT


def test_ids_are_unique_and_links_lead_to_them():
    """What a button or a link names is there, once."""
    page = _read(render("html", report(jumped()), Page()))
    ids = [attributes["id"] for _, attributes in page.seen if "id" in attributes]
    assert len(ids) == len(set(ids))
    keys = ("data-show", "data-open")
    named = {a[key] for _, a in page.seen for key in keys if key in a}
    marks = {mark["id"] for mark in _data(render("html", report(jumped()), Page()))["marks"]}
    assert named | marks <= set(ids)
    assert marks == {"f1", "f2"}


@pytest.mark.parametrize("name", [ALERT, f'"{ALERT}', f"'>{ALERT}<!--", f"{HOSTILE}{ALERT}"])
def test_what_a_log_says_stays_text(name):
    """A run that is named like a script makes no element, attribute or control character."""
    for plain, hostile in zip(_pages(), _pages(name), strict=True):
        assert ALERT not in hostile
        tags = [[tag for tag, _ in _read(text).seen] for text in (plain, hostile)]
        assert tags[0] == tags[1]
        assert not re.search("[\x1b\u202e]", hostile)


def test_numbers_and_names_of_series_are_escaped_for_a_script():
    """What would end the element stands as an escape and reads back the same."""
    text = payload.dumped({"</script><!--": "&\u2028"})
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text) == {"</script><!--": "&\u2028"}


def test_a_series_named_like_a_script_stays_data():
    """The name of a column reaches the chart of a finding and runs nowhere."""
    one = jumped()
    assert one.run is not None
    odd = Series(ALERT, np.arange(5), np.arange(5.0))
    findings = (
        replace(one.findings[0], series=ALERT, message=Message(ALERT), title=Message(ALERT)),
    )
    run = replace(one.run, series={**one.run.series, ALERT: odd})
    text = render("html", report(replace(one, run=run, findings=findings)), Page())
    assert ALERT not in text
    assert ALERT in [panel["name"] for panel in _data(text)["panels"]]


def test_losses_share_a_panel_and_gaps_are_null():
    """Evaluation stands on the axis of the loss; what is not finite is null."""
    data = _data(render("html", report(jumped()), Page()))
    upper = data["panels"][0]["curves"]
    assert [curve["label"] for curve in upper] == ["loss", "eval_loss"]
    assert upper[0]["y"][-8:] == [None] * 8
    assert data["epochs"] == [1000.0, 2000.0, 3000.0, 4000.0]
    assert [step for step, *_ in data["changes"]] == [3010, 2250]


def test_a_long_series_is_thinned_and_says_so():
    """A hundred thousand points become some thousands; the one spike is among them."""
    one = jumped()
    assert one.run is not None
    values = np.ones(100_000)
    values[54_321] = 9.0
    long = Series("loss", np.arange(100_000), values)
    text = render("html", report(replace(one, run=replace(one.run, series={"loss": long}))), Page())
    curve = _data(text)["panels"][0]["curves"][0]
    assert len(curve["x"]) <= payload.MOST_POINTS
    assert curve["y"][curve["x"].index(54_321)] == 9.0
    assert "of 100000 points are drawn" in text


def test_a_batch_has_a_row_and_the_findings_of_each_run():
    """Each run is a row whatever its fate, with its verdicts folded."""
    text = render("html", report(*ALL), Page(single=False))
    bodies = [a["data-status"] for tag, a in _read(text).seen if tag == "tbody"]
    assert bodies == ["critical", "ok", "error"]
    assert text.count("The loss jumps up and stays up") == 1


def _drawn(one: RunReport) -> int:
    text = render("html", report(one), Page(single=False))
    return sum(tag == "polyline" for tag, _ in _read(text).seen)


@pytest.mark.parametrize(
    ("values", "pieces"),
    [((), 0), ((1.0,), 0), ((1.0, 1.0), 1), ((1.0, float("nan"), 2.0), 2), ((-1e308, 1e308), 1)],
)
def test_a_sparkline_has_a_line_for_each_unbroken_piece(values, pieces):
    """Gaps are gaps; constants and the largest numbers are drawn."""
    assert _drawn(replace(clean(), sketch=values)) == pieces
    assert "nan" not in " ".join(sketch.lines(values))


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_page_speaks_the_language(lang):
    """Headings follow --lang, and the page says which it is."""
    text = render("html", report(jumped()), Page(lang=lang))
    heading, code = {"en": ("Verdicts", "en"), "zh": ("结论", "zh-CN")}[lang]
    assert f"<h2>{heading}</h2>" in text
    assert _read(text).seen[0] == ("html", {"lang": code})
