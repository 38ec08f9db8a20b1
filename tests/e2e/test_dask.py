"""A dask cluster over TCP does what processes do, also when one of its workers is killed."""

import os
import signal
import threading

import pytest

from lossscan import Settings, api, commands
from lossscan.batching import Options, plan
from lossscan.errors import UsageError

distributed = pytest.importorskip("distributed")
pytestmark = [
    pytest.mark.dask,
    pytest.mark.filterwarnings("ignore"),  # of the cluster's own making
]


@pytest.fixture(scope="module")
def cluster():
    """Two worker processes of one thread."""
    with distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        protocol="tcp://",
        dashboard_address=None,
        memory_limit=0,
    ) as made:
        yield made


@pytest.fixture
def sweep(make_run, tmp_path):
    """Forty runs, one of them broken."""
    for number in range(40):
        make_run(f"sweep/run{number:02}")
    (tmp_path / "sweep" / "run07" / "trainer_state.json").write_text("{")
    return tmp_path / "sweep"


def test_dask_does_not_change_a_byte(cluster, sweep, capsys):
    """The report of a cluster is that of this process."""
    arguments = ["batch", str(sweep), "--format", "jsonl"]
    here = commands.main([*arguments, "--jobs", "1"]), capsys.readouterr().out
    there = commands.main([*arguments, "--dask", cluster.scheduler_address])
    assert (there, capsys.readouterr().out) == here
    assert len(here[1].splitlines()) == 40


def test_a_killed_worker_of_dask_loses_nothing(cluster, sweep):
    """The runs it was at are given to another, and the order stays."""
    options = Options(dask=cluster.scheduler_address)
    reports = plan([str(sweep)], Settings(), options).reports()
    seen = [next(reports).name]
    pids = [worker.pid for worker in cluster.workers.values()]
    os.kill(pids[0], signal.SIGKILL)
    seen += [report.name for report in reports]
    assert seen == [f"run{number:02}" for number in range(40)]


def test_no_cluster_at_the_address_is_said(sweep, monkeypatch):
    """A wrong address is a usage error that names it."""
    monkeypatch.setattr("lossscan.batching.pool.DASK_SECONDS", 1)
    with pytest.raises(UsageError, match=r"tcp://127\.0\.0\.1:9"):
        api.batch([sweep], dask="tcp://127.0.0.1:9")


def test_dask_stops_on_an_interrupt(cluster, sweep):
    """What is done is reported, and the cluster is left in peace."""
    stop = threading.Event()
    stop.set()
    options = Options(dask=cluster.scheduler_address)
    assert list(plan([str(sweep)], Settings(), options).reports(stop)) == []
