"""Pieces of Markdown: escaped text, lists, folded lists, and a finding in full."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from lossscan import words
from lossscan.expressions import expression
from lossscan.model import Cause, Finding
from lossscan.reporters import Page
from lossscan.reporters.kit.lines import advice_line, scored, told_of

MARKUP = frozenset("\\`*_[]<>#|~&$")  # what Markdown and its GitHub kind read as markup
MENTION = {"@": "@\u200b"}  # a zero-width space: nobody is called by what a log says

_BARE: Final = expression(r"(?i)www\.|:(?=//)")  # what GitHub makes a link of


def escape(text: str) -> str:
    """Text that shows as it is: no markup, mention or link in it comes alive."""
    line = (f"\\{c}" if c in MARKUP else MENTION.get(c, c) for c in words.printable(text))
    return _BARE.sub(lambda found: found[0][:-1] + "\\" + found[0][-1], "".join(line))


def verdict(finding: Finding, number: int, page: Page) -> Iterator[str]:
    """A finding in full."""
    severity = page.say(finding.severity).upper()
    yield f"### {number}. {severity}{page.say('colon')}{escape(page.say(finding.title))}"
    yield from ("", f"`{finding.rule}` · {escape(' · '.join(told_of(finding, page)))}")
    yield from ("", escape(page.say(finding.message)))
    yield from folded("evidence", (page.say(each.text) for each in finding.evidence), page)
    yield from listed("causes", _causes(finding.causes, page), page)
    yield from listed("remedies", map(page.say, finding.remedies), page)
    yield from listed("next", map(page.say, [finding.next] if finding.next else []), page)


def _causes(causes: Iterable[Cause], page: Page) -> Iterator[str]:
    for cause in causes:
        advice = "; ".join(advice_line(each, page) for each in cause.config)
        yield scored(cause, page) + (f" - {advice}" if advice else "")


def listed(key: str, items: Iterable[str], page: Page) -> Iterator[str]:
    """A list below its heading; nothing without items."""
    lines = [f"- {escape(item)}" for item in items]
    if lines:
        yield from ("", f"**{page.say(key)}**", "", *lines)


def folded(key: str, items: Iterable[str], page: Page) -> Iterator[str]:
    """A list that opens on a click; nothing without items."""
    lines = [f"- {escape(item)}" for item in items]
    if lines:
        summary = f"<details><summary>{page.say(key)}</summary>"
        yield from ("", summary, "", *lines, "", "</details>")
