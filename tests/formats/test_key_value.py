"""Lines of names and numbers, of many trainers and of own loops."""

import math
from pathlib import Path

import pytest

from lossscan import formats
from lossscan.errors import NoLogFound, UnreadableLog
from lossscan.settings import Settings
from tests import logs

SHAPES = {
    "torchtune": "Step {} | loss:2.5 lr:2e-05 tokens_per_second_per_gpu:1234 ",
    "torchtitan": "[rank0]: step:  {}  loss:  2.5  memory: 37.98GiB(80.18%)  tps: 14,593  mfu: 1%",
    "nemo": "Training epoch 0, iteration {}/149 | lr: 3e-05 | consumed_samples: 121 |"
    " global_step: {} | reduced_train_loss: 2.5 | train_step_timing in s: 0.03 | val_loss: 4.1",
    "deepspeed": "steps: {} loss: 2.5 iter time (s): 1.234 samples/sec: 51.234",
    "olmo-core": "[step={}/5000,epoch=1,eta=1h]\n    train/CE loss=2.5\n    optim/LR (group 0)=0.1",
    "mmengine": "2026/01/01 10:00:00 - mmengine - INFO - Iter(train) [{:5d}/1200]  lr: 1.0e-05 "
    " eta: 1:20:00  time: 1.2345  data_time: 0.0101  memory: 12345  loss: 2.5  tflops: 10.0",
    "verl": "(main_task pid=123) step:{} - actor/pg_loss:2.5 - actor/entropy_loss:0.8"
    " - actor/grad_norm:0.2 - actor/lr:0.000 - response_length/mean:200.000",
    "litgpt": "iter {} step 1: loss 2.5, iter time: 1234.56ms (optimizer.step)",
    "composer": "[batch={}/4800]:\n\t Train time/batch: 0\n\t Train loss/train/total: 2.5",
    "llm.c": "step {:4d}/19560 | loss 2.5 (+nanz)| norm 15.3044 (+nanz)| lr 8.57e-07 | 3056.36 ms",
}
OWN = [
    "step: {}, loss: 2.5, lr: 0.001",
    "2026-01-01 10:00:00,123 INFO train.py:33 step={} loss=2.5 lr=1e-4",
    "iteration {}/900: train loss: 2.5",
    "Epoch 1/3 [step {}] loss = 2.5",
    "INFO:tensorflow:global step {}: loss = 2.5 (57.126 sec/step)",
    "INFO:root:{{'step': {}, 'loss': 2.5, 'lr': 1e-4}}",
    "{{'lm loss': 2.5, 'grad_norm': 0.5, 'iteration': '{}/120'}}",
    "    {} | loss 2.5 | lr 1.000000e-04 | 1234.56ms | mfu 10.00%",
    "[{} | 10.25] loss=2.5 avg=2.5",
    "[{}/150] train_loss: 2.5 - lr: 0.0001",
    "{{'train/loss': 2.5, 'train/step': {}}}",
    "epoch: 1 step: {}, loss is 2.5",
    "Epoch [{}/120], Loss: 2.5",
    "Epoch {}/120, Train Loss: 2.5, Val Loss: 2.6",
    "[INFO] [TRAIN] epoch: 1, iter: {}/500, loss: 2.5, lr: 0.009657, batch_cost: 0.5344",
    "I0101 10:00:00.123456 140 logging_writer.py:48] [{}] accuracy=0.5, loss=2.5",
    "[step {}] 2:31<6:50 train/loss/total=2.5 train/grad_norms/summary/total=42.8",
    "[2026-01-01 10:00:00,123 INFO] Step {}/10000; acc: 45.1; ppl: 12.2; xent: 2.5; lr: 0.00012;",
    "Update {}, total_loss: 2.5, value_loss 0.2",
    "步骤 {}/300, 损失: 2.5",
    "第 {} 轮 | 训练损失：2.5，验证损失：2.6",
    "轮次: 1, 步数: {}, 训练损失 2.5",
]
ANEW = [  # counts that begin anew in each epoch of 600
    "Epoch: [{}]  [{:3d}/600]  eta: 0:10:00  lr: 0.01  loss: 2.5 (2.6)  time: 4.3  data: 0.0",
    "Epoch: [{}][{:4d}/600]\tTime  0.5 ( 0.5)\tData  0.0 ( 0.0)\tLoss 2.5e+00 (2.6e+00)",
    "Train: {} [{:4d}/600 ( 10%)]  Loss: 2.5 (2.6)  Time: 0.500s,  512.00/s  LR: 1.000e-06",
    "Epoch(train)  [{}][{:5d}/600]  lr: 1.0e-05  eta: 1:20:00  grad_norm: 0.5  loss: 2.5",
    "INFO - {{ Epoch:[ {:3d}/  2], step:[ {:5d}/  600], loss: 2.5, per_step_time: 1234ms",
    "Train Epoch: {} [{}/600 (1%)]\tLoss: 2.500000",
    "Epoch {} Batch {}/600 Loss 2.5",
    "Epoch {}:  39%|####      | {}/600 [05:59<09:15, 13.47it/s, loss=2.5, v_num=1]",
    "Epoch: {}, Step: {}, Rank: 0, loss = 2.5",
    "Training Epoch: {}/4, step {}/600 completed (loss: 2.5): 100%|#####| 600/600 [01:00<00:00]",
    "| epoch {:3d} | {:5d}/  600 batches | lr 20.00 | ms/batch 12.34 | loss  2.50 | ppl 12.18",
    "[{}, {:5d}] loss: 2.500",
    "2026-01-01 10:00:00,123 DEBUG TRAIN Batch {}/{} loss 2.500000 acc 0.1 lr 0.0001 rank 0",
    "[host] (trainer:720) INFO: {}epoch:train:1-{}batch: iter_time=1.2e-04, loss_att=7, loss=2.5",
    "第{}轮 第{}步 loss: 2.5",
]


