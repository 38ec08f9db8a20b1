"""Keys of all trainers come out under one name."""

import pytest

from lossscan.canonical.names import canonical, factor, fallback_loss, is_known, is_part, namer

SAME = {
    "loss": "loss train/loss train_loss_step lm+loss lm-loss reduced_train_loss"
    " Actor+Loss train.loss_step Train/Samples/train_loss"
    " loss_metrics/global_avg_loss",
    "eval_loss": "eval_loss eval/loss val_loss valid_loss validation+loss lm+loss+validation"
    " val_loss_epoch val/loss validation_metrics/loss",
    "grad_norm": "grad_norm grad+norm train/grad_norm grad-norm optim/total+grad+norm",
    "learning_rate": "lr learning-rate train/learning_rate optim/LR+(group+0) Learning+Rate LR"
    " lr-AdamW lr-SGD/pg1",
    "step": "current_steps global_step/max_steps iteration train/global_step 步数 训练步数",
    "kl": "KL_ref kl",
    "reward": "Reward reward",
    "eval_squad_loss": "eval_squad_loss eval/squad_loss",
    "eval_runtime": "eval_runtime eval/runtime",
    "seconds_per_step": "elapsed+time+per+iteration+(ms)",
    "skipped_iterations": "number+of+skipped+iterations",
    "loss_scale": "loss+scale loss-scale",
}


@pytest.mark.parametrize(
    ("raw", "name"), [(raw.replace("+", " "), name) for name in SAME for raw in SAME[name].split()]
)
def test_canonical_knows(raw: str, name: str):
    """A key means the same whoever wrote it."""
    assert canonical(raw) == name


@pytest.mark.parametrize("raw", ["train_loss_epoch", "train_loss", "lm loss vs samples"])
def test_canonical_takes_no_mean_for_the_loss(raw: str):
    """A mean over an epoch or the run, or the loss over samples, is not the loss."""
    assert canonical(raw) == raw


def test_canonical_keeps_unknown_keys():
    """A key that nobody knows keeps its name, without the section."""
    assert canonical("train/rewards/chosen") == "rewards/chosen"


def test_factor_makes_seconds_of_milliseconds():
    """Megatron's time per iteration is in milliseconds."""
    assert factor("elapsed time per iteration (ms)") == 1e-3


def test_factor_is_one_elsewhere():
    """Everything else is logged in its own unit."""
    assert factor("loss") == 1.0


def test_namer_puts_the_user_first():
    """A key that the user calls the loss is the loss, and `loss` is not."""
    name_of = namer({"loss": "train.nll"})
    assert (name_of("train.nll"), name_of("loss"), name_of("lr")) == (
        "loss",
        "(loss)",
        "learning_rate",
    )


def test_stand_in_takes_train_loss_for_the_loss_where_there_is_no_other():
    """Keras and Lightning may call it train_loss."""
    assert fallback_loss({"train_loss": 50, "epoch": 50}) == "train_loss"


def test_stand_in_takes_the_mean_of_an_epoch_where_it_is_all_there_is():
    """Keras' event files call the loss so; beside the loss of single steps it is none."""
    assert fallback_loss({"epoch_loss": 50}) == "epoch_loss"
    assert fallback_loss({"epoch_loss": 50, "loss": 5000}) is None


@pytest.mark.parametrize("points", [{"train_loss": 1}, {"train_loss": 50, "loss": 50}])
def test_stand_in_leaves_the_mean_of_the_run(points: dict[str, int]):
    """One value at the end is the mean of the run; a real loss needs no stand-in."""
    assert fallback_loss(points) is None


def test_is_known_tells_quantities_from_words():
    """Prose before a colon is no quantity."""
    assert is_known("lr")
    assert not is_known("written by")


@pytest.mark.parametrize("name", ["loss_mask", "train_duration_loss", "train_mel_loss_before"])
def test_parts_of_a_loss(name: str):
    """Of Mask R-CNN, and of TensorFlowTTS."""
    assert is_part(name)


@pytest.mark.parametrize(
    "name",
    ["loss_mask_prob", "train_total_loss", "train_avg_loss", "train_loss", "loss_ratio"],
)
def test_no_parts_of_a_loss(name: str):
    """Settings, totals and means, and what insurers keep."""
    assert not is_part(name)


def test_one_epoch_with_a_validation_has_a_training_loss():
    """A mean of the run has none beside it, or how long the run took."""
    assert fallback_loss({"train_loss": 1, "eval_loss": 1}) == "train_loss"
    assert fallback_loss({"train_loss": 1}) is None
    assert fallback_loss({"train_loss": 1, "eval_loss": 1, "train_runtime": 1}) is None


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("Average Episode Return", "reward"),
        ("mean_ep_rew", "reward"),
        ("rollout/ep_rew_mean", "reward"),
        ("total_rewards", "reward"),
        ("reward/mean", "reward"),
        ("eval/episode_reward", "eval_episode_reward"),
        ("returns", "returns"),
        ("return", "return"),
    ],
)
def test_a_reward_has_many_names(key: str, name: str):
    """In any order of its words; a bare `return` may be of a stock."""
    assert canonical(key) == name
