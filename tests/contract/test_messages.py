"""Every error, remark and hint that a user reads is in a catalogue, in both languages."""

from __future__ import annotations

import ast
import inspect
import json
import pickle
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
from typer.main import get_command

from docs.make.messages import explained
from lossscan import errors
from lossscan.commands import _app, main, verbs
from lossscan.model import HINT, Message
from lossscan.words import LANGUAGES
from lossscan.words.help import CATALOGUE as HELP
from lossscan.words.messages import CATALOGUE, catalogue, sections
from tests.code import HOUSE, MODULES, nodes

PLACES = {"at", "path"}  # put there by the error itself
RAISED = {
    name
    for name, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, errors.Worded)
}
WORDED = RAISED | {"Message", "TooDeep", "_unreadable"}  # made with a key and its values
PUT_TOGETHER = (
    "report",
    "charts",
    "comparison",
)  # sections some of whose keys no code has as a whole
OF_PAGES = ("rules", "ledger", "model")  # there a message names a text of a rule's page


@cache
def _nodes() -> list[tuple[Path, ast.expr]]:
    """The calls and constants of the package."""
    return [
        (path.relative_to(HOUSE), node)
        for path in MODULES
        for node in nodes(path)
        if isinstance(node, ast.Call | ast.Constant)
    ]


def _calls(names: set[str]) -> Iterator[tuple[str, ast.Call]]:
    for path, node in _nodes():
        if isinstance(node, ast.Call) and _called(node.func) in names:
            yield f"{path}:{node.lineno}", node


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
    entries = [catalogue().get(key, {"en": ""}), catalogue().get(key + HINT, {"en": ""})]
    return {name for entry in entries for name in _fields(entry["en"])} - PLACES


def test_every_error_is_raised_with_a_key_of_the_catalogue():
    """A sentence in its place would be read in one language only."""
    literal = [
        f"{place}: {said}"
        for place, call in _calls(WORDED)
        for said in (text for argument in call.args[:1] for text in _literals(argument))
        if said and said not in catalogue() and not place.startswith(OF_PAGES)
        if not said.startswith("f'")
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
        if not place.startswith(OF_PAGES)
        for key in _literals(call.args[0])
        if (lacking := _needed(key) - {keyword.arg for keyword in call.keywords})
    ]
    assert not missing


def test_messages_are_complete_in_both_languages():
    """Both languages have words and name the same values."""
    odd = [
        key
        for key, entry in catalogue().items()
        if not all(entry[lang].strip() for lang in LANGUAGES)
        or _fields(entry["en"]) != _fields(entry["zh"])
    ]
    assert not odd


def test_messages_say_what_they_mean_in_both_languages():
    """The page of messages has a sentence on each."""
    meant = {key: entry["means"] for key, entry in catalogue().items() if "means" in entry}
    assert not [k for k, said in meant.items() if not all(said[lang].strip() for lang in LANGUAGES)]


def test_no_message_is_left_over():
    """What nobody says any more is no burden to those who translate."""
    used = {
        node.value
        for _, node in _nodes()
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    shared = {e["hint"] for e in catalogue().values() if isinstance(e.get("hint"), str)}
    own = {
        key for name, section in sections().items() if name not in PUT_TOGETHER for key in section
    }
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
        if kind not in sections()["notes"]
    ]
    assert not literal


def test_every_sentence_that_is_said_is_in_the_table():
    """`say` would fail before the user for another key."""
    literal = [
        f"{place}: {key}"
        for place, call in _calls({"say"})
        if isinstance(call.func, ast.Attribute) and _called(call.func.value) == "words"
        for key in (text for argument in call.args[1:2] for text in _literals(argument))
        if key not in catalogue() and not key.startswith("f'")
    ]
    assert not literal


def test_every_sentence_of_a_comparison_is_in_the_catalogue():
    """Its keys have a prefix of their own."""
    unknown = [
        f"{place}: {name}"
        for place, call in _calls({"said"})
        if place.startswith("comparing/")
        for name in _literals(call.args[0])
        if f"compare/{name}" not in catalogue() and not name.startswith("f'")
    ]
    assert not unknown


def _help_texts() -> set[str]:
    group: Any = get_command(_app())
    commands = [group, *(group.get_command(None, verb) for verb in verbs())]
    shown = {parameter.help for command in commands for parameter in command.params}
    return shown | {command.help for command in commands}


