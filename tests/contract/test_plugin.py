"""Other packages add formats, rules and report formats; a broken one is named."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs" / "plugin"
RATES = [1e-4] * 20 + [1e-2] * 20
LOG = "".join(f"[acme] update {i} ce {3 - i / 50:.4f} lr {rate}\n" for i, rate in enumerate(RATES))
Command = Callable[..., "subprocess.CompletedProcess[str]"]


def install(site: Path, name: str, points: dict[str, dict[str, str]]) -> None:
    """What an installer leaves of a package: its entry points."""
    info = site / f"{name.replace('-', '_')}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    sections = (
        f"[{group}]\n" + "".join(f"{key} = {value}\n" for key, value in members.items())
        for group, members in points.items()
    )
    (info / "entry_points.txt").write_text("\n".join(sections))


@pytest.fixture
def lossscan(tmp_path: Path) -> Command:
    """The command with what lies in `tmp_path/site` installed, in an empty folder."""
    (tmp_path / "here").mkdir()

    def run(*arguments: str, start: str = "-mlossscan") -> subprocess.CompletedProcess[str]:
        path = os.pathsep.join(map(str, (tmp_path / "site", EXAMPLE, ROOT)))
        return subprocess.run(
            [sys.executable, start, *arguments],
            cwd=tmp_path / "here",
            env=os.environ | {"PYTHONPATH": path, "LC_ALL": "C.UTF-8"},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture
def example(tmp_path: Path, lossscan: Command) -> Command:
    """The same with the example of the documentation installed, and a log of its trainer."""
    stated = tomllib.loads((EXAMPLE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    install(tmp_path / "site", stated["name"], stated["entry-points"])
    (tmp_path / "here" / "run").mkdir()
    (tmp_path / "here" / "run" / "acme-1.out").write_text(LOG)
    return lossscan


def test_a_package_adds_a_format_and_a_rule(example: Command):
    """Its log is read and its rule speaks, with the words that the package brings."""
    done = example("analyze", "run", "--format", "json", "--select", "acme-restart")
    report = json.loads(done.stdout)
    assert report["run"]["sources"][0]["format"] == "acme_console"
    (finding,) = report["findings"]
    assert finding["message"] == "At step 20 the learning rate grows from 1e-4 to 0.01."
    assert done.returncode == 0


def test_a_package_adds_a_report_format(example: Command):
    """`--format` takes its name."""
    assert example("batch", ".", "--format", "acme").stdout.split() == ["warning", "run"]


def test_the_rule_of_a_package_is_listed_explained_and_set(example: Command):
    """Its rule is one like any other: in the list, on a page, and in the settings."""
    asked = [["rules"], ["explain", "acme-restart"], ["config"]]
    each = f"from lossscan.commands import main\nfor each in {asked}:\n    main(each), print('---')"
    done = example(start=f"-c{each}")
    listed, explained, settings = done.stdout.split("---\n")[:3]
    assert "acme-restart" in listed, done.stderr
    assert "restarts when" in explained
    assert "rules.acme-restart.least" in settings


def test_a_package_that_cannot_be_imported_is_named(tmp_path: Path, lossscan: Command):
    """A broken package is told by its name with the way out, and no run is judged without it."""
    install(tmp_path / "site", "acme-lossscan", {"lossscan.formats": {"acme": "no_such:FORMAT"}})
    (tmp_path / "here" / "train.log").write_text(LOG)
    done = lossscan("analyze", ".")
    assert done.returncode == 2
    assert "plug-in acme of acme-lossscan cannot be used: ModuleNotFoundError" in done.stderr
    assert "update or uninstall acme-lossscan" in done.stderr


READER = """
from lossscan.formats.kit.format import Format
def fail(*_): raise {raised}
def claims(head): return True
FORMAT = Format(name="acme", sample="acme", claims={claims}, read=fail, {more})
"""
RAISED = ["SystemExit(0)", "GeneratorExit", "BaseException"]


@pytest.mark.parametrize("raised", RAISED)
@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("raise {raised}", "plug-in acme of acme-lossscan cannot be used: "),
        (READER.replace("{claims}", "claims"), "train.log: as acme: internal error: "),
        (READER.replace("{claims}", "fail"), "train.log: as acme: internal error: "),
        (READER.replace("{claims}, ", "claims, wanted=fail, "), "train.log: as acme: internal "),
        (READER.replace("{claims}, ", "claims, runs=fail, "), "train.log: as acme: internal "),
    ],
)
def test_a_package_that_exits_does_not_end_the_command(
    tmp_path: Path, lossscan: Command, code: str, said: str, raised: str
):
    """As it is imported, asked, or reads: a status of its own would pass for a verdict."""
    install(tmp_path / "site", "acme-lossscan", {"lossscan.formats": {"acme": "acme_exits:FORMAT"}})
    code = code.format(raised=raised, more="")
    (tmp_path / "site" / "acme_exits.py").write_text(code)
    (tmp_path / "here" / "train.log").write_text(LOG)
    done = lossscan("analyze", ".")
    assert done.returncode == 2
    assert said in done.stderr
    assert raised.removesuffix("(0)") in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="has no such signals")
@pytest.mark.parametrize("verb", ["analyze", "batch"])
def test_a_signal_that_comes_while_a_log_is_read_ends_the_command(
    tmp_path: Path, lossscan: Command, verb: str
):
    """It is no fault of the reader, after which the batch would go on."""
    install(tmp_path / "site", "acme-lossscan", {"lossscan.formats": {"acme": "acme_ends:FORMAT"}})
    code = READER.format(raised="os.kill(os.getpid(), 15)", claims="claims", more="")
    (tmp_path / "site" / "acme_ends.py").write_text("import os" + code)
    (tmp_path / "here" / "train.log").write_text(LOG)
    done = lossscan(verb, ".")
    assert done.returncode == 128 + 15, done.stderr
    assert not done.stdout + done.stderr


REPORT = """
from lossscan.reporters import Reporter
def stream(report, page):
    {code}
    yield "text"
