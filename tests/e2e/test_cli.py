"""The command as its users meet it: exit status, what goes where, and bad input."""

import contextlib
import io
import json
import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import termios
from pathlib import Path
from unittest import mock

import pytest

from lossscan import commands

COMMAND = str(Path(sysconfig.get_path("scripts")) / "lossscan")
SAMPLES = Path(__file__).parents[2] / "sample_logs"
PLAIN = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "COLUMNS": "100"}
PNG = bytes.fromhex("89504e470d0a1a0a0000000d49484452")


def cli(*arguments, cwd=None, **variables) -> subprocess.CompletedProcess[str]:
    """Run lossscan; gives the exit status and the output as text, as a finished process does.

    In this process: the start of one takes ten times as long as what it does.
    """
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", newline="") for _ in range(2))
    with (
        mock.patch.dict(os.environ, PLAIN | variables, clear=True),
        contextlib.chdir(cwd or Path.cwd()),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        _usual_logging(),
    ):
        try:
            status = commands.main(list(map(str, arguments)))
        except SystemExit as ended:  # typer's completion
            status = int(ended.code or 0)
    said = (stream.buffer.getvalue().decode() for stream in (out, err))
    return subprocess.CompletedProcess(arguments, status, *said)


@contextlib.contextmanager
def _usual_logging():
    """As a process begins with it; what --verbose and --quiet set is set back."""
    root, own = logging.getLogger(), logging.getLogger("lossscan")
    before = root.handlers[:], root.level, own.level
    root.handlers[:] = []
    try:
        yield
    finally:
        root.handlers[:] = before[0]
        root.setLevel(before[1])
        own.setLevel(before[2])


