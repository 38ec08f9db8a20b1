"""What the run's own numbers say of an event that the ledger makes a finding of."""

from __future__ import annotations

from msgspec import Struct, field

from lossscan.model import Cause, Change, Departure, Evidence, Excursion, Message, Numbers
from lossscan.rules.kit.case import Case
from lossscan.rules.kit.evidence import around, lone_evidence, size_evidence
from lossscan.rules.kit.order import drop_causes
from lossscan.rules.kit.rates import lower_rate
from lossscan.rules.kit.rises import next_try, rise_causes
from lossscan.rules.kit.skips import skipped_updates

ODD_BATCH = 0.35  # score of what is likeliest, where nothing speaks for another cause


class Told(Struct, frozen=True):
    """Evidence, causes and advice for one event."""

    evidence: tuple[Evidence, ...] = ()
    causes: tuple[Cause, ...] = ()
    next: Message | None = None
    numbers: Numbers = field(default_factory=dict)


def told(event: Departure, case: Case) -> Told:
    """Evidence, causes and advice for an event of the loss."""
    if isinstance(event, Excursion) and event.sigma > 0:
        return _of_spike(event, case)
    if isinstance(event, Change) and event.kind in ("level_up", "slope_up"):
        return _of_rise(event, case)
    return _of_drop(event, case)


def _of_rise(rise: Change, case: Case) -> Told:
    causes = rise_causes(case, rise)
    if rise.kind == "level_up":
        others = around(case, rise, "rate", "limit", "gradient", "landmark", "order", "eval")
    else:
        others = around(case, rise, "rate", "limit", "gradient", "eval")
    return Told(
        evidence=(size_evidence(case, rise), *others),
        causes=causes,
        next=next_try(case, rise, causes),
        numbers={"lower": lower_rate(case, rise.step)},
    )


def _of_spike(spike: Excursion, case: Case) -> Told:
    """What its rule leaves of spikes: the top of a step that no finding is about."""
    return Told(
        evidence=(
            lone_evidence(spike),
            *around(case, spike.step, "order", "gradient", "rate"),
        ),
        causes=(Cause(Message("odd-batch"), ODD_BATCH), *skipped_updates(case, spike.step)),
        next=Message("print-batch"),
    )


def _of_drop(drop: Departure, case: Case) -> Told:
    return Told(
        evidence=(
            size_evidence(case, drop),
            *around(case, drop.step, "order", "rate", "eval"),
        ),
        causes=drop_causes(case, drop.step, lasts=drop.kind != "spike"),
        next=Message("look-at-data"),
    )
