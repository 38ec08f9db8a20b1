"""Which files below a path are logs, and which of them make one run."""

import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from lossscan.errors import NoLogFound
from lossscan.pipeline import one_run
from lossscan.runs import discover as unit
from lossscan.runs import read_run
from lossscan.runs.discover import RunFiles, discover
from lossscan.runs.log_names import MOST_DOUBTFUL
from lossscan.settings import Settings
from tests import logs


def grow(root: Path, *names: str, content: str = "{}") -> None:
    """Make files of these names."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


def shown(runs: Iterable[RunFiles], root: Path) -> dict[str, list[str]]:
    """The files of each run, all below the root."""
    return {
        str(run.root.relative_to(root)): [os.path.relpath(file, run.root) for file in run.files]
        for run in runs
    }


def test_discover_takes_a_file_and_the_settings_beside_it(tmp_path: Path):
    """A log given by name is the run; other logs in its folder are not."""
    grow(tmp_path, "a.log", "b.log", "train.yaml", "adapter_config.json")
    (run,) = discover(tmp_path / "a.log", Settings())
    assert run.root == tmp_path / "a.log"
    assert [file.name for file in run.files] == ["a.log", "adapter_config.json", "train.yaml"]


def test_discover_joins_what_one_training_left(tmp_path: Path):
    """Checkpoints and event files belong to the run they lie in."""
    launch = "runs/Nov21_06-37-31_host/events.out.tfevents.1.host"
    grow(tmp_path, "trainer_state.json", "checkpoint-20/trainer_state.json", launch, "config.json")
    assert shown(discover(tmp_path, Settings()), tmp_path) == {
        ".": ["config.json", "trainer_state.json", "checkpoint-20/trainer_state.json", launch]
    }


def test_discover_reads_the_logs_of_all_epochs(tmp_path: Path):
    """A log in the folder of an epoch holds that epoch, no history from the start."""
    grow(tmp_path, *(f"epoch_{n}/train.log" for n in range(5)))
    assert shown(discover(tmp_path, Settings()), tmp_path) == {
        ".": [f"epoch_{n}/train.log" for n in range(5)]
    }


def test_discover_reads_the_last_checkpoints(tmp_path: Path):
    """The histories of the others are their beginnings; numbers are no words."""
    grow(tmp_path, *(f"checkpoint-{n}/trainer_state.json" for n in (5, 50, 100, 900, 1000)))
    assert shown(discover(tmp_path, Settings()), tmp_path)["."] == [
        f"checkpoint-{n}/trainer_state.json" for n in (100, 1000, 900)
    ]


def test_discover_tells_sibling_runs_apart(tmp_path: Path):
    """Folders beside each other are runs of their own, in order of name."""
    grow(tmp_path, "b/trainer_state.json", "a/trainer_log.jsonl", "a/train.yaml", "c/notes.md")
    assert list(shown(discover(tmp_path, Settings()), tmp_path)) == ["a", "b"]


@pytest.mark.parametrize(
    "name", ["lightning_logs/version_{}/metrics.csv", "wandb/run-1_{}/files/output.log"]
)
def test_discover_takes_each_folder_of_a_container_for_a_run(tmp_path: Path, name: str):
    """Lightning and W&B keep their runs side by side."""
    grow(tmp_path, name.format(0), name.format(1))
    assert len(discover(tmp_path, Settings())) == 2


@pytest.mark.parametrize("container", ["csv", "tensorboard", "tb_logs"])
def test_discover_joins_what_a_logger_keeps_below_the_only_run(tmp_path: Path, container: str):
    """Templates for Hydra and Lightning keep the console in one folder, the curves two below."""
    curves = {"csv": "metrics.csv"}.get(container, "events.out.tfevents.1.host")
    grow(tmp_path, "train.log", f"{container}/version_0/{curves}")
    assert list(shown(discover(tmp_path, Settings()), tmp_path)) == ["."]
    grow(tmp_path, f"{container}/version_1/{curves}")
    assert len(discover(tmp_path, Settings())) == 3


def test_discover_joins_launches_where_the_training_shows(tmp_path: Path):
    """Next to a trainer_state.json or its saved arguments, launches are those of one training."""
    launches = [f"runs/Nov21_06-3{i}-31_host/events.out.tfevents.{i}" for i in (1, 2)]
    grow(tmp_path / "own", *launches)
    grow(tmp_path / "one", *launches, "trainer_state.json")
    grow(tmp_path / "saved", *launches, "training_args.bin")
    assert list(shown(discover(tmp_path, Settings()), tmp_path)) == [
        "one",
        "own/runs/Nov21_06-31-31_host",
        "own/runs/Nov21_06-32-31_host",
        "saved",
    ]


def test_discover_joins_the_launches_of_one_w_and_b_run(tmp_path: Path):
    """A resumed run keeps its id; other ids in the same folder are other runs."""
    launches = [f"wandb/offline-run-2026112{day}_073719-abcd/run-abcd.wandb" for day in (1, 2)]
    other = "wandb/run-20261123_073719-efgh/run-efgh.wandb"
    grow(tmp_path / "resumed", *launches)
    grow(tmp_path / "two", *launches, other)
    assert shown(discover(tmp_path, Settings()), tmp_path) == {
        "resumed": launches,
        "two/wandb/offline-run-20261121_073719-abcd": [
            "run-abcd.wandb",
            "../offline-run-20261122_073719-abcd/run-abcd.wandb",
        ],
        "two/wandb/run-20261123_073719-efgh": ["run-efgh.wandb"],
    }


@pytest.mark.parametrize("left", ["wandb-summary.json", "output.log"])
def test_discover_joins_launches_of_which_only_the_files_are_left(tmp_path: Path, left: str):
    """A W&B run is known by its id also where its own file was not copied."""
    launches = [f"wandb/offline-run-2026112{day}_073719-abcd/files/{left}" for day in (1, 2)]
    grow(tmp_path / "one", *launches, content='{"_step": 9, "train/loss": 1.0}\n')
    grow(
        tmp_path / "two",
        *launches,
        f"wandb/run-20261123_073719-efgh/files/{left}",
        content=('{"_step": 9, "train/loss": 1.0}\n'),
    )
    assert [str(run.root.relative_to(tmp_path)) for run in discover(tmp_path, Settings())] == [
        "one",
        "two/wandb/offline-run-20261121_073719-abcd",
        "two/wandb/run-20261123_073719-efgh",
    ]


def test_discover_asks_the_content_where_the_name_is_doubtful(tmp_path: Path):
    """A text file is a log where it reads like one."""
    grow(tmp_path, "run/out.txt", content=logs.TORCHTUNE)
    grow(tmp_path, "other/requirements.txt", content="torch==2.1.0\n")
    assert shown(discover(tmp_path, Settings()), tmp_path) == {"run": ["out.txt"]}


@pytest.mark.parametrize(("more", "opened"), [(0, MOST_DOUBTFUL), (1, 0)])
def test_discover_opens_no_file_of_a_folder_full_of_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: int, opened: int
):
    """Hundreds of tables are a data set: a curve is sought in those of a smaller folder only."""
    grow(tmp_path, *(f"{at}.csv" for at in range(MOST_DOUBTFUL + more)))
    asked: list[Path] = []
    monkeypatch.setattr(unit, "is_log", lambda path, _: asked.append(path))
    discover(tmp_path, Settings())
    assert len(asked) == opened


def test_discover_looks_through_compressed_names(tmp_path: Path):
    """A log that was packed away is still a log."""
    grow(tmp_path, "run/trainer_state.json.gz", "run/train.yaml")
    assert shown(discover(tmp_path, Settings()), tmp_path) == {
        "run": ["train.yaml", "trainer_state.json.gz"]
    }


@pytest.mark.parametrize("name", ["metrics.jsonl", "metrics.csv", "train.log", "nohup.out"])
def test_discover_reads_what_was_rotated_away(tmp_path: Path, name: str):
    """The first half of a long training is in the file with a number behind its name."""
    for part in (name, f"{name}.1"):
        (tmp_path / part).write_text('{"step": 1, "loss": 2.0}\n', encoding="utf-8")
    (tmp_path / "weights.bin.1").write_text("x", encoding="utf-8")
    (found,) = discover(tmp_path, Settings())
    assert [path.name for path in found.files] == [name, f"{name}.1"]


def test_discover_leaves_the_rest_to_the_reader(tmp_path: Path):
    """Only the user's settings can tell which column of an unknown table is the loss."""
    grow(tmp_path, "curve.csv", content="t,nll\n1,2.5\n")
    assert shown(discover(tmp_path, Settings()), tmp_path) == {".": ["curve.csv"]}


