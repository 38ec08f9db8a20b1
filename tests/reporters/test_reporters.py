"""The report formats, on hand-made reports; goldens lie in tests/golden."""

import csv
import json
import re
from pathlib import Path

import jsonschema
import pytest
from msgspec.structs import replace
from rich.cells import cell_len

from lossscan.errors import UsageError
from lossscan.model import RunReport, Source
from lossscan.reporters import Page, ReportStream, check, formats, render, stream
from tests.curves import make_run
from tests.reports import HOSTILE, clean, jumped, report, unreadable

TEXT = tuple(n for n in formats() if n not in {"parquet", "html"})  # bytes; scripts of others
ALL = (jumped(), clean(), unreadable())
SCHEMA = json.loads(Path("docs/report.schema.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", TEXT)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_render_single_matches_its_golden(golden, name, lang):
    """One run looks as it was last approved, in every format and language."""
    text = render(name, report(jumped()), Page(width=100, lang=lang, exit_status=1))
    golden(f"jumped.{name}.{lang}", text)


@pytest.mark.parametrize("name", TEXT)
def test_render_many_matches_its_golden(golden, name):
    """Many runs look as they were last approved, in every format."""
    golden(f"many.{name}.en", render(name, report(*ALL), Page(single=False, exit_status=2)))


@pytest.mark.parametrize("width", [40, 60, 100, 160, 200])
@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("single", [True, False])
def test_terminal_stays_within_the_width(width, lang, single):
    """No line is wider than the terminal, double-width characters counted as two."""
    text = render("rich", report(*ALL), Page(width=width, lang=lang, single=single))
    assert max(map(cell_len, text.splitlines())) <= width


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.status)
def test_terminal_without_color_has_no_escape_codes(one):
    """A pipe receives plain text."""
    assert "\x1b" not in render("rich", report(one), Page(color=False))


def test_terminal_in_color_says_the_same_words():
    """Color adds codes and changes nothing else."""
    plain, colored = (render("rich", report(jumped()), Page(color=c)) for c in (False, True))
    stripped = re.sub(r"\x1b\[[0-9;]*m", "", colored)
    assert colored != plain
    assert _lines(stripped) == _lines(plain)


def test_terminal_names_some_of_very_many_files_and_counts_the_rest():
    """A run whose launches left 2,000 files still fits a screen or two."""
    one = jumped()
    assert one.run is not None
    files = tuple(Source(f"events.{at}", "event_file", 3, ()) for at in range(2000))
    text = render("rich", report(replace(one, run=replace(one.run, sources=files))), Page())
    assert "and 1980 more" in text
    assert "events.1999" not in text


def test_terminal_closing_line_names_status_and_exit():
    """The last line tells a script's author what the command returned."""
    text = render("rich", report(jumped()), Page(exit_status=1))
    assert text.splitlines()[-1] == "critical · findings: 2 · exit status: 1"


def test_terminal_says_when_nothing_was_found():
    """A clean run is told so in words."""
    assert "Nothing found" in render("rich", report(clean()), Page())


def test_terminal_omits_the_source_that_all_evidence_shares():
    """Evidence from the loss's own file does not repeat its name; other files are named."""
    text = render("rich", report(jumped()), Page())
    assert "[trainer_state.json]" not in text
    assert "[events.out.tfevents.1.host.2.0]" in text


@pytest.mark.parametrize("single", [True, False])
def test_terminal_neutralises_text_from_a_log(single):
    """Escape codes, line breaks and markup in a run's name do nothing."""
    text = render("rich", report(clean(HOSTILE)), Page(single=single, width=120))
    assert not re.search("[\x1b\u202e]", text)
    assert "a<script>|`x`[red] [31m b @all" in text


@pytest.mark.parametrize("single", [True, False])
def test_markdown_neutralises_text_from_a_log(single):
    """Tags, code, cells, links and mentions in a run's name show as text."""
    text = render("markdown", report(clean(HOSTILE)), Page(single=single))
    assert r"a\<script\>\|\`x\`\[red\] \[31m b @" in text
    assert "@all" not in text


