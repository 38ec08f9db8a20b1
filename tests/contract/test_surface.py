"""What users rely on: API and command line agree, everything has help, start-up stays light."""

import inspect
import json
import subprocess
import sys
from functools import cache
from importlib import import_module
from typing import Any

import pytest
from typer.main import get_command

import lossscan
from lossscan import api, commands, reporters
from lossscan.model import Report
from lossscan.reporters import Page, render

HEAVY = {
    *("numpy", "pandas", "ruptures", "scipy", "rich.console", "yaml", "msgspec", "crc32c"),
    *("pydantic", "jinja2", "lossscan.formats", "lossscan.rules"),
}
OWN = {
    "run_dir": "path",
    "roots": "paths",
    "runs": "paths",
    "from_": "first",
    "to": "last",
    "until": "until_complete",
}  # arguments of the command that the API calls otherwise
ONLY_CLI = {"ascii", "format", "output", "show_data"}  # how to show is no matter of the API
OF_SHELL = {"exec_", "webhook", "webhook_style"}  # a script does with a finding what it likes
ONLY_API = {"settings", "progress", "stop", "kind", "output"}  # objects of Python
IN_SETTINGS = {"timeout", "config", "fail_on", "select", "ignore", "lang"}
IN_JUDGE = {"baseline"}  # the gate is a step of its own in the API: judge, and baseline_of
OF_GATE = IN_JUDGE | {"write_baseline"}


def _command(verb) -> Any:
    group: Any = get_command(commands._app())
    return group.get_command(None, verb)


def _options(verb):
    return _command(verb).params


def test_all_names_what_is_exported():
    """Each name of `__all__` is there."""
    assert all(getattr(lossscan, name) is not None for name in lossscan.__all__)


def test_an_unknown_name_is_an_attribute_error():
    """Lazy loading does not hide a misspelt name."""
    with pytest.raises(AttributeError, match="analyse"):
        lossscan.analyse  # noqa: B018


def test_public_names_survive_the_import_of_modules():
    """No module of ours takes the place of a function once it is imported."""
    each = "all(callable(getattr(lossscan, name)) for name in lossscan._HOMES)"
    named = ("batching", "words.pages", "signals.breaks", "commands")
    modules = ", ".join(f"lossscan.{name}" for name in named)
    code = f"import {modules}; print({each})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


def test_every_verb_is_a_function_of_the_api():
    """What the command line can do, a script can do."""
    functions = {n for n in vars(api) if inspect.isfunction(getattr(api, n))}
    otherwise = {"rules": "rule_names", "formats": "format_samples"}
    assert {otherwise.get(verb, verb) for verb in commands.verbs()} <= functions


@pytest.mark.parametrize("verb", ["analyze", "batch", "compare", "explain", "plot", "watch"])
def test_every_option_is_an_argument_of_the_api(verb):
    """An option is an argument of the same name, or a field of Settings."""
    arguments = set(inspect.signature(getattr(api, verb)).parameters)
    options = {OWN.get(p.name, p.name) for p in _options(verb)} - ONLY_CLI - OF_GATE - OF_SHELL
    assert options - IN_SETTINGS <= arguments
    assert arguments - ONLY_API <= options


def test_the_gate_is_open_to_scripts():
    """Baselines are read and written by functions of the API, too."""
    assert set(inspect.signature(api.judge).parameters) >= IN_JUDGE
    assert "update" in inspect.signature(api.baseline_of).parameters


@pytest.mark.parametrize("verb", commands.verbs())
def test_every_verb_and_option_has_help(verb):
    """Nothing on the command line is left unexplained."""
    assert _command(verb).help
    assert all(param.help for param in _options(verb))


def test_analyze_of_api_and_command_line_agree(make_run, capsys):
    """The JSON of the command is the JSON of the function's report."""
    folder = make_run()
    commands.main(["analyze", str(folder), "--format", "json", "--lang", "en"])
    one = lossscan.analyze(folder)
    assert capsys.readouterr().out == render("json", Report(lossscan.__version__, (one,)), Page())


def test_batch_says_of_each_run_what_analyze_says(make_run, tmp_path, capsys):
    """A row of batch equals the report of the run alone."""
    folders = [make_run("runs/a"), make_run("runs/b", losses=[2.0, 1.5, 1.2])]
    commands.main(["batch", str(tmp_path / "runs"), "--format", "jsonl"])
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    for folder, row in zip(folders, rows, strict=True):
        one = Report(lossscan.__version__, (lossscan.analyze(folder),))
        assert row == json.loads(render("json", one, Page()))


@pytest.mark.parametrize(
    "arguments", [["--help"], ["analyze", "--help"], ["analyze", "x", "--format", "no"], ["wrong"]]
)
def test_help_and_usage_errors_load_nothing_heavy(arguments):
    """Help comes at once."""
    assert not _loaded(*arguments) & HEAVY


@pytest.mark.parametrize("arguments", [["rules"], ["explain", "loss-jump"]])
def test_the_catalogue_loads_no_engine(arguments):
    """Reading about a rule does not wait for numpy."""
    assert not _loaded(*arguments) & {"numpy", "pandas", "pydantic", "ruptures", "scipy"}


def test_a_cold_analysis_loads_no_statistics():
    """A run with breaks is searched without what takes longer to load than the search."""
    loaded = _loaded("analyze", "sample_logs/loss-jump")
    assert not loaded & {"pandas", "pydantic", "ruptures", "scipy", "jinja2", "numpy.ma"}


def test_a_number_of_the_command_line_loads_no_validator():
    """What typer loads for one takes longer than a run."""
    assert "pydantic" not in _loaded("batch", "sample_logs/nan", "--jobs", "1", "--quiet")


def test_a_cold_analysis_loads_what_it_uses_only():
    """What other logs, other report formats and plug-ins need takes as long as the analysis."""
    loaded = _loaded("analyze", "sample_logs/resumed-in-order")
    others = {"importlib.metadata", "email", "xml", "sqlite3", "pickletools", "crc32c"}
    assert not loaded & others


@pytest.mark.parametrize("name", reporters.formats())
def test_a_report_format_has_the_name_of_its_module(name):
    """Only the one asked for is loaded, which is found by its name."""
    assert import_module(f"lossscan.reporters.{name}").REPORTER.name == name


@pytest.mark.parametrize("arguments", [["analyze", "--nope"], ["analyze"], ["wrong"], ["--help"]])
def test_a_slip_loads_neither_reports_nor_plug_ins(arguments):
    """What is wrong with a command line is told before anything is looked for."""
    assert not _loaded(*arguments) & {"lossscan.model.run", "importlib.metadata", "tomllib"}


@pytest.mark.parametrize("arguments", [["analyze", "--nope"], ["explain", "loss-jump"]])
def test_only_the_verb_asked_for_is_loaded(arguments):
    """One verb does not wait for the others."""
    others = {f"lossscan.commands.{verb}" for verb in commands.verbs() if verb != arguments[0]}
    assert not _loaded(*arguments) & others


@cache
def _loaded(*arguments: str) -> set[str]:
    """The modules that a command has loaded when it is through."""
    code = (
        "import sys, contextlib, io, lossscan.commands as c\n"
        "with contextlib.redirect_stdout(io.TextIOWrapper(io.BytesIO())):\n"
        f"    c.main({[*arguments]!r})\n"
        "print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())
