"""lossscan formats: all log formats, a line each."""

from __future__ import annotations

from lossscan import api
from lossscan.commands.kit.data import formats_listed
from lossscan.commands.kit.options import Lang, settings_from
from lossscan.commands.kit.output import write


def formats(lang: Lang = None) -> int:
    """List the log formats that are read, with a sample of each.

    lossscan formats
    """
    settings = settings_from(lang=lang)
    write(formats_listed(api.format_samples(), settings.lang), None)
    return 0
