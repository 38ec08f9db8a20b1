"""Runs of LLaMA-Factory 0.9.5: python lf.py staircase | overfitting | clean-finetune"""

import importlib.machinery
import json
import sys
import types

import yaml

import common

common.enter()
# The CPU build of torch has no matching torchaudio and LLaMA-Factory only imports it.
sys.modules["torchaudio"] = audio = types.ModuleType("torchaudio")
audio.__spec__ = importlib.machinery.ModuleSpec("torchaudio", None)

import data  # noqa: E402
import tiny_model  # noqa: E402

BASE = {
    "stage": "sft",
    "do_train": True,
    "model_name_or_path": "tiny-base",
    "dataset_dir": "data",
    "dataset": "stdlib_qa",
    "eval_dataset": "stdlib_qa_eval",
    "template": "default",
    "cutoff_len": 128,
    "overwrite_cache": True,
    "preprocessing_num_workers": 1,
    "dataloader_num_workers": 0,
    "logging_steps": 5,
    "save_strategy": "no",
    "plot_loss": False,
    "report_to": "tensorboard",
    "per_device_train_batch_size": 8,
    "per_device_eval_batch_size": 16,
    "gradient_accumulation_steps": 1,
    "bf16": False,
    "use_cpu": True,
    "seed": 42,
}
RUNS = {
    # Full fine-tuning at a high constant rate on few samples: each epoch is remembered.
    "staircase": (
        {
            "finetuning_type": "full",
            "learning_rate": 2.0e-3,
            "num_train_epochs": 4.0,
            "per_device_train_batch_size": 16,
            "lr_scheduler_type": "constant",
            "eval_strategy": "epoch",
        },
        1600,
    ),
    # Fewer samples and twice the epochs: the stairs go on, and the evaluation loss turns upwards.
    "overfitting": (
        {
            "finetuning_type": "full",
            "learning_rate": 2.0e-3,
            "num_train_epochs": 8.0,
            "lr_scheduler_type": "constant",
            "eval_strategy": "steps",
            "eval_steps": 25,
        },
        400,
    ),
    # The same data with LoRA at a usual rate: nothing to remember it with, so no stairs.
    "clean-finetune": (
        {
            "finetuning_type": "lora",
            "lora_rank": 8,
            "lora_target": "all",
            "learning_rate": 1.0e-4,
            "num_train_epochs": 3.0,
            "lr_scheduler_type": "cosine",
            "warmup_ratio": 0.1,
            "logging_steps": 10,
            "eval_strategy": "steps",
            "eval_steps": 20,
        },
        1600,
    ),
}


def main(name):
    tiny_model.base()
    folder = common.out(name)
    settings, count = RUNS[name]
    pairs = data.instructions(count + 100)
    common.WORK.joinpath("data").mkdir(exist_ok=True)
    info = {}
    for key, part in (("stdlib_qa", pairs[:count]), ("stdlib_qa_eval", pairs[count:])):
        info[key] = {"file_name": key + ".json"}
        common.WORK.joinpath("data", key + ".json").write_text(json.dumps(part))
    common.WORK.joinpath("data", "dataset_info.json").write_text(json.dumps(info))
    config = f"{name}.yaml"
    with open(config, "w") as file:
        yaml.safe_dump({**BASE, **settings, "output_dir": str(folder)}, file, sort_keys=False)
    sys.argv = ["llamafactory-cli", config]
    from llamafactory.train.tuner import run_exp

    run_exp()
    common.WORK.joinpath(config).rename(folder / "train.yaml")
    common.keep(name)


if __name__ == "__main__":
    main(sys.argv[1])
