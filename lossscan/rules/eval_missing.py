"""Evaluation is configured and did not run when it should have."""

from __future__ import annotations

import math
from collections.abc import Iterator
from math import ceil
from pathlib import PurePath

from msgspec import Struct

from lossscan.model import Advice, Cause, Episode, Evidence, Finding, Message, Note, Severity
from lossscan.rules.kit.case import Case, is_eval_loss
from lossscan.rules.kit.rule import Rule
from lossscan.trainers import may_be_transformers

RENAMED_IN = (4, 46)  # transformers that no longer takes evaluation_strategy
SHOWN = 6  # steps listed before the list is cut
SPLITS = ("val_size", "eval_dataset", "num_eval_examples")  # fields that state an evaluation set
# It names eval_steps also where nobody asked for evaluation, transformers' default, and holds every
# evaluation that ran.
STATE = "trainer_state.json"

# Confidence by message.
_SURE = {
    "no-loss": 0.95,  # evaluation left its running time and no loss
    "default": 0.97,  # due several times by the configuration, and nothing logged
    "only-end": 0.9,  # the one at the end may be all that was wanted
    "beyond-end": 0.96,  # arithmetic
    "delayed-beyond-end": 0.96,  # the same
    "strategy-unset": 0.9,  # transformers ignores the other options without it
}


class _Plan(Struct, frozen=True):
    """When evaluation was to run, and when it did."""

    strategy: str | None  # steps, epoch, no; None where nothing states it
    every: int | None  # steps
    delay: float | None  # before the first evaluation: steps, or epochs by the strategy
    late: bool  # whether the delay is longer than the whole training
    due: tuple[int, ...]  # steps before the last one at which it should have run
    seen: tuple[int, ...]
    last: int
    planned: int | None  # last step of the whole training
    after: Note | None  # of an evaluation once training was over, which no log holds

    @property
    def ran(self) -> bool:
        """Whether evaluation ran at any time."""
        return bool(self.seen) or self.after is not None

    @property
    def during(self) -> bool:
        """Whether evaluation ran before the end."""
        return any(step < self.last for step in self.seen)


def check(case: Case) -> Iterator[Finding]:
    """Compare the steps at which evaluation was due with those at which it ran."""
    if not may_be_transformers(case.run.framework):
        return
    plan = _plan(case)
    message = _message(case, plan)
    if message:
        yield _finding(case, plan, message)


def _plan(case: Case) -> _Plan:
    of_evaluations = (s for name, s in case.run.series.items() if name.startswith("eval_"))
    seen = {int(step) for series in of_evaluations for step in series.steps}
    last = case.run.last_step
    strategy = case.setting("eval_strategy")
    every = case.setting("eval_steps") or case.setting("logging_steps")
    return _Plan(
        strategy=strategy,
        every=int(every) if every else None,
        delay=case.setting("eval_delay"),
        late=_is_late(case, strategy, last),
        due=tuple(step for step in _due(case, strategy, every, last) if step < last),
        seen=tuple(sorted(seen)),
        last=last,
        planned=case.run.schedule.max_steps or (last if case.run.complete else None),
        after=next((note for note in case.run.notes if note.kind == "evaluated_after"), None),
    )


def _is_late(case: Case, strategy: str | None, last: int) -> bool:
    """Whether the first evaluation is put off beyond the end of the training."""
    delay = case.setting("eval_delay") or 0
    length = case.run.schedule.max_steps or (last if case.run.complete else None)
    if strategy == "epoch":
        length = case.setting("num_train_epochs")
    return strategy in ("steps", "epoch") and length is not None and delay > length


def _due(case: Case, strategy: str | None, every: float | None, last: int) -> tuple[int, ...]:
    """The steps up to the last one at which the strategy evaluates."""
    if strategy == "steps":
        return _multiples(every, case.setting("eval_delay"), last)
    marks = case.run.schedule.of("epoch_boundary") if strategy == "epoch" else ()
    delay = case.setting("eval_delay") or 0  # epochs
    begun = (mark for mark in marks if (mark.epoch or math.inf) >= delay)
    return tuple(ceil(mark.step + mark.slack) for mark in begun)


def _multiples(every: float | None, delay: float | None, last: int) -> tuple[int, ...]:
    steps = range(int(every), last + 1, int(every)) if every and every >= 1 else ()
    return tuple(step for step in steps if step >= (delay or 0))


