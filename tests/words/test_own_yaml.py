"""Catalogues are kept as byte code: what is read is always what the file says."""

import os
import sys
from pathlib import Path

import pytest

from lossscan.words.own_yaml import catalogue_in


def test_a_changed_file_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever edits a page sees the new words at the next command."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    page = tmp_path / "page.yaml"
    page.write_text("title: {en: old, zh: 旧}\n")
    assert catalogue_in.__wrapped__(page) == {"title": {"en": "old", "zh": "旧"}}
    page.write_text("title: {en: new, zh: 旧}\n")
    os.utime(page, (1, 1))
    assert catalogue_in.__wrapped__(page)["title"]["en"] == "new"


def test_a_file_read_before_needs_no_parser(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second command does not load PyYAML."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    page = tmp_path / "page.yaml"
    page.write_text("limit: 0.5\nnames: [a, b]\n")
    assert catalogue_in.__wrapped__(page) == {"limit": 0.5, "names": ["a", "b"]}
    monkeypatch.setitem(sys.modules, "yaml", None)
    assert catalogue_in.__wrapped__(page) == {"limit": 0.5, "names": ["a", "b"]}
