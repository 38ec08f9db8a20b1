"""Lines of a console that name the cause of a trouble."""

from pathlib import Path

import pytest

from lossscan.formats.kit.loss_scale_log import LossScaleLog

LOG = Path("train.log")
DEEPSPEED = "[deepspeed] OVERFLOW! Rank 0 Skipping step. Attempted loss scale: {}, reducing to {}\n"
FAIRSEQ = "NOTE: gradient overflow detected, ignoring gradient, setting loss scale to: {}\n"


def taken(*lines: str) -> LossScaleLog:
    """What lines said, each at the next place."""
    loss_scales = LossScaleLog()
    for place, line in enumerate(lines):
        loss_scales.take(line, place)
    return loss_scales


@pytest.mark.parametrize(
    ("line", "scale"),
    [
        (DEEPSPEED.format(65536, 32768), 32768.0),
        ("[deepscale] OVERFLOW! Skipping step. Attempted loss scale: 2, reducing to 1\n", 1.0),
        (
            "[Rank 0] Overflow detected. Skipping step. Attempted loss scale: 1, reducing to 1\n",
            1.0,
        ),
        (
            "[deepspeed] OVERFLOW! Skipping step. Attempted loss scale: 4, but hysteresis is 2\n",
            4.0,
        ),
        ("Gradient overflow.  Skipping step, loss scaler 0 reducing loss scale to 0.5\n", 0.5),
        ("optimizer not run, scale_before: 32768.0, scale_after: 16384.0\n", 16384.0),
        (FAIRSEQ.format(64.0), 64.0),
    ],
)
def test_remarks_know_a_skipped_update(line: str, scale: float):
    """DeepSpeed in all its versions, apex, PaddleNLP and fairseq say when they skip an update."""
    loss_scales = taken(line)
    (note,) = loss_scales.notes(LOG)
    assert (note.kind, note.numbers["updates"]) == ("fp16_overflows", 1)
    assert note.numbers["scale"] == scale
    assert loss_scales.skipped([5]) == {5: 1}


def test_remarks_leave_a_cut_number_out():
    """A log may end within the number of the scale."""
    assert taken(DEEPSPEED.format(65536, 32768)[:-3]).notes(LOG) == ()


def test_remarks_count_what_was_skipped_behind_the_last_point():
    """A run that ends in overflows logs no further loss."""
    loss_scales = taken(*[DEEPSPEED.format(4, 2)] * 5)
    loss_scales.skipped([0, 2])
    (note,) = loss_scales.notes(LOG)
    assert (note.numbers["updates"], note.numbers["behind"]) == (5, 2)


def test_remarks_take_no_scale_of_fairseq_for_the_lowest():
    """The scale of fairseq goes below 1 in sound runs: its losses are sums."""
    (note,) = taken(FAIRSEQ.format(0.5), DEEPSPEED.format(4, 2)).notes(LOG)
    assert note.numbers["lowest"] == 2.0


@pytest.mark.parametrize(
    "line",
    [
        "Exception: Current loss scale already at minimum - cannot decrease scale anymore.\n",
        "FloatingPointError: Minimum loss scale reached (0.0001). Your loss is exploding.\n",
        "Exception: Skipped 50 iterations in a row due to Overflow - Exiting training.\n",
    ],
)
@pytest.mark.parametrize(("points", "behind"), [([0], 1), ([2], 0)])
def test_remarks_know_the_end_of_the_scale(line: str, points: list[int], behind: int):
    """DeepSpeed, fairseq and GPT-NeoX stop there; a later launch may have gone on."""
    loss_scales = taken("loss 2.5\n", line)
    loss_scales.skipped(points)
    (note,) = loss_scales.notes(LOG)
    assert (note.kind, note.numbers) == ("loss_scale_exhausted", {"behind": behind})
