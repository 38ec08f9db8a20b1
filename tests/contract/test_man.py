"""The man page names every verb and option, and groff has nothing to say against it."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest
from typer.main import get_command

from docs.make import DOCS
from docs.make.cli import each_verb
from docs.make.man import man_page
from lossscan.commands import _app

PAGE = DOCS / "man" / "lossscan.1"


def test_it_is_current():
    """Else run `make docs`."""
    assert PAGE.read_text(encoding="utf-8") == man_page()


def test_every_verb_and_option_is_there():
    """What the command line takes, the page explains."""
    text = PAGE.read_text(encoding="utf-8").replace("\\-", "-")
    for name, command in each_verb(get_command(_app())):
        assert f".SS lossscan {name}\n" in text
        options = [each for each in command.params if each.param_type_name == "option"]
        assert not [name for each in options for name in each.opts if f"\\fB{name}\\fP" not in text]


@pytest.mark.skipif(shutil.which("groff") is None, reason="needs groff")
@pytest.mark.parametrize("width", ["60n", "100n"])
def test_groff_renders_it_without_a_warning(width: str):
    """All warnings on; what comes out has the sections of a man page."""
    command = ["groff", "-man", "-Tutf8", "-Kutf8", "-ww", f"-rLL={width}", str(PAGE)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    plain = re.sub(r"\x1b\[[\d;]*m|.\x08", "", done.stdout)
    assert {"NAME", "SYNOPSIS", "EXIT STATUS"} <= set(plain.splitlines())
