"""What a run minimises shows in its settings and in what it logs."""

from __future__ import annotations

from typing import Any

import pytest

from lossscan.runs.objective import objective_of
from tests.tables import config


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("loss grad_norm learning_rate", "cross-entropy"),
        ("loss entropy mean_token_accuracy", "cross-entropy"),
        ("loss rewards/chosen rewards/rejected rewards/margins logps/chosen", "dpo"),
        ("eval_loss eval_rewards/margins loss", "dpo"),
        ("dpo_loss aux_loss", "dpo"),
        ("loss rewards/chosen rewards/rejected rewards/margins kl", "kto"),
        ("loss log_odds_ratio rewards/chosen rewards/margins", "orpo"),
        ("loss reward reward_std kl completions/mean_length", "grpo"),
        ("reward loss kl", "grpo"),
        ("loss critic_loss reward kl", "ppo"),
        ("objective/kl policy/clipfrac_avg loss", "ppo"),
        ("loss min_reward reward max_reward", "reward"),
        ("loss distill", "distillation"),
        ("loss ce_loss kd_loss", "distillation"),
        ("loss box_loss cls_loss dfl_loss", "composite"),
        ("loss real_loss fake_loss gan_loss", "adversarial"),
        ("loss real_loss box_loss cls_loss", "composite"),
        ("loss logits_loss aux_loss learning_rate", "cross-entropy"),
        ("loss mtp_1_loss mtp_2_loss load_balancing_loss z_loss", "cross-entropy"),
    ],
)
def test_objective_shows_in_the_logged_keys(keys: str, expected: str) -> None:
    """Each preference and RL trainer logs keys of its own."""
    assert objective_of(keys.split(), {}) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"stage": "pt"}, "cross-entropy"),
        ({"stage": "rm"}, "reward"),
        ({"stage": "dpo"}, "dpo"),
        ({"stage": "dpo", "pref_loss": "orpo"}, "orpo"),
        ({"stage": "dpo", "pref_loss": "sigmoid"}, "dpo"),
        ({"architectures": ("BertForSequenceClassification",)}, "classification"),
        ({"peft_task_type": "seq_cls"}, "classification"),
        ({"architectures": ("LlamaForCausalLM",)}, "cross-entropy"),
    ],
)
def test_objective_shows_in_the_settings(fields: dict[str, Any], expected: str) -> None:
    """LLaMA-Factory's stage and the model's head tell it where the keys do not."""
    assert objective_of(["loss"], config(**fields)) == expected


def test_objective_of_the_settings_wins_over_the_keys() -> None:
    """A reward model logs margins as DPO does; its stage says what it is."""
    assert objective_of(["loss", "rewards/margins"], config(stage="rm")) == "reward"
