"""Settings files of many makes become one set of fields, each with its source."""

from __future__ import annotations

import json
import pickle
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from lossscan import api
from lossscan.canonical.fields import canonical_fields
from lossscan.errors import UsageError
from lossscan.model import Field, Table
from lossscan.runs.training.config import Config, read_config
from lossscan.runs.training.files import MAX_BYTES
from lossscan.sources.safe_yaml import load_yaml
from tests.tables import table

SAMPLES = Path(__file__).parents[2] / "sample_logs"

CARD = """---
base_model: {base}
tags:
- llama-factory
- lora
---

# run

### Training hyperparameters

The following hyperparameters were used during training:
- learning_rate: 5e-05
- train_batch_size: 2
- seed: 42
- distributed_type: multi-GPU
- num_devices: 4
- total_train_batch_size: 8
- optimizer: Use OptimizerNames.ADAMW_TORCH with betas=(0.9,0.95) and epsilon=1e-08
- lr_scheduler_type: cosine
- lr_scheduler_warmup_ratio: 0.05
- num_epochs: 8.0
- mixed_precision_training: Native AMP

### Training results

- seed: 7

### Framework versions

- PEFT 0.15.2
- Transformers 4.52.4
- Pytorch 2.7.0+cu126
"""


def _write(root: Path, name: str, content: str | dict[str, Any]) -> Path:
    path = root / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def _read(root: Path, *tables: Table, explicit: Path | None = None) -> Config:
    return read_config(sorted(root.iterdir()), tables, root=root, explicit=explicit)


def _values(config: Config) -> dict[str, Any]:
    return {name: field.value for name, field in config.fields.items()}


def test_fields_convert_text_to_numbers() -> None:
    """`1e-4` is text to YAML and a learning rate to everyone else."""
    found = canonical_fields({"learning_rate": "1e-4", "num_train_epochs": "3.0", "fp16": "true"})
    assert found == {"learning_rate": 1e-4, "num_train_epochs": 3.0, "fp16": True}


def test_fields_fold_enumerations_of_training_arguments() -> None:
    """A saved `IntervalStrategy.STEPS` reads like the word in a YAML."""
    found = canonical_fields(
        {"eval_strategy": "IntervalStrategy.STEPS", "lr_scheduler_type": "SchedulerType.COSINE"}
    )
    assert found == {"eval_strategy": "steps", "lr_scheduler_type": "cosine"}


def test_fields_remember_the_old_name_of_the_eval_strategy() -> None:
    """Old YAMLs say evaluation_strategy; newer transformers ignore it, so it stays visible."""
    found = canonical_fields({"evaluation_strategy": "steps"})
    assert found == {"evaluation_strategy": "steps", "eval_strategy": "steps"}


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({"warmup_steps": 0.1}, {"warmup_ratio": 0.1}),
        ({"warmup_steps": 0}, {"warmup_steps": 0}),
        ({"warmup_steps": 100}, {"warmup_steps": 100}),
        ({"max_steps": -1}, {}),
        ({"num_train_epochs": 9223372036854775807}, {}),
        ({"eval_strategy": False}, {"eval_strategy": "no"}),
        ({"disable_shuffling": True}, {"shuffle": False}),
        ({"train_sampling_strategy": "sequential"}, {"shuffle": False}),
        ({"train_sampling_strategy": "group_by_length"}, {"group_by_length": True}),
        ({"bf16": "auto", "gradient_accumulation_steps": "auto"}, {}),
        ({"learning_rate": float("nan")}, {}),
        ({"learning_rate": True}, {}),
        ({"lr": 1e-3, "learning_rate": 1e-4}, {"learning_rate": 1e-4}),
        ({"hub_token": "hf_abcdefghijklmnop", "api_key": "x"}, {}),
        ({"model_name_or_path": "https://user:secret@host/model"}, {}),
        ({"label_names": ["labels"]}, {"label_names": ("labels",)}),
        ({"dataset": ["a", "b"]}, {"dataset": "a, b"}),
    ],
)
def test_fields_fold_spellings(raw: dict[str, Any], expected: dict[str, Any]) -> None:
    """Each of the ways to say one thing gives one field, and secrets give none."""
    assert canonical_fields(raw) == expected


