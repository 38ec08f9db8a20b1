"""Every case of every rule: a recipe, and what the rule says of it or that it stays silent."""

from __future__ import annotations

import math
import random
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from lossscan import words
from lossscan.ledger import diagnose
from lossscan.ledger.completed import finding_of
from lossscan.model import Finding
from lossscan.rules import load_rule
from lossscan.rules.kit.case import Case
from lossscan.settings import Settings
from lossscan.signals import scan
from lossscan.words.own_yaml import as_yaml
from tests.curves import make_run

CASES = [
    pytest.param(path.stem, case, id=f"{path.stem}-{name}")
    for path in sorted(Path(__file__).parent.glob("*.yaml"))
    for name, case in as_yaml(path.read_text(encoding="utf-8")).items()
]


@pytest.mark.parametrize(("rule", "case"), CASES)
def test_rule_says_what_the_case_expects(rule: str, case: dict[str, Any]):
    """A rule finds what a recipe holds, names its place, and is silent at near misses."""
    findings = _findings(rule, case)
    expected = case.get("expect", [])
    assert [_facts(f, e) for f, e in zip(findings, expected, strict=False)] == expected
    assert len(findings) == len(expected), [f.message for f in findings]
    said = [text for f in findings for lang in words.LANGUAGES for text in _texts(f, lang)]
    assert not [text for text in said if "?" in text]
    assert all(0 < one.confidence <= 1 for one in findings)
    assert all(0 < cause.score <= 1 for one in findings for cause in one.causes)


def _findings(rule: str, case: dict[str, Any]) -> tuple[Finding, ...]:
    run = make_run(**case["run"])
    options, signals = {rule: case.get("options", {})}, scan(run)
    found = diagnose(run, signals, Settings(select=(rule,), rules=options))
    assert not [remark for remark in found.remarks if rule in remark]
    if "ruled_out" in case:
        assert bool(found.ruled_out) == case["ruled_out"]
    yielded = load_rule(rule)(Case(run, signals), options[rule])
    own = [finding_of(each, run).message for each in yielded if isinstance(each, Finding)]
    return tuple(f for f in found.findings if f.message in own)  # others: the ledger's own


def _facts(finding: Finding, expected: dict[str, Any]) -> dict[str, Any]:
    """The facts of a finding that the case speaks of."""
    facts = {
        "severity": str(finding.severity),
        "series": finding.series,
        "start_step": finding.start_step,
        "end_step": finding.end_step,
        "episodes": len(finding.episodes),
        "first_cause": finding.causes[0].id if finding.causes else None,
        "causes": [cause.id for cause in finding.causes],
        "sure": finding.confidence >= 0.9,
        "evidence": len(finding.evidence),
        "next": finding.next is not None,
        "said": [each.name for each in (finding.message, finding.next) if each is not None],
        "settings": [advice.field for advice in finding.causes[0].config] if finding.causes else [],
        "numbers": {name: _numbers(finding).get(name) for name in expected.get("numbers", ())},
    }
    return {key: facts[key] for key in expected}


def _numbers(finding: Finding) -> dict[str, Any]:
    """What stands in the sentences of a finding, by the names that its page has."""
    said = (*(each.text for each in finding.evidence), *finding.remedies, finding.message)
    return {name: value for each in said for name, value in each.values.items()}


def _texts(finding: Finding, lang: str = "en") -> list[str]:
    said = [
        finding.title,
        finding.message,
        *(evidence.text for evidence in finding.evidence),
        *(cause.text for cause in finding.causes),
        *finding.remedies,
        *([finding.next] if finding.next else []),
    ]
    return [words.say(lang, each) for each in said]


def test_spikes_of_whole_epochs_are_at_no_common_place():
    """Where a point is a whole epoch, as Keras logs, nothing of it comes back in another."""
    put = {"loss": {100: 4.0, 171: 3.6}}
    run = {"loss": [[0, 240, 2.5, 1.3]], "noise": 0.01, "every": 1, "epochs": 240, "put": put}
    (spike,) = _findings("loss-spike", {"run": run})
    assert "same place" not in str(spike.message)


