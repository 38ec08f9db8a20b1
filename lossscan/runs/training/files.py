"""One settings file of a run becomes the canonical fields it states, with how far to trust it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import IntEnum
from fnmatch import fnmatch
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from msgspec import Struct, field

from lossscan.canonical.fields import canonical_fields
from lossscan.errors import Unusable
from lossscan.runs.training.model_card import card_framework, card_settings
from lossscan.sources.files import any_of, beginning
from lossscan.sources.packed import plain_name
from lossscan.sources.safe_json import load_json

MAX_BYTES = 4 * 1024 * 1024  # a model's config.json with 20,000 labels takes one
MOST_OF_RUN = 32 * 1024 * 1024  # of its files of any name; a sweep's folder of 300 states a tenth
LEAST_OF_FILE = 1 << 14  # bytes that each counts for at least: 2,048 files take a second
YAML_COSTS = 8  # times as much; a MiB takes a second, of JSON an eighth
MANY_NAMES = 1000  # of files, whose kinds are remembered: the runs of a batch share them
MIN_FIELDS = 3  # fewer known names in a file of any name are a coincidence


class Trust(IntEnum):
    """Who wins where several files state one field; the lowest number does."""

    EXPLICIT = 0  # --training-config
    ARGUMENTS = 1  # the arguments as the trainer held them: event text, training_args.bin
    TRAINING_ARGS = 2  # what a front-end passed on
    SETTINGS = 3  # any other YAML or JSON that states training settings
    LOG = 4  # banners and state: resolved values, epochs rounded up
    CARD = 5
    MODEL = 6  # may be a copy of the base model's file


class Room(Struct):
    """How much is left of what the settings files of any name of a run may take together."""

    left: int = field(default_factory=lambda: MOST_OF_RUN)

    def take(self, size: int) -> None:
        """Raise Unusable for the first file that is beyond it."""
        self.left -= max(size, LEAST_OF_FILE)
        if self.left < 0:
            mib, yaml = MOST_OF_RUN >> 20, MOST_OF_RUN // YAML_COSTS >> 20
            files = MOST_OF_RUN // LEAST_OF_FILE
            raise Unusable("settings_enough", mib=mib, yaml=yaml, files=files)


class Stated(Struct, frozen=True):
    """The settings that one file states."""

    path: Path
    trust: Trust
    fields: Mapping[str, Any]
    framework: str | None = None
    lines: Mapping[str, int] = field(default_factory=dict)  # of fields, where they are known


def is_config_name(path: Path) -> bool:
    """Whether a file of this name may state settings; its content still decides."""
    return _kind_of(path.name) is not None


def states_no_points(path: Path) -> bool:
    """Whether files of this name are known to state settings alone, as `config.json` does."""
    kind = _kind_of(path.name)
    return kind is not None and kind[1] is not Trust.SETTINGS


def read_settings(
    path: Path, trust: Trust | None = None, room: Room | None = None
) -> Stated | None:
    """What the file states, None where it is about something else; ValueError says what is wrong.

    `trust` overrides what the file's name deserves. Files without `room`, behind the first one
    that found none, are about something else. Raises OSError where it cannot be read.
    """
    kind = _kind_of(path.name) or (_any_text, Trust.SETTINGS)
    expected = kind[1] is not Trust.SETTINGS or trust is not None
    bounded = room if not expected else None
    if bounded and bounded.left < 0:
        return None
    data = beginning(path, MAX_BYTES + 1)
    if bounded:
        bounded.take(len(data) * (YAML_COSTS if kind[0] is _yaml else 1))
    if len(data) > MAX_BYTES:
        if not expected:  # a data set next to the run
            return None
        raise Unusable("larger_mib", mib=MAX_BYTES >> 20)
    raw = kind[0](data)
    fields = canonical_fields(raw.settings)
    if not fields or (len(fields) < MIN_FIELDS and not (raw.sure or expected)):
        return None
    return Stated(path, kind[1] if trust is None else trust, fields, raw.framework)


class Raw(NamedTuple):
    """Settings under the names of the file."""

    settings: Mapping[str, Any]
    framework: str | None = None
    sure: bool = False  # the content itself shows what it is


Reader = Callable[[bytes], Raw]


def _any_text(data: bytes) -> Raw:
    stripped = data.lstrip()
    return _json(data) if stripped.startswith(b"{") else _yaml(data)


def _json(data: bytes) -> Raw:
    return _settings_in(load_json(data))


def _yaml(data: bytes) -> Raw:
    from lossscan.sources.safe_yaml import load_yaml

    return _settings_in(load_yaml(data.decode("utf-8-sig", errors="replace")))


def _pickled(data: bytes) -> Raw:
    from lossscan.runs.training.pickled_args import scalars

    return Raw(scalars(data))


def _card(data: bytes) -> Raw:
    card = data.decode("utf-8", errors="replace")
    return Raw(card_settings(card), card_framework(card))


def _settings_in(loaded: Any) -> Raw:
    """The flat settings of a parsed file, whatever it wraps them in."""
    if not isinstance(loaded, dict):
        return Raw({})
    raw = {str(key): _unwrapped(value) for key, value in loaded.items()}
    for shape, unpack in _SHAPES:
        if any(mark in raw for mark in shape):
            return Raw(unpack(raw), _framework_of(raw), sure=True)
    swanlab = all(isinstance(each, dict) and set(each) == _WRAPPING for each in loaded.values())
    return Raw(_with_sections(raw), _framework_of(raw), sure=swanlab)


_WRAPPING: Final = frozenset({"desc", "sort", "value"})


def _unwrapped(value: Any) -> Any:
    """W&B writes each setting as `{desc: ..., value: ...}`, SwanLab with `sort` next to it."""
    wrapped = isinstance(value, dict) and "value" in value and set(value) <= _WRAPPING
    return value["value"] if wrapped else value


def _with_sections(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The sections that hold training settings are opened, also within one opened before."""
    opened: dict[str, Any] = {}
    for name in _SECTIONS:
        section = raw.get(name, opened.get(name))
        if isinstance(section, dict):
            opened |= {str(key): value for key, value in section.items()}
            given = section.get("init_args")  # of the class that LightningCLI's `class_path` names
            opened |= given if isinstance(given, dict) else {}
    return {**opened, **raw}


