"""The `console` blocks of a page: each `$ command` is run, what it prints is put below it."""

from __future__ import annotations

import os
import re
import subprocess
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

WIDTH = 90  # cells; wider lines scroll on a web page
PATIENCE = 60  # seconds
_BLOCK = re.compile(r"(?<=^```console\n).*?(?=^```$)", re.MULTILINE | re.DOTALL)
_STATUS = re.compile(r"# exit status (\d+)$")


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
    return _BLOCK.sub(lambda block: "".join(_ran(block[0], folder)), text)


def _ran(block: str, folder: Path) -> Iterator[str]:
    for command in commands(f"```console\n{block}```"):
        yield f"$ {command.text}\n{_output(command, folder)}"


def _output(command: Command, folder: Path) -> str:
    paths = f"{sysconfig.get_path('scripts')}:{os.environ['PATH']}"
    done = subprocess.run(  # noqa: S603 - the commands of our own pages
        ["/bin/bash", "-c", command.text],
        cwd=folder,
        env={"PATH": paths, "LC_ALL": "C.UTF-8", "COLUMNS": str(WIDTH)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    if done.returncode != command.status:
        raise ValueError(f"exit status {done.returncode}: {command.text}\n{done.stdout}")
    return done.stdout
