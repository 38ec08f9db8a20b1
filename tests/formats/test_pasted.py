"""What users paste: a few lines of many trainers and loops, each with the points that it holds."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from lossscan.errors import NoLogFound, UnreadableLog
from lossscan.formats import read_file
from lossscan.settings import Settings
from tests import logs

STEPS = range(1, 7)
COUNTED = re.compile(r"\{n[^}]*\}(\d*)")  # the digits behind a step


class Pasted(NamedTuple):
    """A shape of line for each of `STEPS`, and how many points of a quantity it must give."""

    line: str  # {n} is the step, {x} a loss, {y} an evaluation's
    loss: int = len(STEPS)
    eval_loss: int = 0
    before: str = ""
    file: str = "train.log"
    copies: int = 1
    gap: int | None = None  # steps between two points, where no number of the line tells
    encoding: str = "utf-8"

    def text(self) -> str:
        """The whole file."""
        lines = (
            self.line.format(
                n=n, x=f"{2 / n:.4f}", y=f"{2.2 / n:.4f}", c=f"{2 / n:.4f}".replace(".", ",")
            )
            for n in STEPS
            for _ in range(self.copies)
        )
        return self.before + "".join(lines)


PASTED = {
    "of a loss of an epoch, with two blanks": Pasted("Loss in epoch {n}  =  {x}\n"),
    "of a formula": Pasted("Epoch {n}, MSE: {x}\n"),
    "of a formula and its evaluation": Pasted(
        "{n},{x},{y}\n", before="epoch,bce,val_bce\n", file="history.csv", eval_loss=6
    ),
    "with a clock in place of a counter": Pasted(
        "2024-05-01 10:00:0{n},{x},{y}\n",
        before="time,tr_loss,va_loss\n",
        file="history.csv",
        eval_loss=6,
    ),
    "of what a mean is over": Pasted(
        "Epoch {n} mean loss on the train set: {x}\n"
        "Epoch {n} mean loss on the validation set: {y}\n",
        eval_loss=6,
    ),
    "of a semicolon behind the step": Pasted("Iter-{n}; loss: {x}\n"),
    "as dictionaries of sets": Pasted(
        "{{'epoch': {n}, 'train': {x}, 'valid': {y}}}\n", eval_loss=6
    ),
    "of tensors behind a ruler": Pasted(
        "---------loss---------:  tensor({x}, device='cuda:3')\n"
        "Gradient: tensor([1.5, 2.5],\n  device='cuda:3')\n",
        gap=1,
    ),
    "of Keras, without a sign between its headline and its bar": Pasted(
        "Epoch {n}/1010/10 [====] - 1s 8ms/step - loss: {x} - acc: 0.5"
    ),
    "of counts and losses in angles": Pasted("step <{n}> loss <{x}>\n"),
    "of a likelihood": Pasted("epoch={n}, nll: {x}, kl: 0.5\n"),
    "of two sets in brackets": Pasted("[{n}] loss: ({x}, {y}) lrap: (0.866, 0.694)\n"),
    "of tensorpack, whose numbers are a line each below their epoch": Pasted(
        "[0610 10:2{n}:41 @base.py:283] Epoch {n} (global_step {n}00) finished, time:21 seconds.\n"
        "[0610 10:2{n}:42 @monitor.py:476] QueueInput/queue_size: 49.704\n"
        "[0610 10:2{n}:42 @monitor.py:476] stage1/fastrcnn_losses/box_loss: 0.03\n"
        "[0610 10:2{n}:42 @monitor.py:476] learning_rate: 0.01\n"
        "[0610 10:2{n}:42 @monitor.py:476] total_cost: {x}\n"
    ),
    "of a net that is written by hand": Pasted(">epoch={n}, lrate=0.500, error={x}\n"),
    "of synaptic": Pasted("iterations {n}000 error {x} rate 0.06\n"),
    "of MADlib": Pasted('INFO:  Iteration: {n}, Loss: <{x}>\nCONTEXT:  PL/Python function "mlp"\n'),
    "of voxceleb_trainer": Pasted("IT {n}0, LR 0.000081, TEER/T1 66.35, TLOSS {x}, VEER 2.4920\n"),
    "of RandLA-Net": Pasted("Step 000025{n}0 L_out={x} Acc=0.96 ---   54.71 ms/batch\n"),
    "of a loop that names its cross entropy behind a clock": Pasted(
        "15:3{n}:31   >>>>>>>>\n15:3{n}:31   binary cross entropy: {x}\n"
    ),
    "of a loop whose set bears the epoch": Pasted(
        "Train[{n}] loss: {x} acc: 0.5\nVal[{n}] loss: {y} acc: 0.4\n", eval_loss=6
    ),
    "of a loop with several sets below its epoch": Pasted(
        "Epoch 02{n}/100 (20.3s) | LR: 9.05e-05 | Train Loss: {x} (L1: 0.5890)\n"
        "  Video Val  | Loss: {y} | Dice: 0.8291 | IoU: 0.7593\n",
        eval_loss=6,
    ),
    "of a notebook, below all of its settings": Pasted(
        "{n}00 | {x} | {y} | 1.000000\n",
        before="".join(f"dropout_{at}=0.1,\n" for at in range(25))
        + "\nStep | Training Loss | Validation Loss | Wer\n-- | -- | -- | --\n",
        eval_loss=6,
    ),
    "of the last rank of a pipeline": Pasted(
        "[rank 0] step {n}0 sends\n[rank 3] step {n}0 loss: {x}, lr: 0.1\n"
    ),
    "of two ranks that each print their epochs": Pasted(
        "[RANK 0] Epoch {n} loss: {x}\n[RANK 1] Epoch {n} loss: 2.5\n"
    ),
    "of a notebook's table, copied with its bar": Pasted(
        "{n}000 {x} {y}\n",
        before="[600/900 0:53:08 < 0:35:53, 0.15 it/s, Epoch 1.2/10]\n"
        "Step Training Loss Validation Loss\n",
        eval_loss=6,
    ),
    "of I3D, whose evaluation says its set twice": Pasted(
        "Epoch {n} train Loc Loss: 0.1 Cls Loss: 0.2 Tot Loss: {x} Accu :0.5\n"
        "VALIDATION: test Loc Loss: 0.1 Cls Loss: 0.2 Tot Loss: {y} Accu :0.5\nStep {n}00/64000\n",
        eval_loss=6,
    ),
    "of icefall, next to its mean over the last batches": Pasted(
        "Epoch 0, batch {n}0, loss[loss={x}, simple_loss=1.1, over 2432.00 frames.], "
        "tot_loss[loss=9.5, simple_loss=9.1, over 7374.27 frames.], batch size: 32, lr: 3e-03\n"
    ),
    "of L-BFGS-B": Pasted(
        "\nAt iterate   {n}0    f=  {x}0D+00    |proj g|=  1.20000D-01\n",
        before="RUNNING THE L-BFGS-B CODE\n\n N =           50     M =           10\n",
    ),
    "of LIBLINEAR": Pasted(
        "iter  {n} act 2.7e+00 pre 2.4e+00 delta 7.5e-01 f {x}e+00 |g| 7.2e+00 CG   1\n"
    ),
    "of scikit-learn's t-SNE": Pasted(
        "[t-SNE] Iteration {n}50: error = {x}, gradient norm = 0.0512 (50 iterations in 0.512s)\n"
    ),
    "of openTSNE": Pasted("Iteration  {n}50, KL divergence {x}, 50 iterations in 2.4 sec\n"),
    "of scikit-learn's trees on histograms": Pasted(
        "[{n}/100] 1 tree, 31 leaves, max depth = 8, train loss: {x}, val loss: {y}, in 0.012s\n",
        eval_loss=6,
    ),
    "of scikit-learn's trees, with all digits": Pasted(
        "         {n} {x}000000000000            0.34s\n",
        before="      Iter       Train Loss   Remaining Time \n",
    ),
    "of a loop that calls its evaluation cross-validation": Pasted(
        "Epoch {n} | train loss {x} | lr 0.001\nEpoch {n} | CV loss {y}\n", eval_loss=6
    ),
    "of a loop that leaves no blanks": Pasted("step{n}0 loss{x}\n"),
    "of H2O": Pasted(
        "{n}  2023-02-01 10:00:0{n}   0.110 sec              {n}.0        0.46           {x}"
        "          {y}\n",
        eval_loss=6,
        before="             timestamp    duration  number_of_trees  training_rmse"
        "  training_logloss  validation_logloss\n",
    ),
    "of DARTS, whose evaluation counts its own batches": Pasted(
        "07/08 05:56:53 AM epoch {n} lr 1.023679e-03\n"
        "07/08 05:56:55 AM train 000 {x}00e+00 99.670070 100.000000\n"
        "07/08 05:56:57 AM train 050 {x}00e+00 99.667774 100.000000\n"
        "07/08 05:56:58 AM train_acc 99.684000\n"
        "07/08 05:56:59 AM valid 000 {y}00e+00 90.625000 98.437500\n",
        loss=12,
        eval_loss=6,
    ),
    "of a loop that numbers its models": Pasted("model_{n}0, loss: {x}\n"),
    "of pyFM": Pasted("-- Epoch {n}\nTraining MSE: {x}\n"),
    "of xLearn, behind the share that is done": Pasted(
        "[   {n}0%      ]     {n}                 {x}                 {y}            11.07\n",
        before="[------------] Epoch      Train log_loss       Test log_loss     Time cost (sec)\n",
        eval_loss=6,
    ),
    "of triplet-reid, between its bounds": Pasted(
        "2020-02-25 16:09:20,295 [INFO] train: iter:    3{n}, loss min|avg|max: 0.7|{x}| 3.5\n"
    ),
    "in French": Pasted(
        "Époque {n}/6, perte d'entraînement : {x}, perte de validation : {y}\n", eval_loss=6
    ),
    "in Russian, of two sets": Pasted(
        "Эпоха {n}/6: потери на обучении = {x}, потери на валидации = {y}\n", eval_loss=6
    ),
    "in German, with decimal commas": Pasted("Epoche {n}/6: Trainingsverlust {c} Genauigkeit 1\n"),
    "of a loss whose parts have a joint one": Pasted(
        "{{'epoch': {n}, 'rec_avg_loss': '7.7', 'icl_avg_loss': '2.7', 'joint_avg_loss': '{x}'}}\n"
    ),
    "of TensorFlow's estimators": Pasted(
        "INFO:tensorflow:Saving dict for global step {n}00: global_step = {n}00, loss = {y}\n"
        "INFO:tensorflow:loss = {x}, step = {n}00 (1.2 sec)\n",
        eval_loss=6,
    ),
    "of AllenNLP, whose bars have the set above them": Pasted(
        "2019-08-04 10:00:0{n},123 - INFO - allennlp.training.trainer - Epoch {n}/9\n"
        "2019-08-04 10:00:0{n},124 - INFO - allennlp.training.trainer - Training\n"
        "accuracy: 0.7, loss: {x} ||: 100%|##########| 410/410 [00:10<00:00, 38.9it/s]\n"
        "2019-08-04 10:00:1{n},125 - INFO - allennlp.training.trainer - Validating\n"
        "accuracy: 0.7, loss: {y} ||: 100%|##########| 50/50 [00:01<00:00, 39.1it/s]\n",
        eval_loss=6,
        gap=410,
    ),
    "of bars below the headline of something else": Pasted(
        "Epoch {n}/9\nloss: {x} ||: 100%|##| 41/41 [00:10<00:00, 38.9it/s]\n",
        before="Testing\n",
        gap=41,
    ),
    "of DGL-KE": Pasted(
        "[proc 0][Train]({n}000/40000) average pos_loss: 0.97\n"
        "[proc 0][Train]({n}000/40000) average loss: {x}\n"
    ),
    "of EDSR": Pasted("[{n}200/10500]\t[L1: {x}] \t21.0+60.3s\n"),
    "of nnabla": Pasted(
        "2021-03-04 10:11:12,123 [nnabla][INFO]: iter={n}99 {{Training loss}}={x}\n"
    ),
    "of a set between its epoch and its score": Pasted(
        "Epoch {n}     Train,      psnr 25.85     loss = {x}\n"
        "Epoch {n}     Valid,      psnr 23.70     loss = {y}\n",
        eval_loss=6,
    ),
    "of Python 2, whose print makes tuples": Pasted(
        "('Epoch:', {n}, 'loss:', {x}, '\\tval loss', {y})\n", eval_loss=6
    ),
    "in a comment of the code": Pasted("# step {n}: loss {x}\n"),
    "behind two signs": Pasted("100%|##| 9/9 [03:20<00:00, 3.1it/s, epoch={n}, loss: ={x}]\n"),
    "of fairseq-lua": Pasted(
        "| epoch 000 | 000{n}000 updates | words/s    4328| trainloss     {x} | train ppl   42.3\n"
    ),
    "of a loop that names the model": Pasted("Model loss: {x}\n"),
    "of Ludwig, with a row for each set": Pasted(
        "Epoch   {n}\nEvaluation vali : 100% 1/1 [00:00<00:00,  2.37it/s]\n"
        "╒══════════╤════════╤════════════╕\n│ rating   │   loss │   accuracy │\n"
        "╞══════════╪════════╪════════════╡\n│ train    │ {x} │     0.3988 │\n"
        "├──────────┼────────┼────────────┤\n│ vali     │ {y} │     0.2708 │\n"
        "╘══════════╧════════╧════════════╛\n",
        eval_loss=6,
    ),
    "of a table with the sets above its names": Pasted(
        "| {n}     | {x} |      | {n}        | {y} |\n",
        before="| train |        |      | validate |      |\n| ----- | --- | --- | --- | --- |\n"
        "| epoch | Loss   |      | epoch    | Loss |\n",
        eval_loss=6,
    ),
    "of batches whose word is behind them": Pasted("E001 | {n}00/731 batches | loss {x}\n"),
    "of MATLAB, whose header takes two lines": Pasted(
        "|  1 |  {n}00 |  00:00:0{n} |  50.00% |  {x} |  {y} |  0.0010 |\n",
        before="Training on single CPU.\n|=======|\n"
        "| Epoch | Iteration | Time Elapsed | Mini-batch | Mini-batch | Validation | Learning |\n"
        "|       |           |  (hh:mm:ss)  |  Accuracy  |    Loss    |    Loss    |   Rate   |\n"
        "|=======|\n",
        eval_loss=6,
    ),
    "of a loop that says what it is so far": Pasted(
        "Epoch 0, Step {n}, total used time 7.1 (s), avg loss so far is {x}\n"
    ),
    "of a step before its epoch, padded": Pasted(
        "[  {n}][  0/  4][ {n}/12]  Loss_D: {x} / 3.6196 Loss_G: {x}\tD(x): 0.8902\n"
    ),
    "of an epoch and its batch, padded": Pasted("[ 1/ 25][ {n}/391] Loss_D: {x} Loss_G: {x}\n"),
    "of a loop with double blanks": Pasted(
        "Epoch  {n} Train Loss:  {x}  Validation Loss:  {y}\n", eval_loss=6
    ),
    "of a table of tags": Pasted(
        "a/events.0,train/accuracy,{n},0.5\na/events.0,train/total_loss,{n},{x}\n"
        "a/events.0,val/loss,{n},{y}\n",
        before="filename,tag,step,value\n",
        eval_loss=6,
        file="scalars.csv",
    ),
    "of YOLACT": Pasted(
        "[  0]     {n}0 || B: 5.235 | C: 7.436 | S: 1.533 | T: {x} || ETA: 12 days || timer: 1.3\n"
    ),
    "of rlpyt": Pasted(
        "2019-09-20 14:42:22.229543  | dqn_0 itr #{n}99 \n-----------------  -------\n"
        "Diagnostics/CumSteps  {n}9900\nReturnAverage  -20.0\nlossAverage      {x}\n"
        "-----------------  -------\n"
    ),
    "of rlkit": Pasted(
        "2019-05-10 22:11:33.211 UTC | [name] Epoch {n} finished\n---------------  ------\n"
        "trainer/QF1 Loss          {x}\nEpoch           {n}\n---------------  ------\n"
    ),
    "of Spinning Up": Pasted(
        "----------------------\n|             Epoch |     {n} |\n"
        "| TotalEnvInteracts | {n}.4e+04 |\n|             LossV |    {x} |\n----------------\n",
        gap=10000,
    ),
    "of Paddle's first trainer": Pasted(
        "I0423 09:59:16 Trainer.cpp:181]  Batch=20 samples=640 AvgCost=9 CurrentCost={x} Eval: a\n"
        "I0423 09:59:16 Trainer.cpp:181]  Batch=40 samples=640 AvgCost=9 CurrentCost=1 Eval: a\n"
        "I0423 10:00:00 TrainerInternal.cpp:180]  Pass={n} Batch=50 samples=90 AvgCost=8 Eval\n",
        loss=2 * len(STEPS),
    ),
    "with the epoch before its batch": Pasted("{n}_{n} {x}\n"),
    "of dicts behind the bar of the step before": Pasted(
        "\r  9%|#  | {n}/13000 [00:10<36:34:36, 10.13s/it]{{'loss': {x}, 'reward': 5.7}}\n"
    ),
    "of dicts with a gradient that is lost": Pasted("'loss': {x}, 'grad_norm': nan\n"),
    "of names in brackets": Pasted("INFO - [epoch]: 199, [batch]: {n}00, [loss]: {x}\n"),
    "of CenterPoint, whose batch is a headline": Pasted(
        "INFO - Epoch [4/6][{n}/50]\tlr: 0.002, loss_parse_time: 0.000 memory: 2929, \n"
        "INFO - task : ['CAR'], loss: {x}, hm_loss: 16.2, loc_loss: 6.1\n"
    ),
    "of an evaluation alone, behind a clock": Pasted(
        "[INFO 2017-03-02 18:11:38,332 executor:175] Validation loss: {y}\nTruth: he was\n",
        loss=0,
        eval_loss=6,
    ),
    "of a trainer that counts all steps": Pasted(
        "epoch 0, total_step {n}00, total loss is {x} , inference loss is 47, reg_loss is 0.08\n"
    ),
    "of Keras without a length": Pasted(
        "logits_loss: 0.9 - acc: 0.0e     {n}/Unknown - 13s 23ms/step - loss: {x} - a_loss: 1.8"
        " - acc: 0.0e     9/Unknown - 13s 23ms/step - loss: 0.1 - a_loss: 1.8\n",
        loss=7,
    ),
    "of DeepXDE, whose terms are lists": Pasted(
        "{n}000      [{x}, {x}]    [1.0e-1, {y}]    []  \n",
        before="Step      Train loss    Test loss    Test metric\n",
        eval_loss=6,
    ),
    "of a box with a list of terms": Pasted(
        "+-------+------+\n| Epoch | Loss |\n+-------+------+\n|   {n}   | [{x}, {x}] |\n"
        "+-------+------+\ntime: 2.95s\n"
    ),
    "of Torch's ResNets in Lua": Pasted(
        " | Epoch: [1][{n}/50]    Time 0.310  Data 0.001  Err {x}  top1  93.750  top5  87.500\n"
    ),
    "of Trax": Pasted(
        "Step    {n}00: train CrossEntropyLoss |  {x}\n"
        "Step    {n}00: eval  CrossEntropyLoss |  {y}\n",
        eval_loss=6,
    ),
    "of RETURNN": Pasted(
        "ep 1 train, step {n}0, ctc 3.120, ce {x}, num_seqs 20, 0.71 sec/step, complete 5.00%\n"
    ),
    "of JoeyNMT": Pasted(
        "2023-03-01 10:00:00,123 - INFO - joeynmt.training - Epoch   1, Step:      {n}00,"
        " Batch Loss:     {x}, Tokens per Sec:    12345, Lr: 0.000300\n"
        "2023-03-01 10:00:01,523 - INFO - joeynmt.prediction - Evaluation result (greedy):"
        " bleu:   1.25, loss:    {y}, ppl:   9.21\n",
        eval_loss=6,
    ),
    "of PennyLane's loops": Pasted("Cost after step     {n}:  {x}\n"),
    "of lczero, whose total bears no other word": Pasted(
        "step {n}00, lr=0.02 policy=1.1 value=0.9 reg=0.3 total={x} (1020.42 pos/s)\n"
    ),
    "of a total with its parts in brackets": Pasted("[{n}/6] total {x} (ce0 1.20 kl 0.412)\n"),
    "of Tianshou, whose reward is next to it": Pasted(
        "Epoch #{n}: 101it [00:05, 18.1it/s, env_step={n}000, loss={x}, n/ep=1, rew=95.00]\n",
        gap=101,
    ),
    "of fairseq2, whose evaluation stands at the step of a training": Pasted(
        "fairseq2 - Train Metrics (step {n}0) - NLL Loss: {x} | Gradient Norm: 0.91\n"
        "fairseq2 - Validation Metrics (step {n}0) - NLL Loss: {y} | Elapsed Time: 11s\n",
        eval_loss=6,
    ),
    "of Nematus": Pasted("Epoch: 0 Update: {n}00 Loss/word: {x} Words/sec: 2101.3\n"),
    "of a loop that abbreviates its iterations": Pasted("Epoch 0, Itrs {n}0/30000, Loss={x}\n"),
    "of XGBoost": Pasted("[{n}]\ttrain-logloss:{x}\teval-logloss:{y}\n", eval_loss=6),
    "of its scikit-learn kind": Pasted(
        "[{n}]\tvalidation_0-rmse:{x}\tvalidation_1-rmse:{y}\n", eval_loss=6
    ),
    "of LightGBM": Pasted("[{n}]\ttraining's l2: {x}\tvalid_1's l2: {y}\n", eval_loss=6),
    "of CatBoost": Pasted(
        "{n}:\tlearn: {x}\ttest: {y}\tbest: {y} ({n})\ttotal: 5ms\tremaining: 1s\n", eval_loss=6
    ),
    "of ESPnet's epochs": Pasted(
        "(trainer:338) INFO: {n}epoch results: [train] loss={x}, time=1s, [valid] loss={y}, a=1\n",
        eval_loss=6,
    ),
    "of FunASR": Pasted(
        "train, rank: 0, epoch: 0/50, step_in_epoch: {n}, total step: {n}, (loss_avg_rank: {x}),\n"
    ),
    "of RVC": Pasted(
        "INFO:a:[{n}00, 0.0001]\nINFO:a:loss_disc={x}, loss_gen={x}, loss_fm={x},loss_mel={x}\n"
    ),
    "of TensorFlow's detection": Pasted(
        "I0102 a.py:705] Step {n}00 per-step time 0.5s\nI0102 a.py:708] {{'Loss/box_loss': {x},\n"
        " 'Loss/total_loss': {x},\n 'learning_rate': 0.04}}\n"
    ),
    "of Flax": Pasted("Step... ({n}00 | Loss: {x}, Learning Rate: 9.9e-05)\n"),
    "of Ignite": Pasted(
        "Training Results - Epoch: {n}  Avg accuracy: 0.9 Avg loss: {x} \n"
        "Validation Results - Epoch: {n}  Avg accuracy: 0.9 Avg loss: {y} \n",
        eval_loss=6,
    ),
    "of Catalyst": Pasted(
        "train ({n}/6) accuracy01: 0.9 | loss: {x} | lr: 0.001\n"
        "valid ({n}/6) accuracy01: 0.9 | loss: {y} | lr: 0.001\n",
        eval_loss=6,
    ),
    "of MXNet": Pasted("INFO:root:Epoch[0] Batch [{n}0-{n}9]\tSpeed: 9.5\tcross-entropy={x}\n"),
    "of GluonCV": Pasted("[Epoch 0][Batch {n}], LR: 1.0E-03, ObjLoss={x}, ClassLoss={x}, a\n"),
    "of Chainer": Pasted(
        "{n}           {x}       {y}                  0.94\n",
        eval_loss=6,
        before="epoch       main/loss   validation/main/loss  main/accuracy\n",
    ),
    "of MONAI": Pasted("{n}/6, train_loss: {x}\n", before="epoch 1/2\n"),
    "of NVIDIA's DLLogger": Pasted(
        'DLLL {{"type": "LOG", "step": [0, {n}], "data": {{"train.loss": {x}}}}}\n'
    ),
    "of a course": Pasted("Cost after iteration {n}00: {x}\n"),
    "with the step behind the loss": Pasted("loss at step {n}: {x}\n"),
    "of PyTorch's quickstart": Pasted(
        "Epoch {n}\n--\nloss: {x}  [   64/60000]\nTest Error: \n Accuracy: 50%, Avg loss: {y} \n\n",
        eval_loss=6,
    ),
    "with an evaluation behind each epoch": Pasted(
        "| epoch   {n} |   200/  200 batches | lr 5.00 | loss  {x} | ppl 9.1\n"
        "| end of epoch   {n} | time: 9.1s | valid loss  {y} | valid ppl 9.1\n",
        eval_loss=6,
        gap=200,
    ),
    "with a short word for the step": Pasted("it {n}: loss {x}\n"),
    "with a bar without an end": Pasted("\r{n}it [00:0{n},  1.2it/s, loss={x}]"),
    "with tensors": Pasted(
        "epoch {n} loss tensor({x}, device='cuda:0', grad_fn=<MeanBackward0>)\n"
    ),
    "with numbers of NumPy": Pasted(
        "{{'epoch': {n}, 'loss': np.float64({x}), 'val_loss': np.float32({y})}}\n", eval_loss=6
    ),
    "of NGCF": Pasted("Epoch {n} [61.1s]: train==[{x}=0.5 + 0.4]\n"),
    "of LightGCN": Pasted("EPOCH[{n}/1000] loss{x}-|Sample:10.2|\n"),
    "of NVIDIA's Tacotron 2": Pasted(
        "Train loss {n} {x} Grad Norm 13.484 5.71s/it\nValidation loss {n}: {y}  \n",
        eval_loss=6,
    ),
    "of ESPnet's own loops": Pasted("iterations:{n}, train loss:{x}, train loss ctc:{x}, a\n"),
    "of PaddleOCR, two lines": Pasted(
        "训练指令：\n[2026/05/0{n} 06:01:31] ppocr INFO: epoch: [1/5], global_step: {n}, lr: 0.0, "
        "CTCLoss: 1, loss: {x}, ips: 4.7 samples/s\n",
    ),
    "of graph attention nets": Pasted(
        "Training: loss = {x}, acc = 0.5 | Val: loss = {y}, acc = 0.4\n", eval_loss=6
    ),
    "of a logger behind the batches": Pasted(
        "2026-01-25 07:45:23,054 P8266 INFO --- 778/778 batches finished ---\n"
        "2026-01-25 07:45:23,239 P8266 INFO Train loss: {x}\n"
    ),
    "of sentences": Pasted(
        "[ Sun Oct 29 17:00:09 2023 ] Training epoch: {n}\n"
        "[ Sun Oct 29 17:00:28 2023 ] \tMean training loss: {x}. Mean graph loss: 0.3.\n"
        "[ Sun Oct 29 17:00:28 2023 ] Eval epoch: {n}\n"
        "[ Sun Oct 29 17:00:34 2023 ] \tMean test loss of 8 batches: {y}.\n",
        eval_loss=6,
        before="[ Sun Oct 29 17:00:03 2023 ] \tMean training loss: 3.5. Mean graph loss: 0.0.\n",
    ),
    "of bars of two loops": Pasted(
        "loss: 0.5 acc: 0.7: 100%|##| 50/50 [00:01<00:00, 35.79batch/s$\n"
        "average training of epoch {n}: loss {x} acc 0.69500\n"
        "loss: 0.4 acc: 0.8: 100%|##| 6/6 [00:00<00:00, 52.19batch/s$\n"
        "average test of epoch {n}: loss {y} acc 0.73214\n",
        eval_loss=6,
    ),
    "of LightGBM's own program": Pasted(
        "[LightGBM] [Info] Iteration:{n}, training auc : 0.6\n"
        "[LightGBM] [Info] Iteration:{n}, training binary_logloss : {x}\n"
        "[LightGBM] [Info] Iteration:{n}, valid_1 binary_logloss : {y}\n",
        eval_loss=6,
    ),
    "of Keras-RL": Pasted(
        " 39{n}60/50000: episode: 5{n}, episode steps: 13, episode reward: 13.000, loss: {x}, a\n"
    ),
    "of episodes": Pasted("Episode {n}/500, reward: 12.0, loss: {x}\n"),
    "of ArcFace": Pasted(
        "Training: 2022-05-05 03:07:49,673-Speed 725 samples/sec   Loss {x}   LearningRate 0.1   "
        "Epoch: 0   Global Step: {n}0   Fp16 Grad Scale: 131072\n"
    ),
    "of Flair, whose test is no validation": Pasted(
        "2019-02-19 18:37:12,097 EPOCH {n} done: loss {x} - lr 0.1000 - bad epochs 0\n"
        "2019-02-19 18:37:12,571 DEV  : loss {y} - f-score 0.55\n"
        "2019-02-19 18:37:13,162 TEST : loss 4.5 - f-score 0.55\n",
        eval_loss=6,
    ),
    "of fairseq's JSON": Pasted(
        '{{"epoch": {n}, "loss": "{x}", "num_updates": {n}0, "lr": 0.0003}}\n'
        '{{"epoch": {n}, "valid_loss": {y}}}\n',
        eval_loss=6,
        file="log.txt",
    ),
    "of BasicSR": Pasted(
        "19-08-11 17:44:05 - INFO: <epoch:  1, iter:     {n}00, lr:2.000e-04> l_pix: {x} \n"
    ),
    "of OpenPCDet": Pasted(
        "INFO  epoch: 4/120, acc_iter={n}00, cur_iter={n}/271, batch_size=4, loss={x}, lr=0.0003\n"
    ),
    "of OpenPCDet in timm's style": Pasted(
        "INFO  Train:  1/3 ( 33%) [ {n}9/323 ( 15%)]  Loss: {x} (81.7)  LR: 1.3e-04  "
        "Time cost: 00:15/01:25 [00:15/04:48]  Acc_iter {n}0         Data time: 0.00(0.02)\n"
    ),
    "of FAIR's MetricLogger between bars": Pasted(
        "  [  {n}0/10000]  eta: 2 days, 11:26:42  lr: 0.00001  loss: {x} (15.4)  data: 0.0019\n"
        "  1%|▎         | {n}1/10000 [43:40<61:12:11, 22.30s/it]\n"
        "  1%|▎         | {n}2/10000 [43:40<61:12:11, 22.30s/it]\n"
    ),
    "of llama2.c": Pasted(
        "{n}0 | loss {x} | lr 3.000000e-04 | 13597.70ms\n",
        before="step 0: train loss 11.6275, val loss 11.6275\n",
        eval_loss=1,
    ),
    "of LLaMA-Factory's JSON among prose": Pasted(
        'so: {{"current_steps": {n}5, "total_steps": 9750, "loss": {x}, "eval_loss": null}}\n'
    ),
    "of bars without a drawing": Pasted(
        "Epoch 0:  97% 165{n}/1702 [13:00<00:24,  2.11it/s, loss={x}, v_num=0]\n"
    ),
    "of a log collector that escapes the bars": Pasted(
        "[1,mpirank:0]<stdout>:#015Epoch 0:  50% {n}/7 [00:00<00:00,  6.54it/s, loss={x}]\n"
    ),
    "of a step and all steps at the front": Pasted(
        "{n}1000 / 1000000 eps 0.899 |  avgR -0.997 | Loss {x} | Grad 5.585e-03 \n"
    ),
    "of XGBoost's Spark": Pasted(
        "22/06/01 10:06:44 ERROR RabitTracker$TrackerProcessLogger: 2022-06-01 10:06:44,66{n} INFO "
        "[{n}]    train-logloss:{x}  eval-logloss:{y}\n",
        eval_loss=6,
    ),
    "of folds that are lost": Pasted(
        "[{n}]   cv-test-logloss:{y}+0.02       cv-train-logloss:{x}+nan\n", eval_loss=6
    ),
    "of parts alone in FAIR's way": Pasted(
        '{{"train_loss_itc": "{x}", "train_loss_mlm": "{x}", "train_lr": "7e-5", "epoch": {n}}}\n'
    ),
    "of the first fairseq": Pasted(
        "| epoch 005  {n}000 / 8223 loss={x} (3.20), wps=959, wpb=897, lr=0.001, gnorm=2.7374\n"
    ),
    "of tinygrad below its command": Pasted(
        "{x} loss, 0.000016689301 LR, 124.27 GB used, 12.50 s\n",
        before="```\nBS=32 MODEL=llama3 python3 train.py\n\ntraining llama3\nwith one GPU\n",
    ),
    "of GluonCV, in parts": Pasted(
        "> INFO:root:[Epoch 0][Batch {n}], Speed: 2.7 samples/sec, CrossEntropy={x}, SmoothL1={x}\n"
    ),
    "of MXNet's SSD": Pasted(
        "Epoch[4] Batch [{n}0] Speed: 6.44 samples/sec Train-CrossEntropy={x}\n"
        "Epoch[4] Batch [{n}0] Speed: 6.44 samples/sec Train-SmoothL1=0.5\n"
    ),
    "of ML.NET": Pasted(
        "Phase: Training, Dataset used:      Train, Epoch:   {n}, Cross-Entropy: {x}\n"
        "Phase: Training, Dataset used: Validation, Epoch:   {n}, Cross-Entropy: {y}\n",
        eval_loss=6,
    ),
    "of SageMaker": Pasted(
        "#quality_metric: host=algo-1, epoch={n}, train cross_entropy <loss>=({x})\n"
        "#quality_metric: host=algo-1, epoch={n}, validation cross_entropy <loss>=({y})\n",
        eval_loss=6,
    ),
    "that syslog escaped": Pasted("[{n}]#011train-rmse:{x}#011validation-rmse:{y}\n", eval_loss=6),
    "of ESPnet's JSON among prose": Pasted(
        '    {{\n        "main/loss": {x},\n        "iteration": {n}00\n    }},\n',
        before="2nd epoch:\n",
    ),
    "of Lightning, whose own loss is not told": Pasted(
        "Epoch 0: 3% | {n}/20 [00:19<00:08, 14.0s/it, loss=nan, reduced_train_loss={x}]\n"
    ),
    "of a loop that misspells": Pasted(
        "Dataset: tag, Epoch: {n}\nTrain_loss: {x}, Val_los: {y}\n", eval_loss=6
    ),
    "with what somebody noted behind it": Pasted(
        "{{'loss': {x}, 'grad_norm': 14.98}}    <-- spike (step 4)\n"
        "{{'loss': {x}, 'grad_norm': 9}}\n",
        loss=12,
    ),
    "of a cost behind a bar": Pasted("2020/05/01 10:00:00 Epoch {n} | cost {x}\n"),
    "as a table in German": Pasted(
        "{n};{c};{c}\n",
        eval_loss=6,
        before="Epoche;Trainingsverlust;Validierungsverlust\n",
        file="a.csv",
    ),
    "of PFLlib, below ruled lines": Pasted(
        "\n-------------Round number: {n}-------------\n\nAveraged Train Loss: {x}\nStd AUC: 0.1\n"
    ),
    "of epochs behind a hyphen": Pasted("INFO:utils:Epoch-{n}\tloss:{x}\n"),
    "of a flow, by its likelihood": Pasted("Epoch {n}/6 - nll: {x} - val_nll: {y}\n", eval_loss=6),
    "of a likelihood with nothing between": Pasted("epoch {n} | nll {x} | kl 3.21\n"),
    "of brain.js": Pasted("iterations: {n}0, training error: {x}\n"),
    "of steps behind a hyphen": Pasted("Step-{n}00, d_loss=1134.97, loss={x}\n"),
    "of arrows": Pasted(
        "***** Epoch: {n}/6 *****\nTraining Loss --> {x}\nValidation Loss --> {y}\n", eval_loss=6
    ),
    "in Portuguese": Pasted(
        "Época {n}/6, Perda de treino: {x}, Perda de validação: {y}\n", eval_loss=6
    ),
    "of uPIT": Pasted(
        "Loss(time/batch) - Epoch  {n}: train = +{x}(1581.14s/2500) | dev = +{y}(152.82s/625)\n",
        eval_loss=6,
    ),
    "of OneTrainer, whose bars say how much is drawn": Pasted(
        "step:  50%|##  | 1/2 [00:01<00:12,  3.2s/it, loss={x}]\n"
        "step: 100%|####| 2/2 [00:02<00:12,  3.2s/it, loss={x}]\n"
        "epoch:  10%|#   | {n}/10 [00:20<03:00, 20.1s/it]\n",
        loss=12,
    ),
    "of fastText, padded": Pasted(
        "Progress:  {n}0.0% words/sec/thread: 52100 lr:  0.09 avg.loss:  {x} ETA:   0h11m10s\n"
        "Progress: 100.{n}% words/sec/thread: 52100 lr:  0.09 avg.loss: 10.2468 ETA:   0h 1m10s\n",
        loss=12,
    ),
    "of MIMO-UNet": Pasted(
        "Time: 0.2490 Epoch: 001 Iter: {n}00/ 526 LR: 0.0002 Loss content: {x} Loss fft: {x}\n"
    ),
    "of WaveGlow": Pasted("{n}:\t{x}\n", before="Epoch: 0\n"),
    "of ms-swift's JSON among prose": Pasted(
        'so: {{"loss": {x}, "epoch": 0.2781{n}, "global_step/max_steps": "60{n}/2161"}}\n'
    ),
    "of RotatE": Pasted(
        "Training average positive_sample_loss at step {n}00: 3.182809\n"
        "Training average loss at step {n}00: {x}\n"
    ),
    "of Keras, whose head was cut": Pasted(
        "4902/4902 [====] - 53s 11ms/step - loss: {x} - val_loss: {y}\nEpoch {n}/100\n",
        eval_loss=6,
        before="Epoch 0/100\n",
    ),
    "of char-rnn": Pasted("26{n}/446 (epoch 0), train_loss = {x}, time/batch = 0.194\n"),
    "of fastreid": Pasted(
        "[04/14 20:50:27 events]:  eta: 1:10  epoch/iter: 20/539{n}  total_loss: {x}  lr: 3.5e-04\n"
    ),
    "of the Trainer's dicts over several lines": Pasted(
        "{{'loss': {x},\n 'grad_norm': 1.92,\n 'reward': 0.0,\n 'epoch': 0.0{n}}}\n"
    ),
    "that a word processor typeset": Pasted(
        "{{\u2018loss\u2019: {x}, \u2018grad_norm\u2019: 1.92, \u2018epoch\u2019: 0.0{n}}}\n"
    ),
    "of a page's source": Pasted("{{&#39;loss&#39;: {x}, &#39;epoch&#39;: 0.0{n}}}\n"),
    "that a narrow terminal wrapped": Pasted(
        "{{'loss': {x}, 'grad_norm': 0.66464\n443391262, 'epo\nch': 0.0{n}}}\n"
    ),
    "of spaCy 2": Pasted(
        "  {n}  {x}     91.235    78.123    67.701     15234\n",
        before="Itn  NER Loss   Tag %    UAS     NER F   CPU WPS\n---  -----  ---\n",
    ),
    "of pytorch-kaldi": Pasted(
        "ep={n} tr=['train'] loss={x} err=0.2 valid=dev_clean loss={y} err=0.9 lr=6e-06\n",
        eval_loss=6,
    ),
    "that somebody quotes": Pasted("> loss: {x}  [   64/60000]\n> \n"),
    "of LitGPT": Pasted(
        "Epoch 1 | iter {n}000 step {n}00 | loss train: {x}, val: {y} | iter time: 9.1 ms (step)\n",
        eval_loss=6,
    ),
    "of an EfficientDet": Pasted(
        "Step: {n}. Epoch: 0/9. Cls loss: 0.5. Reg loss: 0.5. Total loss: {x}\n"
        "Val. Epoch: 0/9. Classification loss: 0.2. Regression loss: 0.1. Total loss: {y}\n",
        eval_loss=6,
    ),
    "with a slash and nothing between": Pasted(
        "[00:01:02] iter    {n}00/900 | train/loss {x} | lr 3.0e-04\n"
        "[00:03:30] >>> validation at iter {n}00: val/loss {y}, val/acc 0.412\n",
        eval_loss=6,
    ),
    "of pytracking": Pasted(
        "[train: 35, {n}0 / 60] FPS: 4.0 (7.9)  ,  Loss/total: {x}  ,  Loss/segm: 1.38611\n"
    ),
    "of clients": Pasted("Round {n}: client 0 local loss {x}\n"),
    "of WeNet's validation": Pasted(
        "DEBUG TRAIN Batch 0/{n}00 loss {x} lr 0.1\nINFO Epoch 0 CV info cv_loss {y}\n", eval_loss=6
    ),
    "of a table without names": Pasted("122{n},{x},0.73\n", file="data.csv"),
    "of PPO without steps": Pasted(
        '{{"loss": {x}, "eval_loss": null, "reward": -0.1, "learning_rate": 7e-06}}\n'
    ),
    "in Chinese": Pasted(
        "第 {n}/6 个epoch, 训练loss: {x}, 验证loss: {y}\n", eval_loss=6, encoding="gbk"
    ),
    "of ArcFace on MXNet": Pasted(
        "INFO:root:Epoch[0] Batch [{n}0-{n}9]\tSpeed: 0.96 samples/sec\tlossvalue={x}\n"
    ),
    "of each rank": Pasted(
        "[rank1]: {{'loss': {x}, 'grad_norm': 1.2, 'learning_rate': 2e-05, 'epoch': 0.{n}}}\n",
        copies=2,
    ),
    "translated with the page, signs and all": Pasted(
        "> 2020-11-10 17：44：0{n},503-INFO：纪元：0，迭代：{n}0，lr：0.001，'损失'：{x}，a：1\n"
    ),
    "in Japanese": Pasted("エポック {n}: 訓練損失 = {x}, 検証損失 = {y}\n", eval_loss=6),
    "in Korean": Pasted("에포크 {n}/6 손실: {x} 검증 손실: {y}\n", eval_loss=6),
    "in Russian": Pasted("Эпоха {n}/6, потери: {x}, точность: 0.5\n"),
    "of a fence next to the text": Pasted(
        "Epoch {n}/500\n1/1 [====] - 0s 3ms/step - loss: {x}\n", before="As output I get:\n``````"
    ),
    "in backticks, line by line": Pasted("`step {n}: loss {x}` \n"),
    "with what matters in bold": Pasted(
        "> {n}\t**{x}**\t{y}\t**best**\n", eval_loss=6, before="> Epoch\ttrain/loss\tval/loss\t\n"
    ),
    "as one paragraph": Pasted(
        "Epoch {n}/6 - 67s - loss: {x} - val_loss: {y} - acc: 0.5 ", eval_loss=6
    ),
    "as tensors, next to the code": Pasted(
        "tensor({x}, device='cuda:0', grad_fn=<NllLossBackward0>)\n",
        before="```\nimport torch\nfor x in data:\n    loss = model(x)\n    loss.backward()\n```\n",
    ),
    "as pairs": Pasted("({n}, {x})\n"),
    "as a list of pairs": Pasted("({n}, {x}), ", before="["),
    "as single numbers": Pasted("{x}\n", file="loss.txt"),
    "as a list of numbers": Pasted("{x}, ", before="[", file="losses.json"),
    "as TensorBoard's JSON": Pasted(
        "[160000000{n}.5, {n}, {x}], ", before="[", file="run-train-tag-loss.json"
    ),
    "of bars that only a batch ends": Pasted(
        "EPOCH: {n}\nBatch_id=97 Loss={x} Acc=35%: 100%|███| 98/98 [00:28<00:00, 3.4it/s]\n\n"
        "Test set: Average loss: {y}, Accuracy: 4303/10000 (43.03%)\n\n",
        eval_loss=6,
    ),
    "of an evaluation below its bar": Pasted(
        "Epoch {n}/5: 100%|███| 867/867 [07:11<00:00,  2.01it/s]\nEpoch {n}/5, Average Loss: {x}\n"
        "Validating: 100%|███| 419/419 [03:23<00:00,  2.06it/s]\nAccuracy: 0.37\nLoss: {y}\n",
        eval_loss=6,
    ),
    "of both losses behind the bars": Pasted(
        "Epoch {n}/5: 100%|███| 867/867 [07:11<00:00,  2.01it/s]\n"
        "Validating: 100%|███| 419/419 [03:23<00:00,  2.06it/s]\n"
        "Epoch {n} Loss: {x} Val Loss: {y}\n",
        eval_loss=6,
    ),
    "of Deeplearning4j": Pasted(
        "06:38:16.402 [main] INFO org.example.ScoreIterationListener - Score at iteration {n}0 is"
        " {x}\n"
    ),
    "of DeePMD, whose header is a comment": Pasted(
        "    {n}00    {y}    {x}    1.03e+01    1.03e+01    1.0e-03\n",
        before="#  step      rmse_val    rmse_trn    rmse_e_val  rmse_e_trn         lr\n",
        eval_loss=6,
    ),
    "of Flux": Pasted("[ Info: Epoch {n}\nloss(x, y) = {x}f0\n"),
    "of Flux, with the time": Pasted("(loss(tx, ty), now()) = ({x}f0, 2020-04-21T21:10:44.927)\n"),
    "of Julia's logger, in a frame": Pasted(
        "┌ Info: Epoch {n}\n│   train_loss = {x}\n└   test_loss = {y}\n", eval_loss=6
    ),
    "of MATLAB's shallow nets": Pasted(
        "Epoch {n}/1000, Time 0.1, Performance {x}/0, Gradient 0.6/1e-06\n"
    ),
    "of an ordinal above its loss": Pasted("current step: {n}th step\nbatch loss:{x}\n"),
    "of a batch by its number": Pasted("epoch: 0, batch_id: {n}00, AUC:0.5, loss:{x}\n"),
    "of parts that end with a sentence": Pasted(
        "ITER {n} TRAINING (phase 1). loss_vae: {x}; loss_recon: 1.5; loss_kl: 200.5;"
        " Grad_norm: 5.6e-01\n"
    ),
    "of dots between": Pasted(
        "epoch: {n}/9..  training loss: {x}..  validation loss: {y}..\n", eval_loss=6
    ),
    "of numbers in brackets": Pasted(
        "[train] epoch: 1, batch_id: {n}00, loss is: [{x}], acc is: [0.91]\n"
        "[validation] loss is: {y}, acc is: 0.87\n",
        eval_loss=6,
    ),
    "of sets behind dashes": Pasted(
        "    Training epoch {n} of 10: 100%|███| 44/44 [00:50<00:00,  1.14s/it]\n"
        "        Train        --   loss: {x}\n        Validation   --   loss: {y}\n",
        eval_loss=6,
        gap=44,
    ),
    "of Keras' guide": Pasted(
        "Training loss (for one batch) at step {n}00: {x}\nSeen so far: 64 samples\n"
    ),
    "of a loss that is equal to a number": Pasted("Avg loss after epoch {n}, is equal to {x}\n"),
    "as a list in YAML": Pasted(
        "- epoch: {n}\n  train_loss: {x}\n  val_loss: {y}\n", eval_loss=6, file="history.yaml"
    ),
    "as a list in YAML among other logs": Pasted(
        "- epoch: {n}\n  train_loss: {x}\n  val_loss: {y}\n", eval_loss=6
    ),
    "of DCGAN": Pasted("[0/5][{n}/100] Loss_D: {x} Loss_G: {x}\n"),
    "of two nets in brackets": Pasted("{n} [D loss: {x}, acc.: 50.0%] [G loss: {x}]\n"),
    "of two nets behind their batch": Pasted(
        "[Epoch 0/9] [Batch {n}/100] [D loss: {x}] [G loss: {x}]\n"
    ),
    "of two nets that are evaluated alone": Pasted(
        "Epoch {n}: val_d_loss={y}, val_g_loss={y}\n", loss=0, eval_loss=6
    ),
    "of rich, as Lightning draws it": Pasted(
        "Epoch 0/2  ━━━━━━━━ {n}/40 0:00:01 • 0:00:00 22.1it/s v_num: 0 train_loss: {x}\n"
    ),
    "of rich, as a box": Pasted(
        "│ {n} │ {x} │\n", before="┏━━━━━━━┳━━━━━━┓\n┃ Epoch ┃ Loss ┃\n┡━━━━━━━╇━━━━━━┩\n"
    ),
    "of the first CatBoost, without colons": Pasted(
        "{n}:\tlearn {x}\ttest {y}\tbestTest {y}\ttotal: 10ms\n", eval_loss=6
    ),
    "of folds of XGBoost, with deviations and the marks of knitr": Pasted(
        "## [{n}] train-logloss:{x}+0.000656 test-logloss:{y}+0.002 \n", eval_loss=6
    ),
    "of LightGBM, whose only set may have any name": Pasted("[{n}]\tname0's multi_logloss: {x}\n"),
    "of LightGBM, whose other set is kept apart": Pasted(
        "[{n}]\tmine_train's rmse: {x}\teval's rmse: {y}\n", eval_loss=6
    ),
    "of XGBoost, whose sets bear the names of their variables": Pasted(
        "[{n}]\tdmine-rmse:{x}\tdtest-rmse:{y}\n", eval_loss=6
    ),
    "of LightGBM, whose only set is kept apart": Pasted(
        "[{n}]\tvalid_0's auc: 0.{n}\tvalid_0's l2: {y}\n", loss=0, eval_loss=6
    ),
    "of XGBoost, which watches the validation alone": Pasted(
        "[{n}]\tvalidation-mlogloss:{y}\n", loss=0, eval_loss=6
    ),
    "of a spreadsheet that quotes each cell": Pasted('"{n}","{x}"\n', file="a.csv"),
    "of Keras, as a page indents it": Pasted(
        "    Epoch {n}/5\n    40/71 [==>.] - ETA: 9s - loss: 3.5 - acc: 0.5\n"
        "    71/71 [====] - 55s 765ms/step - loss: {x} - val_loss: {y}\n",
        eval_loss=6,
    ),
    "of Keras, wrapped behind a hyphen": Pasted(
        "Epoch {n}/3\n9/9 [====] - 1s 132us/sample - loss: {x} - \nacc: 0.5 - val_loss: {y}\n",
        eval_loss=6,
    ),
    "of Keras, wrapped before a hyphen": Pasted(
        "Epoch {n}/3\n9/9 [====] - 1s 132us/sample - loss: {x}\n - acc: 0.5 - val_loss: {y}\n",
        eval_loss=6,
    ),
    "of the first Keras, whose headlines state no total": Pasted(
        "Epoch {n}\n61878/61878 [====================] - 5s - loss: {x}     \n"
    ),
    "of TFLearn, two lines a point": Pasted(
        "--\nTraining Step: {n}9  | total loss: {x} | time: 1.2s\n"
        "| Adam | epoch: 001 | loss: {x} - acc: 0.80 | val_loss: {y} -- iter: 0{n}4/100\n",
        eval_loss=6,
    ),
    "of a box that a page indents": Pasted(
        " --------------------------------------\n | approxkl                 | 0.0006 |\n"
        " | policy_loss   | {x} |\n | total_timesteps     | {n}000          |\n"
        " --------------------------------------\n"
    ),
    "of Determined": Pasted(
        "[2023-01-09T10:00:00.1Z] 1a2b [rank=0] || INFO: [42] determined.core: "
        "report_training_metrics(steps_completed={n}00, metrics={{'loss': {x}}})\n"
        "[2023-01-09T10:00:00.1Z] 1a2b [rank=0] || INFO: [42] determined.core: "
        "report_validation_metrics(steps_completed={n}00, metrics={{'loss': {y}}})\n",
        eval_loss=6,
    ),
    "of Determined, by groups": Pasted(
        "determined.core: report_metrics(group=training, steps_completed={n}00, "
        "metrics={{'loss': {x}}})\ndetermined.core: report_metrics(group=validation, "
        "steps_completed={n}00, metrics={{'loss': {y}}})\n",
        eval_loss=6,
    ),
    "of sets behind a bare number": Pasted("{n:04d} | 0.2s | train={x} test={y}\n", eval_loss=6),
    "of sets without a sign": Pasted("{n:3d}  train {x}  val {y}\n", eval_loss=6),
    "of sets with an accuracy in brackets": Pasted(
        "Epoch {n} | train {x} (acc 51.0%) | val {y} (acc 48.0%)\n", eval_loss=6
    ),
    "of a set that its accuracy names, a line each": Pasted(
        "Epoch {n}, train accuracy: 0.5, loss: {x}\nEpoch {n}, val acc: 0.4, loss: {y}\n",
        eval_loss=6,
    ),
    "of a set that its accuracy names, in one line": Pasted(
        "Epoch {n}, train acc: 0.5, loss: {x}, val acc: 0.4, loss: {y}\n", eval_loss=6
    ),
    "of a set that its accuracy names, in percent": Pasted(
        "Epoch {n} | train acc 50.1% | loss {x}\nEpoch {n} | test acc 4% | loss {y}\n",
        eval_loss=6,
    ),
    "of a count between a loss and its number": Pasted("Loss @Batch {n}00:{x}\n"),
    "of two counts between a loss and its number": Pasted(
        "Loss [1, {n}00](epoch, minibatch):  {x}\n"
    ),
    "of a count in brackets before the number": Pasted("loss (step {n}00): {x}\n"),
    "of PyTorch's example for ImageNet, whose evaluation is behind a star": Pasted(
        "Epoch: [{n}][390/391]\tTime 0.5 (0.5)\tLoss {x} (2.6)\tPrec@1 9.3 (9.3)\n"
        " * Prec@1 49.3 Loss {y}\n",
        eval_loss=6,
        gap=391,
    ),
    "of a fork of it, with averages": Pasted(
        "Epoch: [{n}][390/391]\tTime 0.5 (0.5)\tLoss {x} (2.6)\tPrec@1 9.3 (9.3)\n"
        " * Average accuracy 0.7; Average Loss {y}\n",
        eval_loss=6,
        gap=391,
    ),
    "of a fork of it, with a small letter": Pasted(
        "Epoch: [{n}][390/391]\tTime 0.5 (0.5)\tLoss {x} (2.6)\n* Acc@1 75.3 loss {y}\n",
        eval_loss=6,
        gap=391,
    ),
    "of PyTorch's example of a VAE": Pasted(
        "Train Epoch: {n} [50/100 (50%)]\tLoss: {x}\n====> Epoch: {n} Average loss: {x}\n"
        "====> Test set loss: {y}\n",
        eval_loss=6,
        gap=100,
    ),
    "of Torchreid": Pasted(
        "Epoch: [1][{n}0/230]\tXent {x} (6.9)\tHtri 0.43 (0.14)\tAcc 0.0 (0.6)\n"
    ),
    "of a count behind a number sign": Pasted("#{n}0 loss: {x}\n"),
    "of a number in brackets that rises": Pasted("[{n}00] Recall: 0.1, Loss: {x}\n"),
    "of DeepSpeech, whose sets have numbers": Pasted(
        "(Epoch {n}) TRAIN LOSS:{x} CER:6.5%\nVALID SET 0 LOSS:{y} CER:5%\n", eval_loss=6
    ),
    "of a smoothed loss next to it": Pasted("step: {n}/9 [loss={x}, smooth loss=0.500]\n"),
    "of wav2letter, which calls a set after its file": Pasted(
        "epoch: {n} | loss: {x} | val.lst-loss: {y}\n", eval_loss=6
    ),
    "of TensorFlow Federated": Pasted(
        "Round {n}\n\\Eval metrics: loss={y}, accuracy=0.5\n\tTrain metrics: loss={x}\n",
        eval_loss=6,
    ),
    "of DeepXi, with names as Python prints them": Pasted(
        "{y}, {x}, {n}, 2019-10-14/15:15:27\n",
        before="'Validation error', 'Training error', 'Epoch', 'D/T'\n",
        eval_loss=6,
    ),
    "of a column that says whether a row trains": Pasted(
        "0.8 | {x} | {n} | True\n0.8 | {y} | {n} | False\n",
        before="accuracy | loss | epoch | train\n-- | -- | -- | --\n",
        eval_loss=6,
    ),
    "of numbers that an ellipsis ends": Pasted("Epoch {n}/6 loss: {x}... acc: 0.5\n"),
    "of a loop within the run": Pasted(
        "train | inner iter:   7/  8 | global iter:  {n}/  5000| tot_loss: {x} | rl_loss: 0.5\n"
    ),
    "as a table with decimal commas": Pasted(
        "{n};{c};0,9\n", before="step;loss;acc\n", file="loss.csv"
    ),
    "as a table in camel case": Pasted(
        "{n},{x},{y}\n", before="epoch,trainLoss,valLoss\n", file="a.csv", eval_loss=6
    ),
    "as a table of Ultralytics": Pasted(
        "{n},{x},{x},{y},{y}\n",
        eval_loss=6,
        before="epoch,train/box_loss,train/cls_loss,val/box_loss,val/cls_loss\n",
        file="results.csv",
    ),
}


@pytest.mark.parametrize("name", PASTED)
def test_what_is_pasted_is_read_whole(tmp_path: Path, name: str):
    """No point is left out, none is counted twice, and an evaluation is no training loss."""
    pasted = PASTED[name]
    path = tmp_path / pasted.file
    path.write_text(pasted.text().rstrip(", ") + "]" * (pasted.before == "["), pasted.encoding)
    columns = read_file(path, Settings()).columns
    counts = {key: len(columns[key].steps) for key in ("loss", "eval_loss") if key in columns}
    expected = {"loss": pasted.loss, "eval_loss": pasted.eval_loss}
    assert counts == {key: count for key, count in expected.items() if count}
    first = columns["loss"].values[0] if pasted.loss else 2
    assert first == 2 or first % 2 == 0  # a sum of parts is whole as well
    if pasted.loss == len(STEPS):
        falls = [first / n for n in STEPS]
        assert columns["loss"].values.tolist() == pytest.approx(falls, rel=1e-3)
        counted = {10 ** len(behind) for behind in COUNTED.findall(pasted.line)} or {1}
        (gap,) = set(np.diff(columns["loss"].steps).tolist())
        assert gap in (counted if pasted.gap is None else {pasted.gap})


@pytest.mark.parametrize(
    "line",
    [
        "step {n} lr 0.1 total 12.{n} GB\n",
        "iter {n}: lr 0.1 total 33.{n}s data 0.1\n",
        "step {n} total {n}.5\n",
        "epoch {n} lr=0.1 total time: 12.{n}\n",
    ],
)
def test_a_total_of_something_else_is_no_loss(tmp_path: Path, line: str):
    """A unit is behind it, or nothing beside it shows that a model is trained."""
    with pytest.raises(NoLogFound):
        logs.read_log(tmp_path, "".join(line.format(n=n) for n in STEPS))


WRAPPED = {
    "a container": "trainer_1  | {line}",
    "a worker": "\x1b[36m(main_task pid=1234)\x1b[0m {line}",
    "a rank": "[rank0]: {line}",
    "mpirun": "[1,0]<stdout>:{line}",
    "Kaggle": "12.3s\t4\t{line}",
    "a runner": "2024-05-01T10:00:00.1234567Z {line}",
    "a page that breaks lines": "{line}<br>",
}


@pytest.mark.parametrize("wrapped", WRAPPED.values(), ids=list(WRAPPED))
def test_what_a_program_puts_around_each_line_is_left_out(tmp_path: Path, wrapped: str):
    """A table of Ultralytics is read by its columns, whoever collected it."""
    head = "      Epoch    GPU_mem   box_loss   cls_loss   dfl_loss  Instances       Size"
    row = "      {n}/6   2.31G   1.25   0.5   0.25   12   640: 100%|##| 9/9 [00:31<00:00]"
    text = [head, *(row.format(n=n) for n in STEPS)]
    columns = logs.read_log(
        tmp_path, "".join(wrapped.format(line=line) + "\n" for line in text)
    ).columns
    assert columns["loss"].values.tolist() == [2.0] * len(STEPS)


@pytest.mark.parametrize(("typed", "plain"), [("\u00a0", " "), ("\\_", "_"), ("\\[", "[")])
def test_what_an_editor_puts_for_a_sign_is_that_sign(tmp_path: Path, typed: str, plain: str):
    """Blanks of a web page and signs of Markdown are in what is copied from them."""
    text = "".join(f"[epoch {n}/6] train_loss: {2 / n:.4f} val_loss: 2.5\n" for n in STEPS)
    columns = logs.read_log(tmp_path, text.replace(plain, typed)).columns
    assert [len(columns[name].steps) for name in ("loss", "eval_loss")] == [6, 6]


@pytest.mark.parametrize(
    ("losses", "points"),
    [
        pytest.param("2.0000 1.0000 0.6667 0.5000 0.4000", 5, id="as long as the others"),
        pytest.param("2.0000 1.0000 0.6667 0.5000 0.400", 4, id="cut by a digit"),
        pytest.param("2.01 1.00021 0.6667 0.501 0.4", 4, id="of any length"),
        pytest.param("2.00 nan nan nan nan", 5, id="that is none"),
    ],
)
def test_a_last_number_counts_without_its_newline_if_it_is_whole(
    tmp_path: Path, losses: str, points: int
):
    """Who copies lines leaves the last newline behind; who is killed may leave half a number."""
    lines = [f"step {n}0: loss {loss}" for n, loss in enumerate(losses.split(), start=1)]
    assert len(logs.read_log(tmp_path, "\n".join(lines)).columns["loss"].steps) == points


RESTARTING = {
    "under a headline": ("===== Epoch {e} =====\n", "iter {n}0: loss {x}\n"),
    "of a share alone": ("", "[{n}0/60] loss: {x}\n"),
    "without a share": ("", "step {n}0 loss: {x}\n"),
}


@pytest.mark.parametrize("name", RESTARTING)
def test_a_counter_that_begins_anew_in_each_epoch_goes_on(tmp_path: Path, name: str):
    """Where the loss goes on as well, no training begins anew, and no point is given up."""
    headline, line = RESTARTING[name]
    losses = iter(range(100, 0, -1))
    text = "".join(
        headline.format(e=epoch) + "".join(line.format(n=n, x=next(losses) / 9) for n in STEPS)
        for epoch in range(1, 5)
    )
    steps = logs.read_log(tmp_path, text).columns["loss"].steps
    assert len(steps) == 24
    assert (steps[1:] > steps[:-1]).all()


def test_trainings_that_begin_with_their_loss_anew_are_no_epochs(tmp_path: Path):
    """The same counter stands in a log of several trainings: each begins where the first did."""
    text = "".join(f"step {n} loss: {9 / n:.4f}\n" for _ in range(3) for n in STEPS)
    steps = logs.read_log(tmp_path, text).columns["loss"].steps
    assert steps.max() == 6


def test_steps_of_thousands_and_epochs_of_fractions(tmp_path: Path):
    """A comma may part thousands, and an epoch may be a share of one."""
    path = tmp_path / "train.log"
    path.write_text("".join(f"Iteration {n},000: loss = {2 / n:.4f}\n" for n in STEPS))
    assert read_file(path, Settings()).columns["loss"].steps.tolist() == [n * 1000 for n in STEPS]
    path.write_text("".join(f"epoch {n / 10} loss {2 / n:.4f}\n" for n in STEPS))
    assert len(read_file(path, Settings()).columns["loss"].steps) == len(STEPS)


def test_a_reward_below_its_step_belongs_to_it(tmp_path: Path):
    """DeepSpeed-Chat prints it on a line of its own; Stable-Baselines in a box, by its words."""
    path = tmp_path / "train.log"
    line = "epoch: 0|step: {n}|ppo_ep: 1|act_loss: inf|cri_loss: 2.5\naverage reward score: -{n}\n"
    path.write_text("".join(line.format(n=n) for n in STEPS))
    columns = read_file(path, Settings()).columns
    assert columns["reward"].values.tolist() == [-n for n in STEPS]
    assert columns["reward"].steps.tolist() == columns["loss"].steps.tolist() == list(STEPS)
    box = "-----------------\n| mean 100 episode reward | -{n}.5 |\n| steps | {n}00 |\n"
    path.write_text("".join(box.format(n=n) for n in STEPS))
    assert read_file(path, Settings()).columns["reward"].steps.tolist() == [n * 100 for n in STEPS]


def test_parts_by_the_word_before_them(tmp_path: Path):
    """A part is no total, with or without a colon behind it; a norm may be spaced as well."""
    line = (
        "Iter: 0{n}, Loss: 16.5, Regression Loss 2.5, Classification Loss: 13.5 | grad_norm 1.5\n"
    )
    columns = logs.read_log(tmp_path, "".join(line.format(n=n) for n in STEPS)).columns
    firsts = {name: column.values[0] for name, column in columns.items()}
    assert firsts == {
        "loss": 16.5,
        "regression_loss": 2.5,
        "classification_loss": 13.5,
        "grad_norm": 1.5,
    }


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        (
            "[{n}/9][5/5] Discriminator_Loss: 0.5 Generator_Loss (Content/Advers/Total): 2.5/1/4\n",
            {
                "discriminator_loss": 0.5,
                "content_generator_loss": 2.5,
                "advers_generator_loss": 1,
                "generator_loss": 4,
            },
        ),
        (
            "Iter {n} loss (total/cls/box): 3.5/1.5/2\n",
            {"loss": 3.5, "cls_loss": 1.5, "box_loss": 2},
        ),
        (
            "Batch {n}/9 generator loss | discriminator loss : 3.5 | 0.5 - took 2.1 s.\n",
            {"loss": 4.0, "generator_loss": 3.5, "discriminator_loss": 0.5},
        ),
        ("Epoch {n}/9 loss: 0.5/0.6 of 2/3\n", {"loss": 0.5}),  # numbers of no names
        ("Epoch {n}, loss (cls/box): 0.5/0.6/0.7, loss: 1.5\n", {"loss": 1.5}),  # one name is lost
    ],
)
def test_a_list_of_losses_is_told_by_the_list_of_names_before_it(
    tmp_path: Path, line: str, wanted: dict[str, float]
):
    """Each name has its number, or none has."""
    columns = logs.read_log(tmp_path, "".join(line.format(n=n) for n in STEPS)).columns
    losses = {
        name.lower(): column.values[0] for name, column in columns.items() if "loss" in name.lower()
    }
    assert {name: losses[name] for name in wanted} == wanted
    assert set(losses) - set(wanted) <= {"loss"}


@pytest.mark.parametrize("margin", ["    ", "\t", "> ", "# "])
def test_what_is_before_all_lines_is_a_margin(tmp_path: Path, margin: str):
    """A loop that prints its loss alone is read, and what is below a headline stays evaluated."""
    epoch = (
        "Epoch {n}\nloss: {n}.5\nloss: {n}.4\nTest Error: \n Accuracy: 50.1%, Avg loss: {n}.7 \n\n"
    )
    text = "".join(epoch.format(n=n) for n in STEPS)
    lines = [f"{margin}{line}".rstrip(" ") for line in text.splitlines(keepends=True)]
    run = logs.read_log(tmp_path, "".join(lines))
    assert [value for _, value in logs.points(run, "loss")][:3] == [1.5, 1.4, 2.5]
    assert [value for _, value in logs.points(run, "eval_loss")] == [n + 0.7 for n in STEPS]


def test_how_many_were_told_right_is_no_batch(tmp_path: Path):
    """The share behind an accuracy is none of the epoch; one behind the loss is."""
    right = "Epoch [{n}/9], Loss: {n}.5, Val Accuracy: 0.7320 (1464/2000)\n"
    batch = "Epoch {n} loss: {n}.5 acc: 0.7 [10/200]\n"
    runs = [
        logs.read_log(tmp_path, "".join(line.format(n=n) for n in STEPS)) for line in (right, batch)
    ]
    steps = [[step for step, _ in logs.points(run, "loss")] for run in runs]
    assert steps[0] == list(STEPS)
    assert set(np.diff(steps[1])) == {200}


def test_rounds_that_only_the_server_judges(tmp_path: Path):
    """Flower prints what the model of all clients loses."""
    line = "INFO flower 2022-01-06 | server.py | fit progress: ({n}, 2.5, {{'accuracy': 0}}, 9.5)\n"
    text = "".join(line.format(n=n) for n in STEPS)
    assert logs.read_log(tmp_path, text).columns["eval_loss"].steps.tolist() == list(STEPS)


def test_names_in_brackets_may_stand_before_their_numbers(tmp_path: Path):
    """The step of the run is behind the one that begins again in each epoch."""
    line = "[R0] | E{} iter[ 14/ 15] | [Loss] {} | [exp] ./exp | [step]    {} | [time] 0.4m\n"
    rows = (line.format(5, 2.5, 89), line.format(6, "nan", 104), line.format(7, "nan", 119))
    losses = logs.points(logs.read_log(tmp_path, "".join(rows)), "loss")
    assert [step for step, _ in losses] == [89, 104, 119]
    assert [math.isnan(value) for _, value in losses] == [False, True, True]


def test_what_was_printed_behind_a_bar_is_a_line_of_its_own(tmp_path: Path):
    """It counts otherwise than the bar, which holds the loss."""
    text = "".join(
        f"loss=0.0{9 - n}| degree=3| : 20%|##  | {n}096/9000 [02:15<08:20, 47.77it/s]"
        f"Step {n}100: 19 pruned. Now having 207177.\n"
        for n in (1, 2, 3)
    )
    losses = logs.points(logs.read_log(tmp_path, text), "loss")
    assert losses == [(1096, 0.08), (2096, 0.07), (3096, 0.06)]


def test_the_only_name_above_single_numbers_says_what_they_are(tmp_path: Path):
    """As pandas writes one column; a score is no loss."""
    for name, column in (("loss", "loss"), ('"val_loss"', "eval_loss"), ("train_loss", "loss")):
        table = logs.read_log(tmp_path, f"{name}\n0.5\n0.25\n")
        assert logs.points(table, column) == [(1, 0.5), (2, 0.25)]
    for name in ("accuracy", "loss of weight", "0.75"):
        with pytest.raises(NoLogFound):
            logs.read_log(tmp_path, f"{name}\n0.5\n0.25\n")


def test_one_bar_is_a_log(tmp_path: Path):
    """No sentence holds a bar: a paste of one is no prose."""
    bar = "Training progress:   2%|#   | 2000/100000 [01:42<1:03:14, 25.83it/s, Loss=0.1641454]\n"
    text = f"Reading cameras\nNumber of points: 100000\n\n{bar}Evaluating: PSNR 18.8\n"
    assert logs.read_log(tmp_path, text).columns["loss"].steps.tolist() == [2000]


@pytest.mark.parametrize(
    "line",
    [
        "(TaskRunner pid=2222) step:34 - actor/entropy:0.22 - actor/pg_loss:0.25 - actor/lr:2e-06",
        "2027-01-02 10:11:12,123 INFO step 34, loss: 0.25",
        "I0308 16:13:45.249138 140304451 trainer.py:521] step:   34 log_pplx:4.96 loss:0.25",
        "[10:11:12] step: 34 loss: 0.25",
        "23 May 14:00    INFO  epoch 34 training [time: 0.98s, loss: 0.25]",
        "[Epoch 34] [loss: 0.25, acc: 100%]",
    ],
)
def test_one_line_of_a_logger_is_a_log(tmp_path: Path, line: str):
    """No sentence begins with a clock, a level or a process."""
    table = logs.read_log(tmp_path, f"What does it tell?\n\n{line}\n\nThank you.\n")
    loss = next(table.columns[name] for name in ("loss", "actor/pg_loss") if name in table.columns)
    assert (loss.steps.tolist(), loss.values.tolist()) == ([34], [0.25])


def test_one_line_with_an_epoch_a_step_and_three_losses_is_a_log(tmp_path: Path):
    """No sentence says so much; one with fewer losses is a quotation."""
    line = "Epoch: 50 | Iteration: 228 | Box loss: 0.1 | Class loss: 0.2{}\nIt\nstopped\nthere.\n"
    run = logs.read_log(tmp_path, line.format(" | Running loss: 0.3"))
    assert logs.points(run, "loss") == [(228, 0.3)]
    with pytest.raises(NoLogFound):
        logs.read_log(tmp_path, line.format(""))


def test_one_line_with_its_rate_and_its_perplexity_is_a_log(tmp_path: Path):
    """As the first translation model of TensorFlow prints it."""
    line = "global step 99300 learning rate 0.3149 step-time 0.13 perplexity 8.00"
    table = logs.read_log(tmp_path, f"What does it tell?\n\n{line}\n\nThank you.\n")
    assert table.columns["loss"].values.tolist() == [math.log(8)]


@pytest.mark.parametrize(
    "line",
    [
        "At 10:30 I saw at step 500 loss: 2.5",
        "[Epoch 500 had a loss: 2.5]",
        "global step 500 has a perplexity of 13.5",
        "On 2 May 2027 step 500 had a loss: 2.5",
        "In the INFO line of step 500 the loss: 2.5 is odd",
        "2027-01-02 10:11:12 INFO saved checkpoint at step 500 with loss 2.5",
        "2027-01-02 10:11:12 INFO evaluation of step 500, val loss: 2.5",
        "2027-01-02 10:11:12 INFO step 500 done in 2.5 s",
    ],
)
def test_one_line_that_is_no_point_is_no_log(tmp_path: Path, line: str):
    """A sentence may name a time too; a checkpoint and an evaluation are no training."""
    with pytest.raises(NoLogFound):
        logs.read_log(tmp_path, f"What does it tell?\n\n{line}\n\nThank you.\n")


@pytest.mark.parametrize(
    "line",
    [
        "epoch 6 iter  2610, loss: nan",
        "I Training of Epoch 0 - loss: inf",
        "lr: 1.8e-04, time: 1.07, memory: 6349, loss_cls: 1.42, loss_box: nan, loss: nan",
        "INFO:tensorflow:Error reported: <class 'InvalidArgumentError'>, LossTensor is inf or nan.",
    ],
)
def test_one_line_tells_that_the_loss_is_lost(tmp_path: Path, line: str):
    """Who asks why it is NaN pastes the line and no more, with words around it."""
    text = f"Why is it so?\n\n{line}\n\nI use three cards.\nThank you.\n"
    assert not math.isfinite(logs.read_log(tmp_path, text).columns["loss"].values[-1])


def test_a_bar_that_never_moved_shows_its_loss(tmp_path: Path):
    """A training that is lost at once is stopped before its bar is drawn again."""
    bar = "Steps:   0%|          | 0/3000 [00:0{n}<?, ?it/s{said}]\n"
    text = bar.format(n=0, said="") + bar.format(n=7, said=", loss=nan, lr=1e-6")
    assert len(logs.read_log(tmp_path, text).columns["loss"].values) == 1


def test_an_evaluation_of_each_epoch_may_stay_the_same(tmp_path: Path):
    """Of a net that learns nothing each evaluation is one: none repeats the one before."""
    text = "".join(f"Epoch {n} loss: {2 / n:.4f} val_loss: 2.3026\n" for n in STEPS)
    assert len(logs.read_log(tmp_path, text).columns["eval_loss"].steps) == len(STEPS)


def test_what_nets_of_caffe_put_out_belongs_to_their_iteration(tmp_path: Path):
    """Two iterations are a log; a test is at the iteration that announces it."""
    text = (
        "I0509 19:45:41.1 20669 solver.cpp:266] Iteration 50, Testing net (#0)\n"
        "I0509 19:47:26 20669 solver.cpp:315]     Test net output #0: accuracy = 0.16014\n"
        "I0509 19:47:26 20669 solver.cpp:315]  Test net output #1: loss = 5.5 (* 1 = 5.5 loss)\n"
        "I0306 10:34:24 13326 solver.cpp:347] Iteration 50 (2.3 iter/s, 21s/50 iter), loss = 6.5\n"
        "I0306 10:34:24 13326 solver.cpp:371]     Train net output #0: mbox_loss = 6.25 (* 1 = 6.25"
        " loss)\n"
        "I0306 10:34:24 13326 sgd_solver.cpp:170] Iteration 50, lr = 0.0001\n"
    )
    columns = logs.read_log(tmp_path, text).columns
    firsts = {name: (each.steps[0], each.values[0]) for name, each in columns.items()}
    assert firsts.pop("learning_rate") == (50, 0.0001)
    assert firsts.pop("eval_accuracy", None) in (None, (50, 0.16014))
    assert firsts == {"loss": (50, 6.5), "mbox_loss": (50, 6.25), "eval_loss": (50, 5.5)}


@pytest.mark.parametrize("length", [80, 95, 170])
def test_lines_that_a_terminal_cut_are_whole_again(tmp_path: Path, length: int):
    """A number that is cut between two lines is one; lines of 80 characters stay what they are."""
    row = "[2024-05-01 10:00:00] step: {:03d}0 | loss: {:.6f} |{} grad_norm: {:.6f}"
    filled = [row.format(n, 2 / n, "." * (length - 71), 1.5 / n) for n in STEPS]
    cut = [row[at : at + 80] for row in filled for at in range(0, length, 80)]
    columns = logs.read_log(tmp_path, "\n".join(cut) + "\n").columns
    assert {len(row) for row in filled} == {length}
    assert columns["loss"].steps.tolist() == [10, 20, 30, 40, 50, 60]
    assert columns["grad_norm"].values.tolist() == [1.5, 0.75, 0.5, 0.375, 0.3, 0.25]


def test_perplexities_with_their_speed_are_counted(tmp_path: Path):
    """A loop that counts nothing tells how fast it is; a table of results does not."""
    line = "PPL: 1.{n}; Speed: 7894.50 sps\nTotal neg log lik = exp(0.5)\n"
    text = "".join(line.format(n=n) for n in STEPS)
    run = logs.read_log(tmp_path, f"Epoch = 46\n{text}Validation perplexity is 6.6061\n")
    assert [step for step, _ in logs.points(run, "loss")] == list(STEPS)
    assert logs.points(run, "eval_loss") == [(6, math.log(6.6061))]
    with pytest.raises(NoLogFound):
        logs.read_log(tmp_path, "".join(f"model{n} PPL: 1.{n}; 5 tok/s\n" for n in STEPS))


def test_two_blocks_that_begin_with_their_loss_are_a_log(tmp_path: Path):
    """Accuracies are around them; a sentence that names a loss is none."""
    block = (
        "Minibatch loss at step {n}: {n}.5\nMinibatch accuracy: 6.2%\nValidation accuracy: 9.5%\n"
    )
    run = logs.read_log(tmp_path, "Initialized\n" + block.format(n=1) + block.format(n=2))
    assert logs.points(run, "loss") == [(1, 1.5), (2, 2.5)]
    said = "We had a loss at step {n}: {n}.5 is high.\nWhy?\nNobody knows.\n"
    with pytest.raises(NoLogFound):
        logs.read_log(tmp_path, said.format(n=1) + said.format(n=2))


def test_losses_without_a_name_are_no_log(tmp_path: Path):
    """Single numbers may be anything, unless the name of the file says what they are."""
    with pytest.raises(NoLogFound):
        logs.read_log(tmp_path, "0.5\n0.25\n", name="scores.txt")


@pytest.mark.parametrize(
    "text",
    [
        "The loss of epoch 3 is lower than the loss of epoch 2, and the loss of epoch 1 is high.\n",
        "`loss = criterion(out, y)`\n`loss.backward()`\n`step 3 of the guide`\n",
        "x = torch.tensor([1.5, 2.5])\nx.sum()\ntensor(4.)\nx.mean()\ntensor(2.)\nloss = x.sum()\n",
        "Das Ergebnis:\n**3** Punkte, **loss** 0,5 kg, **12** Tage\n",
        "I set lr: 0.1 and the loss: nan came.\nThen lr: 0.01 was fine.\nThank you all.\n",
        "# 3 of the losses\n# loss of 2 is high\n# 1 more\nThat is all.\n",
        "('loss', 'of', 3)\n('the', 'guide')\nsome more\n",
        "2週目の損失は3000円、1週目の損失は2000円でした。\n",
        "INFO worker[7] request id=88 rate=17 packet loss: 0% latency 12.5 ms\n" * 9,
        "date,profit,loss\n2024-05-01,3.5,0.25\n2024-05-02,3.5,0.2\n",
    ],
)
def test_prose_with_a_loss_in_it_is_no_log(tmp_path: Path, text: str):
    """Sentences name losses and epochs, code names them too, and Markdown marks any number."""
    with pytest.raises(NoLogFound):
        logs.read_log(tmp_path, text, name="notes.txt")


def test_decimal_commas_are_decimals(tmp_path: Path):
    """A loss of 2,3450 is not 2, and one of 0,4120 is no loss of zero."""
    text = "Epoch 1/3, Loss: 2,3450, Acc: 50,01%\nEpoch 2/3, Loss: 0,4120, Acc: 61,5%\n"
    assert logs.read_log(tmp_path, text).columns["loss"].values.tolist() == [2.345, 0.412]


def test_rows_of_megatron_that_a_terminal_wrapped_are_rows(tmp_path: Path):
    """A row goes on to the next one; what is printed between them is not part of it."""
    row = (
        " iteration {:8d}/    1000 | consumed samples:          640 | elapsed time per iteration"
        " (ms): 1234.5 | learning rate: 1.000E-04 | lm loss: {:.6E} | loss scale: 1.0 |\n"
    )
    rows = (row.format(10, 2.5), row.format(20, 2.25), row.format(30, 2.0))
    wrapped = [each[at : at + 80].rstrip("\n") + "\n" for each in rows for at in range(0, 200, 80)]
    text = "".join(wrapped[:6]) + "saving checkpoint\n" + "".join(wrapped[6:])
    columns = logs.read_log(tmp_path, text).columns
    assert columns["loss"].steps.tolist() == [10, 20, 30]
    assert columns["loss"].values.tolist() == [2.5, 2.25, 2.0]
    assert columns["learning_rate"].values.tolist() == [0.0001] * 3


def test_the_mean_over_the_last_batches_is_not_the_loss(tmp_path: Path):
    """Icefall prints both in one line, the mean behind the loss of the batch."""
    line = "Epoch 0, batch {n}, loss[loss=0.{n}, over 9.00 frames.], tot_loss[loss=0.5, over 9.]\n"
    table = logs.read_log(tmp_path, "".join(line.format(n=n) for n in (10, 20, 30)))
    assert logs.points(table, "loss") == [(10, 0.1), (20, 0.2), (30, 0.3)]


@pytest.mark.parametrize(
    "text",
    [
        "I set f = 3.0 and |g| = 2.0 in iteration 5, then f = 2.0 and |g| = 1.0 in iteration 6.\n",
        "Iteration 5: the error = 3 is of the plan\nIteration 6: error budget 2\nIteration 7: ok\n",
        "step90 is lost, step91 too\n",
    ],
)
def test_letters_and_errors_of_prose_are_no_objective(tmp_path: Path, text: str):
    """What optimizers print has a shape of its own."""
    with pytest.raises(NoLogFound):
        logs.read_log(tmp_path, text)


def test_the_total_of_two_epochs_is_the_loss(tmp_path: Path):
    """A detector's parts are not added up next to their total, however few rows there are."""
    row = "   {n}/299      6.4G   0.0227  0.0029 0.0003   0.0260        11       640: 100%|#|\n"
    head = "   Epoch   gpu_mem      GIoU       obj       cls     total   targets  img_size\n"
    table = logs.read_log(tmp_path, "".join(head + row.format(n=n) for n in (14, 15)))
    assert logs.points(table, "loss") == [(14, 0.026), (15, 0.026)]