def test_discover_finds_nothing_where_nothing_is(tmp_path: Path):
    """Settings alone are no run, nor are hidden files and an empty text."""
    grow(tmp_path, "config.json", ".git/train.log", "node_modules/x/a.log")
    (tmp_path / "empty.txt").touch()
    assert discover(tmp_path, Settings()) == ()


def test_discover_refuses_a_path_that_is_not_there(tmp_path: Path):
    """A mistyped path is named."""
    with pytest.raises(NoLogFound, match="nowhere: no such file or directory"):
        discover(tmp_path / "nowhere", Settings())


def test_discover_follows_no_link_out_of_the_run(tmp_path: Path):
    """A link may lead to anything on the disk."""
    grow(tmp_path, "secret.log", "run/train.log")
    (tmp_path / "run/other.log").symlink_to(tmp_path / "secret.log")
    (tmp_path / "run/up").symlink_to(tmp_path)
    (run,) = discover(tmp_path / "run", Settings())
    assert [file.name for file in run.files] == ["train.log"]
    assert [(item.path, str(item.reason)) for item in run.skipped] == [
        ("other.log", "symlink outside the run")
    ]


@pytest.mark.parametrize("target", ["secret.log", "gone.log", "/dev/zero"])
def test_a_run_that_is_only_a_link_out_of_the_sweep_is_not_lost(tmp_path: Path, target: str):
    """To a log, to nothing, to a device: the other runs are judged, and this one is said."""
    grow(tmp_path, "secret.log", "sweep/good/train.log", content=logs.TORCHTUNE)
    (tmp_path / "sweep/linked").mkdir()
    (tmp_path / "sweep/linked/train.log").symlink_to(tmp_path / target)
    good, linked = discover(tmp_path / "sweep", Settings())
    assert (good.root.name, good.skipped) == ("good", ())
    with pytest.raises(NoLogFound, match=r"train\.log is a link out of the directory"):
        read_run(linked, Settings())


