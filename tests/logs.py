"""Short logs as their writers leave them, and how a test reads one."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

from lossscan import formats
from lossscan.formats.kit.format import Format
from lossscan.model import Run, Table
from lossscan.runs import read_run
from lossscan.runs.discover import discover
from lossscan.settings import Settings
from lossscan.sources.files import Head, head_of

LLAMAFACTORY = (
    '{"current_steps": 10, "total_steps": 30, "loss": 1.5, "lr": 1e-05, "epoch": 0.5,'
    ' "percentage": 33.33, "elapsed_time": "0:00:10", "remaining_time": "0:00:20"}\n'
    '{"current_steps": 20, "total_steps": 30, "loss": 1.25, "lr": 5e-06, "epoch": 1.0,'
    ' "percentage": 66.67, "elapsed_time": "0:00:20", "remaining_time": "0:00:10"}\n'
    '{"current_steps": 20, "total_steps": 30, "eval_loss": 1.3, "epoch": 1.0,'
    ' "percentage": 66.67, "elapsed_time": "0:00:21", "remaining_time": "0:00:10"}\n'
)
LIGHTNING = (
    "epoch,step,train_loss_epoch,train_loss_step,val_loss\r\n"
    "0,49,,7.5,\r\n0,99,,7.25,\r\n0,99,,,6.5\r\n0,99,7.375,,\r\n1,149,,6.75,\r\n"
)
TRANSFORMERS = "".join(
    f"{{'loss': {3 - step / 100:.4f}, 'grad_norm': 1.5, 'learning_rate': 1e-05,"
    f" 'epoch': {step / 100:.2f}}}\n {step}%|#  | {step}/200 [00:01<00:02,  1.2it/s]\r"
    for step in range(10, 201, 10)
)
MINIMIND = (
    "Model Params: 30.03M\n"
    "Epoch:[1/2](0/300) loss:8.850 lr:0.000550000000 epoch_Time:2.0min:\n"
    "Epoch:[1/2](100/300) loss:5.032 lr:0.000500000000 epoch_Time:2.0min:\n"
    "Epoch:[2/2](100/300) loss:4.032 lr:0.000300000000 epoch_Time:1.0min:\n"
)
PADDLENLP = (
    "[2026-11-21 06:42:20,897] [    INFO] - loss: 5.279, learning_rate: 0.001, global_step: 5,"
    " interval_runtime: 0.2825, interval_samples_per_second: 283.171,"
    " interval_steps_per_second: 17.6982, progress_or_epoch: 0.0104\n"
    "[2026-11-21 06:42:21,128] [    INFO] - loss: 4.896, learning_rate: 0.002, global_step: 10,"
    " interval_runtime: 0.2308, interval_samples_per_second: 346.6052,"
    " interval_steps_per_second: 21.6628, progress_or_epoch: 0.0207\n"
    "[2026-11-21 06:42:22,000] [    INFO] - eval_loss: 5.125, eval_runtime: 0.5,"
    " eval_samples_per_second: 160.0, progress_or_epoch: 0.0207\n"
)
_MEGATRON = (
    " [2026-11-21 06:42:50.743524] iteration {step:8d}/     484 | consumed samples:"
    " {samples:12d} | elapsed time per iteration (ms): 50.0 | learning rate: 1.000000E-03 |"
    " global batch size:    16 |{loss} loss scale: 1.0 | grad norm: 1.996 |"
    " number of skipped iterations: {skipped:3d} | number of nan iterations:   0 |\n"
)


def megatron_line(step: int, loss: str = " lm loss: 5.294689E+00 |", skipped: int = 0) -> str:
    """One line of Megatron-LM's training log."""
    return _MEGATRON.format(step=step, samples=16 * step, loss=loss, skipped=skipped)


