"""Lines of one shape: what is taken of a later line is what would be found in it."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossscan.formats.kit.counters import counter_parts, place_of
from lossscan.formats.kit.shapes import WORTH, Part, Shapes
from lossscan.formats.kit.text import PAIR

NUMBERS = st.one_of(
    st.integers(0, 10**10).map(str),
    st.integers(0, 10**7).map("{:8d}".format),
    st.integers(0, 10**7).map("{:,}".format),
    st.floats(allow_nan=True, allow_infinity=True).map(str),
    st.floats(0, 10).map("{:.4f}".format),
    st.floats(0, 1).map("{:.2e}".format),
)
NAMES = st.sampled_from(["loss", "lr", "step", "Epoch", "top1 loss", "LR (group 0)", "iter"])
BETWEEN = st.sampled_from([": ", "=", " ", ":", ": [", "/", " [", "| "])
AFTER = st.sampled_from([" ", ", ", " | ", "/", "] ", "%| ", ""])
LINES = st.lists(st.tuples(NAMES, BETWEEN, st.integers(0, 3), AFTER), min_size=1, max_size=5)


def _found(line: str) -> Iterator[Part[str]]:
    return (Part(m[1], m.start(), *m.span(2)) for m in PAIR.finditer(line))


@given(
    layout=LINES,
    drawn=st.lists(st.lists(NUMBERS, min_size=4, max_size=4), min_size=4, max_size=12),
)
def test_shapes_take_what_is_found(layout: list[tuple[str, str, int, str]], drawn: list[list[str]]):
    """Whatever numbers come, with whatever digits, signs, padding and commas."""
    pairs, places = Shapes(_found), Shapes(counter_parts)
    for numbers in [*drawn[:1] * WORTH, *drawn]:
        line = "".join(f"{n}{between}{numbers[at]}{after}" for n, between, at, after in layout)
        line += "\n"
        assert pairs(line) == {p.label: line[p.start : p.stop] for p in _found(line)}
        assert places(line) == {p.label: line[p.start : p.stop] for p in counter_parts(line)}


@pytest.mark.parametrize(
    ("often", "later"),
    [("1000000000.0", "0.0"), ("1.1234567", "1.5"), ("1.5e-05", "0.5"), ("-1.0", "1.0")],
)
def test_an_epoch_is_one_with_whatever_digits(often: str, later: str):
    """Lines that state it with more digits, an exponent or a sign do not hide the later ones."""
    places = Shapes(counter_parts)
    for epoch in [*[often] * WORTH, later]:
        assert places(f"Epoch: {epoch} loss 0.5\n") == {("epoch", "count"): epoch}


@pytest.mark.parametrize(
    ("text", "epoch"), [("1.75", 1), ("2.5e-05", 0), ("-1.0", 0), ("1.0e999", 10**15)]
)
def test_an_epoch_counts_as_far_as_it_is_whole(text: str, epoch: int):
    """Its fraction and its exponent are read as Python prints them."""
    place = place_of(f"Epoch: {text} loss 0.5\n")
    assert place is not None
    assert (place.kind, place.count) == ("epoch", epoch)


def test_place_of_knows_a_step_among_dates_and_versions():
    """Digits of a date, a rank or a version are no counter."""
    for step in range(2 * WORTH):
        line = f"2026-01-01 10:00:00,123 [rank0] v1.{step} step {step}/90 loss 2.5\n"
        place = place_of(line)
        assert place is not None
        assert (place.kind, place.count, place.of) == ("step", step, 90)
