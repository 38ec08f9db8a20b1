"""Every regular expression of the package is linear in the length of what it meets."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
import signal
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import lossscan
from lossscan import formats
from lossscan.errors import UnreadableLog
from lossscan.expressions import Expression
from lossscan.runs import log_names
from lossscan.settings import Settings
from lossscan.sources.line_pattern import compiled
from tests.code import nodes

SIZE = 12_000  # characters; a hostile line is longer, and this shows what grows
GROWTH = 3.2  # times the time for twice the line; a quadratic one takes 4, with noise more or less
LINEAR = 2.5  # the same of one that needs no closer look; a linear one takes 2
SLOW = 0.08  # seconds within which nothing is measured: a linear one is through by then
QUICK = SLOW / 4**3  # for a quarter of the line: a cubic one would be through the whole in SLOW
STUCK = 1  # seconds for a quarter of the line; bounded repeats of repeats take more for any line
LONGEST = 10 * STUCK  # for any line, of CPU time: an exponential one would not come back
TRIES = 3  # of which the quickest counts, in CPU time: the machine is busy
ELSEWHERE = "elsewhere"
ANCHORED = {"match", "fullmatch"}  # from the first character of a line; other ways begin at each
MARK = "\ue000"  # between the beginning of a line and what is repeated
NAMES = 255  # characters of a file's name: what is held against names only meets no more
OF_NAMES = {"_KEPT", "_OTHER", "_LOGS", "_DOUBTFUL", "_WHOLE", "_WEIGHTS", "_SETTINGS_NAME"}
AMBIGUOUS = ("1", " ", "a", ".", "-", "/", "\n", ", ", ": ", "x1", "a ", "1 ", "=", "* ", "|")
MORE = ('"', "[", "{", "(", "'a': 1, ", "\\", "1,", "a.", "a=1 ", "\u4e00", "\uff08")


_CALLS = frozenset(
    ["compile", "match", "fullmatch", "search", "finditer", "findall", "sub", "subn", "split"]
)
_OF_PANDAS = ("extract", "extractall", "contains", "replace", "match", "fullmatch", "findall")
MADE = {  # modules with expressions of what only a function knows, and how many
    "lossscan.expressions": 1,  # all others, at their first use
    "lossscan.formats.kit.banner": 1,  # in a table at the top, where it is found
    "lossscan.formats.kit.ending": 1,  # the same
    "lossscan.formats.kit.shapes": 1,  # a line of the log with its numbers loosened, each bounded
    "lossscan.formats.transformers_console.entries": 1,  # a dict of the log, the same
    "lossscan.runs.lines": 1,  # names of settings
    "lossscan.sources.files": 1,  # of `translate`: names of files
    "lossscan.sources.line_pattern": 1,  # of the user, under a limit
}


def _modules() -> Iterator[ModuleType]:
    for module in pkgutil.walk_packages(lossscan.__path__, "lossscan."):
        if not module.name.endswith("__main__"):
            try:
                yield importlib.import_module(module.name)
            except ImportError:  # an integration whose trainer is not installed
                continue


def _patterns() -> Iterator[tuple[str, re.Pattern[Any]]]:
    """All expressions that stand at the top of a module, also in tables."""
    for module in _modules():
        for name, value in vars(module).items():
            for pattern in _within(value):
                yield f"{module.__name__}.{name}", pattern
    named = ("log_names.LOGS", "log_names.DOUBTFUL", "log_names.whole")
    yield from zip(named, log_names.names(), strict=True)


def _standing() -> Iterator[tuple[str, re.Pattern[Any] | None, str]]:
    """All expressions as the source has them, wherever they stand, and how each is held there.

    None of one that is made of what only its function knows.
    """
    for module in _modules():
        path = Path(inspect.getfile(module))
        for call in (node for node in nodes(path) if isinstance(node, ast.Call) and _is_re(node)):
            given = (*call.args[1:], *(each.value for each in call.keywords))
            flags = sum(_valued(each, module) for each in given if "re." in ast.unparse(each))
            held = call.func.attr if isinstance(call.func, ast.Attribute) else ELSEWHERE
            try:
                pattern = re.compile(_valued(call.args[0], module), flags)
            except (NameError, TypeError):  # the latter where a name is of something else
                yield module.__name__, None, held
            else:
                yield f"{module.__name__}.{call.lineno}", pattern, held


def _is_re(call: ast.Call) -> bool:
    """Whether `expression`, a function of `re`, or one of pandas that takes such is called."""
    func = call.func
    if isinstance(func, ast.Name):
        return func.id == "expression"
    if not isinstance(func, ast.Attribute):
        return False
    if isinstance(func.value, ast.Name) and func.value.id == "re":
        return func.attr in _CALLS
    return (
        isinstance(func.value, ast.Attribute)
        and func.value.attr == "str"
        and func.attr in _OF_PANDAS
    )


def _taken_from_re(module: ModuleType) -> list[str]:
    """What a module calls by a name that `_is_re` does not see."""
    taken = (node for node in nodes(Path(inspect.getfile(module))) if _imports_from_re(node))
    return [f"{module.__name__}: {ast.unparse(node)}" for node in taken]


def _imports_from_re(node: ast.AST) -> bool:
    if isinstance(node, ast.Import):
        return any(each.name == "re" and each.asname for each in node.names)
    return isinstance(node, ast.ImportFrom) and node.module == "re"


def _valued(node: ast.expr, module: ModuleType) -> Any:
    """What an expression of the source is worth at the top of its module; raises NameError."""
    return eval(ast.unparse(node), dict(vars(module)))  # noqa: S307 - our own code


def _within(value: Any) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, Expression):
        yield value.compiled()
    elif isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, dict):
        yield from _within(tuple(value.values()))
    elif isinstance(value, tuple | list):
        for each in value:
            yield from _within(each)


def _uses(named: Iterable[str]) -> dict[str, set[str]]:
    """The methods of each name; it is `ELSEWHERE` too where it is handed to something else.

    A private name is that of its module, a public one is the same everywhere. Modules that have
    none of the expressions are not parsed: these are three of four.
    """
    uses: dict[str, set[str]] = defaultdict(set)
    homes, names = zip(*(name.rpartition(".")[::2] for name in named), strict=True)
    public = {name for name in names if not name.startswith("_")}
    for module in _modules():
        path = Path(inspect.getfile(module))
        if module.__name__ not in homes and not any(name in path.read_text() for name in public):
            continue
        parsed = nodes(path)
        held = [node for node in parsed if isinstance(node, ast.Attribute)]
        called = {id(node.value): node.attr for node in held}
        loaded = [n for n in parsed if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)]
        for name, node in [(n.id, n) for n in loaded] + [(n.attr, n) for n in held]:
            place = f"{module.__name__}.{name}" if name.startswith("_") else name
            uses[place].add(called.get(id(node), ELSEWHERE))
    return uses


@cache
def _ways() -> dict[tuple[Any, int], set[str]]:
    """How each expression is held against a text, under whatever names."""
    uses = _uses(full for full, _ in NAMED)
    ways: dict[tuple[Any, int], set[str]] = defaultdict(set)
    named = {(pattern.pattern, pattern.flags) for _, pattern in NAMED}
    for _, found, held in STANDING:
        if found is not None and (found.pattern, found.flags) not in named:
            ways[found.pattern, found.flags].add(held)
    for full, pattern in NAMED:
        name = full.rpartition(".")[2]
        ways[pattern.pattern, pattern.flags] |= uses[full if name.startswith("_") else name]
    return ways


_PARSER: Any = importlib.import_module("re._parser")
_REPEATS = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")
_CATEGORIES = {"DIGIT": "1", "WORD": "a", "SPACE": " ", "NOT_WORD": " ", "NOT_SPACE": "x"}


def _sample(parsed: Any) -> str:
    """A short text that a part of an expression meets, near enough."""
    return "".join(_met(str(kind), held) for kind, held in parsed)


def _met(kind: str, held: Any) -> str:
    if kind == "LITERAL":
        return chr(held)
    if kind == "IN":
        return str(_one_of(held))
    if kind in _REPEATS:
        return _sample(held[2]) * max(int(held[0]), min(1, int(held[1])))
    if kind in ("SUBPATTERN", "ATOMIC_GROUP"):
        return _sample(held[3] if kind == "SUBPATTERN" else held)
    if kind == "BRANCH":
        return _sample(held[1][0])
    return "x" if kind in ("ANY", "NOT_LITERAL") else ""


def _one_of(held: Any) -> str:
    kind, value = held[0]
    if str(kind) == "NEGATE":
        return "x"
    if str(kind) == "CATEGORY":
        return _CATEGORIES.get(str(value).removeprefix("CATEGORY_"), "x")
    return chr(value if str(kind) == "LITERAL" else value[0])


def _beginnings(pattern: re.Pattern[Any]) -> set[str]:
    """What the parts of an expression meet, up to each: a hostile line repeats these."""
    parsed = list(_PARSER.parse(pattern.pattern, pattern.flags & ~re.UNICODE))
    while len(parsed) == 1 and str(parsed[0][0]) == "SUBPATTERN":
        parsed = list(parsed[0][1][3])
    if len(parsed) == 1 and str(parsed[0][0]) == "BRANCH":
        ways = [list(way) for way in parsed[0][1][1]]
    else:
        ways = [parsed]
    return {_sample(way[:at]) for way in ways for at in _ends(way)} - {""}


def _ends(way: list[Any]) -> Iterator[int]:
    """Where its parts end: within a word nothing else can be met than within its beginning."""
    literal = [str(kind) == "LITERAL" for kind, _ in way]
    return (n for n in range(1, len(way) + 1) if n == len(way) or not all(literal[n - 1 : n + 1]))


def _lines(pattern: re.Pattern[Any]) -> Iterator[str]:
    for beginning in _beginnings(pattern):
        yield beginning
        yield from (f"{beginning}{MARK}{each}" for each in (*AMBIGUOUS, *MORE))


def _text(shape: str, size: int) -> str:
    """A beginning followed by one thing many times, or the beginning itself many times."""
    first, mark, repeated = shape.partition(MARK)
    unit = repeated if mark else first
    return (first if mark else "") + unit * (size // len(unit))


class _Endless(BaseException):
    """An expression may take longer than anybody waits."""


def _ring(*_: object) -> None:
    raise _Endless


def _seconds(pattern: re.Pattern[Any], text: str, way: str) -> float:
    held: Any = text.encode("utf-8", "replace") if isinstance(pattern.pattern, bytes) else text
    best = float("inf")
    for _ in range(TRIES):
        begun = time.process_time()
        signal.signal(signal.SIGPROF, _ring)
        signal.setitimer(signal.ITIMER_PROF, LONGEST)
        try:
            if way in ANCHORED:
                getattr(pattern, way)(held)
            else:
                sum(1 for _ in pattern.finditer(held))
        except _Endless:
            return best
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        best = min(best, time.process_time() - begun)
        if best < SLOW:
            break
    return best


NAMED, STANDING = list(_patterns()), list(_standing())
EACH = [*((name, found) for name, found, _ in STANDING if found), *NAMED]  # the last name counts
ALL = sorted({(p.pattern, p.flags): (name, p) for name, p in EACH}.values(), key=str)


def _asked(pattern: re.Pattern[Any]) -> set[str]:
    """The ways to hold it against a line: any line is searched where some other is ever used."""
    ways = _ways()[pattern.pattern, pattern.flags]
    return ways if ways and ways <= ANCHORED else {"finditer"}


@pytest.mark.parametrize("module", sorted({name.rpartition(".")[0] for name, _ in ALL}))
def test_expressions_are_linear(module):
    """Twice the line takes about twice the time."""
    for name, pattern in ALL:
        if name.rpartition(".")[0] == module:
            _assert_linear(name, pattern)


def _assert_linear(name: str, pattern: re.Pattern[Any]) -> None:
    size = NAMES if name.rpartition(".")[2] in OF_NAMES else SIZE
    for way, shape in product(_asked(pattern), _lines(pattern)):
        once = _seconds(pattern, _text(shape, size // 4), way)
        assert once <= STUCK, (name, shape[:80], once)
        if once <= QUICK:
            continue
        half = _seconds(pattern, _text(shape, size // 2), way)
        if half <= LINEAR * once:
            continue
        once = min(once, _seconds(pattern, _text(shape, size // 4), way))  # the machine is busy
        if once > SLOW / 8:
            assert half < SLOW or half <= GROWTH * once, (name, shape[:80], once, half)
        elif (whole := _seconds(pattern, _text(shape, size), way)) > SLOW:
            half = min(half, _seconds(pattern, _text(shape, size // 2), way))
            assert whole <= GROWTH * half, (name, shape[:80], half, whole)


def test_all_expressions_are_found():
    """As many as there were, and some more: a list that is empty proves nothing."""
    assert len(ALL) > 80
    assert any("key_value" in name for name, _ in ALL)
    assert Counter(name for name, found, _ in STANDING if found is None) == MADE
    assert not [name for module in _modules() for name in _taken_from_re(module)]


def test_how_expressions_are_used_is_found():
    """What is searched, or handed to something that may search, is not held to the first place."""
    ways = {name: _asked(pattern) for name, pattern in ALL}
    assert ways["lossscan.formats.kit.wide._NO_LOSS"] == {"fullmatch"}
    assert ways["lossscan.formats.kit.pasted._LIST_HEAD"] == {"match"}
    assert ways["lossscan.formats.kit.wide._PLAYERS"] == {"finditer"}  # in a loop over expressions
    assert ways["lossscan.formats.darknet_console._POINT"] == {"finditer"}
    assert 0.2 * len(ALL) < sum(way == {"finditer"} for way in ways.values()) < len(ALL)


@pytest.mark.parametrize(
    "repeated", [r"(\d|\d\d)+", r"(\d\d?)+", r"(?:a|aa)*", r"(.*a)*", r"(?:x(?:\d|\d1)){9,}"]
)
def test_a_pattern_of_the_user_that_may_take_forever_is_refused(repeated):
    """`(a|aa)+` takes as long as `(a+)+`."""
    with pytest.raises(ValueError, match="forever"):
        compiled(rf"(?P<loss>{repeated})x")


@pytest.mark.parametrize(
    "fine", [r"(?:\d,?)+", r"[[\d]--.]", r"(?:\w:)*\d", r"(?:a|b)+", r"(?:loss|nll)=[\d.]+"]
)
def test_a_pattern_of_the_user_that_ends_is_taken(fine):
    """What can be met in one way only is no harm."""
    assert compiled(rf"(?P<loss>{fine})").pattern


def test_a_pattern_of_the_user_that_takes_too_long_is_stopped(tmp_path):
    """No rule tells it from one that ends: the time does."""
    path = tmp_path / "train.log"
    path.write_text(f"step 1 loss 2.5 {'1 ' * 500}\n" * 9)
    slow = Settings(text={"pattern": r"(?P<loss>\d+).*(\d+).*(\d+).*(\d+).*x"})
    before = signal.getsignal(signal.SIGVTALRM)
    with pytest.raises(UnreadableLog, match="takes too long"):
        formats.read_file(path, slow)
    assert signal.getsignal(signal.SIGVTALRM) == before
    quick = Settings(text={"pattern": r"^.*?step (?P<step>\d+).*?loss (?P<loss>\S+)"})
    assert formats.read_file(path, quick).format == "pattern"