MEGATRON = megatron_line(5) + megatron_line(10) + megatron_line(15, " lm loss: 4.5E+00 |")
NANOGPT = (
    "step 0: train loss 4.2874, val loss 4.2823\n"
    "iter 0: loss 4.2654, time 4521.25ms, mfu -100.00%\n"
    "iter 10: loss 3.2412, time 20.50ms, mfu 18.45%\n"
    "step 10: train loss 3.1234, val loss 3.2345\n"
    "iter 20: loss 2.7912, time 20.10ms, mfu 18.45%\n"
)
FAIRSEQ = (
    "2026-11-21 06:42:50 | INFO | train_inner | epoch 001:     10 / 20 loss=9.5, nll_loss=9.25,"
    " ppl=609.1, wps=12345, ups=1.2, num_updates=10, lr=0.0001, gnorm=1.5, wall=100\n"
    "2026-11-21 06:42:58 | INFO | train_inner | epoch 001:     20 / 20 loss=8.5, nll_loss=8.25,"
    " ppl=304.4, wps=12345, ups=1.2, num_updates=20, lr=0.0002, gnorm=1.25, wall=108\n"
    "2026-11-21 06:42:59 | INFO | valid | epoch 001 | valid on 'valid' subset | loss 8.75"
    " | nll_loss 8.5 | ppl 362 | wps 12345 | num_updates 20\n"
    "2026-11-21 06:43:09 | INFO | train_inner | epoch 002:     10 / 20 loss=8, nll_loss=7.75,"
    " ppl=215.3, wps=12345, ups=1.2, num_updates=30, lr=0.0003, gnorm=1, wall=118\n"
)
KERAS = "".join(
    f"Epoch {epoch}/3\n"
    f"\x1b[1m1/8\x1b[0m \x1b[32m━━\x1b[0m\x1b[37m━━\x1b[0m \x1b[1m0s\x1b[0m 18ms/step - loss: 9.5"
    f"\x08\x08\r\x1b[1m8/8\x1b[0m \x1b[32m━━━━\x1b[0m\x1b[37m\x1b[0m \x1b[1m0s\x1b[0m 4ms/step"
    f" - loss: {4 - epoch}.25 - val_loss: {4 - epoch}.5\n"
    for epoch in (1, 2, 3)
)
TORCHTUNE = "".join(
    f"Step {step} | loss:{3 - step / 10:.3f} lr:2e-05 tokens_per_second_per_gpu:1234 \n"
    for step in range(1, 6)
)
ALIKE_LINES = "".join(
    f"Training: loss = {3 - at / 10:.2f}, acc = 0.5 | Val: loss = 3.1\n" for at in range(5)
)
LOSS_LINES = "".join(
    ("Epoch 2\n" if step == 13 else "") + f"loss: {3 - step / 25:.4f} lr: 0.001\n"
    for step in range(1, 26)
)
TRAINER_STATE = (
    '{"epoch": 1.0, "global_step": 20, "log_history": ['
    ' {"epoch": 0.5, "grad_norm": 1.5, "learning_rate": 1e-05, "loss": 2.5, "step": 10},'
    ' {"epoch": 1.0, "grad_norm": 1.25, "learning_rate": 0.0, "loss": 2.25, "step": 20},'
    ' {"epoch": 1.0, "eval_loss": 2.375, "eval_runtime": 1.0, "step": 20},'
    ' {"epoch": 1.0, "step": 20, "total_flos": 1.0, "train_loss": 2.375, "train_runtime": 9.0}],'
    ' "logging_steps": 10, "max_steps": 20, "num_train_epochs": 1}\n'
)
JSON_TABLE = '[{"step": 1, "loss": 2.5}, {"step": 2, "loss": 2.25}, {"step": 3, "loss": 2.125}]'
YOLO = "".join(
    f"\n      Epoch    GPU_mem   box_loss   cls_loss  Instances       Size\n"
    f"      {n}/9      7.0G      {2.5 - n / 8}      {3.0 - n / 4}         20        640: "
    "100%|####| 21/21 [01:12<00:00,  2.91it/s]\n"
    "                 Class     Images  Instances      Box(P          R\n"
    "                   all        320        911      0.500      0.450\n"
    for n in range(1, 6)
)
MARIAN = "".join(
    f"[2025-02-02 11:00:00] Ep. 1 : Up. {n}00 : Sen. 32,100 : Cost {9 - n / 8} : gNorm 0.9752\n"
    for n in range(1, 6)
)
DARKNET = "".join(
    f" {n}: {9 - n / 8}, {9 - n / 16} avg loss, 0.001000 rate, 5.1 seconds, {64 * n} images\n"
    for n in range(1, 6)
)
YAML = "- epoch: 1\n  loss: 2.5\n- epoch: 2\n  loss: 2.25\n"
SPACY = (
    "E    #       LOSS TOK2VEC  LOSS NER  ENTS_F  SCORE \n"
    "---  ------  ------------  --------  ------  ------\n"
) + "".join(
    f"  0    {n}00         {50.5 - n}     {80.5 - n}    0.10    0.10\n" for n in range(1, 6)
)
STABLE_BASELINES = "".join(
    "----------------------------------\n"
    f"| rollout/           |           |\n|    ep_rew_mean     | {20 + n}.5      |\n"
    f"| time/              |           |\n|    total_timesteps | {2048 * n}      |\n"
    f"| train/             |           |\n|    loss            | {7 - n / 8}     |\n"
    "----------------------------------\n"
    for n in range(1, 6)
)
RLLIB = "".join(
    f"Result for PPO_CartPole-v1_1:\n  date: 2022-07-27_15-41-0{n}\n"
    f"  episode_reward_mean: {20 + n}.5\n  info:\n    learner:\n      default_policy:\n"
    f"        learner_stats:\n          cur_lr: 5.0e-05\n          total_loss: {9 - n / 8}\n"
    f"  timesteps_total: {4000 * n}\n  training_iteration: {n}\n"
    for n in range(1, 6)
)
RSL_RL = "".join(
    f"{'#' * 80}\n{' ' * 22}Learning iteration {n}/1500\n\n"
    f"       Computation: 14963 steps/s (collection: 6.407s, learning 0.163s)\n"
    f"               Value function loss: {2 - n / 8}\n"
    f"                    Surrogate loss: -0.0012\n                 Mean reward: {20 + n}.5\n"
    for n in range(1, 6)
)
TESSERACT = "".join(
    f"At iteration {90 * n}/{100 * n}/{101 * n}, Mean rms={5 - n / 8}%, delta=4.5%, "
    f"char train=118.25%, word train=99.5%, skip ratio=0%,  wrote checkpoint.\n\n"
    for n in range(1, 6)
)
SOVITS = "".join(
    f"44k\tINFO\tTrain Epoch: {n} [34%]\n"
    f"44k\tINFO\tLosses: [2.5, 2.25, {6 - n / 8}, 18.5, 1.5], step: {n}00, lr: 0.0001\n"
    for n in range(1, 6)
)
BOOSTING = "".join(f"[{n}]\ttrain-logloss:{9 / (n + 1)}\n" for n in range(5))
NNUNET = "".join(
    f"2023-05-01 10:00:00.0: Epoch {n}\n2023-05-01 10:00:00.0: train_loss -0.{10 + n}\n"
    f"2023-05-01 10:00:00.0: val_loss -0.{11 + n}\n2023-05-01 10:00:00.0: Pseudo dice [0.5]\n"
    for n in range(5)
)
KALDI = "".join(
    f"LOG (nnet3-train:Print():nnet-training.cc:121) Average objective function for 'output' for"
    f" minibatches {n}0-{n}9 is {n / 8 - 3} over 19538 frames.\n"
    for n in range(1, 6)
)
PERPLEXITY = "".join(
    f"Epoch  1,    {n}0/200; acc:   0.41; ppl: {2 ** (9 - n)}.00; 3324 src tok/s\n"
    for n in range(1, 6)
)
LOSS_BEHIND = "".join(f"   {n} 93.44 s run, {9 - n / 8} loss, 0.001 LR\n" for n in range(1, 6))
SET_LINES = "".join(
    f"epoch {n} | train {3 - n / 8} (seg 0.5) | val 3.5 (seg 0.5) | lr 3e-06\n" for n in range(1, 6)
)
BARE = "".join(f"{n * 375} {3 - n / 8}\n" for n in range(1, 6))
PRINTED_LISTS = "train_losses = [2.875, 2.75, 2.625, 2.5, 2.375]\nval_losses = [2.9, 2.8]\n"
ONE_METRIC = "Wall time,Step,Value\n1700000000.5,0,3.5\n1700000001.5,10,2.5\n"
WANDB_EXPORT = (
    '"Step","sun-1 - train/loss","sun-1 - train/loss__MIN"\n"0","3.5","3.5"\n"10","2.5","2.5"\n'
)
EPOCH_FILE = (
    '{\n  "best_epoch": 2,\n  "epoch": 3,\n  "training_loss": 2.5,\n  "validation_loss": 2.25\n}'
)
LOST = "Start training for 300 epochs\nLoss is nan, stopping training\n"
ALL = {
    "lost_console": LOST,
    "marian_console": MARIAN,
    "darknet_console": DARKNET,
    "spacy_console": SPACY,
    "yaml_table": YAML,
    "stable_baselines": STABLE_BASELINES,
    "sovits_console": SOVITS,
    "rllib_console": RLLIB,
    "rsl_rl_console": RSL_RL,
    "tesseract_console": TESSERACT,
    "nnunet_console": NNUNET,
    "boosting_console": BOOSTING,
    "bare_numbers": BARE,
    "printed_lists": PRINTED_LISTS,
    "kaldi_console": KALDI,
    "perplexity_console": PERPLEXITY,
    "loss_behind": LOSS_BEHIND,
    "set_lines": SET_LINES,
    "yolo_console": YOLO,
    "one_metric": ONE_METRIC,
    "wandb_export": WANDB_EXPORT,
    "json_lines": LLAMAFACTORY,
    "json_table": JSON_TABLE,
    "epoch_file": EPOCH_FILE,
    "csv_table": LIGHTNING,
    "transformers_console": TRANSFORMERS,
    "minimind": MINIMIND,
    "paddlenlp_console": PADDLENLP,
    "megatron_console": MEGATRON,
    "nanogpt_console": NANOGPT,
    "fairseq_console": FAIRSEQ,
    "keras_console": KERAS,
    "key_value": TORCHTUNE,
    "loss_lines": LOSS_LINES,
    "alike_lines": ALIKE_LINES,
    "trainer_state": TRAINER_STATE,
}


