"""The pages of messages: each error and remark, what it means, and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from docs.make.markdown import page, prose, table
from lossscan.model import HINT
from lossscan.words import LANGUAGES
from lossscan.words.messages import catalogue, sections

FOLDERS: Final[Mapping[str, str]] = {"en": "messages.md", "zh": "zh/messages.md"}
REMARKS: Final = Path(__file__).with_name("remarks.yaml")
PARTS: Final = ("skipped", "reasons", "system")  # of a message: they need no explanation
_GENERIC: Final = ("note",)  # holds a remark that has no words
_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "title": ("Messages", "消息一览"),
    "intro": (
        (
            "All that lossscan says on standard error or in the remarks of a report. An error"
            " is one line: where, what, and what to do. Words in *italics* are placeholders for"
            " names and numbers. `--lang`, the settings file or the locale choose the language; in"
            " a batch an error is the `error` of its run, and the other runs are still analyzed."
        ),
        (
            "lossscan 在标准错误或报告备注中给出的全部消息。错误为一行：位置、问题、处理办法。"
            "*斜体*的词代表具体的名称和数值。语言由 `--lang`、设置文件或系统区域决定；批量分析时，"
            "错误写入对应运行的 `error`，其余运行照常分析。"
        ),
    ),
    "other": ("[中文](zh/messages.md)", "[English](../messages.md)"),
    "message": ("message", "消息"),
    "means": ("what it means", "含义"),
    "do": ("what to do", "处理办法"),
    "usage": ("Command line", "命令行"),
    "settings": ("Settings file and baseline", "设置文件和基线"),
    "log": ("Files that cannot be read", "无法读取的文件"),
    "run": ("Runs that cannot be analyzed", "无法分析的运行"),
    "output": ("Writing the report", "写出报告"),
    "extra": ("Optional parts", "可选组件"),
    "plugin": ("Plug-ins", "插件"),
    "remarks": ("Remarks on a run", "运行的备注"),
    "skipped": ("Why a file of a run was skipped", "运行中的文件为何被跳过"),
    "reasons": ("Reasons inside other messages", "其他消息中的原因"),
    "system": ("Reasons of the system", "系统给出的原因"),
    "suggests": (
        "the hint names the nearest match, or the help to read",
        "提示中给出最接近的名称或应查看的帮助",
    ),
}


def message_pages() -> dict[str, str]:
    """Both pages by their path below docs/."""
    return {name: page(_parts(lang)) for lang, name in FOLDERS.items()}


def explained() -> dict[str, dict[str, list[str]]]:
    """What each remark means and what to do, by its kind and language."""
    found: dict[str, dict[str, list[str]]] = yaml.safe_load(REMARKS.read_text(encoding="utf-8"))
    return found


def _word(key: str, lang: str) -> str:
    return _WORDS[key][LANGUAGES.index(lang)]


def _parts(lang: str) -> Iterator[str]:
    yield f"# {_word('title', lang)}"
    yield _word("other", lang)
    yield _word("intro", lang)
    header = [_word(key, lang) for key in ("message", "means", "do")]
    for section, entries in sections().items():
        rows = [_row(key, entry, lang) for key, entry in entries.items() if "means" in entry]
        if rows:
            yield f"## {_word(section, lang)}"
            yield table(header, rows)
    yield f"## {_word('remarks', lang)}"
    yield table(header, _remarks(lang))
    for section in PARTS:
        yield f"## {_word(section, lang)}"
        yield table(header[:1], ((_cell(each[lang]),) for each in sections()[section].values()))


def _row(key: str, entry: Mapping[str, Any], lang: str) -> tuple[str, str, str]:
    hint = catalogue().get(key + HINT)
    said = _cell(entry[lang])
    return said, _cell(entry["means"][lang]), _cell(hint[lang]) if hint else _word("suggests", lang)


def _remarks(lang: str) -> Iterator[tuple[str, ...]]:
    known = explained()
    for kind, said in sections()["notes"].items():
        if kind not in _GENERIC:
            text = _cell(said[lang])
            yield text, *map(_cell, known.get(kind, {}).get(lang, ["", ""]))


def _cell(text: str) -> str:
    return prose(text.replace("{{", "{").replace("}}", "}")).replace("\n", " ").strip()
