"""What so-vits-svc prints: `Losses: [2.1, 2.2, 5.3, 18.2, 1.2], step: 400, lr: 0.0001`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from lossscan.expressions import expression
from lossscan.formats.kit.columns import Row
from lossscan.formats.kit.own_lines import own_lines
from lossscan.formats.kit.text import NUMBER

_QUICK = "Losses: ["
_POINT: Final = expression(
    rf"Losses: \[([^\]]{{1,400}})\], step: (\d{{1,15}})(?:, lr: ({NUMBER}))?(?=[\s,])"
)
_PARTS: Final = ("disc_loss", "gen_loss", "fm_loss", "mel_loss", "kl_loss", "lf0_loss")


def _rows(text: Iterable[str]) -> Iterator[Row]:
    """All points, their parts by the order in which the trainer lists them."""
    for line in text:
        if _QUICK in line and (found := _POINT.search(line)):
            parts = dict(zip(_PARTS, found[1].split(","), strict=False))
            yield int(found[2]), parts | ({"lr": found[3]} if found[3] else {})


_SAMPLE = "Losses: [2.1, 2.2, 5.3, 18.2, 1.2], step: 400, lr: 0.0001"
FORMAT = own_lines(
    "sovits_console", _SAMPLE, (_QUICK,), _rows, framework="so-vits-svc", averaging="instant"
)
