"""A finding as its rule yields it becomes one that a report holds: what the rule need not know."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from msgspec.structs import replace

from lossscan.model import PAGES, PLAIN, Advice, Cause, Evidence, Finding, Message, RuledOut, Run
from lossscan.trainers import trainer_of
from lossscan.words.pages import load_page

MOST_EVIDENCE = 8  # of one finding: what a person reads; `episodes` hold every place
SURE, HARDLY = 0.99, 0.01  # no verdict on a log alone is certain
# Score up to which a cause is only weighed: of 21 such causes of findings in runs whose cause is
# known none was the true one.
UNLIKELY = 0.1
REMEDY: Final = "remedy"  # ends the key of what to do about a cause
_TOKENS: Final = "vocab_size"
_OF_OTHERS: Final = frozenset(  # what is measured of classes, of numbers and of images
    f"eval_{name}"
    for name in ("accuracy", "f1", "precision", "recall", "roc_auc", "mse", "mae", "rmse", "r2")
) | {"eval_iou", "eval_mean_iou", "eval_map", "eval_psnr"}


def key_of(rule: str, *path: str) -> str:
    """The key of a text in the page of a rule."""
    return PAGES + "/".join((rule, *path))


def finding_of(finding: Finding, run: Run) -> Finding:
    """A finding of a rule, complete and in its place; raises KeyError for a text without words."""
    return placed(completed(finding, run), run)


def completed(finding: Finding, run: Run) -> Finding:
    """With the texts, the severity and the remedies of its page; raises as `finding_of` does."""
    likeliest_first = sorted(finding.causes, key=lambda cause: -cause.score)
    causes = tuple(_cause(cause, finding, run) for cause in likeliest_first)
    page, said = load_page(finding.rule), finding.message.key
    title = ("titles", said) if said in page.titles else ("title",)
    return replace(
        finding,
        stated_severity=finding.stated_severity or page.severity,
        confidence=round(min(max(finding.confidence, HARDLY), SURE), 2),
        title=Message(key_of(finding.rule, *title)),
        message=_text(finding, "messages", finding.message),
        evidence=tuple(_evidences(finding, run)),
        causes=causes,
        remedies=tuple({str(each): each for each in _remedies(finding, causes)}.values()),
        next=None if finding.next is None else _text(finding, "next", finding.next, run),
    )


def placed(finding: Finding, run: Run) -> Finding:
    """With the steps of its episodes, and the epoch where it begins."""
    starts = [e.start_step for e in finding.episodes if e.start_step is not None]
    ends = [e.end_step for e in finding.episodes if e.end_step is not None]
    start, end = min(starts, default=None), max(ends, default=None)
    epoch = None if start is None else _epoch_at(run, start)
    return replace(finding, start_step=start, end_step=end, epoch=epoch)


def ruled_out_of(out: RuledOut) -> RuledOut:
    """With the text of its page; raises KeyError for one without words."""
    texts = load_page(out.rule).ruled_out
    return replace(out, text=_keyed(out.rule, "ruled_out", texts, out.text, {}))


def _text(finding: Finding, section: str, said: Message, run: Run | None = None) -> Message:
    """A text of the finding's page; the plain one for what is no language model in PyTorch."""
    texts: Mapping[str, Any] = getattr(load_page(finding.rule), section)
    if run is not None and not _of_tokens(run) and said.key + PLAIN in texts:
        said = Message(said.key + PLAIN, **said.values)
    return _keyed(finding.rule, section, texts, said, finding.message.values)


def _of_tokens(run: Run) -> bool:
    """Whether a run may train on tokens with PyTorch: by its trainer, or by a vocabulary."""
    trainer = trainer_of(run.framework)
    if trainer.other_tasks and _shows_other_task(run):
        return False
    known = run.framework is not None and not trainer.any_task
    return (known or _TOKENS in run.config) and trainer.tokens


def _shows_other_task(run: Run) -> bool:
    """Whether the head of the model does, or what is measured of an unknown model."""
    measured = _OF_OTHERS.intersection(run.series)
    return run.objective == "classification" or (bool(measured) and _TOKENS not in run.config)


def _keyed(
    rule: str, section: str, texts: Mapping[str, Any], said: Message, known: Mapping[str, Any]
) -> Message:
    if said.key not in texts:
        raise KeyError(key_of(rule, section, said.key))
    return Message(key_of(rule, section, said.key), **{**known, **said.values})


def _evidences(finding: Finding, run: Run) -> Iterator[Evidence]:
    """The evidence; of kinds that have too much of it the first, and how much more there is."""
    quota = Counter(each.text.key for each in finding.evidence)
    count = len(finding.evidence)
    left_out = count - MOST_EVIDENCE + 1 if count > MOST_EVIDENCE else 0
    for _ in range(left_out):
        quota[max(quota, key=quota.__getitem__)] -= 1
    source = run.source_of(finding.series)
    for each in finding.evidence:
        quota[each.text.key] -= 1
        if quota[each.text.key] >= 0:
            text = _text(finding, "evidence", each.text)
            yield replace(each, text=text, source=each.source or source)
    if left_out:
        yield Evidence(Message("more_evidence", count=left_out), source)


def _cause(cause: Cause, finding: Finding, run: Run) -> Cause:
    """A cause with the run's own values; a setting that is as advised already is no advice."""
    known = (_known(each, run) for each in cause.config if cause.score > UNLIKELY)
    advice = tuple(each for each in known if each.suggest is None or each.suggest != each.value)
    text = _text(finding, "causes", cause.text, run)
    return Cause(text, round(cause.score, 2), advice)


def _known(advice: Advice, run: Run) -> Advice:
    """Advice with the value of the setting; one that only the log shows is the highest logged."""
    if advice.field in run.config:
        stated = run.config[advice.field]
        return replace(advice, value=stated.value, source=stated.source)
    logged = run.series.get(advice.field)
    if logged is None:
        return advice
    finite = logged.values[abs(logged.values) < math.inf]
    if not len(finite):
        return advice
    return replace(advice, value=float(finite.max()), source=run.source_of(advice.field))


def _remedies(finding: Finding, causes: Iterable[Cause]) -> Iterator[Message]:
    for remedy in finding.remedies:
        yield _text(finding, "remedies", remedy)
    for cause in causes:
        if cause.score > UNLIKELY:
            yield Message(f"{cause.text.key}/{REMEDY}", **cause.text.values)


def _epoch_at(run: Run, step: int) -> float | None:
    """Epochs done at a step: as logged, or counted from the steps of an epoch."""
    logged = run.series.get("epoch")
    if logged is not None and len(logged) > 1:
        import numpy as np

        at = bisect_right(logged.steps, step)
        near = slice(max(at - 2, 0), at + 2)  # of all steps it would make floats
        return round(float(np.interp(step, logged.steps[near], logged.values[near])), 4)
    per_epoch = run.schedule.steps_per_epoch
    return round(step / per_epoch, 4) if per_epoch else None