def test_every_help_text_is_there_in_chinese():
    """What `--help` shows has a translation; one that nothing shows any more is gone."""
    own = set(json.loads(HELP.read_text(encoding="utf-8")))
    headings = {
        "Usage: ",
        "Arguments",
        "Options",
        "Commands",
        "Examples",
        "[default: ",
        "[required]",
    }
    assert _help_texts() - own == set()
    assert own - _help_texts() == headings | {"Show this message and exit."}


@pytest.mark.parametrize("verb", [None, *verbs()])
def test_help_is_in_the_language_that_is_spoken(
    verb: str | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """No line of it is English but the examples, and none is wider than English ones may be."""
    monkeypatch.setenv("LANGUAGE", "zh_CN")
    monkeypatch.setenv("COLUMNS", "80")
    assert main([*filter(None, [verb]), "--help"]) == 0
    shown = capsys.readouterr().out
    assert not [text for text in _help_texts() if text in shown]
    told = [line for line in shown.splitlines() if line.startswith(" " * 8)]
    assert all(sum(1 + (ord(c) > 0x2E80) for c in line) <= 82 for line in told if "|" not in line)


@pytest.mark.parametrize(
    ("arguments", "english", "chinese"),
    [
        (
            ["analyze"],
            "missing argument RUN_DIR; see lossscan",
            "缺少参数 RUN_DIR；请参阅 lossscan",
        ),
        (["plot", "x"], "missing option --output / -o", "缺少选项 --output / -o"),
        (
            ["analyze", "x", "--selct"],
            '--selct; did you mean "--select"?',
            "没有选项",
        ),
        (["watch", "x", "--interval", "a"], "--interval: expected a number", "应为数字"),
        (["batch", ".", "--jobs", "a"], "--jobs / -j: expected an integer", "应为整数"),
        (["analyze", "x", "y"], "unexpected arguments: y", "多余的参数：y"),
        (
            ["analyze", "x", "-f"],
            "requires a value; see lossscan analyze --help",
            "选项 -f 需要一个值",
        ),
        (["rules", "--quiet=1"], "option --quiet does not take a value", "选项 --quiet 不接受值"),
        (["analyz"], 'no such command "analyz"; did you mean "analyze"?', "没有名为“analyz”的命令"),
        (
            ["analyze", "nowhere"],
            "nowhere: no such file or",
            "nowhere：文件或目录不存在",
        ),
    ],
)
def test_a_slip_on_the_command_line_is_answered_in_either_language(
    arguments: list[str],
    english: str,
    chinese: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    """By the locale, and by `--lang` before it; typer's own words are English."""
    for lang, said in (("en_US", english), ("zh_CN", chinese)):
        monkeypatch.setenv("LANGUAGE", lang)
        assert main(arguments) == 2
        assert said in capsys.readouterr().err


def test_lang_goes_before_the_locale_also_for_errors(capsys: pytest.CaptureFixture[str]):
    """An option that was given with it may be wrong itself."""
    assert main(["analyze", "nowhere", "--lang", "zh"]) == 2
    assert "文件或目录不存在" in capsys.readouterr().err
    assert main(["analyze", "nowhere", "--lang=zh", "--nope"]) == 2
    assert "没有选项 --nope" in capsys.readouterr().err
    assert main(["analyze", "nowhere"]) == 2
    assert "no such file" in capsys.readouterr().err


def test_the_settings_say_the_language_of_errors_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """Once they are read."""
    (tmp_path / "lossscan.yaml").write_text("lang: zh\n")
    monkeypatch.chdir(tmp_path)
    assert main(["analyze", "nowhere"]) == 2
    assert "文件或目录不存在" in capsys.readouterr().err


def test_every_remark_is_explained_on_the_page_of_messages():
    """What it means and what to do, in both languages; and no remark that is gone."""
    known = explained()
    assert known.keys() == sections()["notes"].keys() - {"note"}
    for kind, told in known.items():
        assert {lang: len(list(filter(None, told[lang]))) for lang in LANGUAGES} == {
            "en": 2,
            "zh": 2,
        }, kind


def test_every_error_is_explained_on_the_page_of_messages():
    """Only what is part of another message needs no row of its own."""
    parts = {"skipped", "reasons", "expected", "details", "hints", "system", "notes", *PUT_TOGETHER}
    bare = [
        key
        for section, entries in sections().items()
        for key, entry in entries.items()
        if section not in parts and "means" not in entry
    ]
    assert not bare


def test_the_catalogue_is_written_in_one_way():
    """So that a change of one sentence is a change of one line."""
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