def installed(*arguments, cwd=None) -> subprocess.CompletedProcess[str]:
    """Run the installed command in a process of its own."""
    return subprocess.run(
        [COMMAND, *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=PLAIN,
        timeout=60,
        check=False,
    )


def assert_refused(done, *words):
    """Status 2, nothing on standard output, one line on standard error that holds the words."""
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("lossscan: ")
    for word in words:
        assert str(word) in line


# --- exit status and streams -------------------------------------------------------------------


def test_analyze_of_a_clean_run_returns_0(make_run):
    """A run without findings passes, and nothing is said on standard error."""
    done = installed("analyze", make_run())
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "ok · findings: 0 · exit status: 0"


@pytest.mark.parametrize(
    ("gate", "status"), [("critical", 0), ("warning", 0), ("info", 1), ("never", 0)]
)
def test_analyze_gates_by_severity(gate, status):
    """A run whose worst finding is `info` fails only the gate that asks for it."""
    done = cli("analyze", SAMPLES / "staircase", "--fail-on", gate)
    assert done.returncode == status
    assert f"exit status: {status}" in done.stdout


def test_analyze_returns_1_for_a_critical_finding():
    """A run that diverged fails the default gate."""
    assert cli("analyze", SAMPLES / "divergence").returncode == 1


def test_analyze_takes_one_log_file(make_run):
    """A single file is a run as well."""
    done = cli("analyze", make_run() / "trainer_state.json", "--format", "json")
    assert json.loads(done.stdout)["run"]["series"]["loss"] == 60


def test_analyze_in_a_pipe_has_no_color_codes(make_run):
    """What another program reads is plain text."""
    assert "\x1b" not in cli("analyze", make_run()).stdout


def test_analyze_respects_columns(make_run):
    """The chart and the text are as wide as COLUMNS says."""
    narrow = cli("analyze", make_run(), COLUMNS="60").stdout
    assert max(map(len, narrow.splitlines())) <= 60


def test_analyze_speaks_chinese_to_a_chinese_locale(make_run):
    """The locale chooses the language and --lang overrides it."""
    folder = make_run()
    assert "未发现问题" in cli("analyze", folder, LC_ALL="zh_CN.UTF-8").stdout
    assert "Nothing found" in cli("analyze", folder, "--lang", "en", LC_ALL="zh_CN.UTF-8").stdout


@pytest.mark.parametrize("words", [["--lang", "zh", "rules"], ["--help", "--lang", "zh"]])
def test_the_language_may_come_before_the_verb(words):
    """Who wants the help in Chinese has no verb yet."""
    assert cli(*words).stdout.isascii() is False


def test_a_terminal_breaks_an_error_between_words():
    """A pipe gets one line, as scripts expect."""
    said, terminal = os.openpty()
    termios.tcsetwinsize(terminal, (24, 40))
    command = [sys.executable, "-m", "lossscan", "analyze", "no-such-run", "--lang", "en"]
    subprocess.run(command, stdout=subprocess.PIPE, stderr=terminal, check=False)
    os.close(terminal)
    lines = os.read(said, 4096).decode().splitlines()
    os.close(said)
    assert len(lines) > 1
    assert all(len(line) <= 40 for line in lines)
    assert " ".join(map(str.strip, lines)) == cli("analyze", "no-such-run").stderr.strip()


def test_analyze_finds_the_training_config_elsewhere(make_run, tmp_path):
    """--training-config names settings that do not lie in the run directory."""
    config = tmp_path / "train.yaml"
    config.write_text("learning_rate: 0.0123\n", encoding="utf-8")
    done = cli("analyze", make_run(), "--training-config", config, "--format", "json")
    assert json.loads(done.stdout)["run"]["config"]["learning_rate"]["value"] == 0.0123


def test_output_writes_the_file_whole_and_nothing_else(make_run, tmp_path):
    """--output leaves the report in the file, no draft beside it and nothing on the terminal."""
    target = tmp_path / "out" / "report.json"
    target.parent.mkdir()
    done = cli("analyze", make_run(), "--format", "json", "--output", target)
    assert done.stdout == ""
    assert json.loads(target.read_text(encoding="utf-8"))["status"] == "ok"
    assert list(target.parent.iterdir()) == [target]


def test_output_to_a_device_leaves_it_a_device(make_run):
    """--output /dev/null writes to it and does not replace it."""
    assert cli("analyze", make_run(), "--output", os.devnull).returncode == 0
    assert Path(os.devnull).is_char_device()


@pytest.mark.parametrize("target", ["missing/report.md", ".", "loop"])
def test_output_that_cannot_be_written_is_refused(make_run, tmp_path, target):
    """A missing folder, a folder in place of the file, or a link to itself is said in one line."""
    (tmp_path / "loop").symlink_to("loop")
    done = cli("analyze", make_run(), "--output", tmp_path / target)
    assert_refused(done, tmp_path / target, "pass another file")


def test_batch_reports_every_run_and_then_returns_2(make_run, tmp_path):
    """An unreadable run is a row of its own and does not stop the others."""
    for name in ("a", "c"):
        make_run(f"runs/{name}")
    broken = tmp_path / "runs" / "b"
    broken.mkdir()
    (broken / "trainer_state.json").write_text('{"log_history": [', encoding="utf-8")
    done = cli("batch", tmp_path / "runs", "--format", "jsonl")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 2
    assert [row["run"]["name"] for row in rows] == ["a", "b", "c"]
    assert [row["status"] for row in rows] == ["ok", "error", "ok"]


def test_batch_of_one_run_is_still_a_list(make_run):
    """A script that reads batch --format json need not count the runs first."""
    whole = json.loads(cli("batch", make_run(), "--format", "json").stdout)
    assert whole.keys() == {"schema", "runs", "findings"}


def test_batch_counts_a_run_under_two_roots_once(make_run, tmp_path):
    """Overlapping roots do not double a run."""
    folder = make_run("runs/a")
    done = cli("batch", folder, tmp_path, tmp_path / "runs", "--format", "jsonl")
    assert len(done.stdout.splitlines()) == 1


def test_batch_of_a_missing_root_is_a_row(make_run, tmp_path):
    """A root that does not exist is reported beside those that do."""
    done = cli("batch", tmp_path / "nowhere", make_run(), "--format", "jsonl")
    assert [json.loads(line)["status"] for line in done.stdout.splitlines()] == ["error", "ok"]
    assert done.returncode == 2


def test_a_closed_pipe_is_not_an_error(make_run):
    """`lossscan ... | head -1` ends quietly."""
    command = f'"{COMMAND}" analyze "{make_run()}" | true; exit ${{PIPESTATUS[0]}}'
    done = subprocess.run(
        ["/bin/bash", "-c", command], capture_output=True, text=True, env=PLAIN, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_an_interrupt_returns_130():
    """Ctrl-C ends quietly, with the status that shells expect."""
    code = (
        "import sys, signal, lossscan.api, lossscan.commands as c\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a job may ignore it
        "lossscan.api.analyze = lambda *a, **k: signal.raise_signal(signal.SIGINT)\n"
        "sys.exit(c.main(['analyze', 'x']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=PLAIN, check=False
    )
    assert (done.returncode, done.stderr) == (128 + signal.SIGINT, "")


# --- bad arguments and settings ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["analyse", "x"], ["analyse", "analyze"]),
        (["analyze"], ["RUN_DIR", "analyze --help"]),
        (["analyze", "x", "--formt", "json"], ["--formt", "--format"]),
        (["analyze", "x", "y"], ["y", "analyze --help"]),
        (["analyze", "x", "--format", "jsn"], ["jsn", 'did you mean "json"?']),
        (["analyze", "x", "--format", "tap"], ["tap", "markdown, "]),
        (["analyze", "x", "--fail-on", "warn"], ["--fail-on", 'did you mean "warning"?']),
        (["analyze", "x", "--lang", "fr"], ["--lang", "en, zh"]),
        (["analyze", "x", "--select", "loss-jmp"], ["loss-jmp", "loss-jump"]),
        (["analyze", "x", "--ignore", "loss-jump,platau"], ["platau", "plateau"]),
        (["explain", "loss-spik"], ["loss-spik", "loss-spike"]),
        (["explain", "loss-spike", "--format", "xml"], ["xml", "json, markdown, rich"]),
        (["analyze", "x", "--config", "none.yaml"], ["none.yaml", "no such file"]),
        (["analyze", "x", "--select", "plateau", "--ignore", "plateau"], ["no rules left"]),
        (["analyze", "x", "--show-data", "-f", "html"], ["--show-data", "html", "rich"]),
        (["watch", "x", "--interval", "0"], ["--interval", "above 0"]),
        (["watch", "x", "--interval", "nan"], ["--interval", "above 0"]),
        (["watch", "x", "--webhook-style", "slak"], ["--webhook-style", "slack"]),
        (["watch", "x", "--webhook", ""], ["--webhook", "https://"]),
        (["watch", "x", "--exec", ""], ["--exec", "pass a program"]),
    ],
    ids=" ".join,
)
def test_bad_arguments_are_answered_with_the_way_out(tmp_path, arguments, words):
    """A slip of the pen is one line that names it and what was meant."""
    assert_refused(cli(*arguments, cwd=tmp_path), *words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("fail_on: info", ["lossscan.yaml: fail_on", '"fail-on"']),
        ("select: [loss-jmp]", ["lossscan.yaml: select", "loss-jmp", "loss-jump"]),
        ("rules: {overfitting: {min_rise: -1}}", ["overfitting.min_rise", "must not be negative"]),
        ("rules: {loss-jmp: {}}", ["lossscan.yaml: rules", "loss-jmp", "loss-jump"]),
        ("rules: {loss-jump: {nonsense: 1}}", ["lossscan.yaml: rules.loss-jump.nonsense"]),
    ],
)
def test_bad_settings_are_answered_with_file_and_key(make_run, tmp_path, text, words):
    """A mistake in the settings file names the file, the key and the nearest one."""
    (tmp_path / "lossscan.yaml").write_text(text, encoding="utf-8")
    assert_refused(cli("analyze", make_run(), cwd=tmp_path), *words)


