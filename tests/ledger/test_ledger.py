"""Findings get their words; look-alikes are ruled out; broken rules do not silence others."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from msgspec.structs import replace

from lossscan import rules
from lossscan.errors import ExaminationFailed, SettingsError, UsageError
from lossscan.ledger import Diagnosis, diagnose
from lossscan.model import (
    Advice,
    Cause,
    Episode,
    Evidence,
    Finding,
    Message,
    RuledOut,
    Run,
    Schedule,
    Series,
    Severity,
    Signals,
)
from lossscan.rules.kit.case import Case
from lossscan.settings import Settings
from lossscan.signals import scan
from lossscan.words.pages import load_page
from tests.curves import make_run

RUN = make_run(loss=[[0, 200, 2.0, 1.0]], epochs=2, config={"learning_rate": 5e-4})
SPIKE = Finding(0.8, claims=frozenset({40}), rule="loss-spike")
ISOLATED = replace(SPIKE, message=Message("isolated"))
NAN = Finding(0.97, message=Message("dropped", step=50, count=3), rule="non-finite-loss")


@pytest.fixture
def says(monkeypatch: pytest.MonkeyPatch):
    """Let the rules say what a test puts into their mouths, by rule."""

    def put(run: Run = RUN, **words: object) -> Diagnosis:
        names = tuple(name.replace("_", "-") for name in words)

        def load(name: str) -> rules.Rule:
            def check(_case: Case) -> Iterator[rules.Outcome]:
                said = words[name.replace("-", "_")]
                if isinstance(said, BaseException):
                    raise said
                yield from said  # type: ignore[misc]

            return rules.Rule(name, check)

        monkeypatch.setattr("lossscan.ledger.load_rule", load)
        return diagnose(run, Signals(), Settings(select=names))

    return put


def test_a_finding_has_a_severity_once_the_ledger_knows_its_page(says):
    """A rule leaves it to the page; asked before, the finding says so instead of guessing."""
    with pytest.raises(ValueError, match="non-finite-loss"):
        _ = replace(NAN, stated_severity=None).severity
    (finding,) = says(non_finite_loss=[NAN]).findings
    assert finding.severity is Severity.CRITICAL


@pytest.mark.parametrize("raised", [SystemExit(0), GeneratorExit()])
def test_the_only_rule_cannot_end_the_command(says, raised):
    """Nothing was judged: that is an error of the run, and no status of the rule's own."""
    with pytest.raises(ExaminationFailed, match=type(raised).__name__):
        says(non_finite_loss=raised)


def test_diagnose_puts_a_finding_into_words(says):
    """A finding has the page's title and severity, and its numbers in its message."""
    (finding,) = says(non_finite_loss=[NAN]).findings
    assert finding.severity is Severity.CRITICAL
    assert "3 NaN iterations" in str(finding.message)
    assert "step 50" in str(finding.message)


def test_diagnose_speaks_chinese(says):
    """The same finding in the other language."""
    (finding,) = says(non_finite_loss=[NAN]).findings
    assert "3 次 NaN" in finding.message.say("zh")


def test_diagnose_shows_an_unknown_number_as_a_question_mark(says):
    """A number that the rule could not know never breaks a report."""
    (finding,) = says(
        non_finite_loss=[replace(NAN, message=Message("dropped", step=None, count=3))]
    ).findings
    assert "?" in str(finding.message)


def test_diagnose_shows_a_word_where_a_number_was_expected(says):
    """A setting that is no number is shown as it is."""
    (finding,) = says(
        overfitting=[Finding(0.9, message=Message("default", rise="much"), rule="overfitting")]
    ).findings
    assert "much" in str(finding.message)


def test_diagnose_keeps_braces_from_a_log_as_they_are(says):
    """A text from a log that looks like a template is shown, not filled in."""
    evidence = Evidence(Message("setting", field="eval_dataset", value="{step.__class__}"))
    found = Finding(
        0.9, message=Message("no-loss", seen="5"), evidence=(evidence,), rule="eval-missing"
    )
    (finding,) = says(eval_missing=[found]).findings
    assert finding.evidence[0].text.say("en") == "eval_dataset: {step.__class__}"


def test_diagnose_ranks_causes_and_names_their_settings(says):
    """The likeliest cause comes first, with the run's own value, its file and a better one."""
    lower = (Advice("learning_rate", suggest=1e-4), Advice("fp16", suggest=False))
    causes = (
        Cause(Message("numerics"), 0.2),
        Cause(Message("learning-rate-too-high"), 0.7, config=lower),
    )
    (finding,) = says(non_finite_loss=[replace(NAN, causes=causes)]).findings
    assert [cause.id for cause in finding.causes] == ["learning-rate-too-high", "numerics"]
    rate, half = finding.causes[0].config
    assert (rate.value, rate.source, rate.suggest) == (5e-4, "train.yaml", 1e-4)
    assert (half.value, half.source) == (None, None)


