"""Whatever bytes a settings pickle holds, plain settings come out or a reason why not."""

import io
import pickle
import zipfile

from hypothesis import example, given, settings
from hypothesis import strategies as st

from lossscan.errors import UnreadableLog
from lossscan.runs.training.pickled_args import scalars

SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text()
KEYS = st.text(max_size=8).filter(lambda key: not key.endswith("token"))
EXAMPLES = settings(max_examples=200)


def read(data: bytes) -> dict[str, object]:
    """The settings in `data`, none where it is refused."""
    try:
        return dict(scalars(data))
    except UnreadableLog:
        return {}


def zipped(pickled: bytes) -> bytes:
    """An archive as torch.save writes it."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("args/data.pkl", pickled)
    return held.getvalue()


@EXAMPLES
@given(st.dictionaries(KEYS, SCALARS), st.integers(0, pickle.HIGHEST_PROTOCOL))
def test_settings_come_out_as_they_went_in(held, protocol):
    """Plain settings are read as pickle itself would read them."""
    assert repr(read(pickle.dumps(held, protocol))) == repr(held)


@EXAMPLES
@given(st.binary(max_size=200))
@example(b"S'\\d'\n.")
@example(b"\x80\x02}(X\x01\x00\x00\x00aK\x01u")
def test_any_bytes_are_read_or_refused(data):
    """Random bytes never make the reader fail."""
    read(data)


@EXAMPLES
@given(st.data(), st.booleans())
def test_damaged_pickles_are_read_or_refused(draw, packed):
    """A flipped byte never makes the reader fail."""
    pickled = pickle.dumps({"lr": 1e-4, "steps": 100, "nested": [(1, {"a": "b"})] * 2}, 2)
    data = bytearray(zipped(pickled) if packed else pickled)
    data[draw.draw(st.integers(0, len(data) - 1))] = draw.draw(st.integers(0, 255))
    read(bytes(data))
