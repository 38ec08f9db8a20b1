"""Templates filled in: what comes from a log is text in them and nothing else."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from lossscan import words
from lossscan.reporters import Page

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

SCRIPTS = ("vendor/uPlot.iife.min.js", "app.js")
TAGS = {"en": "en", "zh": "zh-CN"}  # of languages, as HTML names them
STYLES = ("vendor/uPlot.min.css", "style.css")


def filled(name: str, page: Page, **what: Any) -> str:
    """A template of this folder with what it shows."""
    template = _environment().get_template(f"{name}.html.j2")
    return template.render(say=page.say, tag=TAGS[page.lang], **what) + "\n"


@cache
def _environment() -> Environment:
    """Everything is escaped, a name that is not given is an error."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    made = Environment(
        loader=PackageLoader("lossscan.reporters.html"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_harmless,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["path"] = _breakable
    scripts = [_asset(name) for name in SCRIPTS]
    made.globals |= {
        "scripts": [Markup(text) for text in scripts],  # noqa: S704 - our own files
        "style": Markup("\n".join(map(_asset, STYLES))),  # noqa: S704 - our own files
        "policy": _policy(scripts),
        "raw_json": Markup,  # of `payload.dumped`, which escapes for a script element
    }
    return made


def _harmless(value: Any) -> Any:
    """Text without control characters and bidirectional overrides."""
    return words.printable(value) if type(value) is str else value


def _breakable(path: str) -> Markup:
    """A path whose lines end after a separator, and within a name only where it is too long."""
    from markupsafe import Markup

    return Markup("<wbr>").join(re.split(r"(?<=[/\\_])", words.printable(path)))


def _asset(name: str) -> str:
    return (files("lossscan.reporters.html") / "assets" / name).read_text(encoding="utf-8").strip()


def _policy(scripts: list[str]) -> str:
    """What the page may do: run its own scripts, known by their digest, and load nothing."""
    digests = (hashlib.sha256(text.encode()).digest() for text in scripts)
    allowed = " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; base-uri 'none'; "
        "form-action 'none'"
    )