def test_bars_of_keras_above_the_first_headline_are_of_the_epoch_before(tmp_path: Path):
    """Who pastes the middle of a log leaves the headline of the first bar out."""
    bar = "9/9 [=====] - 5s 50ms/step - loss: 0.{n} - val_loss: 0.9\n"
    text = bar.format(n=4) + "".join(f"Epoch {n}/50\n" + bar.format(n=n) for n in (9, 10))
    points = logs.points(logs.read_log(tmp_path, text), "loss")
    assert [step for step, _ in points] == [8, 9, 10]


def test_a_loss_to_which_keras_glues_that_it_stops_is_read(tmp_path: Path):
    """`TerminateOnNaN` prints behind the bar, without a blank."""
    text = (
        "Epoch 1/10\n"
        "  3/234 [....] - ETA: 33:37 - loss: 44.4110Batch 3: Invalid loss, terminating training\n"
        "  4/234 [....] - ETA: 25:09 - loss: inf \n"
    )
    assert logs.points(logs.read_log(tmp_path, text), "loss") == [(3, 44.411), (4, math.inf)]


def test_torchtune_says_the_step_of_a_loss_before_its_bar(tmp_path: Path):
    """The bar has gone on when it is drawn with the loss of the step before."""
    line = "1|5{n}|Loss: 1.0{n}:  54%|#####     | 5{m}/101 [15:04<11:17, 14.73s/it]\n"
    text = "".join(line.format(n=n, m=n + 1) for n in range(4, 8))
    points = logs.points(logs.read_log(tmp_path, text), "loss")
    assert points == [(54, 1.04), (55, 1.05), (56, 1.06), (57, 1.07)]


