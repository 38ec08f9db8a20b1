"""The `console` blocks of a page: each `$ command` is run, what it prints is put below it."""

from __future__ import annotations

import io
import os
import re
import shlex
import subprocess
import sysconfig
from collections.abc import Iterator
from contextlib import chdir, redirect_stderr, redirect_stdout
from contextvars import copy_context
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from lossscan.commands import main

WIDTH = 90  # cells; wider lines scroll on a web page
PATIENCE = 60  # seconds
_BLOCK = re.compile(r"(?<=^```console\n).*?(?=^```$)", re.MULTILINE | re.DOTALL)
_STATUS = re.compile(r"# exit status (\d+)$")
_OWN = re.compile(r"lossscan (?P<arguments>[^|>#]*)(?P<rest>[|>].*)?")  # `rest` is for a shell


@dataclass(frozen=True, slots=True)
class Command:
    """A command as a page shows it; `status` is what the page says it returns, 0 if nothing."""

    text: str

    @property
    def status(self) -> int:
        """From a comment `# exit status N` at its end."""
        found = _STATUS.search(self.text)
        return int(found[1]) if found else 0


def commands(text: str) -> Iterator[Command]:
    """All commands of a page, in order."""
    for block in _BLOCK.findall(text):
        yield from (Command(line[2:]) for line in block.splitlines() if line.startswith("$ "))


def refreshed(text: str, folder: Path) -> str:
    """The page with the output that its commands print, one after the other, in a folder.

    Raises ValueError where a command returns another status than the page says.
    """
    paths = f"{sysconfig.get_path('scripts')}:{os.environ['PATH']}"
    around = {"PATH": paths, "LC_ALL": "C.UTF-8", "COLUMNS": str(WIDTH)}
    with chdir(folder), patch.dict(os.environ, around, clear=True):
        return _BLOCK.sub(lambda block: "".join(_ran(block[0])), text)


def _ran(block: str) -> Iterator[str]:
    for command in commands(f"```console\n{block}```"):
        own = _OWN.match(command.text)
        status, said = _called(own) if own else _shell(command.text)
        if status != command.status:
            raise ValueError(f"exit status {status}: {command.text}\n{said}")
        yield f"$ {command.text}\n{said}"


def _called(command: re.Match[str]) -> tuple[int, str]:
    """What `lossscan` returns and prints; a process of its own for it takes ten times as long."""
    out = io.TextIOWrapper(io.BytesIO(), "utf-8")
    with redirect_stdout(out), redirect_stderr(out):
        status = copy_context().run(main, shlex.split(command["arguments"]))
    out.seek(0)
    if not command["rest"]:
        return status, out.read()
    last, said = _shell(f"cat {command['rest']}", out.read())
    return (last if command["rest"].startswith("|") else status), said


def _shell(command: str, given: str = "") -> tuple[int, str]:
    done = subprocess.run(  # noqa: S603 - the commands of our own pages
        ["/bin/bash", "-c", command],
        input=given,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return done.returncode, done.stdout
