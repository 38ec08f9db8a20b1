"""A tiny Llama and its tokenizer, made on the spot.  `base()` is pre-trained for a minute
on English man pages, because stairs and jumps need a model that already knows something."""

import os
import random
import time

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

import data

torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", 2)))
CHAT = (
    "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}"
    "{% if add_generation_prompt %}assistant: {% endif %}"
)


def tokenizer(folder="tiny-base", vocab=2048):
    if not os.path.exists(folder + "/tokenizer.json"):
        bpe = Tokenizer(models.BPE())
        bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        bpe.decoder = decoders.ByteLevel()
        texts = data.man_pages(sections="1")[:300] + [text for _, text in data.docstrings()[:3000]]
        bpe.train_from_iterator(
            texts,
            trainers.BpeTrainer(
                vocab_size=vocab,
                special_tokens=["<s>", "</s>", "<pad>"],
                initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            ),
        )
        fast = PreTrainedTokenizerFast(
            tokenizer_object=bpe, bos_token="<s>", eos_token="</s>", pad_token="<pad>"
        )
        fast.chat_template = CHAT
        fast.save_pretrained(folder)
    return PreTrainedTokenizerFast.from_pretrained(folder)


def config(vocab=2048, hidden=128, layers=3):
    return LlamaConfig(
        vocab_size=vocab,
        hidden_size=hidden,
        intermediate_size=3 * hidden,
        num_hidden_layers=layers,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=512,
        tie_word_embeddings=True,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=2,
    )


def fresh(seed=0, **kwargs):
    torch.manual_seed(seed)
    return LlamaForCausalLM(config(**kwargs))


def base(folder="tiny-base", seconds=90):
    """Pre-train on man pages unless done already; returns the folder."""
    if os.path.exists(folder + "/model.safetensors"):
        return folder
    words = tokenizer(folder)
    blocks = torch.tensor(data.chunks(words, data.man_pages(sections="1"), 128, 12_000))
    model = fresh()
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.01)
    start, step, rng = time.time(), 0, random.Random(0)
    while (spent := time.time() - start) < seconds:
        for group in optimizer.param_groups:
            group["lr"] = 2e-3 * min(1, (step + 1) / 50) * (1 - 0.95 * spent / seconds)
        batch = blocks[[rng.randrange(len(blocks)) for _ in range(16)]]
        loss = model(input_ids=batch, labels=batch).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        step += 1
        if step % 50 == 0:
            print(f"base: step {step} loss {loss.item():.3f}", flush=True)
    model.save_pretrained(folder)
    return folder


if __name__ == "__main__":
    base()
