"""What measures accuracy is itself right."""

import numpy as np
import pytest
from msgspec.structs import replace

from lossscan.rules import rule_names
from lossscan.words.pages import load_page
from tests.accuracy import calibrate, peers, score, tables
from tests.accuracy.between import BETWEEN
from tests.accuracy.cases import SIZED, build, names
from tests.accuracy.faults import FAULTS
from tests.accuracy.lookalikes import LOOKALIKES
from tests.accuracy.real_causes import CAUSES
from tests.accuracy.score import Result, Said
from tests.accuracy.shapes import HALVES, NOISES, TRENDS
from tests.accuracy.simulate import Wish, draw, unit_at
from tests.accuracy.truth import Truth

JUMP = np.concatenate([np.full(200, 2.0), np.full(100, 6.0)])
RIPPLE = 0.02 * np.sin(np.arange(300) ** 2)


def said(rule="loss-jump", *, starts=(100,), confidence=0.9, severity="critical"):
    """One finding."""
    return Said(rule, severity, confidence, None, starts, ())


def result(*findings, allow=frozenset()):
    """A run of 100 points, ten steps apart, with one jump."""
    expect = (Truth(("loss-jump",), 100),)
    return Result("test/phenomenon/loss-jump/8/0", 100, 10.0, expect, allow, findings)


# --- the simulator -------------------------------------------------------------------------------


def test_name_gives_the_same_run_each_time():
    """A case can be looked at again by its name alone."""
    first, again = build("train/clean/any/-/7"), build("train/clean/any/-/7")
    assert np.array_equal(first.run.series["loss"].values, again.run.series["loss"].values)
    assert first.recipe == again.recipe


def test_halves_share_neither_seeds_nor_shapes():
    """What is fitted on one half is checked on runs of another kind."""
    assert len(set(HALVES.values())) == 2
    for shapes in (TRENDS, NOISES):
        assert not set(shapes["train"]) & set(shapes["test"])


@pytest.mark.parametrize("half", HALVES)
def test_drawn_noise_has_the_size_asked_for(half):
    """The unit of all sizes is the noise of a logged point."""
    rng = np.random.default_rng(5)
    wish = Wish((800, 900), noise=(0.05, 0.0501), tasks=("sft",), correlated=0.0)
    units = [unit_at(draw(rng, half, wish), 400) for _ in range(10)]
    assert 0.03 < np.median(units) < 0.07


def test_every_rule_has_a_phenomenon_and_three_near_misses():
    """No rule goes unmeasured, in hits or in silence."""
    tempted = [rule for _, rules in LOOKALIKES.values() for rule in rules]
    assert set(SIZED) | set(FAULTS) == set(rule_names())
    assert [rule for rule in rule_names() if tempted.count(rule) < 3] == []


@pytest.mark.parametrize("rule", [*SIZED, *FAULTS])
def test_true_causes_are_ones_that_the_rule_can_name(rule):
    """A cause under another name would count as never found."""
    cases = [n for n in names("train", clean=0, each=2) if f"phenomenon/{rule}/" in n][-8:]
    causes = {c for name in cases for truth in build(name).expect for c in truth.causes}
    assert causes <= set(load_page(rule).causes)


def test_right_causes_of_a_corpus_are_ones_that_a_rule_can_name():
    """A renamed cause would count as never found."""
    known = {cause for rule in rule_names() for cause in load_page(rule).causes}
    assert {cause for _, causes in CAUSES for cause in causes} <= known


# --- the scoring ---------------------------------------------------------------------------------


def test_finding_at_another_place_misses_the_truth():
    """The right word at the wrong place is no hit, and no false alarm."""
    far = result(said(starts=(500,)))
    assert score.per_rule([far]) == {"loss-jump": score.Score(0, 1, 0)}


def test_allowed_finding_is_neither_right_nor_wrong():
    """What may be there counts for nothing."""
    run = result(said(), said("divergence"), allow=frozenset({"divergence"}))
    assert score.per_rule([run]) == {"loss-jump": score.Score(1, 0, 0)}
    assert len(score.confidences([run])) == 1


