"""Tables with the columns or the rows of several runs, and such as only their file explains."""

import csv
from pathlib import Path

import pytest

from lossscan.canonical.names import canonical
from lossscan.errors import UnreadableLog
from lossscan.formats import read_file
from lossscan.formats.csv_table import claims, runs
from lossscan.settings import Settings
from lossscan.sources.files import head_of
from tests import logs

TRAIN = [2.5, 2.25, 2.125]
EVALS = [2.75, 2.5, 2.375]
MODELS = "epoch,cnn_train_loss,cnn_val_loss,lstm_train_loss,lstm_val_loss"


def written(folder: Path, name: str, header: str, *columns: list[float]) -> Path:
    """A table whose first column counts epochs."""
    path = folder / name
    with path.open("w", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(header.split(","))
        rows.writerows(enumerate_rows(columns))
    return path


def enumerate_rows(columns: tuple[list[float], ...]) -> list[tuple[float, ...]]:
    """The cells of each row behind its number."""
    return [(at, *cells) for at, cells in enumerate(zip(*columns, strict=True), start=1)]


@pytest.mark.parametrize(
    ("name", "header", "found"),
    [
        ("log.csv", MODELS, ["cnn", "lstm"]),
        ("log.csv", "epoch,train_loss_fold1,val_loss_fold1,train_loss_fold2,val_loss_fold2",
         ["fold1", "fold2"]),
        ("losses.csv", "epoch,a1,b1,c1,d1", ["a1", "b1", "c1", "d1"]),
        ("losses.csv", ",0,1,2,3", ["0", "1", "2", "3"]),
        ("log.csv", "epoch,train_loss,val_loss,train_box_loss,val_box_loss", []),
        ("log.csv", "epoch,d_train_loss,d_val_loss,g_train_loss,g_val_loss", []),
        ("loss.csv", "epoch,train,val,lr,acc", []),
        ("loss.csv", "epoch,train,valid,total,lr", []),
    ],
)  # fmt: skip
def test_columns_of_several_runs(tmp_path: Path, name: str, header: str, found: list[str]):
    """One name for each run; parts of a loss and sets of one run are none."""
    path = written(tmp_path, name, header, TRAIN, EVALS, TRAIN, EVALS)
    assert runs(head_of(path)) == found


def test_one_of_the_runs_is_read(tmp_path: Path):
    """Its losses alone, under the names that each run has."""
    path = written(tmp_path, "log.csv", MODELS, TRAIN, EVALS, EVALS, TRAIN)
    table = read_file(path, Settings(), "lstm")
    assert logs.points(table, "loss") == list(enumerate(EVALS, 1))
    assert logs.points(table, "eval_loss") == list(enumerate(TRAIN, 1))


def test_rows_that_name_their_run(tmp_path: Path):
    """Folds one below the other; each is read by itself."""
    rows = [
        f"{fold},{at},{a},{b}" for fold in (1, 2) for at, a, b in enumerate_rows((TRAIN, EVALS))
    ]
    path = tmp_path / "cv.csv"
    path.write_text("\n".join(["fold,epoch,train_loss,val_loss", *rows]) + "\n")
    assert runs(head_of(path)) == ["fold-1", "fold-2"]
    assert logs.points(read_file(path, Settings(), "fold-2"), "loss") == list(enumerate(TRAIN, 1))


@pytest.mark.parametrize("named", ["phase", "type"])
def test_rows_that_name_their_set(named: str, tmp_path: Path):
    """An evaluation below each epoch is no point of training."""
    rows = [
        f"{at},{s},{v}"
        for at, a, b in enumerate_rows((TRAIN, EVALS))
        for s, v in (("train", a), ("val", b))
    ]
    table = logs.read_log(tmp_path, "\n".join([f"epoch,{named},loss", *rows]) + "\n")
    assert logs.points(table, "loss") == list(enumerate(TRAIN, 1))
    assert logs.points(table, "eval_loss") == list(enumerate(EVALS, 1))


def test_a_table_holds_trainings_one_after_the_other(tmp_path: Path):
    """Also where the first epoch was begun twice, and its row is there twice."""
    epochs = [1, 1, 1, 2, 3, 1, 2, 3, 4, 5]
    rows = "".join(f"{epoch},{9 - at / 2},{9.5 - at / 2}\n" for at, epoch in enumerate(epochs))
    table = logs.read_log(tmp_path, f"epoch,train_loss,valid_loss\n{rows}")
    assert [step for step, _ in logs.points(table, "loss")] == epochs
    assert not table.notes


def test_results_are_no_curve(tmp_path: Path):
    """A row for each fold is its result."""
    with pytest.raises(UnreadableLog, match="the result of a different run"):
        logs.read_log(
            tmp_path, "fold,epoch,val_loss\n1,10,0.5\n2,12,0.75\n3,9,0.5\n", name="results.csv"
        )


@pytest.mark.parametrize(
    ("name", "header", "series"),
    [
        ("loss.csv", "epoch,train,val", {"loss", "eval_loss"}),
        ("losses.csv", "epoch,Generator,Discriminator", {"loss"}),
        ("train_loss.csv", "step,value,accuracy", {"loss"}),
    ],
)
def test_the_file_says_that_they_are_losses(
    tmp_path: Path, name: str, header: str, series: set[str]
):
    """Its columns say the rest."""
    path = written(tmp_path, name, header, TRAIN, EVALS)
    assert claims(head_of(path))
    assert series <= set(read_file(path, Settings()).columns)


@pytest.mark.parametrize("loss", ["val_loss", "norm"])
def test_a_header_may_be_longer_than_what_a_glance_shows(tmp_path: Path, loss: str):
    """A norm for each of 5,000 weights, sorted before the loss; without a loss it is no log."""
    names = [f"grad_norm/layers.{n}.weight" for n in range(5_000)]
    rows = [[step, *range(5_000), 2.5 - step / 8] for step in range(9)]
    text = "".join(",".join(map(str, row)) + "\n" for row in [["epoch", *names, loss], *rows])
    path = tmp_path / "metrics.csv"
    path.write_text(text)
    assert claims(head_of(path)) == (loss == "val_loss")
    if claims(head_of(path)):
        columns = read_file(path, Settings()).columns
        assert columns["eval_loss"].values.tolist() == [row[-1] for row in rows]
        assert len(columns) > 5_000


def test_tensors_are_numbers(tmp_path: Path):
    """As `csv.writer` prints what nobody called `item` on."""
    text = (
        "Epoch,Train_loss,Val_loss\n"
        "1,\"tensor(2.5, device='cuda:0', grad_fn=<DivBackward0>)\","
        "\"tensor(2.75, device='cuda:0')\"\n"
        '2,tensor(2.25),"np.float64(2.5)"\n'
    )
    table = logs.read_log(tmp_path, text, name="losses.csv")
    assert logs.points(table, "loss") == [(1, 2.5), (2, 2.25)]
    assert logs.points(table, "eval_loss") == [(1, 2.75), (2, 2.5)]


def test_a_header_alone_says_so(tmp_path: Path):
    """A training that has not logged yet."""
    with pytest.raises(UnreadableLog, match="a header and no rows"):
        logs.read_log(tmp_path, "epoch,train_loss,val_loss\n")


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("avg_train_loss", "train_loss"),
        ("Train Loss (mean)", "train_loss"),
        ("trainloss", "train_loss"),
        ("train_loss_history", "train_loss"),
        ("mean_val_loss", "eval_loss"),
        ("Val_Loss(avg)", "eval_loss"),
        ("total_val_loss", "eval_loss"),
        ("avg test loss", "test_loss"),
        ("loss (train)", "train_loss"),
        ("loss_history", "loss"),
        ("train_epoch_loss", "train_loss_epoch"),
        ("best_val_loss", "best_val_loss"),
        ("train_box_loss", "train_box_loss"),
        ("val_loss_step", "eval_loss_step"),
    ],
)
def test_words_of_names(raw: str, name: str):
    """Whose a loss is counts, and how it was averaged does not."""
    assert canonical(raw) == name


