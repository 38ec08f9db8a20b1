"""Settings (frozen) from `lossscan.yaml` or `[tool.lossscan]`; the defaults need no file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeAlias

from lossscan import words
from lossscan.errors import SettingsError, Unusable, reason_of
from lossscan.expressions import expression
from lossscan.model import Message, Severity
from lossscan.sources.own_file import read_own

NEVER = "never"
GATES = (*Severity, NEVER)  # what --fail-on takes
FILE = "lossscan.yaml"
LONGEST = 86_400.0 * 365  # seconds; an alarm clock takes no infinity
TIMEOUT = 600.0  # seconds; ten million points take some two minutes
_TOML_PLACE = expression(r" \(at line (?P<line>\d{1,9}), column (?P<column>\d{1,9})\)")
MAX_BYTES = 1 << 20  # a settings file is a page of text; more is the wrong file


@dataclass(frozen=True, slots=True)
class Suppression:
    """Findings that the user knows of and lets pass, with the reason."""

    rule: str
    reason: str
    runs: str = "**"  # pattern of the paths of the runs it is for
    expires: date | None = None  # the last day on which it counts
    place: str = ""  # the file and key that hold it


@dataclass(frozen=True, slots=True)
class Settings:
    """What a user may choose; the command line overrides the file, the file the defaults."""

    lang: str = "en"  # en or zh
    fail_on: Severity | None = Severity.CRITICAL  # None: never
    select: tuple[str, ...] = ()  # rule names; empty means all
    ignore: tuple[str, ...] = ()
    series: Mapping[str, str] = field(default_factory=dict)  # canonical name -> key in the log
    text: Mapping[str, str] = field(default_factory=dict)  # pattern: its named groups are columns
    rules: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # options by rule
    severities: Mapping[str, Severity] = field(default_factory=dict)  # by rule, as the user has it
    suppress: tuple[Suppression, ...] = ()
    timeout: float | None = TIMEOUT  # seconds for each run of a batch; None: no limit
    training_config: Path | None = None
    source: str | None = None  # the file these came from
    stated: str = field(default="", compare=False, repr=False)  # its text


def load(file: Path | None = None) -> Settings:
    """The settings of a file, or of the one found from the current folder upwards.

    Raises SettingsError, which names the file, the key and what was expected.
    """
    found = file if file is not None else find(Path.cwd())
    default = Settings(lang=words.default_language())
    if found is None:
        return default
    table, text = _table(found)
    return replace(default, source=str(found), stated=text, **_checked(table, str(found)))


def find(folder: Path) -> Path | None:
    """`lossscan.yaml` in the folder or above, else the nearest pyproject.toml that has a say."""
    above = (folder, *folder.parents)
    own = next((place / FILE for place in above if (place / FILE).is_file()), None)
    if own is not None:
        return own
    project = next((p / "pyproject.toml" for p in above if (p / "pyproject.toml").is_file()), None)
    return project if project is not None and _table(project)[0] else None


def gate(word: str) -> Severity | None:
    """The lowest severity that fails, None for `never`; raises ValueError for another word."""
    return None if word == NEVER else Severity(word)


# --- reading -----------------------------------------------------------------------------------


def _table(path: Path) -> tuple[Mapping[str, Any], str]:
    """The settings as the file has them, an empty one none, and its text."""
    try:
        text = read_own(path, MAX_BYTES).decode()
        table = _toml(text) if path.suffix == ".toml" else _yaml(text)
    except FileNotFoundError as error:
        raise SettingsError("settings_missing", at=path) from error
    except (OSError, ValueError, RecursionError) as error:
        raise SettingsError("settings_broken", at=path, reason=reason_of(error)) from error
    return _mapping("", {} if table is None else table, str(path)), text


def _toml(text: str) -> Any:
    if "lossscan" not in text:  # the usual pyproject.toml: nothing to parse
        return None
    import tomllib

    try:
        return tomllib.loads(text).get("tool", {}).get("lossscan")
    except tomllib.TOMLDecodeError as error:
        place = _TOML_PLACE.search(str(error))
        if place is None:
            raise Unusable("not_toml", said=str(error)) from error
        said = str(error)[: place.start()]
        raise Unusable("toml_at", said=said, **place.groupdict()) from error


def _yaml(text: str) -> Any:
    from lossscan.sources.safe_yaml import load_yaml

    return load_yaml(text)


# --- checking: each takes (key path, value, file) and gives the value to keep ------------------


def _checked(table: Mapping[str, Any], source: str) -> dict[str, Any]:
    _known(table, KEYS, "", source)
    kept = {key.replace("-", "_"): KEYS[key](key, value, source) for key, value in table.items()}
    rules = kept.get("rules", {})
    stated = ((name, options) for name, options in rules.items() if "severity" in options)
    kept["severities"] = {name: Severity(options.pop("severity")) for name, options in stated}
    return kept


def _known(table: Mapping[str, Any], keys: Mapping[str, Any], above: str, source: str) -> None:
    for key in table:
        if key not in keys:
            full = f"{above}{words.printable(str(key))}"
            hint = words.nearest(str(key), keys)
            raise SettingsError("unknown_key", at=source, key=full, hint=hint)


def _wrong(key: str | Message, value: Any, expected: Message, source: str) -> SettingsError:
    found = words.printable(repr(value))[:60]
    return SettingsError("wrong_value", at=source, key=key, expected=expected, found=found)


def _one_of(names: Iterable[str]) -> Message:
    return Message("one_of", names=", ".join(names))


def _mapping(key: str, value: Any, source: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
        raise _wrong(key or Message("top_level"), value, Message("a_mapping"), source)
    return value


def _lang(key: str, value: Any, source: str) -> str:
    if value not in words.LANGUAGES:
        raise _wrong(key, value, Message("a_language"), source)
    return str(value)


def _gate(key: str, value: Any, source: str) -> Severity | None:
    if value not in GATES:
        raise _wrong(key, value, _one_of(GATES), source)
    return gate(value)


def _seconds(key: str, value: Any, source: str) -> float | None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if value is not None and not (number and 0 < value <= LONGEST):
        raise _wrong(key, value, Message("a_duration"), source)
    return None if value is None else float(value)


def _names(key: str, value: Any, source: str) -> tuple[str, ...]:
    names = value.split(",") if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise _wrong(key, value, Message("a_rule_list"), source)
    return tuple(name.strip() for name in names if name.strip())


def _aliases(key: str, value: Any, source: str) -> dict[str, str]:
    table = _mapping(key, value, source)
    for name, alias in table.items():
        if not isinstance(alias, str):
            raise _wrong(f"{key}.{name}", alias, Message("a_column"), source)
        if meant := words.slip(name, QUANTITIES):
            raise SettingsError("unknown_quantity", at=source, key=f"{key}.{name}", hint=meant)
    return dict(table)


def _pattern(key: str, value: Any, source: str) -> dict[str, str]:
    from lossscan.sources.line_pattern import compiled

    table = _mapping(key, value, source)
    _known(table, {"pattern": ""}, f"{key}.", source)
    pattern = table.get("pattern", "")
    if not isinstance(pattern, str):
        raise _wrong(f"{key}.pattern", pattern, Message("a_pattern"), source)
    try:
        compiled(pattern)
    except ValueError as error:
        reason = reason_of(error)
        raise SettingsError(
            "bad_pattern", at=source, key=f"{key}.pattern", reason=reason
        ) from error
    return {"pattern": pattern}


def _rules(key: str, value: Any, source: str) -> dict[str, dict[str, Any]]:
    table = _mapping(key, value, source)
    return {rule: _options(f"{key}.{rule}", options, source) for rule, options in table.items()}


def _options(key: str, value: Any, source: str) -> dict[str, Any]:
    options = dict(_mapping(key, value, source))
    if "severity" in options and options["severity"] not in tuple(Severity):
        raise _wrong(f"{key}.severity", options["severity"], _one_of(Severity), source)
    return options


def _suppressions(key: str, value: Any, source: str) -> tuple[Suppression, ...]:
    if not isinstance(value, list):
        raise _wrong(key, value, Message("a_suppression_list"), source)
    return tuple(_suppression(f"{key}[{i}]", item, source) for i, item in enumerate(value))


def _suppression(key: str, value: Any, source: str) -> Suppression:
    table = _mapping(key, value, source)
    _known(table, SUPPRESSION_KEYS, f"{key}.", source)
    for name in REQUIRED:
        if name not in table:
            raise SettingsError("missing_key", at=source, key=key, name=name)
    kept = {name: SUPPRESSION_KEYS[name](f"{key}.{name}", table[name], source) for name in table}
    return Suppression(**kept, place=f"{source}: {key}")


def _text(key: str, value: Any, source: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _wrong(key, value, Message("a_string"), source)
    return value.strip()


def _date(key: str, value: Any, source: str) -> date:
    """A date as YAML and TOML know it, or as JSON writes it."""
    try:
        found = date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        found = None
    if not isinstance(found, date) or isinstance(found, datetime):
        raise _wrong(key, value, Message("a_date"), source)
    return found


QUANTITIES = ("loss", "eval_loss", "reward", "learning_rate", "grad_norm", "epoch", "step")
REQUIRED = ("rule", "reason")
_Check: TypeAlias = Callable[[str, Any, str], Any]
SUPPRESSION_KEYS: Mapping[str, _Check]
SUPPRESSION_KEYS = {"rule": _text, "reason": _text, "runs": _text, "expires": _date}
KEYS: Mapping[str, _Check] = {
    "lang": _lang,
    "fail-on": _gate,
    "select": _names,
    "ignore": _names,
    "series": _aliases,
    "text": _pattern,
    "rules": _rules,
    "suppress": _suppressions,
    "timeout": _seconds,
}