def test_the_best_of_epochs_that_count_from_0_is_no_epoch_0():
    """Keras numbers its epochs from 0, and nobody trains for none."""
    steps = {"loss": 0.9, "eval_loss": 0.34}
    run = {"framework": "keras", "every": 1, "epochs": 6} | {
        name: {step: first * factor**step for step in range(6)}
        for (name, first), factor in zip(steps.items(), (0.7, 1.1), strict=True)
    }
    (found,) = _findings("overfitting", {"run": run})
    assert "epoch 0" not in " ".join(_texts(found))


def test_a_step_at_an_epoch_is_as_large_as_its_levels_say():
    """By what share it drops can be checked with the two losses next to it."""
    stairs = [[0, 400, 2.0, 1.9], [400, 800, 1.5, 1.45], [800, 1200, 1.1, 1.08]]
    run = {"loss": stairs, "noise": 0.03, "epochs": 3}
    (found,) = _findings("epoch-step-drop", {"run": run})
    steps = [e.text.values for e in found.evidence if "drop" in e.text.values]
    assert steps
    assert all(s["drop"] == pytest.approx(1 - s["after"] / s["before"]) for s in steps)


@pytest.mark.parametrize(
    ("trainer", "objective", "logged", "options"),
    [
        ("trl", "grpo", "kl", "beta, kl_coef"),
        ("verl", "grpo", "actor/ppo_kl", "actor_rollout_ref.actor.clip_ratio"),
        ("stable-baselines", "ppo", "approx_kl", "target_kl"),
        ("rllib", "ppo", "kl", "kl_target"),
    ],
)
def test_advice_on_a_policy_names_the_options_of_its_trainer(trainer, objective, logged, options):
    """Also where no reference is: there the divergence is that of one update."""
    run = {"framework": trainer, "objective": objective, "loss": [[0, 1000, 0.1, 0.1]]}
    (found,) = _findings(
        "kl-blow-up", {"run": run | {logged: [[0, 600, 0.01, 0.02], [600, 1000, 5.0, 6.0]]}}
    )
    assert options in str(found.remedies[-1])
    assert ("reference" in str(found.message)) == (trainer == "trl")


@pytest.mark.parametrize("trainer", ["keras", "mmengine", "kaldi", None])
def test_no_advice_on_tokens_goes_to_who_trains_none(trainer: str | None):
    """Of a classifier nobody has an adapter, and of Keras no requires_grad."""
    run = {"framework": trainer, "objective": "classification", "loss": [[0, 300, 0.6931, 0.6931]]}
    (found,) = _findings("plateau", {"run": run | {"noise": 0.0005}})
    assert not re.search("requires_grad|adapter|template", " ".join(_texts(found)))


def test_a_jump_that_fades_is_not_said_to_stay():
    """Where little of a jump is left at the end, the message says that it comes back."""
    run = {
        "loss": [[0, 500, 2.1, 2.1], [500, 600, 3.6, 2.9], [600, 1000, 2.9, 2.15]],
        "noise": 0.02,
    }
    (jump,) = _findings("loss-jump", {"run": run})
    assert "stays up for a while" in str(jump.message)


def test_a_climb_of_which_half_is_gone_tells_its_top():
    """The rate falls, or an epoch ends: how high the loss was is what its owner saw."""
    fall, climb = [0.83, 0.49, 0.16, 0.12], np.linspace(0.118, 0.32, 20)
    values = np.r_[fall, climb, np.linspace(0.32, 0.27, 20), np.full(16, 0.178)]
    values *= np.exp(np.random.default_rng(0).normal(0, 0.03, len(values)))
    run = {"loss": {25 * at: float(value) for at, value in enumerate(values, 1)}}
    (found,) = _findings("divergence", {"run": run})
    assert re.search(r"from 0\.1[12]\d* to 0\.3\d* .* is still at 0\.1[78]", str(found.message))


