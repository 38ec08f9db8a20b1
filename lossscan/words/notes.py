"""What a reader saw and survived, or could not judge, in English and Chinese."""

from __future__ import annotations

from typing import Final

NOTES: Final[dict[str, tuple[str, str]]] = {
    # what a reader saw and survived, or could not judge
    "note": ("{path}: {kind} {numbers}", "{path}：{kind} {numbers}"),
    "broken_lines": (
        "{path}: {lines:line|lines} could not be read: left out",
        "{path}：{lines} 行无法读取，已略过",
    ),
    "truncated_tail": (
        "{path}: the last record is cut off; all before it was read",
        "{path}：最后一条记录不完整，之前的内容已全部读取",
    ),
    "cut_json": (
        "{path}: the JSON is cut off; {entries} whole entries were read; copy the file again",
        "{path}：JSON 被截断，已读取 {entries} 条完整记录；请重新复制该文件",
    ),
    "bad_checksum": (
        "{path}: {records:record|records} with a bad checksum, the first at byte {offset}",
        "{path}：{records} 条记录校验失败，首条位于第 {offset} 字节",
    ),
    "bad_records": (
        "{path}: {records:record|records} without meaning left out",
        "{path}：{records} 条记录无法解析，已略过",
    ),
    "packed_cut": (
        "{path}: the compressed file is cut off; all before its end was read",
        "{path}：压缩文件不完整，之前的内容已全部读取",
    ),
    "empty_log_history": (
        "{path}: log_history is empty: nothing was logged when it was saved",
        "{path}：log_history 为空：保存时还没有任何日志",
    ),
    "fp16_overflows": (
        "{path}: fp16 overflowed, {updates:update|updates} skipped; loss scale fell to {scale:g}",
        "{path}：fp16 梯度溢出，跳过了 {updates} 次更新；损失缩放因子降至 {scale:g}",
    ),
    "loss_scale_exhausted": (
        "{path}: a launch stopped because fp16 overflowed at the lowest loss scale; use bf16",
        "{path}：fp16 在最小损失缩放因子下仍溢出，训练因此停止；请改用 bf16",
    ),
    "ended_by_error": (
        "{path}: after the last log the program ended with an error: {error}",
        "{path}：最后一条日志之后，程序因错误退出：{error}",
    ),
    "evaluated_after": (
        "{path}: evaluation ran once training was over: loss {loss:.4g}",
        "{path}：训练结束后执行了一次评估：loss {loss:.4g}",
    ),
    "not_plotted": (
        "{path}: LLaMA-Factory found no {name} to plot: none was logged",
        "{path}：LLaMA-Factory 没有可绘制的 {name}：日志中没有该指标",
    ),
    "running_means": (
        "{path}: each loss is the mean of the epoch so far: it steps where an epoch begins anew",
        "{path}：每个 loss 是本 epoch 至今的平均值：新 epoch 开始时会出现台阶",
    ),
    "last_values_only": (
        "{path}: only the last values of the run are known; give its .wandb file for their course",
        "{path}：仅有运行结束时的数值；请提供 .wandb 文件以查看其变化过程",
    ),
    "steps_counted": (
        "{path}: states no step numbers; they were counted from its {entries} entries",
        "{path}：没有记录步数；已按其 {entries} 条记录推算",
    ),
    "training_apart": (
        (
            "{path} holds {of} trainings: lines {shown} to {to} are judged, lines {first} to {last}"
            " ({points:point|points}) are left out; give each a file of its own"
        ),
        (
            "{path} 包含 {of} 次训练：仅分析第 {shown} 至 {to} 行，第 {first} 至 {last} 行"
            "（{points} 个点）未计入；请将各次训练分为单独的文件"
        ),
    ),
    "runs_apart": (
        "{path} holds several runs: {run} is judged, {others:other|others} left out",
        "{path} 包含多个运行：仅分析 {run}，其余 {others} 个未计入",
    ),
    "epochs_assumed": (
        (
            "{path}: its counter begins anew after all it counts: taken for {epochs} epochs,"
            " which may be trainings of their own"
        ),
        "{path}：计数到头后重新开始；视为 {epochs} 个 epoch，也可能是各自独立的训练",
    ),
    "unreadable": ("{path}: could not be read: {reason}", "{path}：无法读取：{reason}"),
    "config_conflict": (
        "{field} is {value} in {source} and {other} in {other_source}; the first is used",
        "{field} 在 {source} 中为 {value}，在 {other_source} 中为 {other}；采用前者",
    ),
    "interleaved_writers": (
        "{path}: several launches wrote at once; {points:point|points} set aside",
        "{path}：多个进程同时写入；{points} 个点已搁置",
    ),
    "repeated_steps": (
        "{path}: states each step {times} times, as where every process prints; the last one holds",
        "{path}：每一步出现 {times} 次，像是每个进程都在打印；以每步的最后一行为准",
    ),
    "fresh_start": (
        "{path}: an earlier run in this folder ({points:point|points}, to step {step}) is left out",
        "{path}：同一目录中较早的运行（{points} 个点，至第 {step} 步）未计入",
    ),
    "too_short": (
        "only {points:point|points} of the loss: too short or too noisy to tell",
        "loss 只有 {points} 个点：太短或噪声太大，无法判断",
    ),
    "explained_by": ("the same change is better explained as: {by}", "同一变化有更好的解释：{by}"),
    "failed_over_it": ("its reading failed: {error}", "读取时出错：{error}"),
    "failed_hint": (
        "report it with what lossscan --verbose shows; the other files are not affected",
        "请附上 lossscan --verbose 的输出报告此问题；其他文件不受影响",
    ),
    "reader_failed": (
        "{path}: could not be read ({reason}): what it holds was not judged",
        "{path}：无法读取（{reason}）：其内容未经判断",
    ),
    "rule_crashed": (
        "rule {rule} failed ({reason}); the other rules were run",
        "规则 {rule} 运行失败（{reason}）；其余规则已照常运行",
    ),
}
