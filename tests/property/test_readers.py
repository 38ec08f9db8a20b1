"""Whatever bytes a log holds, reading gives points or says why not."""

from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossscan import formats
from lossscan.errors import InputError
from lossscan.formats.kit.format import Format
from lossscan.model import Table
from lossscan.settings import Settings
from lossscan.sources.files import HEAD_BYTES, Head
from tests import logs

EXAMPLES = settings(max_examples=25)  # of each of forty formats
TEXT_FORMATS = [each for each in formats.formats() if each.name in logs.ALL]
PARTS = st.sampled_from(
    [part.encode() for text in logs.ALL.values() for part in text.split(" ")]
    + [b"{", b"}", b"[", b"nan", b"1e999", b"9" * 400, b"\0", b"\r", b"\n", b"\x1b[0m", b"\xff\xfe"]
)
ANYTHING = st.binary(max_size=300) | st.lists(PARTS, max_size=60).map(b" ".join)
# Steps of these are derived from the whole of the log, so only their number can be compared.
DERIVED = {"transformers_console"}


def read(data: bytes, each: Format) -> Table:
    """Read the bytes of a small file by one format."""
    assert len(data) <= HEAD_BYTES
    return each.read(Head(Path("train.log"), len(data), data), Settings())


@cache
def read_whole(each: Format) -> Table:
    """The log of a format."""
    return read(logs.ALL[each.name].encode(), each)


@pytest.mark.parametrize("each", TEXT_FORMATS, ids=lambda each: each.name)
@EXAMPLES
@given(data=ANYTHING)
def test_readers_take_anything(each: Format, data: bytes):
    """No bytes crash a reader: they give a table or an InputError."""
    try:
        table = read(data, each)
    except InputError:
        return
    assert all(len(c.steps) == len(c.values) > 0 for c in table.columns.values())


@pytest.mark.parametrize("each", TEXT_FORMATS, ids=lambda each: each.name)
@EXAMPLES
@given(data=st.data())
def test_readers_give_a_prefix_of_the_points_for_a_prefix_of_the_log(
    each: Format, data: st.DataObject
):
    """A log that is still written never shows a point that the whole log does not hold."""
    whole = logs.ALL[each.name].encode()
    cut = data.draw(st.integers(0, len(whole)))
    try:
        part = read(whole[:cut], each)
    except InputError:
        return
    if each.name == "nanogpt_console" and whole[:cut].count(b"\n") <= 1:
        return  # an evaluation of the training data stands for the loss until one is logged
    if each.name == "rsl_rl_console" and whole[:cut].count(b"iteration") == 1:
        return  # of a first block in writing the only loss serves as the total
    full = read_whole(each)
    if part.config.get("logging_strategy") != full.config.get("logging_strategy"):
        assert each.name == "keras_console"  # whose first epoch is shown batch by batch until whole
        return
    for name in part.columns:
        points, all_points = logs.points(part, name), logs.points(full, name)
        if each.name in DERIVED:
            points, all_points = [(0, y) for _, y in points], [(0, y) for _, y in all_points]
        assert repr(points) == repr(all_points[: len(points)])  # NaN is not equal to itself
