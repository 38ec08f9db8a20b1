"""What a reader saw and survived, or could not judge, in English and Chinese."""

from __future__ import annotations

from typing import Final

NOTES: Final[dict[str, tuple[str, str]]] = {
    # what a reader saw and survived, or could not judge
    "note": ("{path}: {kind} {numbers}", "{path}：{kind} {numbers}"),
    "broken_lines": (
        "{path}: skipped {lines:unreadable line|unreadable lines}",
        "{path}：{lines} 行无法读取，已略过",
    ),
    "truncated_tail": (
        "{path}: last record truncated; everything before it was read",
        "{path}：最后一条记录不完整，之前的内容已全部读取",
    ),
    "cut_json": (
        "{path}: truncated JSON; read {entries:entry|entries}; copy the file again",
        "{path}：JSON 被截断，已读取 {entries} 条完整记录；请重新复制该文件",
    ),
    "bad_checksum": (
        "{path}: {records:record|records} with a bad checksum, first at byte {offset}",
        "{path}：{records} 条记录校验失败，首条位于第 {offset} 字节",
    ),
    "bad_records": (
        "{path}: skipped {records:invalid record|invalid records}",
        "{path}：{records} 条记录无法解析，已略过",
    ),
    "packed_cut": (
        "{path}: truncated compressed file; everything before the end was read",
        "{path}：压缩文件不完整，之前的内容已全部读取",
    ),
    "too_many_columns": (
        "{path}: too many metrics; read the first {most}, ignored {left}",
        "{path}：记录的指标过多，只读取前 {most} 个，其余 {left} 个已略去",
    ),
    "empty_log_history": (
        "{path}: log_history is empty: nothing was logged yet",
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
        "{path}: the program died after the last log line: {error}",
        "{path}：最后一条日志之后，程序因错误退出：{error}",
    ),
    "evaluated_after": (
        "{path}: evaluation after training: loss {loss:.4g}",
        "{path}：训练结束后执行了一次评估：loss {loss:.4g}",
    ),
    "not_plotted": (
        "{path}: LLaMA-Factory found no {name} to plot: none was logged",
        "{path}：LLaMA-Factory 没有可绘制的 {name}：日志中没有该指标",
    ),
    "running_means": (
        "{path}: each loss is a running mean over its epoch, so it steps at epoch boundaries",
        "{path}：每个 loss 是本 epoch 至今的平均值：新 epoch 开始时会出现台阶",
    ),
    "last_values_only": (
        "{path}: only final values; pass the .wandb file for the full curve",
        "{path}：仅有运行结束时的数值；请提供 .wandb 文件以查看其变化过程",
    ),
    "steps_counted": (
        "{path}: no step numbers; counted from {entries:entry|entries}",
        "{path}：没有记录步数；已按其 {entries} 条记录推算",
    ),
    "training_apart": (
        (
            "{path} holds {of} trainings: analyzed lines {shown} to {to}, ignored lines {first} to"
            " {last} ({points:point|points}); split it into one file per training"
        ),
        (
            "{path} 包含 {of} 次训练：仅分析第 {shown} 至 {to} 行，第 {first} 至 {last} 行"
            "（{points} 个点）未计入；请将各次训练分为单独的文件"
        ),
    ),
    "runs_apart": (
        (
            "{path} holds several runs; analyzed {run}, ignored {others:other|others}:"
            " pass one as {path}#NAME, or run lossscan batch {path}"
        ),
        (
            "{path} 包含多个运行：仅分析 {run}，其余 {others} 个未计入；"
            "请用 {path}#名称 指定其中一个，或运行 lossscan batch {path}"
        ),
    ),
    "epochs_assumed": (
        (
            "{path}: the counter restarts after its last value; read as {epochs} epochs,"
            " which may be separate trainings"
        ),
        "{path}：计数到头后重新开始；视为 {epochs} 个 epoch，也可能是各自独立的训练",
    ),
    "unreadable": ("{path}: unreadable: {reason}", "{path}：无法读取：{reason}"),
    "config_conflict": (
        "{field} is {value} in {source} but {other} in {other_source}; using {value}",
        "{field} 在 {source} 中为 {value}，在 {other_source} 中为 {other}；采用 {value}",
    ),
    "interleaved_writers": (
        "{path}: several processes wrote at once; {points:point|points} ignored",
        "{path}：多个进程同时写入；已忽略 {points} 个点",
    ),
    "repeated_steps": (
        "{path}: each step is logged {times} times (one per process?); using the last",
        "{path}：每一步记录了 {times} 次（每个进程一次？）；采用最后一次",
    ),
    "fresh_start": (
        "{path}: ignored an earlier run in this directory ({points:point|points}, to step {step})",
        "{path}：同一目录中较早的运行（{points} 个点，至第 {step} 步）未计入",
    ),
    "too_short": (
        "only {points:logged point|logged points}: too short or too noisy to judge",
        "loss 只有 {points} 个点：太短或噪声太大，无法判断",
    ),
    "explained_by": ("better explained by: {by}", "同一变化有更好的解释：{by}"),
    "reader_failed": (
        "{path}: unreadable ({reason}): its content was not analyzed",
        "{path}：无法读取（{reason}）：其内容未经判断",
    ),
    "rule_crashed": (
        "rule {rule} failed ({reason}); the other rules ran",
        "规则 {rule} 运行失败（{reason}）；其余规则已照常运行",
    ),
}
