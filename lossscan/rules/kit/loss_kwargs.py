"""Which models and libraries multiply the logged loss by the accumulation steps; data, no logic.

From a scan of every `modeling_*.py` in twelve wheels of transformers: the true
first and last versions may be one minor release off.
"""

from __future__ import annotations

from msgspec import Struct

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
