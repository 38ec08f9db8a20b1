"""What real writers left is at home in one format each."""

from pathlib import Path

import pytest

from lossscan import formats
from lossscan.errors import NoLogFound
from lossscan.runs.log_names import is_log_name
from lossscan.settings import Settings
from lossscan.sources.files import plain
from tests import logs

FIXTURES = Path(__file__).parents[1] / "fixtures"
LAST_VALUES = FIXTURES / "stores" / "dvclive" / "metrics.json"  # its curves are beside it
LOGS = sorted({path for path in FIXTURES.rglob("*") if is_log_name(path.name)} - {LAST_VALUES})
GENERAL = {"key_value", "alike_lines"}  # read any pairs, also those of a trainer that has a format


def claimed(path: Path) -> list[str]:
    """The formats that see their own in a file."""
    with plain(path) as head:
        return [each.name for each in formats.formats() if each.claims(head)]


@pytest.mark.parametrize("path", LOGS, ids=lambda path: path.name)
def test_claims_of_a_real_file_are_made_by_one_format(path: Path):
    """No two formats quarrel over a file that a real writer left, but for the general ones."""
    found = claimed(path)
    if "one_metric" in found:  # a table that its path names is a table too
        found.remove("csv_table")
    assert len([each for each in found if each not in GENERAL] or found[:1]) == 1


@pytest.mark.parametrize("name", logs.ALL)
def test_claims_of_a_text_log_are_made_by_one_format(tmp_path: Path, name: str):
    """No two formats quarrel over a text, but for those that read any pairs."""
    head = logs.head_with(tmp_path, logs.ALL[name], logs.name_of(name))
    found = [each.name for each in formats.formats() if each.claims(head)]
    assert [each for each in found if each not in GENERAL] == [name][: name not in GENERAL]


def test_every_format_has_something_to_read():
    """Each format is shown a log, but for what the user asks for and what only a card holds."""
    seen = {name for path in LOGS for name in claimed(path)} | set(logs.ALL)
    assert {each.name for each in formats.formats()} - seen == {"pattern", "card_table"}


def test_read_says_for_every_format_what_it_looks_for(tmp_path: Path):
    """What is told of an unknown log names each format with its sample, and the ways out."""
    with pytest.raises(NoLogFound) as caught:
        formats.read(logs.head_with(tmp_path, "Dear diary\n"), Settings())
    for each in formats.formats():
        assert f"  {each.name:<22}{each.sample}" in caught.value.details
    told = "\n".join(caught.value.details)
    assert "series: {step: it" in told
    assert r"text: {pattern: 'it (?P<step>\d+)" in told


def test_read_run_takes_what_lightning_left():
    """A version folder gives the curve, the evaluations and the hyperparameters."""
    run = logs.run_at(FIXTURES / "lightning")
    assert run.framework == "lightning"
    assert run.series["loss"].steps.tolist() == [10 * s - 1 for s in range(1, 41)]
    assert run.series["eval_loss"].steps.tolist() == [199, 399]
    assert run.config["learning_rate"].source == "hparams.yaml"


def test_read_run_takes_what_keras_left():
    """Epochs count from 0, and NA is no value."""
    run = logs.run_at(FIXTURES / "keras")
    assert run.framework == "keras"
    assert run.series["loss"].steps.tolist() == list(range(6))
    assert run.series["eval_loss"].values.tolist() == [1.5]


def test_read_run_takes_what_keras_prints():
    """The bar of an epoch shows its mean when it is full; what it showed before is no point."""
    run = logs.run_at(FIXTURES / "keras_console")
    assert run.framework == "keras"
    assert run.series["loss"].steps.tolist() == [1, 2, 3, 4, 5, 6]
    assert run.series["loss"].values[:2].tolist() == [148.3546, 56.9227]
    assert run.series["eval_loss"].values[:2].tolist() == [84.5743, 33.8267]


def test_read_run_takes_what_lightning_prints():
    """Bars of four epochs of 20 batches; those of the validation, and at batch 0, are no points."""
    run = logs.run_at(FIXTURES / "lightning_console")
    assert run.series["loss"].steps.tolist() == list(range(5, 81, 5))
    assert run.series["eval_loss"].steps.tolist()[0] == 20
    assert [mark.step for mark in run.schedule.of("epoch_boundary")] == [20, 40, 60]


def test_read_run_takes_what_mmengine_left():
    """The log and the scalars beside it are one run, three epochs of 40 iterations."""
    run = logs.run_at(FIXTURES / "mmengine")
    assert run.framework == "mmengine"
    assert run.series["loss"].steps.tolist() == list(range(10, 121, 10))
    assert [mark.step for mark in run.schedule.of("epoch_boundary")] == [40, 80]
    assert not run.notes
