"""The gate as a CI job meets it: baselines, suppressions, formats, and what is in force."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from sarif_kit.validate import validation_errors

from lossscan import commands
from tests.e2e.test_cli import SAMPLES, assert_refused, installed


@dataclass(frozen=True)
class Done:
    """How a command ended, as `cli` tells it."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder with a run that fails the gate and one that passes it."""
    (tmp_path / "runs").mkdir()
    for name in ("nan", "clean-finetune"):
        (tmp_path / "runs" / name).symlink_to(SAMPLES / name, target_is_directory=True)
    return tmp_path


@pytest.fixture
def lossscan(project, monkeypatch, capsys):
    """The command in this process, started in the project: faster than a new one each time."""
    monkeypatch.chdir(project)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("COLUMNS", "100")

    def run(*arguments):
        status = commands.main([str(argument) for argument in arguments])
        return Done(status, *capsys.readouterr())

    return run


def _settings(project: Path, text: str) -> None:
    (project / "lossscan.yaml").write_text(text, encoding="utf-8")


def _suppress(*, expires="2999-12-31", rules=("zero-loss",)):
    one = "  - {{rule: {}, runs: runs/*, reason: seen in CI, expires: {}}}\n"
    return "suppress:\n" + "".join(one.format(rule, expires) for rule in rules)


# --- baseline ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "verb", [["analyze", "runs/nan"], ["batch", "runs/nan", "runs/clean-finetune"]]
)
def test_baseline_lets_a_known_run_pass(lossscan, verb):
    """A failing gate passes once its findings are known, and still shows them."""
    assert lossscan(*verb).returncode == 1
    assert lossscan(*verb, "--write-baseline", "known.json").returncode == 0
    again = lossscan(*verb, "--baseline", "known.json", "--format", "jsonl")
    rules = [
        (f["rule"], f["waiver"]["by"])
        for line in again.stdout.splitlines()
        for f in json.loads(line)["findings"]
    ]
    assert again.returncode == 0
    assert rules == [("zero-loss", "baseline")]


@pytest.mark.parametrize("form", ["rich", "markdown"])
def test_what_does_not_count_is_told_apart_without_color(lossscan, form):
    """A table with critical runs and exit status 0 says why it passes."""
    lossscan("batch", "runs/nan", "--write-baseline", "known.json")
    text = lossscan("batch", "runs/nan", "--baseline", "known.json", "--format", form).stdout
    assert re.search(r"\(zero-loss@\W?80\)", text)
    assert "runs: 1 (1 critical) · findings not counted: 1 · exit status: 0" in text


def test_baseline_of_another_run_does_not_help(lossscan):
    """What is known of one run still fails in the next."""
    lossscan("analyze", "runs/clean-finetune", "--write-baseline", "known.json")
    assert lossscan("analyze", "runs/nan", "--baseline", "known.json").returncode == 1


def test_baseline_is_gathered_run_by_run(lossscan):
    """Each run adds its own entries and leaves the others'."""
    for name in ("nan", "clean-finetune", "nan"):
        lossscan("analyze", f"runs/{name}", "--write-baseline", "known.json")
    done = lossscan("analyze", "runs/nan", "--baseline", "known.json")
    assert (done.returncode, done.stderr) == (0, "")


def test_baseline_says_what_is_gone(project, lossscan, make_run):
    """A finding that no longer occurs is said on standard error."""
    lossscan("analyze", "runs/nan", "--write-baseline", "known.json")
    (project / "runs" / "nan").unlink()
    make_run("runs/nan")
    done = lossscan("analyze", "runs/nan", "--baseline", "known.json")
    assert done.returncode == 0
    assert "1 in the baseline no longer found: " in done.stderr


def test_a_missing_baseline_is_refused(lossscan):
    """A gate without its baseline does not quietly judge by another measure."""
    done = lossscan("analyze", "runs/nan", "--baseline", "known.json")
    assert_refused(done, "known.json", "--write-baseline")


def test_the_installed_command_gates(project, lossscan):
    """In a job of its own it fails, and passes once the finding is known."""
    lossscan("analyze", "runs/nan", "--write-baseline", "known.json")
    done = installed("analyze", "runs/nan", "--baseline", "known.json", cwd=project)
    assert (done.returncode, done.stderr) == (0, "")
    assert installed("analyze", "runs/nan", cwd=project).returncode == 1


def test_a_baseline_does_not_hide_an_unreadable_run(lossscan):
    """Nothing analysable is status 2, whatever is known."""
    lossscan("batch", "runs/nan", "--write-baseline", "known.json")
    done = lossscan("batch", "runs/nan", "nowhere", "--baseline", "known.json")
    assert done.returncode == 2


# --- suppressions ------------------------------------------------------------------------------


def test_suppression_lets_a_run_pass_with_its_reason(project, lossscan):
    """The settings carry the decision, and the report shows it."""
    _settings(project, _suppress())
    done = lossscan("analyze", "runs/nan")
    assert (done.returncode, done.stderr) == (0, "")
    assert "suppressed until 2999-12-31: seen in CI" in done.stdout


def test_an_expired_suppression_no_longer_counts(project, lossscan):
    """The gate fails again, and says why."""
    _settings(project, _suppress(expires="2020-01-01"))
    done = lossscan("analyze", "runs/nan")
    assert done.returncode == 1
    assert done.stderr.count("expired on 2020-01-01") == 1
    assert "lossscan.yaml: suppress[0]: " in done.stderr


def test_an_unused_suppression_is_said(project, lossscan):
    """It does not stay in the settings unseen."""
    _settings(project, _suppress(rules=("loss-spike",)))
    done = lossscan("batch", "runs/clean-finetune")
    assert done.returncode == 0
    assert "suppress[0]: unused suppression" in done.stderr


