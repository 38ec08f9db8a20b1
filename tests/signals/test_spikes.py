"""Excursions: points and blocks that leave the course and come back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from lossscan.model import Run, Series
from lossscan.numeric.arrays import stretches
from lossscan.signals import scan
from lossscan.signals.spikes import (
    EARLY_SIDE,
    EARLY_SIGMA,
    ENTER_SIGMA,
    early_spikes,
    find_spikes,
    heights_of,
    least_peak,
)
from tests.curves import curve, make_run


def spikes_in(values, *, epoch=None):
    """The spikes of the curve of values."""
    found = curve(values)
    return list(find_spikes(found, heights_of(found), epoch=epoch))


def decay(n=400, size=0.03, seed=0):
    """A healthy loss: it falls and levels off, in noise."""
    rng = np.random.default_rng(seed)
    return (1 + np.exp(-np.arange(n) / 60)) * np.exp(size * rng.normal(size=n))


def test_dips_that_are_all_as_deep_have_no_tail():
    """Six points at 0 among ones, of which one is the smallest number below it."""
    values = np.ones(21)
    values[[1, 5, 6, 7, 8, 12]] = [0, -1.17549435e-38, 0, 0, 0, 0]
    assert spikes_in(values) == []


def test_single_point_far_above_its_course_is_a_spike():
    """One odd batch shows as one point."""
    values = decay()
    values[250] *= 2
    (spike,) = spikes_in(values)
    assert (spike.start_step, spike.end_step) == (251, 251)
    assert spike.peak / spike.base == pytest.approx(2, rel=0.15)


def test_a_loss_that_stops_has_no_spikes_before_it_but_odd_points():
    """The last points that move are no higher than others; one of them half as high again is."""
    values = decay(seed=1)
    values[375:] = values[375]
    assert spikes_in(values) == []
    values[368] *= 1.5
    assert [spike.start_step for spike in spikes_in(values)] == [369]


def test_spikes_side_by_side_are_all_found():
    """Where two stand out together from all other points, the lower of them is no noise."""
    values = decay()
    values[[200, 300]] *= 1.5
    values[[203, 303]] *= 1.4
    assert [spike.start_step for spike in spikes_in(values)] == [201, 204, 301, 304]


def test_dips_right_behind_the_descent_hide_no_spike():
    """There the course itself still falls: what is below it tells nothing of the noise later."""
    n, rng = 200, np.random.default_rng(3)
    values = 3 + 2 / (1 + np.exp((np.arange(n) - 20) / 5))
    values *= np.exp(0.02 * rng.normal(size=n))
    values[[42, 45]] *= 0.88
    values[77] *= 1.28
    assert [spike.start_step for spike in spikes_in(values)] == [78]


def test_lone_points_behind_the_descent_are_measured_by_the_noise_there():
    """A loss that falls steeply is smooth, and tells little of the noise that follows."""
    n, rng = 150, np.random.default_rng(1)
    fall = 3 + 2 / (1 + np.exp((np.arange(n) - 15) / 3))
    noise = np.where(np.arange(n) < 30, 0.01, 0.03) * rng.normal(size=n)
    high = np.zeros(n)
    high[33] = 0.13
    assert spikes_in(fall * np.exp(noise + high)) == []
    high[33] = 0.4
    assert [spike.start_step for spike in spikes_in(fall * np.exp(noise + high))] == [34]


def test_noise_of_a_run_without_a_descent_counts_from_its_first_point():
    """A tail that goes as far down in the first points may go as far up later."""
    values = 3 * np.exp(0.02 * np.random.default_rng(0).normal(size=200))
    values[[3, 6]] *= 0.88
    values[77] *= 1.15
    assert spikes_in(values) == []


def test_block_of_points_is_one_spike():
    """Six logged points of other data are one episode, not six."""
    values = decay()
    values[200:206] *= 1.4
    (spike,) = spikes_in(values)
    assert (spike.start_step, spike.end_step) == (201, 206)


def few_in_a_row(seed, height=5.5):
    """A level loss in normal noise in which four points in a row are so many units of it higher."""
    values = 0.02 * np.random.default_rng(seed).normal(size=200)
    values[120:124] += 0.02 * height
    return 2 * np.exp(values)


def test_four_points_in_a_row_count_by_what_four_others_do():
    """Their sum is three times the deepest of four; each is as far out as a lone dip or two."""
    found = [[spike.start_step for spike in spikes_in(few_in_a_row(seed))] for seed in range(40)]
    assert found.count([121]) >= 29


def test_four_points_in_a_row_are_noise_where_four_dip_as_far():
    """A dip of four points shows that the noise of neighbors is alike; a lone peak may be told."""
    found = []
    for seed in range(40):
        values = few_in_a_row(seed)
        values[60:64] *= np.exp(-0.02 * 5.5)
        found.append(spikes_in(values))
    assert found.count([]) >= 32


def test_long_block_that_returns_is_an_excursion_and_no_jump():
    """Sixty points of another source rise and fall with sharp edges: no level stays changed."""
    values = decay(800)
    values[400:460] *= 1.5
    array = Series("loss", np.arange(1, 801), values)
    signals = scan(Run("r", "r", {"loss": array}, ()))
    assert [(e.start_step, e.end_step) for e in signals.excursions] == [(401, 460)]
    assert signals.changes == ()


def test_early_spike_that_recovers_slowly_is_found():
    """A start at 12 that leaps to 43 and comes back in 15 points is seen within the descent."""
    rng = np.random.default_rng(3)
    values = np.concatenate(
        [[12.4, 12.4, 12.4], 43 * np.exp(-np.arange(16) / 12), 9 * np.exp(-np.arange(60) / 40)]
    ) * np.exp(0.01 * rng.normal(size=79))
    array = Series("loss", np.arange(1, 80), values)
    signals = scan(Run("r", "r", {"loss": array}, ()))
    assert [e.start_step for e in signals.excursions] == [4]


def test_hump_of_few_points_that_opens_a_noisy_run_is_seen():
    """A rate too high throws a loss of 5 to 12 within three points, then it falls and settles."""
    rng = np.random.default_rng(1)
    course = np.concatenate([[5.0, 8.5, 12.5, 11, 10.5, 9.5], 8 * np.exp(-np.arange(14) / 20)])
    values = np.concatenate([course, np.full(80, 4.1)]) * np.exp(0.05 * rng.normal(size=100))
    signals = scan(Run("r", "r", {"loss": Series("loss", np.arange(1, 101), values)}, ()))
    (hump,) = signals.excursions
    assert hump.start_step <= 3
    assert hump.peak > 10


@given(st.lists(st.sampled_from([0.5, 1.0, 1.1, 1.2, 30.0]), min_size=4, max_size=30), st.data())
def test_early_spikes_are_those_of_the_plain_definition(values, data):
    """Each point of the descent against the medians of up to three before and three after it.

    It has to be beyond the tail of the noise too.
    """
    tail = data.draw(st.sampled_from([0.0, 40.0]))
    descent = replace(curve(values), descent_end=data.draw(st.integers(0, len(values))))
    level, last = descent.scaled, len(values) - 1
    high = np.zeros(len(values), dtype=bool)
    for at in range(1, min(descent.descent_end, last)):
        before, after = level[max(at - EARLY_SIDE, 0) : at], level[at + 1 : at + 1 + EARLY_SIDE]
        noise = max(descent.local_noise[at], descent.noise)
        sides = np.array([np.median(before), np.median(after)])
        above = (level[at] - sides.max()) / noise
        if at >= EARLY_SIDE and above >= ENTER_SIGMA:
            above = (level[at] - sides.mean()) / noise
        high[at] = above >= max(EARLY_SIGMA, tail)
    assert [(e.start, e.stop) for e in early_spikes(descent, tail=tail)] == stretches(high)


def test_several_spikes_of_one_size_are_all_found():
    """Equal outliers do not make each other noise, also where the noise dips once as deep."""
    values = decay(150, size=0.02)
    values[[80, 86, 130]] *= 1.3
    values[60] *= 0.9
    assert [spike.start_step for spike in spikes_in(values)] == [81, 87, 131]


@pytest.mark.parametrize("seed", range(4))
def test_unlike_spikes_with_nothing_between_them_and_the_noise_are_found(seed):
    """Three of 9, 7.5 and 6 noise units stand apart; with points at 5, 4 and 3.5 they may not."""
    values = decay(seed=seed)

    def lift(heights):
        for at, height in heights.items():
            values[at] = np.median(values[at - 5 : at + 6]) * np.exp(0.03 * height)

    lift({150: 9, 250: 7.5, 330: 6})
    assert [spike.start_step for spike in spikes_in(values)] == [151, 251, 331]
    lift({110: 5, 200: 4, 290: 4, 370: 3.5})
    assert spikes_in(values) == []


def few_points(seed, heights):
    """Thirty points of a level loss in normal noise, with points so many noise units above it."""
    rng = np.random.default_rng(seed)
    values = 0.02 * rng.normal(size=30)
    values[[12, 18, 24][: len(heights)]] = 0.02 * np.array(heights)
    return 2 * np.exp(values)


def test_several_spikes_of_a_short_run_do_not_hide_as_noise():
    """Three of thirty points bend the curve at nine, which is half as much noise again."""
    found = [[e.start_step for e in spikes_in(few_points(seed, [9] * 3))] for seed in range(40)]
    assert found.count([13, 19, 25]) >= 30


@pytest.mark.parametrize(("seed", "height"), [(7, 6.3), (34, 7.0)])
def test_one_point_far_above_all_others_of_a_short_run_needs_less(seed, height):
    """A peak of 6.3 noise units is a spike alone, and none next to one of half its height."""
    assert len(spikes_in(few_points(seed, [height]))) == 1
    assert spikes_in(few_points(seed, [height, 3.2])) == []


@pytest.mark.parametrize("seed", range(6))
def test_high_points_of_a_short_run_below_which_others_lie_are_noise(seed):
    """Points of 5, 3.5 and 2.5 noise units are a tail that falls off."""
    assert spikes_in(few_points(seed, [5, 3.5, 2.5])) == []


def in_wide_noise(seed, peak):
    """A hundred points in noise of a fifth of the loss, as far upward as downward, and a peak."""
    values = 2 * (1 + 0.2 * np.random.default_rng(seed).normal(size=100))
    values[60] = peak
    return values


def test_a_peak_in_wide_symmetric_noise_is_a_spike():
    """Nine times the noise above the course; the logarithm makes five of it, and dips deep."""
    found = [[e.start_step for e in spikes_in(in_wide_noise(seed, 5.6))] for seed in range(40)]
    assert found.count([61]) >= 24


@pytest.mark.parametrize("seed", range(20))
def test_wide_noise_whose_logarithm_is_symmetric_has_no_spike(seed):
    """Its peaks are farther out than its dips by nature."""
    values = 2 * np.exp(0.25 * np.random.default_rng(seed).normal(size=100))
    assert spikes_in(values) == []


def test_peaks_of_all_sizes_are_a_heavy_tail():
    """Points all the way up to the highest are what the noise of this run does."""
    values = decay(150, size=0.02)
    values[[60, 75, 90, 105, 120]] *= [1.07, 1.09, 1.12, 1.15, 1.19]
    assert spikes_in(values) == []


def test_lone_spike_within_the_descent_is_found():
    """A point above those before and after it, where the course itself falls steeply."""
    values = 2 + 6 * np.exp(-np.arange(120) / 6)
    values *= np.exp(0.02 * np.random.default_rng(5).normal(size=120))
    values[4] *= 2
    signals = scan(Run("r", "r", {"loss": Series("loss", np.arange(1, 121), values)}, ()))
    assert [e.start_step for e in signals.excursions] == [5]


@pytest.mark.parametrize(("factor", "found"), [(1.14, [8]), (1.0, []), (1.06, [])])
def test_spike_of_a_steep_descent_is_measured_against_what_is_between_its_neighbors(factor, found):
    """14 % above its course, which falls by 4 % from point to point, at a noise of 1 %."""
    values = 1 + 7 * np.exp(-np.arange(120) / 20)
    values *= np.exp(0.01 * np.random.default_rng(3).normal(size=120))
    values[7] *= factor
    signals = scan(Run("r", "r", {"loss": Series("loss", np.arange(1, 121), values)}, ()))
    assert [e.start_step for e in signals.excursions] == found


def test_rise_at_the_second_point_that_stays_is_a_change_of_level():
    """5.7, then 7.4 and never back: the learning rate was too high from the first update on."""
    rng = np.random.default_rng(6)
    values = np.concatenate([[5.7, 8.4, 8.3, 7.6, 7.2, 6.9], np.full(39, 6.7)])
    values *= np.exp(0.01 * rng.normal(size=45))
    signals = scan(Run("r", "r", {"loss": Series("loss", np.arange(1, 46), values)}, ()))
    assert [(c.kind, c.step) for c in signals.changes] == [("level_up", 2)]
    assert signals.excursions == ()


def test_spike_that_decays_where_the_run_ends_is_no_change_of_level():
    """Eight points are left, and the loss is on its way back in all of them."""
    values = decay(80, size=0.02)
    values[72:] *= 1 + np.exp(-np.arange(8) / 2.5)
    signals = scan(Run("r", "r", {"loss": Series("loss", np.arange(1, 81), values)}, ()))
    assert [e.start_step for e in signals.excursions] == [73]
    assert signals.changes == ()


def test_one_deep_dip_of_a_short_run_makes_no_tail_without_end():
    """Of 30 points the five deepest are no tail: they gave a spike of a thousand noise units."""
    values = np.exp(0.03 * np.random.default_rng(2).normal(size=30))
    values[12] *= 0.8
    found = curve(values)
    least = least_peak(found, heights_of(found))
    assert least is not None
    assert 6.5 < least / found.noise < 20


def test_heavy_tails_on_both_sides_are_noise():
    """A run whose points fall as far below its course as above has no spikes."""
    rng = np.random.default_rng(4)
    values = np.exp(0.05 * rng.standard_t(3, size=600))
    assert spikes_in(values) == []


def test_two_high_points_in_a_row_vouch_for_each_other():
    """Other heights below them say of one point that noise may bring it, not of two in a row."""
    values = decay()
    values[[150, 320]] *= 1.14, 1.18
    values[250] *= 1.3
    assert spikes_in(values) == []
    values[251] *= 1.3
    assert [(spike.start_step, spike.end_step) for spike in spikes_in(values)] == [(251, 252)]


@pytest.mark.parametrize("seed", [1, 4, 7])
def test_two_points_in_a_row_count_by_the_lower_of_them(seed):
    """Both at 5.3 noise units are sure; one at 6.5 with a heel of 3.5 may be of a heavy tail."""
    values = decay(seed=seed)
    for at, times in ((100, 1.1), (150, 1.14), (320, 1.18)):
        values[at] = times * np.median(values[at - 5 : at + 6])
    level = np.median(values[245:256])
    values[250:252] = 1.2 * level
    assert [(spike.start_step, spike.end_step) for spike in spikes_in(values)] == [(251, 252)]
    values[250:252] = 1.23 * level, 1.12 * level
    assert spikes_in(values) == []


@pytest.mark.parametrize("seed", range(20))
def test_plain_noise_has_no_spike(seed):
    """A healthy decay is silent."""
    assert spikes_in(decay(seed=seed)) == []


def test_last_point_is_not_called_a_spike():
    """Whether the last point recovers is not known yet."""
    values = decay()
    values[-1] *= 2
    assert spikes_in(values) == []


def test_rise_whose_own_middle_point_is_low_is_survived():
    """Where a loss leaps to and fro at once, the highest median may stand on a low point."""
    values = np.array([0.0, 1e30, 0.0, 1e30, *[0.0] * 6, -1.0])
    run = make_run(loss=dict(enumerate(values.tolist(), start=1)))
    curve = scan(run).loss
    assert curve is not None
    assert curve.descent_end > 0


@pytest.mark.parametrize(("steps_per_epoch", "found"), [(100, [131, 231]), (10, [])])
def test_small_rises_count_where_they_return_beyond_chance(steps_per_epoch, found):
    """Two rises a hundred points apart mean something in epochs of a hundred, and not of ten."""
    values = decay(size=0.0)
    values *= np.exp(0.03 * np.sin(np.arange(400) ** 2))
    values[[130, 230]] *= 1.2
    spikes = spikes_in(values, epoch=steps_per_epoch)
    assert [spike.start_step for spike in spikes] == found


def _on_the_floor(seed: int) -> np.ndarray:
    """A loss that is learned by heart: from the middle on four decimals print 0 for most of it."""
    rng = np.random.default_rng(seed)
    return np.asarray(2.3 * np.exp(-np.arange(200) / 8) * np.exp(0.3 * rng.normal(size=200)))


def _found_in(values: np.ndarray):
    loss = Series("loss", np.arange(1, 201), values.round(4))
    return scan(Run("r", "r", {"loss": loss}, ()))


@pytest.mark.parametrize("seed", range(3))
def test_loss_that_leaves_the_floor_of_its_printing_jumps(seed):
    """Of zeros there is no noise to measure by, but nothing else is a tenth as high."""
    values = _on_the_floor(seed)
    values[150:] = 0.7
    (jump,) = _found_in(values).changes_of("loss", "level_up")
    assert jump.step == 151


@pytest.mark.parametrize("seed", range(3))
def test_loss_that_comes_back_to_the_floor_of_its_printing_spikes(seed):
    """It decays to the zeros it came from."""
    values = _on_the_floor(seed)
    values[130:] += 0.7 * np.exp(-np.arange(70) / 4)
    (spike,) = _found_in(values).excursions
    assert spike.start_step == 131


@pytest.mark.parametrize("seed", range(3))
def test_hard_samples_above_the_floor_of_its_printing_are_no_spikes(seed):
    """Single points, and rows of points with one as high elsewhere."""
    values = _on_the_floor(seed)
    values[120:123] = 0.3
    values[[90, 150, 170]] = 0.25, 0.5, 0.04
    found = _found_in(values)
    assert (found.changes, found.excursions) == ((), ())
