"""What several runs show beside each other, on curves whose truth is known."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from lossscan.comparing import check_count, compared
from lossscan.comparing.aligning import aligned
from lossscan.comparing.parting import noise_of, stretch_apart
from lossscan.comparing.scaling import slope_of
from lossscan.errors import InputError, UsageError
from lossscan.model import Effect, Field, Finding, Message, Run, RunReport, Series, Severity
from lossscan.model.comparison import Comparison
from lossscan.settings import Settings
from tests.curves import make_run

FALLING = [[0, 300, 4.0, 2.5], [300, 3000, 2.5, 2.0]]
APART = 1000  # the step at which `_parted` leaves the course


def _named(name: str, run: Run) -> RunReport:
    path = f"runs/{name}"
    return RunReport(path, name, "ok", replace(run, path=path, name=name))


def _compare(*runs: Run, lang: str = "en", **settings: Any) -> tuple[Comparison, Any]:
    reports = [_named(f"r{number}", run) for number, run in enumerate(runs)]
    return compared(reports, Settings(lang=lang, **settings))


def _plain(seed: int, **recipe: Any) -> Run:
    return make_run(**{"loss": FALLING, "noise": 0.03, "seed": seed} | recipe)


def _scaled(run: Run, factors: Mapping[int, float], name: str = "loss") -> Run:
    """The run with a series multiplied from some steps on."""
    series = run.series[name]
    values = series.values.copy()
    for after, factor in factors.items():
        values[series.steps > after] *= factor
    return replace(run, series={**run.series, name: Series(name, series.steps, values)})


def _parted(seed: int, factor: float = 1.15) -> Run:
    return _scaled(_plain(seed), {APART: factor})


def _loss(comparison: Comparison, pair: str = "ab"):
    return next(
        p for p in comparison.partings if p.series == "loss" and p.between == (pair[0], pair[1])
    )


def test_windows_without_a_loss_part_no_runs():
    """Updates that one run skipped at its start are no difference of its loss."""
    skipped = _plain(1, put={"loss": dict.fromkeys(range(10, 60, 10), 0.0)})
    assert _loss(_compare(_plain(1), skipped)[0]).step is None


# --- where runs part ---------------------------------------------------------------------------


@pytest.mark.parametrize("factor", [0.7, 0.85, 1.15, 1.5])
def test_compare_finds_where_two_runs_part(factor):
    """The step is within five points of the truth, in nine of ten pairs."""
    found = [_loss(_compare(_plain(s), _parted(s + 1000, factor))[0]).step for s in range(20)]
    near = [step for step in found if step is not None and abs(step - APART - 10) <= 50]
    assert len(near) >= 18


def test_compare_says_by_how_much_runs_differ_at_the_end():
    """The gap at the end is the one that was put there."""
    ends = _loss(_compare(_plain(1), _parted(2, 1.5))[0]).ends
    assert ends.ratio == pytest.approx(1.5, rel=0.05)
    assert ends.delta == pytest.approx(ends.second - ends.first)
    assert ends.step == 3000
    assert ends.sigma > 10
    alike = _loss(_compare(_plain(1), _plain(2))[0]).ends
    assert abs(alike.sigma) < 4


def test_runs_that_differ_in_noise_alone_do_not_part():
    """Of 200 pairs of one course and other noise, no more than two part."""
    parted = 0
    for seed in range(200):
        pair = aligned([_plain(2 * seed), _plain(2 * seed + 1)], "loss")
        assert pair is not None
        parted += stretch_apart(pair.gap, noise_of(pair), 0.0) is not None
    assert parted <= 2


@pytest.mark.parametrize("points", [5, 12, 60])
def test_short_runs_that_differ_in_noise_alone_seldom_part(points):
    """The same holds, at 1.5 in 100, for a handful of points."""
    end = 10 * points
    runs = [_plain(seed, loss=[[0, end, 3.0, 2.0]]) for seed in range(400)]
    pairs = zip(runs[::2], runs[1::2], strict=True)
    assert sum(_loss(_compare(*pair)[0]).step is not None for pair in pairs) <= 3


def test_runs_that_come_together_again_are_said_to():
    """A detour has an end."""
    detour = _scaled(_plain(2), {1000: 1.5, 1500: 1 / 1.5})
    parting = _loss(_compare(_plain(1), detour)[0])
    assert parting.step == pytest.approx(1010, abs=30)
    assert parting.until == pytest.approx(1500, abs=50)
    assert "together again after step" in parting.text


def test_one_odd_point_is_no_parting():
    """A spike of one point, however high, is not another course."""
    spiked = _plain(2, put={"loss": {1500: 50.0}})
    assert _loss(_compare(_plain(1), spiked)[0]).step is None


def test_runs_alike_to_the_last_digit_part_where_they_first_differ():
    """A common beginning of the same seed hides nothing, and is no noise to measure by."""
    late = _scaled(_plain(1), {APART: 1.05})
    assert _loss(_compare(_plain(1), late)[0]).step == APART + 10


def test_logs_of_other_intervals_are_compared_over_the_same_steps():
    """A denser log of the same run does not part from it, even where the loss falls steeply."""
    dense = _plain(1, every=1, noise=0.0)
    series = dense.series["loss"]
    means = series.values.reshape(-1, 10).mean(axis=1)
    sparse = replace(dense, series={"loss": Series("loss", series.steps[9::10], means)})
    parting = _loss(_compare(dense, sparse)[0])
    assert parting.step is None
    assert parting.ends.delta == pytest.approx(0.0, abs=1e-9)


def test_rewards_that_cross_zero_are_compared_as_they_are():
    """No logarithm is taken of what may be negative."""
    rising = [[0, 3000, -1.0, 1.0]]
    runs = [make_run(reward=rising, seed=s, noise={"reward": 0.1}) for s in (1, 2)]
    shifted = runs[1].series["reward"]
    moved = Series("reward", shifted.steps, shifted.values + 0.5 * (shifted.steps > APART))
    parting = _compare(runs[0], replace(runs[1], series={"reward": moved}))[0].partings[0]
    assert (parting.series, parting.log) == ("reward", False)
    assert parting.step == pytest.approx(APART + 10, abs=100)


# --- how they part -----------------------------------------------------------------------------


def test_a_factor_from_the_first_point_on_is_another_scale():
    """A constant ratio is told from a course that differs."""
    parting = _loss(_compare(_plain(1), _scaled(_plain(2), {0: 4.0}))[0])
    assert (parting.shape, parting.step) == ("scale", 10)


def test_a_higher_start_is_no_scale():
    """A ratio that fades is a start, not a factor."""
    high = _scaled(_plain(2), {0: 3.0, 600: 0.5, 1200: 0.6})
    assert _loss(_compare(_plain(1), high)[0]).shape == "start"


@pytest.mark.parametrize(
    ("landmark", "shape"),
    [("warmup_end", "warmup"), ("resume", "resume"), ("epoch_boundary", "epoch")],
)
def test_a_parting_at_a_landmark_is_named_after_it(landmark, shape):
    """Where the runs part tells what may be behind it."""
    other = _scaled(_plain(2, landmarks=[(landmark, APART)]), {APART: 1.3})
    assert _loss(_compare(_plain(1), other)[0]).shape == shape


# --- settings ----------------------------------------------------------------------------------


def _configured(run: Run, **config: Any) -> Run:
    return replace(run, config={k: Field(v, "train.yaml") for k, v in config.items()})


def test_a_parting_where_one_of_them_breaks_is_named_after_that():
    """What is wrong with one run goes before the settings: they only differ."""
    jump = replace(_finding("loss-jump", Severity.CRITICAL), start_step=APART + 10)
    sound = _named("a", _configured(_plain(1), max_steps=3000))
    broken = replace(_named("b", _configured(_parted(2), max_steps=6000)), findings=(jump,))
    reports = [sound, broken]
    comparison, _ = compared(reports, Settings())
    assert _loss(comparison).shape == "finding"
    assert "finding in b: loss-jump" in _loss(comparison).text
    assert comparison.differences[0].score <= 0.2


def test_a_schedule_of_equal_rates_explains_little():
    """What another number of epochs would have changed is the learning rate, and it did not."""
    rate = {"learning_rate": 0.001}
    one = _configured(_plain(1, **rate), num_train_epochs=4)
    other = _configured(_plain(2, **rate), num_train_epochs=8)
    comparison, _ = _compare(one, _scaled(other, {APART: 1.3}))
    (difference,) = comparison.differences
    assert difference.score < 0.1
    assert "learning rates are the same" in difference.reason


def test_settings_that_do_not_differ_or_do_not_matter_are_left_out():
    """Folders, names and how often something is saved explain nothing."""
    one = _configured(_plain(1), learning_rate=1e-4, output_dir="a", save_steps=10, seed=1)
    other = _configured(_parted(2), learning_rate=0.0001, output_dir="b", save_steps=50, seed=2)
    assert [d.field for d in _compare(one, other)[0].differences] == ["seed"]


def test_a_factor_is_explained_by_accumulation_steps_first():
    """Of all settings that differ, the one that multiplies a loss comes first."""
    common = {"per_device_train_batch_size": 2, "gradient_accumulation_steps": 1}
    one = _configured(_plain(1), **common, learning_rate=1e-4, seed=1)
    steps = {"per_device_train_batch_size": 1, "gradient_accumulation_steps": 4}
    other = _configured(_scaled(_plain(2), {0: 4.0}), **steps, learning_rate=2e-4, seed=2)
    first = _compare(one, other)[0].differences[0]
    assert (first.field, first.score) == ("gradient_accumulation_steps", 0.97)
    assert "factor between the curves" in first.reason


def test_what_follows_from_other_settings_explains_less_than_they_do():
    """The steps of an epoch differ because the data do: the data come first."""
    one = _configured(_plain(1), dataset="a", steps_per_epoch=100, num_examples=1600, max_steps=300)
    other = _configured(
        _parted(2), dataset="b", steps_per_epoch=90, num_examples=1440, max_steps=270
    )
    first, *rest = _compare(one, other)[0].differences
    assert first.field == "dataset"
    assert {d.field for d in rest} == {"steps_per_epoch", "num_examples", "max_steps"}
    assert all(d.score < first.score for d in rest)


def test_a_parting_in_warm_up_is_explained_by_the_learning_rate_first():
    """Where the rate rises, the rate is what differs."""
    marks = [("warmup_end", APART)]
    one = _configured(_plain(1, landmarks=marks), learning_rate=1e-4, seed=1, weight_decay=0.1)
    other = _configured(_parted(2), learning_rate=3e-4, seed=2, weight_decay=0.0)
    fields = [d.field for d in _compare(one, other)[0].differences]
    assert fields == ["learning_rate", "weight_decay", "seed"]


def test_a_setting_explains_less_where_runs_that_differ_in_it_stay_together():
    """With three runs, only what goes with the parting is blamed."""
    runs = [
        _configured(_plain(1), learning_rate=1e-4, bf16=True),
        _configured(_plain(2), learning_rate=1e-4, bf16=False),
        _configured(_parted(3), learning_rate=9e-4, bf16=True),
    ]
    rate, precision = _compare(*runs)[0].differences
    assert (rate.field, precision.field) == ("learning_rate", "bf16")
    assert rate.score > 2 * precision.score
    assert rate.values["c"] == Field(9e-4, "train.yaml")


def test_settings_of_runs_that_do_not_part_explain_nothing():
    """There is nothing to explain, and the settings are still shown."""
    one = _configured(_plain(1), learning_rate=1e-4)
    (only,) = _compare(one, _configured(_plain(2), learning_rate=2e-4))[0].differences
    assert (only.score, str(only.reason)) == (0.0, "runs that differ in it do not diverge")


def test_a_sentence_and_the_table_end_at_the_same_values():
    """What two runs come to is one pair of numbers, wherever it is said."""
    compared_runs = _compare(_plain(1), _plain(2))[0]
    (parting,), (metric, *_) = compared_runs.partings, compared_runs.metrics
    ends = (parting.ends.first, parting.ends.second)
    assert ends == pytest.approx((metric.values["a"], metric.values["b"]))


# --- metrics and findings ----------------------------------------------------------------------


def test_metrics_stand_at_equal_step_samples_and_tokens():
    """A run of twice the batch is compared at half its steps."""
    batch = {"per_device_train_batch_size": 4, "seq_length": 100}
    one = _configured(_plain(1, noise=0.0), **batch, gradient_accumulation_steps=1)
    other = _configured(_plain(2, noise=0.0), **batch, gradient_accumulation_steps=2)
    metrics = {m.axis: m for m in _compare(one, other)[0].metrics}
    assert metrics["step"].at == 3000
    assert (metrics["samples"].at, metrics["tokens"].at) == (12000, 1_200_000)
    assert metrics["step"].values["a"] == metrics["step"].values["b"]
    half = one.series["loss"].values[145]  # the median of the nine points up to step 1500
    assert metrics["samples"].values["b"] == pytest.approx(half)


def test_counted_tokens_go_before_computed_ones():
    """What the trainer counted is taken as it is."""
    counted = _plain(1, num_input_tokens_seen=[[0, 3000, 0, 6000]], noise=0.0)
    metrics = [m for m in _compare(counted, counted)[0].metrics if m.axis == "tokens"]
    assert metrics[0].at == 6000
    assert metrics[0].basis == {"a": "num_input_tokens_seen", "b": "num_input_tokens_seen"}


def test_findings_of_one_run_only_are_told():
    """What both have is no difference."""
    jump = _finding("loss-jump", Severity.CRITICAL)
    stairs = _finding("epoch-step-drop", Severity.INFO)
    one = replace(_named("a", _plain(1)), findings=(jump, stairs))
    other = replace(_named("b", _plain(2)), findings=(stairs,))
    (contrast,) = compared([one, other], Settings())[0].contrasts
    assert (contrast.rule, contrast.present, contrast.absent) == ("loss-jump", ("a",), ("b",))


def _finding(rule: str, severity: Severity) -> Finding:
    return Finding(
        0.9,
        stated_severity=severity,
        title=Message(rule),
        start_step=10,
        effect=Effect(),
        rule=rule,
    )


# --- accumulation across runs ------------------------------------------------------------------


def _accumulating(steps: int, *, buggy: bool, seed: int, evaluated: bool = False) -> Run:
    run = _plain(seed, **({"eval_loss": FALLING} if evaluated else {}))
    config = {"gradient_accumulation_steps": steps, "per_device_train_batch_size": 32 // steps}
    run = _configured(run, **config, learning_rate=1e-4)
    return _scaled(run, {0: float(steps) if buggy else 1.0})


@pytest.mark.parametrize(
    ("steps", "evaluated", "confidence"),
    [((1, 8), False, 0.85), ((1, 8), True, 0.93), ((1, 2), False, 0.75), ((1, 2, 4), True, 0.98)],
)
def test_a_loss_that_grows_with_the_accumulation_steps_is_a_finding(steps, evaluated, confidence):
    """More runs, a larger factor and an evaluation that does not grow make it surer."""
    runs = [_accumulating(g, buggy=True, seed=g, evaluated=evaluated) for g in steps]
    (finding,) = _compare(*runs)[1]
    assert (finding.rule, finding.confidence) == ("ga-loss-scaling", pytest.approx(confidence))
    assert finding.effect is not None
    assert finding.effect.ratio == steps[-1]
    assert {cause.id for cause in finding.causes} == {"loss-kwargs-ignored", "library-version"}


def test_the_slope_has_an_error_that_holds_the_truth():
    """Log loss against log steps has slope 1, give or take three errors."""
    runs = {str(g): _accumulating(g, buggy=True, seed=g) for g in (1, 2, 4, 8)}
    slope = slope_of(runs, "loss")
    assert slope is not None
    assert abs(slope.value - 1) < 3 * slope.error + 0.02


def test_a_correct_model_is_silent_about_accumulation():
    """Slope 0 is as it should be."""
    runs = [_accumulating(g, buggy=False, seed=g) for g in (1, 2, 4, 8)]
    assert _compare(*runs)[1] == ()


def test_a_factor_that_evaluation_shows_too_is_no_accumulation():
    """Evaluation does not accumulate: a sum in place of a mean scales both."""
    runs = [_accumulating(g, buggy=True, seed=g, evaluated=True) for g in (1, 8)]
    runs[1] = _scaled(runs[1], {0: 8.0}, "eval_loss")
    assert _compare(*runs)[1] == ()


def test_runs_of_another_config_tell_nothing_of_accumulation():
    """Another learning rate is another experiment."""
    one, other = (_accumulating(g, buggy=True, seed=g) for g in (1, 8))
    other = replace(other, config={**other.config, "learning_rate": Field(1e-3, "train.yaml")})
    assert _compare(one, other)[1] == ()


def test_settings_choose_and_weigh_findings_of_several_runs():
    """`--ignore` and a severity of the user's own hold here too."""
    runs = [_accumulating(g, buggy=True, seed=g) for g in (1, 8)]
    assert _compare(*runs, ignore=("ga-loss-scaling",))[1] == ()
    (finding,) = _compare(*runs, severities={"ga-loss-scaling": Severity.INFO})[1]
    assert finding.severity is Severity.INFO