def test_config_reads_a_llamafactory_yaml(tmp_path: Path) -> None:
    """The YAML a LLaMA-Factory user starts from is understood and names the front-end."""
    _write(
        tmp_path,
        "train.yaml",
        "stage: pt\nfinetuning_type: lora\ncutoff_len: 2048\nlearning_rate: 1.0e-4\n",
    )
    config = _read(tmp_path)
    assert config.framework == "llamafactory"
    assert _values(config) == {
        "stage": "pt",
        "finetuning_type": "lora",
        "seq_length": 2048,
        "learning_rate": 1e-4,
    }
    assert config.fields["stage"].source == "train.yaml"


def test_config_reads_the_form_of_llama_board(tmp_path: Path) -> None:
    """llamaboard_config.yaml holds `train.` keys and the words of its menu."""
    _write(
        tmp_path,
        "llamaboard_config.yaml",
        "top.finetuning_type: lora\ntrain.learning_rate: 5e-5\ntrain.batch_size: 2\n"
        "train.training_stage: Supervised Fine-Tuning\ntrain.compute_type: bf16\n",
    )
    assert _values(_read(tmp_path)) == {
        "learning_rate": 5e-5,
        "per_device_train_batch_size": 2,
        "stage": "sft",
        "finetuning_type": "lora",
        "bf16": True,
    }


def test_config_reads_a_model_card(tmp_path: Path) -> None:
    """A card alone tells the hyperparameters, the versions and the front-end."""
    _write(tmp_path, "README.md", CARD.format(base="Qwen/Qwen3-8B"))
    config = _read(tmp_path)
    assert config.framework == "llamafactory"
    assert _values(config) == {
        "learning_rate": 5e-5,
        "warmup_ratio": 0.05,
        "num_train_epochs": 8.0,
        "adam_beta1": 0.9,
        "adam_beta2": 0.95,
        "per_device_train_batch_size": 2,
        "gradient_accumulation_steps": 1,
        "total_train_batch_size": 8,
        "num_devices": 4,
        "seed": 42,
        "fp16": True,
        "lr_scheduler_type": "cosine",
        "optim": "adamw_torch",
        "model_name_or_path": "Qwen/Qwen3-8B",
        "transformers_version": "4.52.4",
        "peft_version": "0.15.2",
    }


def test_config_ignores_a_readme_that_is_no_model_card(tmp_path: Path) -> None:
    """A project's README with a YAML example says nothing about this run."""
    _write(tmp_path, "README.md", "# Project\n```yaml\nlearning_rate: 1\n```\n- seed: 3\n")
    assert _values(_read(tmp_path)) == {}


def test_config_reads_axolotl_yaml_in_a_card(tmp_path: Path) -> None:
    """Axolotl hides its whole YAML in a details block of the card."""
    body = "axolotl version: `0.9.0`\n```yaml\nadapter: qlora\nmicro_batch_size: 2\n```\n"
    _write(tmp_path, "README.md", body)
    expected = {"finetuning_type": "lora", "per_device_train_batch_size": 2}
    assert _values(_read(tmp_path)) == expected


def test_config_reads_adapter_and_model_files(tmp_path: Path) -> None:
    """LoRA's rank comes from the adapter, the vocabulary from the model, nested or not."""
    adapter = {"r": 8, "lora_alpha": 16, "peft_type": "LORA", "task_type": "CAUSAL_LM"}
    model = {"architectures": ["LlavaModel"], "text_config": {"vocab_size": 32064}, "seed": 3}
    _write(tmp_path, "adapter_config.json", adapter)
    _write(tmp_path, "config.json", model)
    assert _values(_read(tmp_path)) == {
        "lora_rank": 8,
        "lora_alpha": 16,
        "finetuning_type": "lora",
        "peft_task_type": "causal_lm",
        "vocab_size": 32064,
        "architectures": ("LlavaModel",),
    }


def test_config_reads_deepspeed_json(tmp_path: Path) -> None:
    """DeepSpeed calls the global batch train_batch_size, and leaves much to `auto`."""
    _write(
        tmp_path,
        "ds_z2.json",
        {
            "train_batch_size": 64,
            "gradient_accumulation_steps": "auto",
            "bf16": {"enabled": True},
            "fp16": {"enabled": "auto"},
            "zero_optimization": {"stage": 2},
        },
    )
    assert _values(_read(tmp_path)) == {
        "total_train_batch_size": 64,
        "zero_stage": 2,
        "bf16": True,
    }


