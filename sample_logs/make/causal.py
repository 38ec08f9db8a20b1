"""Pre-training in the sample order of PaddleNLP's CausalDataset and Megatron's GPTDataset (the
same algorithm): all data epochs but the last are shuffled together, the last one apart when
less than 80 % of it is needed.  The log lines are those of the two trainers.

python causal.py last-data-epoch | last-data-epoch-megatron
"""

import json
import random
import sys
import time
from datetime import datetime

import common

common.enter()

import numpy as np  # noqa: E402
import torch  # noqa: E402
from transformers import LlamaForCausalLM  # noqa: E402

import data  # noqa: E402
import tiny_model  # noqa: E402


class CausalDataset:
    """Samples of `length` + 1 tokens over documents that run on into each other."""

    def __init__(self, documents, samples, length, seed):
        rng = np.random.RandomState(seed)
        tokens = sum(len(document) for document in documents)
        self.epochs = -(-(samples * length + 1) // tokens)
        self.per_epoch = (tokens - 1) // length
        self.first = ((self.epochs - 1) * tokens - 1) // length
        self.last = samples - self.first
        self.separate = self.epochs > 1 and self.last < int(0.80 * self.per_epoch)
        self.total = (self.epochs * tokens - 1) // length
        blocks = [self.epochs - 1, 1] if self.separate else [self.epochs]
        order = np.concatenate(
            [self._shuffled(np.tile(np.arange(len(documents)), times), rng) for times in blocks]
        )
        self.stream = np.concatenate([documents[index] for index in order])
        self.split = self.first if self.separate else self.total
        self.order = np.concatenate(
            [
                self._shuffled(np.arange(self.split), rng),
                self._shuffled(np.arange(self.split, self.total), rng),
            ]
        )
        self.length = length

    @staticmethod
    def _shuffled(array, rng):
        rng.shuffle(array)
        return array

    def batch(self, start, count):
        places = self.order[start : start + count] * self.length
        return torch.from_numpy(np.stack([self.stream[at : at + self.length + 1] for at in places]))


class Run:
    """One training; the subclass says how its trainer talks."""

    length, batch, every, eval_every, lr, warmup, seed = 64, 16, 10, 100, 3e-3, 20, 42

    def __init__(self, folder, data_epochs, documents):
        self.folder = folder
        words = tiny_model.tokenizer()
        texts = [f"{name}: {text}" for name, text in data.docstrings()]
        random.Random(3).shuffle(texts)
        ids = [
            np.array(words(text)["input_ids"] + [words.eos_token_id]) for text in texts[:documents]
        ]
        edge = round(0.949 * len(ids))  # split 949,50,1
        tokens = sum(map(len, ids[:edge]))
        self.steps = int(data_epochs * tokens / self.length / self.batch)
        self.samples = self.steps * self.batch
        self.documents = len(ids)
        self.valid = np.concatenate(ids[edge:])
        self.log = open(folder / self.log_name, "w", encoding="utf-8")
        self.started = time.time()
        torch.manual_seed(self.seed)
        self.model = LlamaForCausalLM.from_pretrained("tiny-base").train()
        self.before(ids[:edge], words)
        self.train_set = CausalDataset(ids[:edge], self.samples, self.length, self.seed)
        self.dataset_lines(self.train_set)

    def say(self, text):
        print(text, flush=True)
        print(text, file=self.log, flush=True)

    def loss_of(self, batch):
        logits = self.model(input_ids=batch[:, :-1]).logits
        return torch.nn.functional.cross_entropy(logits.flatten(0, 1), batch[:, 1:].flatten())

    def evaluate(self, iterations=10):
        count = (len(self.valid) - 1) // self.length
        starts = [at % count * self.length for at in range(iterations * self.batch)]
        batch = torch.from_numpy(np.stack([self.valid[at : at + self.length + 1] for at in starts]))
        with torch.no_grad():
            return float(np.mean([self.loss_of(part).item() for part in batch.split(self.batch)]))

    def train(self):
        optimizer = torch.optim.AdamW(
            self.model.parameters(), lr=self.lr, betas=(0.9, 0.95), weight_decay=0.01
        )
        window, clock = [], time.time()
        for step in range(1, self.steps + 1):
            for group in optimizer.param_groups:
                group["lr"] = self.lr * min(1.0, step / self.warmup)
            loss = self.loss_of(self.train_set.batch((step - 1) * self.batch, self.batch))
            loss.backward()
            norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0).item()
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            window.append(loss.item())
            if step % self.every == 0:
                self.step_line(
                    step,
                    sum(window) / len(window),
                    optimizer.param_groups[0]["lr"],
                    norm,
                    time.time() - clock,
                )
                window, clock = [], time.time()
            if step % self.eval_every == 0:
                begin = time.time()
                self.eval_line(step, self.evaluate(), time.time() - begin)
                clock = time.time()


