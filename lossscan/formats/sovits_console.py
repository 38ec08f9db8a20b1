"""What so-vits-svc prints: `Losses: [2.1, 2.2, 5.3, 18.2, 1.2], step: 400, lr: 0.0001`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lossscan.expressions import expression
from lossscan.formats.kit.columns import Row, columns
from lossscan.formats.kit.format import Format
from lossscan.formats.kit.text import NUMBER, lines, peek
from lossscan.model import Table
from lossscan.settings import Settings
from lossscan.sources.files import Head

NAME: Final = "sovits_console"
_QUICK = "Losses: ["
_POINT: Final = expression(
    rf"Losses: \[([^\]]{{1,400}})\], step: (\d{{1,15}})(?:, lr: ({NUMBER}))?(?=[\s,])"
)
_PARTS: Final = ("disc_loss", "gen_loss", "fm_loss", "mel_loss", "kl_loss", "lf0_loss")


def claims(head: Head) -> bool:
    """Whether a point is in it."""
    text = peek(head)
    return _QUICK in text and _POINT.search(text) is not None


def read(head: Head, settings: Settings) -> Table:
    """All points, their parts by the order in which the trainer lists them."""
    return Table(
        path=head.path,
        format=NAME,
        columns=columns(list(_rows(head)), settings),
        framework="so-vits-svc",
        averaging="instant",
    )


def _rows(head: Head) -> Iterator[Row]:
    for line in lines(head):
        if _QUICK in line and (found := _POINT.search(line)):
            parts = dict(zip(_PARTS, found[1].split(","), strict=False))
            yield int(found[2]), parts | ({"lr": found[3]} if found[3] else {})


FORMAT = Format(
    name=NAME,
    sample="Losses: [2.1, 2.2, 5.3, 18.2, 1.2], step: 400, lr: 0.0001",
    claims=claims,
    read=read,
)
