"""What a run trains, as far as its files show it: some levels and limits hold for that alone."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

import numpy as np

from lossscan.expressions import expression
from lossscan.model import Series
from lossscan.numeric.levels import highest_first
from lossscan.numeric.medians import median
from lossscan.rules.kit.case import Case, kept

_CAUSAL: Final = ("CausalLM", "LMHeadModel")  # how their architectures end
_OF_TOKENS: Final = (*_CAUSAL, "ForMaskedLM")
_SEES: Final = expression(  # a name of a model that reads or makes images or sound as well
    r"(?:^|[^a-z])(?:[a-z]{0,12}vl[mv]?\d?|mplug[a-z]{0,8}\d?|[a-z]{0,4}llava|vision|blip\d?|idefics\d?|paligemma|minicpm[-_]?[vo]"
    r"|pixtral|omni|mllama|molmo|florence|fuyu|kosmos|chameleon|janus|ovis|[a-z]{0,8}flamingo|x?composer"
    r"|audio|whisper|wav\d?vec|hubert|musicgen|speech|[a-z]{0,8}tts|[a-z]{0,8}asr|[a-z]{0,8}ocr\d?)(?:$|[^a-z])"
    r"|\d[-_ ]?v(?:$|[^a-z0-9])"  # glm-4v, phi-3-v; but not v3
)
# Where a word begins in the name of an architecture, such as LlavaQwenForCausalLM.
_HUMPS: Final = expression(r"(?<=[a-z\d])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
# Trained on span corruption.
_SPANS: Final = expression(r"(?:^|[^a-z])(?:u?m|by|long|code|flan)?t5(?:$|[^a-z])")
_PERPLEXITIES: Final = {
    "ppl": "loss",
    "perplexity": "loss",
    "eval_ppl": "eval_loss",
    "eval_perplexity": "eval_loss",
}
_ROUNDED: Final = 0.05  # how far e^loss may be from its perplexity: a mean of e^x is no e^mean
OF_UNIFORM: Final = 0.8  # of ln V: starting there means from scratch (a uniform guess costs ln V)
# -ln of the smallest normal float32: where the loss of a softmax ends (Caffe)
SATURATED: Final = 87.3365
FROM_SCRATCH: Final = 7.5  # nats, where the vocabulary is unknown: no pretrained model starts there
OF_WORDS: Final = 1000  # entries; letters, phonemes and amino acids need fewer
LORA_RATE: Final = 2e-4  # usual for LoRA; 5e-4 is where public runs broke (LlamaFactory#7129)
FULL_RATE: Final = 5e-5  # the same for full fine-tuning
ABSURD: Final = 10.0  # times the usual limit: a slip of the decimal point, which no model survives


@kept
def is_token_loss(case: Case) -> bool:
    """Whether the files show that the loss is the mean over tokens, in nats, of a text model."""
    if not case.is_cross_entropy or case.trainer.in_bits or _is_other_model(case):
        return False
    if case.setting("reduction") == "sum":
        return False
    nats = _in_nats(case)
    return _shows_text(case) if nats is None else nats


def _shows_text(case: Case) -> bool:
    of_words = case.trainer.text or (case.number("vocab_size") or 0) >= OF_WORDS
    return of_words or _ends(case, _OF_TOKENS) or case.setting("stage") in ("pt", "sft")


def _ends(case: Case, endings: tuple[str, ...]) -> bool:
    return any(str(name).endswith(endings) for name in case.setting("architectures") or ())


def _is_other_model(case: Case) -> bool:
    """Whether a name says that the model is none of text alone, or was trained on spans."""
    if case.setting("architectures") and not _ends(case, _OF_TOKENS):
        return True
    names = (case.setting("model_name_or_path"), case.setting("model_type"))
    built = (_HUMPS.sub(" ", str(name)) for name in case.setting("architectures") or ())
    return _says_other(" ".join((*(str(name or "") for name in names), *built)).lower())


@lru_cache(maxsize=64)  # the runs of a batch are of a few models
def _says_other(named: str) -> bool:
    return any(name.search(named) for name in (_SEES, _SPANS))


def _in_nats(case: Case) -> bool | None:
    """Whether the logged perplexity is e to the loss; None where none is logged."""
    for name, loss in _PERPLEXITIES.items():
        pairs = _shared(case.points(loss), case.points(name))
        if pairs is not None:
            return abs(median(pairs)) <= _ROUNDED
    return None


def _shared(loss: Series | None, perplexity: Series | None) -> np.ndarray | None:
    """How far the loss is from the logarithm of the perplexity, at the steps that log both."""
    if loss is None or perplexity is None:
        return None
    _, at, other = np.intersect1d(loss.steps, perplexity.steps, return_indices=True)
    values = perplexity.values[other]
    gaps: np.ndarray = loss.values[at][values > 0] - np.log(values[values > 0])
    return gaps if len(gaps) else None


def begins_untrained(case: Case) -> bool:
    """Whether the first loss is that of a model which has read nothing yet.

    An unscaled sum, or answers in a form that is new to the model, can start as high.
    """
    if case.loss is None or is_adapter(case):
        return False
    vocabulary = case.setting("vocab_size")
    start = highest_first(case.loss.values)
    known = isinstance(vocabulary, int) and vocabulary > 1
    return start >= (OF_UNIFORM * math.log(vocabulary) if known else FROM_SCRATCH)


def learns_every_token(case: Case) -> bool:
    """Whether a language model is pretrained: no label is masked there."""
    return case.setting("stage") == "pt" or (is_token_loss(case) and begins_untrained(case))


def is_adapter(case: Case) -> bool:
    """Whether the files show that an adapter is trained, and not the whole model."""
    tuning = case.setting("finetuning_type")
    return case.setting("lora_rank") is not None or tuning not in (None, "full")


def rate_limit(case: Case) -> float | None:
    """The learning rate above which runs of this method are known to break.

    None where the files do not show the method: the limits are those of fine-tuning a pretrained
    language model with Adam.
    """
    if not is_tuned_with_adam(case):
        return None
    if case.setting("lora_rank") is not None or case.setting("finetuning_type") == "lora":
        return LORA_RATE
    whole = case.setting("finetuning_type") == "full" or _ends(case, _CAUSAL)
    return FULL_RATE if whole and not is_adapter(case) else None


def is_usual_rate(case: Case, rate: float) -> bool:
    """Whether a learning rate is known to break no run: below the lowest of the limits."""
    if not is_tuned_with_adam(case):
        return False
    return rate <= (rate_limit(case) or FULL_RATE)


def is_absurd_rate(case: Case, rate: float) -> bool:
    """Whether a pretrained model is tuned at a rate far beyond what Adam holds for any method."""
    return is_tuned_with_adam(case) and rate >= ABSURD * (rate_limit(case) or LORA_RATE)


def is_tuned_with_adam(case: Case) -> bool:
    """Whether a pretrained language model is fine-tuned with Adam, as far as the files show."""
    optimizer = str(case.setting("optim") or "adamw").lower()
    known = case.trainer.tunes and case.is_cross_entropy and case.setting("stage") != "pt"
    return known and "adam" in optimizer and (is_adapter(case) or not begins_untrained(case))
