"""What the run minimises and which trainer wrote it, from its settings and what it logs.

Rules about the level and the course of a loss hold for cross-entropy only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from lossscan.canonical.names import is_part
from lossscan.expressions import expression
from lossscan.model import Field
from lossscan.points import ADVERSARIAL, COMPOSITE
from lossscan.trainers import most_specific

CROSS_ENTROPY: Final = "cross-entropy"
PARTS: Final = 2  # a language model may log one of its own making: a router's, a distillation's
# Parts that language models log: MiniMind's two, the heads of multi-token prediction, the z-loss.
_OF_LANGUAGE: Final = expression(
    r"(?:logits?|(?:moe_)?aux|aux\d|ce|nll|lm|z|router(?:_z|_aux)?|mtp(?:_?\d+)?"
    r"|(?:load_?)?balanc(?:e|ing))_loss"
)

_SHOWN: Final = frozenset({"real", "fake"})  # to the discriminator
_GAME: Final = frozenset({"gan", "adv", "adversarial"})
_PLAYERS: Final = frozenset({"d", "disc", "discriminator", "critic", "g", "gen", "generator"})
_WORDS: Final = expression(r"[^a-z0-9]+")
_HUMP: Final = expression(r"(?<=[a-z])(?=[A-Z])")
_STAGES: Final[Mapping[str, str]] = {  # LLaMA-Factory's `stage`, ms-swift's `rlhf_type`
    "pt": CROSS_ENTROPY,
    "sft": CROSS_ENTROPY,
    "rm": "reward",
    "dpo": "dpo",
    "kto": "kto",
    "ppo": "ppo",
    "grpo": "grpo",
}
_PREFERENCE_LOSSES: Final = ("orpo", "simpo", "ipo", "hinge")
# The first line with a logged mark decides. All keys of a mark must be there; one that
# ends with "/" is a prefix.
_MARKS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("orpo", ("log_odds_ratio", "log_odds_chosen")),
    ("ppo", ("critic_loss", "value_loss", "policy/", "ppo/", "objective/kl", "val/ratio")),
    ("reward", ("min_reward max_reward",)),
    ("grpo", ("reward_std", "frac_reward_zero_std", "completions/", "clip_ratio/", "reward")),
    ("kto", ("rewards/chosen kl",)),  # DPO compares with the reference and logs no divergence
    ("dpo", ("dpo_loss", "rewards/margins", "rewards/accuracies", "logps/")),
    ("distillation", ("distill", "distill_loss", "distillation_loss", "kd_loss", "loss_kd")),
)
_HEADS: Final = (  # of the architecture's name
    ("SequenceClassification", "classification"),
    ("TokenClassification", "classification"),
    ("ImageClassification", "classification"),
    ("MultipleChoice", "classification"),
)
_BASE: Final = "transformers"  # which TRL builds on and whose files it writes
_TRL: Final = (  # what TRL's trainers add to them
    *("mean_token_accuracy", "rewards/", "completions/", "clip_ratio/", "objective/"),
    *("reward_std", "min_reward", "log_odds_ratio"),
)


def objective_of(keys: Iterable[str], config: Mapping[str, Field]) -> str:
    """The objective's name; cross-entropy where nothing points elsewhere."""
    logged = list(keys)
    parts = [key for key in logged if is_part(key) and not _OF_LANGUAGE.fullmatch(key.lower())]
    return (
        _from_settings(config)
        or (ADVERSARIAL if _is_adversarial(logged) else None)
        or _from_keys(logged)
        or _from_model(config)
        or (COMPOSITE if len(parts) >= PARTS else CROSS_ENTROPY)
    )


def _is_adversarial(keys: Iterable[str]) -> bool:
    """Whether all that is logged of a loss is of the nets of a GAN, or of what one is shown."""
    parts = [set(_WORDS.split(_HUMP.sub("_", key).lower())) for key in keys if is_part(key)]
    players = [words & (_PLAYERS | _SHOWN | _GAME) for words in parts]
    said = set().union(*players)
    return bool(parts) and all(players) and (bool(said & _PLAYERS - {"critic"}) or said >= _SHOWN)


def _from_settings(config: Mapping[str, Field]) -> str | None:
    stage = _STAGES.get(_setting(config, "stage"))
    preference = _setting(config, "pref_loss")
    return preference if stage == "dpo" and preference in _PREFERENCE_LOSSES else stage


def _from_keys(keys: Iterable[str]) -> str | None:
    logged = set(keys)
    return next((objective for objective, marks in _MARKS if is_logged(marks, logged)), None)


def is_logged(marks: Iterable[str], keys: Iterable[str]) -> bool:
    """Whether one of the marks was logged, in training or evaluation; see `_MARKS`."""
    logged = {key.removeprefix("eval_").lower().replace(" ", "_") for key in keys}
    return any(_is_there(mark, logged) for mark in marks)


def _is_there(mark: str, logged: set[str]) -> bool:
    def holds(part: str) -> bool:
        return part in logged or (part[-1] == "/" and any(k.startswith(part) for k in logged))

    return all(map(holds, mark.split()))


def _from_model(config: Mapping[str, Field]) -> str | None:
    if _setting(config, "peft_task_type") in ("seq_cls", "token_cls"):
        return "classification"
    named = config.get("architectures")
    architectures = " ".join(named.value) if named else ""
    return next((objective for head, objective in _HEADS if head in architectures), None)


def _setting(config: Mapping[str, Field], name: str) -> str:
    field = config.get(name)
    return "" if field is None else str(field.value)


def framework_of(named: Iterable[str | None], keys: Iterable[str]) -> str | None:
    """The most specific of the names; what the run logged tells TRL from its base."""
    found = most_specific(filter(None, named))
    return "trl" if found == _BASE and is_logged(_TRL, keys) else found
