"""The HTML report in Chromium: it loads, answers to clicks and keys, and breaks no rule of axe."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from functools import cache
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from lossscan import analyze, batch, compare
from lossscan.model import Episode, Field, Message, Report
from lossscan.model.comparison import Comparison, FieldDifference, Member
from lossscan.reporters import Page, render
from lossscan.settings import Settings
from lossscan.words import printable
from tests.reports import clean, diverged, jumped, report, unreadable
from tests.wild import WILD, write_run, write_unreadable

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from playwright.sync_api import Page as Tab

CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SIZES = {"desk": (1280, 900), "phone": (390, 844)}
LINES = """cell => {
  const range = document.createRange();
  range.selectNodeContents(cell);
  return new Set([...range.getClientRects()].map(each => Math.round(each.top))).size;
}"""
SCRIPT = "<script>document.title = 'owned'</script>"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium with a fresh profile."""
    if CHROMIUM is None:
        pytest.skip("no chromium")
    made = pytest.importorskip("playwright.sync_api")
    with made.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


@cache
def _page(kind: str, name: str | None = None) -> str:
    runs = (jumped(name), clean(name), unreadable(name)) if name else _plain()
    if kind == "run":
        return render("html", report(runs[0]), Page())
    if kind == "batch":
        return render("html", report(*runs), Page(single=False))
    beside = Comparison((Member("a", runs[0].path), Member("b", runs[1].path)))
    return render("html", Report("0", runs[:2], comparison=beside), Page(single=False))


def _plain() -> tuple[Any, ...]:
    return jumped(), clean(), unreadable()


@pytest.fixture(scope="module")
def said() -> list[str]:
    """What a page says on the console, and the addresses that it asks for."""
    return []


@pytest.fixture(scope="module")
def tab_of(browser, said) -> Callable[..., Tab]:
    """A tab for each size and scheme, kept: opening one takes longer than showing a page."""

    @cache
    def opened(size: str, **how: Any) -> Tab:
        width, height = SIZES[size]
        context = browser.new_context(viewport={"width": width, "height": height}, **how)
        tab: Tab = context.new_page()
        tab.on("console", lambda message: said.append(message.text))
        tab.on("pageerror", lambda error: said.append(str(error)))
        tab.on("request", lambda r: None if r.url.startswith("file:") else said.append(r.url))
        return tab

    return opened


@pytest.fixture
def shown(tab_of, said, tmp_path):
    """Shows a page from disk; fails at the end where the console had anything to say."""

    def opened(text: str, size: str = "desk", **how: Any) -> Tab:
        file = Path(tmp_path / "page.html")
        file.write_text(text, encoding="utf-8")
        tab: Tab = tab_of(size, **how)
        tab.emulate_media(media="screen")  # the page before may have been printed
        tab.goto(file.as_uri())
        return tab

    said.clear()
    yield opened
    assert said == []


def _span(tab: Tab) -> list[str]:
    """The steps beneath the first chart, by what hovering at its ends says."""
    box = tab.locator(".u-over").first.bounding_box()
    assert box is not None
    ends = []
    for across in (2.0, box["width"] - 2):
        tab.mouse.move(box["x"] + across, box["y"] + box["height"] / 2)
        ends.append(tab.locator(".u-legend .u-value").first.inner_text())
    return ends


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", ["run", "batch", "compare"])
def test_a_page_fits_the_screen(shown, kind, size):
    """Nothing is wider than the window; wide tables scroll by themselves."""
    tab = shown(_page(kind), size)
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if kind != "batch":
        assert tab.locator("canvas").count() > 0


def test_on_a_phone_a_setting_that_differs_takes_few_lines(shown):
    """Its name has no more lines than words, its values and its reason few of their own."""
    name, values = "gradient_accumulation_steps", {"a": Field(1, "x"), "b": Field(8, "x")}
    why = Message("compare/why/accumulation")
    differences = (FieldDifference(name, values, "accumulation", 0.97, why),)
    beside = Comparison((Member("a", "a"), Member("b", "b")), differences=differences)
    whole = Report("0", (jumped(), clean()), comparison=beside)
    tab = shown(render("html", whole, Page(single=False)), "phone")
    row = tab.locator(".below td")
    assert row.nth(0).inner_text() == name
    lines = [row.nth(at).evaluate(LINES) for at in (0, 1, 3)]
    assert lines[0] <= 3
    assert lines[1] <= 2
    assert lines[2] <= 4