def test_diagnose_advises_no_setting_that_is_in_force(says):
    """Where fp16 is off already, turning it off is no advice; bf16 is."""
    run = make_run(loss=[[0, 200, 2.0, 1.0]], config={"fp16": False, "bf16": False})
    advice = (Advice("fp16", suggest=False), Advice("bf16", suggest=True))
    found = replace(NAN, causes=(Cause(Message("half-precision"), 0.5, config=advice),))
    (finding,) = says(run, non_finite_loss=[found]).findings
    assert [each.field for each in finding.causes[0].config] == ["bf16"]


def test_diagnose_gives_each_remedy_once(says):
    """What the finding and its causes advise, without repetition."""
    causes = (Cause(Message("memorisation"), 0.5), Cause(Message("memorisation"), 0.4))
    numbers = {"low_step": 60, "low": 1.0, "rise": 0.1, "high": 1.1}
    found = Finding(
        0.9,
        message=Message("default", **numbers),
        causes=causes,
        remedies=(Message("best-checkpoint"),),
        rule="overfitting",
    )
    (finding,) = says(overfitting=[found]).findings
    assert len(finding.remedies) == 2
    assert "step 60" in str(finding.remedies[0])


def test_diagnose_advises_nothing_against_a_cause_that_is_hardly_one(says):
    """It is listed, so that a reader sees it weighed, with no setting and nothing to do."""
    advice = (Advice("bf16", suggest=True),)
    weighed = Cause(Message("half-precision"), 0.1, config=advice)
    likely = Cause(Message("numerics"), 0.5)
    (finding,) = says(non_finite_loss=[replace(NAN, causes=(likely, weighed))]).findings
    assert [(cause.id, cause.config) for cause in finding.causes][1] == ("half-precision", ())
    assert not [remedy for remedy in finding.remedies if "bf16" in str(remedy)]


@pytest.mark.parametrize(
    ("trainer", "told", "masks"),
    [
        ("transformers", {}, True),  # most of its runs tune language models
        ("transformers", {"eval_mse": [[0, 200, 0.5, 0.2]]}, False),
        ("transformers", {"eval_wer": [[0, 200, 60, 30]]}, True),  # speech has labels
        (
            "transformers",
            {"eval_accuracy": [[0, 200, 0.2, 0.5]], "config": {"vocab_size": 32000}},
            True,
        ),
        ("transformers", {"objective": "classification", "config": {"vocab_size": 30522}}, False),
        ("llamafactory", {"eval_accuracy": [[0, 200, 0.2, 0.5]]}, True),  # of tokens
    ],
)
def test_masks_are_spoken_of_where_tokens_may_be(says, trainer, told, masks):
    """What a run measures, or the head of its model, tells a task that masks no labels."""
    run = make_run(loss=[[0, 200, 2.0, 1.0]], framework=trainer, **told)
    cause = Cause(Message("masked-batch"), 0.5)
    (finding,) = says(run, non_finite_loss=[replace(NAN, causes=(cause,))]).findings
    assert ("mask" in str(finding.causes[0].text)) is masks


def test_diagnose_places_a_finding_in_its_epoch(says):
    """The epoch follows from the steps of an epoch, or from the logged epochs where there are."""
    found = replace(NAN, episodes=(Episode(150, 160), Episode(50, 60)))
    (counted,) = says(non_finite_loss=[found]).findings
    assert (counted.start_step, counted.end_step, counted.epoch) == (50, 160, 0.5)
    logged = Series("epoch", np.array([0, 200]), np.array([0.0, 4.0]))
    with_epochs = replace(RUN, series={**RUN.series, "epoch": logged})
    (read,) = says(with_epochs, non_finite_loss=[found]).findings
    assert read.epoch == 1.0


def test_diagnose_knows_no_epoch_without_a_schedule(says):
    """Without epochs and without a place the fields stay empty."""
    bare = replace(RUN, schedule=Schedule())
    (finding,) = says(bare, non_finite_loss=[replace(NAN, episodes=(Episode(50),))]).findings
    assert finding.epoch is None


def test_diagnose_sorts_the_worst_first(says):
    """Severity, then confidence, then place."""
    early, late = (replace(NAN, episodes=(Episode(step),)) for step in (10, 90))
    info = replace(NAN, stated_severity=Severity.INFO, confidence=0.99)
    sure = replace(NAN, confidence=0.98)
    findings = says(non_finite_loss=[info, late, early, sure]).findings
    assert [f.start_step for f in findings] == [None, 10, 90, None]
    assert [f.severity.rank for f in findings] == [0, 0, 0, 2]