def test_settings_of_the_folder_apply(make_run, tmp_path):
    """lossscan.yaml of the current folder is used without being named."""
    (tmp_path / "lossscan.yaml").write_text("lang: zh", encoding="utf-8")
    assert "未发现问题" in cli("analyze", make_run(), cwd=tmp_path).stdout


# --- bad input ---------------------------------------------------------------------------------


def _nothing(path):
    pass


def _empty_folder(path):
    path.mkdir()


def _empty_file(path):
    path.touch()


def _pictures(path):
    path.mkdir()
    for name in ("loss.png", "trainer_log.jsonl"):
        (path / name).write_bytes(PNG * 20)


def _empty_history(path):
    path.mkdir()
    (path / "trainer_state.json").write_text('{"log_history": [], "global_step": 0}')


def _nested(path):
    path.mkdir()
    (path / "trainer_state.json").write_text('{"log_history": ' + "[" * 100_000)


def _not_utf8(path):
    path.mkdir()
    (path / "trainer_state.json").write_bytes(b'{"log_history": "\xff\xfe\x00')


def _sparse(path):
    with path.open("wb") as stream:
        stream.truncate(2 << 30)


def _looped(path):
    path.mkdir()
    (path / "again").symlink_to(path)
    (path / "trainer_log.jsonl").symlink_to(path / "trainer_log.jsonl")


