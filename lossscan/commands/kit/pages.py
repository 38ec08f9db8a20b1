"""The catalogue for a reader: all rules in a table, or one page as text, Markdown or JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from lossscan import words
from lossscan.reporters import Page
from lossscan.words.numerals import left_open
from lossscan.words.pages import RulePage, Text, worded

if TYPE_CHECKING:
    from rich.console import RenderableType

MEASURE = 100  # cells; longer lines are hard to read


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and its lines."""

    heading: str
    lines: tuple[str, ...]
    listed: bool = True  # a list rather than prose


def listing(entries: Iterable[RulePage], page: Page) -> str:
    """A line each: the rule, its severity, what it says."""
    from rich.text import Text

    from lossscan.reporters.kit.columns import in_columns
    from lossscan.reporters.kit.console import printed
    from lossscan.reporters.kit.style import STYLES

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

    from lossscan.reporters.kit.console import printed
    from lossscan.reporters.kit.style import STYLES, bulleted

    severity = page.say(entry.severity)
    head = Text(f"{entry.rule} · ").append(severity, STYLES[entry.severity])
    parts: list[RenderableType] = [Text(worded(entry.title, page.lang), style="bold"), head]
    for section in _sections(entry, page.lang):
        bullet = "-" if section.listed else ""
        lines = bulleted((bullet, Text(line)) for line in section.lines)
        heading = [Text(section.heading, style="bold")] if section.heading else []
        parts += [Text(), *heading, Padding(lines, (0, 0, 0, 1))]
    return printed([Constrain(part, MEASURE) for part in parts], page)


def marked_down(entry: RulePage, page: Page) -> str:
    """A page as Markdown."""
    severity = page.say(entry.severity)
    lines = [f"# {worded(entry.title, page.lang)}", "", f"`{entry.rule}` · {severity}"]
    for section in _sections(entry, page.lang):
        bullet = "- " if section.listed else ""
        heading = ["", f"## {section.heading}"] if section.heading else []
        lines += [*heading, "", *(bullet + line for line in section.lines)]
    return "\n".join(lines) + "\n"


def as_json(entry: RulePage, page: Page) -> str:
    """The whole page, in both languages, as the catalogue has it."""
    return json.dumps(asdict(entry), ensure_ascii=False, indent=2) + "\n"


FORMATS: Mapping[str, Callable[[RulePage, Page], str]]
FORMATS = {"json": as_json, "markdown": marked_down, "rich": shown}


def _sections(entry: RulePage, lang: str) -> list[Section]:
    """What a page says, in the order a reader asks; sections without lines are left out."""
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
        ("remedies", _remedies(entry, lang), True),
        ("options", _named(entry.options, lang), True),
        ("references", entry.references, True),
    ]
    sections = (
        Section(
            words.say(lang, f"page_{key}"),
            tuple(left_open(line, "<{}>") for line in lines),  # `{limit:.3g}` becomes `<limit>`
            listed,
        )
        for key, lines, listed in table
    )
    written = [section for section in sections if section.lines]
    marked = any("<" in line for section in written for line in section.lines)
    note = Section("", (words.say(lang, "page_open"),), listed=False)
    return [*written, note] if marked else written


def _named(texts: Mapping[str, Text], lang: str) -> Iterable[str]:
    colon = words.say(lang, "colon")
    return (f"{name}{colon}{worded(text, lang)}" for name, text in texts.items())


def _remedies(entry: RulePage, lang: str) -> Iterable[str]:
    texts = [*entry.remedies.values(), *(cause.remedy for cause in entry.causes.values())]
    return dict.fromkeys(worded(text, lang) for text in texts)
