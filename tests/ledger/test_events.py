"""Every change has an owner: a finding that claims it, or a reason that explains it."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from lossscan.ledger import Diagnosis, diagnose
from lossscan.ledger.events import events_of
from lossscan.model import Change, Excursion, Run
from lossscan.settings import Settings
from lossscan.signals import scan
from tests.curves import make_run

ENGLISH = Settings(lang="en")


def _diagnosed(run: Run, settings: Settings = ENGLISH) -> Diagnosis:
    return diagnose(run, scan(run), settings)


@st.composite
def _runs(draw: st.DrawFn) -> Run:
    """Curves of a few levels and slopes, with spikes, noise and epochs as they come."""
    levels = draw(st.lists(st.floats(0.5, 6.0), min_size=1, max_size=4))
    tilts = [draw(st.floats(0.8, 1.2)) for _ in levels]
    edges = np.linspace(0, 3000, len(levels) + 1).astype(int).tolist()
    pieces = [
        [start, stop, level, level * tilt]
        for start, stop, level, tilt in zip(edges, edges[1:], levels, tilts, strict=False)
    ]
    spikes = draw(st.dictionaries(st.integers(30, 290).map(lambda n: 10 * n), st.floats(1, 12)))
    return make_run(
        loss=pieces,
        noise=draw(st.sampled_from([0.005, 0.02, 0.1])),
        put={"loss": spikes},
        epochs=draw(st.sampled_from([1, 3])),
    )


@given(_runs())
@settings(max_examples=60)
def test_every_event_is_claimed_or_explained(run: Run):
    """Whatever the engine is sure of stands in the report, with a finding or a reason."""
    signals = scan(run)
    found = diagnose(run, signals, ENGLISH)
    told = {finding.rule: finding for finding in found.findings}
    assert len(found.change_points) == len(events_of(signals))
    for change in found.change_points:
        assert str(change.accounted_for.text)
        if change.accounted_for.by == "finding":
            assert change.accounted_for.rule in told
        else:
            assert change.accounted_for.rule is None


@pytest.mark.parametrize("at", [3000, 4000, 2570])  # two epochs begin there
@pytest.mark.parametrize("factor", [0.5, 0.75, 0.9, 0.97, 1.03, 1.5])
@pytest.mark.parametrize("within", [0.0, -0.01, 0.01])  # of each epoch
def test_a_sure_step_is_told_whatever_the_epochs_do(at: int, factor: float, within: float):
    """No course of the epochs, flat, falling or climbing, is a reason for a step beyond it."""
    edges = sorted({*range(0, 6001, 1000), at})
    loss = []
    for start, stop in pairwise(edges):
        level, place = 2.0 * (factor if start >= at else 1.0), start % 1000 / 1000
        ends = [level * (1 + within * part) for part in (place, place + (stop - start) / 1000)]
        loss.append([start, stop, *ends])
    found = _diagnosed(make_run(loss=loss, noise=0.002, epochs=6))
    told = [each.start_step for finding in found.findings for each in finding.episodes]
    assert any(step is not None and abs(step - at) <= 20 for step in told)
    assert all(
        change.step != at + 10 or change.accounted_for.rule for change in found.change_points
    )


def test_a_drop_behind_a_small_spike_is_no_end_of_it():
    """Six points up by a twentieth, and then down to half for good: both are told."""
    put = {"loss": dict.fromkeys(range(2950, 3010, 10), 2.1)}
    found = _diagnosed(make_run(loss=[[0, 3000, 2, 2], [3000, 6000, 1, 1]], noise=0.002, put=put))
    assert {finding.rule for finding in found.findings} == {"loss-spike", "unexplained-drop"}


def test_a_jump_to_one_number_is_a_jump():
    """Where the loss stays at what float32 can hold, the jump is critical, and told once."""
    put = {"loss": dict.fromkeys(range(3010, 6010, 10), 87.3365)}
    found = _diagnosed(make_run(loss=[[0, 6000, 3.0, 2.0]], noise=0.02, put=put))
    assert [(finding.rule, str(finding.severity)) for finding in found.findings] == [
        ("loss-jump", "critical")
    ]


def test_a_small_sure_rise_is_said_without_alarm():
    """Six percent up for good, far beyond noise: a finding for information, and not silence."""
    found = _diagnosed(make_run(loss=[[0, 3000, 3.0, 3.0], [3000, 6000, 3.18, 3.18]], noise=0.01))
    (finding,) = found.findings
    assert (finding.rule, str(finding.severity)) == ("loss-jump", "info")
    assert finding.start_step == pytest.approx(3000, abs=20)


def test_a_drop_at_one_boundary_of_epochs_that_keep_their_level_is_no_memory():
    """Two epochs begin no lower than they end, the last far lower: that is not of the epochs."""
    epochs = [[0, 2000, 2.5, 2.4], [2000, 4000, 2.42, 2.32], [4000, 6000, 2.34, 2.24]]
    found = _diagnosed(make_run(loss=[*epochs, [6000, 8000, 1.8, 1.7]], noise=0.01, epochs=4))
    (finding,) = found.findings
    assert (finding.rule, finding.start_step) == ("unexplained-drop", 6010)
    assert finding.aligned_to
    assert finding.aligned_to.epoch == 3


def test_a_slow_sure_climb_is_said():
    """A slope that turns up for the second half is no "nothing found"."""
    found = _diagnosed(make_run(loss=[[0, 2000, 4.0, 3.6], [2000, 6000, 3.6, 3.9]], noise=0.02))
    assert [finding.rule for finding in found.findings] == ["divergence"]


def test_a_healthy_fall_needs_no_account():
    """A power law with noise has no event and no finding."""
    run = make_run(loss=[[0, 1000, 4.0, 3.0], [1000, 6000, 3.0, 2.5]], noise=0.05)
    assert not _diagnosed(run).findings


def test_an_overshoot_belongs_to_its_jump():
    """The points above the new level are not a spike of their own."""
    run = make_run(
        loss=[[0, 3000, 3.0, 3.0], [3000, 6000, 6.0, 6.0]],
        noise=0.01,
        put={"loss": {3020: 6.6, 3030: 6.4}},
    )
    assert [finding.rule for finding in _diagnosed(run).findings] == ["loss-jump"]


def test_a_rule_that_was_not_selected_does_not_speak():
    """The event is then accounted for by that, and no finding is made."""
    run = make_run(loss=[[0, 3000, 3.0, 3.0], [3000, 6000, 3.18, 3.18]], noise=0.01)
    found = _diagnosed(run, Settings(lang="en", select=("loss-spike",)))
    assert not found.findings
    assert {str(change.accounted_for.text) for change in found.change_points} == {
        "its rule is not selected"
    }


@pytest.mark.parametrize("length", [100, 300])
def test_a_spike_that_decays_slowly_is_one_finding(length: int):
    """Behind a resume without its optimizer the loss comes back over many points."""
    decay = {n: 2.05 + 3.2 * np.exp((3000 - n) / length) for n in range(3000, 4500, 10)}
    found = _diagnosed(make_run(loss=[[0, 9000, 2.1, 2.0]], noise=0.06, put={"loss": decay}))
    assert [finding.rule for finding in found.findings] == ["loss-spike"]


@pytest.mark.parametrize("seed", range(4))
def test_a_climb_is_one_finding_at_one_place(seed: int):
    """The engine fits a slope that begins before the climb, and may see a fall where it begins."""
    rise = {step: 2.0 * 1.006 ** ((step - 9000) / 10) for step in range(9000, 10500, 10)}
    random = np.random.default_rng(seed)
    rise = {step: loss * (1 + 0.01 * random.normal()) for step, loss in rise.items()}
    before = [[0, 2000, 3.2, 2.4], [2000, 9000, 2.4, 2.0]]
    found = _diagnosed(make_run(loss=before, noise=0.01, seed=seed, put={"loss": rise})).findings
    assert [finding.rule for finding in found] == ["divergence"]
    assert [episode.start_step for episode in found[0].episodes] == [found[0].start_step]
    assert abs((found[0].start_step or 0) - 9000) <= 50


def test_a_line_through_a_high_spike_is_no_climb():
    """The engine may see the spike as a slope that begins before it: it is the spike's event."""
    run = make_run(loss=[[0, 3000, 2.0, 2.0]], noise=0.02)
    slope = Change("loss", "slope_up", 90, 910, 2.0, 5.0, delta=3.0, ratio=2.5, sigma=37, stays=0)
    spike = Excursion("loss", 100, 120, 1010, 1200, base=2.1, peak=5.2, sigma=60.0)
    signals = replace(scan(run), changes=(slope,), excursions=(spike,))
    assert [f.rule for f in diagnose(run, signals, ENGLISH).findings] == ["loss-spike"]
    stays = make_run(loss=[[0, 900, 2.0, 2.0], [900, 1200, 2.0, 4.0], [1200, 3000, 4.0, 4.0]])
    higher = replace(spike, base=4.0)
    found = diagnose(stays, replace(signals, excursions=(higher,)), ENGLISH).findings
    assert "divergence" in {finding.rule for finding in found}


@pytest.mark.parametrize(
    ("rule", "cause", "run"),
    [
        (
            "loss-jump",
            "data-switch",
            {"loss": [[0, 3000, 3, 3], [3000, 6000, 3.18, 3.18]]},
        ),
        (
            "divergence",
            "learning-rate-too-high",
            {"loss": [[0, 2000, 4, 3.6], [2000, 6000, 3.6, 3.9]]},
        ),
        ("unexplained-drop", "data-change", {"loss": [[0, 3000, 3, 3], [3000, 6000, 2.8, 2.8]]}),
    ],
)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_finding_of_the_ledger_has_evidence_and_causes(
    rule: str, cause: str, run: dict[str, Any], lang: str
):
    """What no rule counts as large is said with numbers of the run, a likely cause and advice."""
    made = make_run(noise=0.01, grad_norm=1.0, learning_rate=2e-5, **run)
    (finding,) = _diagnosed(made, Settings(lang=lang)).findings
    assert finding.rule == rule
    assert finding.causes[0].id == cause
    assert len(finding.evidence) >= 2  # the size, and what lies beside it
    assert finding.remedies
    assert finding.next