class Paddle(Run):
    log_name = "workerlog.0"

    def info(self, text):
        now = datetime.now()
        self.say(f"[{now:%Y-%m-%d %H:%M:%S},{now.microsecond // 1000:03d}] [    INFO] - {text}")

    def before(self, documents, words):
        config = {
            "model_name_or_path": "tiny-base",
            "tokenizer_name_or_path": "tiny-base",
            "input_dir": "./data",
            "output_dir": "./checkpoints/pretrain_ckpts",
            "per_device_train_batch_size": self.batch // 2,
            "gradient_accumulation_steps": 2,
            "per_device_eval_batch_size": self.batch,
            "tensor_parallel_degree": 1,
            "pipeline_parallel_degree": 1,
            "max_seq_length": self.length,
            "split": "949,50,1",
            "learning_rate": self.lr,
            "lr_scheduler_type": "constant_with_warmup",
            "warmup_steps": self.warmup,
            "logging_steps": self.every,
            "max_steps": self.steps,
            "save_steps": 1000,
            "eval_steps": self.eval_every,
            "weight_decay": 0.01,
            "adam_beta2": 0.95,
            "max_grad_norm": 1.0,
            "continue_training": 1,
            "do_train": True,
            "do_eval": True,
            "disable_tqdm": True,
            "seed": self.seed,
            "device": "cpu",
        }
        (self.folder / "pretrain_argument.json").write_text(json.dumps(config, indent=2) + "\n")
        self.say(" > datasets target sizes (minimum size):")
        self.say(f"    train:      {self.samples}")
        self.say(f"    validation: {self.batch * 10 * (self.steps // self.eval_every + 1)}")
        self.say(f"    test:       {self.batch * 10}")
        self.say("> building train, validation, and test datasets for GPT ...")
        self.say(" > building dataset index ...")
        self.say(f"    number of documents: {self.documents}")
        edge = len(documents)
        self.say(" > dataset split:\n    train:")
        self.say(f"     document indices in [0, {edge}) total of {edge} documents")
        self.say(" > WARNING: could not find index map files, building the indices on rank 0 ...")

    def dataset_lines(self, built):
        word, flag = ("smaller", True) if built.separate else ("larger", False)
        self.say(
            f" > last epoch number of samples ({built.last}) is {word} than 80% of number of "
            f"samples per epoch ({built.per_epoch}), setting separate_last_epoch to {flag}"
        )
        self.say(
            f" > building shuffle index with split [0, {built.split}) and "
            f"[{built.split}, {built.total}) ..."
        )
        self.say(f"    total number of samples: {built.total + 1}")
        self.say(f"    total number of epochs: {built.epochs}")
        self.info("***** Running training *****")
        for text in (
            f"Num examples = {self.samples:,}",
            "Num Epochs = 1",
            f"Instantaneous batch size per device = {self.batch // 2}",
            f"Total train batch size (w. parallel, distributed & accumulation) = {self.batch}",
            "Gradient Accumulation steps = 2",
            f"Total optimization steps = {self.steps:,}",
            f"Total num train samples = {self.samples:,}",
        ):
            self.info("  " + text)

    def step_line(self, step, loss, lr, norm, spent):
        rate = self.batch * self.every / spent
        self.info(
            ", ".join(
                f"{key}: {value}"
                for key, value in {
                    "loss": round(loss, 8),
                    "learning_rate": float(f"{lr:.3e}"),
                    "global_step": step,
                    "interval_runtime": round(spent, 4),
                    "interval_samples_per_second": round(rate, 4),
                    "interval_tokens_per_second_per_device": round(rate * self.length, 4),
                    "interval_steps_per_second": round(self.every / spent, 4),
                    "progress_or_epoch": round(step / self.steps, 4),
                }.items()
            )
        )

    def eval_line(self, step, loss, spent):
        self.info("***** Running Evaluation *****")
        self.info(
            f"eval_loss: {loss}, eval_runtime: {spent:.4f}, eval_samples_per_second: "
            f"{self.batch * 10 / spent:.4f}, eval_steps_per_second: {10 / spent:.4f}, "
            f"progress_or_epoch: {step / self.steps:.4f}"
        )


