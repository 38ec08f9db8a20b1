"""My framework: for each trainer the files that it leaves, who reads them, and the command.

What a logged loss means comes from `lossscan.trainers`, what marks a file from its `Format`; a
trainer without an entry here, or a format that is gone, raises KeyError.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from docs.make.markdown import bullets, page, table
from lossscan.formats import named
from lossscan.trainers import TRAINERS, Medium, Trainer, trainer_of


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
        "The YAML of the training is found in the run; else name it: `--training-config sft.yaml`.",
    ),
    "ms-swift": Leaves(
        "ms-swift", {"logging.jsonl": "json_lines", **_HUGGING_FACE}, "output/v0-20260131-120000"
    ),
    "axolotl": Leaves(
        "Axolotl",
        {**_HUGGING_FACE, "debug.log": "transformers_console"},
        "outputs/out",
        "Name the YAML of the training: `--training-config axolotl.yaml`.",
    ),
    "trl": Leaves("TRL", _HUGGING_FACE, "sft-output"),
    "transformers": Leaves(
        "transformers",
        _HUGGING_FACE,
        "output_dir",
        "`trainer_state.json` is in each checkpoint; in the run after `trainer.save_state()`.",
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
        "Event files come with `--tensorboard-dir`. Of several ranks the last prints the loss.",
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
}
_MEDIA: Final[Mapping[Medium, str]] = {
    "console": "console",
    "events": "event files",
    "table": "its CSV table",
    "wandb": "W&B",
}
_HEAD: Final = """\
# My framework

One section for each trainer: the command, what it leaves, and what its loss means. Give the run
directory; lossscan picks the fullest log in it. Names are those of the defaults; files are known by
their content, so others work as well. Logs of W&B, MLflow, SwanLab, Comet, ClearML and Trackio are
read whatever the trainer, see [what is read](formats.md)."""
_OWN: Final = """\
Write JSON lines, or CSV with a header, and give the file:

    {"step": 10, "loss": 2.31, "lr": 1e-4, "grad_norm": 0.8}

Lines of text (`step 10 loss 2.31`) work too, names of your own are
[mapped](formats.md#your-own-keys), and `lossscan.Monitor` judges
[while it trains](watch.md#in-a-loop-of-your-own)."""


def frameworks_page() -> str:
    """The page, in the order of the titles; raises KeyError for a trainer without an entry."""
    known = {name: _LEAVES[name] for name in TRAINERS} | _LEAVES
    return page(_parts(known))


def _parts(known: Mapping[str, Leaves]) -> Iterator[str]:
    yield _HEAD
    for name, leaves in sorted(known.items(), key=lambda item: item[1].title.lower()):
        yield f"## {leaves.title}"
        yield f"    lossscan analyze {leaves.path}"
        yield leaves.hint
        rows = ((f"`{file}`", *_reader(read_by)) for file, read_by in leaves.files.items())
        yield table(("file", "format", "marked by"), rows)
        yield bullets(_facts(trainer_of(name)))
    yield "## A loop of your own"
    yield _OWN


def _reader(name: str) -> tuple[str, str]:
    sample = named(name).sample.replace("|", r"\|")
    return f"[{name}](formats.md#log-formats)", f"`{sample}`"


def _facts(trainer: Trainer) -> Iterator[str]:
    """What the table of trainers knows, in words."""
    yield _meaning(trainer)
    told = {
        "A step is a micro-batch, not an update.": trainer.step_is_a_pass,
        "The loss is in bits: times 0.693 it is in nats, as everywhere else.": trainer.in_bits,
        "The loss is summed over tokens; a loss scale below 1 is sound.": trainer.sums_losses,
        (
            "The last, incomplete data epoch is shuffled apart: see "
            "[last-epoch-drop](rules/last-epoch-drop.md)."
        ): trainer.shuffles_last_apart,
        "Arguments and defaults are those of transformers.": trainer.of_transformers,
        "A skipped update is logged with a loss of 0.0.": trainer.skips is not None,
    }
    yield from (text for text, holds in told.items() if holds)
    if trainer.keys:
        yield f"Known by {', '.join(f'`{key}`' for key in trainer.keys)} in its log."


def _meaning(trainer: Trainer) -> str:
    if trainer.step_is_a_pass:
        return "One logged loss is that of one micro-batch."
    if trainer.of_transformers:
        return "One logged loss is the mean since the line before."
    if not trainer.instant:
        return "What a logged loss is depends on the [file](formats.md#log-formats)."
    places = " and ".join(_MEDIA[medium] for medium in trainer.instant)
    return f"One logged loss is that of the step in {places}, and elsewhere a mean."
