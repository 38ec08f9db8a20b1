"""The published JSON Schema of settings files agrees with what lossscan accepts."""

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from docs.make.settings_schema import settings_schema
from lossscan.commands.kit.options import settings_from
from lossscan.errors import UsageError

PUBLISHED = Path("docs/settings.schema.json")
SCHEMA = json.loads(PUBLISHED.read_text(encoding="utf-8"))
ACCEPTED = [
    "{}",
    "lang: zh",
    "fail-on: never",
    "select: [loss-jump, plateau]",
    "ignore: loss-jump, plateau",
    "series: {loss: train/ce}",
    r"text: {pattern: 'step (?P<step>\d+) loss (?P<loss>\S+)'}",
    "rules: {loss-jump: {severity: warning, min_sigma: 9, min_ratio: 1.3}}",
    "suppress: [{rule: loss-jump, reason: x}]",
    "suppress: [{rule: loss-jump, reason: x, runs: 'a/**', expires: 2026-12-31}]",
]
REFUSED = [
    "fail_on: info",
    "lang: fr",
    "fail-on: high",
    "select: [loss-jmp]",
    "series: {loss: 1}",
    "rules: {loss-jmp: {}}",
    "rules: {loss-jump: {nonsense: 1}}",
    "rules: {loss-jump: {min_sigma: high}}",
    "rules: {loss-jump: {severity: bad}}",
    "suppress: {rule: loss-jump}",
    "suppress: [{rule: loss-jump}]",
    "suppress: [{rule: loss-jmp, reason: x}]",
    "suppress: [{rule: loss-jump, reason: ' '}]",
    "suppress: [{rule: loss-jump, reason: x, until: 2026-12-31}]",
    "suppress: [{rule: loss-jump, reason: x, expires: 3}]",
]


def _valid(text):
    """Whether an editor that knows the schema takes the file; dates are strings in JSON."""
    whole = json.loads(json.dumps(yaml.safe_load(text), default=str))
    return jsonschema.Draft202012Validator(SCHEMA).is_valid(whole)


def _loaded(text, folder):
    """Whether lossscan takes the file."""
    file = folder / "lossscan.yaml"
    file.write_text(text, encoding="utf-8")
    try:
        settings_from(file)
    except UsageError:
        return False
    return True


def test_schema_is_fresh():
    """It has the keys, rules and options of the code; else run `make docs`."""
    assert PUBLISHED.read_text(encoding="utf-8") == settings_schema()


def test_schema_is_a_schema():
    """Editors can use it."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("text", ACCEPTED)
def test_what_lossscan_accepts_is_valid(text, tmp_path):
    """An editor marks no mistake in a file that works."""
    assert _valid(text)
    assert _loaded(text, tmp_path)


@pytest.mark.parametrize("text", REFUSED)
def test_what_lossscan_refuses_is_invalid(text, tmp_path):
    """An editor marks the mistakes that lossscan would stop at."""
    assert not _valid(text)
    assert not _loaded(text, tmp_path)


def test_settings_of_the_docs_are_valid():
    """The files that the pages show can be copied into an editor."""
    pages = [Path("README.md"), *Path("docs").rglob("*.md")]
    blocks = [
        block.partition("```")[0]
        for page in pages
        for block in page.read_text(encoding="utf-8").split("```yaml\n")[1:]
    ]
    shown = [text for text in blocks if "# lossscan.yaml" in text]
    assert shown
    assert all(_valid(text) for text in shown)