def _pipes(path):
    path.mkdir()
    for name in ("train.log", "trainer_state.json", "train.yaml"):
        os.mkfifo(path / name)


BAD = (
    _pipes,
    _nothing,
    _empty_folder,
    _empty_file,
    _pictures,
    _empty_history,
    _nested,
    _not_utf8,
    _sparse,
    _looped,
)


@pytest.mark.parametrize("make", BAD, ids=lambda make: make.__name__.strip("_"))
def test_bad_input_is_refused_with_its_path(tmp_path, make):
    """What holds no log is refused in one line that names the path, quickly and without a trace."""
    path = tmp_path / "run.log"
    make(path)
    assert_refused(cli("analyze", path), path)


def test_an_unknown_log_is_refused_with_the_way_out(tmp_path):
    """In the language asked for, with the way out."""
    log = tmp_path / "x.log"
    log.write_text("hello \x1b[31m\n", encoding="utf-8")
    done = cli("analyze", log, "--lang", "zh")
    assert_refused(done, log, "无法识别的日志格式")
    assert "--verbose" in done.stderr


def test_an_unknown_log_is_told_format_by_format_with_verbose(tmp_path):
    """Each format that was tried and its mark, one below the other; without --verbose none."""
    (tmp_path / "x.log").write_text("hello\n", encoding="utf-8")
    told = cli("--verbose", "analyze", "x.log", cwd=tmp_path).stderr
    assert re.search(r"\n +minimind +Epoch:\[1/2\]\(100/936\)", told)
    assert "minimind" not in cli("analyze", "x.log", cwd=tmp_path).stderr