@pytest.mark.parametrize(("said", "shown"), [(1.7, 0.99), (-1.0, 0.01), (0.856, 0.86)])
def test_diagnose_keeps_confidence_a_probability(says, said: float, shown: float):
    """Nothing is certain and nothing impossible, and two digits are enough."""
    (finding,) = says(non_finite_loss=[replace(NAN, confidence=said)]).findings
    assert finding.confidence == shown


def test_diagnose_rules_out_what_another_rule_explains(says):
    """A finding whose changes are all claimed by a rule it yields to becomes a look-alike."""
    peak = Finding(0.7, message=Message("peak"), claims=frozenset({40}), rule="grad-norm-explosion")
    found = says(grad_norm_explosion=[peak], loss_spike=[ISOLATED])
    assert [finding.rule for finding in found.findings] == ["loss-spike"]
    assert [out.rule for out in found.ruled_out] == ["grad-norm-explosion"]


def test_diagnose_names_the_better_explanation_in_the_rule_s_own_words(says):
    """A page may say itself what it means that another rule explains the change."""
    step = Finding(0.9, message=Message("unknown"), claims=frozenset({40}), rule="epoch-step-drop")
    resumed = Finding(
        0.9, message=Message("loss"), claims=frozenset({40}), rule="resume-discontinuity"
    )
    (out,) = says(epoch_step_drop=[step], resume_discontinuity=[resumed]).ruled_out
    assert out.rule == "epoch-step-drop"
    assert load_page("resume-discontinuity").title["en"] in str(out.text)


def test_diagnose_keeps_a_finding_that_is_only_partly_explained(says):
    """One change of two being claimed is not enough."""
    peak = Finding(
        0.7, message=Message("peak"), claims=frozenset({40, 90}), rule="grad-norm-explosion"
    )
    found = says(grad_norm_explosion=[peak], loss_spike=[ISOLATED])
    assert {finding.rule for finding in found.findings} == {"grad-norm-explosion", "loss-spike"}


def test_diagnose_says_what_a_rule_excluded(says):
    """A look-alike is told in words, unless the same rule found something after all."""
    excluded = RuledOut(Message("no-rise", low=1.0, high=1.01), rule="overfitting")
    assert "1.01" in says(overfitting=[excluded]).ruled_out[0].text.say("en")
    assert says(overfitting=[excluded, Finding(0.9, rule="overfitting")]).ruled_out == ()


def test_diagnose_survives_a_broken_rule(says):
    """A crash inside one rule becomes a remark that names it, and the others still speak."""
    found = says(loss_spike=KeyError("x"), non_finite_loss=[NAN])
    assert [finding.rule for finding in found.findings] == ["non-finite-loss"]
    assert "loss-spike" in found.remarks[0]


def test_diagnose_survives_a_rule_without_words(says):
    """An id without a text is a fault of the rule, not of the report."""
    found = says(non_finite_loss=[replace(NAN, message=Message("no-such-message"))], plateau=[])
    assert "non-finite-loss" in found.remarks[0]


def test_diagnose_says_that_a_run_is_too_short():
    """Seven points of the loss cannot be judged, eight can."""
    short, enough = (make_run(loss=dict.fromkeys(range(1, n), 1.0)) for n in (8, 9))
    assert "7 logged points" in diagnose(short, Signals(), Settings(select=("plateau",))).remarks[0]
    assert not diagnose(enough, Signals(), Settings(select=("plateau",))).remarks


def test_diagnose_refuses_a_rule_that_does_not_exist():
    """A misspelt rule is an error that names the nearest one."""
    with pytest.raises(UsageError) as caught:
        diagnose(RUN, Signals(), Settings(select=("los-jump",)))
    assert "loss-jump" in caught.value.hint


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"platea": {}}, "plateau"),
        ({"plateau": {"max_chang": 0.1}}, "max_change"),
        ({"plateau": {"severty": "info"}}, "severity"),
        ({"plateau": {"max_change": "much"}}, "0.01"),
        ({"plateau": {"max_change": True}}, "0.01"),
        ({"non-finite-loss": {"tolerated": 1.5}}, "3"),
    ],
)
def test_diagnose_refuses_options_that_no_rule_takes(given: dict[str, object], told: str):
    """A rule, an option or a value that does not fit is an error that names what would."""
    with pytest.raises(SettingsError) as caught:
        diagnose(RUN, Signals(), Settings(rules=given, source="lossscan.yaml"))  # type: ignore[arg-type]
    assert told in caught.value.hint
    assert str(caught.value).startswith("lossscan.yaml: rules.")


