"""Logged quantities: raw keys go in, canonical names come out."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Mapping
from functools import lru_cache
from typing import Final

from lossscan.canonical.rewards import rewarding
from lossscan.canonical.spellings import ALIASES, LOSS_WORDS, SETS
from lossscan.expressions import expression

_OF_RAY: Final = ("done", "pid", "trial_id", "iterations_since_restore", "time_since_restore")
# Nothing in them is judged.
NOT_SERIES: Final = ("step", "max_steps", "remaining_time", "eval_batch", *_OF_RAY)
SET_RATE: Final = "set_learning_rate"  # what a log says the rate is set to
JUDGED: Final = ("loss", "reward", "eval_loss", "test_loss")  # without any nothing can be said
_NAMES: Final = frozenset(ALIASES.values())
_FACTORS: Final[Mapping[str, float]] = {"elapsed_time_per_iteration_(ms)": 1e-3}
_PART: Final = expression(  # of a loss: box_loss, loss_mask, G_A; not its scale or least
    r"(?!.{0,99}time\Z)"
    r"(?!(?:train_)?(?:best|min|max|(?:avg|mean)(?!_loss_)|last|prev|running|smooth(?:ed)?(?!_l1)|stop"
    r"|epoch)_|train_(?:loss|total)|.{0,99}epoch)"
    r"(?:(?!eval|val|test|train)[a-z][a-z0-9_]{0,40}/){0,3}(?:[a-z][a-z0-9_]{0,60}_loss"
    r"|[a-z][a-z0-9_]{0,40}_loss_(?!scale|mask|weight|type|fn|step|epoch|avg|mean|min|max)"
    r"[a-z][a-z0-9]{0,20}"
    r"|(?:(?:average|avg|mean)_)?loss_"
    r"(?!scale|mask(?:ed|s|ing|_)|weight|type|fn|step|epoch|avg|mean|min|max"
    r"|(?:ratio|rate|amount|date|given|year|pct|percent|flag|reason|id)(?![a-z]))"  # of claims
    r"[a-z][a-z0-9_]{0,60}"
    r"|loss/(?:segm?|iou|(?:target_)?clf|bb(?:ox)?|cls|reg|kl|mel)"  # of pytracking, of TTS
    r"|loss/(?:[dg]|gen|disc|critic|generator|discriminator|adv|recon)(?:_[a-z0-9]{1,20}|/[a-z0-9]{1,20})?"
    r"|l_(?!rate|max|min|r(?:_|\Z))[a-z][a-z0-9_]{0,30}"  # BasicSR's l_g_pix, l_d_real
    r"|(?!train|val|test|eval)(?:[a-z]{1,12}_)?loss_?\d{1,2}[a-z]?"  # by number: loss1, loss2u
    r"|smooth_?l1"  # of GluonCV's detectors
    r"|[dg]_(?:[ab]|real|fake|gan|l1)|(?:cycle|idt)_[ab]|err_?[dg]|[dg]_err(?:or)?)"
)
_EASTERN: Final = expression(  # 整体测试集上的Loss
    r"[^\W\da-z]{0,12}(?:(测试|验证|検証|テスト|검증)|训练|訓練|学習|훈련|학습)"
    r"[^\W\da-z]{0,12}(?:loss|损失值?|損失|손실)"
)
_EVALUATION: Final = expression(r"(?:eval|evaluation|vali?|valid|validation|cv|dev)[/_](.+)")
_TURNED: Final = expression(
    r"([^/]{1,60})/(?:(?P<training>train|training)|(?P<test>test|testing)"
    r"|val|valid|validation|eval|evaluation)"
)
# Composer: metrics/eval/LanguageCrossEntropy, lr-DecoupledAdamW/group0; Lightning: lr-AdamW/pg1
_COMPOSER: Final = expression(
    r"(?:eval_)?metrics/eval(?:/[\w-]{1,60})?/(?:language_)?cross_entropy"
    r"|(lr)_(?:[a-z_]{1,60}/(?:group0|pg1)"
    r"|[a-z_]{0,30}(?:adam|sgd|lion|lamb|lars|rms|adagrad|adafactor|opt)[a-z_]{0,20}"
    r"(?<!momentum)(?<!decay))"
)
_MEASURES: Final = ("cross_entropy", "logloss", "deviance", "mse", "rmse", "nll", "error", "cost")
_MEASURED: Final = expression(  # rmse_e_trn
    r"((?:r?mse|mae|nll|error|cost|log_?loss|deviance)\w{0,20}?)_([a-z]{2,10})"
)
_HUMP: Final = expression(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z0-9])(?=[A-Z][a-z]{2})")  # CTCLoss
_GAP: Final = expression(r"[\s-]+")
_TRAINING: Final = expression(r"(?:ray/tune/)?(?:train(?:ing)?[/.])?(.+)", re.IGNORECASE)

# Of some lines, or of an evaluation.
MEANS: Final = ("avg_loss", "mean_loss", "average_loss", "averaged_loss")
# The loss of some trainers and something else in others, the likeliest first.
_STAND_INS: Final = (
    *("train_loss", "epoch_loss", "total_loss"),
    *("ce_loss", "cross_entropy_loss"),  # next to a total they are terms of it
    *("nll_loss", "loss/total", "policy_loss", "loss/policy_avg", "dpo_loss", "actor/pg_loss"),
    *(*MEANS, "running_loss", "train_loss_epoch", "loss_epoch"),
    "current_cost",  # of Paddle's first trainer, which also prints its mean since the pass began
    *("avg_cost", "cost", "cross_entropy", *(f"train_{name}" for name in _MEASURES)),
    *("nll", "mse", "bce"),  # what a loop of one's own calls its loss by the formula
    "error",  # of nets that are written by hand
)
# A run's mean may be called so: transformers' `train` prints one behind the last step.
OF_RUN: Final = ("train_loss", "epoch_loss", "train_loss_epoch", "loss_epoch", *MEANS)
_FILLING: Final = expression(  # words that say nothing: `avg_train_loss`
    r"avg|mean|averaged?|total|overall|global|hist(?:ory)?|list|log|curve|per|epoch|on|the|over|set|so|far|de|на"
)
_WORDS: Final = expression(r"[\s_/()\[\]:,-]+")
_COMPACT: Final = expression(r"(train|training|val|valid|validation|test)loss")
LONGEST_KEY: Final = 1000  # characters; the path of a weight in a large model takes 200
MEANS_AT_MOST: Final = 2  # points of a column that holds a run's mean: one for each launch


@lru_cache(maxsize=1 << 16)  # more keys than a log may have: each is asked for many times
def canonical(raw: str) -> str:
    """The canonical name of a logged key; an unknown key keeps its own, without `train/`.

    A mean over an epoch or a run (`train_loss_epoch`, transformers' last `train_loss`) is not
    the loss and keeps its name; see `fallback_loss`.
    """
    if len(raw) > LONGEST_KEY:
        return raw
    bare = _bare(raw)
    folded = _folded(bare)
    stand_in = folded.replace("training_", "train_", 1)
    if folded in ALIASES or stand_in in _STAND_INS:
        return ALIASES.get(folded, stand_in)
    if worded := _worded(folded) or rewarding(folded):
        return worded
    if composed := _COMPOSER.fullmatch(folded):
        return "learning_rate" if composed[1] else "eval_loss"
    evaluated = _EVALUATION.fullmatch(folded)
    if evaluated is None:
        return _turned(folded) or _measured(folded) or _eastern(folded) or bare
    name = f"eval_{evaluated[1]}"
    return ALIASES.get(name, name)


def _worded(folded: str) -> str | None:
    """The name of a loss whose other words say whose it is, or nothing: `Val Loss (mean)`."""
    if compact := _COMPACT.fullmatch(folded):
        return SETS[compact[1]]
    words = ["loss" if word in LOSS_WORDS else word for word in _WORDS.split(folded) if word]
    sets = [SETS[word] for word in words if word in SETS]
    filling = [word for word in words if _FILLING.fullmatch(word)]
    if words.count("loss") != 1 or len(sets) > 1 or len(sets) + len(filling) + 1 < len(words):
        return None
    if "epoch" in filling and sets in ([], ["train_loss"]):  # a mean as well as that of each step
        return "train_loss_epoch" if sets else None
    if not sets and not {"history", "hist", "list", "log", "curve"} & {*filling}:
        return "mean_loss" if filling else None
    return sets[0] if sets else "loss"


def _turned(folded: str) -> str | None:
    """The name of `loss/val` or `accuracy/train`, as torch's own examples call them."""
    match = _TURNED.fullmatch(folded)
    if match is None:
        return None
    plot, training, test = match[1], match["training"], match["test"]
    return canonical(plot if training else f"{'test' if test else 'eval'}_{plot}")


def _measured(folded: str) -> str | None:
    """The name of `rmse_trn`, with the set before it, as most trainers write it."""
    match = _MEASURED.fullmatch(folded)
    said = SETS.get(match[2]) if match else None
    return f"{said.removesuffix('loss')}{match[1]}" if match and said else None


def _eastern(folded: str) -> str | None:
    """A loss that Chinese words say to be of the training or of another set."""
    found = None if folded.isascii() else _EASTERN.fullmatch(folded)
    return None if found is None else "eval_loss" if found[1] else "loss"


def is_known(raw: str) -> bool:
    """Whether the key names a quantity of this table, an evaluation or a stand-in for the loss."""
    name = canonical(raw)
    return name in _NAMES or name in _STAND_INS or name.startswith("eval_")


@lru_cache(maxsize=1 << 16)  # more keys than a log may have: each is asked for many times
def is_judged(raw: str) -> bool:
    """Whether the key names a loss, one that may stand in for it, a part of it, or a reward."""
    name = canonical(raw)
    known = name in JUDGED or name in _STAND_INS
    return known or is_part(name.removeprefix("eval_"))


@lru_cache(maxsize=1 << 16)  # more keys than a log may have: each is asked for many times
def is_part(raw: str) -> bool:
    """Whether the key names a part of a loss, as detectors and adversarial trainings log them."""
    name = canonical(raw)
    return (
        name not in _NAMES
        and name not in _STAND_INS
        and not name.startswith("eval_")
        and _PART.fullmatch(_folded(name).removeprefix("train_")) is not None
    )


@lru_cache(maxsize=256)
def is_evaluation(*names: str) -> bool:
    """Whether everything in a row of such names was evaluated, on any set, except its counts."""
    stated = [name for name in map(canonical, names) if name not in ("epoch", "step")]
    return bool(stated) and all(name.startswith("eval_") or name == "test_loss" for name in stated)


def trains(row: Iterable[str]) -> bool:
    """Whether a row of such names holds a loss of the training."""
    return any(is_judged(name) and not is_evaluation(name) for name in row)


def factor(raw: str) -> float:
    """What a logged value is multiplied by to be in the unit of its canonical name."""
    return _FACTORS.get(_folded(_bare(raw)), 1.0)


def namer(series: Mapping[str, str]) -> Callable[[str], str]:
    """`canonical` with the user's own names first; `series` maps canonical names to raw keys.

    A key that would have had a name the user gave to another keeps its raw spelling in brackets.
    """
    chosen = {raw: name for name, raw in series.items()}

    def name_of(raw: str) -> str:
        if raw in chosen:
            return chosen[raw]
        name = canonical(raw)
        return f"({raw})" if name in series else name

    return name_of if chosen else canonical


def fallback_loss(points: Mapping[str, int], lost: Container[str] = ()) -> str | None:
    """The column that serves as the loss where none is called so; `points` counts each column's.

    `train_loss` is what Lightning and Keras call the loss, and the mean of the whole run in the
    summary that transformers logs last, with how long the run took. Of one epoch alone it is the
    loss where an evaluation is next to it. A mean is `lost` as soon as one loss is.
    """
    if "loss" in points:
        return None
    trained = points.get("train_loss", 0)
    evaluated = {number for name, number in points.items() if name.startswith("eval_")}
    of_epochs = trained > 1 or 0 < trained in evaluated  # fastai's only epoch
    if of_epochs and "train_runtime" not in points:
        return "train_loss"
    least = dict.fromkeys(OF_RUN, MEANS_AT_MOST)
    return next((n for n in _STAND_INS if n in lost or points.get(n, 0) > least.get(n, 0)), None)


def _bare(raw: str) -> str:
    match = _TRAINING.fullmatch(raw.strip())
    return match[1] if match else raw.strip()


def _folded(raw: str) -> str:
    """A key in one spelling: `trainLoss`, `Train Losses` and `train-loss` are `train_loss`."""
    if len(raw) > LONGEST_KEY:
        return raw
    words = _HUMP.sub("_", raw).lower()
    return _GAP.sub("_", words).replace(".", "/").replace("losses", "loss")