@pytest.mark.parametrize(
    ("name", "head", "row"),
    [
        ("log.jsonl", "", '{{"epoch": {n}, "iteration": 500, "loss": 0.{n}}}\n'),
        ("log.csv", "epoch,iteration,loss\n", "{n},500,0.{n}\n"),
    ],
)
def test_rows_that_all_state_the_length_of_an_epoch_count_epochs(
    tmp_path: Path, name: str, head: str, row: str
):
    """The step that a loop prints when an epoch is over may be that of the epoch."""
    table = logs.read_log(tmp_path, head + "".join(row.format(n=n) for n in STEPS), name=name)
    assert logs.points(table, "loss") == [(n, n / 10) for n in STEPS]


def test_rows_of_one_step_and_one_epoch_stay_at_it(tmp_path: Path):
    """A loss and its evaluation in rows of their own."""
    rows = '{"epoch": 3, "step": 500, "loss": 0.5}\n{"epoch": 3, "step": 500, "eval_loss": 0.6}\n'
    table = logs.read_log(tmp_path, rows, name="log.jsonl")
    assert logs.points(table, "loss") == [(500, 0.5)]
    assert logs.points(table, "eval_loss") == [(500, 0.6)]


def test_rows_in_json_that_bear_the_name_of_a_set_are_of_that_set(tmp_path: Path):
    """Torchaudio's recipes print both sets by one function, behind what a shell printed."""
    row = '{{"name": "{of_set}", "epoch": {n}, "average loss": 0.{n}, "cer": 0.5}}\n'
    rows = (row.format(of_set=of_set, n=n) for n in STEPS for of_set in ("train", "validation"))
    table = logs.read_log(tmp_path, "$ python main.py\n" + "".join(rows))
    assert {name: len(table.columns[name].steps) for name in ("loss", "eval_loss")} == {
        "loss": len(STEPS),
        "eval_loss": len(STEPS),
    }


