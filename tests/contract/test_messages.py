"""Every error, remark and hint that a user reads is in a catalogue, in both languages."""

from __future__ import annotations

import ast
import inspect
import pickle
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import Any

import pytest

import lossscan
from lossscan import errors
from lossscan.model import HINT, Message
from lossscan.words import LANGUAGES
from lossscan.words.messages import CATALOGUE, catalogue, sections
from lossscan.words.notes import NOTES
from lossscan.words.sentences import TABLE

HOUSE = Path(lossscan.__file__).parent
PLACES = {"at", "path"}  # put there by the error itself
RAISED = {
    name
    for name, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, errors.Worded)
}
WORDED = RAISED | {"Message", "TooDeep", "_unreadable"}  # made with a key and its values


def _sources() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(HOUSE.rglob("*.py")):
        yield path, ast.parse(path.read_text(encoding="utf-8"))


def _calls(names: set[str]) -> Iterator[tuple[str, ast.Call]]:
    for path, tree in _sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _called(node.func) in names:
                yield f"{path.relative_to(HOUSE)}:{node.lineno}", node


def _called(function: ast.expr) -> str:
    return getattr(function, "id", getattr(function, "attr", ""))


def _literals(node: ast.expr) -> Iterator[str]:
    """The texts that an expression may give; what is put together counts, too."""
    if isinstance(node, ast.IfExp):
        yield from _literals(node.body)
        yield from _literals(node.orelse)
    elif isinstance(node, ast.JoinedStr):
        yield ast.unparse(node)
    elif isinstance(node, ast.BinOp):
        yield from _literals(node.left)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value


def _fields(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name is not None}


def _needed(key: str) -> set[str]:
    entries = [catalogue()[key], catalogue().get(key + HINT, {"en": ""})]
    return {name for entry in entries for name in _fields(entry["en"])} - PLACES


def test_every_error_is_raised_with_a_key_of_the_catalogue():
    """A sentence in its place would be read in one language only."""
    literal = [
        f"{place}: {said}"
        for place, call in _calls(WORDED)
        for said in (text for argument in call.args[:1] for text in _literals(argument))
        if said not in catalogue()
    ]
    assert not literal


def test_every_hint_is_a_key_of_the_catalogue():
    """So is the way out, where an error names one of its own."""
    literal = [
        f"{place}: {said}"
        for place, call in _calls(RAISED)
        for keyword in call.keywords
        if keyword.arg == "hint"
        for said in _literals(keyword.value)
        if said not in catalogue()
    ]
    assert not literal


def test_every_error_gives_the_values_that_its_sentence_names():
    """What is missing would break the message about what is wrong."""
    missing = [
        f"{place}: {key} lacks {sorted(lacking)}"
        for place, call in _calls(WORDED)
        if call.args and all(keyword.arg is not None for keyword in call.keywords)
        for key in _literals(call.args[0])
        if (lacking := _needed(key) - {keyword.arg for keyword in call.keywords})
    ]
    assert not missing


@pytest.mark.parametrize("key", list(catalogue()))
def test_message_is_complete_in_both_languages(key: str):
    """Both languages have words and name the same values."""
    entry = catalogue()[key]
    assert all(entry[lang].strip() for lang in LANGUAGES)
    assert _fields(entry["en"]) == _fields(entry["zh"])


@pytest.mark.parametrize("key", [key for key, entry in catalogue().items() if "means" in entry])
def test_message_says_what_it_means_in_both_languages(key: str):
    """The page of messages has a sentence on it."""
    assert all(catalogue()[key]["means"][lang].strip() for lang in LANGUAGES)


@pytest.mark.parametrize("key", list(TABLE))
def test_sentence_is_complete_in_both_languages(key: str):
    """Remarks and headings name the same values in both languages."""
    english, chinese = TABLE[key]
    assert english.strip()
    assert chinese.strip()
    assert _fields(english) == _fields(chinese)


def test_no_message_is_left_over():
    """What nobody says any more is no burden to those who translate."""
    used = {
        node.value
        for _, tree in _sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    shared = {e["hint"] for e in catalogue().values() if isinstance(e.get("hint"), str)}
    own = {key for section in sections().values() for key in section}
    assert not own - used - shared


def test_no_key_has_two_sentences():
    """A key in two sections would hide one of them."""
    keys = [key for section in sections().values() for key in section]
    assert len(keys) == len(set(keys))


def test_every_remark_of_a_reader_has_words():
    """The kind of a note is a key of its table."""
    literal = [
        f"{place}: {kind}"
        for place, call in _calls({"Note"})
        for kind in (text for argument in call.args[:1] for text in _literals(argument))
        if kind not in NOTES
    ]
    assert not literal


def test_every_sentence_that_is_said_is_in_the_table():
    """`say` would fail before the user for another key."""
    literal = [
        f"{place}: {key}"
        for place, call in _calls({"say"})
        if isinstance(call.func, ast.Attribute) and _called(call.func.value) == "words"
        for key in (text for argument in call.args[1:2] for text in _literals(argument))
        if key not in TABLE and not key.startswith("f'")
    ]
    assert not literal


def test_the_catalogue_is_written_in_one_way():
    """So that a change of one sentence is a change of one line."""
    import json

    whole = json.loads(CATALOGUE.read_text(encoding="utf-8"))
    assert CATALOGUE.read_text("utf-8") == json.dumps(whole, ensure_ascii=False, indent=1) + "\n"


def test_an_error_is_said_in_each_language_with_its_place():
    """The place comes first, and reasons inside are in the same language."""
    inner = Message("as_format", format="csv_table", reason=Message("no_column"))
    error = errors.UnreadableLog("refused", at="a.csv", reasons=(inner, inner), hint="map_keys")
    assert str(error) == "a.csv: " + "; ".join(["as csv_table: line 1: no known column"] * 2)
    assert error.said("zh").message.startswith("a.csv：按 csv_table 读取：第 1 行")
    assert error.hint == str(Message("map_keys"))


def test_an_error_of_another_package_is_shown_as_it_is():
    """A plug-in has words of its own, braces and all, and perhaps no hint."""
    error = errors.UnreadableLog("not {mine}")
    assert (str(error), error.hint, error.said("zh").message) == ("not {mine}", "", "not {mine}")


def test_an_error_comes_back_from_a_worker():
    """Its key, values, hint and details survive the way."""
    error = errors.NoLogFound("no_log", at=Path("x"), details=(Message("map_own"),))
    back: Any = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    assert (str(back), back.hint, back.details) == (str(error), error.hint, error.details)


@pytest.mark.parametrize("number", errors.SYSTEM)
def test_what_the_system_says_is_said_in_its_own_words(number: int):
    """In English as Python says it."""
    import os

    error = OSError(number, os.strerror(number))
    assert str(errors.reason_of(error)) == os.strerror(number)
    assert errors.reason_of(error).say("zh") != os.strerror(number)