@pytest.mark.parametrize("name", SHAPES)
def test_read_trainers(tmp_path: Path, name: str):
    """Each trainer is read and known by its line."""
    text = "".join(SHAPES[name].format(i, i) + "\n" for i in range(1, 6))
    table = logs.read_log(tmp_path, text)
    assert logs.points(table, "loss") == [(i, 2.5) for i in range(1, 6)]
    assert table.framework == name


@pytest.mark.parametrize("line", OWN)
def test_read_own_loops(tmp_path: Path, line: str):
    """What people print in loops of their own."""
    table = logs.read_log(tmp_path, "".join(line.format(i) + "\n" for i in range(1, 6)))
    assert logs.points(table, "loss") == [(i, 2.5) for i in range(1, 6)]


def test_read_counts_steps_across_epochs(tmp_path: Path):
    """Where steps begin anew in each epoch, they go on."""
    text = "".join(
        f"Epoch [{epoch}/2], Step [{step}/300], Loss: 2.5\n"
        for epoch in (1, 2)
        for step in (100, 200, 300)
    )
    table = logs.read_log(tmp_path, text)
    assert [step for step, _ in logs.points(table, "loss")] == [100, 200, 300, 400, 500, 600]


@pytest.mark.parametrize("line", ANEW)
@pytest.mark.parametrize("first", [0, 1])
def test_read_places_batches_of_an_epoch_in_the_run(tmp_path: Path, line: str, first: int):
    """Counts of batches go on from epoch to epoch, whether these are numbered from 0 or 1."""
    places = [(epoch, batch) for epoch in (0, 1, 2) for batch in range(60, 601, 60)]
    text = "".join(line.format(epoch + first, batch) + "\n" for epoch, batch in places)
    table = logs.read_log(tmp_path, text)
    assert logs.points(table, "loss") == [(600 * epoch + batch, 2.5) for epoch, batch in places]
    assert table.config["steps_per_epoch"] == 600