def test_config_unwraps_wandb_values(tmp_path: Path) -> None:
    """W&B's config.yaml wraps each value with a description."""
    wrapped = {name: {"desc": None, "value": 3} for name in ("seed", "max_steps", "save_steps")}
    _write(tmp_path, "config.yaml", wrapped)
    assert _values(_read(tmp_path)) == {"seed": 3, "max_steps": 3, "save_steps": 3}


def test_config_reads_the_hyperparameters_of_yolov5(tmp_path: Path) -> None:
    """One known name is enough in a file that states nothing else."""
    (tmp_path / "hyp.yaml").write_text("lr0: 0.01\nlrf: 0.1\nbox: 0.05\n")
    assert _values(_read(tmp_path)) == {"learning_rate": 0.01}


def test_config_opens_sections(tmp_path: Path) -> None:
    """Some keep the training's settings in a section of their file."""
    training = {"learning_rate": 1e-4, "seed": 1, "max_steps": 10}
    _write(tmp_path, "config.json", {"name": "x", "training": training})
    assert _values(_read(tmp_path)) == training


def test_config_opens_the_optimizer_of_torchtune(tmp_path: Path) -> None:
    """The recipe of torchtune states the rate beside the class of its optimizer."""
    recipe = "batch_size: 2\nepochs: 1\noptimizer:\n  _component_: torch.optim.AdamW\n  lr: 2e-5\n"
    _write(tmp_path, "torchtune_config.yaml", recipe)
    assert _values(_read(tmp_path))["learning_rate"] == 2e-5


def test_config_reads_what_hydra_resolved(tmp_path: Path) -> None:
    """It is in a hidden folder next to the log, and its optimizer may be a part of the model."""
    config = {
        "model": {"optimizer": {"_target_": "torch.optim.Adam", "lr": 0.002, "weight_decay": 0.1}},
        "data": {"batch_size": 64},
        "trainer": {"max_epochs": 3},
    }
    (tmp_path / ".hydra").mkdir()
    (tmp_path / ".hydra" / "config.yaml").write_text(json.dumps(config))
    (tmp_path / "train.log").write_text("step 1 loss 2.5\nstep 2 loss 2.25\n")
    for path in (tmp_path, tmp_path / "train.log"):
        config_of = {name: field.value for name, field in api.read(path).config.items()}
        assert (config_of["learning_rate"], config_of["weight_decay"]) == (0.002, 0.1)
        assert (config_of["num_train_epochs"], config_of["per_device_train_batch_size"]) == (3, 64)


def test_config_needs_several_known_names_in_a_file_of_any_name(tmp_path: Path) -> None:
    """A JSON that happens to hold a seed is not the training config."""
    _write(tmp_path, "notes.json", {"seed": 1, "title": "x"})
    _write(tmp_path, "eval_results.json", {"epoch": 1, "seed": 1, "max_steps": 2, "save_steps": 3})
    assert _values(_read(tmp_path)) == {}


def test_config_prefers_arguments_over_files_over_cards(tmp_path: Path) -> None:
    """What the trainer held counts more than what a YAML asked for; the disagreement is told."""
    yaml = "learning_rate: 2.0e-4\nseed: 42\nmax_grad_norm: 1.0\nnum_train_epochs: 2.5\n"
    _write(tmp_path, "train.yaml", yaml)
    _write(tmp_path, "README.md", CARD.format(base="m"))
    arguments = table("events.out.tfevents.1", "event_file", {}, config={"learning_rate": 1e-4})
    config = _read(tmp_path, arguments)
    assert config.fields["learning_rate"].value == 1e-4
    assert config.fields["num_train_epochs"].value == 2.5
    assert config.fields["lr_scheduler_type"].source == "README.md"
    (note,) = config.notes
    assert note.kind == "config_conflict"
    assert note.numbers["field"] == "learning_rate"
    assert (note.numbers["value"], note.numbers["other"]) == (1e-4, 2e-4)


@dataclass
class Arguments:
    """What transformers saves in each checkpoint."""

    learning_rate: float = 1e-4
    max_steps: int = 260


def _checkpoint(root: Path, number: int, max_steps: int = 260) -> Path:
    path = root / f"checkpoint-{number}/training_args.bin"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("args/data.pkl", pickle.dumps(Arguments(max_steps=max_steps), 2))
    return path


