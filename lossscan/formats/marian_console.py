"""What Marian prints: `Ep. 1 : Up. 500 : Sen. 32,100 : Cost 10.786 : Time 81.20s : gNorm 0.9`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from lossscan.expressions import expression
from lossscan.formats.kit.columns import Row
from lossscan.formats.kit.own_lines import own_lines
from lossscan.formats.kit.text import NUMBER

_POINT: Final = expression(
    rf"\bEp\. (\d{{1,9}}) : Up\. (\d{{1,15}}) : (?:Sen\. [\d,]{{1,20}} : Cost ({NUMBER})(?=[ *:])"
    rf"|(cross-entropy|ce-mean-words) : ({NUMBER})(?= :))"
)
_BEHIND: Final = expression(rf"\b(gNorm|L\.r\.) ({NUMBER})(?=\s)")
_NAMES: Final = {"gNorm": "grad_norm", "L.r.": "learning_rate"}
_UPDATE = "Up. "  # in each line, to be quick


def _rows(text: Iterable[str]) -> Iterator[Row]:
    """All updates and validations; a cost is the mean since the line before."""
    for line in text:
        found = _POINT.search(line) if _UPDATE in line else None
        if found is None:
            continue
        if found[4]:
            yield int(found[2]), {"eval_loss": found[5]}
            continue
        behind = {_NAMES[name]: value for name, value in _BEHIND.findall(line)}
        yield int(found[2]), {"epoch": found[1], "loss": found[3], **behind}


_SAMPLE = "Ep. 1 : Up. 500 : Sen. 32,100 : Cost 10.786"
FORMAT = own_lines("marian_console", _SAMPLE, (_UPDATE,), _rows, framework="marian")