def test_a_jump_that_overshoots_is_one_event():
    """The first points of a jump are its highest; they are no spike that recovers besides."""
    loss = [[0, 500, 2.0, 1.9], [500, 530, 5.0, 4.9], [530, 1000, 3.6, 3.5]]
    run = make_run(loss=loss, noise=0.01)
    found = diagnose(run, scan(run), Settings())
    assert [finding.rule for finding in found.findings] == ["loss-jump"]


@pytest.mark.parametrize(
    ("put", "told"),
    [
        ({510: 2.31}, ["loss-jump"]),
        ({510: 9.5}, ["frozen-loss"]),
        ({410: 9.5}, ["loss-spike", "frozen-loss"]),
    ],
)
def test_where_a_loss_leaves_its_level_to_freeze_is_told_once(put: dict[int, float], told):
    """A jump to where it freezes is the jump's; a peak just before it is no spike of its own."""
    level = 2.303 if 2.31 in put.values() else 1.2
    stuck = dict.fromkeys(range(520, 1001, 10), level)
    run = make_run(loss=[[0, 1000, 1.5, 1.2]], noise=0.02, put={"loss": {**put, **stuck}})
    found = diagnose(run, scan(run), Settings())
    assert [finding.rule for finding in found.findings] == told


def test_spikes_that_return_with_the_samples_are_not_said_to_be_shuffled():
    """All other places of two epochs may have nothing in common: the spikes have."""
    put = {"loss": dict.fromkeys((300, 1300, 2300), 5.0)}
    run = {"loss": [[0, 3000, 2.5, 2.3]], "noise": 0.05, "epochs": 3, "put": put}
    (spike,) = _findings("loss-spike", {"run": run})
    assert "3 of 3 recur" in str(spike.message)
    assert not [text for text in _texts(spike) if "looks shuffled" in text]


def test_samples_that_an_earlier_epoch_read_calmly_are_not_the_cause():
    """Where every epoch reads the same order, the first one met the samples of a later spike."""
    draw = random.Random(1)  # noqa: S311 - no secret
    order = [2.5 + draw.gauss(0, 0.1) for _ in range(100)]
    loss = {10 * at: order[at % 100] + draw.gauss(0, 0.01) for at in range(1, 401)}
    loss |= {2300: 4.4, 2310: 4.9, 2320: 4.6, 2330: 4.2, 2340: 3.5}
    run = {"loss": [[0, 4000, 2.5, 2.5]], "put": {"loss": loss}, "epochs": 4}
    (spike,) = _findings("loss-spike", {"run": run})
    assert [cause.id for cause in spike.causes] == ["instability"]


def test_an_explained_drop_names_what_explains_it():
    """The reader need not guess which landmark of the run is meant, nor look for it elsewhere."""
    loss, marks = [[0, 3000, 2.5, 2.4], [3000, 6000, 1.9, 1.8]], [["resume", 3000]]
    run = make_run(loss=loss, noise=0.03, landmarks=marks)
    found = diagnose(run, scan(run), Settings(select=("unexplained-drop",)))
    (change,) = found.change_points
    for said in (found.ruled_out[0].text, change.accounted_for.text):
        assert str(said) == "the drop at step 3010 coincides with a resume"


def test_the_restart_after_nan_is_before_its_first_sign():
    """The gradient norm shows it first; a checkpoint of that step holds NaN already."""
    run = {
        "loss": {10: 3.5, 20: 2.8, 30: 2.7, 40: 0.0, 50: 0.0, 60: 0.0},
        "grad_norm": {10: 1.1, 20: 1.0, 30: math.nan, 40: math.nan, 50: math.nan, 60: math.nan},
    }
    for rule in ("non-finite-loss", "zero-loss"):
        (finding,) = _findings(rule, {"run": run})
        assert "at or before step 20" in str(finding.remedies[0])


