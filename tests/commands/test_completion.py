"""What a shell completes, and what Ctrl-C does."""

import signal

import pytest

from lossscan.commands.kit.options import one_of, several_rules
from lossscan.commands.kit.progress import interrupts


def test_one_word_is_completed_from_the_known_ones():
    """Only those that begin as typed."""
    assert one_of(lambda: ("json", "jsonl", "html"))("js") == ["json", "jsonl"]


def test_rules_are_completed_behind_a_comma():
    """What is before it stays, and no rule is offered twice."""
    found = several_rules("loss-jump,loss-")
    assert "loss-jump,loss-spike" in found
    assert "loss-jump,loss-jump" not in found


def test_the_first_interrupt_asks_and_the_second_ends():
    """So that a report of what is done can still be written."""
    with interrupts() as stop:
        signal.raise_signal(signal.SIGINT)
        assert stop.is_set()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
