"""What troubled runs have in common: planted associations are found, noise is not."""

import random

import pytest

from lossscan.associations import LEVEL, Collected, as_findings
from lossscan.model import Field, Finding, Run, RunReport, Severity


def _run(rules=(), framework=None, **settings):
    """A run with these findings and settings."""
    config = {name: Field(value, "train.yaml") for name, value in settings.items()}
    run = Run("r", "r", {}, (), framework=framework, config=config)
    found = tuple(
        Finding(0.9, stated_severity=Severity.WARNING, start_step=10, rule=rule) for rule in rules
    )
    return RunReport("r", "r", "warning" if rules else "ok", run, found)


def _associations(runs):
    collected = Collected()
    for run in runs:
        collected.add(run)
    return collected.associations()


def _issue_example():
    """14 of 17 runs at or above 5e-4 jump, and 1 of the 60 others."""
    rates = [5e-4] * 10 + [1e-3] * 7 + [1e-4] * 30 + [2e-4] * 30
    jumps = [True] * 14 + [False] * 3 + [True] + [False] * 59
    return [
        _run(["loss-jump"] if jump else [], learning_rate=rate)
        for rate, jump in zip(rates, jumps, strict=True)
    ]


def test_a_threshold_is_found_with_its_counts():
    """A learning rate from which runs jump is named, with how many did and how many did not."""
    (found,) = as_findings(_associations(_issue_example()))
    assert (
        str(found.message)
        == "learning_rate >= 0.0005: loss-jump in 14 of 17 runs, 1 of 60 otherwise"
    )
    assert (found.rule, found.severity, found.confidence) == ("loss-jump", "info", 0.99)


def test_the_p_value_is_that_of_fishers_exact_test():
    """The test agrees with scipy's, times the three thresholds tried."""
    from scipy.stats import fisher_exact  # for which no other test has to wait

    (found,) = _associations(_issue_example())
    expected = fisher_exact([[14, 3], [1, 59]]).pvalue * 3
    assert found.p_value == pytest.approx(expected, rel=1e-9)


def test_a_low_value_is_found_too():
    """Where small values go with a finding, the association points that way."""
    runs = [_run(["plateau"] if k < 12 else [], batch_size=k // 3) for k in range(60)]
    (found,) = _associations(runs)
    assert (found.relation, found.value) == ("<=", 3)


def test_a_word_is_found_by_value():
    """A category goes with a finding."""
    runs = [_run(["zero-loss"] if k % 4 == 0 else [], optim="abcd"[k % 4]) for k in range(80)]
    (found,) = _associations(runs)
    assert (found.relation, found.value, found.hits, found.runs) == ("=", "a", 20, 20)


def test_the_framework_counts_as_a_setting():
    """A finding that only one framework shows says so."""
    runs = [
        _run(["plateau"] if k % 2 else [], framework="trl" if k % 2 else "minimind")
        for k in range(40)
    ]
    (found,) = _associations(runs)
    assert (found.field, found.value) == ("framework", "trl")


def test_settings_that_vary_together_are_named_together():
    """Two settings that part the runs alike are one association that names both."""
    runs = [
        _run(["loss-jump"] if k >= 30 else [], learning_rate=k // 30, stage="ab"[k // 30])
        for k in range(60)
    ]
    (found,) = _associations(runs)
    assert (found.field, found.same) == ("learning_rate", ("stage = b",))


def test_runs_that_do_not_state_a_setting_do_not_count():
    """The others of an association are runs that state the setting."""
    runs = [*_issue_example(), *(_run(["loss-jump"]) for _ in range(50))]
    (found,) = _associations(runs)
    assert (found.hits, found.runs, found.other_hits, found.others) == (14, 17, 1, 60)


@pytest.mark.parametrize("value", [float("nan"), [1, 2], {"a": 1}, "x" * 200, None])
def test_what_is_no_setting_is_left_alone(value):
    """Lists, prompts and numbers that are not finite part no runs."""
    runs = [_run(["plateau"] if k % 2 else [], odd=value if k % 2 else 1) for k in range(40)]
    assert _associations(runs) == ()


def test_names_that_are_unique_prove_nothing():
    """A run's own directory goes with its finding in one run and is not tested."""
    runs = [_run(["plateau"] if k % 2 else [], output_dir=f"run{k}") for k in range(40)]
    assert _associations(runs) == ()


def test_noise_gives_associations_no_more_often_than_the_level():
    """Over many batches without any cause, few show an association at all."""
    chance = random.Random(7)  # noqa: S311 - no secret
    false = 0
    for _ in range(100):
        runs = [
            _run(
                ["loss-spike"] if chance.random() < 0.3 else [],
                **{f"number{n}": chance.random() for n in range(8)},
                **{f"word{n}": chance.choice("abc") for n in range(4)},
            )
            for _ in range(60)
        ]
        false += bool(_associations(runs))
    assert false <= 100 * LEVEL + 5


def test_a_batch_of_one_run_has_nothing_in_common():
    """Too few runs are no evidence."""
    assert _associations([_run(["plateau"], learning_rate=1)]) == ()
    assert _associations([]) == ()


def test_associations_are_said_in_chinese():
    """The sentence follows the language."""
    (found,) = as_findings(_associations(_issue_example()))
    assert (
        found.message.say("zh")
        == "learning_rate >= 0.0005：17 次运行中 14 次有 loss-jump，其余 60 次中 1 次"
    )
