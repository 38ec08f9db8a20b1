"""JSON with the bare numbers that Python writes is read by a decoder that takes none."""

import json
import math

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from lossscan.formats import read_file
from lossscan.settings import Settings
from lossscan.sources.safe_json import quoted, unquoted

TEXT = st.text(st.sampled_from('a: ,"\\N'), max_size=6) | st.sampled_from([": NaN", ":Infinity,"])
NUMBERS = st.floats(width=16) | st.integers(-5, 5) | st.none()
VALUES = st.recursive(
    NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


def plain(value):
    """The value with its texts unquoted, as text: so NaN is like NaN."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    return list(map(plain, value)) if isinstance(value, list) else repr(unquoted(value))


@given(VALUES, st.sampled_from([(", ", ": "), (",", ":")]))
def test_what_is_quoted_says_the_same_or_is_no_json(value, separators):
    """Whatever a text holds, no decoder is led astray."""
    text = json.dumps(value, separators=separators)
    try:
        found = msgspec.json.decode(quoted(text.encode()))
    except msgspec.DecodeError:
        return
    assert plain(found) == plain(json.loads(text))


def test_a_bare_nan_is_a_number_of_the_run_and_of_its_summary(tmp_path):
    """In a state of many entries, and in what it says of the end."""
    rows = [{"step": s, "loss": math.nan if s % 7 == 0 else 1.0} for s in range(1, 3001)]
    rows.append({"step": 3000, "train_loss": math.nan, "train_runtime": 5.0})
    file = tmp_path / "trainer_state.json"
    file.write_text(json.dumps({"log_history": rows, "global_step": 3000}))
    table = read_file(file, Settings())
    assert math.isnan(table.config["train_loss"])
    assert [s for s, v in zip(*vars_of(table.columns["loss"]), strict=True) if math.isnan(v)] == [
        *range(7, 3001, 7)
    ]


def vars_of(column):
    """Steps and values."""
    return column.steps.tolist(), column.values.tolist()
