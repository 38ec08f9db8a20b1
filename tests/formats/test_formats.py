"""Each log is read by the format that is at home in it, and nothing else is read at all."""

from pathlib import Path

import pytest

from lossscan import formats
from lossscan.errors import NoLogFound, UnreadableLog
from lossscan.formats.kit.format import Format
from lossscan.model import Table
from lossscan.settings import Settings
from tests import logs

NO_LOGS = {
    "requirements": "torch==2.1.0\ntransformers>=4.40\n# loss functions\n",
    "readme": "# My run\nThe loss fell from 3.2 to 1.1 at step 100.\n\n    loss: 1.1\n",
    "args": '{"learning_rate": 1e-05, "num_train_epochs": 3, "logging_steps": 10}',
    "dataset": '{"instruction": "Say hi", "output": "hi", "id": 1}\n' * 5,
    "scores": "name,accuracy,loss_of_hair\nanna,0.5,1\nbert,0.7,2\n",
    "server": "GET /index.html status: 200 time: 0.3\n" * 20,
    "zeros": "\0" * 5000,
    "nothing": "",
}


@pytest.mark.parametrize("name", logs.ALL)
def test_claimants_begin_with_the_format_at_home(tmp_path: Path, name: str):
    """The log of a trainer is claimed by its own format first."""
    assert logs.claimed_by(tmp_path, logs.ALL[name], logs.name_of(name))[0] == name


@pytest.mark.parametrize("name", NO_LOGS)
def test_claimants_leave_other_files_alone(tmp_path: Path, name: str):
    """A file that only lies beside a log is not read as one."""
    assert logs.claimed_by(tmp_path, NO_LOGS[name]) == []


def test_read_names_the_file_it_does_not_know(tmp_path: Path):
    """The message is short and begins with the path."""
    with pytest.raises(
        NoLogFound, match=r"train\.log: unrecognized log format: no line logs a loss$"
    ):
        logs.read_log(tmp_path, "Dear diary")


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("when,what\n1,2\n3,4\n", ["csv_table", "step,loss", "(keys found: when, what)"]),
        ('{"who": "me", "at": {"t": 1}}\n', ["json_lines", "(keys found: who, at.t)"]),
    ],
)
def test_read_shows_first_what_the_user_can_name(tmp_path: Path, text: str, nearest: list[str]):
    """Columns and keys that stand in an unknown file are shown, for the user to map them."""
    with pytest.raises(NoLogFound) as caught:
        logs.read_log(tmp_path, text)
    assert all(each in caught.value.details[1] for each in nearest)


def test_read_takes_no_value_for_a_name_that_the_user_can_map(tmp_path: Path):
    """A line of pairs parted by blanks has as many cells as the one below it."""
    text = "".join(f"epoch {n}  train_err {n}.25  val_err {n}.5\n" for n in range(9))
    with pytest.raises(NoLogFound) as caught:
        logs.read_log(tmp_path, text)
    assert not any("train_err 0.25" in each for each in caught.value.details)


def test_read_says_in_chinese_that_it_knows_no_log(tmp_path: Path):
    """What is told of an unknown log follows the language of the report."""
    head = logs.head_with(tmp_path, "Dear diary")
    with pytest.raises(NoLogFound) as caught:
        formats.read(head, Settings())
    assert "无法识别的日志" in caught.value.said("zh").message
    assert "--verbose" in caught.value.said("zh").hint


def test_read_says_why_each_claimant_refused(tmp_path: Path):
    """A file that looks right and is not is refused with a reason."""
    with pytest.raises(UnreadableLog, match="as trainer_state: log_history is not a list"):
        logs.read_log(tmp_path, '{"log_history": 3}')


def test_read_tries_any_table_where_the_user_names_the_key(tmp_path: Path):
    """A table that no format knows is read by the names that the user gives."""
    table = logs.read_log(tmp_path, "t,nll\n1,2.5\n2,2.25\n", {"loss": "nll", "step": "t"})
    assert logs.points(table, "loss") == [(1, 2.5), (2, 2.25)]


def test_read_takes_the_step_of_objects_where_the_user_names_it(tmp_path: Path):
    """JSONL is mapped like a table."""
    text = '{"it": 10, "nll": 2.5}\n{"it": 20, "nll": 2.25}\n'
    table = logs.read_log(tmp_path, text, {"loss": "nll", "step": "it"})
    assert logs.points(table, "loss") == [(10, 2.5), (20, 2.25)]


