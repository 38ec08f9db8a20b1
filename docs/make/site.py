"""The site: mkdocs loads this file as a hook, so it needs the standard library alone.

Pages keep the places that they have in the repository, so that their links hold on both. The menu
is read from the tables of `docs/README.md` and from the pages that list others (`*/README.md`).
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from copy import copy
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
HOME, INDEX, CHINESE = "README.md", "docs/README.md", "docs/zh/README.md"
STAGE = ROOT / "build" / "site" / "pages"
_CODE = re.compile(r"^```.*?^```$|`[^`\n]*`", re.MULTILINE | re.DOTALL)
_LINK = re.compile(
    r"^## (?P<heading>.+)$|\[(?P<title>[^]]*)\]\((?P<target>[^)\s#:]+)[)#]", re.MULTILINE
)


def site_files() -> set[str]:
    """The pages that can be reached from the home page and the files that they link to."""
    found, new = set[str](), {HOME}
    while new:
        found |= new
        named = {to for page in new for _, to in _links(page)} - found
        new = {to for to in named if (ROOT / to).is_file()}  # mkdocs names those that are dead
    return found


def menu() -> list[Any]:
    """The menu in the shape of mkdocs: the home page, the tables of the index, Chinese pages."""
    placed = {HOME, INDEX, CHINESE}
    english, chinese = _sections(INDEX, placed), _sections(CHINESE, placed)
    return [{"Home": HOME}, {"Overview": INDEX}, *english, {"中文": [CHINESE, *chinese]}]


def in_menu(entry: Any) -> Iterator[str]:
    """The pages of a menu or of a part of it."""
    if isinstance(entry, str):
        yield entry
        return
    for part in entry.values() if isinstance(entry, dict) else entry:
        yield from in_menu(part)


def _sections(page: str, placed: set[str]) -> list[Any]:
    """The pages that a page links to, below its headings; each page is placed once."""
    sections: list[Any] = []
    entries = sections
    for title, target in _links(page):
        if not target and page in {INDEX, CHINESE}:
            entries = []
            sections.append({title: entries})
        elif target.endswith(".md") and target not in placed and _may_hold(page, target):
            placed.add(target)
            below = _sections(target, placed) if target.endswith("/README.md") else []
            entries.append({title: [target, *below] if below else target})
    return sections


def _may_hold(page: str, target: str) -> bool:
    """The indexes hold all pages of their language, another list what is in its folder."""
    if page in {INDEX, CHINESE}:
        return (page == CHINESE) == _is_chinese(target)
    return target.startswith(page.removesuffix("README.md"))


def _is_chinese(page: str) -> bool:
    return page.startswith("docs/zh/") or page.endswith(".zh.md")


def _links(page: str) -> Iterator[tuple[str, str]]:
    """The title and the file of each link; the headings between them come without a file."""
    if not page.endswith(".md"):
        return
    for found in _LINK.finditer(_CODE.sub("", (ROOT / page).read_text(encoding="utf-8"))):
        if found["heading"]:
            yield found["heading"], ""
        else:
            target = (ROOT / page).parent.joinpath(found["target"]).resolve()
            yield found["title"], str(target.relative_to(ROOT))


# --- what mkdocs calls ---------------------------------------------------------------------------


def on_config(config: Any) -> Any:
    """Copy the pages, and set what mkdocs.yml cannot say."""
    from pymdownx.slugs import slugify
    from pymdownx.superfences import fence_code_format

    shutil.rmtree(STAGE, ignore_errors=True)
    for name in sorted(site_files()):
        (STAGE / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, STAGE / name)
    package = (ROOT / "lossscan" / "__init__.py").read_text(encoding="utf-8")
    drawn = {"name": "mermaid", "class": "mermaid", "format": fence_code_format}
    config.docs_dir, config.nav = str(STAGE), menu()
    config.site_url = re.findall(r'^__homepage__ = "(.+)"', package, re.MULTILINE)[0]
    config.mdx_configs["toc"]["slugify"] = slugify(case="lower")  # anchors as GitHub makes them
    config.mdx_configs["pymdownx.superfences"] = {"custom_fences": [drawn]}
    return config


def on_page_context(context: Any, *, page: Any, config: Any, nav: Any) -> Any:
    """The frame around a page speaks the language of the page, and so does its menu."""
    chinese = _is_chinese(page.file.src_uri)
    config.theme["language"] = "zh" if chinese else "en"
    if chinese:
        context["nav"] = copy(nav)
        context["nav"].items = nav.items[-1].children
    return context