@pytest.mark.parametrize("one", [*ALL, clean(HOSTILE)], ids=lambda one: one.name[:6])
def test_json_satisfies_the_published_schema(one):
    """Every fate of a run is described by docs/report.schema.json."""
    text = render("json", report(one), Page())
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(text))


@pytest.mark.parametrize("name", ["json", "jsonl"])
def test_json_knows_no_nan(name):
    """Numbers that are not finite are null, as JSON has no word for them."""
    text = render(name, report(jumped()), Page())
    assert not re.search(r"\b(NaN|Infinity)\b", text)
    assert json.loads(text)["run"]["config"]["warmup_ratio"]["value"] is None


def test_json_of_an_unreadable_run_keeps_all_keys():
    """A failed run has the keys of any other, an error object and no findings."""
    failed, fine = (json.loads(render("json", report(r), Page())) for r in (unreadable(), clean()))
    assert failed.keys() == fine.keys()
    assert failed["run"].keys() == fine["run"].keys()
    assert failed["error"]["type"] == "UnreadableLog"


def test_json_of_many_is_one_object():
    """`batch --format json` wraps the runs of --format jsonl."""
    page = Page(single=False)
    whole = json.loads(render("json", report(*ALL), page))
    lines = render("jsonl", report(*ALL), page).splitlines()
    assert whole == {
        "schema": "lossscan.report/1",
        "runs": list(map(json.loads, lines)),
        "findings": [],
    }


def test_csv_leaves_no_formula_to_a_spreadsheet():
    """A run whose name begins like a formula is a text in every cell."""
    cells = render("csv", report(clean("=cmd()")), Page()).splitlines()[1].split(",")
    assert cells[:2] == ["'=cmd()", "'=cmd()"]


def test_csv_says_where_a_run_ended_and_why():
    """A sweep is sorted by its losses and its rate."""
    run = make_run(
        loss=[[0, 100, 3.0, 2.0]],
        eval_loss={50: 2.5, 80: 2.2, 100: 2.4},
        config={"learning_rate": 1e-4, "total_train_batch_size": 8, "seq_length": 128},
    )
    one = RunReport(path="r", name="r", status="ok", run=run)
    (row,) = csv.DictReader(render("csv", report(one), Page()).splitlines())
    assert (row["best_eval_loss"], row["last_eval_loss"]) == ("2.2", "2.4")
    assert (row["learning_rate"], row["samples_per_step"]) == ("0.0001", "8.0")
    assert row["tokens_per_step"] == "1024.0"
    assert float(row["last_loss"]) == run.series["loss"].values[-1]
    first, *_ = csv.DictReader(render("csv", report(jumped()), Page()).splitlines())
    assert first["first_cause"] == str(jumped().findings[0].causes[0].text)


def test_overview_has_the_worst_first_and_counts_by_rule():
    """Many runs end in what was found how often."""
    text = render("rich", report(clean(), jumped(), unreadable()), Page(single=False))
    rows = [line.split()[0] for line in text.splitlines()[2:5]]
    assert rows == ["error", "critical", "ok"]
    assert "loss-jump        1 of 3 runs" in text


def test_a_report_is_written_run_by_run():
    """The line of a run is there before the next run is asked for."""
    runs = iter((clean(), jumped()))
    pieces = stream("jsonl", ReportStream("0.0.0", runs), Page(single=False))
    assert json.loads(next(pieces))["status"] == "ok"
    assert next(runs).status == "critical"


def test_check_names_the_nearest_format():
    """A misspelt format is answered with the right one."""
    with pytest.raises(UsageError) as caught:
        check("markdwn")
    assert caught.value.hint == 'did you mean "markdown"?'


def test_formats_without_points_still_render():
    """A run that holds no points has a report in every format."""
    bare = RunReport("x", "x", "ok")
    assert all(render(name, report(bare), Page()) for name in TEXT)


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines()]
