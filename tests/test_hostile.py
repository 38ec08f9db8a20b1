"""No input crashes lossscan, hangs it, or takes other files down with it."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from lossscan import api, commands, formats, reporters, rules
from lossscan.errors import (
    ExaminationFailed,
    NoLogFound,
    ReaderFailed,
    ReaderGaveUp,
    SettingsError,
    UnreadableLog,
)
from lossscan.formats.kit import json_document
from lossscan.formats.kit.binary.event import MANY, event_of
from lossscan.formats.kit.records import Records, in_array
from lossscan.formats.transformers_console.placing import Scale, placed, usable
from lossscan.gate import exit_status
from lossscan.model import FAILED, FAILED_NOTE, Failure, Message, Report, RunReport
from lossscan.pipeline import examine
from lossscan.runs.training import files as training_files
from lossscan.runs.training.pickled_args import scalars
from lossscan.settings import Settings, load
from lossscan.sources import archive, notebook
from lossscan.sources.files import head_of
from lossscan.sources.safe_json import load_json
from lossscan.sources.safe_yaml import load_yaml
from tests import logs


def _jsonl(folder: Path, name: str = "trainer_log.jsonl") -> Path:
    rows = ({"step": step, "loss": 2 + 1 / step} for step in range(1, 40))
    path = folder / name
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def _break(monkeypatch: pytest.MonkeyPatch, what: str, error: Exception, name: str) -> None:
    """Let a reader fail over files of one name."""
    module = __import__(f"lossscan.formats.{what}", fromlist=["read"])
    real = module.FORMAT.read

    def read(head, settings):
        if head.name == name:
            raise error
        return real(head, settings)

    monkeypatch.setattr(module, "FORMAT", replace(module.FORMAT, read=read))
    formats.formats.cache_clear()


@pytest.fixture(autouse=True)
def _formats_anew():
    yield
    formats.formats.cache_clear()


def test_a_log_that_breaks_its_reader_leaves_the_others_and_fails_the_gate(tmp_path, monkeypatch):
    """The other log speaks, the broken one is named in both languages, the status is 2."""
    _jsonl(tmp_path)
    _jsonl(tmp_path, "logging.jsonl")
    _break(monkeypatch, "json_lines", ZeroDivisionError("x"), "logging.jsonl")
    for lang, said in (("en", "unreadable ("), ("zh", "无法读取")):
        report = examine(tmp_path, Settings(lang=lang))
        assert report.run is not None
        assert len(report.run.series["loss"]) == 39
        assert [note.kind for note in report.run.notes if note.kind == FAILED_NOTE]
        told = next(text for text in (each.say(lang) for each in report.remarks) if said in text)
        assert "logging.jsonl" in told
        assert "ZeroDivisionError" in told
        assert report.status != "ok"
        assert exit_status(Report("0", (report,)), None) == FAILED


def test_a_log_that_is_given_up_is_no_bug_to_report(tmp_path, monkeypatch):
    """The other log speaks; the limit and the way out are named, and the status is 2."""
    _jsonl(tmp_path)
    _jsonl(tmp_path, "logging.jsonl")
    _break(monkeypatch, "json_lines", ReaderGaveUp("too_many_trainings", most=9), "logging.jsonl")
    report = examine(tmp_path, Settings())
    assert report.run is not None
    assert len(report.run.series["loss"]) == 39
    assert any("logging.jsonl: not read to the end" in str(each) for each in report.remarks)
    assert any("more than 9 trainings" in str(each) for each in report.remarks)
    assert report.error is None or "report this" not in str(report.error.hint)
    assert exit_status(Report("0", (report,)), None) == FAILED


def _zipped(text: bytes, name: str = "train.log", packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", packing) as out:
        out.writestr(name, text)
    return kept.getvalue()


TEXT = "".join(f"step {step} loss: {2 + 1 / step}\n" for step in range(50, 900)).encode()
DAMAGED_LOGS = {
    "train.log.gz": gzip.compress(TEXT)[:-8] + b"12345678",  # another checksum
    "train.log.xz": lzma.compress(TEXT)[:-60] + bytes(60),
    "train.zip": _zipped(TEXT)[:300] + bytes(60) + _zipped(TEXT)[360:],
    "trainer_state.json": bytes(9000),
    "events.out.tfevents.1": bytes(range(200)) * 9,
    "cut.zip": _zipped(TEXT)[:-60],
    "offline.zip": b"no archive",
    "bz2.zip": _zipped(TEXT, packing=zipfile.ZIP_BZIP2),
    "train.ipynb": b'{"cells": [{"outputs": [{"text": "step 1 loss: 2.5',
    "trackio.db": b"SQLite format 3\0CREATE TABLE metrics(run_name, step, metrics)" + bytes(4000),
}


@pytest.mark.parametrize("name", DAMAGED_LOGS)
def test_a_damaged_log_beside_a_good_one_fails_the_gate(tmp_path, name):
    """The other log speaks, the damaged one is named with a way out, and the status is 2."""
    _jsonl(tmp_path)
    (tmp_path / name).write_bytes(DAMAGED_LOGS[name])
    report = examine(tmp_path, Settings())
    assert report.run is not None
    assert len(report.run.series["loss"]) == 39
    assert report.error is not None
    assert name in str(report.error.message)
    assert "copy the file again" in str(report.error.hint)
    assert exit_status(Report("0", (report,)), None) == FAILED


TOO_MUCH = {
    "train.log.gz": (gzip.compress(bytes(80 << 20), 1), "more than 100 times its size"),
    "lone.zip": (_zipped(TEXT), "more than 0 MiB"),
    "large.ipynb": (
        b'{"cells": [{"outputs": [{"text": "loss: 2' + b"." * 9000,
        "larger than 0 MiB",
    ),
    "metrics.json": (b'{"loss": [2.5' + b", 2.5" * 60 + b"]}", "more than 50 values"),
}


@pytest.fixture
def _small_bounds(monkeypatch):
    monkeypatch.setattr(archive, "LARGEST", 9000)
    monkeypatch.setattr(notebook, "LARGEST", 9000)
    monkeypatch.setattr(json_document, "MOST_VALUES", 50)


@pytest.mark.usefixtures("_small_bounds")
@pytest.mark.parametrize("name", TOO_MUCH)
def test_a_log_that_is_too_much_for_its_reader_fails_the_gate_beside_a_good_one(tmp_path, name):
    """What is beyond a bound is not read, and nothing else vouches for it."""
    data, said = TOO_MUCH[name]
    _jsonl(tmp_path)
    (tmp_path / name).write_bytes(data)
    report = examine(tmp_path, Settings())
    assert report.run is not None
    assert said in str(report.error and report.error.message)
    assert exit_status(Report("0", (report,)), None) == FAILED


@pytest.mark.usefixtures("_small_bounds")
@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("train.log.gz", gzip.compress(TEXT)[:-900]),
        ("data.zip", _zipped(TEXT, "0001.png")[:-60]),
        ("lone.zip", _zipped(b"1,2,3" * 9000)),
        ("data.ipynb", b"." * 9001),
        ("000003.log", bytes(9000)),  # of a database
        ("a.ipynb", b'{"cells": [{"outputs": [{"text": "hello'),
    ],
)
def test_a_log_that_still_grows_and_an_archive_of_anything_fail_no_gate(tmp_path, name, data):
    """The packed log is read as far as it goes; the others show that they hold none."""
    _jsonl(tmp_path)
    (tmp_path / name).write_bytes(data)
    report = examine(tmp_path, Settings())
    assert exit_status(Report("0", (report,)), None) != FAILED


def test_a_hole_around_a_log_is_no_binary_data(tmp_path):
    """A crash leaves zeros behind it, and a log that is truncated while it grows before it."""
    for data in (TEXT + bytes(40_000), bytes(40_000) + TEXT, bytes(200_000) + TEXT):
        (tmp_path / "train.log").write_bytes(data)
        report = examine(tmp_path, Settings())
        assert report.run is not None
        assert len(report.run.series["loss"]) == 850


@pytest.mark.parametrize(
    ("name", "head"), [("train.log", ""), ("a.jsonl", ""), ("a.csv", "step,loss\n")]
)
def test_what_is_behind_a_hole_of_gigabytes_is_read(tmp_path, name, head):
    """A log that is rotated by truncation while it is written begins again at its old place."""
    row = {"train.log": "step {} loss: 2.5\n", "a.jsonl": '{{"step": {}, "loss": 2.5}}\n'}
    lines = [row.get(name, "{},2.5\n").format(step) for step in range(200)]
    with (tmp_path / name).open("wb") as stream:
        stream.write((head + "".join(lines[:100])).encode())
        stream.seek(4 << 30, os.SEEK_CUR)
        stream.write("".join(lines[100:]).encode())
    report = examine(tmp_path, Settings())
    assert report.run is not None
    assert len(report.run.series["loss"]) == 200


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="has no such files")
@pytest.mark.parametrize("name", ["train.log", "train.log.gz", "a.ipynb"])
def test_a_pipe_in_the_place_of_a_log_is_not_waited_for(tmp_path, name):
    """It was a file when the folder was listed."""
    os.mkfifo(tmp_path / name)
    with pytest.raises(OSError, match="device"):
        head_of(tmp_path / name)


def test_losses_smaller_than_a_spread_can_be_warn_of_nothing(tmp_path):
    """What numpy says of them would be on the terminal."""
    rows = "".join(f"{step},{5e-324 * step}\n" for step in range(1, 400))
    (tmp_path / "metrics.csv").write_text(f"step,loss\n{rows}")
    assert not examine(tmp_path, Settings()).remarks


def test_a_standard_input_that_is_closed_holds_nothing(monkeypatch):
    """As a service starts it; that is an error of one line and no bug."""
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(NoLogFound, match="empty"):
        examine(Path("-"), Settings())


def test_a_damaged_notebook_of_its_own_is_a_row_of_a_batch(tmp_path):
    """So a run is not lost among others."""
    for name in ("good", "bad"):
        (tmp_path / name).mkdir()
    _jsonl(tmp_path / "good")
    (tmp_path / "bad" / "train.ipynb").write_bytes(DAMAGED_LOGS["train.ipynb"])
    report = api.batch(tmp_path, jobs=1)
    assert [one.status for one in report.runs] == ["error", "ok"]


def test_an_empty_path_is_not_the_current_folder(tmp_path, monkeypatch):
    """A variable that was never set must not turn the gate green."""
    _jsonl(tmp_path)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NoLogFound, match="no such file"):
        api.analyze("")
    assert [one.status for one in api.batch("", jobs=1).runs] == ["error"]


@pytest.mark.parametrize("verb", ["analyze", "batch", "show"])
def test_a_log_is_not_replaced_by_its_own_report(tmp_path, capsys, verb):
    """The way out is another file."""
    log = _jsonl(tmp_path)
    held = log.read_bytes()
    given = ["analyze", "--show-data"] if verb == "show" else [verb]
    assert commands.main([*given, str(tmp_path), "-o", str(log)]) == FAILED
    assert "is the log that was read" in capsys.readouterr().err
    assert log.read_bytes() == held


def test_help_is_shown_where_python_drops_docstrings():
    """`-OO` leaves none."""
    for given in ("--help", "analyze --help"):
        command = [sys.executable, "-OO", "-m", "lossscan", *given.split()]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        assert "analyze" in done.stdout


def test_the_only_log_that_breaks_its_reader_is_one_clear_error(tmp_path, monkeypatch):
    """It names the file and the exception."""
    path = _jsonl(tmp_path)
    monkeypatch.setattr(formats, "_with_ending", lambda *_: 1 / 0)
    with pytest.raises(ReaderFailed, match=r"trainer_log\.jsonl.*ZeroDivisionError"):
        formats.read_file(path, Settings())
    with pytest.raises(UnreadableLog, match="ZeroDivisionError"):
        examine(tmp_path, Settings())


def test_a_run_that_breaks_the_signals_is_an_error_of_this_run(tmp_path, monkeypatch):
    """Nothing could be judged: an error that names the run, not a crash."""
    _jsonl(tmp_path)
    monkeypatch.setattr("lossscan.signals.scan", lambda run: 1 / 0)
    with pytest.raises(ExaminationFailed, match="ZeroDivisionError"):
        examine(tmp_path, Settings())


def test_a_rule_that_fails_is_a_remark_and_all_of_them_an_error(tmp_path, monkeypatch):
    """Where no rule could judge, nothing is said to be ok."""
    _jsonl(tmp_path)
    real = rules.load_rule
    monkeypatch.setattr(
        "lossscan.ledger.load_rule", lambda name: real(name) if name != "plateau" else 1 / 0
    )
    assert any("plateau" in r for r in examine(tmp_path, Settings()).remarks)
    monkeypatch.setattr("lossscan.ledger.load_rule", lambda name: 1 / 0)
    with pytest.raises(ExaminationFailed, match="ZeroDivisionError"):
        examine(tmp_path, Settings())


def test_a_settings_file_that_breaks_its_reader_is_a_remark(tmp_path, monkeypatch):
    """The run is judged all the same."""
    _jsonl(tmp_path)
    (tmp_path / "training_args.yaml").write_text("learning_rate: 1e-4\n")
    monkeypatch.setattr(training_files, "canonical_fields", lambda raw: 1 / 0)
    report = examine(tmp_path, Settings())
    assert any("training_args.yaml" in r and "ZeroDivisionError" in r for r in report.remarks)


@pytest.mark.parametrize("packing", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_pickle_is_not_unpacked_by_what_knows_no_bounds(packing):
    """Of bz2 and lzma members zipfile unpacks all at once."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", packing) as archive:
        archive.writestr("a/data.pkl", b"\0" * 100_000)
    with pytest.raises(UnreadableLog, match=r"not written by torch\.save"):
        scalars(held.getvalue())