# --- seeds -------------------------------------------------------------------------------------


def _seeded(seed: int, factor: float = 1.0, rate: float = 1e-4, **config: Any) -> Run:
    """A run whose seed moves its course by up to 3 %."""
    drift = 1 + 0.03 * np.sin(seed)
    run = _scaled(_plain(seed), {0: drift, APART: factor})
    return _configured(run, learning_rate=rate, seed=seed, **config)


def test_seeds_of_one_config_give_the_band_of_chance():
    """Mean and spread by step, and how far a further seed may lie."""
    (band,) = _compare(*map(_seeded, (1, 2, 3, 4)))[0].bands
    assert band.members == ("a", "b", "c", "d")
    assert band.mean[-1] == pytest.approx(2.0, rel=0.05)
    assert 0.02 < band.margin < 0.15
    assert len(band.steps) == len(band.mean) == len(band.spread)


def test_a_run_outside_the_band_of_seeds_is_said():
    """What seeds do not explain is told from what they do."""
    seeds = [_seeded(1), _seeded(2), _seeded(3)]
    comparison = _compare(*seeds, _seeded(4, 1.4, rate=1e-3), _seeded(5, rate=2e-4))[0]
    outside, inside = comparison.outsiders
    assert outside.step == pytest.approx(APART + 10, abs=100)
    assert outside.gap == pytest.approx(0.4, abs=0.1)
    assert (inside.label, inside.step) == ("e", None)


