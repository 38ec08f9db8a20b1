"""The words of the HTML report, in English and Chinese."""

from __future__ import annotations

from typing import Final

CHARTS: Final[dict[str, tuple[str, str]]] = {
    "html_title": ("lossscan report", "lossscan 报告"),
    "html_verdicts": ("Verdicts", "结论"),
    "html_curves": ("Curves", "曲线"),
    "html_chart_of": ("Chart of {series}", "{series} 曲线图"),
    "html_show": ("Show in the chart", "在图中查看"),
    "html_all": ("Whole run", "全程"),
    "html_log": ("Log scale", "对数坐标"),
    "html_full": ("Every value in view", "显示全部取值"),
    "html_smooth": ("Smoothed", "平滑"),
    "html_smoothed": ("{series}, smoothed", "{series}（平滑）"),
    "html_finding": ("finding", "结论"),
    "html_parting": ("where two runs diverge", "两个运行的分叉处"),
    "html_explained": ("change with a benign reason", "有正常原因的变化"),
    "html_further": ("Show more runs", "显示更多运行"),
    "html_cut_above": (
        "Cut off above {limit}: up to {value} at step {step}.",
        "{limit} 以上被截去：最高 {value}，在第 {step} 步。",
    ),
    "html_cut_below": (
        "Cut off below {limit}: down to {value} at step {step}.",
        "{limit} 以下被截去：最低 {value}，在第 {step} 步。",
    ),
    "picture_above": ("up to {value} above", "上方被截去，最高 {value}"),
    "picture_below": ("down to {value} below", "下方被截去，最低 {value}"),
    "html_not_positive": (
        "Values of 0 or less have no place on a log scale.",
        "0 及以下的取值无法在对数坐标上显示。",
    ),
    "html_keys": (
        "Drag to zoom, double-click for all. Keys: + and - zoom, arrows move, 0 shows all.",
        "拖动可放大，双击恢复全程。按键：+ 和 - 缩放，方向键移动，0 显示全部。",
    ),
    "html_thinned": (
        "{series}: {drawn} of {points} points are drawn; no high or low is left out.",
        "{series}：共 {points} 个点，绘出 {drawn} 个；最高点和最低点都保留。",
    ),
    "html_step": ("step", "步"),
    "html_changes": ("Every change, and what accounts for it", "所有变化及其解释"),
    "html_more_changes": ("{count} more are in the JSON report.", "另有 {count} 处见 JSON 报告。"),
    "html_level_up": ("level up", "水平上升"),
    "html_level_down": ("level down", "水平下降"),
    "html_slope_up": ("turns up", "斜率变大"),
    "html_slope_down": ("turns down", "斜率变小"),
    "html_spike": ("spike", "尖峰"),
    "html_sources": ("Files read", "读取的文件"),
    "html_no_script": (
        "The charts need JavaScript; the verdicts do not.",
        "图表需要 JavaScript；结论不需要。",
    ),
    "html_filter": ("Filter by path, rule or framework", "按路径、规则或框架筛选"),
    "html_any": ("any severity", "全部级别"),
    "html_shown": ("{shown} of {all} runs", "显示 {shown} / {all} 个运行"),
    "html_sort": ("Click a heading to sort.", "点击表头可排序。"),
    "html_overlay": ("The runs over each other", "运行叠加对比"),
    "html_curve": ("loss curve", "loss 曲线"),
}
