"""Runs of the transformers Trainer.  README.md says which version each name was made with.

python hf.py clean-one-epoch | ood-spikes-hf | resumed | nan            (transformers 5.x)
python hf.py ga-scaling | ga-scaling-ga1 | incomplete-accumulation | loss-jump |
              divergence   (4.48.3)
"""

import contextlib
import inspect
import json
import sys
from pathlib import Path

import common

common.enter()

import torch  # noqa: E402
import transformers  # noqa: E402
from transformers import (
    LlamaForCausalLM,
    Trainer,
    TrainerCallback,  # noqa: E402
    TrainingArguments,
)

import data  # noqa: E402
import tiny_model  # noqa: E402

NEW = int(transformers.__version__.split(".")[0]) >= 5


class Blocks(torch.utils.data.Dataset):
    def __init__(self, blocks):
        self.rows = [torch.tensor(block) for block in blocks]

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, index):
        return {"input_ids": self.rows[index], "labels": self.rows[index]}


class OldStyleLlama(LlamaForCausalLM):
    """As many remote-code models: takes **kwargs, computes its own mean loss and so ignores
    num_items_in_batch, which the Trainer believes it has used."""

    def forward(self, input_ids=None, attention_mask=None, labels=None, **kwargs):
        hidden = self.model(input_ids=input_ids, attention_mask=attention_mask)[0]
        logits, loss = self.lm_head(hidden), None
        if labels is not None:
            loss = torch.nn.functional.cross_entropy(
                logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten()
            )
        return transformers.modeling_outputs.CausalLMOutput(loss=loss, logits=logits)


class OwnLossLlama(OldStyleLlama):
    """The same without **kwargs: the Trainer divides by gradient_accumulation_steps itself."""

    def forward(self, input_ids=None, attention_mask=None, labels=None):
        return super().forward(input_ids, attention_mask, labels)


def pages(count, length=64, sections="38", seed=0):
    words = tiny_model.tokenizer()
    return data.chunks(words, data.man_pages(sections=sections), length, count, seed)


def trainer(folder, model, train, evaluation=None, callbacks=(), **kwargs):
    settings = {
        "output_dir": str(folder),
        "logging_steps": 5,
        "save_strategy": "no",
        "report_to": "tensorboard",
        "use_cpu": True,
        "disable_tqdm": True,
        "dataloader_pin_memory": False,
        "seed": 42,
        **kwargs,
    }
    known = inspect.signature(TrainingArguments).parameters
    args = TrainingArguments(**{key: value for key, value in settings.items() if key in known})
    (folder / "train_config.json").write_text(
        json.dumps({"model": type(model).__name__, **settings}, indent=2) + "\n"
    )
    return Trainer(
        model=model,
        args=args,
        train_dataset=Blocks(train),
        eval_dataset=Blocks(evaluation) if evaluation else None,
        callbacks=list(callbacks),
    )


def finish(run, resume=None):
    with contextlib.redirect_stdout(common.Tee(Path(run.args.output_dir, "console.log"))):
        run.train(resume_from_checkpoint=resume)
    run.save_state()
    run.model.config.save_pretrained(run.args.output_dir)


def clean_one_epoch(folder):
    blocks = pages(12_400)
    finish(
        trainer(
            folder,
            tiny_model.fresh(),
            blocks[400:],
            blocks[:400],
            num_train_epochs=1,
            per_device_train_batch_size=16,
            learning_rate=2e-3,
            warmup_steps=50,
            lr_scheduler_type="cosine",
            eval_strategy="steps",
            eval_steps=50,
        )
    )


def ood_spikes_hf(folder):
    """Blocks of another source, read in file order: the same batches hurt in each epoch."""
    blocks, words = pages(32 * 200, length=32), tiny_model.tokenizer()
    odd = data.odd_chunks(words, "japanese", 32, 3 * 32)
    for place, batch in ((150, 2), (110, 1), (60, 0)):  # in batches, from the end
        blocks[32 * place : 32 * place] = odd[32 * batch : 32 * (batch + 1)]
    model = LlamaForCausalLM.from_pretrained("tiny-base")
    finish(
        trainer(
            folder,
            model,
            blocks,
            num_train_epochs=2,
            logging_steps=1,
            per_device_train_batch_size=32,
            learning_rate=2e-4,
            lr_scheduler_type="linear",
            train_sampling_strategy="sequential",
        )
    )


class Crash(TrainerCallback):
    def __init__(self, step):
        self.step = step

    def on_log(self, args, state, control, **kwargs):
        if state.global_step >= self.step:
            raise KeyboardInterrupt("the machine went down")