def test_the_restart_is_before_the_window_that_nan_inflated():
    """Without gradient norms the value that is far too large is the first sign."""
    loss = {4: 1.80, 8: 1.76, 12: 1.75, 16: 1.74, 20: 663.566, 24: 0.0, 28: 0.0, 32: 0.0}
    run = {"loss": loss, "config": {"gradient_accumulation_steps": 8}}
    (finding,) = _findings("non-finite-loss", {"run": run})
    assert "at or before step 16" in str(finding.remedies[0])


@pytest.mark.parametrize("norms", [{}, {"grad_norm": dict.fromkeys((10, 20, 30, 40), math.nan)}])
def test_nan_since_the_first_window_is_no_matter_of_a_checkpoint(norms: dict[str, Any]):
    """No step lies before it: the run is to be started anew, and no level is said to be before."""
    loss = {10: 344093.2, 20: 0.0, 30: 0.0, 40: 0.0}
    run = {"loss": loss, "config": {"gradient_accumulation_steps": 8}, **norms}
    for rule in ("non-finite-loss", "zero-loss"):
        (finding,) = _findings(rule, {"run": run})
        assert "restart from scratch" in str(finding.remedies[0])
        assert "step 0" not in "".join(_texts(finding))
        assert "3.44" not in "".join(_texts(finding))


def test_one_nan_and_nothing_else_says_nothing_of_the_weights():
    """A lone message that the loss is NaN: no log shows which checkpoints hold it."""
    (finding,) = _findings("non-finite-loss", {"run": {"loss": {1: math.nan}}})
    assert "weights are NaN" not in "".join(_texts(finding))


def test_a_window_that_nan_inflated_is_no_level():
    """The usual loss is named, also where only that window shows it."""
    loss = {10: 1.8, 20: 1.7, 30: 1.7, 40: 1.6, 50: 344093.2, 60: 0.0, 70: 0.0, 80: 0.0}
    norms = {step: math.nan if step > 50 else 1.0 for step in loss}
    (finding,) = _findings("non-finite-loss", {"run": {"loss": loss, "grad_norm": norms}})
    assert "after 1.7" in str(finding.message)


def test_a_window_that_nan_inflated_is_no_bad_start():
    """What no model has as its first loss is left to the rule that knows why."""
    loss = {10: 344093.2, **dict.fromkeys(range(20, 200, 10), 0.0)}
    run = make_run(loss=loss, grad_norm=dict.fromkeys(loss, math.nan))
    found = diagnose(run, scan(run), Settings())
    assert [finding.rule for finding in found.findings] == ["zero-loss"]


def test_a_step_from_zero_is_no_share_without_measure():
    """A policy loss that leaves 0 where an epoch begins has no level to compare with."""
    course = [[0, 500, 0, 0], [500, 1000, -0.02, -0.02], [1000, 1500, -0.05, -0.05]]
    run = {"objective": "grpo", "loss": course, "epochs": 3}
    (finding,) = _findings("epoch-step-drop", {"run": run})
    assert "typically by 100%" in str(finding.message)


def test_a_jump_is_tried_again_at_a_rate_that_cannot_break_it():
    """A fifth of a rate a hundred times too high still breaks the run, and data would be blamed."""
    run = {"loss": [[0, 500, 2.0, 1.9], [500, 1000, 3.5, 3.4]], "noise": 0.02, "learning_rate": 0.1}
    whole = {"framework": "llamafactory", "config": {"stage": "sft", "finetuning_type": "full"}}
    (jump,) = _findings("loss-jump", {"run": run | whole})
    assert "learning rate of 5e-5" in str(jump.next)


def test_a_rate_that_no_method_holds_is_brought_to_the_highest_that_one_does():
    """Of a fine-tuning whose method is not known, too: a fifth of 0.1 is no advice."""
    run = {"loss": [[0, 500, 2.0, 1.9], [500, 1000, 3.5, 3.4]], "noise": 0.02, "learning_rate": 0.1}
    (jump,) = _findings("loss-jump", {"run": run | {"framework": "transformers"}})
    assert "learning rate of 2e-4" in str(jump.next)


