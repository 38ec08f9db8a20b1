"""The first losses are far above ln(vocabulary size): worse than guessing."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from lossscan.model import Cause, Effect, Episode, Evidence, Finding, Message, RuledOut, Series
from lossscan.numeric.levels import EDGE_POINTS, first_level, last_level
from lossscan.numeric.medians import median
from lossscan.rules.kit.case import Case
from lossscan.rules.kit.domain import is_token_loss
from lossscan.rules.kit.levels import levels_at
from lossscan.rules.kit.rates import lower_rate
from lossscan.rules.kit.rule import Rule

LARGEST = 290943  # the largest vocabulary in use (Hunyuan); above its ln every model is too high
UNREAD = 0.5  # of ln V: a model that still is above it at the end was not pretrained
LONG = 0.1  # of the run that stays above a guess: templates and weights are learned at once
AGREEING = 0.8  # share of evaluations that are below a guess while the training loss is above
CERTAIN = 2.0  # nats above: no initialisation or template does that by chance


def check(case: Case, *, margin: float = 0.7) -> Iterator[Finding | RuledOut]:
    """Yield a finding where the first losses exceed ln V, a uniform guess, by `margin` nats."""
    loss = case.loss
    if loss is None or not is_token_loss(case):
        return
    vocabulary = case.number("vocab_size")
    uniform = math.log(vocabulary or LARGEST)
    first = first_level(loss.values)
    if first <= uniform + margin:
        if vocabulary and first > uniform:
            yield RuledOut(Message("near", first=first, uniform=uniform))
        return
    step, steps, last = int(loss.steps[0]), case.accumulation, last_level(loss.values)
    scaled = steps is not None and steps > 1 and first / steps <= uniform
    ratio = _over_evaluation(case, loss, uniform)
    causes = (
        Cause(Message("wrong-model-or-template"), 0.5, config=case.advise("template")),
        Cause(Message("attention"), 0.45, config=case.advise("flash_attn")),
        Cause(Message("new-tokens"), 0.4),
        Cause(Message("initialisation"), 0.6 if last > UNREAD * uniform else 0.35),
        *_rate(case, loss, uniform),
    )
    if ratio is not None:  # the same model, which guesses better
        causes = (Cause(Message("other-reduction", ratio=ratio), 0.8),)
    yield Finding(
        0.95 if first > uniform + CERTAIN else 0.85,  # less may come from an odd first batch
        message=Message(
            "default" if vocabulary else "unknown-vocabulary",
            first=first,
            uniform=uniform,
            vocabulary=int(vocabulary or LARGEST),
            step=step,
            last=last,
        ),
        episodes=(Episode(step, int(loss.steps[min(EDGE_POINTS, len(loss)) - 1])),),
        effect=Effect(before=uniform, after=first, delta=first - uniform),
        evidence=(Evidence(Message("at-the-end"), step=int(loss.steps[-1]), value=last),),
        causes=(
            *([Cause(Message("accumulation", steps=steps), 0.7)] if scaled else []),
            *causes,
        ),
        next=Message("one-batch"),
        claims=frozenset({step}),
    )


def _over_evaluation(case: Case, loss: Series, uniform: float) -> float | None:
    """How many times the evaluation loss the training loss is; None unless only that is a guess."""
    evaluated = case.points("eval_loss")
    if evaluated is None:
        return None
    trained = levels_at(loss, evaluated.steps, points=EDGE_POINTS)
    apart = (trained > uniform) & (evaluated.values > 0) & (evaluated.values <= uniform)
    if apart.mean() < AGREEING:
        return None
    return median(trained[apart] / evaluated.values[apart])


def _rate(case: Case, loss: Series, uniform: float) -> Iterator[Cause]:
    """A learning rate that keeps the model from learning, where the loss stays so high."""
    below = np.flatnonzero(loss.values <= uniform)
    first, last = int(loss.steps[0]), int(loss.steps[-1])
    until = int(loss.steps[below[0]]) if len(below) else last
    suggest = lower_rate(case, until)
    if suggest is not None and until - first >= LONG * (last - first):
        advice = case.advise("learning_rate", suggest)
        yield Cause(Message("rate-from-the-start", step=until, suggest=suggest), 0.7, config=advice)


RULE = Rule(name="high-initial-loss", check=check)
