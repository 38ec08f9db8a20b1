"""The hook, the action, the GitLab template and the container do what they promise."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

import pytest
import yaml

from lossscan.commands import main

ROOT = Path(__file__).parents[2]
PATHS = f"{sysconfig.get_path('scripts')}:{os.environ['PATH']}"
RUNS = [("nan", 1), ("clean-finetune", 0)]  # and the status that a gate should have


def _loaded(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


def _run(script: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/bash", "-eo", "pipefail", "-c", script],
        cwd=folder,
        env={"PATH": PATHS, "LC_ALL": "C.UTF-8", **variables},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def _checkout(folder: Path, run: str) -> None:
    shutil.copytree(ROOT / "sample_logs" / run, folder / "runs" / "sft")


@pytest.mark.parametrize(("run", "status"), RUNS)
def test_the_steps_of_the_action_report_and_gate(run: str, status: int, tmp_path: Path) -> None:
    """With its defaults: a SARIF file, a summary with causes, and the gate's own status last."""
    _checkout(tmp_path, run)
    action = _loaded("action.yml")
    inputs = {key: each["default"] for key, each in action["inputs"].items()}
    summary = tmp_path / "summary.md"
    done = [
        _run(
            step["run"],
            tmp_path,
            GITHUB_STEP_SUMMARY=str(summary),
            **{key: _filled(text, inputs) for key, text in step["env"].items()},
        ).returncode
        for step in action["runs"]["steps"]
        if "lossscan" in step.get("run", "")
    ]
    assert done == [0, status]
    assert json.loads((tmp_path / inputs["sarif"]).read_text("utf-8"))["version"] == "2.1.0"
    assert ("What to do" in summary.read_text("utf-8")) is bool(status)


def _filled(text: str, inputs: dict[str, str]) -> str:
    return re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda found: inputs[found[1]], text)


def test_no_step_of_the_action_pastes_an_input_into_its_script() -> None:
    """An input is data: it reaches a script as a variable, and runs no command of its own."""
    for step in _loaded("action.yml")["runs"]["steps"]:
        assert "${{" not in step.get("run", "")


@pytest.mark.parametrize(("run", "status"), RUNS)
def test_the_hook_gates_the_files_it_is_given(
    run: str, status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pre-commit hands it the files that match."""
    _checkout(tmp_path, run)
    monkeypatch.chdir(tmp_path)
    (hook,) = _loaded(".pre-commit-hooks.yaml")
    file = "runs/sft/trainer_state.json"
    assert re.search(hook["files"], file)
    _, *arguments = shlex.split(hook["entry"])
    assert main([*arguments, file]) == status


def test_the_gitlab_template_gates_and_leaves_its_reports(tmp_path: Path) -> None:
    """The last command decides; both reports are where the template says."""
    _checkout(tmp_path, "nan")
    job = _loaded("ci/gitlab.yml")[".lossscan"]
    commands = [each for each in job["script"] if each.startswith("lossscan ")]
    done = [_run(each, tmp_path, **job["variables"]).returncode for each in commands]
    assert done == [0, 1]
    assert all((tmp_path / file).is_file() for file in job["artifacts"]["reports"].values())


def test_the_container_runs_as_nobody_and_holds_what_builds_the_wheel() -> None:
    """No root at run time, and nothing goes in but what the sdist holds."""
    lines = (ROOT / "Dockerfile").read_text("utf-8").splitlines()
    assert lines.index("USER 10001") < next(
        number for number, line in enumerate(lines) if line.startswith("ENTRYPOINT")
    )
    allowed = [
        line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line[0] == "!"
    ]
    assert all((ROOT / name).exists() for name in allowed)
    assert {"lossscan", "pyproject.toml", "README.md"} <= set(allowed)
