"""`lossscan compare` as it is installed: exit status, formats, and bad input."""

import json

import pytest

import lossscan
from lossscan.model import Report
from lossscan.reporters import Page, render
from tests.e2e.test_cli import SAMPLES, assert_refused, cli

SCALED, CONTROL = SAMPLES / "ga-scaling", SAMPLES / "ga-scaling-ga1"


@pytest.fixture(scope="module")
def pair():
    """The comparison of the pair that shows the accumulation fault, as JSON."""
    done = cli("compare", SCALED, CONTROL, "--format", "json")
    assert done.returncode == 1
    return json.loads(done.stdout)


def test_compare_finds_the_accumulation_fault_across_runs(pair):
    """Two runs of one config that differ in accumulation steps show it together."""
    (finding,) = pair["findings"]
    assert (finding["rule"], finding["severity"]) == ("ga-loss-scaling", "critical")
    assert finding["effect"]["ratio"] == 8
    assert finding["causes"][0]["id"] == "loss-kwargs-ignored"


def test_compare_explains_the_factor_by_the_accumulation_steps(pair):
    """They part at the first point by a factor, and the setting behind it comes first."""
    comparison = pair["comparison"]
    loss = comparison["partings"][0]
    assert (loss["series"], loss["step"], loss["shape"]) == ("loss", 2, "scale")
    assert loss["ends"]["ratio"] == pytest.approx(1 / 8, rel=0.02)
    first = comparison["differences"][0]
    assert first["field"] == "gradient_accumulation_steps"
    assert {label: stated["value"] for label, stated in first["values"].items()} == {
        "a": 8,
        "b": 1,
    }


def test_compare_tells_the_finding_of_one_run_only(pair):
    """What the control does not have is the difference."""
    (contrast,) = pair["comparison"]["contrasts"]
    assert (contrast["rule"], contrast["present"], contrast["absent"]) == (
        "ga-loss-scaling",
        ["a"],
        ["b"],
    )


def test_compare_of_a_run_with_itself_passes():
    """Nothing parts, nothing is found, and the gate is open."""
    done = cli("compare", CONTROL, CONTROL)
    assert (done.returncode, done.stderr) == (0, "")
    assert "a and b do not diverge" in done.stdout


def test_compare_writes_markdown_to_a_file(tmp_path):
    """--output and --fail-on are those of the other verbs."""
    file = tmp_path / "report.md"
    arguments = ("--format", "markdown", "--output", file, "--fail-on", "never")
    done = cli("compare", SCALED, CONTROL, *arguments)
    assert (done.returncode, done.stdout) == (0, "")
    assert file.read_text(encoding="utf-8").startswith("## lossscan\n")


def test_compare_needs_two_runs():
    """One run has nothing beside it; the hint names the command."""
    assert_refused(cli("compare", CONTROL), "at least 2 runs", "lossscan compare RUN RUN")


def test_compare_names_what_is_no_run(tmp_path):
    """An empty folder is named by its path."""
    assert_refused(cli("compare", CONTROL, tmp_path), tmp_path, "the directory is empty")


def test_compare_refuses_runs_without_common_steps(make_run):
    """Runs that share no step are told with the steps they have."""
    one = make_run("one")
    rows = [{"step": 10_000 + 10 * i, "loss": 2.0} for i in range(60)]
    other = make_run("other", log_history=rows)
    assert_refused(cli("compare", one, other), "loss at steps 10 to 600", "10000 to 10590")


def test_compare_of_api_and_command_line_agree(pair):
    """The JSON of the command is the JSON of the function's report."""
    report = lossscan.compare([SCALED, CONTROL])
    own = json.loads(render("json", report, Page(single=False)))
    assert isinstance(report, Report)
    assert own["comparison"] == pair["comparison"]
