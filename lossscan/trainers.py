"""What is known of each trainer, in one table.

Of trainers that build on each other the most specific comes first.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import Final, Literal, TypeAlias

from msgspec import Struct

Medium: TypeAlias = Literal["console", "events", "table", "wandb"]


class PolicyOptions(Struct, frozen=True, kw_only=True):
    """What a trainer of policies calls its options."""

    penalty: str = "beta, kl_coef"  # of the divergence from a reference
    exploration: str = "epsilon_high=0.28, entropy_coeff"
    update: str = "clip_range, target_kl"  # limits how far one update moves the policy


class Trainer(Struct, frozen=True, kw_only=True):
    """What rooms must know of one trainer, whatever it logs to."""

    keys: tuple[str, ...] = ()  # names that only this trainer gives to what it logs
    of_transformers: bool = False  # is transformers' Trainer, or built on it: its arguments hold
    step_is_a_pass: bool = False  # counts micro-batches, where others count updates
    instant: tuple[Medium, ...] = ()  # where it logs the loss of that step; elsewhere a mean
    shuffles_last_apart: bool = False  # builds all data epochs, and shuffles the last one apart
    skips: Literal["data", "updates"] | None = None  # of a window whose loss it logs as 0.0
    sums_losses: bool = False  # over tokens: a loss scale below 1 is sound
    sums_evaluation: bool = False  # over a sentence, where training is a mean over words
    text: bool = False  # trains language models alone: its loss is the mean over tokens, in nats
    tunes: bool = False  # fine-tunes what it is given, with AdamW where nothing else is stated
    in_bits: bool = False  # what it logs is divided by ln 2
    tokens: bool = True  # may train on tokens with PyTorch: label masks, attention, its functions
    any_task: bool = False  # scripts of all kinds log with it: that needs a vocabulary as a sign
    other_tasks: bool = False  # trains on tokens unless something shows another task
    policy: PolicyOptions = PolicyOptions()


_OTHERS: Final = (  # only their names are known
    "keras",
    "caffe",
    "darknet",
    "kaldi",
    "mmengine",
    "nnunet",
    "so-vits-svc",
    "spacy",
    "tesseract",
    "ultralytics",
)
TRAINERS: Final[Mapping[str, Trainer]] = {
    "llamafactory": Trainer(keys=("current_steps",), of_transformers=True, tunes=True),
    "ms-swift": Trainer(
        keys=("global_step/max_steps", "memory(GiB)"),
        of_transformers=True,
        tunes=True,
        policy=PolicyOptions(penalty="beta", exploration="epsilon_high=0.28"),
    ),
    "axolotl": Trainer(of_transformers=True, tunes=True),
    "trl": Trainer(
        of_transformers=True,
        tunes=True,
        policy=PolicyOptions(exploration="epsilon_high=0.28"),
    ),
    "paddlenlp": Trainer(
        of_transformers=True,
        shuffles_last_apart=True,
        skips="data",
        text=True,
        tunes=True,
    ),
    "minimind": Trainer(step_is_a_pass=True, text=True),
    "nemo": Trainer(keys=("reduced_train_loss",), instant=("console", "events"), text=True),
    "megatron": Trainer(
        keys=("lm loss",),
        instant=("events",),  # its console averages
        shuffles_last_apart=True,
        skips="updates",
        text=True,
    ),
    "lightning": Trainer(instant=("table", "wandb"), any_task=True),
    "nanogpt": Trainer(any_task=True),  # only by its lines; it states its vocabulary itself
    "torchtune": Trainer(
        keys=("tokens_per_second_per_gpu",),
        instant=("console",),
        text=True,
        tunes=True,
    ),
    "transformers": Trainer(
        keys=("single_value/train_runtime",),  # of SwanLab's callback
        of_transformers=True,
        tunes=True,
        other_tasks=True,
    ),
    "torchtitan": Trainer(
        keys=("loss_metrics/global_avg_loss",), instant=("console", "events"), text=True
    ),
    "mlx-lm": Trainer(keys=("It/sec",), text=True),
    "fairseq": Trainer(keys=("wpb",), sums_losses=True, in_bits=True),
    "deepspeed": Trainer(instant=("console",)),
    "verl": Trainer(
        policy=PolicyOptions(
            penalty="actor_rollout_ref.actor.kl_loss_coef, algorithm.kl_ctrl.kl_coef",
            exploration="actor_rollout_ref.actor.clip_ratio_high=0.28, entropy_coeff",
            update="actor_rollout_ref.actor.clip_ratio, ppo_epochs",
        ),
    ),
    "marian": Trainer(tokens=False, sums_evaluation=True),
    "stable-baselines": Trainer(
        tokens=False,
        policy=PolicyOptions(exploration="ent_coef", update="clip_range, n_epochs, target_kl"),
    ),
    "rllib": Trainer(
        tokens=False,
        policy=PolicyOptions(exploration="entropy_coeff", update="clip_param, kl_target"),
    ),
    "rsl-rl": Trainer(
        tokens=False,
        policy=PolicyOptions(exploration="entropy_coef", update="clip_param, desired_kl"),
    ),
    **dict.fromkeys(_OTHERS, Trainer(tokens=False)),
}
_UNKNOWN: Final = Trainer()


def trainer_of(name: str | None) -> Trainer:
    """What is known of a trainer; nothing of one that has no entry."""
    return TRAINERS.get(name or "", _UNKNOWN)


def may_be_transformers(name: str | None) -> bool:
    """Whether transformers' arguments and defaults hold, as they mostly do where nobody knows."""
    return name is None or trainer_of(name).of_transformers


def trainer_with_key(keys: Container[str]) -> str | None:
    """The trainer that one of the keys in a log gives away."""
    return next((name for name, t in TRAINERS.items() if any(key in keys for key in t.keys)), None)


def most_specific(names: Iterable[str]) -> str | None:
    """Of names the first of the table: a front-end writes what its trainer writes too."""
    found = set(names)
    return next((name for name in TRAINERS if name in found), None) or min(found, default=None)
