"""The jobs of docs/ci.md do what the page says, as far as one machine can tell."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sysconfig
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

from lossscan.commands import main

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
BLOCKS = dict(re.findall(r"^## ([^\n]+)\n(?:(?!^## ).)*?^```\w+\n(.*?)^```$", PAGE, re.M | re.S))
FAILING, PASSING = "nan", "clean-finetune"
PATHS = f"{sysconfig.get_path('scripts')}:{os.environ['PATH']}"


@pytest.fixture(params=[FAILING, PASSING])
def project(request, tmp_path):
    """A checkout with one run under runs/, and the exit status its gate should have."""
    shutil.copytree(ROOT / "sample_logs" / request.param, tmp_path / "runs" / "sft")
    return tmp_path, int(request.param == FAILING)


@pytest.fixture
def run(monkeypatch, capsys):
    """Runs a line of the page in this process, in a folder; gives its status and what it prints."""

    def ran(command, folder, **variables):
        program, *arguments = shlex.split(command)
        assert program == "lossscan"
        for name, value in {"LC_ALL": "C.UTF-8", **variables}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(folder)
        return main(arguments), capsys.readouterr().out

    return ran


def _in_a_shell(command, folder, **variables):
    """The status of a line of the page in a shell."""
    done = subprocess.run(
        ["/bin/bash", "-c", command],
        cwd=folder,
        env={"PATH": PATHS, "LC_ALL": "C.UTF-8", **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode


def _ours(commands):
    return [command for command in commands if command.startswith("lossscan ")]


def test_github_job_gates_and_writes_its_report(project, run):
    """The gate fails the failing run only, the report for code scanning fails nothing."""
    folder, status = project
    steps = yaml.safe_load(BLOCKS["GitHub Actions"])["jobs"]["loss"]["steps"]
    gate, report = _ours(step.get("run", "") for step in steps)
    uploads = [step["with"]["sarif_file"] for step in steps if "upload-sarif" in str(step)]
    summary = folder / "summary.md"
    returned, said = run(gate, folder, GITHUB_STEP_SUMMARY=str(summary))
    assert returned == status
    assert ("::error file=runs/sft/trainer_state.json" in said) is bool(status)
    assert "## lossscan" in summary.read_text(encoding="utf-8")
    assert run(report, folder)[0] == 0
    results = json.loads((folder / uploads[0]).read_text(encoding="utf-8"))["runs"][0]["results"]
    assert any(result["level"] == "error" for result in results) is bool(status)


def test_gitlab_job_writes_both_reports_and_gates(project, run):
    """The last command decides, and the artifacts are where the job says."""
    folder, status = project
    job = yaml.safe_load(BLOCKS["GitLab CI"])["loss"]
    done = [run(command, folder)[0] for command in _ours(job["script"])]
    assert done == [0, status]
    reports = job["artifacts"]["reports"]
    assert isinstance(json.loads((folder / reports["codequality"]).read_text("utf-8")), list)
    assert _failures(folder / reports["junit"]) == status


def test_jenkins_job_writes_the_file_it_publishes(project, run):
    """The step fails with the gate, and the file for `junit` is there either way."""
    folder, status = project
    (command,) = re.findall(r"sh '(.*)'", BLOCKS["Jenkins"])
    (published,) = re.findall(r"junit '(.*)'", BLOCKS["Jenkins"])
    assert run(command, folder)[0] == status
    assert _failures(folder / published) == status


def _failures(file):
    return int(ElementTree.parse(file).getroot().get("failures", ""))  # noqa: S314 - our own


def test_slurm_epilog_marks_a_failed_run(project):
    """The report lies beside the log, and a mark only where the gate failed."""
    folder, status = project
    script = folder / "lossscan-epilog.sh"
    script.write_text(BLOCKS["Slurm"], encoding="utf-8")
    variables = {"RUN_DIR": "runs/sft", "SLURM_JOB_ID": "42"}
    assert _in_a_shell(f"bash {script.name}", folder, **variables) == status
    assert (folder / "runs/sft/lossscan.md").read_text(encoding="utf-8").startswith("## lossscan")
    assert (folder / "runs/sft/LOSSSCAN_FAILED").exists() is bool(status)


def test_pre_commit_hook_judges_the_files_it_names(project, run):
    """The hook is called with the files that match its pattern."""
    folder, status = project
    (hook,) = yaml.safe_load(BLOCKS["pre-commit"])["repos"][0]["hooks"]
    assert re.search(hook["files"], "runs/sft/trainer_state.json")
    assert not re.search(hook["files"], "runs/sft/my_trainer_state.json")
    assert run(f"{hook['entry']} runs/sft/trainer_state.json", folder)[0] == status


def test_baseline_commands_pass_what_they_wrote(project, run):
    """Whatever is there today does not fail tomorrow."""
    folder, _ = project
    commands = BLOCKS["Known findings"].splitlines()
    assert [run(command, folder)[0] for command in commands] == [0, 0]


@pytest.mark.parametrize("command", ["lossscan batch runs", "lossscan batch nowhere"])
def test_nothing_to_analyse_is_status_2(command, tmp_path, run):
    """A gate that saw no log does not pass."""
    (tmp_path / "runs").mkdir()
    assert run(command, tmp_path)[0] == 2


def test_the_first_commands_end_as_the_page_says(run):
    """A newcomer sees the gate fail and pass before writing a job."""
    said = re.findall(r"^(lossscan .*?) +# exit status (\d)$", BLOCKS["Try it here"], re.M)
    assert [status for _, status in said] == ["1", "0"]
    assert [str(run(command, ROOT)[0]) for command, _ in said] == ["1", "0"]