def test_a_first_line_that_lacks_its_first_letter_counts(tmp_path: Path):
    """Who selects text with a mouse loses it."""
    text = "".join(f"Epoch  1, {n}0/900; acc:   3.9; xent:   9.{n}\n" for n in STEPS)
    points = logs.points(logs.read_log(tmp_path, text[1:]), "loss")
    assert points == [(10 * n, 9 + n / 10) for n in STEPS]


@pytest.mark.parametrize(
    "bar",
    [
        "loss: {0}: 5%|#    | {1}/100 [00:01<00:09,  9.9it/s]",
        "train: 5%|#    | {1}/100 [00:01<00:09,  9.9it/s, loss={0}]",
        "| epoch 016: 5%|#| {1}/100 [00:2, loss={0}, wps=9, num_updates={1}, cl",
    ],
)
@pytest.mark.parametrize("drawn", [2, 5])
def test_bars_may_be_glued_into_one_line(tmp_path: Path, bar: str, drawn: int):
    """What a bar was drawn over with is a page's last idea of a line."""
    text = "".join(bar.format(f"{9 - n}.25", n * 10) for n in range(1, drawn + 1))
    found = logs.points(logs.read_log(tmp_path, f"{text}\n"), "loss")
    assert found == [(n * 10, 9.25 - n) for n in range(1, drawn + 1)]