def test_a_rise_that_the_rate_cannot_explain_is_tried_again_in_another_order():
    """A lower rate tells nothing where the rate breaks no run."""
    run = {"framework": "trl", "loss": [[0, 500, 2.0, 1.9], [500, 1000, 3.5, 3.4]], "noise": 0.02}
    (jump,) = _findings("loss-jump", {"run": run | {"learning_rate": 1e-6}})
    assert "in another order" in str(jump.next)


def test_a_rate_to_set_is_taken_from_the_highest_that_the_run_reached():
    """In a warm-up not from the peak that it never saw; where none is stated, from the log."""
    warming = {"learning_rate": [[0, 400, 0.0, 0.04]], "config": {"learning_rate": 0.1}}
    falling = {"learning_rate": [[0, 100, 0.0, 0.04], [100, 400, 0.04, 0.001]]}
    run = {"loss": [[0, 300, 2.0, 1.5]], "put": {"loss": {310: math.nan, 320: math.nan}}}
    for rates, value in ((warming, 0.1), (falling, 0.04)):
        (lost,) = _findings("non-finite-loss", {"run": run | rates})
        cause = next(each for each in lost.causes if each.id == "learning-rate-too-high")
        (advice,) = cause.config
        assert advice.value == value
        assert 0.005 < advice.suggest < 0.009


@pytest.mark.parametrize(
    ("first", "advice"), [(0, "from the beginning"), (5000, "last checkpoint")]
)
def test_a_climb_from_the_first_points_on_has_no_checkpoint_to_go_back_to(first: int, advice: str):
    """Unless the run was resumed there: then it began from one."""
    run = {"loss": [[first, first + 1000, 2.0, 30.0]], "noise": 0.02}
    (climb,) = _findings("divergence", {"run": run})
    assert advice in str(climb.remedies[0])
    assert ("Resume from" in str(climb.next)) == bool(first)


@pytest.mark.parametrize(
    "method",
    [
        {},
        {"framework": "keras"},
        {"framework": "llamafactory", "config": {"stage": "sft", "optim": "sgd", "lora_rank": 8}},
        {"framework": "llamafactory", "config": {"stage": "pt", "finetuning_type": "full"}},
    ],
)
def test_no_limit_is_given_for_a_method_that_is_not_known(method: dict[str, Any]):
    """The usual limits are those of tuning a pretrained language model with Adam."""
    run = {"loss": [[0, 500, 2.0, 1.9], [500, 1000, 3.5, 3.4]], "noise": 0.02, "learning_rate": 0.1}
    (jump,) = _findings("loss-jump", {"run": run | method})
    said = "".join(_texts(jump))
    assert "learning rate of 0.02" in said
    assert not [limit for limit in ("5e-5", "2e-4", "usually hold") if limit in said]


def test_a_rate_below_the_limit_is_no_cause():
    """Full fine-tuning at 8e-07 breaks for another reason, and no higher rate is advised."""
    tuned = {"framework": "llamafactory", "config": {"stage": "sft", "finetuning_type": "full"}}
    run = {"loss": [[0, 500, 2.0, 1.9], [500, 1000, 3.5, 3.4]], "noise": 0.02} | tuned
    (jump,) = _findings("loss-jump", {"run": run | {"learning_rate": 8e-7}})
    assert "learning-rate-too-high" not in {cause.id for cause in jump.causes}
    assert "5e-5" not in "".join(_texts(jump))


def test_a_climb_into_nan_is_one_finding():
    """Divergence and NaN behind it are one event, and the rate comes before them."""
    loss = {step: 2.0 - 0.01 * step for step in range(1, 40)} | {40: 3.0, 41: 5.0, 42: 9.0}
    run = make_run(loss=loss | {43: math.nan, 44: math.nan, 45: math.nan})
    found = diagnose(run, scan(run), Settings()).findings
    assert [f.rule for f in found if f.severity == "critical"] == ["non-finite-loss"]