def test_read_places_a_log_that_begins_in_a_later_epoch(tmp_path: Path):
    """The launch that goes on in epoch 3 stands behind two whole epochs."""
    line = "Epoch [{}/4], Step [{}/100], Loss: 2.5\n"
    text = "".join(line.format(epoch, step) for epoch in (3, 4) for step in (50, 100))
    table = logs.read_log(tmp_path, text)
    assert [step for step, _ in logs.points(table, "loss")] == [250, 300, 350, 400]


def test_read_takes_what_a_bar_shows_last_at_a_step(tmp_path: Path):
    """It is drawn many times, first with the number of the step before; at 0 there was none."""
    bar = "steps:  10%|#         | {}/120 [00:10<01:00, 10.00it/s, lr=1e-5, step_loss={}]"
    shown = [(step, value) for step in (0, 1, 2, 3) for value in (9.0, step + 0.5)]
    table = logs.read_log(tmp_path, "\r".join(bar.format(*each) for each in shown) + "\n")
    assert logs.points(table, "loss") == [(n, n + 0.5) for n in range(4)]


def test_read_places_the_evaluation_that_sums_up_an_epoch(tmp_path: Path):
    """It stands at the last step of the epoch; the mean of the training there is no point."""
    text = "".join(
        f"Epoch [{epoch}/2], Step [{step}/30], Loss: 2.5\n"
        + f"Epoch {epoch}: train loss: 7.0, val loss: 2.{epoch}\n" * (step == 30)
        for epoch in (1, 2)
        for step in (10, 20, 30)
    )
    table = logs.read_log(tmp_path, text)
    assert logs.points(table, "eval_loss") == [(30, 2.1), (60, 2.2)]
    assert {value for _, value in logs.points(table, "loss")} == {2.5}


def test_read_takes_a_reward_without_a_loss(tmp_path: Path):
    """A log of reinforcement learning need not name a loss."""
    text = "".join(f"step:{i} - critic/rewards/mean:0.5 - x:1\n" for i in range(1, 5))
    assert len(logs.points(logs.read_log(tmp_path, text), "reward")) == 4


def test_the_current_loss_is_the_loss_next_to_an_average(tmp_path: Path):
    """The average is that of the epoch so far."""
    text = "".join(
        f"Epoch 1 | Iter {n} | Average Loss 2.{9 - n} | Current Loss 1.{9 - n} | 9.9 ms/batch\n"
        for n in (1, 2, 3)
    )
    table = logs.read_log(tmp_path, text)
    assert logs.points(table, "loss") == [(1, 1.8), (2, 1.7), (3, 1.6)]
    assert logs.points(table, "average_loss") == [(1, 2.8), (2, 2.7), (3, 2.6)]


@pytest.mark.parametrize(
    ("line", "step"),
    [
        ("iter {n}/9, step {n}0, loss: 0.5", 30),
        ("iter {n}/9, time per step 0.5, loss: 0.5", 3),
        ("iter {n}/9, loss: 0.5, step 1/2", 3),
        ("iter {n}/9, loss: 0.5, step 1 of 2", 3),
    ],
)
def test_a_step_behind_an_iteration_is_that_of_the_run(tmp_path: Path, line: str, step: int):
    """Unless it says of how many, or is none."""
    text = "".join(f"{line.format(n=n)}\n" for n in (1, 2, 3))
    assert logs.points(logs.read_log(tmp_path, text), "loss")[-1][0] == step


@pytest.mark.parametrize(
    "summary", ["Mean Training loss : {}", "Epoch {n} | train loss: {}", "Average loss: {}"]
)
def test_a_nan_that_only_a_summary_states_is_not_lost(tmp_path: Path, summary: str):
    """The bars of the epoch show finite losses: the mean over all batches tells of the one."""
    bar = "Epoch {n}: 100%|####| 10/10 [00:01<00:00,  9.1it/s, loss=0.{d}]\n"
    text = "".join(
        bar.format(n=n, d=9 - n) + summary.format("nan" if n == 2 else "0.75", n=n) + "\n"
        for n in (1, 2, 3)
    )
    losses = logs.points(logs.read_log(tmp_path, text), "loss")
    assert [math.isnan(value) for _, value in losses] == [False, True, False]
    assert losses[::2] == [(10, 0.8), (30, 0.6)]


