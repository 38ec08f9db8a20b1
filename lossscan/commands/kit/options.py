"""The options that verbs share, each written once, and the settings they make."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from lossscan import words
from lossscan.errors import SettingsError, UsageError
from lossscan.reporters import formats
from lossscan.settings import GATES, Settings, gate, load

Format: TypeAlias = Annotated[
    str, typer.Option("--format", metavar="|".join(formats()), help="How to print the report.")
]
Output: TypeAlias = Annotated[
    Path | None,
    typer.Option("--output", metavar="FILE", help="Write the report here, not to the terminal."),
]
FailOn: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="|".join(GATES),
        help="Lowest severity that makes the exit status 1; critical unless settings say other.",
    ),
]
Config: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="A settings file; otherwise lossscan.yaml or [tool.lossscan] of pyproject.toml.",
    ),
]
TrainingConfig: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="The training YAML or JSON, when it is not in the run directory."
    ),
]
Select: TypeAlias = Annotated[
    str | None, typer.Option(metavar="RULES", help="Only these rules, separated by commas.")
]
Ignore: TypeAlias = Annotated[
    str | None, typer.Option(metavar="RULES", help="All rules but these, separated by commas.")
]
Baseline: TypeAlias = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Findings listed here are shown and do not fail the gate."),
]
WriteBaseline: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="List what is found here, for --baseline; entries of other runs in it stay.",
    ),
]
Lang: TypeAlias = Annotated[
    str | None,
    typer.Option(metavar="|".join(words.LANGUAGES), help="Language of the prose."),
]


def settings_from(
    config: Path | None = None,
    *,
    fail_on: str | None = None,
    select: str | None = None,
    ignore: str | None = None,
    lang: str | None = None,
) -> Settings:
    """The settings file with what the command line says put over it; raises UsageError."""
    settings = load(config)
    _check_rules(settings)
    if fail_on is not None:
        settings = replace(settings, fail_on=gate(_one_of(fail_on, GATES, "--fail-on")))
    if lang is not None:
        settings = replace(settings, lang=_one_of(lang, words.LANGUAGES, "--lang"))
    if select is not None:
        settings = replace(settings, select=_rules(select))
    if ignore is not None:
        settings = replace(settings, ignore=_rules(ignore))
    _check_some_rule_is_left(settings)
    return settings


def _one_of(value: str, choices: tuple[str, ...], option: str) -> str:
    if value not in choices:
        raise UsageError(f'{option}: "{value}" is not a choice', hint=words.nearest(value, choices))
    return value


def _rules(names: str) -> tuple[str, ...]:
    """The rules of a comma-separated list; raises UsageError for one that does not exist."""
    from lossscan.rules import chosen_rules

    return chosen_rules(select=tuple(name.strip() for name in names.split(",") if name.strip()))


def _check_some_rule_is_left(settings: Settings) -> None:
    from lossscan.rules import chosen_rules

    chosen_rules(settings.select, settings.ignore)


def _check_rules(settings: Settings) -> None:
    from lossscan.rules import check_options, rule_names

    known = rule_names()
    keys = {
        "select": settings.select,
        "ignore": settings.ignore,
        "rules": tuple(settings.rules),
        "suppress": tuple(each.rule for each in settings.suppress),
    }
    for key, names in keys.items():
        for name in names:
            if name not in known:
                raise SettingsError(
                    f'{settings.source}: {key}: there is no rule "{name}"',
                    hint=words.nearest(name, known),
                )
    check_options(settings.rules, settings.source)