def test_a_rate_that_no_model_survives_is_the_first_cause():
    """A slip of the decimal point says more than that the weights are lost."""
    run = make_run(
        loss=dict.fromkeys(range(1, 13), 0.0),
        grad_norm=dict.fromkeys(range(1, 13), math.nan),
        config={"learning_rate": 0.04, "finetuning_type": "lora"},
    )
    run = replace(run, framework="llamafactory")
    (found,) = diagnose(run, scan(run), Settings()).findings
    assert found.causes[0].id == "learning-rate-too-high"


@pytest.mark.parametrize(("framework", "named"), [("keras", False), ("transformers", True)])
def test_only_those_who_have_torch_are_sent_to_it(framework: str, *, named: bool):
    """Advice names no function that the trainer lacks."""
    loss = {1: 0.7, 2: 0.6, 3: math.nan, 4: math.nan}
    run = replace(make_run(loss=loss), framework=framework)
    (found,) = diagnose(run, scan(run), Settings(select=("non-finite-loss",))).findings
    said = " ".join(_texts(found))
    assert bool(re.search("torch|attention|max_grad_norm", said)) is named


def test_sure_steps_too_small_to_count_are_not_called_hidden_by_noise():
    """Steps of 1 % at many standard errors are there; what is said is that they do not matter."""
    loss = [[0, 1000, 2.0, 2.0], [1000, 2000, 1.98, 1.98], [2000, 3000, 1.96, 1.96]]
    run = make_run(loss=loss, noise=0.007, epochs=3)
    found = diagnose(run, scan(run), Settings(select=("epoch-step-drop",)))
    assert "too little to matter" in str(found.ruled_out[0].text)


def test_a_climb_is_placed_where_it_begins():
    """Not where a tenth of it is done: that is 30 points later here."""
    run = make_run(loss=[[0, 3000, 2.5, 2.0], [3000, 6000, 2.0, 6.0]], noise=0.03, seed=2)
    (climb,) = diagnose(run, scan(run), Settings(select=("divergence",))).findings
    assert climb.start_step is not None
    assert abs(climb.start_step - 3000) <= 200


def test_a_climb_into_nan_is_told_with_where_it_began():
    """The restart is before the climb, and not at the last number before NaN."""
    climbing = [2.0, 1.9, 2.1, 1.8, 1.9, 2.0, 2.6, 4.1, 8.3, 30.0, 400.0, 9000.0]
    loss = {10 * at: value for at, value in enumerate([*climbing, math.nan, math.nan], 1)}
    run = make_run(loss=loss)
    found = {f.rule: f for f in diagnose(run, scan(run), Settings()).findings}
    assert {"divergence", "non-finite-loss"} <= set(found)
    assert "at or before step 50" in str(found["non-finite-loss"].remedies[0])


def test_a_blow_up_of_a_few_points_into_nan_is_one_event():
    """The climb and the NaN behind it are told once."""
    loss = {10 * at: 2.0 + 0.02 * (at % 3) for at in range(1, 36)}
    loss |= {360: 3.1, 370: 9.0, 380: 80.0, 390: math.nan, 400: math.nan}
    run = make_run(loss=loss)
    assert [f.rule for f in diagnose(run, scan(run), Settings()).findings] == ["non-finite-loss"]


def test_no_batch_is_blamed_where_the_loss_explodes_before_nan():
    """A batch without labels is NaN at once; a finite loss of 1e35 was not computed in fp16."""
    loss = {5 * at: 0.3 + 0.04 * (at % 3) for at in range(1, 81)}
    loss |= {405: 2e6, 410: 1e13, 415: 3e20, 420: 2e28, 425: 2e35, 430: math.nan, 435: math.nan}
    run = make_run(loss=loss)
    (found,) = diagnose(run, scan(run), Settings(select=("non-finite-loss",))).findings
    assert [cause.id for cause in found.causes] == ["learning-rate-too-high"]