def name_of(log: str) -> str:
    """A name for the file of one of ALL: some logs are known by it, too."""
    return "metrics_epoch_3.json" if log == "epoch_file" else "train.log"


def head_with(folder: Path, content: str | bytes, name: str = "train.log") -> Head:
    """Write a log and look at its beginning."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return head_of(path)


def read_log(
    folder: Path,
    content: str | bytes,
    series: dict[str, str] | None = None,
    name: str = "train.log",
) -> Table:
    """Write a log and read it by the format that claims it."""
    return formats.read(head_with(folder, content, name), Settings(series=series or {}))


def run_at(path: Path) -> Run:
    """The only run at and below a path."""
    (found,) = discover(path, Settings())
    return read_run(found, Settings())


def read_traced(each: Format, head: Head) -> tuple[Table, int]:
    """What a format reads, and the bytes that were allocated at the peak of it."""
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        table = each.read(head, Settings())
        return table, tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


def claimed_by(folder: Path, content: str | bytes, name: str = "train.log") -> list[str]:
    """The formats that see their own in it."""
    head = head_with(folder, content, name)
    return [each.name for each in formats.claimants(head, Settings())]


def points(table: Table, name: str) -> list[tuple[int, float]]:
    """The points of a column."""
    column = table.columns[name]
    return list(zip(column.steps.tolist(), column.values.tolist(), strict=True))
