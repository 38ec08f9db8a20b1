"""What the run's own numbers say of an event that the ledger makes a finding of."""

from __future__ import annotations

from typing import Final

from msgspec import Struct, field

from lossscan.ledger.events import Departure
from lossscan.model import Cause, Change, Curve, Evidence, Message, Numbers, Run, Signals
from lossscan.rules.kit.context import (
    advise_if_set,
    drop_none,
    eval_evidence,
    landmark_evidence,
    level_evidence,
    relative,
)
from lossscan.rules.kit.gradients import LEAD_SIGMA, gradient_evidence, leading_gradient
from lossscan.rules.kit.jump_causes import lower_rate, rise_causes
from lossscan.rules.kit.order import ORDERED, drop_causes, file_order, order_evidence, step_of_order
from lossscan.rules.kit.rates import limit_evidence, rate_evidence
from lossscan.rules.kit.skips import skipped_updates

# Scores as the rules of the same names give them: only the order of causes counts.
LIKELIEST: Final = 0.9  # a step at the boundary that gives its finding the name
SINGLE, BLOCK = 0.35, 0.25  # an odd batch: in one or two points, in more
BLOCK_POINTS: Final = 3  # logged points in a row: more than one odd batch
CALM, LEADS = 0.15, 0.45  # an unstable optimizer, by whether gradients rise first


class Told(Struct, frozen=True):
    """Evidence, causes and advice for one event."""

    evidence: tuple[Evidence, ...] = ()
    causes: tuple[Cause, ...] = ()
    remedies: tuple[Message, ...] = ()
    next: Message | None = None
    numbers: Numbers = field(default_factory=dict)


def told(rule: str, event: Departure, run: Run, signals: Signals) -> Told:
    """What there is to say of an event of the loss in a finding of this rule."""
    curve = signals.curves[event.series]
    if event.kind == "spike" and event.sigma > 0:
        return _of_spike(event, run, signals, curve)
    if event.change is not None and event.change.kind in ("level_up", "slope_up"):
        return _of_rise(rule, event.change, run, signals, curve)
    if rule == "epoch-step-drop":
        return _of_stair(event, run)
    return _of_drop(rule, event, run, curve)


def _of_rise(rule: str, rise: Change, run: Run, signals: Signals, curve: Curve) -> Told:
    lower, at_landmark = lower_rate(run, rise), rule == "loss-jump"
    return Told(
        evidence=drop_none(
            level_evidence(run, curve, rise.before, rise.after, rise.step)
            if at_landmark
            else _climb_evidence(run, rise, curve),
            rate_evidence(run, rise.step),
            limit_evidence(run, rise.step),
            gradient_evidence(run, signals, rise.step),
            landmark_evidence(rise.aligned_to) if at_landmark else None,
            order_evidence(run, step_of_order(run, curve, rise)) if at_landmark else None,
            eval_evidence(run, rise.step),
        ),
        causes=rise_causes(run, signals, rise),
        next=Message("replay" if lower is None else "replay-at-rate"),
        numbers={"lower": lower},
    )


def _climb_evidence(run: Run, climb: Change, curve: Curve) -> Evidence:
    numbers = {
        "low": climb.before,
        "low_step": climb.step,
        "end": climb.after,
        "start": float(curve.values[0]),
    }
    return Evidence(Message("climb", **numbers), run.source_of(curve.name), climb.step, climb.after)


def _of_spike(spike: Departure, run: Run, signals: Signals, curve: Curve) -> Told:
    end = spike.step if spike.end_step is None else spike.end_step
    points = int(((curve.steps >= spike.step) & (curve.steps <= end)).sum())
    lead = leading_gradient(signals, spike.step)
    first = Evidence(
        Message("spike", base=spike.before, peak=spike.after, points=points, end=end),
        run.source_of(spike.series),
        spike.step,
        spike.after,
    )
    return Told(
        evidence=(
            first,
            *drop_none(
                order_evidence(run, spike.step),
                gradient_evidence(run, signals, spike.step),
                rate_evidence(run, spike.step),
            ),
        ),
        causes=(
            Cause(Message("odd-batch"), SINGLE if points < BLOCK_POINTS else BLOCK),
            Cause(
                Message("unshuffled-data"), max(0.3 + ORDERED[file_order(run, spike.step)], 0.05)
            ),
            Cause(
                Message("instability"),
                LEADS if lead is not None and lead >= LEAD_SIGMA else CALM,
                config=advise_if_set(run, "learning_rate"),
            ),
            *skipped_updates(run, spike.step),
        ),
        next=Message("print-batch"),
    )


def _of_stair(stair: Departure, run: Run) -> Told:
    at = stair.aligned_to
    step = Evidence(
        Message(
            "step",
            epoch=at.epoch if at else None,
            before=stair.before,
            after=stair.after,
            drop=-relative(stair.after - stair.before, stair.before, log=False),
            p=at.p_value if at else None,
        ),
        run.source_of(stair.series),
        stair.step,
        stair.after,
    )
    evaluated = eval_evidence(run, stair.step)
    return Told(
        evidence=(step, *drop_none(evaluated, rate_evidence(run, stair.step))),
        causes=(
            Cause(
                Message("memorisation"), LIKELIEST, config=advise_if_set(run, "num_train_epochs")
            ),
        ),
        remedies=(Message("watch-evaluation"),) if evaluated is None else (),
        next=Message("evaluate") if evaluated is None else None,
    )


def _of_drop(rule: str, drop: Departure, run: Run, curve: Curve) -> Told:
    around = (rate_evidence(run, drop.step), eval_evidence(run, drop.step))
    if rule == "last-epoch-drop":
        causes = (
            Cause(
                Message("last-epoch-shuffled-apart"),
                LIKELIEST,
                config=advise_if_set(run, "max_steps"),
            ),
            Cause(Message("data-mix-change"), 0.2),
        )
        return Told(drop_none(*around), causes, next=Message("compare-evaluation"))
    return Told(
        evidence=(
            level_evidence(run, curve, drop.before, drop.after, drop.step),
            *drop_none(order_evidence(run, drop.step), *around),
        ),
        causes=drop_causes(run, drop.step, lasts=drop.kind != "spike"),
        next=Message("look-at-data"),
    )
