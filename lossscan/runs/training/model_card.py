"""The text of a model card (README.md) becomes the raw settings it states."""

from __future__ import annotations

import re
from typing import Any, Final

from lossscan.expressions import expression

_MARK: Final = "The following hyperparameters were used during training:"
_ITEM: Final = expression(r"^- ([\w ]{1,60}): (.{1,1000})$", re.MULTILINE)
_VERSION: Final = expression(r"^- (Transformers|PEFT|TRL):? v?(\d[\w.+-]{0,60})$", re.M | re.I)
_AXOLOTL: Final = "axolotl version: `"
_BETAS: Final = expression(r"betas=\(([\d.]{1,40}), ?([\d.]{1,40})\)")
_OPTIMIZER: Final = expression(r"(?:Use )?(?:OptimizerNames\.)?(\w+)")
_RENAMED: Final = {"train_batch_size": "per_device_train_batch_size"}
_FRAMEWORKS: Final = {"llama-factory": "llamafactory", "axolotl": "axolotl", "trl": "trl"}


def card_settings(card: str) -> dict[str, Any]:
    """The settings that a model card states, under its names; empty for any other README."""
    front = _front_matter(card)
    versions = {f"{name.lower()}_version": version for name, version in _VERSION.findall(card)}
    settings: dict[str, Any] = {**_hyperparameters(card), **versions, **_axolotl(card)}
    if isinstance(front.get("base_model"), str):
        settings.setdefault("base_model", front["base_model"])
    return settings


def card_framework(card: str) -> str | None:
    """The front-end that the card's tags name."""
    tags = _front_matter(card).get("tags")
    named = [_FRAMEWORKS[tag] for tag in _FRAMEWORKS if isinstance(tags, list) and tag in tags]
    return named[0] if named else None


def _front_matter(card: str) -> dict[str, Any]:
    from lossscan.sources.safe_yaml import load_yaml

    match = re.match(r"---\r?\n(.*?)\n---", card, re.DOTALL)
    loaded = load_yaml(match[1]) if match else None
    return loaded if isinstance(loaded, dict) else {}


def _hyperparameters(card: str) -> dict[str, Any]:
    _, mark, rest = card.partition(_MARK)
    if not mark:
        return {}
    listed = _ITEM.findall(rest.partition("\n#")[0])
    settings: dict[str, Any] = {_RENAMED.get(name, name): value for name, value in listed}
    settings.setdefault("gradient_accumulation_steps", 1)  # the card leaves a 1 out
    if settings.pop("mixed_precision_training", None) == "Native AMP":
        settings["fp16"] = True  # it says so for fp16 only
    return settings | _optimizer(str(settings.pop("optimizer", "")))


def _optimizer(sentence: str) -> dict[str, Any]:
    name, betas = _OPTIMIZER.match(sentence), _BETAS.search(sentence)
    found: dict[str, Any] = {"optim": name[1]} if name else {}
    return found | ({"adam_beta1": betas[1], "adam_beta2": betas[2]} if betas else {})


def _axolotl(card: str) -> dict[str, Any]:
    from lossscan.sources.safe_yaml import load_yaml

    block = card.partition(_AXOLOTL)[2].partition("```yaml\n")[2]
    settings, closed, _ = block.partition("```")
    loaded = load_yaml(settings) if closed else None
    return loaded if isinstance(loaded, dict) else {}
