"""MiniMind's loop of spring 2025: the file is read in order (no shuffling), the learning rate
is lr/10 + lr/2 * (1 + cos), one line every log_interval steps, the loss of that step alone.

python minimind.py ood-spikes
"""

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


def get_lr(step, total, lr):
    return lr / 10 + 0.5 * lr * (1 + math.cos(math.pi * step / total))


def rows(args, steps=900):
    """Clean pages with three pieces of another source, each a few batches long."""
    words = tiny_model.tokenizer()
    batch, length = args.batch_size, args.max_seq_len
    blocks = data.chunks(words, data.man_pages(sections="38"), length, batch * steps)
    for first, many, kind in ((640, 14, "japanese"), (410, 10, "hashes"), (215, 12, "japanese")):
        odd = data.odd_chunks(words, kind, length, batch * many, seed=first)
        blocks[batch * first : batch * first] = odd
    return torch.tensor(blocks[: len(blocks) // batch * batch])


def main(name):
    args, folder = ARGS, common.out(name)
    tiny_model.base()
    torch.manual_seed(1337)
    samples = rows(args)
    model = LlamaForCausalLM.from_pretrained("tiny-base").train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.learning_rate)
    per_epoch = len(samples) // args.batch_size
    (folder / "args.json").write_text(json.dumps(vars(args), indent=2) + "\n")
    with open(folder / "train_full_sft.log", "w", encoding="utf-8") as log:

        def say(text):
            print(text, flush=True)
            print(text, file=log, flush=True)

        say(f"LLM总参数量:{sum(p.numel() for p in model.parameters()) / 1e6:.3f} 百万")
        for epoch in range(args.epochs):
            start = time.time()
            for step in range(per_epoch):
                lr = get_lr(epoch * per_epoch + step, args.epochs * per_epoch, args.learning_rate)
                for group in optimizer.param_groups:
                    group["lr"] = lr
                batch = samples[step * args.batch_size : (step + 1) * args.batch_size]
                loss = model(input_ids=batch, labels=batch).loss
                loss.backward()
                torch.nn.utils.clip_grad_norm_(model.parameters(), args.grad_clip)
                optimizer.step()
                optimizer.zero_grad(set_to_none=True)
                if step % args.log_interval == 0:
                    spent = time.time() - start
                    left = spent / (step + 1) * per_epoch // 60 - spent // 60
                    say(
                        f"Epoch:[{epoch + 1}/{args.epochs}]({step}/{per_epoch}) "
                        f"loss:{loss.item():.3f} lr:{lr:.12f} epoch_Time:{left}min:"
                    )
    common.keep(name, ("args.json", "*.log"))


if __name__ == "__main__":
    main(sys.argv[1])
