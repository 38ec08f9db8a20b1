"""The picture of a run: its kinds, its marks in words, what it cannot draw."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from msgspec.structs import replace

import lossscan
from lossscan.commands import main
from lossscan.errors import InputError, UsageError
from lossscan.model import Series
from lossscan.numeric.drawing import is_wide, robust_range
from lossscan.reporters import Page
from lossscan.reporters.kit import figure
from lossscan.reporters.kit.figure import View, picture
from tests.reports import clean, jumped, unreadable

WHOLE = View()
BEGINNINGS = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}


@pytest.mark.parametrize(("kind", "lang"), [("png", "en"), ("svg", "zh"), ("pdf", "zh")])
def test_each_kind_is_drawn_and_the_same_twice(kind, lang):
    """One run gives one picture, byte for byte."""
    drawn = [picture([jumped()], kind, View(), Page(lang=lang)) for _ in range(2)]
    assert drawn[0].startswith(BEGINNINGS[kind])
    assert drawn[0] == drawn[1]


def _svg(runs, view=WHOLE, lang="en") -> str:
    return picture(runs, "svg", view, Page(lang=lang)).decode()


def test_findings_are_numbered_and_named_below():
    """The number in the picture leads to the line beneath it."""
    assert ">1  critical  loss-jump: The loss jumps up and stays up<" in _svg([jumped()])
    assert "严重" in _svg([jumped()], lang="zh")


def test_a_picture_needs_no_font_of_the_language(monkeypatch):
    """Without a Chinese font a PNG is in English and says why; an SVG leaves it to the viewer."""
    monkeypatch.setattr(figure, "CHINESE", ())
    said = []
    heading = "matplotlib.figure.Figure.supxlabel"
    monkeypatch.setattr(heading, lambda _, text, **__: said.append(text))
    for kind in ("png", "svg"):
        picture([replace(jumped(), path="训练")], kind, View(), Page(lang="zh"))  # nor a warning
    assert "critical" in said[0]
    assert "No font with Chinese characters" in said[0]
    assert "严重" in said[1]


def test_a_font_of_the_language_is_used_where_there_is_one(monkeypatch):
    """What DejaVu Sans cannot write comes from the next font: here one that matplotlib ships."""
    monkeypatch.setattr(figure, "CHINESE", ("STIXGeneral",))
    alone = replace(jumped(), path="\N{MATHEMATICAL SCRIPT SMALL A}")
    assert b"STIXGeneral" in picture([alone], "pdf", View(), Page(lang="zh"))


def test_a_finding_outside_the_view_is_not_named():
    """What `--from` and `--to` leave out has no line beneath the picture."""
    assert "loss-jump" not in _svg([jumped()], View(first=0, last=1000))


def test_series_and_a_log_scale_are_chosen():
    """A panel each, and no formula among the ticks."""
    text = _svg([jumped()], View(series=("loss", "eval_loss"), log=True))
    assert ">eval_loss<" in text
    assert "mathdefault" not in text


def test_dollars_of_a_name_are_no_formula():
    r"""A run may be called `$\frac$`."""
    one = replace(jumped(), path=r"a$\frac$b")
    assert r">a$\frac$b<" in _svg([one])


def test_runs_lie_over_each_other():
    """Each curve is named by its run."""
    text = _svg([jumped("first"), clean("second")])
    assert "first  loss" in text
    assert "second  loss" in text


def test_runs_beyond_the_title_are_counted():
    """Nobody takes the three that it names for all of them."""
    text = _svg([clean(name) for name in ("first", "second", "third", "fourth", "fifth")])
    assert ">first  ·  second  ·  third  ·  +2<" in text


def test_what_cannot_be_drawn_is_said():
    """No series of that name, no curve at all."""
    with pytest.raises(UsageError, match='no series "los"'):
        _svg([jumped()], View(series=("los",)))
    with pytest.raises(InputError, match="no curve to draw"):
        _svg([unreadable()])


@pytest.mark.parametrize("values", [[], [np.nan] * 3, [0.0] * 5, [-1e308, 1e308], [1.0]])
@pytest.mark.parametrize("log", [False, True])
def test_odd_values_are_drawn(values, log):
    """Nothing, no number, zeros, the largest numbers and a single point give a picture."""
    one = clean()
    assert one.run is not None
    odd = Series("loss", np.arange(len(values)), np.array(values, dtype=float))
    assert _svg([replace(one, run=replace(one.run, series={"loss": odd}))], View(log=log))


def test_the_first_descent_does_not_press_the_rest_flat():
    """Nearly all values decide the range; a curve without outliers is shown whole."""
    falling = np.concatenate([[100.0, 30.0], np.linspace(3, 2, 98)])
    assert robust_range(falling)[1] < 4
    assert robust_range(np.linspace(3, 2, 50)) == (2.0, 3.0)
    assert is_wide(falling)
    assert not is_wide(np.array([-1.0, 100.0]))


def test_the_verb_writes_a_picture(tmp_path, capsys):
    """And refuses what it cannot write before it reads a run."""
    target = tmp_path / "curve.svg"
    assert main(["plot", "sample_logs/staircase", "-o", str(target), "--log"]) == 0
    assert target.read_bytes().startswith(b"<?xml")
    assert main(["plot", "nowhere", "-o", "curve"]) == 2
    assert 'unknown image format ""' in capsys.readouterr().err
    assert main(["plot", "nowhere", "-o", "curve.gif"]) == 2
    assert 'unknown image format "gif"' in capsys.readouterr().err
    assert main(["plot", "nowhere", "-o", "a.png", "--from", "9", "--to", "1"]) == 2
    assert "--from 9 is not below --to 1" in capsys.readouterr().err


def test_the_function_draws_into_a_stream_and_refuses_what_the_verb_refuses():
    """A script needs no file, hears how far it is, and meets the checks before a run is read."""
    image, heard = BytesIO(), []
    run = "sample_logs/staircase"
    told = lambda done, total: heard.append((done, total))  # noqa: E731 - a callback
    lossscan.plot([run, run], image, kind="png", first=5, progress=told)
    assert image.getvalue().startswith(b"\x89PNG")
    assert heard == [(1, 2), (2, 2)]
    for paths in ([], ["nowhere"] * 53):
        with pytest.raises(UsageError):
            lossscan.plot(paths, image)
    with pytest.raises(UsageError):
        lossscan.plot("nowhere", image, first=3, last=3)


def test_progress_is_told_run_by_run():
    """Of a comparison and of a batch, one that cannot be read included."""
    heard = []
    told = lambda done, total: heard.append((done, total))  # noqa: E731 - a callback
    lossscan.compare(["sample_logs/nan", "sample_logs/resumed"], progress=told)
    lossscan.batch(["sample_logs/nan", "sample_logs/make"], progress=told)
    assert heard == [(1, 2), (2, 2)] * 2