def test_a_rise_into_nan_is_not_just_before_the_end_of_the_log():
    """NaN behind it is no way back: it stays up."""
    noise = random.Random(0)  # noqa: S311 - no secret
    level = dict.fromkeys(range(80), 0.3) | dict.fromkeys(range(80, 84), 0.9)
    loss = {step: value * math.exp(noise.gauss(0, 0.03)) for step, value in level.items()}
    for after, said in (({}, "too few to show"), ({84: math.nan, 85: math.nan}, "stays there")):
        run = make_run(loss=loss | after)
        (found,) = diagnose(run, scan(run), Settings(select=("loss-jump",))).findings
        assert said in str(found.message)


def test_nan_gradients_and_a_rate_that_never_moves_are_one_finding():
    """No update is made, so rate and loss stay: advice to set a rate would mislead."""
    steps = range(1, 31)
    run = make_run(
        loss={step: 4.3 + 0.01 * (step % 3) for step in steps},
        grad_norm=dict.fromkeys(steps, math.nan),
        learning_rate=0.0,
        config={"fp16": True},
    )
    found = diagnose(run, scan(run), Settings())
    assert [finding.rule for finding in found.findings] == ["non-finite-loss"]


@pytest.mark.parametrize("framework", [None, "lightning", "nanogpt"])
@pytest.mark.parametrize("config", [{}, {"vocab_size": 50304}])
def test_a_program_of_any_task_is_told_of_tokens_only_where_a_vocabulary_shows(framework, config):
    """Attention, labels of -100 and functions of PyTorch are of text models and of PyTorch."""
    run = {"loss": {**dict.fromkeys(range(1, 20), 1.5), 20: math.nan, 21: math.nan}}
    known = {"framework": framework, "config": config}
    (finding,) = _findings("non-finite-loss", {"run": run | known})
    said = " ".join(_texts(finding))
    own = ("attention", "-100", "torch", "bf16 often")
    assert all((word in said) == bool(config) for word in own)


def test_zeros_of_an_unknown_program_are_no_matter_of_the_settings_of_another():
    """The filter of NaN, the collator and the template are of transformers."""
    run = {"loss": {1: 0.4, 2: 0.2, 3: 0.3, 4: 0.25, 5: 0.0, 6: 0.0, 7: 0.0}}
    for framework, told in (("transformers", True), (None, False)):
        (finding,) = _findings("zero-loss", {"run": run | {"framework": framework}})
        said = " ".join(_texts(finding))
        assert all((word in said) == told for word in ("nan_inf_filter", "collator", "-100"))


def test_a_spike_that_decays_to_the_end_is_no_climb():
    """Its tail ends above the level before, and comes down all the time."""
    loss = {step: 0.08 + 0.008 * math.sin(1.7 * step) for step in range(10, 600, 10)}
    tail = {step: 0.08 + 18 * math.exp(-(step - 600) / 20) for step in range(600, 700, 10)}
    run = make_run(loss=loss | tail)
    found = diagnose(run, scan(run), Settings())
    assert [finding.rule for finding in found.findings] == ["loss-spike"]


def test_a_point_at_each_epoch_end_is_no_wave():
    """One finding says that the last group is incomplete; no second one speaks of a period."""
    ends = {"loss": dict.fromkeys(range(100, 4000, 100), 1.3)}
    recipe = {"loss": [[0, 4000, 2.2, 2.0]], "noise": 0.02, "epochs": 40, "put": ends}
    run = make_run(**recipe)
    found = diagnose(run, scan(run), Settings())
    assert [finding.rule for finding in found.findings] == ["incomplete-accumulation"]
    assert "periodic-loss" in {out.rule for out in found.ruled_out}


def test_a_spike_that_has_not_gone_is_one_finding():
    """What is left of it at the end is its own, and no climb that begins long before."""
    shape = [[400, 700, 2.03, 2.05], [700, 760, 4.1, 3.3], [760, 840, 3.2, 2.7]]
    loss = [[0, 400, 2.6, 2.01], *shape, [840, 1000, 2.65, 2.48]]
    run = make_run(loss=loss, noise=0.01, seed=2)
    (found,) = diagnose(run, scan(run), Settings()).findings
    assert found.start_step == 710