@pytest.mark.parametrize("other", ["best loss: nan", "val loss: nan", "lr loss scale: nan"])
def test_a_nan_that_is_no_loss_of_the_training_is_none(tmp_path: Path, other: str):
    """Of the best so far, of an evaluation, of a scale."""
    text = "".join(
        f"Epoch {n}: 100%|####| 10/10 [00:01<00:00,  9.1it/s, loss=0.{9 - n}]\n{other}\n"
        for n in (1, 2, 3)
    )
    losses = logs.points(logs.read_log(tmp_path, text), "loss")
    assert losses == [(10, 0.8), (20, 0.7), (30, 0.6)]


def test_read_refuses_prose_with_an_epoch_or_two(tmp_path: Path):
    """A README that quotes two losses is no log."""
    text = "Trained 3 epochs.\nAfter epoch 1 the loss: 2.5\nAfter epoch 2 the loss: 2.25\n"
    with pytest.raises(NoLogFound):
        logs.read_log(tmp_path, text)


def test_read_keeps_a_fall_within_an_epoch(tmp_path: Path):
    """A resumed launch goes back, and that must show."""
    text = "".join(f"step: {step} loss: 2.5\n" for step in (10, 20, 30, 20, 30, 40))
    table = logs.read_log(tmp_path, text)
    assert [step for step, _ in logs.points(table, "loss")] == [10, 20, 30, 20, 30, 40]


