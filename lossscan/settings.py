"""Settings (frozen) from `lossscan.yaml` or `[tool.lossscan]`; the defaults need no file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lossscan.model import Severity


@dataclass(frozen=True, slots=True)
class Settings:
    """What a user may choose; the command line overrides the file, the file the defaults."""

    lang: str = "en"  # en or zh
    fail_on: Severity | None = Severity.CRITICAL  # None: never
    select: tuple[str, ...] = ()  # rule names; empty means all
    ignore: tuple[str, ...] = ()
    series: Mapping[str, str] = field(default_factory=dict)  # canonical name -> key in the log
    rules: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # options per rule
    training_config: Path | None = None
    source: str | None = None  # the file these came from
