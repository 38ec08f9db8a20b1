"""The most specific trainer that the files of a run speak of is its framework."""

from __future__ import annotations

import pytest

from lossscan.runs.objective import framework_of


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ([None], None),
        (["transformers", None, "llamafactory"], "llamafactory"),
        (["trl", "axolotl"], "axolotl"),
        (["unheard-of"], "unheard-of"),
    ],
)
def test_framework_is_the_most_specific_name(named: list[str | None], expected: object) -> None:
    """A front-end writes the files of the trainer it builds on, and its own."""
    assert framework_of(named, ["loss"]) == expected


@pytest.mark.parametrize(
    "key",
    [
        "rewards/chosen",
        "rewards/accuracy_reward/mean",
        "eval_rewards/margins",
        "completions/mean_length",
        "objective/kl",
        "reward_std",
        "mean_token_accuracy",
        "min_reward",
    ],
)
def test_framework_is_trl_where_its_keys_were_logged(key: str) -> None:
    """DPO, GRPO, PPO, SFT and reward training write what transformers writes, and more."""
    assert framework_of(["transformers"], ["loss", key]) == "trl"


@pytest.mark.parametrize("named", ["ms-swift", "llamafactory", "paddlenlp"])
def test_framework_stays_with_who_builds_on_trl(named: str) -> None:
    """Others log such keys too, under a name that is known."""
    assert framework_of(["transformers", named], ["loss", "rewards/chosen"]) == named


def test_framework_is_not_trl_for_a_divergence_alone() -> None:
    """A loop of one's own on transformers may log a `kl`."""
    assert framework_of(["transformers"], ["loss", "kl"]) == "transformers"
