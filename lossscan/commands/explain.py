"""lossscan explain: the catalogue page of a rule."""

from __future__ import annotations

from typing import Annotated

import typer

from lossscan import api, reporters
from lossscan.commands.kit.options import (
    Config,
    Lang,
    known_rules,
    one_of,
    own_format,
    settings_from,
)
from lossscan.commands.kit.output import page_for, write
from lossscan.commands.kit.pages import FORMATS


def explain(
    rule: Annotated[
        str, typer.Argument(metavar="RULE", help="Rule name.", autocompletion=one_of(known_rules))
    ],
    format: Annotated[str, own_format(FORMATS)] = reporters.DEFAULT,  # noqa: A002 - the option's name
    config: Config = None,
    lang: Lang = None,
) -> int:
    """Explain a rule: what it is, why it happens, how to tell, what to do.

    lossscan explain loss-jump
    lossscan explain loss-jump --lang zh
    """
    reporters.check_known(format, FORMATS)
    settings = settings_from(config, lang=lang)
    write(FORMATS[format](api.explain(rule), page_for(settings)), None)
    return 0