def resumed(folder):
    """Killed at 370, resumed from checkpoint-300 whose optimizer and scheduler are lost."""
    blocks = pages(9_600)
    settings = dict(
        num_train_epochs=1,
        per_device_train_batch_size=16,
        learning_rate=2e-3,
        warmup_steps=60,
        lr_scheduler_type="cosine",
        save_strategy="steps",
        save_steps=100,
    )
    run = trainer(folder, tiny_model.fresh(), blocks, callbacks=[Crash(370)], **settings)
    with contextlib.suppress(KeyboardInterrupt):
        finish(run)
    for callback in run.callback_handler.callbacks:  # a dead process writes nothing more
        if getattr(callback, "tb_writer", None):
            callback.tb_writer.close()
    checkpoint = folder / "checkpoint-300"
    for lost in ("optimizer.pt", "scheduler.pt"):
        (checkpoint / lost).unlink()
    finish(trainer(folder, tiny_model.fresh(), blocks, **settings), resume=str(checkpoint))


class Poison(TrainerCallback):
    """One NaN in the weights, as a bad kernel or an overflow leaves it."""

    def on_step_begin(self, args, state, control, model=None, **kwargs):
        if state.global_step == 73:
            with torch.no_grad():
                model.model.layers[0].mlp.up_proj.weight[0, 0] = float("nan")


def nan(folder):
    finish(
        trainer(
            folder,
            tiny_model.fresh(),
            pages(4_800),
            callbacks=[Poison()],
            num_train_epochs=1,
            per_device_train_batch_size=16,
            logging_steps=10,
            learning_rate=2e-3,
            warmup_steps=20,
            lr_scheduler_type="cosine",
        )
    )


def ga_scaling(folder, batch=4, accumulation=8):
    blocks = pages(8_256)
    torch.manual_seed(0)
    finish(
        trainer(
            folder,
            OldStyleLlama(tiny_model.config()),
            blocks[256:],
            blocks[:256],
            num_train_epochs=1,
            per_device_train_batch_size=batch,
            gradient_accumulation_steps=accumulation,
            learning_rate=1e-3,
            warmup_steps=20,
            lr_scheduler_type="cosine",
            logging_steps=2,
            eval_strategy="steps",
            eval_steps=25,
        )
    )


def ga_scaling_ga1(folder):
    ga_scaling(folder, batch=32, accumulation=1)


def incomplete_accumulation(folder):
    """4.48.3 divides by 8 also where only 2 micro-batches are left in an epoch."""
    torch.manual_seed(0)
    finish(
        trainer(
            folder,
            OwnLossLlama(tiny_model.config()),
            pages(4 * (8 * 40 + 2)),
            num_train_epochs=4,
            per_device_train_batch_size=4,
            gradient_accumulation_steps=8,
            learning_rate=1e-3,
            warmup_steps=10,
            lr_scheduler_type="constant_with_warmup",
            logging_steps=1,
        )
    )


class Multiply(TrainerCallback):
    """A schedule gone wrong: from epoch 2 on the learning rate is 100 times the configured one."""

    def on_epoch_begin(self, args, state, control, lr_scheduler=None, optimizer=None, **kwargs):
        if round(state.epoch or 0) == 2:
            lr_scheduler.base_lrs = [lr * 100 for lr in lr_scheduler.base_lrs]
            for group in optimizer.param_groups:
                group["lr"] *= 100


def lora(folder, callbacks=(), **kwargs):
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(0)
    model = get_peft_model(
        LlamaForCausalLM.from_pretrained("tiny-base"),
        LoraConfig(r=8, lora_alpha=16, target_modules="all-linear", task_type="CAUSAL_LM"),
    )
    blocks = pages(2_100)
    finish(
        trainer(
            folder,
            model,
            blocks[100:],
            blocks[:100],
            callbacks,
            num_train_epochs=4,
            per_device_train_batch_size=16,
            warmup_steps=20,
            eval_strategy="steps",
            lr_scheduler_type="constant_with_warmup",
            label_names=["labels"],
            **kwargs,
        )
    )
    model.peft_config["default"].save_pretrained(str(folder))


def loss_jump(folder):
    """Evaluation is asked for every 1000 steps, but there are only 500."""
    lora(folder, [Multiply()], learning_rate=5e-4, eval_steps=1000)


def divergence(folder):
    """LoRA at a rate a hundred times too high, by configuration alone."""
    lora(folder, learning_rate=2e-2, eval_steps=25)


RUNS = {
    "loss-jump": loss_jump,
    "divergence": divergence,
    "clean-one-epoch": clean_one_epoch,
    "ood-spikes-hf": ood_spikes_hf,
    "resumed": resumed,
    "nan": nan,
    "ga-scaling": ga_scaling,
    "ga-scaling-ga1": ga_scaling_ga1,
    "incomplete-accumulation": incomplete_accumulation,
}

if __name__ == "__main__":
    NAME = sys.argv[1]
    tiny_model.base()
    RUNS[NAME](common.out(NAME))
    common.keep(NAME, (*common.KEEP, "train_config.json"))