def test_seeds_of_one_config_do_not_part_from_each_other():
    """Their difference is what chance is."""
    partings = _compare(_seeded(1), _seeded(2), _seeded(5))[0].partings
    assert [parting.step for parting in partings] == [None, None, None]


def test_a_seed_that_diverged_parts_from_the_others():
    """Another fate is not what a seed usually brings, even where two are all there is."""
    diverged = _seeded(2, 2.5)
    assert _loss(_compare(_seeded(1), diverged)[0]).step == pytest.approx(APART + 10, abs=50)


def test_one_run_twice_is_no_band():
    """The same seed tells nothing of chance."""
    assert _compare(_seeded(1), _seeded(1))[0].bands == ()


# --- errors and words --------------------------------------------------------------------------


def test_runs_without_common_steps_are_refused_by_name():
    """The message says where each run lies."""
    late = make_run(loss=[[5000, 8000, 3.0, 2.0]])
    with pytest.raises(InputError, match=r"runs/r0: loss at steps 10 to 3000; runs/r1: .* 5010"):
        _compare(_plain(1), late)


@pytest.mark.parametrize("count", [0, 1, 53])
def test_too_few_or_too_many_runs_are_refused(count):
    """One run has nothing beside it; more than letters cannot be told apart."""
    with pytest.raises(UsageError, match=f"got {count}"):
        check_count(count)


def test_a_comparison_speaks_chinese():
    """Every sentence has its Chinese."""
    comparison = _compare(_seeded(1), _seeded(2), _seeded(3, 1.4, rate=1e-3), lang="zh")[0]
    texts = [each.text for each in comparison.partings]
    texts += [each.text for each in comparison.bands]
    texts += [each.text for each in comparison.outsiders]
    texts += [each.reason for each in comparison.differences]
    said = [text.say("zh") for text in texts]
    assert all(any("\u4e00" <= c <= "\u9fff" for c in text) for text in said)
