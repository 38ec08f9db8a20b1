"""lossscan rules: all rules, a line each."""

from __future__ import annotations

from lossscan.commands.kit.options import Config, Ignore, Lang, Select, settings_from
from lossscan.commands.kit.output import page_for, write
from lossscan.commands.kit.pages import listing


def rules(
    config: Config = None, select: Select = None, ignore: Ignore = None, lang: Lang = None
) -> int:
    """List all rules.

    lossscan rules
    lossscan rules --ignore periodic-loss
    """
    from lossscan.rules import chosen_rules
    from lossscan.words.pages import load_page

    settings = settings_from(config, select=select, ignore=ignore, lang=lang)
    entries = [load_page(name) for name in chosen_rules(settings.select, settings.ignore)]
    write(listing(entries, page_for(settings)), None)
    return 0
