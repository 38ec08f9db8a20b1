r"""What boosted trees print a round: XGBoost, LightGBM and CatBoost, a metric for each data set.

`[10]\ttrain-logloss:0.51\teval-logloss:0.58`, `[10]\ttraining's l2: 0.3\tvalid_1's l2: 0.4`,
`10:\tlearn: 0.51\ttest: 0.58\tbest: 0.58 (10)\ttotal: 51ms`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lossscan.expressions import expression
from lossscan.formats.kit.boosted import is_score
from lossscan.formats.kit.columns import Row, columns
from lossscan.formats.kit.format import Format
from lossscan.formats.kit.text import NUMBER, lines, peek
from lossscan.model import Table
from lossscan.settings import Settings
from lossscan.sources.files import Head

FEWEST = 2  # rounds
_ROUND: Final = expression(
    r"^(?:.{0,120}\s)?\[?(\d{1,9})[\]:]\s{1,8}(?=[a-z_]\w{0,30}[-':]|learn\s)"
)
_ALONE: Final = expression(  # a metric a line, of LightGBM's own program
    rf"\bIteration:(\d{{1,9}}), (\w{{1,60}}) ([\w@.]{{1,60}}) : ({NUMBER})\s"
)
_VALUE: Final = expression(
    rf"(?:^|\s)(?:cv-)?([A-Za-z_]\w{{0,60}})(?:(?:-|'s )([\w@.:/-]{{1,60}}?))?"
    rf"(?::\s?|(?<=\slearn)\s|(?<=\stest)\s)({NUMBER})"  # no colon: CatBoost's first releases
    r"(?:\+(?:[\d.e-]{1,20}|nan))?(?=\s)"  # a deviation, of folds
)
_TRAINED: Final = ("train", "learn")  # in the name of a set
_NUMBERED: Final = ("validation_0", "valid_0")  # of several that are watched, the training's
_OWNED: Final = "'s "  # LightGBM's, between the name of a set and its metric
_KEPT: Final = ("valid", "eval-", "test-")  # where only what is kept apart is watched
_APART: Final = expression(r"(?i)d?(?:val|test|eval|dev|hold)")
_NO_SETS: Final = ("best", "total", "remaining")  # what CatBoost prints next to them
_Values = dict[tuple[str, str], str]  # set, metric


def claims(head: Head) -> bool:
    """Whether rounds with a loss of the training are in it."""
    text = peek(head)
    if ":" not in text or not any(name in text for name in (*_TRAINED, _OWNED, *_KEPT)):
        return False
    found = [each for line in text.splitlines(keepends=True) if (each := _round(line))]
    return len(found) >= FEWEST and any(
        _loss_of(row) or _kept_metric(row) for _, row in found[:FEWEST]
    )


def read(head: Head, settings: Settings) -> Table:
    """The first loss of the training set, else of one kept apart, and that of the next set."""
    return Table(columns(_rows(head), settings), averaging="instant")


def _rows(head: Head) -> Iterator[Row]:
    metric = ""
    for line in lines(head):
        number, found = _round(line) or (0, {})
        loss = _loss_of(found)
        if loss is None:
            metric = metric or _kept_metric(found)
            evaluated = (value for (_, name), value in found.items() if name == metric)
            yield from ((number, {"eval_loss": value}) for value in evaluated)
            continue
        metric = loss[1]
        row = {"-".join(filter(None, key)): value for key, value in found.items()}
        others = (found[key] for key in found if key[1] == loss[1] and key != loss)
        row |= {"loss": found[loss]} | dict(zip(["eval_loss"], others, strict=False))
        yield number, row


def _round(line: str) -> tuple[int, _Values] | None:
    """The number of a round and its metrics by set and name; None where the line has none."""
    match = _ROUND.match(line)
    if match is None:
        alone = _ALONE.search(line) if "Iteration:" in line else None
        return (int(alone[1]), {(alone[2], alone[3]): alone[4]}) if alone else None
    found = {(m[1], m[2] or ""): m[3] for m in _VALUE.finditer(line, match.end() - 1)}
    values = {key: value for key, value in found.items() if key[0] not in _NO_SETS}
    return (int(match[1]), values) if values else None


def _loss_of(found: _Values) -> tuple[str, str] | None:
    """The loss of the set that is called a training's, or the only one that is not kept apart.

    Where all of several sets are numbered validations, as of scikit-learn, it is that of the first.
    """
    losses = [key for key in found if not is_score(key[1])]
    own = [key for key in losses if not _APART.match(key[0])]
    named = [key for key in own if any(word in key[0] for word in _TRAINED)]
    several = len({name for name, _ in found}) > 1
    alone = [key for key in own if key[1] or several] if len({name for name, _ in own}) == 1 else []
    numbered = [key for key in losses if several and not own and key[0] in _NUMBERED]
    return next(iter(named or alone or numbered), None)


def _kept_metric(found: _Values) -> str:
    """The loss of a set that is kept apart; empty where it has none."""
    named = (metric for name, metric in found if _APART.match(name) and not is_score(metric))
    return next(named, "")


_SAMPLE = "[10]  train-logloss:0.51  eval-logloss:0.58, of boosted trees"
FORMAT = Format("boosting_console", _SAMPLE, claims, read, printed=True, priority=15)