def test_a_packed_settings_file_is_unpacked_no_further_than_it_may_be_read(tmp_path):
    """4 MiB, whatever it holds; not one byte goes to the disk."""
    path = tmp_path / "training_args.yaml"
    path.write_bytes(lzma.compress(b"#" * (training_files.MAX_BYTES * 8)))
    with pytest.raises(ValueError, match="larger than 4 MiB"):
        training_files.read_settings(path)
    path.write_bytes(lzma.compress(b"learning_rate: 1e-4\n"))
    stated = training_files.read_settings(path)
    assert stated is not None
    assert stated.fields == {"learning_rate": 1e-4}
    path.write_bytes(bz2.compress(b"learning_rate: 1e-4\n"))  # a kind that is not read
    with pytest.raises(ValueError, match=r"."):
        training_files.read_settings(path)


def test_yaml_numbers_are_those_of_1_2():
    """No sexagesimals, which take quadratic time; exponents without a point are numbers."""
    told = load_yaml("a: 1:30\nb: 1e-4\nc: 0x10\nd: -.inf\ne: 1_000\nf: 2.5\ng: 1:1:1.5\n")
    assert told == {
        "a": "1:30",
        "b": 1e-4,
        "c": 16,
        "d": -np.inf,
        "e": 1000,
        "f": 2.5,
        "g": "1:1:1.5",
    }
    assert load_yaml("a: " + ":".join(["1"] * 200_000))["a"].startswith("1:1")
    assert load_yaml(f"a: {'9' * 5000}")["a"] == "9" * 5000


