"""The options that verbs share, each written once, what a shell completes, and the settings."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer

from lossscan import words
from lossscan.commands.kit.language import OPTION, asked, choose
from lossscan.commands.kit.shape import REPORT_FORMAT
from lossscan.errors import SettingsError, UsageError
from lossscan.reporters import formats
from lossscan.settings import GATES, LONGEST, Settings, gate, load


def one_of(choices: Callable[[], Iterable[str]]) -> Callable[[str], list[str]]:
    """A completion from some words, which are asked for only when a shell wants them."""

    def complete(incomplete: str) -> list[str]:
        return [each for each in choices() if each.startswith(incomplete)]

    return complete


def known_rules() -> Iterable[str]:
    """The names of all rules."""
    from lossscan.rules import rule_names

    return rule_names()


def several_rules(incomplete: str) -> list[str]:
    """Rules behind a comma: those that are not named yet."""
    before, comma, last = incomplete.rpartition(",")
    named = set(before.split(","))
    left = (rule for rule in known_rules() if rule not in named)
    return [f"{before}{comma}{rule}" for rule in left if rule.startswith(last)]


Format: TypeAlias = Annotated[
    str,
    typer.Option(
        "--format",
        "-f",
        metavar=REPORT_FORMAT,
        help="Output format.",
        autocompletion=one_of(formats),
    ),
]
Output: TypeAlias = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Write the report to this file."),
]
Ascii: TypeAlias = Annotated[
    bool,
    typer.Option("--ascii", help="Draw the chart in ASCII. Default: if the encoding needs it."),
]
FailOn: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="|".join(GATES),
        autocompletion=one_of(lambda: GATES),
        help="Lowest severity for exit status 1. Default: critical, or the settings file.",
    ),
]
Config: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Settings file. Default: lossscan.yaml, or [tool.lossscan] in pyproject.toml.",
    ),
]
TrainingConfig: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="Training config (YAML or JSON), if not in the run directory."
    ),
]
Select: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="RULES", help="Comma-separated rules to run.", autocompletion=several_rules
    ),
]
Ignore: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="RULES", help="Comma-separated rules to skip.", autocompletion=several_rules
    ),
]
Baseline: TypeAlias = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Known findings: shown, but do not affect the exit status."),
]
WriteBaseline: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Write all findings to this baseline; entries of other runs are kept.",
    ),
]
Lang: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="|".join(words.LANGUAGES),
        help="Language of the report.",
        autocompletion=one_of(lambda: words.LANGUAGES),
    ),
]


def own_format(names: Collection[str]) -> Any:
    """`--format` of a verb that has formats of its own."""
    shown = "|".join(names)
    complete = one_of(lambda: names)
    return typer.Option(
        "--format", "-f", metavar=shown, help="Output format.", autocompletion=complete
    )


def settings_from(
    config: Path | None = None,
    *,
    fail_on: str | None = None,
    select: str | None = None,
    ignore: str | None = None,
    lang: str | None = None,
    timeout: float | None = None,
) -> Settings:
    """The settings file with what the command line says put over it; raises UsageError."""
    settings = load(config)
    lang = lang or asked()
    choose(lang if lang in words.LANGUAGES else settings.lang)
    _check_rules(settings)
    if fail_on is not None:
        settings = replace(settings, fail_on=gate(choice(fail_on, GATES, "--fail-on")))
    if lang is not None:
        settings = replace(settings, lang=choice(lang, words.LANGUAGES, OPTION))
    if select is not None:
        settings = replace(settings, select=_rules(select))
    if ignore is not None:
        settings = replace(settings, ignore=_rules(ignore))
    if timeout is not None:
        settings = replace(settings, timeout=seconds(timeout, "--timeout"))
    _check_some_rule_is_left(settings)
    return settings


def seconds(value: float, option: str) -> float:
    """The value of an option in seconds; raises UsageError where it is 0 or less, or no number."""
    if not 0 < value <= LONGEST:
        raise UsageError("bad_seconds", option=option, seconds=f"{value:g}")
    return value


def choice(value: str, choices: tuple[str, ...], option: str) -> str:
    """The value of an option; raises UsageError for one that is none of the choices."""
    if value not in choices:
        hint = words.nearest(value, choices)
        raise UsageError("invalid_choice", option=option, value=value, hint=hint)
    return value


def _rules(names: str) -> tuple[str, ...]:
    """The rules of a comma-separated list; raises UsageError for one that does not exist."""
    from lossscan.rules import chosen_rules

    named = tuple(name.strip() for name in names.split(",") if name.strip())
    return chosen_rules(named) if named else ()


def _check_some_rule_is_left(settings: Settings) -> None:
    if not settings.select and not settings.ignore:
        return
    from lossscan.rules import chosen_rules

    chosen_rules(settings.select, settings.ignore)


def _check_rules(settings: Settings) -> None:
    keys = {
        "select": settings.select,
        "ignore": settings.ignore,
        "rules": tuple(settings.rules),
        "suppress": tuple(each.rule for each in settings.suppress),
    }
    if not any(keys.values()):
        return
    from lossscan.rules import check_options, rule_names

    known = rule_names()
    for key, names in keys.items():
        for name in names:
            if name not in known:
                hint = words.nearest(name, known)
                raise SettingsError(
                    "settings_rule", at=settings.source or "settings", key=key, name=name, hint=hint
                )
    check_options(settings.rules, settings.source)