def test_read_takes_a_repeated_evaluation_once(tmp_path: Path):
    """NeMo repeats the last evaluation on every line."""
    line = SHAPES["nemo"].replace("4.1", "4.{}")
    text = "".join(line.format(i, i, i // 3) + "\n" for i in range(1, 7))
    table = logs.read_log(tmp_path, text)
    assert logs.points(table, "eval_loss") == [(1, 4.0), (3, 4.1), (6, 4.2)]


def test_read_takes_the_users_key(tmp_path: Path):
    """A name that nobody knows is the loss where the user says so."""
    text = "".join(f"step: {i} my nll: 2.5 loss: 9.0\n" for i in range(1, 5))
    table = logs.read_log(tmp_path, text, {"loss": "my nll"})
    assert logs.points(table, "loss") == [(i, 2.5) for i in range(1, 5)]


def test_read_refuses_lines_without_the_users_key(tmp_path: Path):
    """Where the key is nowhere, the log is not read by guess."""
    with pytest.raises(UnreadableLog, match="no line with a step and a loss"):
        logs.read_log(tmp_path, "hello world\n", {"loss": "nll"})


def test_read_leaves_out_a_cut_number(tmp_path: Path):
    """The last number of a file that is still written may lack digits."""
    table = logs.read_log(tmp_path, logs.TORCHTUNE + "Step 6 | loss:2.3")
    assert len(logs.points(table, "loss")) == 5


def test_read_takes_the_progress_bar_of_nemo(tmp_path: Path):
    """NeMo 1 shows a running mean of its losses too, and the step with a decimal point."""
    bar = "Epoch 0: 1%|#| {0}/90 [00:10, loss=3.1, reduced_train_loss=3.09, global_step={0}.0]"
    table = logs.read_log(tmp_path, "\r".join(bar.format(step) for step in range(1, 5)) + "\r")
    assert table.framework == "nemo"
    assert logs.points(table, "loss")[-1] == (4, 3.09)


def test_read_takes_the_block_of_olmo_core(tmp_path: Path):
    """The rate of the first group is the learning rate; the steps of the run are stated."""
    block = "[step={}/90,epoch=1,eta=1h]\n    optim/LR (group 0)=0.0003\n    train/CE loss=3.1\n"
    table = logs.read_log(tmp_path, "".join(block.format(step) for step in range(1, 5)))
    assert logs.points(table, "learning_rate")[0] == (1, 0.0003)
    assert table.config == {"max_steps": "90"}


def test_read_counts_a_block_of_lines_once(tmp_path: Path):
    """The epoch stands above the indented lines, and is one point with all of them."""
    block = "[step={}/90,epoch=1,eta=1h]\n    train/CE loss=3.1\n    optim/total grad norm=0.2\n"
    table = logs.read_log(tmp_path, "".join(block.format(step) for step in range(1, 5)))
    assert {len(column.steps) for column in table.columns.values()} == {4}


OVERFLOW = "OVERFLOW! Rank 0 Skipping step. Attempted loss scale: 65536, reducing to 32768\n"


def test_read_remarks_on_skipped_updates(tmp_path: Path):
    """DeepSpeed says when gradients overflow and how far it lowers the loss scale."""
    line = "steps: {} loss: 2.5 iter time (s): 1.2 samples/sec: 51.2\n"
    points = [line.format(step) for step in (10, 20, 30)]
    table = logs.read_log(tmp_path, OVERFLOW * 2 + points[0] + points[1] + OVERFLOW + points[2])
    (note,) = table.notes
    assert note.kind == "fp16_overflows"
    assert (note.numbers["updates"], note.numbers["scale"]) == (3, 32768.0)
    assert logs.points(table, "skipped_iterations") == [(10, 2.0), (30, 1.0)]


TITAN = "[rank0]:[titan] 2025-05-01 10:00:00,000 - root - INFO - "
STARTS = TITAN + "Training starts at step {}, sequence length 2048, total steps 40 (warmup 5)\n"
STEP = (
    TITAN + "step: {:2}  loss: {:7.4f}  grad_norm:  1.2345  memory: 37.98GiB(80.18%)  tps: 1,459\n"
)


def test_read_takes_a_validation_of_torchtitan_for_one(tmp_path: Path):
    """Its line differs from a training step's by the word `validate` alone."""
    valid = TITAN + "validate step: 20  loss:  2.7500  memory: 37.98GiB(80.18%)  tps: 9,999\n"
    text = STARTS.format(1) + "".join(STEP.format(step, 2.5) for step in (1, 10, 20)) + valid
    table = logs.read_log(tmp_path, text)
    assert logs.points(table, "loss") == [(1, 2.5), (10, 2.5), (20, 2.5)]
    assert logs.points(table, "eval_loss") == [(20, 2.75)]
    assert {value for _, value in logs.points(table, "tokens_per_second")} == {1459.0}
    assert (table.averaging, table.config) == ("instant", {"max_steps": "40", "warmup_steps": "5"})


@pytest.mark.parametrize("line", ["Validation {}", "[Eval] {}", "val | {}", "Test {}"])
@pytest.mark.parametrize("shape", ["step {} loss: {}", "step {}: loss {}"])
def test_read_takes_what_own_loops_call_an_evaluation_for_one(
    tmp_path: Path, line: str, shape: str
):
    """Many loops print the same line twice, with a word before it."""
    places = [(shape.format(i, 2.5), shape.format(i, "3.0")) for i in (10, 20, 30)]
    text = "".join(f"{train}\n{line.format(valid)}\n" for train, valid in places)
    table = logs.read_log(tmp_path, text)
    assert logs.points(table, "loss") == [(10, 2.5), (20, 2.5), (30, 2.5)]
    assert logs.points(table, "eval_loss") == [(10, 3.0), (20, 3.0), (30, 3.0)]


def test_read_takes_the_mean_of_the_batches_of_an_evaluation(tmp_path: Path):
    """They are counted within it, at no step of the run; a line that sums it up is better."""
    lines = [
        "Train Epoch: {} [{}/600 (1%)]\tLoss: 2.5\n",
        "Test Epoch: {} [{}/600 (1%)]\tLoss: 9.9\n",
    ]
    text = "".join(line.format(1, at) for line in lines for at in (100, 200, 300, 400))
    table = logs.read_log(tmp_path, text)
    assert logs.points(table, "loss") == [(at, 2.5) for at in (100, 200, 300, 400)]
    assert logs.points(table, "eval_loss") == [(400, 9.9)]
    table = logs.read_log(tmp_path, f"{text}Test: Average loss: 9.5\n")
    assert logs.points(table, "eval_loss") == [(400, 9.5)]


@pytest.mark.parametrize(
    "said",
    [
        STARTS.format(21),
        "Restored all states from the checkpoint at /run/last.ckpt\n",
        "=> loaded checkpoint 'last.pth.tar' (epoch 2)\n",
        "Resuming at step 21\n",
        "Model resumed from last.pt\n",
    ],
)
def test_read_launches_that_go_on_where_the_one_before_ended(tmp_path: Path, said: str):
    """A relaunch at the last checkpoint repeats no step: the log tells of it in some words."""
    text = STARTS.format(1) + "".join(STEP.format(step, 2.5) for step in (1, 10, 20))
    text += said + "".join(STEP.format(step, 2.5) for step in (30, 40))
    assert logs.read_log(tmp_path, text).launches == (20,)


@pytest.mark.parametrize("said", ["To resume training, pass --resume last.pt", "resume: last.pt"])
def test_read_takes_the_way_to_resume_for_no_resume(tmp_path: Path, said: str):
    """Who saves a checkpoint may say how to go on from it."""
    text = "".join(STEP.format(step, 2.5) for step in (1, 10, 20))
    text += f"{said}\n" + "".join(STEP.format(step, 2.5) for step in (30, 40))
    assert logs.read_log(tmp_path, text).launches == ()


def test_read_takes_a_restart_for_no_resume(tmp_path: Path):
    """A launch that begins anew does not continue the one before."""
    launch = STARTS.format(1) + "".join(STEP.format(step, 2.5) for step in (1, 10, 20))
    assert logs.read_log(tmp_path, launch * 2).launches == ()


def test_batches_of_one_epoch_say_how_many_it_has(tmp_path: Path):
    """A log that holds a part of one epoch knows its length and how much of it is done."""
    text = "".join(f"Epoch(train) [2][{at}/735]  lr: 1.0e-03  loss: 2.5\n" for at in (10, 20, 30))
    table = logs.read_log(tmp_path, text)
    assert table.columns["loss"].steps.tolist() == [745, 755, 765]
    assert table.config["steps_per_epoch"] == 735


def test_a_log_in_gbk_is_read(tmp_path: Path):
    """Windows writes Chinese so; a UTF-8 log with a broken character stays UTF-8."""
    text = "".join(
        f"轮次 {k}/20 步数 {k * 100} 损失 {2 / k:.4f} 学习率 0.0001\n" for k in range(1, 9)
    )
    path = tmp_path / "train.log"
    for data in (text.encode("gbk"), text.encode("gbk")[:-3], text.encode() + b"\xe6\n"):
        path.write_bytes(data)
        found = formats.read_file(path, Settings())
        assert found.columns["loss"].values[0] == 2.0
        assert len(found.columns["loss"].steps) >= 7


def test_evaluations_without_a_counter_stand_at_the_last_one(tmp_path: Path):
    """PyTorch's examples print them so, under the name of a mean."""
    text = "".join(
        f"Train Epoch: {e} [{i * 64}/6400 ({i}%)]\tLoss: {2 / (e * 100 + i):.6f}\n"
        + ("\nTest set: Average loss: 0.5, Accuracy: 90/100 (90%)\n\n" if i == 90 else "")
        for e in (1, 2)
        for i in range(0, 100, 10)
    )
    path = tmp_path / "train.log"
    path.write_text(text)
    found = formats.read_file(path, Settings()).columns
    assert len(found["loss"].steps) == 20
    assert found["eval_loss"].values.tolist() == [0.5, 0.5]
    assert found["eval_loss"].steps.tolist() == [found["loss"].steps[9], found["loss"].steps[19]]


def test_folds_that_state_only_their_epochs_are_trainings_of_their_own(tmp_path: Path):
    """Each comes to an epoch once: no epoch has several lines."""
    text = "".join(
        f"==== Fold {fold} ====\n"
        + "".join(f"Epoch {e}/9 - train_loss: {2 / e:.4f} - val_loss: 1.0\n" for e in range(1, 10))
        for fold in range(5)
    )
    path = tmp_path / "train.log"
    path.write_text(text)
    assert len(logs.run_at(path).series["loss"]) == 9


def test_the_validation_of_an_epoch_is_read_from_a_line_of_both(tmp_path: Path):
    """PyTorch's tutorial ends an epoch so; its mean is no further point of the training."""
    text = "".join(
        f"EPOCH {epoch}:\n"
        + "".join(f"  batch {at * 100} loss: {3 / epoch / at}\n" for at in range(1, 6))
        + f"LOSS train {1 / epoch} valid {1.5 / epoch}\n"
        for epoch in (1, 2, 3)
    )
    path = tmp_path / "train.log"
    path.write_text(text)
    found = formats.read_file(path, Settings()).columns
    assert len(found["loss"].steps) == 15
    assert found["eval_loss"].values.tolist() == [1.5, 0.75, 0.5]


def test_steps_that_are_one_number_give_way_to_the_epoch(tmp_path: Path):
    """A line an epoch that says how many steps an epoch has, of PyTorch's tutorial on DDP."""
    path = tmp_path / "train.log"
    path.write_text(
        "".join(
            f"[GPU0] Epoch {e} | Batchsize: 32 | Steps: 16 | loss {3 / e}\n" for e in range(1, 9)
        )
    )
    assert len(formats.read_file(path, Settings()).columns["loss"].steps) == 8


def test_a_printed_setting_is_no_epoch(tmp_path: Path):
    """A YAML that a later program prints into the same log begins no epoch 30."""
    log = "".join(f"EPOCH {n} of 30\nEPOCH loss: {2 / n:.4f}\n" for n in range(1, 7))
    table = logs.read_log(tmp_path, f"{log}TRAIN:\n  device: cuda\n  epochs: 30\n  lr: 0.01\n")
    assert [step for step, _ in logs.points(table, "loss")] == [1, 2, 3, 4, 5, 6]
    assert max(step for column in table.columns.values() for step in column.steps) == 6


def test_the_shape_of_a_batch_counts_nothing(tmp_path: Path):
    """`batch: (32, 1024)` above a first loss is no step 32."""
    lines = "".join(f"step= {n}/90 | loss={2 / n:.4f} | lr=1e-4\n" for n in range(1, 7))
    table = logs.read_log(tmp_path, f"Preflight batch: (32, 1024)\nPreflight loss: 2.5\n{lines}")
    assert [step for step, _ in logs.points(table, "loss")] == [1, 2, 3, 4, 5, 6]


def test_two_epochs_with_a_validation_below_are_a_log(tmp_path: Path):
    """What is said of a value is no part of its name."""
    text = "".join(
        f"Epoch {n} complete! Average Training loss: {1 / n}\nValidation loss is: {2 / n}\n"
        f"Validation binary accuracy is: 0.6855\nMAE on test set is 1.0872\n"
        for n in (1, 2)
    )
    table = logs.read_log(tmp_path, text)
    assert logs.points(table, "loss") == [(1, 1.0), (2, 0.5)]
    assert logs.points(table, "eval_loss") == [(1, 2.0), (2, 1.0)]


def test_a_headline_that_a_bar_overdraws_costs_one_point(tmp_path: Path):
    """The others keep their losses."""
    heads = ["Epoch    :  5", "Epoch    :  6", "Epoch    :  7ain data 10/10", "Epoch    :  8"]
    text = "".join(f"{head}\nLOSS     :  {9 - n}.5\n\n" for n, head in enumerate(heads))
    assert logs.points(logs.read_log(tmp_path, text), "loss") == [(5, 9.5), (6, 8.5), (8, 6.5)]


def test_a_step_in_brackets_before_names_and_numbers_is_one(tmp_path: Path):
    """As Dreamer prints them."""
    line = "[{}000] expl_amount 0.3 / value_grad_norm 61.0 / model_loss 152.5 / value_loss 6.5\n"
    table = logs.read_log(tmp_path, "".join(line.format(n) for n in (5, 6, 7)))
    assert [step for step, _ in logs.points(table, "model_loss")] == [5000, 6000, 7000]


def test_one_line_with_the_losses_of_three_sets_is_a_log(tmp_path: Path):
    """No prose states all of them next to a counter; `Vali` is what Informer calls one."""
    text = "Epoch: 1, Steps: 64 | Train Loss: 0.75 Vali Loss: 0.5 Test Loss: 0.25\n"
    table = logs.read_log(tmp_path, text)
    assert logs.points(table, "loss") == [(64, 0.75)]
    assert logs.points(table, "eval_loss") == [(64, 0.5)]


def test_torch_rnn_counts_the_steps_of_the_run(tmp_path: Path):
    """Behind an epoch with a fraction."""
    text = "".join(f"Epoch 43.28 / 50, i = {n} / 973300, loss = 4.5\n" for n in (822990, 822991))
    steps = [step for step, _ in logs.points(logs.read_log(tmp_path, text), "loss")]
    assert steps == [822990, 822991]


def test_read_takes_the_steps_of_a_plan_for_no_point(tmp_path: Path):
    """CodeXGLUE states how many there are, and counts those of each epoch."""
    text = "  Total optimization steps = 39350\n" + "".join(
        f"epoch {epoch} step {step} loss 0.{19 - 5 * epoch - step // 100}\n"
        for epoch in range(2)
        for step in range(100, 600, 100)
    )
    steps = [step for step, _ in logs.points(logs.read_log(tmp_path, text), "loss")]
    assert steps == list(range(100, 1100, 100))


@pytest.mark.parametrize(
    ("line", "series"),
    [
        ("I0214 08:10:21.123456 14023 train.py:88] [{n}00] train/loss=2.5, train/lr=0.1\n", "loss"),
        ("[validation_set] epoch: 1, step: {n}00, loss: 2.5, global ppl: 12.2\n", "eval_loss"),
    ],
    ids=["clu", "ernie"],
)
def test_read_takes_names_and_sets_in_brackets(tmp_path: Path, line: str, series: str):
    """CLU's writer has a step in brackets before names with a slash, ERNIE the set."""
    table = logs.read_log(tmp_path, "".join(line.format(n=n) for n in range(1, 6)))
    assert logs.points(table, series) == [(100 * n, 2.5) for n in range(1, 6)]


def test_read_counts_episodes_and_not_the_steps_of_each(tmp_path: Path):
    """A loop of Q-learning prints how many steps the last episode took."""
    text = "".join(
        f"INFO | Episode {n * 1000:6d} | Avg reward (last 1000): {n - 3:+.2f} | Steps: {20 - n}\n"
        for n in range(1, 6)
    )
    points = logs.points(logs.read_log(tmp_path, text), "reward")
    assert points == [(1000 * n, n - 3) for n in range(1, 6)]


def test_the_best_evaluation_of_a_run_is_none_at_its_end(tmp_path: Path):
    """A summary below the last epoch took the place of what was evaluated in it."""
    text = "".join(
        f"Epoch {n}/5\nTrain Loss: {1 / n:.4f}\nVal Loss: 0.{n}5\n\n" for n in range(1, 6)
    )
    table = logs.read_log(tmp_path, text + "Best validation loss: 0.1500\n")
    assert logs.points(table, "eval_loss") == [(n, float(f"0.{n}5")) for n in range(1, 6)]


@pytest.mark.parametrize(
    "line",
    [
        "Iter {} mean_reward 10.5 kl 0.25 entropy 1.5\n",
        "update={} | reward/mean: 10.5 | kl: 0.25 | entropy: 1.5\n",
        "step:{} - critic/rewards/mean:10.5 - kl_div:0.25 - entropy:1.5\n",
    ],
)
def test_read_what_a_policy_is_judged_by(tmp_path: Path, line: str):
    """Its divergence and its entropy are next to the reward, whether signs are between or not."""
    table = logs.read_log(tmp_path, "".join(map(line.format, range(8))))
    assert {name: column.values.tolist() for name, column in table.columns.items()} == {
        "reward": [10.5] * 8,
        "kl": [0.25] * 8,
        "entropy": [1.5] * 8,
    }