def _message(case: Case, plan: _Plan) -> str:
    """Which message fits; empty where evaluation ran, was not asked for, or is not due yet."""
    if "eval_runtime" in case.run.series and not any(map(is_eval_loss, case.run.series)):
        return "no-loss"
    if plan.during:
        return ""
    if plan.due:
        return "only-end" if plan.ran else "default"
    if plan.late:
        return "delayed-beyond-end"
    if plan.strategy == "steps":
        beyond = plan.every and plan.planned and plan.every > plan.planned
        return "beyond-end" if beyond else ""
    unset = plan.strategy in (None, "no") and _is_wished(case, plan)
    return "strategy-unset" if unset else ""


def _is_wished(case: Case, plan: _Plan) -> bool:
    """Whether somebody set how often to evaluate, or set data aside and got no evaluation."""
    steps = case.run.config.get("eval_steps")
    if steps is not None and PurePath(steps.source).name != STATE:
        return bool(steps.value <= plan.last)  # else nothing was due yet
    return not plan.ran and bool(case.setting("val_size") or case.setting("eval_dataset"))


def _finding(case: Case, plan: _Plan, message: str) -> Finding:
    first = plan.due[0] if plan.due else None
    none_due = message.endswith("beyond-end")
    harmless = none_due and (plan.ran or _evaluates_after(case))
    return Finding(
        _SURE[message],
        stated_severity=Severity.INFO if harmless else None,
        series="eval_loss",
        message=Message(
            message,
            every=plan.every,
            delay=plan.delay,
            strategy=plan.strategy or "no",
            last=plan.last,
            count=len(plan.due),
            due=_listed(plan.due),
            planned=plan.planned,
            seen=_listed(plan.seen) or plan.last,
        ),
        episodes=(Episode(first, plan.last),) if first else (),
        evidence=tuple(_evidence(case, plan, message)),
        causes=tuple(_causes(case, plan, message)),
        next=Message("watch-first") if message in ("default", "no-loss") else None,
    )


def _evaluates_after(case: Case) -> bool:
    """Whether the trainer evaluates at the end by itself, into a file that may be elsewhere.

    LLaMA-Factory's workflows do so where `do_eval` is set, and transformers sets it with the
    strategy (`run_sft` and the like; `TrainingArguments.__post_init__`).
    """
    return case.run.framework == "llamafactory" and bool(case.run.complete)


def _listed(steps: tuple[int, ...]) -> str:
    shown = ", ".join(str(step) for step in steps[:SHOWN])
    return f"{shown}, ..." if len(steps) > SHOWN else shown


def _evidence(case: Case, plan: _Plan, message: str) -> Iterator[Evidence]:
    for field in ("eval_strategy", "evaluation_strategy", "eval_steps", "eval_delay", *SPLITS):
        if field in case.run.config:
            setting = {"field": field, "value": str(case.setting(field))}
            yield Evidence(Message("setting", **setting), source=case.run.config[field].source)
    if message == "no-loss":
        yield Evidence(Message("runtime"), case.run.source_of("eval_runtime"), plan.seen[0])
    elif plan.seen:
        yield Evidence(Message("seen"), step=plan.seen[-1])
    elif plan.after:
        yield Evidence(Message("after", **plan.after.numbers), source=plan.after.path.name)
    elif message.endswith("beyond-end") and _evaluates_after(case):
        yield Evidence(Message("after-elsewhere"))


def _causes(case: Case, plan: _Plan, message: str) -> Iterator[Cause]:
    often = max(1, (plan.planned or 0) // 10)
    plain = {
        "no-loss": ("no-labels", 0.8, case.advise("label_names", suggest="labels")),
        "strategy-unset": ("strategy-unset", 0.9, (Advice("eval_strategy", suggest="steps"),)),
        "delayed-beyond-end": ("delay-beyond-last-step", 0.95, case.advise("eval_delay", 0)),
        "beyond-end": ("eval-steps-beyond-last-step", 0.95, case.advise("eval_steps", often)),
    }
    if message in plain:
        name, score, config = plain[message]
        yield Cause(Message(name, suggest=often), score, config)
        return
    version = case.version("transformers_version")
    if "evaluation_strategy" in case.run.config and version and version >= RENAMED_IN:
        config = (Advice("evaluation_strategy"), Advice("eval_strategy", suggest=plan.strategy))
        yield Cause(Message("renamed-option"), 0.9, config=config)
    if not plan.ran and not any(case.setting(field) for field in SPLITS):
        of_factory = case.run.framework == "llamafactory"
        split = (Advice("val_size", suggest=0.05),) if of_factory else ()
        yield Cause(Message("no-evaluation-set"), 0.6, config=split)
    several = case.setting("eval_on_each_dataset") or "," in str(case.setting("eval_dataset"))
    whole = any(PurePath(source.path).name == STATE for source in case.run.sources)
    unseen = "other-settings" if whole else "log-without-evaluation"
    yield Cause(Message(unseen), 0.5 if several else 0.3)


RULE = Rule(name="eval-missing", check=check)
