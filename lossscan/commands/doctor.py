"""lossscan doctor: what is installed and what is in force, for a look or for a report of a bug."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

from lossscan import api, reporters, words
from lossscan.commands.kit.options import Config, Lang, own_format, settings_from
from lossscan.commands.kit.output import page_for, write
from lossscan.reporters import Page

if TYPE_CHECKING:
    from lossscan.effective_settings import EffectiveSetting
    from lossscan.installation import Installation

SCHEMA = "lossscan.doctor/1"


def doctor(
    format: Annotated[str, own_format(FORMATS)] = reporters.DEFAULT,  # noqa: A002 - the option's name
    config: Config = None,
    lang: Lang = None,
) -> int:
    """Show versions, extras, plug-ins, formats and the settings in force.

    lossscan doctor
    lossscan doctor -f json
    """
    reporters.check_known(format, FORMATS)
    settings = settings_from(config, lang=lang)
    own = [each for each in api.config(settings) if each.source != "default"]
    write(FORMATS[format](api.doctor(), own, page_for(settings)), None)
    return 0


def _as_json(found: Installation, own: list[EffectiveSetting], page: Page) -> str:
    from msgspec.structs import asdict as fields

    whole = {"schema": SCHEMA, **asdict(found), "settings": [fields(entry) for entry in own]}
    return json.dumps(whole, ensure_ascii=False, indent=2, default=str) + "\n"


def _shown(found: Installation, own: list[EffectiveSetting], page: Page) -> str:
    from rich.table import Table

    from lossscan.reporters.kit.terminal import Prose, printed, safe

    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column()
    for heading, value in _lines(found, own, page.lang):
        table.add_row(safe(heading, "bold"), Prose(safe(value)))
    return printed([table], page)


def _lines(
    found: Installation, own: list[EffectiveSetting], lang: str
) -> Iterator[tuple[str, str]]:
    """A heading and its text; the heading is empty where it goes on."""
    yield "lossscan", found.version
    yield "Python", f"{found.python} · {found.platform}"
    packages = (f"{name} {number or '-'}" for name, number in found.packages.items())
    yield words.say(lang, "doctor_packages"), " · ".join(packages)
    heading = words.say(lang, "doctor_extras")
    for extra, there in found.extras.items():
        state = words.say(lang, "doctor_installed" if there else "doctor_missing", extra=extra)
        yield heading, f"{extra}: {state}"
        heading = ""
    added = (f"{name} ({package})" for name, package in found.plugins.items())
    none = words.say(lang, "doctor_no_plugins")
    yield words.say(lang, "doctor_plugins"), " · ".join(added) or none
    for key, names in (
        ("doctor_formats", found.formats),
        ("doctor_reporters", found.reporters),
        ("doctor_rules", found.rules),
    ):
        yield words.say(lang, key), f"{len(names)}: {' '.join(names)}"
    stated = (f"{entry.key}={entry.value} ({entry.source})" for entry in own)
    none = words.say(lang, "doctor_defaults")
    yield words.say(lang, "doctor_settings"), " · ".join(stated) or none


FORMATS: Mapping[str, Callable[[Installation, list[EffectiveSetting], Page], str]]
FORMATS = {"json": _as_json, "rich": _shown}