REPORTER = Reporter(name="acme", stream=stream, compared=lambda *_: next(stream(*_)))
"""


@pytest.mark.parametrize("verb", ["analyze run", "batch .", "compare run run"])
@pytest.mark.parametrize("code", [*(f"raise {each}" for each in RAISED), "1 / 0", "yield 5"])
def test_a_report_format_that_fails_or_exits_is_named(
    tmp_path: Path, lossscan: Command, code: str, verb: str
):
    """No report is no verdict, whatever status the code of another package would end with."""
    points = {"lossscan.reporters": {"acme": "acme_exits:REPORTER"}}
    install(tmp_path / "site", "acme-lossscan", points)
    (tmp_path / "site" / "acme_exits.py").write_text(REPORT.format(code=code))
    (tmp_path / "here" / "run").mkdir()
    (tmp_path / "here" / "run" / "train.log").write_text(LOG.replace("ce", "loss:"))
    done = lossscan(*verb.split(), "--format", "acme")
    assert done.returncode == 2
    assert not done.stdout
    assert "plug-in acme of acme-lossscan cannot be used: " in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("group", "name", "value", "reason"),
    [
        ("lossscan.formats", "acme", "acme_lossscan:FORMAT", "calls itself 'acme_console'"),
        ("lossscan.rules", "plateau", "acme_lossscan:RULE", "lossscan has one"),
        ("lossscan.rules", "acme", "json:dumps", "calls itself None"),
        ("lossscan.reporters", "acme", "json:dumps", "json:dumps is no Reporter"),
    ],
)
def test_a_package_that_adds_something_else_is_named(
    tmp_path: Path, lossscan: Command, group: str, name: str, value: str, reason: str
):
    """What is of another kind or bears a name that is taken is refused with the reason."""
    install(tmp_path / "site", "acme-lossscan", {group: {name: value}})
    (tmp_path / "here" / "train.log").write_text(LOG)
    asked = {
        "lossscan.formats": ("analyze", "."),
        "lossscan.rules": ("rules",),
        "lossscan.reporters": ("analyze", ".", "--format", "acme"),
    }
    done = lossscan(*asked[group])
    assert done.returncode == 2
    assert f"plug-in {name} of acme-lossscan cannot be used" in done.stderr
    assert reason in done.stderr


def test_two_packages_with_one_name_are_named(tmp_path: Path, lossscan: Command):
    """Of two rules with one name none wins in silence."""
    for package in ("acme-one", "acme-two"):
        points = {"acme-restart": f"{package.replace('-', '_')}:RULE"}
        install(tmp_path / "site", package, {"lossscan.rules": points})
    done = lossscan("rules")
    assert done.returncode == 2
    assert "adds one of the same name" in done.stderr
