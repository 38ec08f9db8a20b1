"""Whatever bytes an event file holds, reading gives points or says why not."""

from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lossscan.errors import MissingExtra, UnreadableLog
from lossscan.formats import event_file
from lossscan.formats.kit.binary import tfrecord as _tfrecord
from lossscan.model import Column, Table
from lossscan.settings import Settings
from lossscan.sources.files import head_of
from tests import writers

FIXTURES = Path(__file__).parents[1] / "fixtures" / "event_files"
FILES = {path.stem: path.read_bytes() for path in sorted(FIXTURES.glob("*.tfevents"))}
WHOLE = st.sampled_from(sorted(FILES.values()))
STEPS = st.integers(-(2**63), 2**63 - 1) | st.integers(0, 300)
VALUES = st.floats(width=32)
TAGS = st.sampled_from(["loss", "eval/loss", "lm loss", "a", "b", "é"])
LOGGED = st.lists(st.tuples(STEPS, TAGS, VALUES, st.booleans()), max_size=80)
EXAMPLES = settings(max_examples=40)


def table_of(data: bytes) -> Table | None:
    """Read bytes; None where they are refused."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "events.out.tfevents.1"
        path.write_bytes(data)
        try:
            return event_file.read(head_of(path), Settings())
        except (UnreadableLog, MissingExtra):  # the bytes may be those that begin a .zst file
            return None


def one_by_one(data: bytes) -> Table | None:
    """Read bytes without numpy's short cut."""
    with mock.patch("lossscan.formats.kit.binary.gather._FEW", 1 << 60):
        return table_of(data)


def points(column: Column) -> set[tuple[int, str]]:
    """The points of a column; as text, a NaN equals a NaN."""
    return set(zip(column.steps.tolist(), map(str, column.values.tolist()), strict=True))


def assert_same(left: Column, right: Column) -> None:
    """Both columns hold the same points, NaN included."""
    np.testing.assert_array_equal(left.steps, right.steps)
    np.testing.assert_array_equal(left.values, right.values)


def file_of(logged: list[tuple[int, str, float, bool]]) -> bytes:
    """An event file of points, some as tensors."""
    bodies = (
        (step, writers.tensor(tag, 1, b"\x22\x04" + np.float32(value).tobytes()))
        if new_style
        else (step, writers.simple(tag, value))
        for step, tag, value, new_style in logged
    )
    return writers.version() + b"".join(
        writers.record(writers.event(step, body)) for step, body in bodies
    )


@EXAMPLES
@given(WHOLE, st.data())
def test_prefix_gives_a_prefix_of_the_points(data, draw):
    """A file cut anywhere gives the points before the cut."""
    whole = table_of(data)
    part = table_of(data[: draw.draw(st.integers(0, len(data)))])
    assert whole is not None
    assert part is not None
    for name, column in part.columns.items():
        count = len(column.steps)
        full = whole.columns[name]
        assert_same(column, Column(full.steps[:count], full.values[:count]))


@EXAMPLES
@given(WHOLE, st.data())
def test_flipped_bytes_cost_points_and_never_change_one(data, draw):
    """Damage to one record leaves out points and adds none."""
    at = draw.draw(st.integers(0, len(data) - 1))
    damaged = bytearray(data)
    damaged[at] ^= draw.draw(st.integers(1, 255))
    whole, read = table_of(data), table_of(bytes(damaged))
    assert whole is not None
    if read is None:
        return
    assert read.notes
    for name, column in read.columns.items():
        assert points(column) <= points(whole.columns[name])


@EXAMPLES
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data):
    """Random bytes never make the reader fail."""
    table_of(data)


@EXAMPLES
@given(st.lists(st.binary(max_size=40), max_size=8), st.integers(1, 30))
def test_any_payloads_are_read(payloads, repeats):
    """Records with right checksums may hold anything, alone or many alike.

    Where none has a meaning the file is refused.
    """
    data = writers.version() + b"".join(map(writers.record, payloads)) * repeats
    bulk, single = table_of(data), one_by_one(data)
    if bulk is None or single is None:
        assert bulk is single
        return
    assert [dict(note.numbers) for note in bulk.notes] == [dict(n.numbers) for n in single.notes]


@EXAMPLES
@given(LOGGED, st.integers(1, 20))
def test_reading_many_at_once_gives_what_reading_one_by_one_gives(logged, repeats):
    """The fast way and the plain way agree in every point."""
    data = file_of(logged * repeats)
    bulk, single = table_of(data), one_by_one(data)
    assert bulk is not None
    assert single is not None
    assert bulk.columns.keys() == single.columns.keys()
    for name in bulk.columns:
        assert_same(bulk.columns[name], single.columns[name])


@EXAMPLES
@given(WHOLE, st.integers(2, 20), st.data())
def test_both_ways_agree_on_mutated_payloads(data, repeats, draw):
    """A payload changed in one byte and framed anew is understood alike by both ways."""
    first = int.from_bytes(data[:8], "little") + 16
    length = int.from_bytes(data[first : first + 8], "little")
    payload = bytearray(data[first + 12 : first + 12 + length])
    payload[draw.draw(st.integers(0, min(len(payload), 120) - 1))] = draw.draw(st.integers(0, 255))
    damaged = data + writers.record(bytes(payload)) * repeats
    bulk, single = table_of(damaged), one_by_one(damaged)
    assert bulk is not None
    assert single is not None
    assert bulk.columns.keys() == single.columns.keys()
    for name in bulk.columns:
        assert_same(bulk.columns[name], single.columns[name])


@EXAMPLES
@given(WHOLE, st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=60)), max_size=4))
def test_records_found_at_once_are_those_followed_one_by_one(data, pieces):
    """Whatever is written into a file, the fast search finds what the chain of lengths holds."""
    for share, piece in pieces:
        at = int(share * len(data))
        data = data[:at] + piece + data[at:]
    slow = _tfrecord.TFRECORD._replace(chains=lambda _: [])
    assert _tfrecord._block(data, 0, _tfrecord.TFRECORD) == _tfrecord._block(data, 0, slow)
