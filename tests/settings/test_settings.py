"""Settings files: where they are found, and what a mistake in one is answered with."""

import os
import threading
from datetime import date
from pathlib import Path

import pytest

from lossscan.effective_settings import effective_settings
from lossscan.errors import SettingsError
from lossscan.model import Severity
from lossscan.settings import MAX_BYTES, Settings, Suppression, find, load
from lossscan.sources import own_file

FULL = """
lang: zh
fail-on: warning
select: [loss-jump]
ignore: "plateau, loss-spike"
series: {loss: train/ce}
rules:
  loss-jump: {min_sigma: 9, severity: info}
suppress:
  - {rule: loss-spike, reason: bad shard, runs: sweep-*/**, expires: 2026-12-31}
"""


def _file(folder: Path, text: str, name: str = "lossscan.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_load_reads_every_key(tmp_path):
    """All keys of a settings file arrive where the program looks for them."""
    path = _file(tmp_path, FULL)
    assert load(path) == Settings(
        lang="zh",
        fail_on=Severity.WARNING,
        select=("loss-jump",),
        ignore=("plateau", "loss-spike"),
        series={"loss": "train/ce"},
        rules={"loss-jump": {"min_sigma": 9}},
        severities={"loss-jump": Severity.INFO},
        suppress=(
            Suppression(
                "loss-spike",
                "bad shard",
                "sweep-*/**",
                date(2026, 12, 31),
                place=f"{path}: suppress[0]",
            ),
        ),
        source=str(path),
    )


def test_load_without_a_file_gives_the_defaults(tmp_path, monkeypatch):
    """No settings file is needed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LC_ALL", "C")
    monkeypatch.delenv("LANGUAGE", raising=False)
    assert load() == Settings()


@pytest.mark.parametrize("text", ["", "# only a comment\n", "fail-on: never"])
def test_load_of_few_words_keeps_the_other_defaults(tmp_path, text):
    """A file says what differs and nothing else."""
    settings = load(_file(tmp_path, text))
    assert settings.select == ()
    assert settings.fail_on is (None if text else Severity.CRITICAL) or "#" in text


def test_find_prefers_its_own_file_over_a_nearer_pyproject(tmp_path):
    """lossscan.yaml of a parent goes before pyproject.toml of the folder itself."""
    own = _file(tmp_path, "lang: en")
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    _file(below, "[tool.lossscan]\nlang = 'zh'", "pyproject.toml")
    assert find(below) == own


def test_find_takes_the_nearest_pyproject_that_has_a_say(tmp_path, monkeypatch):
    """[tool.lossscan] is read; a pyproject.toml without it is passed over."""
    monkeypatch.chdir(tmp_path)
    project = _file(tmp_path, "[tool.lossscan]\nfail-on = 'info'", "pyproject.toml")
    assert load().fail_on is Severity.INFO
    project.write_text("[tool.other]\n", encoding="utf-8")
    assert find(tmp_path) is None


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("fail_on: info", "fail_on: unknown key", 'did you mean "fail-on"?'),
        ("lang: fr", "lang: expected en or zh, found 'fr'", ""),
        ("fail-on: high", "fail-on: expected one of critical, warning, info, never", ""),
        ("select: 3", "select: expected a list of rule names, found 3", ""),
        ("series: [loss]", "series: expected a mapping", ""),
        ("series: {los: nll}", "series.los: unknown quantity", 'did you mean "loss"?'),
        ("series: {loss: 1}", "series.loss: expected a column name", ""),
        ("rules: {loss-jump: 1}", "rules.loss-jump: expected a mapping", ""),
        ("rules: {loss-jump: {severity: bad}}", "rules.loss-jump.severity: expected one of", ""),
        ("suppress: loss-jump", "suppress: expected a list of suppressions", ""),
        ("suppress: [loss-jump]", "suppress[0]: expected a mapping", ""),
        ("suppress: [{rule: loss-jump}]", "suppress[0]: reason is missing", "add `reason: ...`"),
        ("suppress: [{reason: x}]", "suppress[0]: rule is missing", ""),
        ("suppress: [{rule: a, reason: ''}]", "suppress[0].reason: expected a string", ""),
        ("suppress: [{rule: a, reasn: b}]", "suppress[0].reasn: unknown key", "reason"),
        ("suppress: [{rule: a, reason: b, expires: soon}]", "expires: expected a date", ""),
        ("suppress: [{rule: a, reason: b, expires: 2026-01-01 10:00:00}]", "expected a date", ""),
        ("- a", "top level: expected a mapping", ""),
        ("a: [", "line 2, column 1", ""),
        ("a: !!python/object:os.system x", "tags such as !name are not read", ""),
        ("[" * 5000, "", ""),
    ],
)
def test_load_names_the_file_the_key_and_what_was_expected(tmp_path, text, message, hint):
    """Each mistake is answered with its place and a way out."""
    path = _file(tmp_path, text)
    with pytest.raises(SettingsError) as caught:
        load(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert message in str(caught.value)
    assert caught.value.hint
    assert hint in caught.value.hint


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_load_of_an_unreadable_file_is_a_settings_error(tmp_path, content):
    """A missing file and one that is no text are said to be so."""
    path = tmp_path / "mine.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SettingsError, match=r"mine\.yaml"):
        load(path)


def test_load_takes_suppressions_from_toml(tmp_path, monkeypatch):
    """TOML's own dates and tables serve as YAML's do, and so does a date in quotes."""
    monkeypatch.chdir(tmp_path)
    text = """
        [[tool.lossscan.suppress]]
        rule = "loss-spike"
        reason = "bad shard"
        expires = 2026-12-31
        [[tool.lossscan.suppress]]
        rule = "plateau"
        reason = "frozen on purpose"
        expires = "2027-01-31"
    """
    _file(tmp_path, text, "pyproject.toml")
    found = load().suppress
    assert [each.expires for each in found] == [date(2026, 12, 31), date(2027, 1, 31)]
    assert [each.runs for each in found] == ["**", "**"]


def test_load_of_a_broken_pyproject_names_it(tmp_path, monkeypatch):
    """TOML that does not parse is an error with its place."""
    monkeypatch.chdir(tmp_path)
    _file(tmp_path, "[tool.lossscan\n", "pyproject.toml")
    with pytest.raises(SettingsError, match="line 1"):
        load()


def test_load_reads_what_a_pipe_gives(tmp_path):
    """As `--config <(...)`, where the command takes a moment; `config` finds each key in it."""
    os.mkfifo(pipe := tmp_path / "pipe")
    writes = threading.Timer(0.05, pipe.write_text, ["fail-on: never\n"])
    writes.start()
    settings = load(pipe)
    writes.join()
    assert settings.fail_on is None
    (entry,) = (e for e in effective_settings(settings, {}) if e.key == "fail-on")
    assert entry.source == f"{pipe}:1"


def test_load_does_not_wait_for_a_pipe_to_which_nobody_writes(tmp_path, monkeypatch):
    """It is answered as a file that cannot be read."""
    monkeypatch.setattr(own_file, "LONGEST", 0.01)
    os.mkfifo(pipe := tmp_path / "pipe")
    with pytest.raises(SettingsError, match="nothing was written"):
        load(pipe)


def test_load_refuses_a_file_that_is_too_large(tmp_path):
    """What is behind the limit would be lost without a word."""
    with pytest.raises(SettingsError, match="larger than 1 MiB"):
        load(_file(tmp_path, f"# {'-' * MAX_BYTES}\nfail-on: never\n"))