def test_a_link_out_that_no_log_bears_the_name_of_is_no_run(tmp_path: Path):
    """Settings and checkpoints are often shared so."""
    grow(tmp_path, "shared.yaml", "sweep/good/train.log", "sweep/.keep")
    (tmp_path / "sweep/common").mkdir()
    (tmp_path / "sweep/common/config.yaml").symlink_to(tmp_path / "shared.yaml")
    assert shown(discover(tmp_path / "sweep", Settings()), tmp_path) == {
        "sweep/good": ["train.log"]
    }


def test_discover_follows_a_link_within_the_run(tmp_path: Path):
    """A link to a file of the same run is as good as the file."""
    grow(tmp_path, "train.txt", content=logs.TORCHTUNE)
    (tmp_path / "latest.log").symlink_to("train.txt")
    assert shown(discover(tmp_path, Settings()), tmp_path) == {".": ["latest.log", "train.txt"]}


def test_discover_names_the_archives_beside_a_log(tmp_path: Path):
    """The first of each folder, with their number; a folder that holds no log is not looked at."""
    grow(tmp_path, "a/train.log", "a/old.tar", "a/train.log.tar.gz", "shards/0001.tar")
    (run,) = discover(tmp_path / "a", Settings())
    assert [path.name for path in run.files] == ["train.log"]
    ((where, why),) = [(each.path, str(each.reason)) for each in run.skipped]
    assert where == "old.tar"
    assert why.startswith("2 archives are not opened here")
    assert not list(discover(tmp_path / "shards", Settings()))


def test_discover_waits_for_no_pipe(tmp_path: Path):
    """A named pipe would never end."""
    os.mkfifo(tmp_path / "train.log")
    (run,) = discover(tmp_path, Settings())
    assert run.files == ()
    with pytest.raises(NoLogFound, match=r"train\.log: not a file or directory"):
        read_run(run, Settings())
    with pytest.raises(NoLogFound, match="not a file or directory"):
        discover(tmp_path / "train.log", Settings())


def test_a_run_that_died_before_its_first_line_is_not_lost(tmp_path: Path):
    """Next to runs that are judged, a folder whose only log is empty is one that is refused."""
    grow(tmp_path, "good/train.log", content=logs.TORCHTUNE)
    grow(tmp_path, "dead/train.log", content="")
    grow(tmp_path, "dead/train.yaml", content="learning_rate: 1e-4\n")
    dead, good = discover(tmp_path, Settings())
    assert (dead.root.name, good.root.name) == ("dead", "good")
    with pytest.raises(NoLogFound, match="empty"):
        read_run(dead, Settings())


