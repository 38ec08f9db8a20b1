"""The words that stand in no catalogue page."""

import re

import pytest

from lossscan import words
from lossscan.words.messages import sections
from lossscan.words.numerals import left_open, shown

TABLE = {
    key: entry for name in ("notes", "report", "charts") for key, entry in sections()[name].items()
}


def test_chinese_sentences_are_chinese():
    """None that holds words was left untranslated."""
    bare = {
        key: [re.sub(r"{\w+}", "", entry[k]) for k in words.LANGUAGES]
        for key, entry in TABLE.items()
    }
    assert not [
        key
        for key, (english, chinese) in bare.items()
        if bool(re.search("[a-z]", english)) is not bool(re.search("[\u4e00-\u9fff]", chinese))
    ]


def test_noted_shows_a_kind_without_words():
    """A note of an unknown kind is shown bare and not lost."""
    assert str(words.noted("odd_thing", "a.log", lines=3)) == "a.log: odd thing lines 3"


def test_noted_fills_in_its_numbers():
    """A known kind is a sentence."""
    assert "byte 12" in str(words.noted("bad_checksum", "events", records=1, offset=12))


@pytest.mark.parametrize(
    ("variables", "language"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "zh_TW"}, "zh"),
    ],
)
def test_default_language_follows_the_locale(monkeypatch, variables, language):
    """Chinese readers get Chinese without asking; LC_ALL goes before LANG."""
    for name in words.LOCALE_VARIABLES:
        monkeypatch.setenv(name, variables.get(name, ""))
    assert words.default_language() == language


def test_nearest_suggests_or_lists():
    """A near miss is answered with one name, anything else with all."""
    assert str(words.nearest("analyse", ["analyze", "batch"])) == 'did you mean "analyze"?'
    assert str(words.nearest("zzz", ["b", "a"])) == "choose from a, b"


def test_printable_is_one_harmless_line():
    """Escape codes, line breaks and direction overrides are gone, other scripts stay."""
    assert words.printable("a\x1b[31m\n中\u202eb\x07") == "a [31m 中 b"


@pytest.mark.parametrize(
    ("epochs", "said"), [("1", "1 epoch"), ("2.987", "2.987 epochs"), ("0", "0 epochs")]
)
def test_numbers_are_counted_as_english_counts(epochs, said):
    """One epoch, two epochs."""
    assert words.say("en", "epoch_count", epochs=epochs) == said


@pytest.mark.parametrize(
    ("number", "said"),
    [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (112, "112th")],
)
def test_numbers_are_put_in_order_as_english_does(number, said):
    """Every 3rd boundary, every 11th."""
    assert shown(number, "th") == said


def test_a_template_without_numbers_names_them():
    """With the noun that is counted, in the plural."""
    template = "{count:point|points} of {total}"
    assert left_open(template, "<{}>") == "<count> points of <total>"


@pytest.mark.parametrize(
    ("rate", "said"),
    [(0.05, "0.05"), (1e-4, "1e-4"), (2.5e-5, "2.5e-5"), (0.0, "0"), (0.00999999, "0.01")],
)
def test_learning_rates_are_written_as_people_write_them(rate, said):
    """No zeros to count, and none in the exponent."""
    assert shown(rate, ".3r") == said


@pytest.mark.parametrize(
    ("growth", "said"),
    [(0.36, "+36%"), (-0.017, "-1.7%"), (1.0, "2x"), (3.264, "4.3x"), (1.754e6, "1.8e6x")],
)
def test_a_growth_is_a_share_until_it_doubles(growth, said):
    """Nobody reads a rise by 175404648%; another language counts in words of its own."""
    assert shown(growth, "x") == said
    assert shown(growth, "x times") == said.replace("x", " times")


@pytest.mark.parametrize(("number", "said"), [(110.0, "110"), (25450, "25450"), (2.1e21, "2.1e21")])
def test_a_large_number_has_a_power_of_ten_only_where_it_is_very_large(number, said):
    """Noise of 1.1e+02% is 110%."""
    assert shown(number, ".4g") == said


@pytest.mark.parametrize(
    ("number", "said"), [(8.485e-4, "8.485e-4"), (6.67e-5, "6.67e-5"), (0.0012, "0.0012"), (0, "0")]
)
def test_a_small_number_has_no_leading_zeros(number, said):
    """A loss is written in a sentence as it is in the line above it."""
    assert shown(number, ".4g") == said


@pytest.mark.parametrize(
    ("value", "spec", "text"),
    [(-0.04, ".1f", "0.0"), (-0.0001, "+.1%", "0.0%"), (-0.06, "+.1f", "-0.1"), (0, "d", "0")],
)
def test_what_rounds_to_nothing_is_not_less_than_nothing(value: float, spec: str, text: str):
    """No sentence speaks of -0.0 standard errors."""
    assert shown(value, spec) == text
