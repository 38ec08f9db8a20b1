"""Runs behind a URL: on fsspec's file system in memory, and on an S3 server of this machine."""

import json
from typing import Any

import pytest

from lossscan import api
from lossscan.errors import InputError
from lossscan.runs import remote

fsspec = pytest.importorskip("fsspec")


@pytest.fixture
def memory(make_run, tmp_path):
    """Two runs, one of them told only by its content, and what is none, under memory://bucket."""
    system = fsspec.filesystem("memory")
    make_run("a", files={"training_args.json": {"learning_rate": 0.125}})
    rows = "".join(json.dumps({"step": k, "loss": 3 - k / 100}) + "\n" for k in range(1, 61))
    system.pipe("/bucket/sweep/b/losses.jsonl", rows.encode())
    system.pipe("/bucket/sweep/data/train.jsonl", b'{"text": "no log"}\n' * 9)
    for path in (tmp_path / "a").iterdir():
        system.pipe(f"/bucket/sweep/a/{path.name}", path.read_bytes())
    yield system
    system.rm("/bucket", recursive=True)


def batch(*roots, **options) -> Any:
    """The report of a batch, of which a test knows what it holds."""
    return api.batch(roots, **options)


def _paths(report):
    return [(run.path, run.status) for run in report.runs]


def test_batch_finds_the_runs_below_a_url(memory):
    """Reports keep the URL for a path, and settings beside the log are read."""
    report = batch("memory://bucket/sweep")
    assert _paths(report) == [("memory://bucket/sweep/a", "ok"), ("memory://bucket/sweep/b", "ok")]
    assert report.runs[0].run.setting("learning_rate") == 0.125
    assert [run.name for run in report.runs] == ["a", "b"]


def test_batch_expands_patterns_in_a_url(memory):
    """`*` in a URL is a pattern."""
    report = batch("memory://bucket/sweep/[ab]")
    assert [run.name for run in report.runs] == ["a", "b"]


def test_batch_of_one_log_behind_a_url(memory):
    """A URL may be that of a file."""
    report = batch("memory://bucket/sweep/b/losses.jsonl")
    assert _paths(report) == [("memory://bucket/sweep/b/losses.jsonl", "ok")]


def test_a_log_that_is_asked_for_by_its_url_may_bear_any_name(memory):
    """As on a disk, the content decides."""
    memory.pipe("/bucket/sweep/kept", memory.cat("/bucket/sweep/b/losses.jsonl"))
    assert _paths(batch("memory://bucket/sweep/kept")) == [("memory://bucket/sweep/kept", "ok")]


def test_analyze_takes_a_url(memory):
    """One run behind a URL is analyzed with all its points."""
    one: Any = api.analyze("memory://bucket/sweep/a")
    assert one.path == "memory://bucket/sweep/a"
    assert len(one.run.series["loss"].values) == 60


def test_compare_takes_urls(memory):
    """Runs in a bucket are compared as runs on a disk are, also with those."""
    report: Any = api.compare(["memory://bucket/sweep/a", "memory://bucket/sweep/b"])
    assert [member.path for member in report.comparison.members] == [
        "memory://bucket/sweep/a",
        "memory://bucket/sweep/b",
    ]


def test_analyze_of_several_runs_behind_a_url_names_the_verb(memory):
    """A URL above several runs is answered as a folder above several is."""
    with pytest.raises(InputError, match="found 2 runs") as caught:
        api.analyze("memory://bucket/sweep")
    assert "lossscan batch memory://bucket/sweep" in caught.value.hint


def test_a_url_where_nothing_is_is_a_row(memory):
    """A slip in a URL does not stop the other roots."""
    report = batch("memory://bucket/nowhere", "memory://bucket/sweep/a")
    assert [run.status for run in report.runs] == ["error", "ok"]
    assert str(report.runs[0].error.message).startswith("memory://bucket/nowhere: ")


def test_a_broken_log_behind_a_url_is_named_by_its_url(memory):
    """No error names the folder that the file was fetched to."""
    memory.pipe("/bucket/sweep/a/trainer_state.json", b'{"log_history": [')
    (one,) = batch("memory://bucket/sweep/a").runs
    assert str(one.error.message).startswith("memory://bucket/sweep/a: ")


def test_a_file_that_is_too_large_is_not_fetched(memory, monkeypatch):
    """A log beyond the limit is named as skipped and takes no disk."""
    monkeypatch.setattr(remote, "MOST_BYTES", 500)
    (one,) = batch("memory://bucket/sweep/a").runs
    assert str(one.error.message).endswith("too large to fetch")


def test_a_name_that_leads_out_of_the_run_is_not_followed(memory, tmp_path):
    """Keys of an object store may hold `..`; nothing is written outside."""
    memory.store["/bucket/sweep/a/../../x.log"] = memory.store["/bucket/sweep/b/losses.jsonl"]
    report = batch("memory://bucket/sweep")
    assert [run.status for run in report.runs][:2] == ["ok", "ok"]
    assert not list(tmp_path.rglob("x.log"))


def test_unchanged_runs_behind_a_url_are_left_out(memory, tmp_path):
    """The listing tells what was written to."""
    state = tmp_path / "state"
    assert len(batch("memory://bucket/sweep", changed_only=state).runs) == 2
    assert len(batch("memory://bucket/sweep", changed_only=state).runs) == 0
    memory.pipe("/bucket/sweep/b/losses.jsonl", memory.cat("/bucket/sweep/b/losses.jsonl") * 2)
    assert len(batch("memory://bucket/sweep", changed_only=state).runs) == 1


def test_an_unknown_kind_of_url_is_said():
    """A protocol nobody knows is an error of the run, with its name."""
    for url in ("nosuch://x/y", "zip::nosuch://x/y.zip"):
        (one,) = batch(url).runs
        assert "nosuch is no protocol" in one.error.message


def test_batch_reads_from_s3(memory, monkeypatch):
    """An S3-compatible server is read as a disk is."""
    pytest.importorskip("s3fs")
    server_of = pytest.importorskip("moto.server")
    server = server_of.ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    try:
        s3 = fsspec.filesystem("s3")
        s3.mkdir("runs")
        for path in memory.find("/bucket/sweep"):
            s3.pipe("runs" + path.removeprefix("/bucket"), memory.cat(path))
        report = batch("s3://runs/sweep")
        assert _paths(report) == [("s3://runs/sweep/a", "ok"), ("s3://runs/sweep/b", "ok")]
    finally:
        server.stop()


def test_links_out_of_a_run_are_not_followed_behind_a_url(make_run, tmp_path):
    """As on a disk: what a link leads to may be any file; what is left out is said."""
    run, log = make_run("a"), make_run("b") / "trainer_state.json"
    (run / "linked.jsonl").symlink_to(log)
    one: Any = api.analyze(run.as_uri())
    assert [str(source.path) for source in one.run.sources] == ["trainer_state.json"]
    assert [each.path for each in one.run.skipped] == ["linked.jsonl"]
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "trainer_state.json").symlink_to(log)
    for place in (str(tmp_path / "links"), (tmp_path / "links").as_uri()):
        with pytest.raises(InputError, match=r"trainer_state\.json is a link out of the dir"):
            api.analyze(place)
