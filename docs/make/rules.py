"""The catalogue of rules as pages, in English and Chinese: one a rule, and an index."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import yaml

import lossscan
from docs.make.markdown import bullets, page, prose, table
from lossscan import words
from lossscan.model import RunReport
from lossscan.rules import Rule, load_rule
from lossscan.words.pages import RulePage, load_page, page_names, worded

FOLDERS: Mapping[str, str] = {"en": "rules", "zh": "zh/rules"}  # below docs/
_WORDS: Mapping[str, tuple[str, str]] = {  # what the catalogue and `words` have no word for
    "rules": ("Rules", "规则"),
    "rule": ("rule", "规则"),
    "says": ("says", "说明"),
    "messages": ("What it says of a run", "结论的写法"),
    "evidence": ("Evidence it prints", "给出的证据"),
    "next": ("The cheapest check that settles it", "最省力的确认办法"),
    "ruled_out": ("When it is ruled out", "何时排除"),
    "yields_to": (
        "Left out where one of these explains the same change:",
        "以下规则能解释同一变化时不再报告：",
    ),
    "option": ("option", "选项"),
    "default": ("default", "默认值"),
    "reason": ("meaning", "含义"),
    "sample": ("A real run", "真实示例"),
    "set": (
        "Set them, or a `severity`, under `rules` in a [settings file](../formats.md#settings).",
        "在[设置文件](../formats.md#设置文件)的 `rules` 下修改，`severity` 亦可。",
    ),
    "italics": (
        "Words in *italics* are placeholders for numbers of the run.",
        "*斜体*的词代表具体运行中的数值。",
    ),
    "other": ("[中文](../zh/rules/{page})", "[English](../../rules/{page})"),
    "index": (
        "All that lossscan can say of a run. `lossscan explain RULE` prints the gist of a page.",
        "lossscan 能给出的全部结论。`lossscan explain RULE` 显示一页的要点。",
    ),
}
_ISSUE = re.compile(r"([\w.-]+/[\w.-]+)#(\d+)")


def rule_pages(samples: Path) -> dict[str, str]:
    """All pages by their path below docs/; `samples` is the folder of sample runs."""
    made = {}
    for lang, folder in FOLDERS.items():
        made[f"{folder}/README.md"] = _index(lang)
        for name in page_names():
            made[f"{folder}/{name}.md"] = page(_parts(load_page(name), lang, samples))
    return made


def _word(lang: str, key: str) -> str:
    return _WORDS[key][words.LANGUAGES.index(lang)]


def _index(lang: str) -> str:
    entries = [load_page(name) for name in page_names()]
    rows = (
        (f"[{e.rule}]({e.rule}.md)", words.say(lang, e.severity), prose(worded(e.summary, lang)))
        for e in sorted(entries, key=lambda entry: (entry.severity.rank, entry.rule))
    )
    header = (_word(lang, "rule"), words.say(lang, "severity"), _word(lang, "says"))
    other = _word(lang, "other").format(page="README.md")
    return page((f"# {_word(lang, 'rules')}", other, _word(lang, "index"), table(header, rows)))


def _parts(entry: RulePage, lang: str, samples: Path) -> Iterator[str]:
    other = _word(lang, "other").format(page=f"{entry.rule}.md")
    yield f"# {prose(worded(entry.title, lang))}"
    yield f"`{entry.rule}` · {words.say(lang, entry.severity)} · {other}"
    yield _sentence(entry, lang)
    for heading, *blocks in _sections(entry, lang, samples):
        if any(blocks):
            yield from (f"## {heading}", *blocks)


def _sentence(entry: RulePage, lang: str) -> str:
    """The summary, unless it only repeats the title."""
    summary, title = worded(entry.summary, lang), worded(entry.title, lang)
    return "" if summary.lower() == title.lower() else prose(summary)


def _sections(entry: RulePage, lang: str, samples: Path) -> Iterator[tuple[str, ...]]:
    def texts(found: Mapping[str, Mapping[str, str]]) -> str:
        return bullets(prose(worded(text, lang)) for text in found.values())

    yield words.say(lang, "page_why"), prose(worded(entry.why, lang))
    yield words.say(lang, "page_how_to_tell"), bullets(map(prose, entry.telltales.get(lang, ())))
    yield words.say(lang, "page_look_alikes"), _look_alikes(entry, lang)
    yield _word(lang, "sample"), *_samples(entry.rule, lang, samples)
    yield _word(lang, "messages"), texts(entry.messages), _word(lang, "italics")
    yield _word(lang, "evidence"), texts(entry.evidence)
    yield words.say(lang, "page_causes"), _causes(entry, lang)
    yield words.say(lang, "page_remedies"), texts(entry.remedies)
    yield _word(lang, "next"), texts(entry.next)
    yield _word(lang, "ruled_out"), texts(entry.ruled_out), _yields_to(entry, lang)
    yield words.say(lang, "page_options"), *_options(entry, load_rule(entry.rule), lang)
    yield words.say(lang, "page_references"), bullets(map(_reference, entry.references))


def _look_alikes(entry: RulePage, lang: str) -> str:
    return bullets(
        f"[{rule}]({rule}.md): {prose(worded(text, lang))}"
        for rule, text in entry.lookalikes.items()
    )


def _causes(entry: RulePage, lang: str) -> str:
    """Each cause, and below it what to do."""
    return bullets(
        f"{prose(worded(cause.text, lang))}\n    - {prose(worded(cause.remedy, lang))}"
        for cause in entry.causes.values()
    )


def _yields_to(entry: RulePage, lang: str) -> str:
    better = ", ".join(f"[{rule}]({rule}.md)" for rule in entry.yields_to)
    return f"{_word(lang, 'yields_to')} {better}" if better else ""


def _reference(named: str) -> str:
    if named.startswith("http"):
        return f"<{named}>"
    return _ISSUE.sub(r"[\1#\2](https://github.com/\1/issues/\2)", named)


# --- options -----------------------------------------------------------------------------------


def _options(entry: RulePage, rule: Rule, lang: str) -> tuple[str, ...]:
    """The options of a rule with their defaults; raises KeyError for one without a meaning."""
    if not rule.options:
        return ()
    header = [_word(lang, key) for key in ("option", "default", "reason")]
    meant = entry.options
    rows = ((f"`{o}`", f"`{v}`", prose(worded(meant[o], lang))) for o, v in rule.options.items())
    return (table(header, rows), _word(lang, "set"))


def _samples(rule: str, lang: str, samples: Path) -> Iterator[str]:
    """The sample runs in which the rule is expected and speaks: the command, and what it says."""
    for folder in sorted(path.parent for path in samples.glob("*/expected.yaml")):
        if rule in _expected(folder):
            report = _report(folder, lang)
            said = (f.message.say(lang) for f in report.findings if f.rule == rule)
            command = f"lossscan analyze {samples.name}/{folder.name}"
            yield from (f"`{command}`\n\n> {prose(text)}" for text in said)


@cache
def _expected(folder: Path) -> frozenset[str]:
    expected = yaml.safe_load((folder / "expected.yaml").read_text(encoding="utf-8"))
    return frozenset(finding["rule"] for finding in expected["findings"])


@cache
def _report(folder: Path, lang: str) -> RunReport:
    return lossscan.analyze(folder, settings=lossscan.Settings(lang=lang))