def test_json_takes_integers_of_any_length_and_refuses_bottomless_nesting():
    """They are infinite, as 1e400 is."""
    assert load_json(f"[{'9' * 5000}, -{'9' * 400}, 1e400, 7]") == [np.inf, -np.inf, np.inf, 7]
    assert load_json(b'{"a": "\xff"}') == {"a": "�"}
    with pytest.raises(ValueError, match="nested too deeply"):
        load_json("[" * 200_000)


@pytest.mark.parametrize("key", ["a\\b", 'a"b', "a\tb", "a\ud800b"])
def test_odd_keys_are_decoded_one_by_one(key):
    """The decoder made of keys cannot hold them."""
    records = Records(in_array)
    records.meet(["step", key])
    assert records.group(b'[{"step": 1}]', 0) is None


def test_a_tensor_of_very_many_dimensions_is_no_scalar():
    """Their product would take minutes."""

    def field(number: int, data: bytes) -> bytes:
        size, head = len(data), bytes([number << 3 | 2])
        while size > 127:
            head, size = head + bytes([size & 127 | 128]), size >> 7
        return head + bytes([size]) + data

    dimension = field(2, b"\x08" + b"\xff" * 8 + b"\x7f")
    tensor = b"\x08\x01" + field(2, dimension * 300_000) + field(4, b"\0" * 4)
    event = event_of(field(5, field(1, field(1, b"loss") + field(8, tensor))))
    assert event.scalars == ()
    assert MANY != 1


