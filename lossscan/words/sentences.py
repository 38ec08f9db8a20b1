"""The words that are in no rule's catalogue page, in English and Chinese."""

from __future__ import annotations

from lossscan.words.charts import CHARTS
from lossscan.words.notes import NOTES

_REST = NOTES | CHARTS

# A pair a line: English, Chinese. Names in braces are given to `words.say`.
TABLE: dict[str, tuple[str, str]] = {
    # severities and statuses
    "critical": ("critical", "严重"),
    "warning": ("warning", "警告"),
    "info": ("info", "提示"),
    "ok": ("ok", "正常"),
    "error": ("error", "出错"),
    "watch_waiting": ("waiting: {reason}", "等待中：{reason}"),
    "watch_step": ("step {step}", "第 {step} 步"),
    "watch_step_of": ("step {step} of {of}", "第 {step} 步，共 {of} 步"),
    "watch_rate": ("{rate} steps/s", "{rate} 步/秒"),
    "watch_age": (
        "last point {seconds} s ago · Ctrl-C ends the watch with a report",
        "最后一点于 {seconds} 秒前 · 按 Ctrl-C 结束并给出报告",
    ),
    # the doctor
    "doctor_packages": ("packages", "依赖包"),
    "doctor_extras": ("extras", "可选组件"),
    "doctor_missing": (
        "missing: pip install 'lossscan[{extra}]'",
        "未安装：pip install 'lossscan[{extra}]'",
    ),
    "doctor_installed": ("installed", "已安装"),
    "doctor_plugins": ("plug-ins", "插件"),
    "doctor_no_plugins": ("none", "无"),
    "doctor_formats": ("log formats", "日志格式"),
    "doctor_reporters": ("report formats", "报告格式"),
    "doctor_rules": ("rules", "规则"),
    "doctor_settings": ("effective settings", "生效的设置"),
    "doctor_defaults": ("all defaults", "全部为默认值"),
    # what accounts for an event that needs no finding
    "account_beside": (
        "context only: findings come from the loss",
        "仅供参考：只有 loss 会单独给出结论",
    ),
    "account_falls": ("the loss falls faster from here", "loss 从此处起下降更快"),
    "account_returns": ("the loss comes back down before the end", "loss 在结束前已经回落"),
    "account_schedule": ("the learning rate changes here", "该处学习率发生变化"),
    "account_explained": ("explained: see ruled out", "已检查并有解释：见“已排除”"),
    "account_not_asked": ("its rule is not selected", "对应的规则未被选中"),
    # headings
    "evidence": ("Evidence", "证据"),
    "causes": ("Likely causes, best first", "可能的原因（按可能性排序）"),
    "likely": ("Likely cause", "最可能的原因"),
    "remedies": ("What to do", "怎么办"),
    "next": ("Next", "下一步"),
    "ruled_out": ("Ruled out", "已排除"),
    "remarks": ("Remarks", "备注"),
    "skipped": ("Skipped files", "已跳过的文件"),
    "settings": ("Training settings", "训练设置"),
    "findings": ("findings", "结论"),
    "severity": ("severity", "级别"),
    "run": ("run", "运行"),
    "steps": ("steps", "步数"),
    "epochs": ("epochs", "epoch 数"),
    "last_loss": ("last loss", "最后 loss"),
    # header of a run
    "step_range": ("steps {first} to {last}", "第 {first} 至 {last} 步"),
    "epoch_count": ("{epochs:epoch|epochs}", "{epochs} 个 epoch"),
    "complete": ("complete", "已完成"),
    "incomplete": ("ended early", "未跑完"),
    "points": ("{points:point|points}", "{points} 个点"),
    "not_used": ("unused: another file has more points", "未使用：另一文件的点更多"),
    "more": ("+{count}", "+{count}"),
    "unreadable_runs": ("Could not be read", "无法读取"),
    "below": ("runs under {root}", "{root} 下的运行"),
    # chart
    "log_scale": ("log scale", "对数坐标"),
    "epoch_boundary": ("epoch boundary", "epoch 边界"),
    "some_boundaries": ("every {every:th} epoch boundary", "每 {every} 个 epoch 标一条边界"),
    "change_point": ("change point", "变点"),
    "finding_here": ("= finding number", "= 结论编号"),
    "not_finite": ("NaN or inf", "NaN 或 inf"),
    # a finding
    "more_evidence": (
        "{count:more place|more places} like these",
        "另有 {count} 处类似",
    ),
    "sure": ("confidence {percent}%", "置信度 {percent}%"),
    "from_to": ("steps {first} to {last}", "第 {first} 至 {last} 步"),
    "at_step": ("step {first}", "第 {first} 步"),
    "largest": ("largest {change}", "最大 {change}"),
    "episodes": ("{count} steps: {steps}", "共 {count} 处：{steps}"),
    "suggest": ("{field}: {value} -> {suggest}", "{field}：{value} -> {suggest}"),
    "stated": ("{field}: {value}", "{field}：{value}"),
    "unset": ("not set", "未设置"),
    "between": ("; ", "；"),
    "comma": (", ", "，"),
    "colon": (": ", "："),
    "aside": ("{text} ({more})", "{text}（{more}）"),
    # closing lines
    "nothing_found": ("Nothing found.", "未发现问题。"),
    "close_findings": (
        "{status} · findings: {count} · exit status: {exit}",
        "{status} · 结论 {count} 条 · 退出码 {exit}",
    ),
    "close_runs": ("runs: {runs} · exit status: {exit}", "运行数：{runs} · 退出码 {exit}"),
    "close_runs_waived": (
        "runs: {runs} · findings not counting: {waived} · exit status: {exit}",
        "运行数：{runs} · 不计入的结论 {waived} 条 · 退出码 {exit}",
    ),
    "see_one": (
        "Full report of one run: lossscan analyze PATH",
        "查看单个运行的完整报告：lossscan analyze 路径",
    ),
    # the gate
    "waived_baseline": ("known (in the baseline)", "已知（在基线中）"),
    "waived_suppression": ("suppressed: {reason}", "已抑制：{reason}"),
    "waived_until": ("suppressed until {expires}: {reason}", "抑制至 {expires}：{reason}"),
    "close_waived": ("not counting: {count}", "不计入 {count} 条"),
    "cut_here": (
        "_Truncated at the GitHub size limit; see the command output for the full report._",
        "_此处已达 GitHub 的长度上限；其余内容见命令输出的报告。_",
    ),
    "gone": (
        "{count} in the baseline no longer found: {named}; update with --write-baseline",
        "基线中有 {count} 条结论已不再出现：{named}；可用 --write-baseline 更新",
    ),
    "suppression_expired": (
        "{place}: suppression expired on {expires}: {rule} in {runs} ({reason})",
        "{place}：抑制项已于 {expires} 到期：{runs} 中的 {rule}（{reason}）",
    ),
    "suppression_unused": (
        "{place}: unused suppression; remove it: {rule} in {runs} ({reason})",
        "{place}：抑制项未使用，请删除：{runs} 中的 {rule}（{reason}）",
    ),
    "series_read": (
        "{name}: {count:point|points}, steps {first} to {last}, from {source}",
        "{name}：{count} 个点，第 {first} 到 {last} 步，来自 {source}",
    ),
    # what many runs show together
    "association": (
        "{condition}: {rule} in {hits} of {runs} runs, {other_hits} of {others} otherwise",
        "{condition}：{runs} 个运行中 {hits} 个有 {rule}，其余 {others} 个中 {other_hits} 个",
    ),
    "association_title": ("{rule} is associated with {condition}", "{rule} 与 {condition} 相关"),
    "association_test": (
        "odds ratio {odds}; Fisher's exact test p = {p}; q = {q} ({tests:test|tests})",
        "优势比 {odds}；Fisher 精确检验 p = {p}；q = {q}（共 {tests} 次检验）",
    ),
    "association_same": (
        "the same runs also have {same}: the logs cannot separate the two",
        "满足 {same} 的也是这些运行：仅凭日志无法区分",
    ),
    "association_next": (
        "Rerun one of these runs with only this setting changed.",
        "只改动这一项设置，重跑其中一个运行。",
    ),
    "association/setting": ("{condition}", "{condition}"),
    "in_common": ("What they have in common", "共同点"),
    "points_of": ("points", "点数"),
    "in_runs": ("{runs} of {all} runs", "{all} 个运行中的 {runs} 个"),
    "progress": ("{done} of {total} runs: {tally}", "{total} 个运行已完成 {done} 个：{tally}"),
    "interrupted": (
        "interrupted: report has {done} of {total} runs",
        "已中断：报告包含 {total} 个运行中的 {done} 个",
    ),
    "unchanged": (
        "{count:run|runs} unchanged since the last report: {tally}",
        "{count} 个运行自上次报告以来没有变化：{tally}",
    ),
    "unread": (
        "{count} of {total} runs could not be read completely; first: {first}",
        "{total} 个运行中有 {count} 个无法完整读取，第一个是：{first}",
    ),
    "older": ("{count:run|runs} skipped: not modified since", "{count} 个运行未计入：此后没有写入"),
    "by_rule": ("By rule", "按规则"),
    "by_framework": ("By framework", "按框架"),
    "framework": ("framework", "框架"),
    "rule": ("rule", "规则"),
    "runs": ("runs", "运行数"),
    "unknown": ("unknown", "未知"),
    # runs compared
    "compared_runs": ("Runs compared", "对比的运行"),
    "partings": ("Where they diverge", "在哪里分开"),
    "chance": ("Seed-to-seed variation", "随机性带来的差别"),
    "differences": ("Settings that differ, best explanation first", "不同的设置（按解释力排序）"),
    "at_equal": ("At equal steps, samples or tokens", "在相同位置"),
    "found_in_some": ("Findings in some runs only", "仅部分运行中发现"),
    "together": ("Seen only across runs", "合在一起才看得出的问题"),
    "setting": ("setting", "设置"),
    "values": ("values", "取值"),
    "explains": ("explains", "解释力"),
    "place": ("at", "位置"),
    "many_values": ("{count} different values", "{count} 个不同的值"),
    "present": ("in", "有"),
    "absent": ("not in", "无"),
    "axis_step": ("{series} at step {at}", "第 {at} 步的 {series}"),
    "axis_last": ("{series}, last points to step {at}", "到第 {at} 步的最后几个点的 {series}"),
    "axis_samples": ("{series} at {at} samples", "{at} 个样本时的 {series}"),
    "axis_tokens": ("{series} at {at} tokens", "{at} 个 token 时的 {series}"),
    "several_here": ("several runs", "多个运行重合"),
    "runs_part": ("runs diverge", "开始分开"),
    # catalogue pages
    "page_what": ("What it is", "是什么"),
    "page_why": ("Why it happens", "为什么"),
    "page_how_to_tell": ("How to tell", "如何判断"),
    "page_look_alikes": ("What looks like it", "容易混淆的情况"),
    "page_causes": ("Possible causes", "可能的原因"),
    "page_remedies": ("What to do", "怎么办"),
    "page_options": ("Options", "选项"),
    "page_references": ("Reported in", "参考"),
    "page_open": ("<...> is a number from the run.", "<...> 表示具体运行中的数值。"),
} | _REST