def test_batch_says_of_an_unknown_log_one_line(tmp_path):
    """A row of machine output holds one sentence and one way out, and no more."""
    (tmp_path / "x.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    done = cli("batch", tmp_path, "--format", "jsonl")
    error = json.loads(done.stdout)["error"]
    assert error["message"] == f"{tmp_path / 'x.csv'}: unrecognized log format (keys found: a, b)"
    assert "map your keys" in error["hint"]
    assert done.stderr.count("\n") == 1


def test_a_file_without_permission_is_refused(make_run):
    """A log that may not be read is said to be so."""
    if os.geteuid() == 0:
        pytest.skip("root reads everything")
    log = make_run() / "trainer_state.json"
    log.chmod(0)
    assert_refused(cli("analyze", log), log)


def test_several_runs_are_refused_with_the_verb_to_use(make_run, tmp_path):
    """A folder of runs is answered with their names and `lossscan batch`."""
    for name in "abcd":
        make_run(f"runs/{name}")
    done = cli("analyze", tmp_path / "runs")
    assert_refused(done, "4 runs", tmp_path / "runs" / "a", "lossscan batch")


def test_a_truncated_log_is_read_as_far_as_it_goes(tmp_path):
    """A log cut off in its last line still has its report."""
    rows = [json.dumps({"step": i, "loss": 3 - i / 100}) for i in range(1, 61)]
    log = tmp_path / "trainer_log.jsonl"
    log.write_text("\n".join(rows)[:-9], encoding="utf-8")
    done = cli("analyze", log, "--format", "json")
    assert json.loads(done.stdout)["run"]["series"]["loss"] == 59


def test_a_trainer_state_cut_off_reports_what_is_left_and_fails(tmp_path):
    """Half of a JSON document is read as far as it goes; a gate may not pass on it."""
    rows = [{"step": i, "loss": 3 - i / 100, "epoch": i / 60} for i in range(1, 61)]
    state = tmp_path / "trainer_state.json"
    state.write_text(json.dumps({"log_history": rows})[:-300], encoding="utf-8")
    done = cli("analyze", state, "--format", "json")
    assert json.loads(done.stdout)["run"]["series"]["loss"] > 40
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "trainer_state.json" in done.stderr


def test_a_log_in_another_encoding_is_read(tmp_path):
    """Bytes that are no UTF-8 do not hide the losses beside them."""
    rows = [f"{{'loss': {3 - i / 100}, 'epoch': {i / 60:.4f}}}" for i in range(1, 61)]
    log = tmp_path / "train.log"
    log.write_bytes("训练开始\n".encode("gbk") + "\n".join(rows).encode())
    done = cli("analyze", log, "--format", "json")
    assert json.loads(done.stdout)["run"]["series"]["loss"] == 60


def test_a_hostile_name_cannot_steer_the_terminal(make_run):
    """Escape codes in a folder's name reach neither stream."""
    folder = make_run("a\x1b[31m[bold]\n")
    fine = cli("analyze", folder)
    (folder / "trainer_state.json").unlink()
    refused = cli("analyze", folder)
    assert "\x1b" not in fine.stdout + refused.stderr
    assert refused.stderr.count("\n") == 1


# --- the catalogue -----------------------------------------------------------------------------


def test_rules_lists_a_line_for_each():
    """Every rule has its line with name and severity."""
    lines = cli("rules", COLUMNS="300").stdout.splitlines()
    assert len(lines) >= 20
    assert any(line.split()[:2] == ["loss-jump", "critical"] for line in lines)


def test_rules_select_narrows_the_list():
    """--select lists what it names."""
    done = cli("rules", "--select", "loss-jump,plateau", COLUMNS="300")
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["loss-jump", "plateau"]


@pytest.mark.parametrize("option", ["--select", "--ignore"])
def test_a_list_of_no_rules_leaves_all(option):
    """A script that passes an empty variable gets every rule."""
    assert cli("rules", option, "").stdout == cli("rules").stdout


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("form", ["rich", "markdown"])
def test_explain_leaves_no_template_open(lang, form):
    """A page is prose: its numbers stand as names, never as format codes."""
    text = cli("explain", "loss-jump", "--lang", lang, "--format", form).stdout
    assert len(text.splitlines()) > 20
    assert "{" not in text


def test_explain_json_is_the_whole_page():
    """A script gets both languages."""
    page = json.loads(cli("explain", "loss-jump", "--format", "json").stdout)
    assert page["title"].keys() == {"en", "zh"}


def test_lossscan_alone_prints_its_help():
    """No verb is answered with the verbs."""
    alone, asked = cli(), cli("--help")
    assert (alone.returncode, alone.stdout) == (0, asked.stdout)


def test_python_m_lossscan_is_the_command():
    """The module runs as the command does."""
    done = subprocess.run(
        [sys.executable, "-m", "lossscan", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout == cli("--version").stdout


def test_the_command_is_installed():
    """These tests run the command of this environment."""
    assert shutil.which(COMMAND)


def test_a_log_in_notes_is_named(tmp_path):
    """A folder with nothing but a text for people says which file to pass."""
    log = "".join(f"Epoch {n}/5 loss: {3 - n / 8:.4f} val_loss: 2.5\n" for n in range(1, 6))
    (tmp_path / "notes.md").write_text(f"# Run 3\n\n```\n{log}```\n")
    done = cli("analyze", tmp_path)
    assert done.returncode == 2
    assert "a log is pasted into notes.md; pass that file" in done.stderr
    assert cli("analyze", tmp_path / "notes.md").returncode == 0