def test_config_prefers_the_files_of_the_run_to_those_of_a_checkpoint(tmp_path: Path) -> None:
    """A resumed run was given a new plan: the checkpoint it began from still holds the old one."""
    old = _checkpoint(tmp_path, 200)
    new = _write(tmp_path, "train.yaml", "learning_rate: 5.0e-5\nseed: 1\nmax_grad_norm: 1.0\n")
    state = table("trainer_state.json", "trainer_state", {}, config={"max_steps": 400})
    state = replace(state, path=tmp_path / state.path)
    fields = read_config([old, new], [state], root=tmp_path).fields
    assert (fields["learning_rate"].value, fields["max_steps"].value) == (5e-5, 400)


def test_config_prefers_the_last_checkpoint_by_its_number(tmp_path: Path) -> None:
    """1000 comes after 200, whatever the names sort like."""
    paths = [_checkpoint(tmp_path, number, number + 60) for number in (200, 1000)]
    fields = read_config(paths, [], root=tmp_path).fields
    assert fields["max_steps"].source == "checkpoint-1000/training_args.bin"


def test_config_of_a_checkpoint_looked_at_alone_is_its_own(tmp_path: Path) -> None:
    """Its arguments then count more than what its state says."""
    path = _checkpoint(tmp_path, 200)
    state = table("trainer_state.json", "trainer_state", {}, config={"max_steps": 400})
    state = replace(state, path=path.parent / "trainer_state.json")
    fields = read_config([path], [state], root=path.parent).fields
    assert fields["max_steps"].value == 260


def test_config_takes_equal_values_of_different_precision_for_agreement(tmp_path: Path) -> None:
    """An event file's seven digits are no disagreement."""
    _write(tmp_path, "train.yaml", "learning_rate: 1.0e-4\nseed: 42\nmax_grad_norm: 1.0\n")
    arguments = table("e", "event_file", {}, config={"learning_rate": 0.00010000000474974513})
    assert _read(tmp_path, arguments).notes == ()


def test_config_takes_the_later_of_two_launches(tmp_path: Path) -> None:
    """After a restart with another learning rate the new one holds, and both are told."""
    first = table("events.1", "event_file", {}, config={"learning_rate": 1e-4})
    second = table("events.2", "event_file", {}, config={"learning_rate": 5e-5})
    config = _read(tmp_path, first, second)
    assert config.fields["learning_rate"].value == 5e-5
    assert [note.kind for note in config.notes] == ["config_conflict"]


@pytest.mark.parametrize("resolved", [{}, {"eval_steps": 40}])
def test_config_turns_a_share_of_the_run_into_steps(
    tmp_path: Path, resolved: dict[str, int]
) -> None:
    """`eval_steps: 0.1` of 400 steps is 40 steps, resolved by the log or by us."""
    _write(tmp_path, "train.yaml", "eval_steps: 0.1\nseed: 1\nlearning_rate: 1.0e-4\n")
    state = table("trainer_state.json", "trainer_state", {}, config={"max_steps": 400, **resolved})
    assert _read(tmp_path, state).fields["eval_steps"].value == 40


def test_config_file_given_by_the_user_wins(tmp_path: Path) -> None:
    """--training-config overrides what lies in the run, without a complaint."""
    run = tmp_path / "run"
    run.mkdir()
    _write(run, "train.yaml", "learning_rate: 2.0e-4\nseed: 42\nmax_grad_norm: 1.0\n")
    explicit = _write(tmp_path, "mine.yaml", "learning_rate: 3.0e-4\n")
    config = _read(run, explicit=explicit)
    assert config.fields["learning_rate"].value == 3e-4
    assert config.fields["learning_rate"].source == str(explicit)
    assert config.notes == ()


@pytest.mark.parametrize("content", ['{"lr": 3e-4}', "lr: 3e-4\n"])
def test_config_file_given_by_the_user_may_have_any_name(tmp_path: Path, content: str) -> None:
    """YAML or JSON shows in the content."""
    explicit = _write(tmp_path, "my.settings", content)
    config = read_config([], [], root=tmp_path, explicit=explicit)
    assert config.fields["learning_rate"].value == 3e-4


