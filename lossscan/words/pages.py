"""The catalogue of rules: a YAML file each becomes a Page of texts in English and Chinese."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, TypeAlias

from lossscan import plugins
from lossscan.errors import UsageError
from lossscan.model import Message, Severity
from lossscan.words import LANGUAGES, nearest
from lossscan.words.numerals import Filling
from lossscan.words.own_yaml import as_yaml, catalogue_in

Text: TypeAlias = Mapping[str, str]  # language -> sentence; templates name numbers of the message
_FOLDER = Path(__file__).parent / "rules"
_SHARED = "shared"  # means the sentence of `_shared.yaml`, in the same section and of that name


@dataclass(frozen=True, slots=True)
class CauseText:
    """What a cause says, and what to do about it."""

    text: Text
    remedy: Text


@dataclass(frozen=True, slots=True)
class RulePage:
    """The catalogue entry of a rule."""

    rule: str
    severity: Severity
    title: Text
    summary: Text  # one line
    why: Text
    messages: Mapping[str, Text]  # by the name of Finding.message
    titles: Mapping[str, Text] = field(default_factory=dict)  # by that name, where another is apt
    yields_to: tuple[str, ...] = ()  # rules that explain the same change better
    telltales: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # by language
    lookalikes: Mapping[str, Text] = field(default_factory=dict)  # by the other rule's name
    evidence: Mapping[str, Text] = field(default_factory=dict)  # by the name of Evidence.text
    causes: Mapping[str, CauseText] = field(default_factory=dict)  # by Cause.id
    remedies: Mapping[str, Text] = field(default_factory=dict)  # by the names of Finding.remedies
    next: Mapping[str, Text] = field(default_factory=dict)  # by the name of Finding.next
    ruled_out: Mapping[str, Text] = field(default_factory=dict)  # by the name of RuledOut.text
    options: Mapping[str, Text] = field(default_factory=dict)  # by the names of its options
    references: tuple[str, ...] = ()  # "owner/repository#number" or an address
    against_expected: bool = False  # its effect is what is logged against what should be


@cache
def page_names() -> tuple[str, ...]:
    """The rules that have a page, in alphabetical order; raises PluginError."""
    return plugins.names(plugins.RULES, _own())


@cache
def _own() -> frozenset[str]:
    return frozenset(path.stem for path in _FOLDER.glob("[!_]*.yaml"))


@cache
def load_page(rule: str) -> RulePage:
    """The page of one rule; raises UsageError where there is none, PluginError."""
    if rule in _own():
        return _page(_with_shared(catalogue_in(_FOLDER / f"{rule}.yaml")))
    if rule not in page_names():
        raise UsageError("unknown_rule", name=rule, hint=nearest(rule, page_names()))
    text = _brought(rule)
    try:
        return _page(_with_shared({"rule": rule} | as_yaml(text)))
    except Exception as error:  # the text of others: whatever is wrong with it, it is said whose
        reason = Message("plugin_page", reason=repr(error))
        raise plugins.refused(plugins.RULES, rule, reason) from error


def _brought(rule: str) -> str:
    """The page that a rule of another package brings along."""
    page = getattr(plugins.load(plugins.RULES, rule, object), "page", None)
    if not isinstance(page, str):
        raise plugins.refused(plugins.RULES, rule, Message("plugin_no_page"))
    return page


@lru_cache(maxsize=4096)  # all texts of all pages: a batch says each in many runs
def text_of(key: str) -> Text | None:
    """The text that a key such as `rules/loss-jump/messages/default` leads to, if to any."""
    _, rule, *path = key.split("/")
    found: Any = load_page(rule) if rule in page_names() else None
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else getattr(found, name, None)
    found = getattr(found, "text", found)  # of a cause
    return found if isinstance(found, Mapping) else None


def worded(text: Text, lang: str) -> str:
    """A text in one language, with its numbers left open."""
    return text.get(lang, text["en"])


def filled(text: Text, lang: str, numbers: Mapping[str, Any]) -> str:
    """The same with its numbers; an unknown one becomes "?"."""
    return worded(text, lang).format_map(Filling(defaultdict(type(None), numbers)))


def _with_shared(raw: dict[str, Any]) -> dict[str, Any]:
    """A page with the sentences it shares with others in their places."""
    shared = catalogue_in(_FOLDER / "_shared.yaml")
    filled = {
        section: {
            name: shared[section][name] if said == _SHARED else said
            for name, said in raw.get(section, {}).items()
        }
        for section in shared
    }
    return raw | filled


def _page(raw: dict[str, Any]) -> RulePage:
    return RulePage(
        **raw
        | {
            "severity": Severity(raw["severity"]),
            "yields_to": tuple(raw.get("yields_to", ())),
            "references": tuple(raw.get("references", ())),
            "telltales": {lang: tuple(said) for lang, said in raw.get("telltales", {}).items()},
            "causes": {
                name: CauseText(
                    {lang: cause[lang] for lang in LANGUAGES if lang in cause}, cause["remedy"]
                )
                for name, cause in raw.get("causes", {}).items()
            },
        }
    )