def test_severity_overrides_move_the_gate(project, lossscan):
    """A rule made a warning no longer fails the default gate."""
    text = "rules: {zero-loss: {severity: warning}}"
    _settings(project, text)
    assert lossscan("analyze", "runs/nan").returncode == 0
    assert lossscan("analyze", "runs/nan", "--fail-on", "warning").returncode == 1


# --- formats -----------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["junit", "sarif", "github", "gitlab", "markdown"])
def test_a_format_changes_no_exit_status(lossscan, form):
    """What is printed for CI fails and passes as the terminal's report does."""
    assert lossscan("analyze", "runs/nan", "--format", form).returncode == 1
    assert lossscan("analyze", "runs/clean-finetune", "--format", form).returncode == 0


def test_sarif_of_a_project_satisfies_the_schema(project, lossscan):
    """Found, suppressed, broken and out of date: code scanning takes the file as it is."""
    _settings(project, _suppress(rules=("zero-loss", "plateau")))
    broken = project / "runs" / "broken"
    broken.mkdir()
    (broken / "trainer_state.json").write_text('{"log_history": [')
    done = lossscan("batch", "runs", "--format", "sarif")
    assert done.returncode == 2
    assert validation_errors(json.loads(done.stdout)) == []


def test_paths_begin_at_the_current_folder(project, lossscan):
    """However a run is named, annotations point into the checkout."""
    done = lossscan("analyze", project / "runs" / "nan", "--format", "gitlab")
    assert json.loads(done.stdout)[0]["location"]["path"] == "runs/nan/trainer_state.json"


def test_github_appends_to_the_step_summary(project, lossscan, monkeypatch):
    """The summary keeps what earlier commands of the step wrote."""
    summary = project / "summary.md"
    summary.write_text("before\n", encoding="utf-8")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    done = lossscan("analyze", "runs/nan", "--format", "github")
    text = summary.read_text(encoding="utf-8")
    assert text.startswith("before\n## lossscan: runs/nan")
    assert done.stdout.startswith("::error file=runs/nan/trainer_state.json,line=")


def test_github_summary_stays_within_the_limit(project, lossscan, monkeypatch):
    """A summary that is nearly full gets what fits, and no fold stays open."""
    summary = project / "summary.md"
    used = (1 << 20) - 1000
    summary.write_text("x" * used, encoding="utf-8")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    lossscan("analyze", "runs/nan", "--format", "github")
    added = summary.read_text(encoding="utf-8")[used:]
    assert len(added.encode()) <= 1000
    assert added.count("<details>") == added.count("</details>")
    assert "Truncated at the GitHub size limit" in added


# --- settings in force -------------------------------------------------------------------------


def _effective_settings(done):
    return {each["key"]: each for each in json.loads(done.stdout)["settings"]}


def test_config_names_value_and_source_of_every_key(project, lossscan):
    """Defaults, lines of the file and options of the command line are told apart."""
    two = _suppress(rules=("non-finite-loss", "zero-loss"))
    _settings(project, "fail-on: warning\nrules:\n  loss-jump:\n    min_sigma: 9\n" + two)
    found = _effective_settings(lossscan("config", "--format", "json", "--ignore", "plateau"))
    told = {
        "lang": ("en", "default"),
        "fail-on": ("warning", "lossscan.yaml:1"),
        "ignore": (["plateau"], "--ignore"),
        "rules.loss-jump.min_sigma": (9, "lossscan.yaml:4"),
        "rules.loss-jump.severity": ("critical", "default"),
    }
    for key, (value, source) in told.items():
        assert found[key]["value"] == value
        assert found[key]["source"].removeprefix(f"{project}/") == source
    assert found["suppress[1]"]["source"].endswith("lossscan.yaml:7")
    assert found["suppress[1]"]["value"]["expires"] == "2999-12-31"


def test_config_names_the_key_path_in_pyproject(project, lossscan):
    """TOML has no lines to tell, so the table and key are named."""
    text = "[tool.lossscan.rules.loss-jump]\nseverity = 'info'\n"
    (project / "pyproject.toml").write_text(text, encoding="utf-8")
    found = _effective_settings(lossscan("config", "--format", "json"))["rules.loss-jump.severity"]
    assert found["value"] == "info"
    assert found["source"].endswith("pyproject.toml: tool.lossscan.rules.loss-jump.severity")


def test_config_prints_a_line_a_key(lossscan):
    """A person sees the same."""
    lines = lossscan("config", "--fail-on", "never").stdout.splitlines()
    assert ["fail-on", "never", "--fail-on"] in [line.split() for line in lines]


def test_config_keeps_keys_whole_in_a_narrow_terminal(project, lossscan, monkeypatch):
    """A key can be copied, and the file is named from here."""
    monkeypatch.setenv("COLUMNS", "70")
    _settings(project, "rules:\n  incomplete-accumulation: {severity: info}\n")
    lines = lossscan("config").stdout.splitlines()
    key = "rules.incomplete-accumulation.severity"
    assert [key, "info", "lossscan.yaml:2"] in [line.split() for line in lines]


def test_config_refuses_what_analyze_refuses(project, lossscan):
    """A broken settings file is found before the training is."""
    _settings(project, "suppress: [{rule: loss-spik, reason: x}]")
    assert_refused(lossscan("config"), "suppress", "loss-spik", "loss-spike")
    _settings(project, "rules: {loss-jump: {min_sigm: 9}}")
    assert_refused(lossscan("config"), "rules.loss-jump.min_sigm", "min_sigma")


def test_config_refuses_another_format(lossscan):
    """Its formats are two."""
    assert_refused(lossscan("config", "--format", "yaml"), "yaml", "json, rich")