def test_other_finding_is_false():
    """A finding that the run does not hold costs precision."""
    assert score.per_rule([result(said(), said("zero-loss"))])["zero-loss"].false == 1


def test_calibration_error_is_the_gap_between_stated_and_true():
    """Nine of ten right at 0.9 is no error."""
    pairs = [(0.9, at > 0) for at in range(10)]
    assert score.calibration_error(pairs) == pytest.approx(0.0)
    assert score.calibration_error([(0.9, False)]) == pytest.approx(0.9)


def test_isotonic_fit_never_falls():
    """More stated confidence is never mapped to less."""
    rng = np.random.default_rng(1)
    pairs = [(float(p), bool(rng.random() < p)) for p in rng.random(200)]
    shares = [share for _, share, _ in calibrate.isotonic(pairs)]
    assert shares == sorted(shares)


def test_logistic_fit_lowers_confidence_that_is_too_high():
    """Half right at a stated 0.9 becomes about a half."""
    fit = calibrate.logistic([(0.9, at % 2 == 0) for at in range(200)])
    assert calibrate.applied(fit, 0.9) == pytest.approx(0.5, abs=0.05)


# --- the peers -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["OLMo 6 sigma", "Lightning 3x", "W&B z-score"])
def test_window_rules_see_a_threefold_jump_where_it_is(name):
    """A jump from 2 to 6 after 200 points is seen at once, and nothing before it."""
    assert peers.PEERS[name](JUMP + RIPPLE)[0] == 200


def test_foundry_waits_for_five_points():
    """llm-foundry asks for more than four points in a row."""
    assert peers.foundry_2x(JUMP + RIPPLE)[0] == 204


@pytest.mark.parametrize("name", ["KernelCPD, BIC", "E-divisive"])
def test_change_point_rules_find_the_step(name):
    """The place of a clear step on a flat curve is found exactly."""
    assert 200 in peers.PEERS[name](JUMP + RIPPLE)


def test_sagemaker_alarms_on_a_flat_loss():
    """A loss that no longer decreases is an issue to it."""
    assert peers.sagemaker_not_decreasing(np.full(50, 2.0)) == [10, 20, 30, 40]


def test_peers_survive_what_logs_hold():
    """NaN, infinity, zeros and short runs stop none of them."""
    for values in (np.array([1.0]), np.array([np.nan] * 30), np.r_[np.zeros(60), np.inf, 1.0]):
        assert set(peers.alarms(values)) == set(peers.PEERS)


# --- effects between the rules, and labelled runs ------------------------------------------------


@pytest.mark.parametrize("name", BETWEEN)
def test_an_effect_between_the_rules_is_as_large_as_its_name_says(name):
    """No rule's threshold makes it larger: it may be a percent, but it is so many noise units."""
    truths = [build(f"train/between/{name}/8/{n}").expect[0] for n in range(3)]
    assert [truth.size for truth in truths] == pytest.approx([8.0] * 3, rel=0.05)


def labelled(kind, sigma, *said_of_it, expect=True):
    """A labelled run of a kind."""
    made = replace(result(*said_of_it), recipe={"kind": kind, "sigma": sigma})
    return made if expect else replace(made, expect=(), clean=True)


def test_labelled_runs_are_counted_by_kind_and_size():
    """What is missed shows where it is missed, and a false alarm beside it."""
    runs = [labelled("jump", 6.0), labelled("jump", 20.0, said())]
    runs.append(labelled("healthy", None, said("zero-loss"), expect=False))
    kinds, bands = tables.kinds(runs), tables.bands(runs)
    assert [line.split("|")[4].strip() for line in kinds.splitlines()[2:]] == ["-", "0.500"]
    assert "zero-loss 1" in kinds
    assert [line.split("|")[3].strip() for line in bands.splitlines()[3:]] == [
        "0.000",
        "-",
        "1.000",
    ]
