"""The shape of the house: what import-linter cannot say, checked on the source itself."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from statistics import median

HOUSE = Path(__file__).parents[2] / "lossscan"
MODULES = sorted(HOUSE.rglob("*.py"))
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


def _nodes(module: Path) -> Iterator[ast.AST]:
    return ast.walk(ast.parse(module.read_text(encoding="utf-8")))


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
        for node in _nodes(module)
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
        for node in _nodes(module)
        if "lang" in (getattr(node, name, None) for name in ("id", "arg", "attr"))
    }
    assert not early


def test_public_class_names_are_unique():
    """One name, one idea: no two rooms call different things alike."""
    homes: dict[str, list[str]] = defaultdict(list)
    for module in MODULES:
        if module.parent.name == "integrations":  # one callback for each trainer, all called alike
            continue
        for node in _nodes(module):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes[node.name].append(_name(module))
    assert not {name: places for name, places in homes.items() if len(places) > 1}


def test_private_names_stay_in_their_folder():
    """What begins with `_` is imported by no module of another folder."""
    foreign = [
        f"{_name(module)}: {node.module}.{alias.name}"
        for module in MODULES
        for node in _nodes(module)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("lossscan")
        for alias in node.names
        if re.search(r"(^|\.)_(?!_)", f"{node.module}.{alias.name}")
        and not f"lossscan.{_name(module.parent).replace('/', '.')}".startswith(node.module or "")
    ]
    assert not foreign
