"""What helps a newcomer at the command line: short options, examples, ways out, completion."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

import lossscan
from lossscan import api
from lossscan.commands import verbs
from tests.e2e.test_cli import cli

ROOT = Path(__file__).parents[2]
RUN = str(ROOT / "sample_logs" / "nan")


def test_a_path_without_a_verb_is_answered_with_the_whole_command() -> None:
    """Whoever forgets the verb can copy the line that works."""
    done = cli(RUN, "--lang", "en")
    assert done.returncode == 2
    assert done.stderr == (
        f'lossscan: "{RUN}" is not a command; did you mean: lossscan analyze {RUN} --lang en\n'
    )
    assert "lossscan batch" in cli("runs/*").stderr
    assert 'did you mean "analyze"' in cli("anlyze").stderr


@pytest.mark.parametrize("verb", verbs())
def test_help_shows_an_example_and_no_type_of_python(verb: str) -> None:
    """Help is in the user's words, and what it shows as an example is a command that parses."""
    text = cli(verb, "--help").stdout
    usage, examples = text.splitlines()[0], text.partition("Examples:")[2].split("\n")
    assert not {"<", "{", "int", "str"} & set(usage.replace("[", " ").split())
    assert "<" not in text
    assert any(line.startswith(f"  lossscan {verb}") for line in examples)


def test_no_summary_of_a_verb_is_cut() -> None:
    """The list of verbs says what each does, to the end."""
    assert "..." not in cli("--help").stdout.partition("Commands:")[2]


def test_short_options_are_the_long_ones(tmp_path: Path) -> None:
    """-f, -o and -V do what people expect of them."""
    file = tmp_path / "report.json"
    assert cli("analyze", RUN, "-f", "json", "-o", str(file)).returncode == 1
    assert json.loads(file.read_text("utf-8"))["run"]["name"] == "nan"
    assert cli("-V").stdout == f"lossscan {lossscan.__version__}\n"


def test_quiet_keeps_remarks_back_and_no_error(tmp_path: Path) -> None:
    """Only what went wrong is said."""
    settings = tmp_path / "own.yaml"
    settings.write_text("suppress: [{rule: plateau, reason: known}]\n")
    told = ["analyze", RUN, "--config", str(settings)]
    assert "plateau" in cli(*told).stderr
    assert cli(*told, "-q").stderr == ""
    assert cli("-q", "analyze", "nowhere").stderr.startswith("lossscan: ")


@pytest.mark.parametrize(
    ("variables", "colored"),
    [({}, False), ({"FORCE_COLOR": "1"}, True), ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False)],
)
def test_colors_in_a_pipe_are_there_when_forced(
    variables: dict[str, str], *, colored: bool
) -> None:
    """NO_COLOR goes before FORCE_COLOR."""
    assert ("\x1b[" in cli("rules", **variables).stdout) is colored


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_verbs_rules_and_formats(shell: str) -> None:
    """What the script of each shell asks for is answered with the words that fit."""
    assert "_LOSSSCAN_COMPLETE" in cli(_LOSSSCAN_COMPLETE=f"source_{shell}").stdout

    def completed(line: str) -> str:
        words = {
            "_TYPER_COMPLETE_ARGS": line,
            "COMP_WORDS": line,
            "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        }
        count = {"COMP_CWORD": str(len(line.split()) - 1)}
        return cli(_LOSSSCAN_COMPLETE=f"complete_{shell}", **words, **count).stdout

    assert "compare" in completed("lossscan comp")
    assert "loss-spike" in completed("lossscan explain loss-s")
    assert "sarif" in completed("lossscan analyze -f sa")
    assert "loss-jump,loss-spike" in completed("lossscan analyze --select loss-jump,loss-s")


def test_schema_prints_what_reports_keep_to(tmp_path: Path) -> None:
    """A script can check a report with nothing but the installed package."""
    schema = json.loads(cli("schema", "report").stdout)
    report = json.loads(cli("analyze", RUN, "-f", "json").stdout)
    jsonschema.validate(report, schema)
    assert json.loads(api.schema("settings"))["$schema"]
    assert cli("schema", "rapport").returncode == 2


def test_doctor_says_what_is_installed_and_in_force(tmp_path: Path) -> None:
    """What a maintainer asks first; settings of the folder are named with their file."""
    file = tmp_path / "own.yaml"
    file.write_text("fail-on: warning\n")
    text = cli("doctor", "--config", str(file), "--lang", "en").stdout
    assert lossscan.__version__ in text
    assert "numpy" in text
    assert "fail-on=warning" in text.replace("\n", " ")
    found = json.loads(cli("doctor", "-f", "json").stdout)
    assert set(found["rules"]) == set(lossscan.rule_names())
    assert "pip install 'lossscan[" in text or all(found["extras"].values())
