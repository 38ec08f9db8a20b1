"""One alias table for training settings: raw names go in, canonical names come out.

Canonical names are those of transformers' TrainingArguments, plus facts of
the model and counts that only logs know. A name that is not in `FIELDS` is never kept, so tokens
and keys that are in a config cannot reach a report.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from lossscan.canonical.values import count, flag, names, real, stage, text, tuning, word

LONGEST_NAME = 40  # characters of a schedule's name: twice those of PyTorch's and transformers'
MAX_EPOCHS = 1e6  # transformers puts sys.maxsize where a stream has no length

_REALS = """
    learning_rate warmup_ratio num_train_epochs max_grad_norm adam_beta1 adam_beta2 weight_decay
    lora_dropout label_smoothing_factor pref_beta beta min_lr
"""
_COUNTS = """
    warmup_steps max_steps per_device_train_batch_size per_device_eval_batch_size
    gradient_accumulation_steps total_train_batch_size num_devices num_examples num_eval_examples
    eval_steps eval_delay val_size save_steps logging_steps seed data_seed lora_rank lora_alpha
    vocab_size num_classes seq_length max_samples buffer_size zero_stage quantization_bit
    steps_per_epoch train_samples samples_per_epoch tokens_per_epoch data_epochs
    last_epoch_first_sample last_epoch_samples built_samples num_trainable_parameters
"""
_FLAGS = """
    do_eval do_train save_only_model logging_first_step logging_nan_inf_filter fp16 bf16 packing
    neat_packing shuffle group_by_length streaming ignore_data_skip load_best_model_at_end
    predict_with_generate eval_on_start eval_on_each_dataset overwrite_output_dir
    average_tokens_across_devices train_on_prompt separate_last_epoch dataloader_drop_last
"""
_WORDS = """
    lr_scheduler_type eval_strategy evaluation_strategy save_strategy logging_strategy optim
    model_type peft_task_type pref_loss loss_type reduction flash_attn mix_strategy
    data_order
"""
_TEXTS = """
    model_name_or_path dataset eval_dataset template transformers_version llamafactory_version
    peft_version trl_version resume_from_checkpoint deepspeed split
"""

FIELDS: Final[Mapping[str, Callable[[Any], Any]]] = {
    **dict.fromkeys(_REALS.split(), real),
    **dict.fromkeys(_COUNTS.split(), count),
    **dict.fromkeys(_FLAGS.split(), flag),
    **dict.fromkeys(_WORDS.split(), word),
    **dict.fromkeys(_TEXTS.split(), text),
    "architectures": names,
    "label_names": names,
    "stage": stage,
    "finetuning_type": tuning,
}

ALIASES: Final[Mapping[str, str]] = {
    alias: name
    for name, aliases in {
        "learning_rate": "lr base_lr lr0 init_lr initial_lr peak_lr start_lr lr_init lrate"
        " base_learning_rate init_learning_rate initial_learning_rate learn_rate learningrate",
        "per_device_train_batch_size": "batch_size batchsize bs micro_batch_size"
        " per_gpu_train_batch_size train_micro_batch_size_per_gpu device_batch_size"
        " batch_size_per_gpu batch_size_per_device",
        "total_train_batch_size": "global_batch_size",
        "gradient_accumulation_steps": "accumulation_steps accumulate_grad_batches grad_accum_steps"
        " gradient_accumulation grad_accum update_freq accum_iter accum_grad accumulative_counts",
        "num_train_epochs": "num_epochs epochs max_epochs max_epoch n_epochs num_epoch"
        " train_epochs nepochs n_epoch nepoch total_epochs",
        "max_steps": "max_iters max_iter train_iters training_steps max_train_steps train_steps"
        " num_train_steps max_update max_updates total_optimization_steps"
        " num_iter num_iters n_iters total_iters num_iterations num_train_iters",
        "warmup_steps": "warmup_iters lr_warmup_iters num_warmup_steps warmup_updates"
        " lr_scheduler_warmup_steps",
        "fp16": "fp16_enabled",
        "bf16": "bfloat16_enabled bf16_enabled",
        "warmup_ratio": "lr_warmup_fraction lr_scheduler_warmup_ratio",
        "lr_scheduler_type": "lr_scheduler lr_decay_style scheduler",
        "max_grad_norm": "grad_clip clip_grad clip_norm clip_grad_norm gradient_clip_norm max_norm"
        " gradient_clip_val gradient_clipping",
        "logging_steps": "log_interval",
        "eval_steps": "eval_interval",
        "save_steps": "save_interval",
        "optim": "optimizer",
        "seed": "random_seed manual_seed manualseed",
        "adam_beta2": "beta2",
        "val_size": "val_set_size",
        "seq_length": "max_seq_length max_seq_len cutoff_len sequence_len block_size max_length",
        "model_name_or_path": "base_model base_model_name_or_path _name_or_path model_name model",
        "finetuning_type": "train_type tuner_type adapter peft_type",
        "peft_task_type": "task_type",
        "lora_rank": "r lora_r",
        "packing": "sample_packing",
        "stage": "training_stage rlhf_type",
        "reduction": "loss_reduction",
        "vocab_size": "padded_vocab_size",
        "num_classes": "num_labels n_classes nb_classes",
    }.items()
    for alias in aliases.split()
}

PRECISIONS: Final = (  # settings that name the precision of the training, the surest first
    *("compute_type", "mixed_precision", "precision", "params_dtype", "dtype", "amp_dtype"),
    "torch_dtype",  # where no model says so of itself
)
_HALVES: Final = {"bf16": ("bf16", "bfloat16"), "fp16": ("fp16", "float16", "16", "half")}
_SCHEDULES: Final = (  # marks of a schedule's name: a bare `scheduler` may be of jobs or requests
    *("constant", "linear", "cos", "poly", "step", "exponential", "reduce", "cycle", "restart"),
    *("inverse_sqrt", "wsd", "warmup", "noam"),
)
_NAMES = (*FIELDS, *ALIASES)
_POSITIVE = ("max_steps", "eval_steps", "save_steps", "logging_steps", "steps_per_epoch")
_ABSENT = (None, "", "auto", "None", "none", "null")


def canonical_fields(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The settings in `raw` under canonical names, converted; what does not convert is left out.

    A canonical name wins over its aliases, an earlier alias over a later one.
    """
    fields: dict[str, Any] = {}
    for name in filter(raw.__contains__, _NAMES):
        target = ALIASES.get(name, name)
        if target not in fields and raw[name] not in _ABSENT and _is_meant(name, raw[name]):
            _convert(fields, target, raw[name])
    return _folded(fields, raw)


