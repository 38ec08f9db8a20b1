"""lossscan: reads what a training run left on disk and explains what happened to its loss.

The public functions are the verbs of the command line; importing this module loads none of them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__homepage__ = "https://lossscan.example/"  # of the site; nothing else holds the address

if TYPE_CHECKING:
    from lossscan.api import *  # noqa: F403
    from lossscan.errors import LossscanError as LossscanError
    from lossscan.integrations.monitor import Monitor as Monitor
    from lossscan.model import Report as Report
    from lossscan.model import Run as Run
    from lossscan.model import RunReport as RunReport
    from lossscan.settings import Settings as Settings
    from lossscan.signals import change_points as change_points

_HOMES = {
    **dict.fromkeys(("analyze", "baseline_of", "batch", "compare", "config"), "lossscan.api"),
    **dict.fromkeys(("doctor", "explain", "format_samples", "judge", "plot"), "lossscan.api"),
    **dict.fromkeys(("read", "rule_names", "schema", "watch"), "lossscan.api"),
    **dict.fromkeys(("Report", "Run", "RunReport"), "lossscan.model"),
    "LossscanError": "lossscan.errors",
    "Monitor": "lossscan.integrations.monitor",
    "Settings": "lossscan.settings",
    "change_points": "lossscan.signals",
}

__all__ = sorted([*_HOMES, "__version__"])  # noqa: PLE0605


def __dir__() -> list[str]:
    """The public names, loaded or not."""
    return sorted(__all__)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'lossscan' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