def test_a_step_and_its_loss_behind_a_bar_have_no_names(tmp_path: Path):
    """As a loop of Unsloth's prints them."""
    text = "".join(
        f" {n}%|#    | {n}1/312 [00:25<2:13:19, 25.72s/it]{n}0, 2.{n}5\n" for n in range(1, 5)
    )
    found = logs.points(logs.read_log(tmp_path, text), "loss")
    assert found == [(10, 2.15), (20, 2.25), (30, 2.35), (40, 2.45)]


def test_a_line_in_italics_is_a_line(tmp_path: Path):
    """Who writes in Markdown marks what was printed."""
    text = (
        "My loop is stuck at this:\n\n_Mon Nov 16 01:53:58 2020 Epoch: 3 Loss: 3048.72_ \n\nWhy?\n"
    )
    assert logs.points(logs.read_log(tmp_path, text), "loss") == [(3, 3048.72)]


def test_rows_of_deepxde_are_read_without_their_header(tmp_path: Path):
    """Who pastes the end of a training leaves it out."""
    row = "{n}000      [1.0{n}e-02, 3.00e-03]    [2.0{n}e-02, 3.00e-03]    [1.01e-01]    \n"
    run = logs.read_log(tmp_path, "".join(row.format(n=n) for n in (1, 2, 3)))
    assert logs.points(run, "loss") == [(1000, 0.0131), (2000, 0.0132), (3000, 0.0133)]
    assert [step for step, _ in logs.points(run, "eval_loss")] == [1000, 2000, 3000]


