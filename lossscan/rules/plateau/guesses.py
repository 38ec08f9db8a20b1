"""Among how many choices a loss guesses that no model has brought down."""

from __future__ import annotations

import math

from lossscan.numeric.medians import median, robust_sigma
from lossscan.rules.kit.case import Case
from lossscan.rules.kit.domain import is_token_loss

NEAR_CHANCE = 0.015  # of ln k: the spread of a model that has learned nothing (public case 0.7 %)
MOST_CLASSES = 10  # ln k of more classes are too close together to tell one by its value
ACCURACY = 0.05  # how far from 1/k the accuracy of guessing may be
LAST = 3  # accuracies whose median is the last
MOST_BY_ACCURACY = 2000  # classes: with an accuracy logged too the loss tells more of them
TIGHT = 0.005  # of ln 2: how near a loss must be if nothing else shows it to be a guess
USUAL_CLASSES = (*range(3, MOST_CLASSES + 1), 100, 1000)  # of data sets that loops are tried on
# Of ln k: a head that has learned nothing is as far above it at most, and hardly below; all its
# answers cost about the same, so that batches spread little: 0.3 and 0.7 % in two such runs.
UNTRAINED, BELOW, ALIKE = 0.01, 0.001, 0.01
ACCURACIES = ("eval_accuracy", "accuracy", "eval_acc", "acc", "eval_binary_accuracy")


def choices_of(case: Case, value: float) -> int | None:
    """The number of choices among which a model with this loss guesses."""
    accuracy = accuracy_of(case)
    if accuracy is not None and not _counts_rows(accuracy, value):
        return _agreed(accuracy, value)
    text = is_text(case)
    stated = ("vocab_size",) if text else ("vocab_size", "num_classes")
    choices = [int(case.number(name) or 0) for name in stated]
    if case.run.objective == "classification":
        choices = list(range(2, MOST_CLASSES + 1))
    near = (k for k in choices if k > 1 and abs(value / math.log(k) - 1) <= NEAR_CHANCE)
    return next(near, None if text else _usual_chance(case, value))


def accuracy_of(case: Case) -> float | None:
    """The last accuracy, 0..1; None where none is logged."""
    logged = (case.points(name) for name in ACCURACIES)
    series = next((each for each in logged if each is not None), None)
    if series is None:
        return None
    return median(series.values[-LAST:]) / (100 if series.values.max() > 1 else 1)  # or percent


def _agreed(accuracy: float, value: float) -> int | None:
    """The same where an accuracy must agree with it."""
    choices = round(math.exp(min(value, math.log(MOST_BY_ACCURACY))))
    if choices < 2 or abs(value / math.log(choices) - 1) > NEAR_CHANCE:  # noqa: PLR2004
        return None
    return choices if abs(accuracy - 1 / choices) <= min(ACCURACY, 1 / choices) else None


def _counts_rows(accuracy: float, value: float) -> bool:
    """Whether a coin would be right more often: all labels of a sample are to be right at once."""
    return abs(value / math.log(2) - 1) <= TIGHT and accuracy < 1 / 2 - ACCURACY


def is_text(case: Case) -> bool:
    """Whether a model of text is trained, whose loss may be anywhere when it is good."""
    return case.trainer.text or is_token_loss(case)


def _usual_chance(case: Case, value: float) -> int | None:
    """The same where no file tells of the classes: a coin, a head that nothing has moved.

    Or one of the samples of a batch. What is fine-tuned may be at any other level when it is good.
    """
    loss, tunes = case.loss, case.trainer.tunes
    alike = loss is not None and robust_sigma(loss.values) <= ALIKE * value
    if abs(value / math.log(2) - 1) <= TIGHT and (alike or not tunes):
        return 2
    if not alike or tunes:
        return None
    above = ((k, value / math.log(k) - 1) for k in (*USUAL_CLASSES, *_rivals(case)))
    return next((k for k, share in above if -BELOW <= share <= UNTRAINED), None)


def _rivals(case: Case) -> list[int]:
    """The samples of a batch, among which a contrastive loss tells one: here or on all devices."""
    stated = (case.number(f"{name}_train_batch_size") for name in ("per_device", "total"))
    return [int(batch) for batch in stated if batch is not None and batch > MOST_CLASSES]
