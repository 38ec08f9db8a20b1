"""Which models and libraries multiply or divide the logged loss by the accumulation steps.

From a scan of every `modeling_*.py` in twelve wheels of transformers: the true
first and last versions may be one minor release off.
"""

from __future__ import annotations

import re

from msgspec import Struct

from lossscan.model import Advice, Cause, Message
from lossscan.rules.kit.case import Case

Version = tuple[int, ...]


class Defect(Struct, frozen=True):
    """A range of versions, both ends included, in which a model's loss is multiplied."""

    name: str  # as the report says it
    marks: tuple[str, ...]  # in the architecture, model type or path: lower case, letters, digits
    first: Version
    last: Version


# The forward pass takes **kwargs, so Trainer believes that it divides by num_items_in_batch.
MODELS = (
    Defect("Gemma3n", ("gemma3n",), (4, 53), (4, 57, 1)),
    Defect(
        "Gemma3 (multimodal)",
        ("gemma3forconditional", "gemma34b", "gemma312b", "gemma327b"),
        (4, 50),
        (4, 56, 2),
    ),
    Defect("LLaVA", ("llava",), (4, 49), (4, 51, 3)),
    Defect("PaliGemma", ("paligemma",), (4, 48), (4, 51, 3)),
    Defect("Mistral3", ("mistral3forconditional",), (4, 50, 3), (4, 51, 3)),
    Defect("Qwen2.5-VL", ("qwen25vl",), (4, 53), (4, 55, 4)),
    Defect("Qwen2-VL", ("qwen2vl",), (4, 53), (4, 55, 4)),
    Defect("GLM-4V", ("glm4v",), (4, 53), (4, 55, 4)),
    Defect("Llama 4", ("llama4",), (4, 51), (4, 57, 1)),
    Defect("Phi-4 multimodal", ("phi4multimodal",), (4, 51), (4, 57, 1)),
    Defect("Qwen2.5-Omni", ("qwen25omni",), (4, 54), (4, 57, 1)),
    Defect("Qwen3-Omni", ("qwen3omni",), (4, 57), (4, 57, 1)),
    Defect("Granite Speech", ("granitespeech",), (4, 52), (4, 57, 1)),
    Defect("BLIP-2", ("blip2",), (4, 52), (4, 57, 1)),
    Defect("Aya Vision", ("ayavision",), (4, 50), (4, 51, 3)),
    Defect("Janus", ("janus",), (4, 52), (4, 53, 3)),
    Defect("GPT-NeoX", ("gptneox", "pythia"), (4, 48, 3), (4, 48, 3)),
    Defect("Mamba", ("mamba",), (4, 48), (4, 57, 1)),
    Defect("XLNet", ("xlnet",), (4, 48), (4, 57, 1)),
)

# Releases that multiply for every model whose forward pass does not ask for the keyword.
RELEASES = (
    Defect("transformers 4.46.0 to 4.46.1", (), (4, 46, 0), (4, 46, 1)),
    Defect("transformers 4.47", (), (4, 47, 0), (4, 47, 1)),
)

DIVIDED_TWICE = ("qwen3vl",)  # opts out in transformers, then unsloth divides again (4.57)


def _model(case: Case) -> str:
    """Architecture, type and path of the model in lower scaled, letters and digits only."""
    named = (*(case.setting("architectures") or ()), case.setting("model_type"))
    whole = " ".join(str(name) for name in (*named, case.setting("model_name_or_path")) if name)
    return re.sub(r"[^a-z0-9 ]", "", whole.lower())


def defect_of(case: Case) -> Defect | None:
    """The defect of the run's model and version, if one is known."""
    version, model = case.version("transformers_version"), _model(case)
    if version is None:
        return None
    known = (defect for defect in MODELS if any(mark in model for mark in defect.marks))
    return next((d for d in (*known, *RELEASES) if d.first <= version <= d.last), None)


def is_divided_twice(case: Case) -> bool:
    """Whether the model is one whose loss is divided by two programs."""
    return any(mark in _model(case) for mark in DIVIDED_TWICE)


def scaling_causes(case: Case, *, divided: bool) -> tuple[Cause, ...]:
    """What may multiply or divide the loss, by what is known of the model and the versions."""
    if divided:
        score = 0.9 if is_divided_twice(case) else 0.6
        return (Cause(Message("double-division"), score, config=_versions(case)),)
    defect = defect_of(case)
    release = defect in RELEASES
    known = {"model": defect.name} if defect and not release else {}
    ignores = 0.95 if known else 0.6
    ignored = Cause(Message("known-defect" if known else "loss-kwargs-ignored", **known), ignores)
    if case.version("transformers_version") is not None and not release:
        return (ignored,)  # the release is known to divide
    older = 0.97 if release else 0.3
    return ignored, Cause(Message("library-version"), older, config=_versions(case))


def _versions(case: Case) -> tuple[Advice, ...]:
    return (*case.advise("transformers_version"), *case.advise("llamafactory_version"))
