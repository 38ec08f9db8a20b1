"""Logs of one training, a file for each launch."""

from typing import Any

import pytest

from lossscan.model import Table
from lossscan.runs.continued import chained
from tests.tables import table


def log(name: str, first: int, last: int, **facts: Any) -> Table:
    """A console log with a loss every ten steps."""
    steps = range(first, last + 1, 10)
    facts.setdefault("framework", "megatron")
    return table(name, "megatron_console", {"loss": (steps, [2.0] * len(steps))}, **facts)


def names(*tables: Table) -> list[list[str]]:
    """Which files go together."""
    return [[each.path.name for each in chain] for chain in chained(tables)]


@pytest.mark.parametrize("first", [210, 160])
def test_chained_joins_the_file_of_each_launch(first: int):
    """Slurm and torchtune begin a new file with each launch, whatever its name."""
    later, early = log("a.out", first, 400), log("b.out", 10, 200)
    assert names(later, early) == [["b.out", "a.out"]]


def test_chained_joins_what_was_resumed_twice_from_one_checkpoint():
    """The second crash came later than the first."""
    parts = log("1.out", 10, 230), log("2.out", 210, 260), log("3.out", 210, 500)
    assert names(*parts) == [["1.out", "2.out", "3.out"]]


@pytest.mark.parametrize(
    "other",
    [
        log("b.out", 10, 400),  # a different run, or a copy that goes further
        log("b.out", 260, 400),  # what lies between is missing
        log("b.out", 110, 190),  # a part of the other
        log("b.out", 210, 400, framework="torchtitan"),
        log("b.out", 210, 210),  # one point has no gap to its neighbours
    ],
    ids=["from-the-start", "gap", "part", "other-trainer", "single-point"],
)
def test_chained_leaves_other_trainings_apart(other: Table):
    """A log is another's continuation only where it begins in the middle and goes further."""
    assert names(log("a.out", 10, 200), other) == [["a.out"], ["b.out"]]


def test_chained_does_not_guess_whose_launch_it_was():
    """Two trainings came as far as that."""
    both = log("a.out", 10, 200), log("b.out", 10, 200)
    assert names(*both, log("c.out", 210, 400)) == [["a.out"], ["b.out"], ["c.out"]]


def test_chained_leaves_evaluations_alone():
    """They are no launch of the training."""
    alone = table("e.out", "megatron_console", {"eval_loss": ([500, 1000], [2.0, 1.9])})
    assert names(log("a.out", 10, 500), alone) == [["e.out"], ["a.out"]]


def test_chained_joins_files_of_a_point_each():
    """AllenNLP writes the numbers of each epoch to a file of its own."""
    points = [log(f"metrics_epoch_{at}.json", at, at) for at in (2, 10, 1)]
    order = ["metrics_epoch_1.json", "metrics_epoch_2.json", "metrics_epoch_10.json"]
    assert names(*points, log("metrics_bert.json", 3, 3)) == [order, ["metrics_bert.json"]]