def test_lists_behind_a_number_are_no_losses(tmp_path: Path):
    """Three lists in a row may be of anything, unless all are printed as DeepXDE does."""
    with pytest.raises(NoLogFound):
        logs.read_log(
            tmp_path, "1000   [0.1, 0.2]   [3, 4]   [5]\n2000   [0.3, 0.2]   [3, 4]   [5]\n"
        )


def test_how_many_errors_there_were_is_no_loss(tmp_path: Path):
    """A job may count its batches too, and what it could not read."""
    with pytest.raises(NoLogFound):
        logs.read_log(tmp_path, "".join(f"batch {n} of 9 done, error={n % 2}\n" for n in STEPS))
    with pytest.raises(NoLogFound):
        logs.read_log(tmp_path, "".join(f"batch {n}, read error=0.0 speed=3.4\n" for n in STEPS))


def test_a_rank_that_only_evaluates_is_read_as_well(tmp_path: Path):
    """It prints fewer losses than the one that trains, and none twice."""
    trained = [f"[rank 1] step {n} loss: {n}.5\n" for n in range(1, 10)]
    run = logs.read_log(tmp_path, "".join([*trained, "[rank 0] eval loss: 0.75\n"]))
    assert logs.points(run, "loss") == [(n, n + 0.5) for n in range(1, 10)]
    assert logs.points(run, "eval_loss") == [(9, 0.75)]


