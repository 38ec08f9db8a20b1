"""YAML text from an untrusted run becomes plain values, or a ValueError that says why not."""

from __future__ import annotations

from typing import Any, ClassVar

import yaml

from lossscan.errors import Unusable
from lossscan.expressions import expression
from lossscan.model import Message
from lossscan.sources.safe_json import MOST_DIGITS

MAX_BYTES = 1024 * 1024  # the largest hand-written training YAML seen is 20 kB
MAX_DEPTH = 32  # the composer recurses; real files nest four levels deep
MAX_REASON = 200  # characters: the reason may quote a tag or a value of a megabyte
MAX_ALIASES = 8  # merge keys (`<<: *a`) multiply: eight of them make at most twenty copies

# A level of a block takes a character of its line before the value, one of a flow a bracket: with
# fewer than half the levels of each, and few aliases, a text need not be counted through.
_HALF = MAX_DEPTH // 2
_DEEP_BLOCK = expression(rf"[\s?:-]{{{_HALF - 2}}}")

_BASE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NUMBERS = {  # YAML 1.1 reads 1:30 as 90, in quadratic time, and takes 1e-4 for text
    "tag:yaml.org,2002:int": r"[-+]?[0-9][0-9_]*+\Z|0x[0-9a-fA-F]++\Z",
    "tag:yaml.org,2002:float": (
        r"[-+]?(?:\.[0-9]++|[0-9]++(?:\.[0-9]*+)?)(?:[eE][-+]?[0-9]++)?\Z"
        r"|[-+]?\.(?:inf|Inf|INF)\Z|\.(?:nan|NaN|NAN)\Z"
    ),
}


class _Loader(_BASE):  # type: ignore[misc]
    """The safe loader with the numbers of YAML 1.2."""

    yaml_implicit_resolvers: ClassVar = {
        first: [(tag, shape) for tag, shape in known if tag not in _NUMBERS]
        for first, known in _BASE.yaml_implicit_resolvers.items()
    }

    def whole(self, node: Any) -> int | str:
        """An integer; text where it has more digits than any setting."""
        text = str(self.construct_scalar(node)).replace("_", "")
        if len(text) > MOST_DIGITS or ":" in text:
            return text
        return int(text, 16 if text.startswith("0x") else 10)

    def real(self, node: Any) -> float:
        """A float."""
        text = str(self.construct_scalar(node)).replace("_", "").lower()
        return float(text.replace(".inf", "inf").replace(".nan", "nan"))


for _tag, _shape in _NUMBERS.items():
    _Loader.add_implicit_resolver(_tag, expression(_shape), list("-+.0123456789"))
_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.whole)
_Loader.add_constructor("tag:yaml.org,2002:float", _Loader.real)
_FAULTS = {  # how PyYAML begins to say what is wrong, and what we say
    "mapping values are not allowed": "yaml_colon",
    "found character": "yaml_character",  # that cannot start any token
    "found undefined alias": "yaml_alias",
    "found unexpected": "yaml_quote",  # the end of the file or of a document
    "did not find expected ','": "yaml_bracket",
    "expected ','": "yaml_bracket",  # as its parser in Python says it
    "did not find expected key": "yaml_indent",
    "did not find expected '-'": "yaml_indent",
    "expected <block end>": "yaml_indent",
    "could not find expected ':'": "yaml_key",
    "could not determine a constructor": "yaml_tag",
    "found unknown escape": "yaml_escape",
}
# What PyYAML lets through for `!!int ""`, `!!bool x`, `!!timestamp x`.
_CONSTRUCTOR_ERRORS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
_OPENING = (yaml.MappingStartEvent, yaml.SequenceStartEvent)
_CLOSING = (yaml.MappingEndEvent, yaml.SequenceEndEvent)


def load_yaml(text: str) -> Any:
    """The first document of `text`; raises ValueError with a one-line reason.

    The events are counted before anything is built, unless the text shows that there is nothing
    to count: depth and aliases are what a hostile file can multiply with.
    """
    if len(text) > MAX_BYTES:
        raise Unusable("larger_characters", characters=MAX_BYTES)
    try:
        if _may_multiply(text):
            _check_shape(text)
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader, in C where it is built
    except yaml.YAMLError as error:
        raise broken(error) from error
    except _CONSTRUCTOR_ERRORS as error:
        if not isinstance(error, ArithmeticError | ValueError):  # says what broke PyYAML
            raise Unusable("yaml_value") from error
        raise Unusable("not_yaml", said=str(error)[:MAX_REASON]) from error


def _may_multiply(text: str) -> bool:
    brackets = text.count("[") + text.count("{")
    return brackets >= _HALF or text.count("*") > MAX_ALIASES or bool(_DEEP_BLOCK.search(text))


def _check_shape(text: str) -> None:
    depth = aliases = 0
    for event in yaml.parse(text, Loader=_BASE):
        depth += isinstance(event, _OPENING) - isinstance(event, _CLOSING)
        aliases += isinstance(event, yaml.AliasEvent)
        if depth > MAX_DEPTH:
            raise Unusable("nested_levels", levels=MAX_DEPTH)
        if aliases > MAX_ALIASES:
            raise Unusable("aliases", aliases=MAX_ALIASES)


def broken(error: yaml.YAMLError) -> Unusable:
    """What is wrong, in one line, and where."""
    mark = getattr(error, "problem_mark", None)
    said = str(getattr(error, "problem", None) or error)[:MAX_REASON].replace("\n", " ")
    if mark is None:
        return Unusable("not_yaml", said=said)
    ours = [key for begins, key in _FAULTS.items() if said.startswith(begins)]
    fault = Message(ours[0]) if ours else Message("yaml_other", said=said)
    return Unusable("yaml_at", line=mark.line + 1, column=mark.column + 1, said=fault)
