"""The shape of the house: what import-linter cannot say, checked on the source itself."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from statistics import median

import pytest

from lossscan.formats import formats
from lossscan.rules import rule_names
from tests.code import HOUSE, MODULES, nodes, tree

LONGEST_MODULE, LONGEST_FUNCTION, MEDIAN_MODULE = 300, 50, 110  # lines
SPEAKERS = (  # rooms that know a language
    *(
        "words/",
        "reporters/",
        "commands/",
        "settings",
        "effective_settings",
        "integrations/",
        "api",
    ),
    *("model/message", "model/report", "errors"),  # say what they hold in one that is given
)
VERB_FUNCTIONS = HOUSE / "commands"  # a verb's function lists its options, a line each


def _name(module: Path) -> str:
    return str(module.relative_to(HOUSE))


def _length(module: Path) -> int:
    return len(module.read_text(encoding="utf-8").splitlines())


def test_modules_are_short():
    """A reader holds a module in the head."""
    lengths = {_name(module): _length(module) for module in MODULES}
    assert not {name: lines for name, lines in lengths.items() if lines > LONGEST_MODULE}
    assert median(lengths.values()) <= MEDIAN_MODULE


def test_functions_are_short():
    """A function fits on a screen; that of a verb may be longer by its list of options."""
    long = {
        f"{_name(module)}:{node.name}"
        for module in MODULES
        if not module.is_relative_to(VERB_FUNCTIONS)
        for node in nodes(module)
        if isinstance(node, ast.FunctionDef)
        and (node.end_lineno or node.lineno) - node.lineno >= LONGEST_FUNCTION
    }
    assert not long


def test_a_language_is_chosen_where_words_are():
    """Words come last: what travels before them holds messages, in no language."""
    early = {
        f"{_name(module)}:{getattr(node, 'lineno', 0)}"
        for module in MODULES
        if not _name(module).startswith(SPEAKERS)
        for node in nodes(module)
        if "lang" in (getattr(node, name, None) for name in ("id", "arg", "attr"))
    }
    assert not early


def test_public_class_names_are_unique():
    """One name, one idea: no two rooms call different things alike."""
    homes: dict[str, list[str]] = defaultdict(list)
    for module in MODULES:
        if module.parent.name == "integrations":  # one callback for each trainer, all called alike
            continue
        for node in nodes(module):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes[node.name].append(_name(module))
    assert not {name: places for name, places in homes.items() if len(places) > 1}


def test_private_names_stay_in_their_folder():
    """What begins with `_` is imported by no module of another folder."""
    foreign = [
        f"{_name(module)}: {node.module}.{alias.name}"
        for module in MODULES
        for node in nodes(module)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("lossscan")
        for alias in node.names
        if re.search(r"(^|\.)_(?!_)", f"{node.module}.{alias.name}")
        and not f"lossscan.{_name(module.parent).replace('/', '.')}".startswith(node.module or "")
    ]
    assert not foreign


def test_no_two_modules_need_each_other():
    """No cycles, imports for types included; those inside functions are late on purpose.

    A part may import what its package shows, and a package its parts.
    """
    by_name = {_dotted(module): module for module in MODULES}
    needs = {
        name: {
            found
            for place in _imported(tree(module).body)
            for found in (place, place.rpartition(".")[0])
            if found in by_name and not f"{name}.".startswith(f"{found}.")
        }
        for name, module in by_name.items()
    }
    tuple(TopologicalSorter(needs).static_order())  # raises CycleError


def _dotted(module: Path) -> str:
    return ".".join(("lossscan", *module.relative_to(HOUSE).with_suffix("").parts)).removesuffix(
        ".__init__"
    )


def _imported(body: Iterable[ast.stmt]) -> Iterator[str]:
    """What statements import when they are run, or would for types."""
    for node in body:
        if isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.If | ast.Try):
            yield from _imported(node.body)


# The ledger makes findings in the name of rules, and `watch` waits longer with some of them.
KNOW_RULES = ("ledger/", "watching/announced")
KNOWN_FORMATS = {"pattern", "minimind"}  # a word of settings, and a trainer called as its format


@pytest.mark.parametrize("room", ["rules", "formats"])
def test_members_are_named_in_their_own_file_only(room: str):
    """What is known of a rule or a format elsewhere is a field of its value."""
    names = set(rule_names()) if room == "rules" else {each.name for each in formats()}
    strangers = {
        f"{_name(module)}: {node.value}"
        for module in MODULES
        for node in nodes(module)
        if isinstance(node, ast.Constant) and node.value in names - KNOWN_FORMATS
        if not _name(module).startswith(f"{room}/{node.value.replace('-', '_')}")
        if not (room == "rules" and _name(module).startswith(KNOW_RULES))
    }
    assert not strangers
