"""Settings that a log repeats before it trains."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lossscan import formats
from lossscan.formats.kit.echoes import echoed
from lossscan.settings import Settings
from lossscan.sources.files import Head
from tests import logs

POINTS = "".join(f"step {step} loss {4 - step / 100:.4f}\n" for step in range(10, 101, 10))

STATED = {
    "a command of a notebook": ("!python a.py --lr 0.5\n", {"learning_rate": (0.5, 1)}),
    "a command that is an item of a list": (
        "1、CUDA_VISIBLE_DEVICES='0,1' python -u a.py --lr 0.5\n",
        {"learning_rate": (0.5, 1)},
    ),
    "YAML in Markdown": (
        "```yaml\nlearning_rate: 0.5\nlora_layers: 20\n```\n",
        {"learning_rate": (0.5, 2)},
    ),
    "a drawn box": (
        "│ learning_rate │ 0.5 │\n│ seed          │ 3   │\n",
        {"learning_rate": (0.5, 1), "seed": (3, 2)},
    ),
    "a list of one": (
        "{'lr': [0.5], 'update_freq': [4]}\n",
        {"learning_rate": (0.5, 1), "gradient_accumulation_steps": (4, 1)},
    ),
    "a command over lines": (
        (
            "CUDA_VISIBLE_DEVICES=0 torchrun --nproc_per_node 2 run.py \\\n"
            "  --learning_rate 3e-4 \\\n  --fp16 \\\n  --gradient-accumulation-steps=8\n"
        ),
        {"learning_rate": (3e-4, 2), "fp16": (True, 3), "gradient_accumulation_steps": (8, 4)},
    ),
    "sys.argv": (
        "argv: ['run.py', '--lr', '0.1', '--no-bf16']\n",
        {"learning_rate": (0.1, 1), "bf16": (False, 1)},
    ),
    "a command with a flag that counts": (
        "python a.py --lr 0.5 --train_batch_size=8 --epoch 30\n",
        {
            "learning_rate": (0.5, 1),
            "per_device_train_batch_size": (8, 1),
            "num_train_epochs": (30.0, 1),
        },
    ),
    "a command in Markdown": (
        "`python a.py --lr 0.5 --bf16 True`\n",
        {"learning_rate": (0.5, 1), "bf16": (True, 1)},
    ),
    "overrides of Hydra": (
        "+ python -m train optim.lr=3e-4 ++trainer.max_epochs=5\n",
        {"learning_rate": (3e-4, 1), "num_train_epochs": (5.0, 1)},
    ),
    "a list of options, spelt as in Torch": (
        "niter: 25\nmanualSeed: 1111\nbatchSize: 192\nnum_iter: 300000\n",
        {
            "seed": (1111, 2),
            "per_device_train_batch_size": (192, 3),
            "max_steps": (300000, 4),
        },
    ),
    "words with what is short for them": (
        "- batch size (B): 32\n- learning rate (LR): 0.05\n",
        {"per_device_train_batch_size": (32, 1), "learning_rate": (0.05, 2)},
    ),
    "Marian's configuration": (
        "[config] learn-rate: 0.0003\n[config] optimizer: adam\n",
        {"learning_rate": (0.0003, 1), "optim": ("adam", 2)},
    ),
    "parameters of AllenNLP": (
        "INFO - trainer.optimizer.type = adagrad\nINFO - trainer.num_epochs = 140\n",
        {"optim": ("adagrad", 1), "num_train_epochs": (140.0, 2)},
    ),
    "an interval of epochs, which is none of steps": (
        "Namespace(lr=0.1, epochs=90, save_interval=5, eval_interval=1)\n",
        {"learning_rate": (0.1, 1), "num_train_epochs": (90.0, 1)},
    ),
    "an interval of epochs next to one of steps": (
        "Namespace(epochs=60, save_interval=5, save_steps=50)\n",
        {"num_train_epochs": (60.0, 1), "save_steps": (50, 1)},
    ),
    "an interval of steps next to epochs": (
        "Namespace(lr=0.1, epochs=2, save_interval=100)\n",
        {"learning_rate": (0.1, 1), "num_train_epochs": (2.0, 1), "save_steps": (100, 1)},
    ),
    "a prompt": (
        "(env) C:\\work>python train.py -learning_rate 2 -warmup_steps 80\n",
        {"learning_rate": (2.0, 1), "warmup_steps": (80, 1)},
    ),
    "flags without their command": (
        "--learning_rate 3e-4\n--betas 0.9 0.95 --bf16 True\n--grad_accum=4 \\\n",
        {"learning_rate": (3e-4, 1), "bf16": (True, 2), "gradient_accumulation_steps": (4, 3)},
    ),
    "quoted values": (
        'accelerate launch "./a_network.py" --learning_rate="0.5" --mixed_precision="bf16"\n',
        {"learning_rate": (0.5, 1), "bf16": (True, 1)},
    ),
    "variables of a shell": (
        "export LR=0.5\nACCUM=4\npython a.py --lr $LR --grad-accum ${ACCUM}\n",
        {"learning_rate": (0.5, 3), "gradient_accumulation_steps": (4, 3)},
    ),
    "exported settings": (
        "export LEARNING_RATE=0.5\nexport NUM_EPOCHS=3\n",
        {"learning_rate": (0.5, 1), "num_train_epochs": (3.0, 2)},
    ),
    "a list of overrides": (
        "overrides: ['optim.lr=0.5', 'trainer.precision=16']\n",
        {"learning_rate": (0.5, 1), "fp16": (True, 1)},
    ),
    "two columns": (
        "Parameters:\n  lr            0.5\n  epochs        7\n",
        {"learning_rate": (0.5, 2), "num_train_epochs": (7.0, 3)},
    ),
    "options with their defaults": (
        "       lr: 0.5       \t[default: 0.2]\n n_epochs: 7      \n",
        {"learning_rate": (0.5, 1), "num_train_epochs": (7.0, 2)},
    ),
    "DeepSpeed's JSON": (
        (
            '{\n "gradient_accumulation_steps": 2,\n "fp16": {\n  "auto_cast": false,\n'
            '  "enabled": true\n },\n "zero": {"enabled": false}\n}\n'
        ),
        {"gradient_accumulation_steps": (2, 2), "fp16": (True, 5)},
    ),
    "DeepSpeed's dots": (
        (
            "[config.py:1:print]   bfloat16_enabled ............. True\n"
            "[config.py:1:print]   gradient_accumulation_steps .. 8\n"
            "[config.py:1:print]   train_micro_batch_size_per_gpu  2\n"
        ),
        {
            "bf16": (True, 1),
            "gradient_accumulation_steps": (8, 2),
            "per_device_train_batch_size": (2, 3),
        },
    ),
    "a type of torch": (
        "SftArguments(learning_rate=0.5, torch_dtype=torch.bfloat16)\n",
        {"learning_rate": (0.5, 1), "bf16": (True, 1)},
    ),
    "a namespace": (
        "Namespace(arch='net', lr=0.5, loss='ce', optim=<Kind.ADAM: 'adam'>, clip_grad=None)\n",
        {"learning_rate": (0.5, 1), "optim": ("adam", 1)},
    ),
    "short names of a namespace": (
        "Namespace(bs=64, epoch=300, lr=0.5, manual_seed=3)\n",
        {
            "per_device_train_batch_size": (64, 1),
            "num_train_epochs": (300.0, 1),
            "learning_rate": (0.5, 1),
            "seed": (3, 1),
        },
    ),
    "a banner in two languages": (
        (
            "  num epochs / epoch数: 10\n  batch size per device / バッチサイズ: 1\n"
            "  gradient accumulation steps / 勾配を合計するステップ数 = 2\n"
            "  total optimization steps / 学習ステップ数: 3900\n"
        ),
        {
            "num_train_epochs": (10.0, 1),
            "per_device_train_batch_size": (1, 2),
            "gradient_accumulation_steps": (2, 3),
            "max_steps": (3900, 4),
        },
    ),
    "a namespace of one": ("Namespace(learning_rate=0.5)\n", {"learning_rate": (0.5, 1)}),
    "a dump over lines": (
        (
            "INFO - arguments TrainingArguments(\nfp16=True,\nlearning_rate=2e-05,\n"
            "lr_scheduler_type=SchedulerType.LINEAR,\n)\n"
        ),
        {"fp16": (True, 2), "learning_rate": (2e-5, 3), "lr_scheduler_type": ("linear", 4)},
    ),
    "YAML in groups": (
        "model_name_or_path: small\noptim:\n  lr: 0.003\ntrainer:\n  precision: bf16-mixed\n",
        {"model_name_or_path": ("small", 1), "learning_rate": (0.003, 3), "bf16": (True, 5)},
    ),
    "JSON behind a logger": (
        '[INFO] config:\n{\n  "micro_batch_size": 2,\n  "learning_rate": 0.01\n}\n',
        {"per_device_train_batch_size": (2, 3), "learning_rate": (0.01, 4)},
    ),
    "overridden values": (
        (
            "Overriding config with small.py:\nbatch_size = 12 # rows\n"
            "gradient_accumulation_steps = 5 * 8\nOverriding: dtype = float16\n"
        ),
        {
            "per_device_train_batch_size": (12, 2),
            "gradient_accumulation_steps": (40, 3),
            "fp16": (True, 4),
        },
    ),
    "lines of a logger": (
        (
            "[2026-01-01 10:00:00,897] [    INFO] - learning_rate                 : 5e-05\n"
            "[2026-01-01 10:00:00,897] [    INFO] - per_device_train_batch_size   : 4\n"
        ),
        {"learning_rate": (5e-5, 1), "per_device_train_batch_size": (4, 2)},
    ),
    "words": (
        "Batch size: 32\nInitial learning rate: 0.25\n",
        {"per_device_train_batch_size": (32, 1), "learning_rate": (0.25, 2)},
    ),
    "the banner of Unsloth": (
        (
            "   \\\\   /|    Num examples = 9,600 | Num Epochs = 1 | Total steps = 300\n"
            "O^O/ \\_/ \\    Batch size per device = 4 | Gradient accumulation steps = 8\n"
        ),
        {
            "num_train_epochs": (1.0, 1),
            "per_device_train_batch_size": (4, 2),
            "gradient_accumulation_steps": (8, 2),
        },
    ),
    "two launches": (
        f"python a.py --lr 0.1\n{POINTS}python a.py --lr 0.2\n",
        {"learning_rate": (0.2, 12)},
    ),
}
SILENT = {
    "a usage text": "usage: a.py [--lr LR] [--fp16]\n\noptions:\n  --lr LR  rate (default: 5e-05)\n"
    "  --batch_size N  rows (default: 8)\n\na.py: error: unrecognized arguments: --rate 1\n",
    "options without a usage line": (
        "  --lr FLOAT  the rate [default: 5e-05]\n  --batch-size N\n  --fp16  use half precision\n"
    ),
    "the usage of a script": "Usage:\n    python a.py --lr 5e-5 --batch_size 3\n",
    "prose": "Example: python a.py --lr 5e-5\nTry lowering the learning rate: 1e-5 may help.\n",
    "a banner of an evaluation": "***** Running Evaluation *****\n  Num examples = 7\n"
    "  Batch size = 8\n",
    "a printed optimizer": "AdamW (\nParameter Group 0\n    lr: 0.0\n    weight_decay: 0.01\n)\n",
    "one line alone": "learning_rate: 0.5\n",
    "one line alone in Markdown": "```\nlearning_rate: 0.5\n```\n",
    "points": "iter 1: lr: 0.1, batch_size: 3, reward: 2\n" * 3,
    "where a training is": "{'epoch': 3, 'acc': 0.5, 'grad_norm': 2.5}\n",
    "another trial of a search": "[I] Trial 11 finished with value: 0.8 and parameters:"
    " {'lr': 0.01, 'batch_size': 8}.\n",
    "the data of Megatron": "total number of epochs: 3\nnumber of steps: 4\n",
}


def _echoed(text: str) -> dict[str, tuple[Any, int]]:
    data = text.encode()
    return echoed(Head(Path("train.log"), len(data), data))


@pytest.mark.parametrize("kind", STATED)
def test_settings_are_read_with_their_line(kind: str) -> None:
    """What a log repeats of its settings is known by its canonical name, value and line."""
    text, wanted = STATED[kind]
    assert _echoed(text + POINTS) == wanted


@pytest.mark.parametrize("kind", SILENT)
def test_what_is_not_in_force_is_no_setting(kind: str) -> None:
    """Defaults, examples, points and counts of other data are no settings of the run."""
    assert _echoed(SILENT[kind] + POINTS) == {}


def test_a_model_that_is_printed_states_its_facts_only() -> None:
    """The length of a generation and the precision of stored weights are none of the training."""
    text = (
        'Model config {\n  "architectures": [\n  "Net"\n  ],\n  "dtype": "float16",\n'
        '  "max_length": 20,\n  "transformers_version": "4.30.0",\n  "vocab_size": 500\n}\n'
    )
    assert set(_echoed(text)) == {"vocab_size", "transformers_version"}


def test_a_log_in_utf_16_states_them_too() -> None:
    """What PowerShell redirects is read alike."""
    data = "Namespace(lr=0.5, seed=3)\n".encode("utf-16")
    assert echoed(Head(Path("a.log"), len(data), data))["learning_rate"] == (0.5, 1)


def test_the_run_names_the_line_of_a_setting(tmp_path: Path) -> None:
    """A setting that a log repeats is shown with the file and the line it stands in."""
    (tmp_path / "train.log").write_text(f"begin\nNamespace(lr=0.5, seed=3)\n{POINTS}")
    run = logs.run_at(tmp_path)
    assert (run.setting("learning_rate"), run.config["learning_rate"].source) == (
        0.5,
        "train.log:2",
    )


def test_what_a_reader_knows_itself_goes_before_what_the_log_repeats(tmp_path: Path) -> None:
    """A reader's own settings are those that were resolved."""
    log = tmp_path / "train.log"
    log.write_text("Namespace(lr=0.5, vocab_size=10)\nvocab_size = 50\niter 0: loss 4.5, time 9\n")
    table = formats.read_file(log, Settings())
    assert str(table.config["vocab_size"]) == "50"
