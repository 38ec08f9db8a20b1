"""Every rule has a page, complete in both languages, and every page has a rule."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from string import Formatter

import pytest

import lossscan.rules
from lossscan.errors import UsageError
from lossscan.model import PLAIN, Severity
from lossscan.rules import load_rule, rule_names
from lossscan.words import LANGUAGES
from lossscan.words.pages import RulePage, Text, load_page, page_names
from tests.code import tree

FOLDER = Path(lossscan.rules.__file__).parent
PROMISED = {  # the table of the public contract
    "epoch-step-drop": "info",
    "last-epoch-drop": "warning",
    "loss-jump": "critical",
    "loss-spike": "warning",
    "divergence": "critical",
    "non-finite-loss": "critical",
    "zero-loss": "critical",
    "ga-loss-scaling": "critical",
    "eval-missing": "critical",
    "overfitting": "warning",
    "plateau": "warning",
    "resume-discontinuity": "warning",
    "lr-schedule-mismatch": "warning",
    "grad-norm-explosion": "warning",
    "high-initial-loss": "warning",
    "incomplete-accumulation": "info",
    "loss-too-low": "warning",
    "periodic-loss": "info",
    "unexplained-drop": "warning",
    "throughput-drop": "info",
    "zero-gradient": "critical",
    "eval-mismatch": "warning",
    "component-divergence": "warning",
}


@pytest.mark.parametrize(("rule", "severity"), PROMISED.items())
def test_catalogue_holds_every_promised_rule(rule: str, severity: str):
    """A rule that users may name in settings has a page with the promised severity."""
    assert load_page(rule).severity == Severity(severity)


def test_catalogue_and_rules_are_the_same_set():
    """No page without a rule, no rule without a page."""
    assert page_names() == rule_names()


@pytest.mark.parametrize("rule", rule_names())
def test_page_says_what_each_option_means(rule: str):
    """An option is found with `explain` and on the page, in both languages."""
    meant = load_page(rule).options
    assert set(meant) == set(load_rule(rule).options)
    assert all(text[lang].strip() for text in meant.values() for lang in LANGUAGES)


def test_catalogue_names_the_nearest_for_an_unknown_page():
    """Asking for a page that does not exist is a usage error."""
    with pytest.raises(UsageError):
        load_page("no-such-rule")


@pytest.mark.parametrize("rule", page_names())
def test_page_is_complete_in_both_languages(rule: str):
    """Every text of a page stands in English and in Chinese, and both name the same numbers."""
    page = load_page(rule)
    assert page.rule == rule
    assert page.messages
    assert page.telltales.keys() == set(LANGUAGES)
    for place, text in _texts(page):
        assert text.keys() == set(LANGUAGES), place
        assert all(said.strip() for said in text.values()), place
        assert _fields(text["en"]) == _fields(text["zh"]), place


@pytest.mark.parametrize("rule", page_names())
def test_page_names_only_rules_that_exist(rule: str):
    """Look-alikes and better explanations are rules, and no two yield to each other."""
    page = load_page(rule)
    assert {*page.yields_to, *page.lookalikes} <= set(page_names())
    assert all(rule not in load_page(other).yields_to for other in page.yields_to)


@pytest.mark.parametrize("rule", page_names())
def test_page_has_a_text_for_every_id_the_rule_yields(rule: str):
    """What a rule may say, by itself or through a helper, has a text."""
    assert not set(_yielded_ids(rule)) - _ids_of(load_page(rule))


@pytest.mark.parametrize("rule", page_names())
def test_page_holds_no_text_that_the_rule_never_says(rule: str):
    """No text is left over from a rule that changed."""
    ids = {said.removesuffix(PLAIN) for said in _ids_of(load_page(rule))}
    ids -= {"default", "explained_by", "unclaimed", "size"}  # the ledger says these too
    words = {node.value for node in _nodes(rule) if isinstance(node, ast.Constant)}
    begun = tuple(
        str(node.values[0].value)
        for node in _nodes(rule)
        if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant)
    )
    assert not [said for said in ids - words if not said.startswith(begun)]


@pytest.mark.parametrize("rule", rule_names())
def test_rule_is_named_like_its_file(rule: str):
    """The name in the module, the file and the catalogue are one."""
    assert load_rule(rule).name == rule


def _texts(page: RulePage) -> Iterator[tuple[str, Text]]:
    for name in ("title", "summary", "why"):
        yield name, getattr(page, name)
    for kind in ("lookalikes", "messages", "evidence", "remedies", "next", "ruled_out"):
        for key, text in getattr(page, kind).items():
            yield f"{kind}.{key}", text
    for key, cause in page.causes.items():
        yield f"causes.{key}", cause.text
        yield f"causes.{key}.remedy", cause.remedy


def _fields(template: str) -> set[str]:
    """The names of the numbers in a template; raises ValueError where it is malformed."""
    names = {name for _, name, _, _ in Formatter().parse(template) if name is not None}
    assert all(name.isidentifier() for name in names), template
    return names


def _tree(module: str) -> ast.Module:
    """A module, or all modules of a folder as one."""
    folder = sorted((FOLDER / module).glob("*.py"))
    files = folder or [FOLDER / f"{module}.py"]
    bodies = (tree(file).body for file in files)
    return ast.Module(body=[node for body in bodies for node in body], type_ignores=[])


@cache
def _nodes(rule: str) -> list[ast.AST]:
    """All nodes of a rule's module and of the helper functions it calls, however indirectly."""
    found: list[ast.AST] = []
    trees = [_tree(rule.replace("-", "_"))]
    while trees:
        held = list(ast.walk(trees.pop()))
        found += held
        trees += [
            _called(
                "kit/" + node.module.rpartition(".")[2],
                {alias.name for alias in node.names} | _kinds_around(held),
            )
            for node in held
            if isinstance(node, ast.ImportFrom)
            and node.module is not None
            and node.module.startswith("lossscan.rules.kit.")
        ]
    return found