def test_steps_are_placed_within_the_numbers_that_there_are():
    """A scale out of range is none, and no step overflows."""
    assert usable(Scale(np.inf)) is usable(Scale(-1.0)) is usable(Scale(float("nan"))) is None
    steps = placed(np.array([0.1, 1e6]), np.array([0.05, 0.05]), Scale(2.0**53))
    assert (steps >= 0).all()


NUMBERS = ("1e400", "-1e400", "9" * 400, "1e308", "-1e308", "1e17", "NaN", "0", "1e-320")


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize(
    "key", ["loss", "epoch", "step", "learning_rate", "grad_norm", "eval_loss"]
)
def test_a_trainer_state_may_hold_any_number(tmp_path, key, number, capsys):
    """The run is reported, or one error says why not."""
    rows = [{"step": n, "loss": 2 + 1 / n, "epoch": n / 10, "eval_loss": 2.0} for n in range(1, 40)]
    text = json.dumps({"log_history": rows})
    entry = json.dumps({**rows[-1], key: 0}).replace(f'"{key}": 0', f'"{key}": {number}')
    (tmp_path / "trainer_state.json").write_text(text.replace("]", f", {entry}]"))
    assert commands.main(["analyze", str(tmp_path), "--fail-on", "never"]) == 0
    assert "unexpected" not in capsys.readouterr().err


