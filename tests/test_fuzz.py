"""The fuzzer reads its seeds without a fault, and sees one where there is one."""

from __future__ import annotations

import time
from pathlib import Path
from random import Random

import pytest

from lossscan import formats
from tests.fuzz.__main__ import Campaign
from tests.fuzz.faults import fault
from tests.fuzz.mutation import mutated
from tests.fuzz.watch import TooSlowError, watched


@pytest.fixture(scope="module")
def campaign(tmp_path_factory):
    """One with the files of all targets."""
    return Campaign(tmp_path_factory.mktemp("fuzz") / "files", 1)


def test_each_target_has_seeds_and_reads_most_of_them(campaign):
    """An input that is refused at once tries nothing."""
    for target in campaign.targets:
        results = [fault(target.read, campaign.folder / n, d) for n, d in target.seeds.items()]
        assert [said for said, _ in results if said is not None] == []
        refused = sum(came.startswith(("Unusable", "no_log")) for _, came in results)
        assert refused <= len(results) / 3, target.name


def test_the_seeds_of_logs_are_read_by_nearly_every_format(campaign):
    """Only those are missing that take settings of the user, or an optional package."""
    read = set()
    for target in campaign.targets[:2]:
        for name, data in target.seeds.items():
            read.add(fault(target.read, campaign.folder / name, data)[1].partition(" ")[0])
    assert {each.name for each in formats.formats()} - read <= {"pattern"}


def test_a_fault_is_seen(tmp_path):
    """An exception of a kind that nobody states, with its place."""
    said, _ = fault(lambda path, data: str(1 // len(data)), tmp_path, b"")
    assert said is not None
    assert said.endswith("ZeroDivisionError: integer division or modulo by zero\n")


def test_what_takes_too_long_or_too_much_is_stopped(monkeypatch):
    """Also where a reader swallows every exception of its own."""
    monkeypatch.setattr("tests.fuzz.watch.SLOW", 1)
    with watched() as watch:
        watch.tried += 1
        with pytest.raises(TooSlowError):
            _work(until=time.process_time() + 20)
        with pytest.raises(MemoryError):
            bytearray(3 << 30)


def _work(until: float) -> None:
    while time.process_time() < until:
        try:
            sum(range(1000))
        except Exception:
            return


def test_mutations_repeat_with_their_seed():
    """So that a number is enough to find a fault again."""
    data = Path(__file__).read_bytes()
    first, again = ([mutated(data, Random(n), data) for n in range(50)] for _ in "12")  # noqa: S311 - no secret
    assert first == again
    assert len(set(first)) > 40
