"""lossscan config: the settings in force, and where each comes from."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Annotated

from lossscan import api, reporters
from lossscan.commands.kit.options import (
    Config,
    FailOn,
    Ignore,
    Lang,
    Select,
    own_format,
    settings_from,
)
from lossscan.commands.kit.output import page_for, write
from lossscan.reporters import Page

if TYPE_CHECKING:
    from lossscan.effective_settings import EffectiveSetting

SCHEMA = "lossscan.config/1"


def config(
    format: Annotated[str, own_format(FORMATS)] = reporters.DEFAULT,  # noqa: A002 - the option's name
    config: Config = None,
    fail_on: FailOn = None,
    select: Select = None,
    ignore: Ignore = None,
    lang: Lang = None,
) -> int:
    """Print the effective settings and where each comes from.

    lossscan config
    lossscan config --select loss-jump -f json
    """
    reporters.check_known(format, FORMATS)
    settings = settings_from(config, fail_on=fail_on, select=select, ignore=ignore, lang=lang)
    options = {"fail-on": fail_on, "select": select, "ignore": ignore, "lang": lang}
    given = {key: f"--{key}" for key, value in options.items() if value is not None}
    write(FORMATS[format](api.config(settings, given=given), page_for(settings)), None)
    return 0


def _as_json(entries: Iterable[EffectiveSetting], page: Page) -> str:
    from msgspec.structs import asdict

    whole = {"schema": SCHEMA, "settings": [asdict(entry) for entry in entries]}
    return json.dumps(whole, ensure_ascii=False, indent=2) + "\n"


def _shown(entries: Iterable[EffectiveSetting], page: Page) -> str:
    """A line each; what is not a default stands out."""
    from rich.table import Table

    from lossscan.reporters.kit.terminal import printed, safe

    table = Table.grid(padding=(0, 2, 0, 0))
    for whole in (True, False, False):  # a key in two pieces cannot be copied
        table.add_column(overflow="fold", no_wrap=whole)
    for entry in entries:
        style = "dim" if entry.source == "default" else "bold"
        value = entry.value
        if not isinstance(value, str):
            value = json.dumps(value, ensure_ascii=False, default=str)
        source = entry.source.removeprefix(f"{page.folder}{os.sep}")
        table.add_row(*(safe(text, style) for text in (entry.key, value, source)))
    return printed([table], page)


FORMATS: Mapping[str, Callable[[Iterable[EffectiveSetting], Page], str]]
FORMATS = {"json": _as_json, "rich": _shown}