SETTINGS = (
    *("learning_rate", "num_train_epochs", "per_device_train_batch_size", "max_steps"),
    *("gradient_accumulation_steps", "warmup_ratio", "warmup_steps", "eval_steps", "seed"),
    *("logging_steps", "save_steps", "vocab_size", "weight_decay", "world_size", "n_gpu"),
)


@pytest.mark.parametrize("number", NUMBERS)
def test_settings_may_be_any_number(tmp_path, number):
    """Alone and all at once, in a run with epochs; the run is judged."""
    rows = ({"step": n, "loss": 2 + 1 / n, "epoch": n / 10} for n in range(1, 40))
    (tmp_path / "trainer_log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for stated in (SETTINGS, *zip(SETTINGS, strict=True)):
        said = ", ".join(f'"{name}": {number}' for name in stated)
        (tmp_path / "training_args.json").write_text(f"{{{said}}}")
        assert examine(tmp_path, Settings()).error is None


def test_a_run_of_which_only_counts_of_skipped_steps_are_left_is_judged(tmp_path):
    """Megatron counts steps to an end; the loss of the only line is damaged."""
    line = (
        " [2026-11-21 06:42:50.743524] iteration        5/     484 | consumed samples:   80 |"
        " lm loss.294689E+00 | grad norm: 1.996 | number of skipped iterations:   10 |\n"
    )
    (tmp_path / "train.log").write_text(line)
    run = examine(tmp_path, Settings()).run
    assert run is not None
    assert run.complete is False


@pytest.mark.parametrize("name", reporters.formats())
def test_losses_at_the_end_of_the_numbers_make_a_report_without_a_warning(tmp_path, name):
    """Their range is beyond any float."""
    rows = ({"step": n, "loss": 1.7e308 * (-1) ** (n // 3)} for n in range(200))
    (tmp_path / "trainer_log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    report = Report("0", (examine(tmp_path, Settings()),))
    assert all(reporters.pieces(name, report, reporters.Page()))


LONG = "7" * 6000  # digits; Python refuses to read more than 4,300


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("metrics.json", f'[{{"step": 1, "loss": 2.5, "n": {LONG}}}, {{"step": 2, "loss": 2.4}}]'),
        ("metrics.json", f'{{"loss": {{"steps": [1, 2], "values": [2.5, {LONG}]}}}}'),
        ("log.jsonl", f'{{"step": 1, "loss": 2.5}}\n{{"step": 2, "loss": 2.4, "n": {LONG}}}\n'),
    ],
)
def test_an_integer_of_thousands_of_digits_costs_no_row(tmp_path, name, text):
    """It is infinite, whatever holds it."""
    (tmp_path / name).write_text(text)
    table = formats.read_file(tmp_path / name, Settings())
    assert table.columns["loss"].steps.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("value", "said"),
    [(LONG, "an integer has too many digits"), ("[" * 5000, "nested too deeply")],
)
def test_a_settings_file_that_python_gives_up_on_is_spoken_of_in_plain_words(tmp_path, value, said):
    """What Python says of its own limits is no help to a user."""
    file = tmp_path / "own.toml"
    file.write_text(f"[tool.lossscan]\nfail-on = {value}\n")
    with pytest.raises(SettingsError, match=said):
        load(file)


def test_a_pickle_with_a_long_integer_is_spoken_of_in_plain_words():
    """Python's own words name a function of its own."""
    data = b"\x80\x02}(X\x01\x00\x00\x00aI" + LONG.encode() + b"\nu."
    with pytest.raises(UnreadableLog, match="an integer has too many digits"):
        scalars(data)


def test_the_product_of_two_settings_is_within_the_numbers(tmp_path):
    """A share of 1e308 is no share."""
    _jsonl(tmp_path)
    (tmp_path / "training_args.json").write_text('{"warmup_ratio": 1e308, "max_steps": 100}')
    assert examine(tmp_path, Settings()).error is None


def test_bottomless_objects_end_no_reader(tmp_path):
    """A line of fairseq and the first line of a log that is watched."""
    deep = '{"epoch": 1, "update": 0.5, "loss": ' + '{"a":' * 100_000
    for name in ("train.log", "trainer_log.jsonl"):
        path = tmp_path / name
        path.write_text(logs.ALL["fairseq_console"] + deep + "}" * 100_000 + "\n")
        assert len(formats.read_file(path, Settings()).columns["loss"].steps) > 1


@pytest.mark.parametrize("times", ["k", "K", "\u212a", "m", "M"])
def test_a_count_in_thousands_may_be_written_small(tmp_path, times):
    """Also with the sign of a Kelvin, which is a K to an expression that ignores the case."""
    text = "".join(f"step: {n}{times} smpl: {n}K loss: 2.{n}\n" for n in range(1, 9))
    (tmp_path / "train.log").write_text(text, encoding="utf-8")
    steps = formats.read_file(tmp_path / "train.log", Settings()).columns["loss"].steps
    assert steps[-1] == 8 * (1000 if times in "kK\u212a" else 1_000_000)


def test_an_epoch_outside_of_a_dict_begins_no_training_again(tmp_path):
    """It is half a line that a crash left."""
    entries = "".join(f"{{'loss': {3 - n / 9:.4f}, 'epoch': {n / 9:.2f}}}\n" for n in range(9))
    (tmp_path / "train.log").write_text(f"{entries} 'epoch': 0.1\n{entries[-40:]}")
    assert formats.read_file(tmp_path / "train.log", Settings()).columns["loss"].steps.any()


def test_a_time_that_is_no_number_breaks_no_reader(tmp_path):
    """As C on Windows prints it."""
    (tmp_path / "train.log").write_text(logs.ALL["nanogpt_console"].replace("4521.25", "1.#QNAN"))
    assert len(formats.read_file(tmp_path / "train.log", Settings()).columns["loss"].steps) == 3


@pytest.mark.parametrize("name", reporters.formats())
def test_a_path_that_steers_a_terminal_does_not_in_the_error_of_its_run(name):
    """The error names it, and every report shows the error."""
    failure = Failure(
        "UnreadableLog", Message("as_said", text="a\x1b[31m\x9b1mb"), Message("report")
    )
    page = reporters.Page(single=False)
    report = Report("0", (RunReport("a", "a", "error", error=failure),))
    text = "".join(each for each in reporters.pieces(name, report, page) if isinstance(each, str))
    assert not {"\x1b", "\x9b"} & set(text)


def test_the_only_file_of_an_archive_may_lack_a_name(tmp_path: Path):
    """Found by fuzzing: Python 3.11 asks for the last letter of the name."""
    with zipfile.ZipFile(tmp_path / "run.zip", "w") as archive:
        archive.writestr(zipfile.ZipInfo(""), "step 1 loss 2.5\n")
    with pytest.raises(NoLogFound, match=r"run\.zip"):
        examine(tmp_path / "run.zip", Settings())
