"""What CONTRIBUTING shows works as it stands there: its files are written and run."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHOWN = re.compile(
    r"`(lossscan/[\w/-]+\.(?:py|yaml))`[^`]*\n\n```(?:python|yaml)\n(.*?)```", re.DOTALL
)
RATES = [1e-6] * 20 + [1e-2] * 20
LOG = "".join(f"[acme] update {i} ce {3 - i / 50:.4f} lr {rate}\n" for i, rate in enumerate(RATES))
Command = Callable[..., str]


def shown() -> dict[str, str]:
    """The files that the page shows, by their places."""
    return dict(SHOWN.findall((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def lossscan(tmp_path_factory: pytest.TempPathFactory) -> Command:
    """The command of a copy of the package with the files of the page in it, and a run."""
    house = tmp_path_factory.mktemp("house")
    shutil.copytree(ROOT / "lossscan", house / "lossscan")
    for place, text in shown().items():
        assert not (house / place).exists()
        (house / place).write_text(text, encoding="utf-8")
    (house / "run").mkdir()
    (house / "run" / "train.log").write_text(LOG)

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "lossscan", *arguments],
            cwd=house,
            env=os.environ | {"PYTHONPATH": str(house), "LC_ALL": "C.UTF-8"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode < 2, done.stderr
        return done.stdout

    return run


def test_every_open_folder_has_its_recipe():
    """A format, a rule, a report format and a verb are shown, each as a whole file."""
    folders = {str(Path(place).parent) for place in shown()}
    assert folders == {
        f"lossscan/{name}" for name in ("formats", "rules", "words/rules", "reporters", "commands")
    }


def test_the_format_of_the_page_reads_a_log(lossscan: Command):
    """The new file alone makes the log readable."""
    (source,) = json.loads(lossscan("analyze", "run", "--format", "json"))["run"]["sources"]
    assert (source["format"], source["points"]) == ("acme_console", 40)


@pytest.mark.parametrize(
    ("lang", "message"),
    [
        ("en", "At step 20 the learning rate grows from 1e-6 to 0.01."),
        ("zh", "第 20 步学习率由 1e-6 变为 0.01。"),
    ],
)
def test_the_rule_of_the_page_speaks(lossscan: Command, lang: str, message: str):
    """The new rule finds what it looks for and says it in both languages."""
    asked = ("analyze", "run", "--format", "json", "--lang", lang, "--select", "rate-restart")
    (finding,) = json.loads(lossscan(*asked))["findings"]
    assert finding["message"] == message


def test_the_report_format_of_the_page_is_printed(lossscan: Command):
    """`--format` takes its name."""
    assert lossscan("batch", ".", "--format", "names") == "warning 'run'\n"


def test_the_verb_of_the_page_runs(lossscan: Command):
    """The command has the new verb, with its help."""
    assert lossscan("count", ".") == "1\n"
    assert "Count the runs below a folder." in lossscan("count", "--help")
