"""One run, and many, from their files to their reports."""

from pathlib import Path

import pytest

from lossscan import api, pipeline
from lossscan.errors import InputError, NoLogFound, UsageError
from lossscan.model import Severity
from lossscan.settings import Settings
from tests.reports import jumped


def test_ranked_puts_the_severities_of_the_user_first():
    """A severity in the settings decides the order of the findings, and with it the status."""
    chosen = {"loss-jump": Severity.INFO, "epoch-step-drop": Severity.WARNING}
    ranked = pipeline._ranked(jumped().findings, Settings(severities=chosen))
    assert [(f.rule, f.severity) for f in ranked] == [
        ("epoch-step-drop", "warning"),
        ("loss-jump", "info"),
    ]


def test_examine_says_what_a_reader_survived(tmp_path):
    """A line that could not be read is a remark of the report."""
    log = tmp_path / "trainer_log.jsonl"
    rows = [f'{{"step": {i}, "loss": {3 - i / 50}}}' for i in range(1, 40)]
    log.write_text("\n".join([*rows[:20], "{broken", *rows[20:]]), encoding="utf-8")
    assert any(
        "trainer_log.jsonl: skipped 1 unreadable line" in r
        for r in pipeline.examine(log, Settings()).remarks
    )


def test_examine_names_a_run_in_the_current_folder(make_run, monkeypatch):
    """`lossscan analyze .` knows what the folder is called."""
    monkeypatch.chdir(make_run("sft-7b"))
    assert pipeline.examine(Path(), Settings()).name == "sft-7b"


def test_examine_of_several_runs_names_some_of_them(make_run, tmp_path):
    """A folder of runs is no run: the error says which there are."""
    for name in "abcd":
        make_run(f"runs/{name}")
    with pytest.raises(InputError, match="4 runs") as caught:
        pipeline.examine(tmp_path / "runs", Settings())
    assert "lossscan batch" in caught.value.hint


def test_examine_of_nothing_says_what_to_pass(tmp_path):
    """An empty folder is named, with the way out."""
    with pytest.raises(NoLogFound, match=tmp_path.name) as caught:
        pipeline.examine(tmp_path, Settings())
    assert "output directory" in caught.value.hint


def test_batch_survives_a_run_that_breaks_lossscan(make_run, tmp_path, monkeypatch):
    """A bug met in one run is a row that says so; the others are judged."""
    for name in "ab":
        make_run(f"runs/{name}")
    real = pipeline.examine

    def flawed(files, settings):
        if files.root.name == "a":
            raise ZeroDivisionError("oh")
        return real(files, settings)

    monkeypatch.setattr("lossscan.pipeline.examine", flawed)
    first, second = api.batch([tmp_path / "runs"]).runs
    assert (first.status, second.status) == ("error", "ok")
    assert first.error is not None
    assert first.error.type == "ExaminationFailed"
    assert "internal error: ZeroDivisionError" in first.error.message


def test_batch_raises_for_settings_that_fit_no_run(make_run):
    """A rule that does not exist is the user's slip, and not the fate of a run."""
    with pytest.raises(UsageError):
        api.batch([make_run()], settings=Settings(select=("loss-jmp",)))


@pytest.mark.parametrize(("begins", "told"), [(0.05, []), (3.0, ["eval-mismatch"])])
def test_a_training_that_goes_on_from_one_before_it_in_the_log(begins: float, told, tmp_path):
    """What that one learned by heart is no evaluation of another kind; one begun anew is judged."""
    first = [(4 * 0.8**at, 0.5) for at in range(20)]
    again = [(begins * 0.8**at, 50.0 if begins > 1 else 0.55) for at in range(20)]
    rows = "".join(f"{n},{a},{b}\n" for part in (first, again) for n, (a, b) in enumerate(part, 1))
    (tmp_path / "loss_log.csv").write_text(f"epoch,train_loss,val_loss\n{rows}", encoding="utf-8")
    report = api.analyze(tmp_path)
    assert [found.rule for found in report.findings if found.rule == "eval-mismatch"] == told