@pytest.mark.parametrize("name", ["train.log.bz2", "trainer_log.jsonl.7z", "nohup.out.lz4"])
def test_a_run_whose_only_log_is_packed_as_nothing_opens_it_is_refused(tmp_path: Path, name: str):
    """Next to runs that are judged it is no less a run."""
    grow(tmp_path, "ok/train.log", f"ok/{name}", content=logs.TORCHTUNE)  # a copy, or an older one
    grow(tmp_path, f"packed/{name}", "other/code.tar.bz2", content=logs.TORCHTUNE)
    ok, packed = discover(tmp_path, Settings())
    assert (ok.root.name, packed.root.name) == ("ok", "packed")
    with pytest.raises(NoLogFound, match="archive, which is not opened"):
        read_run(packed, Settings())


def test_an_empty_log_around_or_in_a_run_that_has_others_is_no_run(tmp_path: Path):
    """What a scheduler or a second process never wrote to is no training."""
    grow(tmp_path, "good/train.log", "next/train.log", content=logs.TORCHTUNE)
    grow(tmp_path, "nohup.out", "logs/sweep.log", "good/stderr.log", "good/logs/a.log", content="")
    assert list(shown(discover(tmp_path, Settings()), tmp_path)) == ["good", "next"]


@pytest.mark.parametrize(
    "name", ["log.txt", "stdout", "console", "metrics.jsonl", "train.out", "stdout.txt"]
)
def test_a_run_that_printed_nothing_to_where_its_output_goes_is_not_lost(tmp_path: Path, name: str):
    """These names are those of a program's output, which only a log has."""
    grow(tmp_path, "good/train.log", content=logs.TORCHTUNE)
    grow(tmp_path, f"dead/{name}", content="")
    assert list(shown(discover(tmp_path, Settings()), tmp_path)) == ["dead", "good"]


@pytest.mark.parametrize("name", ["log.txt", "train_log.txt", "loss_log.txt"])
def test_a_log_that_no_format_claims_is_not_lost(tmp_path: Path, name: str):
    """By its name and words it is one, unless it is in or above a run that is read."""
    grow(tmp_path, "good/train.log", content=logs.TORCHTUNE)
    others = "good/eval/log.txt", "log.txt", "notes/changelog.txt", "notes/todo.txt"
    grow(tmp_path, f"foreign/{name}", *others, content="Training: all is well\n")
    grow(tmp_path, f"env/{name}", content="Collecting lossless-itertools\nall is well\n")
    assert list(shown(discover(tmp_path, Settings()), tmp_path)) == ["foreign", "good"]


def test_an_empty_file_that_is_called_as_the_log_of_another_run_is_a_run(tmp_path: Path):
    """Its name alone does not tell, that of its neighbor does."""
    grow(tmp_path, "good/result.txt", content=logs.TORCHTUNE)
    grow(tmp_path, "dead/result.txt", content="")
    assert list(shown(discover(tmp_path, Settings()), tmp_path)) == ["dead", "good"]


@pytest.mark.parametrize(
    "name", ["done.txt", "vocab.txt", "slurm-7.out", "job.err", "stderr", "log_utils.py", "log.md"]
)
def test_an_empty_file_that_need_be_no_log_is_no_run(tmp_path: Path, name: str):
    """A mark that a job is done, errors that nobody met, or code."""
    grow(tmp_path, "good/train.log", content=logs.TORCHTUNE)
    grow(tmp_path, f"other/{name}", content="")
    assert list(shown(discover(tmp_path, Settings()), tmp_path)) == ["good"]


def test_the_only_run_with_content_can_be_analyzed_by_the_folder_above(tmp_path: Path):
    """One that is empty makes no choice necessary."""
    grow(tmp_path, "good/train.log", content=logs.TORCHTUNE)
    grow(tmp_path, "dead/train.log", content="")
    assert one_run(tmp_path, Settings()).root.name == "good"


def test_discover_ends_in_a_deep_tree(tmp_path: Path):
    """What lies deeper than runs do is named, not searched."""
    grow(tmp_path, "/".join("d" * (unit.DEEPEST + 2)) + "/train.log", "run/train.log")
    (run,) = discover(tmp_path, Settings())
    assert run.root.name == "run"
    assert [str(item.reason) for item in run.skipped] == ["nested too deeply"]


