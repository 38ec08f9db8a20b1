"""The site holds every page once, and what its pages link to, without being built here."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from docs.make import DOCS, ROOT
from docs.make.site import in_menu, menu, site_files

PAGES = sorted(name for name in site_files() if name.endswith(".md"))
PLACED = list(in_menu(menu()))


def test_the_menu_holds_every_page_once():
    """No page is reached by a link alone, none stands twice."""
    assert sorted(PLACED) == PAGES


def test_no_page_is_an_orphan():
    """Each page of the documentation and each of the project's papers is on the site."""
    written = {*DOCS.rglob("*.md"), *ROOT.glob("*.md"), *ROOT.glob("sample_logs/*/HOW.md")}
    assert {str(page.relative_to(ROOT)) for page in written} <= set(PAGES)


def test_sections_have_pages():
    """A heading of the index with no page below it would be an empty tab."""
    assert all(list(in_menu(section)) for section in menu())


def test_links_of_every_page_lead_to_files():
    """Also those of the papers outside of docs/: what they name is copied to the site."""
    code = re.compile(r"^```.*?^```$|`[^`\n]*`", re.MULTILINE | re.DOTALL)
    held = site_files()
    dead = [
        f"{page}: {link}"
        for page in PAGES
        for link in re.findall(r"\]\(([^)\s#]+)", code.sub("", (ROOT / page).read_text("utf-8")))
        if "://" not in link and _named(page, link) not in held
    ]
    assert not dead


def _named(page: str, link: str) -> str:
    target = (ROOT / page).parent.joinpath(link).resolve()
    return str(target.relative_to(ROOT)) if target.is_relative_to(ROOT) else link


def test_lists_are_lists_on_the_site():
    """Where GitHub is lenient, mkdocs is not: an empty line before a list, four spaces to nest."""
    code = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
    item = r"(?:[-*]|\d+\.) "
    odd = re.compile(rf"^(?!\s|{item}|#).+\n{item}.*$|^ {{1,3}}{item}.*$", re.MULTILINE)
    texts = {page: code.sub("", (ROOT / page).read_text("utf-8")) for page in PAGES}
    assert not [(page, found) for page, text in texts.items() for found in odd.findall(text)]


def test_the_configuration_is_strict():
    """What mkdocs notices of links and of the menu fails `make site`."""
    checks = yaml.safe_load(Path(ROOT / "mkdocs.yml").read_text("utf-8"))["validation"]
    assert {level for group in checks.values() for level in group.values()} == {"warn"}
