"""My framework, in both languages: what each trainer leaves, who reads it, and the command.

What a logged loss means comes from `lossscan.trainers`, what marks a file from its `Format`; a
trainer without an entry here, or a format that is gone, raises KeyError.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from docs.make.markdown import bullets, page, said, table
from lossscan.formats import named
from lossscan.trainers import TRAINERS, Medium, Trainer, trainer_of
from lossscan.words import LANGUAGES


@dataclass(frozen=True, slots=True)
class Leaves:
    """What a trainer is called and what it leaves: each file with the format that reads it."""

    title: str
    files: Mapping[str, str]
    path: str  # to give to `lossscan analyze`
    hint: str = ""


_EVENTS: Final = {"runs/*/events.out.tfevents.*": "event_file"}
_HUGGING_FACE: Final = {
    "trainer_state.json": "trainer_state",
    "checkpoint-*/trainer_state.json": "trainer_state",
    **_EVENTS,
    "train.log": "transformers_console",
}
_CAPTURE: Final = "It prints and writes no log: keep its output, `... 2>&1 | tee train.log`."
_LEAVES: Final[Mapping[str, Leaves]] = {
    "llamafactory": Leaves(
        "LLaMA-Factory",
        {"trainer_log.jsonl": "json_lines", **_HUGGING_FACE},
        "saves/qwen2.5-7b/lora/sft",
        "The training YAML is found in the run; if not there, use `--training-config sft.yaml`.",
    ),
    "ms-swift": Leaves(
        "ms-swift", {"logging.jsonl": "json_lines", **_HUGGING_FACE}, "output/v0-20260131-120000"
    ),
    "axolotl": Leaves(
        "Axolotl",
        {**_HUGGING_FACE, "debug.log": "transformers_console"},
        "outputs/out",
        "Pass the training YAML: `--training-config axolotl.yaml`.",
    ),
    "trl": Leaves("TRL", _HUGGING_FACE, "sft-output"),
    "transformers": Leaves(
        "transformers",
        _HUGGING_FACE,
        "output_dir",
        "`trainer_state.json` is in each checkpoint, and in the run after `trainer.save_state()`.",
    ),
    "paddlenlp": Leaves(
        "PaddleNLP",
        {
            "trainer_state.json": "trainer_state",
            "runs/*/vdlrecords.*.log": "visualdl",
            "workerlog.0": "paddlenlp_console",
        },
        "checkpoints/llama_pretrain",
    ),
    "minimind": Leaves("MiniMind", {"train.log": "minimind"}, "train.log", _CAPTURE),
    "nemo": Leaves(
        "NeMo",
        {"events.out.tfevents.*": "event_file", "nemo_log_*.txt": "key_value"},
        "nemo_experiments/default/2026-01-31_12-00-00",
    ),
    "megatron": Leaves(
        "Megatron-LM",
        {"train.log": "megatron_console", "tensorboard/events.out.tfevents.*": "event_file"},
        "train.log",
        "Event files need `--tensorboard-dir`. Of several ranks, the last one prints the loss.",
    ),
    "lightning": Leaves(
        "Lightning",
        {"metrics.csv": "csv_table", "events.out.tfevents.*": "event_file"},
        "lightning_logs/version_0",
    ),
    "nanogpt": Leaves("nanoGPT", {"train.log": "nanogpt_console"}, "train.log", _CAPTURE),
    "torchtune": Leaves("torchtune", {"log_*.txt": "key_value"}, "logs"),
    "torchtitan": Leaves(
        "torchtitan",
        {"train.log": "key_value", "tb/*/events.out.tfevents.*": "event_file"},
        "outputs",
    ),
    "mlx-lm": Leaves("MLX LM", {"train.log": "key_value"}, "train.log", _CAPTURE),
    "fairseq": Leaves("fairseq", {"train.log": "fairseq_console"}, "train.log", _CAPTURE),
    "deepspeed": Leaves("DeepSpeed", {"train.log": "key_value"}, "train.log", _CAPTURE),
    "keras": Leaves(
        "Keras",
        {
            "training.csv": "csv_table",
            "logs/train/events.out.tfevents.*": "event_file",
            "train.log": "keras_console",
        },
        "logs",
        "The table comes with the callback `CSVLogger`, event files with `TensorBoard`.",
    ),
    "caffe": Leaves("Caffe", {"train.log": "key_value"}, "train.log", _CAPTURE),
    "darknet": Leaves("Darknet", {"train.log": "darknet_console"}, "train.log", _CAPTURE),
    "marian": Leaves("Marian", {"train.log": "marian_console"}, "train.log"),
    "spacy": Leaves("spaCy", {"train.log": "spacy_console"}, "train.log", _CAPTURE),
    "ultralytics": Leaves(
        "YOLO (Ultralytics)",
        {"results.csv": "csv_table", "train.log": "yolo_console"},
        "runs/detect/train",
    ),
    "stable-baselines": Leaves(
        "Stable-Baselines3",
        {"progress.csv": "csv_table", "train.log": "stable_baselines"},
        "logs/ppo",
    ),
    "nnunet": Leaves("nnU-Net", {"training_log_*.txt": "nnunet_console"}, "fold_0"),
    "verl": Leaves("verl", {"train.log": "key_value", **_EVENTS}, "train.log", _CAPTURE),
    "rllib": Leaves(
        "RLlib", {"progress.csv": "csv_table", "train.log": "rllib_console"}, "ray_results/PPO_1"
    ),
    "rsl-rl": Leaves("rsl_rl", {"train.log": "rsl_rl_console", **_EVENTS}, "logs/rsl_rl/run1"),
    "kaldi": Leaves("Kaldi", {"log/train.*.log": "kaldi_console"}, "exp/chain/tdnn/log"),
    "mmengine": Leaves("MMEngine", {"*.log": "key_value"}, "work_dirs/run1"),
    "so-vits-svc": Leaves("so-vits-svc", {"train.log": "sovits_console"}, "logs/44k"),
    "tesseract": Leaves("Tesseract", {"train.log": "tesseract_console"}, "train.log", _CAPTURE),
}
_MEDIA: Final[Mapping[Medium, str]] = {
    "console": "console",
    "events": "event files",
    "table": "its CSV table",
    "wandb": "W&B",
}
_MICRO: Final = "A step is a micro-batch, not an update."
_BITS: Final = "The loss is in bits: multiply by 0.693 for nats, as everywhere else."
_SUMS: Final = "The loss is summed over tokens; a loss scale below 1 is normal."
_LAST: Final = (
    "The last, incomplete data epoch is shuffled separately: see "
    "[last-epoch-drop](rules/last-epoch-drop.md)."
)
_DEFAULTS: Final = "Arguments and defaults are those of transformers."
_SKIPS: Final = "A skipped update is logged with a loss of 0.0."
_HEAD: Final = (
    """\