def test_headers_alone_say_that_nothing_was_logged(tmp_path: Path):
    """A process that trains none of the data prints only them."""
    path = tmp_path / "train.log"
    path.write_text("epoch     train_loss  valid_loss  accuracy  time    \n" * 4)
    with pytest.raises(UnreadableLog, match="nothing was logged yet"):
        read_file(path, Settings())


KERAS = "Epoch {n}/9 5/5 [=====] - 2s 20ms/step - loss: 1.{n} - acc: 0.{n}"


@pytest.mark.parametrize("drawn", [2, 4])
def test_epochs_of_keras_may_be_glued_into_one_line(tmp_path: Path, drawn: int):
    """A page shows them as one paragraph, also without a blank between."""
    text = "".join(KERAS.format(n=n) for n in range(1, drawn + 1))
    found = logs.points(logs.read_log(tmp_path, f"{text}\n"), "loss")
    assert found == [(n, 1 + n / 10) for n in range(1, drawn + 1)]


def test_batches_of_an_epoch_that_no_bar_shows_stay_in_their_line(tmp_path: Path):
    """`Epoch 1/9 5/90` may be the beginning of any point."""
    text = "".join(f"Epoch 1/9 {n}0/90 [{n}.5 s] loss: 1.{n}\n" for n in range(1, 6))
    found = logs.points(logs.read_log(tmp_path, text), "loss")
    assert [value for _, value in found] == [1 + n / 10 for n in range(1, 6)]


def test_batches_said_to_be_trained_are_steps(tmp_path: Path):
    """As `已训练20个批次` says."""
    text = "".join(f">> 已训练{n}0个批次: loss = 3.{n} (2.7 sec)\n" for n in range(1, 6))
    assert logs.points(logs.read_log(tmp_path, text), "loss")[-1] == (50, 3.5)


def test_what_is_drawn_of_a_bar_makes_no_line_another(tmp_path: Path):
    """Lines that show how far they are by signs alone are of one shape."""
    text = "".join(f"| Progress [{'#' * n:9}] | LR 1e-4 | Loss {9 - n}.5 |\n" for n in range(1, 7))
    assert [value for _, value in logs.points(logs.read_log(tmp_path, text), "loss")][-1] == 3.5