@pytest.mark.parametrize(
    ("text", "series", "points"),
    [
        ("epoch train_loss val_loss\n1 2.5 2.75\n2 2.25 2.5\n", "eval_loss", [(1, 2.75), (2, 2.5)]),
        ("  epoch   loss\n1     1  2.500\n2     2  2.250\n", "loss", [(1, 2.5), (2, 2.25)]),
        ('#{"t_start": 1.5, "env_id": "x"}\nr,l,t\n20,20,1.5\n30,30,2.5\n', "reward",
         [(1, 20.0), (2, 30.0)]),
        ("Episode,Reward,Steps,Loss\n1,5,90,2.5\n2,6,40,2.25\n3,7,60,2.0\n4,6,20,1.5\n", "loss",
         [(1, 2.5), (2, 2.25), (3, 2.0), (4, 1.5)]),
        ("round,global_loss\n3,2.5\n4,2.25\n5,2.0\n", "loss", [(3, 2.5), (4, 2.25), (5, 2.0)]),
        ("round,global_loss\n3.5,2.5\n4,2.2\n5,2.0\n", "loss", [(1, 2.5), (2, 2.2), (3, 2.0)]),
        ("epoca;perda_treino;perda_val\n1;2,5;2,75\n2;2,25;2,5\n", "eval_loss",
         [(1, 2.75), (2, 2.5)]),
    ],
)  # fmt: skip
def test_tables_of_other_origin(
    tmp_path: Path, text: str, series: str, points: list[tuple[int, float]]
):
    """Blanks alone, names of rows, gym's monitor, lengths of episodes, rounds, Portuguese."""
    assert logs.points(logs.read_log(tmp_path, text), series) == points
