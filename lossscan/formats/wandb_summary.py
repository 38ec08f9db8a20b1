"""The last values of a W&B run (`files/wandb-summary.json`), for a run that left nothing else."""

from __future__ import annotations

from typing import Final

from lossscan.canonical.names import namer
from lossscan.expressions import expression
from lossscan.formats.kit.cells import step_number
from lossscan.formats.kit.columns import columns
from lossscan.formats.kit.format import Format
from lossscan.formats.kit.json_document import document
from lossscan.model import Note, Table
from lossscan.settings import Settings
from lossscan.sources.files import Head

_FILE: Final = "wandb-summary.json"
_CLOCK: Final = expression(rb'"_(?:step|runtime|timestamp)"\s*:')  # W&B's own
_CALLS = "_step"
_ENDED = "train/total_flos"  # transformers logs it when training has ended


def claims(head: Head) -> bool:
    """Whether it has the name, and W&B's own clock is in it."""
    return _FILE in head.name and _CLOCK.search(head.start) is not None


def read(head: Head, settings: Settings) -> Table:
    """One point of each quantity; raises UnreadableLog where it is no JSON."""
    held, _ = document(head)
    last = held if isinstance(held, dict) else {}
    name_of = namer(settings.series)
    logged = {key: value for key, value in last.items() if key[:1] != "_"}  # by the training
    own = [step_number(value) for key, value in logged.items() if name_of(key) == "step"]
    step = next((each for each in [*own, step_number(last.get(_CALLS))] if each is not None), 0)
    return Table(
        columns([(step, logged)], settings),
        complete=True if _ENDED in last else None,
        notes=(Note("last_values_only", head.path),),
        fallback=True,
    )


FORMAT = Format(
    name="wandb_summary",
    sample='wandb-summary.json: "_step"',
    claims=claims,
    read=read,
    priority=-1,  # asked early: a glance tells
    recorded=True,
    joined=True,
    maybe_files="wandb-summary.json",
)