def _model(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Facts of a model's config.json; a multimodal one keeps its vocabulary in `text_config`."""
    text = raw.get("text_config")
    nested = text if isinstance(text, dict) else {}
    return {name: raw.get(name, nested.get(name)) for name in _MODEL_FACTS}


def _board(raw: Mapping[str, Any]) -> dict[str, Any]:
    """LLaMA Board's form: `train.learning_rate`, `top.finetuning_type`."""
    own = (key for key in raw if key.startswith(("train.", "top.")))
    return {key.partition(".")[2]: raw[key] for key in own}


def _deepspeed(raw: Mapping[str, Any]) -> dict[str, Any]:
    """DeepSpeed's JSON, in which `train_batch_size` is the global one."""
    zero = raw.get("zero_optimization")
    settings = dict(raw, total_train_batch_size=raw.get("train_batch_size"))
    settings["zero_stage"] = zero.get("stage") if isinstance(zero, dict) else None
    for name in ("fp16", "bf16"):
        section = raw.get(name)
        settings[name] = section.get("enabled") if isinstance(section, dict) else section
    return settings


def _framework_of(raw: Mapping[str, Any]) -> str | None:
    return next((name for key, name in _FRAMEWORK_KEYS.items() if key in raw), None)


_SECTIONS: Final = (
    *("model", "data", "optim"),  # of Hydra, whose `model` may hold the optimizer
    *("training_args", "training", "train", "trainer", "args", "hparams"),
    *("optimizer", "lr_scheduler"),  # torchtune's
)
_MODEL_FACTS: Final = ("vocab_size", "model_type", "architectures", "transformers_version")
_FRAMEWORK_KEYS: Final = {
    "finetuning_type": "llamafactory",
    "cutoff_len": "llamafactory",
    "tuner_type": "ms-swift",
    "train_type": "ms-swift",
    "sequence_len": "axolotl",
    "per_device_train_batch_size": "transformers",  # those above hold its arguments too
}
Unpack = Callable[[Mapping[str, Any]], dict[str, Any]]
_SHAPES: Final[tuple[tuple[tuple[str, ...], Unpack], ...]] = (
    (("train.learning_rate", "top.finetuning_type"), _board),
    (("zero_optimization", "train_micro_batch_size_per_gpu"), _deepspeed),
    (("_wandb",), _with_sections),
    (("per_device_train_batch_size",), _with_sections),  # trackers keep those of the model too
    (("architectures", "torch_dtype"), _model),
)
_OTHER: Final = any_of(  # files of known names that state no training settings
    "trainer_state.json *results.json *tokenizer*.json vocab.json special_tokens_map.json"
    " added_tokens.json generation_config.json *processor_config.json *.index.json"
    " wandb-*.json lossscan.y*ml"
)
_KINDS: Final[tuple[tuple[str, Reader, Trust], ...]] = (
    ("training_args.bin", _pickled, Trust.ARGUMENTS),
    ("training_args.y*ml", _yaml, Trust.TRAINING_ARGS),
    ("training_args.json", _json, Trust.TRAINING_ARGS),
    ("hparams.y*ml", _yaml, Trust.TRAINING_ARGS),  # Lightning's
    ("args.y*ml", _yaml, Trust.TRAINING_ARGS),  # Ultralytics',
    ("hyp.y*ml", _yaml, Trust.TRAINING_ARGS),  # with opt.yaml of YOLOv5
    ("params.y*ml", _yaml, Trust.TRAINING_ARGS),  # DVCLive's
    ("params.json", _json, Trust.TRAINING_ARGS),  # Ray Tune's
    ("adapter_config.json", _json, Trust.SETTINGS),
    ("config.json", _json, Trust.MODEL),
    ("readme.md", _card, Trust.CARD),
    ("*.yaml", _yaml, Trust.SETTINGS),
    ("*.yml", _yaml, Trust.SETTINGS),
    ("*.json", _json, Trust.SETTINGS),
)


@lru_cache(MANY_NAMES)
def _kind_of(name: str) -> tuple[Reader, Trust] | None:
    name = plain_name(name.lower())
    if _OTHER.fullmatch(name):
        return None
    return next(((read, trust) for pattern, read, trust in _KINDS if fnmatch(name, pattern)), None)
