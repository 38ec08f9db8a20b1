"""What a log says steers no viewer, and no closed or broken stream looks like a finding."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import unicodedata

import pytest

from lossscan import commands
from lossscan.words import UNPRINTABLE
from tests.wild import WILD, write_run

FORMATS = ("rich", "json", "jsonl", "markdown", "junit", "github", "gitlab", "sarif", "csv")


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("verb", ["analyze", "batch"])
def test_no_control_character_of_a_log_is_printed_raw(tmp_path, capsysbinary, verb, name):
    """Neither escapes, nor bidirectional marks, nor line separators."""
    run = write_run(tmp_path, WILD["terminal"], 3.0)
    given = [str(run)] if verb == "analyze" else [str(tmp_path), "--jobs", "1"]
    assert commands.main([verb, *given, "--format", name, "--fail-on", "never"]) == 0
    out, err = (text.decode() for text in capsysbinary.readouterr())
    assert out
    wild = {c for c in out + err if unicodedata.category(c) in UNPRINTABLE} - {"\n", "\u200b"}
    assert not wild
    assert name not in ("json", "gitlab", "sarif") or json.loads(out)


def test_details_of_what_broke_steer_neither_a_terminal_nor_a_ci_runner():
    """An error repeats the text over which it broke."""
    wild = WILD["terminal"] + "\n  " + WILD["runner"]
    code = (
        "import logging; from lossscan.commands.kit.shape import log_details; log_details(True)\n"
        f"try: raise ValueError({wild!r})\n"
        f"except ValueError: logging.getLogger('lossscan').debug('%s: x', {wild!r}, exc_info=True)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    said = done.stderr.decode()
    assert "ValueError" in said
    assert not [line for line in said.split("\n") if not line.isprintable()]
    assert not re.search(r"(?m)^\s*::|##\w*\[", said)


def test_an_address_is_no_link_in_markdown():
    """Neither with a scheme nor without."""
    from lossscan.reporters.markdown import escape

    assert escape("see http://evil.example") == "see http\\://evil.example"
    assert escape("see www.evil.example") == "see www\\.evil.example"


def _shell(command: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(  # noqa: S602 - our own words
        command,
        shell=True,
        capture_output=True,
        check=False,
        env={**os.environ, "LOSSSCAN": f"{sys.executable} -m lossscan", **environment},
    )


def test_the_output_may_be_the_pipe_that_standard_output_is(tmp_path):
    """`--output /dev/stdout` writes there, as it does to a terminal."""
    write_run(tmp_path, "a", 2.0)
    done = _shell(f"$LOSSSCAN analyze {tmp_path}/* -f json --fail-on never -o /dev/stdout | cat")
    assert json.loads(done.stdout)["run"]
    assert not done.stderr


def test_ctrl_c_while_the_command_is_loaded_leaves_no_traceback():
    """Its status is that of Ctrl-C at any later time."""
    code = (
        "import sys\nclass Interrupts:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'lossscan.commands': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupts())\n"
        "from lossscan.__main__ import main\nsys.exit(main())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (130, b"")


def test_a_current_folder_that_was_removed_is_named(tmp_path):
    """And no limit of the system is blamed for it."""
    write_run(tmp_path, "a", 2.0)
    gone = tmp_path / "gone"
    done = _shell(f"mkdir {gone}; cd {gone}; rmdir {gone}; $LOSSSCAN analyze {tmp_path}/*")
    assert done.returncode == 2
    assert b".: the current folder was removed; change to a folder that exists" in done.stderr


@pytest.mark.parametrize(
    ("run", "closing", "status"),
    [
        (".", ">&-", 2),
        (".", "> /dev/full", 2),
        (".", "2> /dev/full", 0),
        ("none", "2>&-", 2),
        ("none", ">&- 2>&-", 2),
    ],
)
def test_a_closed_stream_is_no_finding_and_no_traceback(tmp_path, run, closing, status):
    """The status says that the tool could not speak, or that all is well."""
    (tmp_path / "trainer_log.jsonl").write_text(
        "".join(f'{{"step": {n}, "loss": {2 + 1 / n}}}\n' for n in range(1, 40))
    )
    done = _shell(f"$LOSSSCAN analyze '{tmp_path / run}' {closing}")
    assert done.returncode == status
    assert b"Traceback" not in done.stderr


def test_a_full_disk_is_said_where_no_file_was_named():
    """The help is written to what the shell opened."""
    done = _shell("$LOSSSCAN --help > /dev/full")
    assert (done.returncode, done.stderr[:40]) == (2, b"lossscan: No space left on device; check")


_EACH_FORMAT = """
import sys
from lossscan.commands import main
run, *names = sys.argv[1:]
for name in names:
    sys.stdout.reconfigure(encoding="latin-1")
    status = main(["analyze", run, "--format", name, "--lang", "zh", "--fail-on", "never"])
    print(f"\\nend of {name} {status}", flush=True)
"""


def test_reports_for_programs_are_utf_8_in_every_locale(tmp_path):
    """A Chinese report in a Latin terminal is still one that a program reads."""
    (tmp_path / "trainer_log.jsonl").write_text(
        "".join(f'{{"step": {n}, "loss": {2 + n % 7 / 50 + 3 * (n > 50)}}}\n' for n in range(1, 99))
    )
    done = subprocess.run(
        [sys.executable, "-c", _EACH_FORMAT, tmp_path, *FORMATS[1:]],
        capture_output=True,
        check=True,
    )
    said = re.split(r"\nend of (\w+) 0\n", done.stdout.decode("utf-8"))
    reports = dict(zip(said[1::2], said[0::2], strict=False))
    assert [*reports] == [*FORMATS[1:]]
    assert all(re.search("[\u4e00-\u9fff]", text) for text in reports.values())