def test_diagnose_hands_options_to_the_rule():
    """An option from the settings changes what a rule says."""
    run = make_run(
        loss=[[0, 800, 1.2, 0.4]],
        eval_loss={200: 0.95, 400: 0.9, 500: 0.92, 600: 0.93, 700: 0.94, 800: 0.95},
    )
    for options, count in (({}, 1), ({"min_rise": 0.1}, 0)):
        chosen = Settings(select=("overfitting",), rules={"overfitting": options})
        assert len(diagnose(run, Signals(), chosen).findings) == count


def test_diagnose_leaves_ignored_rules_out():
    """An ignored rule says nothing."""
    run = make_run(framework="megatron", loss=[[0, 200, 35.0, 30.0]])
    assert diagnose(run, Signals(), Settings(select=("high-initial-loss",))).findings
    ignoring = Settings(select=("high-initial-loss", "plateau"), ignore=("high-initial-loss",))
    assert diagnose(run, Signals(), ignoring) == Diagnosis()


def test_diagnose_shows_the_first_of_much_evidence(says):
    """Of evidence of one kind the first is shown, and how much more there is."""
    numbers = {"epoch": 1, "before": 2.0, "after": 1.0, "drop": 0.5, "p": 0.1}
    steps = [Evidence(Message("step", **numbers), step=step) for step in range(30)]
    rate = Evidence(Message("learning-rate", rate=1.0, share=1.0, limit=1.0))
    (finding,) = says(
        epoch_step_drop=[
            Finding(
                0.9, message=Message("unknown"), evidence=(*steps, rate), rule="epoch-step-drop"
            )
        ]
    ).findings
    assert len(finding.evidence) == 8
    assert [each.step for each in finding.evidence[:6]] == list(range(6))
    assert str(finding.evidence[6].text).startswith("the learning rate")
    assert str(finding.evidence[7].text) == "24 more lines of the same kinds"


def test_diagnose_titles_a_rise_at_the_end_as_one():
    """Where the log ends too early to tell whether a rise stays, its title claims no more."""
    run = make_run(loss=[[0, 3000, 2.0, 1.9]], noise=0.02, put={"loss": {3000: 90.0}})
    (finding,) = diagnose(run, scan(run), Settings(select=("loss-jump",))).findings
    assert str(finding.title) == "The loss rises just before the log ends"


def test_diagnose_accounts_for_an_event_by_a_finding_that_stands():
    """Of a loss that explodes into NaN no rule is named that has yielded to another."""
    lost = {step: float("nan") for step in range(430, 1001, 10)}
    run = make_run(loss=[[0, 400, 3.3, 3.2], [400, 420, 1e4, 1e13]], noise=0.02, put={"loss": lost})
    found = diagnose(run, scan(run), Settings())
    owners = {point.accounted_for.rule for point in found.change_points}
    assert owners
    assert not owners - {finding.rule for finding in found.findings}


@pytest.mark.parametrize(("rate_falls", "drops"), [(3900, []), (2900, [4010])])
def test_the_end_of_the_last_climb_is_told_unless_the_rate_falls_within_it(
    rate_falls: int, drops: list[int]
):
    """A loss climbs in each of four epochs and falls back at its end, the last time to stay."""
    run = make_run(
        loss=[
            *([start, start + 1000, 2.0, 2.6] for start in range(0, 4000, 1000)),
            [4000, 6000, 2.0, 2.0],
        ],
        learning_rate=[[0, rate_falls, 1e-3, 1e-3], [rate_falls, 6000, 1e-4, 1e-4]],
        landmarks=[["lr_change", rate_falls]],
        noise=0.01,
        epochs=6,
    )
    found = diagnose(run, scan(run), Settings()).findings
    assert [f.start_step for f in found if f.rule == "unexplained-drop"] == drops


def test_a_small_rise_at_a_restart_of_the_rate_is_the_schedule():
    """Each cycle begins a few percent higher and comes down: nobody is to be told of a jump."""
    cycles = [[first, first + 200] for first in range(0, 600, 200)]
    run = make_run(
        every=1,
        loss=[[*cycle, 1.08 * 0.98**at, 0.98**at] for at, cycle in enumerate(cycles)],
        learning_rate=[[1 + first, 1 + last, 1e-3, 1e-5] for first, last in cycles],  # a point late
        landmarks=[["lr_change", 201], ["lr_change", 401]],
        noise=0.005,
    )
    found = diagnose(run, scan(run), Settings())
    assert any(change.kind == "level_up" for change in found.change_points)
    assert not [each.rule for each in found.findings]