class Megatron(Run):
    log_name, every, eval_every = "train.log", 15, 150

    def before(self, documents, words):
        arguments = {
            "adam_beta1": 0.9,
            "adam_beta2": 0.95,
            "bf16": False,
            "clip_grad": 1.0,
            "data_parallel_size": 1,
            "data_path": ["data/docstrings_text_document"],
            "eval_interval": self.eval_every,
            "eval_iters": 10,
            "fp16": False,
            "global_batch_size": self.batch,
            "hidden_size": 128,
            "log_interval": self.every,
            "lr": self.lr,
            "lr_decay_style": "constant",
            "lr_warmup_fraction": None,
            "lr_warmup_iters": self.warmup,
            "micro_batch_size": self.batch,
            "min_lr": 0.0,
            "num_attention_heads": 4,
            "num_layers": 3,
            "optimizer": "adam",
            "padded_vocab_size": len(words),
            "pipeline_model_parallel_size": 1,
            "seed": self.seed,
            "seq_length": self.length,
            "split": "949,50,1",
            "tensor_model_parallel_size": 1,
            "train_iters": self.steps,
            "train_samples": None,
            "weight_decay": 0.01,
            "world_size": 1,
        }
        self.say("------------------------ arguments ------------------------")
        for key, value in sorted(arguments.items()):
            self.say(f"  {key} {'.' * (48 - len(key))} {value}")
        self.say("-------------------- end of arguments ---------------------")
        self.say(" > datasets target sizes (minimum size):")
        self.say(f"    train:      {self.samples}")
        self.say(f"    validation: {(self.steps // self.eval_every + 1) * 10 * self.batch}")
        self.say(f"    test:       {10 * self.batch}")

    def dataset_lines(self, built):
        prefix = "INFO:megatron.core.datasets.gpt_dataset:"
        self.say(f"{prefix}Build and save the GPTDataset train indices")
        self.say(f"{prefix}> total number of samples: {built.total}")
        self.say(f"{prefix}> total number of epochs: {built.epochs}")
        self.say(
            f"training ...\n[before the start of training step] datetime: "
            f"{datetime.now():%Y-%m-%d %H:%M:%S} "
        )

    def step_line(self, step, loss, lr, norm, spent):
        self.say(
            f" [{datetime.now():%Y-%m-%d %H:%M:%S.%f}] iteration {step:8d}/{self.steps:8d} |"
            f" consumed samples: {step * self.batch:12d} |"
            f" elapsed time per iteration (ms): {1000 * spent / self.every:.1f} |"
            f" learning rate: {lr:.6E} | global batch size: {self.batch:5d} |"
            f" lm loss: {loss:.6E} | loss scale: 1.0 | grad norm: {norm:.3f} |"
            " number of skipped iterations:   0 | number of nan iterations:   0 |"
        )

    def eval_line(self, step, loss, spent):
        text = (
            f" validation loss at iteration {step} | lm loss value: {loss:.6E} | "
            f"lm loss PPL: {np.exp(loss):.6E} | "
        )
        line = "-" * (len(text) + 1)
        self.say(f"{line}\n{text}\n{line}")


RUNS = {"last-data-epoch": (Paddle, 1.6, 4000), "last-data-epoch-megatron": (Megatron, 2.6, 3600)}


def main(name):
    tiny_model.base()
    trainer, data_epochs, documents = RUNS[name]
    trainer(common.out(name), data_epochs, documents).train()
    common.keep(name, ("pretrain_argument.json", "workerlog.0", "*.log"))


if __name__ == "__main__":
    main(sys.argv[1])