def _kinds_around(nodes: list[ast.AST]) -> set[str]:
    """The functions behind the kinds of evidence that calls of `around` ask for."""
    calls = (node for node in nodes if isinstance(node, ast.Call))
    around = (call for call in calls if getattr(call.func, "id", None) == "around")
    kinds = (kind for call in around for kind in call.args[2:] if isinstance(kind, ast.Constant))
    return {"_" + str(kind.value) for kind in kinds}


def _called(module: str, names: set[str]) -> ast.Module:
    """A module cut down to the functions of these names, the ones they call, and its imports."""
    body = _tree(module).body
    functions = {node.name: node for node in body if isinstance(node, ast.FunctionDef)}
    open_names, kept = list(names), set()
    while open_names:
        name = open_names.pop()
        if name in functions and name not in kept:
            kept.add(name)
            called = ast.walk(functions[name])
            open_names += [node.id for node in called if isinstance(node, ast.Name)]
    rest = [node for node in body if not isinstance(node, ast.FunctionDef)]
    return ast.Module(body=[*rest, *(functions[name] for name in kept)], type_ignores=[])


def _ids_of(page: RulePage) -> set[str]:
    kinds = (page.evidence, page.causes, page.remedies, page.next, page.ruled_out, page.messages)
    return {said for kind in kinds for said in kind}


def _yielded_ids(rule: str) -> Iterator[str]:
    """The ids that stand literally in the messages of a rule."""
    for node in _nodes(rule):
        if isinstance(node, ast.Call) and getattr(node.func, "id", None) == "Message":
            yield from _literals(node.args[0])


def _literals(node: ast.expr) -> Iterator[str]:
    """The strings that an expression may give: a literal, or either branch of a condition."""
    if isinstance(node, ast.IfExp):
        yield from _literals(node.body)
        yield from _literals(node.orelse)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value


def test_catalogue_is_read_without_numpy():
    """Listing and explaining rules stays quick: no numpy is loaded for it."""
    code = (
        "import sys; from lossscan.words.pages import load_page, page_names;"
        "[load_page(name) for name in page_names()]; sys.exit('numpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
