"""How logs spell the names of series and of sets, in several languages: the tables of `names`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lossscan.canonical.rewards import DIVERGENCE, ENTROPY

ALIASES: Final[Mapping[str, str]] = {
    alias: name
    for name, aliases in {
        "loss": "lm_loss reduced_train_loss actor_loss loss_step train_loss_step step_loss"
        " training_loss loss_train loss/train/total gpt_loss tloss"
        " act_loss avr_loss closs samples/train_loss loss_metrics/global_avg_loss xent main/loss"
        " loss/total_loss loss/out loss_avg_rank loss_function 损失 训练损失 当前损失 平均损失"
        " 损失值 训练loss 训练集损失 训练集loss"
        " loss/word loss/token mini_batch_loss minibatch_loss loss_value loss_values lossvalue"
        " perda perte pérdida perdida verlust trainingsverlust perdita"
        " 損失 ロス 손실 로스 потери потеря",
        "eval_loss": "validation_loss lm_loss_validation dev_loss eval_loss_epoch eval_metrics/loss"
        " cv_loss vloss validierungsverlust loss_val loss_valid loss_validation loss_eval"
        " validation/main/loss 验证损失 验证loss 验证集损失 验证集loss",
        "grad_norm": "norm gradnorm gnorm grdn gradient_norm total_grad_norm optim/total_grad_norm"
        " optim/grad_norm actor/grad_norm",
        "learning_rate": "lr train_lr learn_rate lrate 学习率 samples/lr"
        " optim/lr optim/lr_(group_0) learning_rate_(group_0)"
        " actor/lr epoch_learning_rate lr/pg0 x/lr0 base_learning_rate",
        "epoch": "epochs progress_or_epoch ep epoch_num epoch_number epoch_no epoch_idx epoch_index"
        " epoch_id cur_epoch current_epoch epoch_# época epoca époque epoche 轮次 轮数",
        "reward": "average_reward_score critic/rewards/mean objective/rlhf_reward"
        " env_runners/episode_return_mean 奖励 平均奖励 总奖励 累计奖励",
        **dict.fromkeys((*DIVERGENCE, *ENTROPY, "loss_scale", "consumed_samples"), ""),
        "kl": "kl_ref kl_div kl_divergence mean_kl avg_kl actor/kl_loss",
        "approx_kl": "approxkl policy/approxkl_avg",
        "entropy": "mean_entropy avg_entropy policy_entropy",
        "num_input_tokens_seen": "total_tokens num_tokens trained_tokens consumed_tokens"
        " n_tokens_seen",
        "skipped_iterations": "number_of_skipped_iterations",
        "nan_iterations": "number_of_nan_iterations",
        "seconds_per_step": "elapsed_time_per_iteration_(ms) elapsed_time_per_iteration_(s)"
        " iteration_time train_step_timing_in_s iter_time_(s) step_time seconds_per_iteration"
        " time_metrics/end_to_end(s)",
        "tokens_per_second": "tps tokens/sec tokens_per_sec tokens_per_second_per_gpu"
        " tokens_per_second_per_device interval_tokens_per_second_per_device throughput(tps)",
        "step": "steps iter iters iteration iterations current_steps global_step current_step"
        " trainer/global_step global_steps global_step/max_steps _step"
        " training_iteration timestep timesteps total_timesteps time/total_timesteps num_timesteps"
        " progress/kimg itr step_num step_number iteration_number example_counter number_of_trees"
        " 步数 训练步数 迭代 迭代次数",
        "max_steps": "total_steps",
        "total_loss": "tot_loss total_cost",
        "cross_entropy": "binary_cross_entropy",
        # The evaluation's where no other is logged.
        "test_loss": "test/loss loss_test 测试损失 测试loss 测试集损失 测试集loss",
        "train_error": "train_err",
        "eval_error": "eval_err",
    }.items()
    for alias in (name, *aliases.split())
}
# The words of a name that say whose a loss is, and those that say that it is one.
SETS: Final[Mapping[str, str]] = {
    word: name
    for name, words in {
        "train_loss": "train training tr trn treino treinamento entrenamiento entraînement"
        " entrainement apprentissage обучение обучении обучения 訓練 学習 훈련 학습",
        "eval_loss": "val va vali valid validate validation vl eval evaluation dev"
        " holdout heldout cv validacao validação validación валидация валидации 検証 검증",
        "test_loss": "test testing tst te teste prueba тест тесте テスト",
    }.items()
    for word in words.split()
}
LOSS_WORDS: Final = (
    "los",  # as some misspell it
    *("perda", "perte", "pérdida", "perdida", "verlust", "perdita"),
    *("потери", "потеря", "損失", "ロス", "손실", "로스"),
)
