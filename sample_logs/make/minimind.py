"""MiniMind's full-SFT loop on one GPU: the learning rate is lr/10 + lr/2 * (1 + cos), one line
every log_interval steps, the loss of that step alone.

ood-spikes: as of spring 2025, which reads the file in order.
resumed-in-order: as of November 2025, which shuffles, but for the rest of a resumed epoch.

python minimind.py ood-spikes
"""

import copy
import json
import math
import sys
import time
from argparse import Namespace

import common

common.enter()

import torch  # noqa: E402
from transformers import LlamaForCausalLM  # noqa: E402

import data  # noqa: E402
import tiny_model  # noqa: E402

ARGS = Namespace(
    epochs=2,
    batch_size=64,
    learning_rate=2e-4,
    accumulation_steps=1,
    grad_clip=1.0,
    warmup_iters=0,
    log_interval=5,
    save_interval=100,
    dtype="float32",
    device="cpu",
    max_seq_len=32,
    hidden_size=128,
    num_hidden_layers=3,
    use_moe=False,
    data_path="data/sft_mixed.jsonl",
    out_dir="out",
    ddp=False,
    num_workers=1,
)
SPRING = Namespace(decimals=3, last_line=False)
NOVEMBER = Namespace(decimals=6, last_line=True)
STOPPED = 437  # step of the first epoch at which the first launch of resumed-in-order ends


def get_lr(step, total, lr):
    return lr / 10 + 0.5 * lr * (1 + math.cos(math.pi * step / total))


def english(args, steps):
    pages = data.man_pages(sections="38")
    return data.chunks(tiny_model.tokenizer(), pages, args.max_seq_len, args.batch_size * steps)


def odd(args, kind, steps, seed=0):
    count = args.batch_size * steps
    return data.odd_chunks(tiny_model.tokenizer(), kind, args.max_seq_len, count, seed)


def three_stretches(args):
    """Clean pages with three pieces of another source, each a few batches long."""
    blocks = english(args, 900)
    for first, many, kind in ((640, 14, "japanese"), (410, 10, "hashes"), (215, 12, "japanese")):
        blocks[args.batch_size * first : args.batch_size * first] = odd(args, kind, many, first)
    return blocks


def two_sources(args):
    """A file put together from two: English pages, then Japanese ones."""
    return english(args, 600) + odd(args, "japanese", 300)


class Training:
    """Model, optimizer and log of one launch or several."""

    def __init__(self, args, samples, log, version):
        self.args, self.samples, self.log, self.version = args, samples, log, version
        self.model = LlamaForCausalLM.from_pretrained("tiny-base").train()
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=args.learning_rate)
        self.per_epoch = len(samples) // args.batch_size
        self.say(f"LLM总参数量:{sum(p.numel() for p in self.model.parameters()) / 1e6:.3f} 百万")

    def say(self, text):
        for file in (sys.stdout, self.log):
            print(text, file=file, flush=True)

    def epoch(self, epoch, order, first=0, stop=None):
        """Train on the samples of `order` from batch `first` on."""
        args, start, state = self.args, time.time(), None
        for step in range(first, stop or self.per_epoch):
            lr = get_lr(
                epoch * self.per_epoch + step, args.epochs * self.per_epoch, args.learning_rate
            )
            for group in self.optimizer.param_groups:
                group["lr"] = lr
            batch = self.samples[order[step * args.batch_size : (step + 1) * args.batch_size]]
            loss = self.model(input_ids=batch, labels=batch).loss
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), args.grad_clip)
            self.optimizer.step()
            self.optimizer.zero_grad(set_to_none=True)
            if step % args.save_interval == 0:
                parts = (self.model.state_dict(), self.optimizer.state_dict())
                state = copy.deepcopy((step, *parts))
            last = self.version.last_line and step == self.per_epoch - 1
            if step % args.log_interval == 0 or last:
                spent = time.time() - start
                left = spent / (step + 1) * self.per_epoch // 60 - spent // 60
                self.say(
                    f"Epoch:[{epoch + 1}/{args.epochs}]({step}/{self.per_epoch}) "
                    f"loss:{loss.item():.{self.version.decimals}f} lr:{lr:.12f} epoch_Time:{left}min:"
                )
        return state


def ood_spikes(args, log):
    training = Training(args, tensor(args, three_stretches(args)), log, SPRING)
    for epoch in range(args.epochs):
        training.epoch(epoch, torch.arange(len(training.samples)))


def resumed_in_order(args, log):
    samples = tensor(args, two_sources(args))
    saved = Training(args, samples, log, NOVEMBER).epoch(
        0, torch.randperm(len(samples)), stop=STOPPED
    )
    training = Training(args, samples, log, NOVEMBER)
    step, model, optimizer = saved
    training.model.load_state_dict(model)
    training.optimizer.load_state_dict(optimizer)
    training.say(f"Epoch [1/{args.epochs}]: 跳过前{step}个step，从step {step + 1}开始")
    training.epoch(0, torch.arange(len(samples)), first=step + 1)
    training.epoch(1, torch.randperm(len(samples)))


def tensor(args, blocks):
    return torch.tensor(blocks[: len(blocks) // args.batch_size * args.batch_size])


MAKERS = {"ood-spikes": ood_spikes, "resumed-in-order": resumed_in_order}


def main(name):
    folder = common.out(name)
    tiny_model.base()
    torch.manual_seed(1337)
    (folder / "args.json").write_text(json.dumps(vars(ARGS), indent=2) + "\n")
    with open(folder / "train_full_sft.log", "w", encoding="utf-8") as log:
        MAKERS[name](ARGS, log)
    common.keep(name, ("args.json", "*.log"))


if __name__ == "__main__":
    main(sys.argv[1])