# My framework

[中文](zh/frameworks.md)

One section for each trainer: the command, what it leaves, and what its loss means. Give the run
directory; lossscan picks the fullest log in it. Names are those of the defaults; files are known by
their content, so others work as well. Logs of W&B, MLflow, SwanLab, Comet, ClearML and Trackio are
read whatever the trainer, see [what is read](formats.md).""",
    """\
# 各训练框架

[English](../frameworks.md)

每个训练框架一节：用什么命令、会留下哪些文件、日志里的 loss 是什么含义。
给出训练目录即可，lossscan 会挑选其中最完整的日志。文件名是各框架的默认值；
文件按内容识别，改了名也能读。W&B、MLflow、SwanLab、Comet、ClearML 和 Trackio
的日志与框架无关，都能读，见[能读取什么](formats.md)。""",
)
_OWN: Final = (
    """\
## A loop of your own

Write JSON lines, or CSV with a header, and give the file:

    {"step": 10, "loss": 2.31, "lr": 1e-4, "grad_norm": 0.8}

Lines of text (`step 10 loss 2.31`) work too, names of your own are
[mapped](formats.md#your-own-keys), and `lossscan.Monitor` judges
[while it trains](watch.md#in-a-loop-of-your-own).""",
    """\
## 自己写的训练循环

写成 JSONL，或带表头的 CSV，然后把文件交给 lossscan：

    {"step": 10, "loss": 2.31, "lr": 1e-4, "grad_norm": 0.8}

一行一条的文本（`step 10 loss 2.31`）也可以；
字段名不同时[在设置文件里对应](formats.md#自定义字段名)；
要在训练中途就得到结论，用 `lossscan.Monitor`，见[训练进行中](watch.md)。""",
)
_CHINESE: Final[Mapping[str, str]] = {
    "file": "文件",
    "format": "格式",
    "marked by": "特征",
    "log-formats": "日志格式",
    "console": "控制台",
    "event files": "event 文件",
    "its CSV table": "CSV 表",
    " and ": " 和 ",
    ", ": "、",
    _CAPTURE: "它只打印、不写日志文件，请保存输出：`... 2>&1 | tee train.log`。",
    _LEAVES["llamafactory"].hint: (
        "训练用的 YAML 在目录里会自动找到；不在时用 `--training-config sft.yaml` 指定。"
    ),
    _LEAVES["axolotl"].hint: "用 `--training-config axolotl.yaml` 指定训练的 YAML。",
    _LEAVES["transformers"].hint: (
        "每个 checkpoint 里都有 `trainer_state.json`；"
        "调用 `trainer.save_state()` 后训练目录里也有。"
    ),
    _LEAVES["megatron"].hint: (
        "event 文件需要 `--tensorboard-dir`。多个 rank 时由最后一个 rank 打印 loss。"
    ),
    _LEAVES["keras"].hint: "表格来自回调 `CSVLogger`，event 文件来自 `TensorBoard`。",
    _MICRO: "这里的 step 是 micro-batch，不是一次参数更新。",
    _BITS: "loss 以 bit 为单位：乘以 0.693 换算成 nat，与其他框架一致。",
    _SUMS: "loss 是各 token 之和；loss scale 小于 1 属于正常。",
    _LAST: (
        "最后一个不完整的数据 epoch 单独打乱：见 [last-epoch-drop](rules/last-epoch-drop.md)。"
    ),
    _DEFAULTS: "参数和默认值与 transformers 相同。",
    _SKIPS: "被跳过的更新在日志里 loss 记为 0.0。",
    "Known by {} in its log.": "凭日志中的 {} 识别。",
    "One logged loss is that of one micro-batch.": "日志里的一个 loss 是单个 micro-batch 的值。",
    "One logged loss is the mean since the line before.": "日志里的一个 loss 是距上一行的平均值。",
    "What a logged loss is depends on the [file]({}).": (
        "日志里的 loss 是什么，取决于[文件格式]({})。"
    ),
    "One logged loss is that of the step in {}, and elsewhere a mean.": (
        "日志里的一个 loss：在 {} 中是当步的值，在其他文件中是平均值。"
    ),
}
_say = partial(said, _CHINESE)
_FOLDERS: Final[Mapping[str, str]] = {"en": "frameworks.md", "zh": "zh/frameworks.md"}


def frameworks_pages() -> dict[str, str]:
    """Both pages by their path below docs/, in the order of the titles.

    Raises KeyError for a trainer without an entry.
    """
    known = {name: _LEAVES[name] for name in TRAINERS} | _LEAVES
    return {name: page(_parts(known, lang)) for lang, name in _FOLDERS.items()}


def _parts(known: Mapping[str, Leaves], lang: str) -> Iterator[str]:
    yield _HEAD[LANGUAGES.index(lang)]
    header = [_say(each, lang) for each in ("file", "format", "marked by")]
    for name, leaves in sorted(known.items(), key=lambda item: item[1].title.lower()):
        yield f"## {leaves.title}"
        yield f"    lossscan analyze {leaves.path}"
        yield _say(leaves.hint, lang)
        rows = ((f"`{file}`", *_reader(by, lang)) for file, by in leaves.files.items())
        yield table(header, rows)
        yield bullets(_facts(trainer_of(name), lang))
    yield _OWN[LANGUAGES.index(lang)]


def _reader(name: str, lang: str) -> tuple[str, str]:
    sample = named(name).sample.replace("|", r"\|")
    return f"[{name}]({_formats(lang)})", f"`{sample}`"


def _formats(lang: str) -> str:
    return f"formats.md#{_say('log-formats', lang)}"


def _facts(trainer: Trainer, lang: str) -> Iterator[str]:
    """What the table of trainers knows, in words."""
    yield _meaning(trainer, lang)
    facts = {
        _MICRO: trainer.step_is_a_pass,
        _BITS: trainer.in_bits,
        _SUMS: trainer.sums_losses,
        _LAST: trainer.shuffles_last_apart,
        _DEFAULTS: trainer.of_transformers,
        _SKIPS: trainer.skips is not None,
    }
    yield from (_say(text, lang) for text, holds in facts.items() if holds)
    if trainer.keys:
        keys = _say(", ", lang).join(f"`{key}`" for key in trainer.keys)
        yield _say("Known by {} in its log.", lang).format(keys)


def _meaning(trainer: Trainer, lang: str) -> str:
    if trainer.step_is_a_pass:
        return _say("One logged loss is that of one micro-batch.", lang)
    if trainer.of_transformers:
        return _say("One logged loss is the mean since the line before.", lang)
    if not trainer.instant:
        said = "What a logged loss is depends on the [file]({})."
        return _say(said, lang).format(_formats(lang))
    media = [_MEDIA[medium] for medium in trainer.instant]
    places = _say(" and ", lang).join(each if each == "W&B" else _say(each, lang) for each in media)
    said = "One logged loss is that of the step in {}, and elsewhere a mean."
    return _say(said, lang).format(places)
