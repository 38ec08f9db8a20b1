"""The catalogue for a reader: all rules in a table, or one page as text, Markdown or JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, TypeAlias

from lossscan import words
from lossscan.reporters import Page
from lossscan.words.numerals import left_open
from lossscan.words.pages import RulePage, Text, worded

if TYPE_CHECKING:
    from rich.console import RenderableType

MEASURE = 100  # cells; longer lines are hard to read
_Section: TypeAlias = tuple[str, list[str], bool]  # a heading, lines, whether they are a list


def listing(entries: Iterable[RulePage], page: Page) -> str:
    """A line each: the rule, its severity, what it says."""
    from rich.text import Text

    from lossscan.reporters.kit.columns import in_columns
    from lossscan.reporters.kit.terminal import STYLES, printed

    rows = [
        (
            Text(entry.rule),
            Text(page.say(entry.severity), style=STYLES[entry.severity]),
            Text(worded(entry.summary, page.lang)),
        )
        for entry in entries
    ]
    return printed(in_columns(rows, page.width), page)


def shown(entry: RulePage, page: Page) -> str:
    """A page as text for a terminal."""
    from rich.constrain import Constrain
    from rich.padding import Padding
    from rich.text import Text

    from lossscan.reporters.kit.terminal import STYLES, bulleted, printed

    severity = page.say(entry.severity)
    head = Text(f"{entry.rule} · ").append(severity, STYLES[entry.severity])
    parts: list[RenderableType] = [Text(worded(entry.title, page.lang), style="bold"), head]
    for heading, lines, listed in _sections(entry, page.lang):
        told = bulleted(("-" if listed else "", Text(line)) for line in lines)
        headed = [Text(heading, style="bold")] if heading else []
        parts += [Text(), *headed, Padding(told, (0, 0, 0, 1))]
    return printed([Constrain(part, MEASURE) for part in parts], page)


def marked_down(entry: RulePage, page: Page) -> str:
    """A page as Markdown."""
    severity = page.say(entry.severity)
    lines = [f"# {worded(entry.title, page.lang)}", "", f"`{entry.rule}` · {severity}"]
    for heading, told, listed in _sections(entry, page.lang):
        headed = ["", f"## {heading}"] if heading else []
        lines += [*headed, "", *(f"- {line}" if listed else line for line in told)]
    return "\n".join(lines) + "\n"


def as_json(entry: RulePage, page: Page) -> str:
    """The whole page, in both languages, as the catalogue has it."""
    return json.dumps(asdict(entry), ensure_ascii=False, indent=2) + "\n"


FORMATS: Mapping[str, Callable[[RulePage, Page], str]]
FORMATS = {"json": as_json, "markdown": marked_down, "rich": shown}


def _sections(entry: RulePage, lang: str) -> list[_Section]:
    """What a page says, in the order a reader asks; sections without lines are left out."""
    remedies = [*entry.remedies.values(), *(cause.remedy for cause in entry.causes.values())]
    table: list[tuple[str, Iterable[str], bool]] = [
        ("what", [worded(entry.summary, lang)], False),
        ("why", [worded(entry.why, lang)], False),
        ("how_to_tell", entry.telltales.get(lang, ()), True),
        ("look_alikes", _named(entry.lookalikes, lang), True),
        (
            "causes",
            dict.fromkeys(worded(cause.text, lang) for cause in entry.causes.values()),
            True,
        ),
        ("remedies", dict.fromkeys(worded(text, lang) for text in remedies), True),
        ("options", _named(entry.options, lang), True),
        ("references", entry.references, True),
    ]
    written: list[_Section] = []
    for key, texts, listed in table:
        lines = [left_open(text, "<{}>") for text in texts]  # `{limit:.3g}` becomes `<limit>`
        written += [(words.say(lang, f"page_{key}"), lines, listed)] if lines else []
    marked = any("<" in line for _, lines, _ in written for line in lines)
    note = ("", [words.say(lang, "page_open")], False)
    return [*written, note] if marked else written


def _named(texts: Mapping[str, Text], lang: str) -> Iterable[str]:
    colon = words.say(lang, "colon")
    return (f"{name}{colon}{worded(text, lang)}" for name, text in texts.items())