@pytest.mark.parametrize("content", ["[1, 2", "just: words\n", "- a list\n"])
def test_config_file_given_by_the_user_must_be_one(tmp_path: Path, content: str) -> None:
    """A broken or empty --training-config is an error that names the file."""
    explicit = _write(tmp_path, "mine.yaml", content)
    with pytest.raises(UsageError, match=r"mine\.yaml"):
        read_config([], [], root=tmp_path, explicit=explicit)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("deep.yaml", "a: " + "[" * 500 + "]" * 500),
        ("deep.json", '{"a": ' + "[" * 200_000 + "]" * 200_000 + "}"),
        ("bomb.yaml", "a: &a [1]\n" + "".join(f"b{n}: *a\n" for n in range(100))),
        ("broken.yaml", "learning_rate: [1e-4\n"),
        ("broken.json", '{"learning_rate": }'),
        ("integer.yaml", "a: !!int ''\n"),
        ("truth.yaml", "a: !!bool maybe\n"),
        ("date.yaml", "a: !!timestamp never\n"),
        ("day.yaml", "a: 2001-99-99\n"),
        ("long.yaml", "#" * 1_100_000),
        ("training_args.json", " " * 5_000_000),
        ("tagged.yaml", "!!python/object/apply:os.system ['true']\n"),
        ("training_args.bin", "not a pickle"),
    ],
)
def test_config_notes_a_file_that_cannot_be_read(tmp_path: Path, name: str, content: str) -> None:
    """A hostile or broken settings file is named and the run is still examined."""
    _write(tmp_path, name, content)
    config = _read(tmp_path)
    assert _values(config) == {}
    assert [note.kind for note in config.notes] == ["unreadable"]


def test_yaml_merge_keys_cannot_multiply() -> None:
    """Nested merge keys would copy a mapping ten million times."""
    levels = ["a0: &a0 {x: 1}"]
    levels += [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 10)}]}}" for n in range(1, 8)]
    with pytest.raises(ValueError, match="aliases"):
        load_yaml("\n".join(levels))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(data=st.binary(max_size=300), name=st.sampled_from(["a.yaml", "a.json", "README.md"]))
def test_config_survives_any_bytes(tmp_path: Path, data: bytes, name: str) -> None:
    """Whatever stands in a settings file, reading it ends in fields or in a note."""
    for old in tmp_path.iterdir():
        old.unlink()
    (tmp_path / name).write_bytes(data)
    assert isinstance(_read(tmp_path), Config)


def test_config_of_the_staircase_sample_names_its_sources() -> None:
    """In a real LLaMA-Factory folder the saved arguments win and the YAML fills the rest."""
    root = SAMPLES / "staircase"
    config = read_config((path for path in root.iterdir() if path.is_file()), [], root=root)
    assert config.fields["learning_rate"] == Field(0.002, "training_args.bin")
    assert config.fields["finetuning_type"].source == "train.yaml"
    assert config.fields["transformers_version"].value == "5.6.0"
    assert config.notes == ()


def test_config_takes_a_large_file_of_any_name_for_data(tmp_path: Path) -> None:
    """A training set often lies beside the log; nobody wants to hear of it."""
    _write(tmp_path, "train.json", '{"text": "' + "x" * MAX_BYTES + '"}')
    assert _read(tmp_path).notes == ()


def test_a_bare_scheduler_that_names_a_schedule_is_of_the_rate():
    """`scheduler: cosine_with_restarts` is the type of schedule."""
    fields = canonical_fields({"scheduler": "cosine_with_restarts"})
    assert fields == {"lr_scheduler_type": "cosine_with_restarts"}


@pytest.mark.parametrize("value", ["slurm", "<torch.optim.lr_scheduler.StepLR object at 0x7f>", {}])
def test_any_other_scheduler_is_none_of_the_rate(value: object):
    """A scheduler of jobs, a printed object or a section states no schedule."""
    assert canonical_fields({"scheduler": value}) == {}


def test_config_opens_what_lightning_gives_the_class_of_the_optimizer(tmp_path: Path) -> None:
    """LightningCLI states the rate below `optimizer.init_args`; its scheduler's hides none."""
    (tmp_path / "config.yaml").write_text(
        "trainer: {max_epochs: 3, accumulate_grad_batches: 2}\n"
        "optimizer: {class_path: torch.optim.AdamW, init_args: {lr: 0.0008}}\n"
        "lr_scheduler: {class_path: StepLR, init_args: {step_size: 3}}\n"
    )
    values = _values(_read(tmp_path))
    assert (values["learning_rate"], values["gradient_accumulation_steps"]) == (8e-4, 2)
