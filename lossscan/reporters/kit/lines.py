"""What a report says in short: places, amounts and settings, made safe to print."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

from msgspec.structs import replace

from lossscan import words
from lossscan.model import Advice, Cause, Finding, Run, RunReport, Source
from lossscan.reporters import Page
from lossscan.reporters.kit.panels import of_no_finding
from lossscan.samples import samples_per_step
from lossscan.words.numerals import shown
from lossscan.words.pages import load_page, page_names

LONGEST_NAME = 36  # characters of a file's name next to a line of evidence
SHOWN_STEPS = 6  # of the places where a finding happens; the rest is counted
CONFIG = (  # what decides how a loss looks, in the order a reader asks for it
    "learning_rate",
    "lr_scheduler_type",
    "warmup_steps",
    "warmup_ratio",
    "num_train_epochs",
    "max_steps",
    "per_device_train_batch_size",
    "gradient_accumulation_steps",
    "finetuning_type",
    "max_grad_norm",
    "logging_steps",
    "eval_strategy",
    "eval_steps",
)

SERIES = ("loss", "eval_loss", "reward", "grad_norm", "learning_rate")  # worth naming


def amount(value: Any, name: str = "") -> str:
    """A number in four digits, as the quantity of that name is written; else text on one line."""
    if isinstance(value, float):
        return shown(value, ".4r" if name == "learning_rate" else ".4g")
    return words.printable(str(value))


def unread(one: RunReport, lang: str) -> tuple[str, ...]:
    """Why a run could not be read, or not whole, and a way out; nothing where it was."""
    if one.error is not None:
        told = [one.error.message, one.error.hint]
    else:
        told = [words.noted(n.kind, str(n.path), **n.values()) for n in one.damages]
    return tuple(words.printable(words.say(lang, each)) for each in told)  # a path may hold ESC


def facts_of(run: Run | None, page: Page) -> list[str]:
    """A run in short: its trainer, its steps and epochs, and whether it ended as planned."""
    if run is None:
        return []
    steps = [series.steps for series in run.series.values() if len(series)]
    parts = [run.framework] if run.framework else []
    if steps:
        first, last = min(s[0] for s in steps), max(s[-1] for s in steps)
        parts.append(words.steps(page.lang, first, last))
    if run.schedule.epochs is not None:
        parts.append(page.say("epoch_count", epochs=amount(run.schedule.epochs)))
    if run.complete is not None:
        parts.append(page.say("complete" if run.complete else "incomplete"))
    return parts


def used_for(source: Source, page: Page) -> str:
    """The series taken from a source: those worth naming, and how many more."""
    if not source.used_for:
        return page.say("not_used")
    named = [name for name in SERIES if name in source.used_for] or list(source.used_for[:1])
    more = len(source.used_for) - len(named)
    return ", ".join([*named, *([page.say("more", count=more)] if more else [])])


def config_of(run: Run) -> list[str]:
    """The settings that matter, as far as a file states them."""
    stated = ((name, run.setting(name)) for name in CONFIG)
    return [f"{name}={amount(value, name)}" for name, value in stated if value is not None]


def told_of(finding: Finding, page: Page) -> list[str]:
    """A finding in short: how sure it is, where it shows, what changed, why it does not count."""
    return [*_place_of(finding, page), *change_of(finding, page), *waiver_of(finding, page)]


def _place_of(finding: Finding, page: Page) -> list[str]:
    """How sure a finding is and where it shows."""
    parts = [page.say("sure", percent=round(finding.confidence * 100))]
    steps = [e.start_step for e in finding.episodes if e.start_step is not None]
    if len(steps) > 1:
        shown = ", ".join(map(str, steps[:SHOWN_STEPS])) + (" ..." * (len(steps) > SHOWN_STEPS))
        return [*parts, page.say("episodes", count=len(steps), steps=shown)]
    first, last = finding.start_step, finding.end_step
    if first is None:
        return parts
    return [*parts, words.steps(page.lang, first, last)]


def relevant(finding: Finding, run: Run | None) -> Finding:
    """The finding with the sources of its evidence, except where it is the series' own file."""
    own = run.source_of(finding.series) if run else None
    evidence = (replace(e, source=None) if e.source == own else e for e in finding.evidence)
    return replace(finding, evidence=tuple(evidence))