def test_discover_names_a_folder_it_may_not_enter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A folder of another user is skipped, and that is said."""
    grow(tmp_path, "run/train.log")
    (tmp_path / "run/logs").mkdir()
    scan = os.scandir

    def refuse(path: str) -> object:
        if str(path).endswith("logs"):
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    (run,) = discover(tmp_path, Settings())
    assert [(item.path, str(item.reason)) for item in run.skipped] == [
        ("logs", "Permission denied")
    ]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("metrics.jsonl", '{{"it": {step}, "nll": 2.5}}'),
        ("table.csv", "it,nll\n{step},2.5"),
        ("out.txt", "step {step} nll: 2.5"),
        ("err.txt", "step {step} and then nll = 2.5"),
    ],
)
def test_discover_takes_what_holds_a_key_that_the_user_names(tmp_path: Path, name: str, line: str):
    """Each folder is a run of its own where only the settings tell which key is the loss."""
    for run in "abc":
        (tmp_path / run).mkdir()
        (tmp_path / run / name).write_text(line.format(step=1) + "\n", encoding="utf-8")
        (tmp_path / run / "notes.txt").write_text("nll: the loss\n", encoding="utf-8")
    chosen = Settings(series={"step": "it", "loss": "nll"})
    assert [files.root.name for files in discover(tmp_path, chosen)] == ["a", "b", "c"]


def test_discover_takes_what_the_expression_of_the_user_matches(tmp_path: Path):
    """A text of any kind is a log where the settings say how its lines are read."""
    for run in "ab":
        (tmp_path / run).mkdir()
        (tmp_path / run / "out.txt").write_text("it 1 -> 2.5\n", encoding="utf-8")
    chosen = Settings(text={"pattern": r"it (?P<step>\d+) -> (?P<loss>[\d.]+)"})
    assert [files.root.name for files in discover(tmp_path, chosen)] == ["a", "b"]


@pytest.mark.parametrize("folder", ["trackio", "dvclive/plots/metrics"])
def test_discover_takes_the_store_of_a_tracker_to_its_run(tmp_path: Path, folder: str):
    """What DVCLive and Trackio keep in the output folder of a trainer is no second run."""
    (tmp_path / "out" / folder).mkdir(parents=True)
    (tmp_path / "out" / "trainer_state.json").write_text(
        '{"log_history": [{"loss": 2.5, "step": 1}, {"loss": 2.25, "step": 2}]}'
    )
    (tmp_path / "out" / folder / "loss.tsv").write_text("step\tloss\n1\t2.5\n2\t2.25\n")
    assert [run.root for run in discover(tmp_path, Settings())] == [tmp_path / "out"]


OUTPUT = "output_dir:\n  desc: ''\n  sort: 88\n  value: {}\n"


def test_discover_joins_the_output_that_the_tracker_states(tmp_path: Path):
    """W&B and SwanLab keep their folder next to that of the output, and its name in a config."""
    grow(
        tmp_path,
        "out/checkpoint-9/trainer_state.json",
        "wandb/run-20260101_000000-abc/run-abc.wandb",
    )
    grow(
        tmp_path, "wandb/run-20260101_000000-abc/files/config.yaml", content=OUTPUT.format("./out")
    )
    (run,) = discover(tmp_path, Settings())
    assert run.root == tmp_path / "out"
    assert len(run.files) == 3


@pytest.mark.parametrize("stated", ["elsewhere", "out\n---"])
def test_discover_leaves_a_tracker_apart_whose_output_is_not_there(tmp_path: Path, stated: str):
    """The folder next to it is of another training, or two trainings wrote to it."""
    grow(tmp_path, "out/trainer_state.json")
    ids = ("abc", "def") if stated.startswith("out") else ("abc",)
    for each in ids:
        folder = f"wandb/run-20260101_000000-{each}"
        grow(tmp_path, f"{folder}/run-{each}.wandb")
        grow(tmp_path, f"{folder}/files/config.yaml", content=OUTPUT.format(stated))
    assert len(discover(tmp_path, Settings())) == 1 + len(ids)


def test_discover_joins_the_ranks_of_one_training(tmp_path: Path):
    """MindSpore gives each process a folder."""
    grow(tmp_path, "rank.0/train.log", "rank.1/train.log")
    assert shown(discover(tmp_path, Settings()), tmp_path) == {
        ".": ["rank.0/train.log", "rank.1/train.log"]
    }


def test_a_list_of_packages_is_no_log(tmp_path: Path):
    """Trackers keep one with each run, also with one that was killed before its first value."""
    (tmp_path / "requirements.txt").write_text("torch==2.13.0\nnumpy==2.4.6\n")
    assert discover(tmp_path, Settings()) == ()