def _is_meant(name: str, value: Any) -> bool:
    """Whether a bare `scheduler` is one of the rate: its value names a schedule, no object."""
    if name != "scheduler":
        return True
    plain = isinstance(value, str) and len(value) < LONGEST_NAME and value.isidentifier()
    return plain and any(mark in value.lower() for mark in _SCHEDULES)


def _convert(fields: dict[str, Any], name: str, value: Any) -> None:
    try:
        fields[name] = FIELDS[name](value)
    except (ValueError, TypeError, KeyError, OverflowError):
        return  # `bf16: auto`, a nested optimizer, a prompt under `model`: not a setting we know


def _folded(fields: dict[str, Any], raw: Mapping[str, Any]) -> dict[str, Any]:
    """Two spellings of one setting become one."""
    for name in _POSITIVE:
        if fields.get(name, 1) <= 0:  # -1 stands for "not set"
            del fields[name]
    if not 0 < fields.get("num_train_epochs", 1) <= MAX_EPOCHS:  # fairseq: 0 is no limit
        del fields["num_train_epochs"]
    if 0 < fields.get("warmup_steps", 0) < 1:  # transformers 5: a fraction is a ratio
        fields["warmup_ratio"] = fields.pop("warmup_steps")
    epochs = fields.get("num_train_epochs", 0) if "max_steps" not in fields else 0
    for name in filter(raw.__contains__, ("save_interval", "eval_interval")):  # may be of epochs
        if ALIASES[name] not in raw and fields.get(ALIASES[name], epochs + 1) <= epochs:
            del fields[ALIASES[name]]
    if "evaluation_strategy" in fields:
        fields.setdefault("eval_strategy", fields["evaluation_strategy"])
    return fields | _order_of(raw) | _precision_of(raw, fields)


def _order_of(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Whether samples are shuffled, from LLaMA-Factory's and transformers 5's settings."""
    strategies: dict[str, dict[str, Any]] = {
        "random": {"shuffle": True},
        "sequential": {"shuffle": False},
        "group_by_length": {"group_by_length": True},
    }
    if raw.get("disable_shuffling") in (True, "true", "True"):
        return {"shuffle": False}
    sampling = raw.get("train_sampling_strategy")
    return strategies.get(word(sampling), {}) if isinstance(sampling, str) else {}


def _precision_of(raw: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    """fp16 or bf16, where one setting chooses between them: `16-mixed`, `torch.bfloat16`."""
    if fields.get("fp16") or fields.get("bf16"):
        return {}
    said = [name for name in PRECISIONS if name in raw]
    if said == ["torch_dtype"] and "architectures" in raw:  # how a model is stored
        return {}
    chosen = next((str(raw[name]).lower() for name in said), "")
    bare = chosen.removeprefix("torch.").removesuffix("-mixed").removesuffix("-true")
    return {name: True for name, spelt in _HALVES.items() if bare in spelt}
