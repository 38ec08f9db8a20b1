"""What a report says in short."""

import pytest

from lossscan.model import Effect, Finding, Message
from lossscan.reporters import Page
from lossscan.reporters.kit.lines import change_of


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("loss-jump", "loss 7.625 -> 9.954"),
        ("high-initial-loss", "loss 9.954, expected 7.625"),
        ("rule-of-a-plug-in-that-is-gone", "loss 7.625 -> 9.954"),
    ],
)
def test_what_should_be_is_not_told_as_what_was(rule, said):
    """An initial loss worse than guessing did not rise from the level of guessing."""
    effect = Effect(before=7.625, after=9.954)
    finding = Finding(0.9, series="loss", message=Message("default"), effect=effect, rule=rule)
    assert change_of(finding, Page()) == [said]