@pytest.mark.parametrize("kind", ["run", "batch", "compare"])
def test_axe_finds_nothing(shown, kind):
    """Names, roles and the order of headings; contrast in either scheme."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    tab = shown(_page(kind), bypass_csp=True)
    for each in tab.locator("details").all():
        each.evaluate("element => { element.open = true; }")
    for scheme, asked in (("light", None), ("dark", {"runOnly": ["color-contrast"]})):
        tab.emulate_media(color_scheme=scheme)
        violations = axe.run(tab, options=asked).response["violations"]
        assert [(v["id"], [n["html"] for n in v["nodes"]]) for v in violations] == [], scheme


@pytest.mark.parametrize("kind", ["run", "batch", "compare"])
def test_a_run_named_like_a_script_runs_nothing(shown, kind):
    """The name is text, in the page and in its title."""
    tab = shown(_page(kind, SCRIPT))
    assert tab.title() != "owned"
    assert "<script>" in tab.locator("body").inner_text()


@pytest.mark.parametrize(("wild", "lang"), [*zip(WILD, cycle(["en", "zh"]))])
def test_what_hostile_runs_say_is_text(shown, tmp_path, wild, lang):
    """Of one run, of many and compared: nothing runs, is asked for or leads away."""
    runs = [write_run(tmp_path / side, WILD[wild], jump) for side, jump in (("a", 3.0), ("b", 0))]
    write_unreadable(tmp_path / "c", WILD[wild])
    settings = Settings(lang=lang)
    reports = {
        "run": report(analyze(runs[0], settings=settings)),
        "batch": batch(tmp_path, settings=settings),
        "compare": compare(runs, settings=settings),
    }
    for kind, whole in reports.items():
        tab = shown(render("html", whole, Page(lang=lang, single=kind == "run")))
        assert tab.locator("img, iframe, object, embed, [onerror]").count() == 0
        links = tab.locator("[href]").evaluate_all("all => all.map(each => each.href)")
        assert not [link for link in links if "evil" in link or link.startswith("javascript:")]
        assert printable(f"/{runs[0].name}")[:12] in tab.locator("body").inner_text()


def test_verdicts_and_marks_lead_to_each_other(shown):
    """A verdict moves the chart to its place, a mark opens its verdict."""
    tab = shown(_page("run"))
    whole = _span(tab)
    tab.locator("[data-show=f1]").click()
    assert _span(tab) != whole
    tab.locator("[data-tool=all]").click()
    assert _span(tab) == whole
    tab.locator("#f1 summary").click()
    assert tab.locator("#f1").get_attribute("open") is None
    tab.locator(".u-over button", has_text="1").first.click()
    assert tab.locator("#f1").get_attribute("open") is not None


def test_keys_zoom_and_go_back(shown):
    """Plus zooms in, 0 shows all, as the hint says."""
    tab = shown(_page("run"))
    whole = _span(tab)
    tab.locator(".panel").first.focus()
    tab.keyboard.press("+")
    assert _span(tab) != whole
    tab.keyboard.press("0")
    assert _span(tab) == whole


def test_tools_redraw_the_chart(shown):
    """Log scale, every value and the smoothed curve are switches."""
    tab = shown(_page("run"))
    for name in ("log", "full", "smooth"):
        tab.locator(f"[data-tool={name}]").click()
        assert tab.locator(f"[data-tool={name}]").get_attribute("aria-pressed") == "true"
    assert tab.locator(".u-legend", has_text="loss, smoothed").count() > 0


def test_what_was_asked_for_is_not_cut_off(shown):
    """A spike that a button leads to is in view up to its peak."""
    one = jumped()
    spiked = replace(one.findings[0], episodes=(Episode(1510), Episode(2400)))
    tab = shown(render("html", report(replace(one, findings=(spiked,))), Page()))
    tab.locator("[data-show=f1]").click()
    assert not tab.locator(".cut").first.inner_text()
    tab.locator(".panel").first.press("+")
    assert "1510" in tab.locator(".cut").first.inner_text()


def test_values_that_a_log_scale_cannot_show_are_named(shown):
    """A curve that goes below 0 does not end without a word."""
    run = clean()
    assert run.run is not None
    losses = run.run.series["loss"]
    below = replace(losses, values=losses.values - float(losses.values.mean()))
    inner = replace(run.run, series=dict(run.run.series) | {"loss": below})
    tab = shown(render("html", report(replace(run, run=inner)), Page()))
    tab.locator("[data-tool=log]").click()
    assert "log scale" in tab.locator(".cut").first.inner_text()


def test_without_scripts_no_button_is_dead(shown):
    """What needs a script is not shown where there is none."""
    tab = shown(_page("run"), java_script_enabled=False)
    assert tab.locator("button:visible").count() == 0


def test_many_runs_share_the_buttons_of_where_they_diverge(shown):
    """Twenty runs have 190 pairs: a button each would cover the page."""
    runs = diverged([f"runs/{number}" for number in range(8)])
    tab = shown(render("html", runs, Page(single=False)))
    buttons = tab.locator(".u-over .mark")
    assert 0 < buttons.count() <= 6
    assert "+" in buttons.first.inner_text()
    chart = tab.locator(".u-over").first.bounding_box()
    for each in buttons.all():
        box = each.bounding_box()
        assert box["y"] + box["height"] <= chart["y"] + chart["height"]


def test_a_batch_filters_and_sorts(shown):
    """By words, by severity, by a column; how many are shown is said."""
    tab = shown(_page("batch"))
    visible = "#runs tbody:not([hidden])"
    tab.fill("#find", "loss-jump")
    assert tab.locator(visible).count() == 1
    tab.fill("#find", "")
    tab.select_option("#severity", "ok")
    assert tab.locator(visible).get_attribute("data-status") == "ok"
    tab.select_option("#severity", "")
    tab.locator("th[data-sort='3'] button").click()
    assert tab.locator("th[data-sort='3']").get_attribute("aria-sort") == "ascending"
    assert tab.inner_text("#shown") == "3 of 3 runs"


def test_verdicts_of_a_batch_open_across_the_table(shown):
    """A cell is too narrow for sentences; closed, the row is as before."""
    tab = shown(_page("batch"))
    summary = tab.locator("#runs summary").first
    summary.click()
    told = tab.locator("#runs td.told")
    told.wait_for()  # a browser tells of a toggle after the click
    assert told.locator(".verdict").count() > 0
    assert told.bounding_box()["width"] > 0.9 * tab.locator("#runs").bounding_box()["width"]
    summary.click()
    told.wait_for(state="detached")
    assert told.count() == 0
    assert tab.locator("#runs details .verdict").count() > 0


def test_a_large_batch_shows_a_part_and_more_on_demand(shown):
    """Rows beyond the first three hundred wait for a click; filters reach them all."""
    tab = shown(
        render("html", report(*[clean(f"run-{n}") for n in range(400)]), Page(single=False))
    )
    assert tab.locator("#runs tbody:visible").count() == 300
    tab.click("#further")
    assert tab.locator("#runs tbody:visible").count() == 400
    tab.fill("#find", "run-399")
    assert tab.locator("#runs tbody:visible").count() == 1


def test_print_opens_all_and_hides_the_tools(shown):
    """On paper nothing is folded and no button is left."""
    tab = shown(_page("run"))
    tab.emulate_media(media="print")
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert tab.locator("details:not([open])").count() == 0
    assert not tab.locator("[data-tool=log]").is_visible()


def test_the_marks_have_a_legend(shown):
    """It names the kinds of marks that there are, and no other."""
    assert "finding" in shown(_page("run")).locator(".legend").inner_text()
    assert shown(render("html", report(clean()), Page())).locator(".legend").inner_text() == ""


def test_a_run_of_a_batch_is_a_few_lines_on_a_phone(shown):
    """Its findings and its curve are in view, not beside it."""
    tab = shown(_page("batch"), "phone")
    width = SIZES["phone"][0]
    for cell in tab.locator("#runs tbody:not([hidden]) td").all():
        box = cell.bounding_box()
        assert box is None or box["x"] + box["width"] <= width
    tab.locator("#find").fill("jumped")
    assert tab.locator("#runs tbody:visible").count() == 1


def test_a_heading_that_sorts_keeps_the_focus(shown):
    """The table leaves the document while its rows move; keys go on where they were."""
    tab = shown(_page("batch"))
    button = tab.locator("#runs th button").nth(1)
    button.focus()
    tab.keyboard.press("Enter")
    assert button.evaluate("element => element === document.activeElement")
    rows = [cell.inner_text() for cell in tab.locator("#runs tbody td:nth-child(2)").all()]
    assert rows == sorted(rows)
    tab.keyboard.press("Enter")
    assert tab.locator("#runs tbody td:nth-child(2)").first.inner_text() == rows[-1]
