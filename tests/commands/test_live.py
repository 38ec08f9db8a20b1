"""The picture that watch shows on a terminal."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lossscan import Settings, api
from lossscan.commands.kit.live import LivePicture
from lossscan.errors import NoLogFound
from lossscan.model import Run, Series
from lossscan.reporters import Page
from lossscan.reporters.kit.terminal import printed
from lossscan.watching import Look
from tests.reports import jumped


def _shown(picture: LivePicture) -> str:
    return printed([picture], picture.page)


def _run(*steps: int) -> Run:
    places = np.array(steps, dtype=np.int64)
    return Run("a", "a", {"loss": Series("loss", places, places / 100)}, ())


@pytest.mark.parametrize("width", [40, 80])
def test_a_look_is_a_page_of_24_lines(width: int):
    """Values, what was announced and the curve; a finding that still waits is not named."""
    report, picture = jumped(), LivePicture(Page(width=width), "runs/a")
    picture.take(Look(report))
    before = _shown(picture)
    picture.take(Look(report, report.findings[:1]))
    after = _shown(picture)
    assert "loss " in before
    assert report.findings[0].rule not in before
    assert report.findings[0].rule in after
    assert all(len(line) <= width for line in after.splitlines())
    assert len(after.splitlines()) < 24


def test_a_picture_takes_the_width_that_the_window_has_now():
    """Text of a wider window would wrap and break the curve into pieces."""
    report, picture = jumped(), LivePicture(Page(width=100), "runs/a")
    picture.take(Look(report, report.findings[:1]))
    lines = printed([picture], Page(width=60)).splitlines()
    assert max(map(len, lines)) in range(50, 61)
    assert len(lines) < 24


def test_the_rate_is_that_between_looks(monkeypatch: pytest.MonkeyPatch):
    """100 steps in 20 seconds; a training begun anew counts from there."""
    now = iter([0.0, 20.0, 25.0, 40.0, 50.0, 50.0])
    monkeypatch.setattr("lossscan.commands.kit.live.monotonic", lambda: next(now))
    picture = LivePicture(Page(), "a")
    for last in (100, 200):
        picture.take(Look(None, tail=_run(1, last)))
    assert "5 steps/s" in _shown(picture)
    for last in (50, 70):
        picture.take(Look(None, tail=_run(1, last)))
    assert "2 steps/s" in _shown(picture)


def test_what_is_waited_for_is_said_until_it_is_there():
    """The reason, and in the language of the reports."""
    picture = LivePicture(Page(lang="zh"), "a")
    picture.take(Look(None, waiting=NoLogFound("no_log", at=Path("a"))))
    assert "等待中" in _shown(picture)
    picture.take(Look(jumped()))
    assert "等待中" not in _shown(picture)


def test_the_last_lines_of_a_long_run_are_looks(tmp_path: Path):
    """Where they call for no report, the terminal shows their values."""
    log = tmp_path / "metrics.jsonl"
    noise = np.random.default_rng(0).normal(0, 0.02, 60_000)
    rows = [f'{{"step": {n}, "loss": {2 + value:.4f}}}\n' for n, value in enumerate(noise)]
    log.write_text("".join(rows[:-5]), encoding="utf-8")
    ends = iter([False, True])

    class Grows:
        def is_set(self) -> bool:
            return False

        def wait(self, _: float) -> bool:
            with log.open("a", encoding="utf-8") as stream:
                stream.write("".join(rows[-5:]))
            return next(ends)

    stop: Any = Grows()
    looks = list(api.watch(log, settings=Settings(), stop=stop))
    tail = looks[1].tail
    assert looks[1].report is None
    assert tail is not None
    assert tail.series["loss"].steps[-1] == len(rows) - 1


@pytest.mark.skipif(sys.platform == "win32", reason="no pty")
@pytest.mark.parametrize(("more", "live"), [((), True), (("--quiet",), False)])
def test_a_terminal_gets_the_picture_and_a_quiet_one_lines(more: tuple[str, ...], live: bool):  # noqa: FBT001
    """Drawn over by the report at the end."""
    import pty

    parent, child = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8", "COLUMNS": "80"}
    command = [sys.executable, "-m", "lossscan", "watch", "sample_logs/nan", *more]
    with subprocess.Popen(command, stdout=child, stderr=child, env=environment) as process:
        os.close(child)
        shown = b"".join(_read(parent))
        assert process.wait(timeout=60) == 1
    os.close(parent)
    assert b"non-finite-loss" in shown
    assert (b"\x1b[?25l" in shown) is live, "the cursor is hidden while a picture is drawn"


def _read(parent: int) -> Any:
    while True:
        try:
            piece = os.read(parent, 4096)
        except OSError:  # what Linux says at the end of a pty
            return
        if not piece:
            return
        yield piece
