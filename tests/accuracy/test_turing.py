"""The measures of the Turing change point data, on annotations small enough to count by hand."""

import json

import pytest

from tests.accuracy import turing

TWO = [[10, 50], [52]]  # two people on a series of 100 points


def test_f1_counts_the_start_and_each_detection_once():
    """Of {0, 12, 90} two match any mark: 2 of 3 of the first person, 1 of 2 of the second."""
    precision, recall = 2 / 3, (2 / 3 + 1 / 2) / 2
    expected = 2 * precision * recall / (precision + recall)
    assert turing.f1(TWO, [12, 90]) == pytest.approx(expected)


def test_f1_ends_beyond_the_margin():
    """Five points are near, six are not."""
    assert turing.f1([[50]], [55]) == 1
    assert turing.f1([[50]], [56]) == 0.5


def test_cover_weighs_the_best_overlaps_by_length():
    """Halves found where a fifth and four fifths were marked: 20/50 and 50/80, by 20 and 80."""
    assert turing.cover([[20]], [50], 100) == pytest.approx((20 * 20 / 50 + 80 * 50 / 80) / 100)
    assert turing.cover([[20], []], [20], 100) == pytest.approx((1 + 0.8) / 2)


def test_a_folder_of_sets_is_scored(tmp_path, capsys):
    """Sets that are not there, and those of two dimensions, are passed over."""
    sets = {"step": [{"raw": [0.0, 1.0] * 20 + [9.0, 8.0] * 20}], "two": [{"raw": [1]}] * 2}
    for name, series in sets.items():
        path = tmp_path / "datasets" / name / f"{name}.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps({"series": series}))
    annotations = {name: {"6": [40], "7": [41]} for name in ("absent", "step", "two")}
    (tmp_path / "annotations.json").write_text(json.dumps(annotations))
    assert turing.main([str(tmp_path)]) == 0
    assert "1 sets: F1 and cover [1." in capsys.readouterr().out
