"""What a console says of the end of its program."""

from pathlib import Path

import pytest

from lossscan.errors import NoLogFound
from tests import logs

LINES = "".join(f"iter {i}: loss 3.{i}, time 52ms, mfu 1.00%\n" for i in range(10, 40))
OUT_OF_MEMORY = """Traceback (most recent call last):
  File "train.py", line 3, in <module>
    main()
torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB
"""
TORCHRUN = """E1126 api.py:874] failed (exitcode: 1) local_rank: 0
Traceback (most recent call last):
  File "torchrun", line 8, in <module>
    sys.exit(main())
torch.distributed.elastic.multiprocessing.errors.ChildFailedError:
============================================================
"""
SLURM = (
    "slurmstepd: error: *** JOB 7 ON n1 CANCELLED AT 2026-01-02T03:04:05 DUE TO TIME LIMIT ***\n"
)


def ending(tmp_path: Path, behind: str) -> list[object]:
    """The errors that the remarks on a log name."""
    notes = logs.read_log(tmp_path, LINES + behind).notes
    return [note.numbers["error"] for note in notes if note.kind == "ended_by_error"]


@pytest.mark.parametrize(
    "behind",
    [
        OUT_OF_MEMORY,
        OUT_OF_MEMORY + TORCHRUN,
        "".join(f"[rank3]: {line}" for line in OUT_OF_MEMORY.splitlines(keepends=True)) + TORCHRUN,
    ],
)
def test_read_names_the_error_that_ended_the_program(tmp_path: Path, behind: str):
    """The launcher only tells that a process failed; which way is said before."""
    assert ending(tmp_path, behind) == [
        "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB"
    ]


def test_read_names_the_launcher_where_nothing_else_is_known(tmp_path: Path):
    """The other processes may have printed elsewhere."""
    (said,) = ending(tmp_path, TORCHRUN)
    assert said == "torch.distributed.elastic.multiprocessing.errors.ChildFailedError:"


def test_read_tells_that_the_scheduler_stopped_the_job(tmp_path: Path):
    """Training was well; the time was up."""
    (said,) = ending(tmp_path, SLURM)
    assert str(said).endswith("DUE TO TIME LIMIT ***")


def test_read_leaves_errors_alone_that_training_survived(tmp_path: Path):
    """What is caught and printed ended nothing; a launch may have followed too."""
    assert ending(tmp_path, OUT_OF_MEMORY + LINES) == []


def test_read_cuts_a_long_message(tmp_path: Path):
    """Some errors print whole tensors."""
    (said,) = ending(tmp_path, OUT_OF_MEMORY.replace("2.00 GiB", "1" * 500))
    assert len(str(said)) == 200


def test_read_says_why_a_console_holds_no_log(tmp_path: Path):
    """A program that failed before its first log is what its user looks for."""
    with pytest.raises(NoLogFound, match=r"died before .*: torch\.OutOfMemoryError: CUDA"):
        logs.read_log(tmp_path, "Loading data\n" + OUT_OF_MEMORY)


@pytest.mark.parametrize(
    "behind",
    [
        "RuntimeError: CUDA out of memory. Tried to allocate 20 MiB",
        "Killed",
        "> KeyError: 'labels'",
    ],
)
def test_read_says_so_without_a_traceback_too(tmp_path: Path, behind: str):
    """A shell prints no frames, and who pastes leaves them out."""
    with pytest.raises(NoLogFound) as told:
        logs.read_log(tmp_path, f"Loading data\n{behind}\n")
    assert str(told.value).endswith(behind.removeprefix("> "))