def test_formats_ask_the_general_ones_last():
    """A format that reads any pairs must not come before one that knows the trainer."""
    assert [each.name for each in formats.formats()][-9:] == [
        "key_value",
        "perplexity_console",
        "loss_behind",
        "loss_lines",
        "set_lines",
        "alike_lines",
        "printed_lists",
        "bare_numbers",
        "lost_console",
    ]


def test_read_finds_the_mark_beyond_the_start_of_the_file(tmp_path: Path):
    """Progress bars of data preparation can fill the first megabytes of a console log."""
    bars = "".join(f"Map: {i}/9999 examples\r" for i in range(9999))
    assert len(logs.points(logs.read_log(tmp_path, bars + logs.TRANSFORMERS), "loss")) == 20


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_read_takes_what_powershell_writes(tmp_path: Path, encoding: str):
    """A redirect on Windows writes a byte order mark."""
    table = logs.read_log(tmp_path, logs.MINIMIND.encode(encoding))
    assert len(table.columns["loss"].steps) == 3


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_read_knows_utf_16_by_its_zeros(tmp_path: Path, encoding: str):
    """Who cuts the beginning off a log cuts off its byte order mark; its end may be cut too."""
    text = "数据 loaded\n" * 9000 + logs.MINIMIND
    table = logs.read_log(tmp_path, text.encode(encoding) + b"E")
    assert logs.points(table, "loss") == [(0, 8.85), (100, 5.032), (400, 4.032)]
    state = '{"log_history": [{"loss": 2.5, "step": 1}]}'
    assert logs.points(logs.read_log(tmp_path, state.encode(encoding)), "loss") == [(1, 2.5)]


def test_read_takes_a_hole_of_zeros_for_no_text_of_utf_16(tmp_path: Path):
    """A crash may leave zeros in a log."""
    table = logs.read_log(tmp_path, logs.MINIMIND.encode() + bytes(100))
    assert len(table.columns["loss"].steps) == 3


def test_read_looks_through_colors(tmp_path: Path):
    """Terminal colors are no part of a number."""
    line = "\x1b[31mstep: {}  \x1b[32mloss:  2.5\x1b[39m  \x1b[33mtps: 14,593\x1b[0m\n"
    table = logs.read_log(tmp_path, "".join(line.format(step) for step in range(1, 5)))
    assert logs.points(table, "tokens_per_second")[0] == (1, 14593.0)


def test_read_uses_no_settings_by_default(tmp_path: Path):
    """The defaults need no settings file."""
    head = logs.head_with(tmp_path, logs.TORCHTUNE)
    assert formats.read(head, Settings()).framework == "torchtune"


def test_a_format_cannot_state_what_nobody_reads():
    """A slip in the name of a field is an error and no silence."""
    with pytest.raises(TypeError, match="sampel"):
        Format(name="acme", sampel="x", claims=bool, read=Table)  # type: ignore[call-arg, arg-type]


def test_a_log_of_progress_alone_is_named_as_that(tmp_path: Path):
    """LLaMA-Factory's log of a prediction has no loss: no key is missing from a mapping."""
    line = '{"current_steps": 5, "total_steps": 250, "percentage": 2.0}\n'
    head = logs.head_with(tmp_path, line * 5)
    with pytest.raises(NoLogFound, match="progress log without a loss"):
        formats.read(head, Settings())


def test_points_below_the_arguments_of_another_trainer_are_read(tmp_path: Path):
    """Loops of one's own print the arguments of Megatron; with nothing below, all are awaited."""
    arguments = "".join(
        f"  {name} {'.' * 30} {value}\n" for name, value in (("lr", 0.00015), ("train_iters", 600))
    )
    banner = f"-------- arguments --------\n{arguments}-------- end of arguments --------\n"
    table = logs.read_log(tmp_path, banner + "".join(f"step {n} loss 2.5\n" for n in range(4)))
    assert len(logs.points(table, "loss")) == 4
    assert table.config["lr"] == "0.00015"
    assert not logs.read_log(tmp_path, banner).columns


def test_lines_may_end_as_windows_has_it(tmp_path: Path):
    """A table without a counter shows itself by the numbers right below its header."""
    path = tmp_path / "loss.csv"
    path.write_bytes(b"train_loss,valid_loss\r\n" + b"2.5,2.75\r\n" * 4)
    assert len(logs.points(formats.read_file(path, Settings()), "eval_loss")) == 4