def waiver_of(finding: Finding, page: Page) -> list[str]:
    """Why a finding does not count at the gate; nothing where it does."""
    waiver = finding.waiver
    if waiver is None:
        return []
    by = "until" if waiver.expires is not None else waiver.by
    reason = words.printable(waiver.reason or "")
    return [page.say(f"waived_{by}", reason=reason, expires=waiver.expires)]


def change_of(finding: Finding, page: Page) -> list[str]:
    """The series a finding is about, before and after; of several places the largest change."""
    effect = finding.effect
    name = words.printable(finding.series)
    if effect is None or effect.before is None or effect.after is None:
        return [name]
    before, after = (amount(each, finding.series) for each in (effect.before, effect.after))
    if finding.rule in page_names() and load_page(finding.rule).against_expected:
        key = "expected_change"
        return [page.say(key, name=name, before=before, after=after)]
    change = f"{name} {before} -> {after}"
    several = len(finding.episodes) > 1
    return [page.say("largest", change=change) if several else change]


def scored(cause: Cause, page: Page) -> str:
    """A cause, and how well it explains the finding."""
    return f"{page.say(cause.text)} ({cause.score:.2f})"


def asides(one: RunReport, page: Page) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """What is said of a run besides its findings: a heading's key, then names and texts below it.

    What was excluded by rule, changes by their place, remarks without a name, and unused files.
    """
    skipped = one.run.skipped if one.run is not None else ()
    yield "ruled_out", [(out.rule, page.say(out.text)) for out in one.ruled_out]
    yield "explained_changes", list(_explained(one, page))
    yield "remarks", [("", page.say(remark)) for remark in one.remarks]
    yield "skipped", [(each.path, page.say(each.reason)) for each in skipped]


def _explained(one: RunReport, page: Page) -> Iterator[tuple[str, str]]:
    """The changes of the loss that no finding is about: where, and what they are and why."""
    for change in of_no_finding(one.change_points):
        why = change.accounted_for.text
        if all(out.text != why for out in one.ruled_out):  # these are told with what is excluded
            place = page.say("at_step", first=change.step)
            yield place, f"{page.say(f'change_{change.kind}')} · {page.say(why)}"


def short_name(source: str) -> str:
    """A file's name; a long one, as event files have, without its middle."""
    name = PurePath(source).name
    return name if len(name) <= LONGEST_NAME else f"{name[:20]}...{name[-10:]}"


def advice_line(advice: Advice, page: Page) -> str:
    """A setting behind a cause, and the value to use instead."""
    value = page.say("unset") if advice.value is None else amount(advice.value, advice.field)
    key = "stated" if advice.suggest is None else "suggest"
    suggest = amount(advice.suggest, advice.field)
    return page.say(key, field=advice.field, value=value, suggest=suggest)


def last_loss(run: Run) -> str:
    """The last logged loss, or nothing."""
    series = run.series.get("loss")
    return amount(float(series.values[-1])) if series is not None and len(series) else ""


def outcome_of(run: Run | None) -> dict[str, float | None]:
    """Where a run ended and how it was set, by column: what a sweep is sorted by."""
    from lossscan.points import finite

    if run is None:
        return {}
    loss, evaluated, rates = (
        finite(run.series.get(name)) for name in ("loss", "eval_loss", "learning_rate")
    )
    rate = run.setting("learning_rate") or (float(rates.values.max()) if rates else None)
    samples, length = samples_per_step(run.config, run.framework), run.setting("seq_length")
    return {
        "last_loss": float(loss.values[-1]) if loss else None,
        "best_eval_loss": float(evaluated.values.min()) if evaluated else None,
        "last_eval_loss": float(evaluated.values[-1]) if evaluated else None,
        "learning_rate": rate,
        "samples_per_step": samples,
        "tokens_per_step": samples * length if samples and length else None,
    }


def announcement(finding: Finding, lang: str) -> str:
    """A finding as one line: severity, rule, step, message."""
    severity = words.say(lang, str(finding.severity)).upper()
    first = finding.start_step
    step = "" if first is None else words.say(lang, "at_step", first=first)
    parts = (severity, finding.rule, step, words.printable(words.say(lang, finding.message)))
    return "  ".join(part for part in parts if part)
