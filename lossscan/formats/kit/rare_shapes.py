"""Losses in the shapes of a few trainers: behind their names come words, letters, lists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lossscan.canonical.names import SET_RATE
from lossscan.canonical.sets import ANY, HELD_OUT
from lossscan.expressions import expression
from lossscan.formats.kit.shapes import Part
from lossscan.formats.kit.text import ENDS, NUMBER

_EXACT: Final = r"(?:\d\.\d{6}e[-+]\d\d|nan)"
_LISTED: Final = expression(  # `[Losses: x 0.1, y 0.2, total 0.3]`: parts by short names
    rf"(?i)\bloss(?:es)?: {{0,4}}(?=\w{{1,20}} {NUMBER}, \w{{1,20}} {NUMBER}[^\w.+-])"
)
_ITEM: Final = expression(rf"(\w{{1,20}}) ({NUMBER})(?:, ?|{ENDS})")
_PLAYERS: Final = expression(  # of two nets that train against each other: `D=0.5, DF=0.2, G=1.3`
    rf"(?<![^\s\[,|])([DG][A-Z]?)(?: ?[=:] ?|\[)({NUMBER}){ENDS}"
)
_LETTERS: Final = expression(  # of YOLACT: `|| B: 5.23 | C: 7.43 | T: 12.66 ||`
    rf"(?<=\| )([A-Z]): ({NUMBER})(?= \|)"
)
_TERMS: Final = expression(  # of EDSR: `[1200/10500]\t[L1: 11.29][0.1*VGG54: 2.5][Total: 13.79]`
    rf"\[(?:[\d.e-]{{1,8}}\*)?(L1|MSE|VGG\d{{0,2}}|GAN|Total): ({NUMBER})\]"
)
_AFTER: Final = expression(  # `Cost after iteration 100: 0.69`, `test loss of 8 batches: 0.58`
    rf"(?i)(?<![\w/])((?:(?:{ANY})[ _])?(?:loss|cost)|[a-z]\w{{0,30}}_loss|(?:total )?rewards?)"
    r" (?:\([a-z ]{3,20}\) )?"  # Keras' guide: `Training loss (for one batch) at step 200: 1.4`
    r"(?:(?:(?:at|after|for|in|of) |@ ?)[a-z]{2,9}[ -]{0,8}#?\d{1,15}(?:/\d{1,15})?"
    r"(?:[, -]{1,2}[a-z]{4,9}[ -]?\d{1,15})?|of \d{1,9} [a-z]{3,9}"
    r"|\[\d{1,9}, {0,8}\d{1,15}\](?: ?\([a-z, ]{3,30}\))?|\((?:epoch|step|iter\w{0,6}) \d{1,15}\))"
    rf"(?: {{0,4}}[:=] {{0,4}}|,? is (?:equal to )?)({NUMBER}){ENDS}"
)
_OF_AFTER: Final = ("loss", "cost", "reward")
_AT: Final = expression(  # Tacotron 2: `Train loss 64998 0.302`, `Validation loss 64000: 0.323`
    r"(?i)(?<![\w/])((?:train|validation) loss) \d{1,12}:? {1,4}"
    rf"(\d{{1,12}}\.\d{{1,12}}|nan){ENDS}"
)
_TAGGED: Final = expression(  # of SageMaker: `epoch=0, train cross_entropy <loss>=(1.2)`
    rf"\b(train|validation) (\w{{1,60}}) <loss>=\(?({NUMBER}){ENDS}"
)
# By a word in small letters of such lines; groups are called as what they hold.
_NAMED: Final = {
    # PyTorch's tutorial: `LOSS train 0.52 valid 0.56`, LitGPT with colons
    "train": expression(
        rf"(?i)\bloss\s{{1,4}}train:?\s{{1,4}}(?P<train_loss>{NUMBER})[\s,|]{{1,4}}"
        rf"(?:{HELD_OUT}):?\s{{1,4}}(?P<val_loss>{NUMBER}){ENDS}"
    ),
    # DARTS, behind the set and its batch
    "train ": expression(rf"\btrain \d{{1,6}} (?P<train_loss>{_EXACT}) \d"),
    "valid ": expression(rf"\bvalid \d{{1,6}} (?P<valid_loss>{_EXACT}) \d"),
    # pytorch-kaldi, and Flower by rounds
    "valid=": expression(rf"\bvalid=\S{{1,60}} loss=(?P<val_loss>{NUMBER}){ENDS}"),
    "fit progress": expression(rf"\bfit progress: \(\d{{1,9}}, (?P<val_loss>{NUMBER}){ENDS}"),
    # LightGCN's `loss0.545-|`, NGCF's `train==[12.1=10.6 + 1.5]`
    "loss": expression(r"(?<!\w)loss(?P<train_loss>\d{1,9}\.\d{1,12}|nan)(?=[^\w.])"),
    "train==": expression(r"\btrain==\[(?P<train_loss>\d{1,9}\.\d{1,12}|nan)(?=[^\w.])"),
    # MATLAB's train: `Performance 0.52/0, Gradient 0.61/1e-06`
    ", gradient ": expression(
        rf"\b(?:Performance|MSE|SSE) (?P<train_loss>{NUMBER})/[\d.e+-]{{1,12}},"
        rf" Gradient (?P<grad_norm>{NUMBER})/"
    ),
    # L-BFGS-B: `f=  6.93147D+00    |proj g|=  1.2D+00`, LIBLINEAR: `f 4.159e+00 |g| 7.211e+00`
    "g|": expression(
        r"\bf(?:= {1,3}| )(?P<train_loss>-?\d{1,15}\.\d{1,15}[De][-+]\d\d) {1,4}\|(?:proj )?g\|"
        r"(?:= {1,3}| )(?P<grad_norm>\d{1,15}\.\d{1,15}[De][-+]\d\d)(?=\s)"
    ),
    # t-SNE of scikit-learn and of openTSNE
    "iteration ": expression(
        rf"\bIteration {{1,4}}\d{{1,9}}(?:: error = |, KL divergence )(?P<train_loss>{NUMBER})"
        rf"(?:, gradient norm = (?P<grad_norm>{NUMBER}))?{ENDS}"
    ),
    # Deeplearning4j, whose score is the loss
    "score at": expression(rf"\bScore at iteration \d{{1,12}} is (?P<train_loss>{NUMBER}){ENDS}"),
    # Torch's ResNets in Lua: `Epoch: [1][1/5004]    Time 0.310  Err 6.9123  top1 93.750`
    "err ": expression(rf"\bErr (?P<train_loss>{NUMBER})\s{{1,4}}top1 "),
    # Trax: `Step    100: train CrossEntropyLoss |  5.12`
    "loss |": expression(
        rf"\b(?:train {{1,2}}\w{{0,40}}Loss \| {{1,3}}(?P<train_loss>{NUMBER})"
        rf"|eval {{1,2}}\w{{0,40}}Loss \| {{1,3}}(?P<val_loss>{NUMBER})){ENDS}"
    ),
    # RETURNN: `ep 1 train, step 10, ctc 3.120, ce 4.210, error 0.9`
    ", ce ": expression(
        rf"\btrain, step \d{{1,12}}, .{{0,200}}?\bce (?P<train_loss>{NUMBER}){ENDS}"
    ),
    # A total by no other word, where its parts are behind it in brackets, or a rate is next to it
    "total": expression(
        r"(?i)\A(?!.{0,400}loss)"
        rf"(?=.{{0,400}}?(?<![a-z])(?:lr\b|total {NUMBER} \([a-z]\w{{0,20}} \d))"
        r".{0,400}?(?<![\w/.-])total(?: |[:=] ?)(?P<total_loss>-?\d{1,15}\.\d{1,15}|nan)"
        rf"{ENDS}(?! ?[a-z])"
    ),
    # `Episode 100   Average Score: 0.33`
    "score": expression(
        r"(?i)^\W{0,9}ep(?:isode)?s?\b[\s:#]{0,4}\d.{0,80}?"
        rf"\b(?:average|avg|mean|total)[ _]score\s?[:=]\s{{0,8}}(?P<reward>{NUMBER}){ENDS}"
    ),
}
_OWN: Final = r"[a-z]\w{0,19}(?: loss)?"
_NAMES: Final = rf"({_OWN}(?: ?[/|] ?{_OWN}){{1,5}})"
_SHARED: Final = expression(  # `Loss (train/val): 0.5/0.6`, `Train/Val loss: 0.5/0.6`
    rf"(?i)(?:(?<![\w/|])([a-z]{{1,20}}[_ ])??loss(?:es)?(?: {_NAMES}| ?\({_NAMES}\))"
    rf"|(?<![\w/|]){_NAMES}[_ ]loss(?:es)?)\s?[:=]\s{{0,4}}"
    rf"({NUMBER}(?:\s?[/|]\s{{0,4}}{NUMBER}){{1,5}}){ENDS}"
)
_APART: Final = expression(r"(?: loss)?\s?[/|]\s{0,4}")
_EXTREMES: Final = ("min", "max", "std")
_WHOLE: Final = ("avg", "mean", "total")  # of them all
REDUCED: Final = expression(  # of PyTorch's and Keras' ReduceLROnPlateau, behind its epoch
    rf"\breducing learning rate (?:of group 0 )?to ({NUMBER}){ENDS}"
)


def shared(line: str) -> tuple[list[Part[str]], str]:
    """The losses in one list of numbers, named by a list next to what they share; the rest."""
    found = _SHARED.search(line) if "/" in line or "|" in line else None
    if found is None:
        return [], line
    player, bare, bracketed, ahead, numbers = found.groups("")
    base = f"{player}loss".lower().replace(" ", "_")
    names, texts = _APART.split((bare or bracketed or ahead).lower()), _APART.split(numbers)
    parts, at = [], found.start(5)
    for name, text in zip(names, texts, strict=False):
        at = line.index(text, at)
        own = base if name in _WHOLE else f"{name}_{base}"
        parts += [Part(own, found.start(), at, at + len(text))] if name not in _EXTREMES else []
        at += len(text)
    rest = f"{line[: found.start()]}{' ' * len(found[0])}{line[found.end() :]}"
    return parts if len(names) == len(texts) else [], rest


def rare_parts(line: str, small: str) -> Iterator[Part[str]]:
    """Where such losses are, with their names; `small` is the line in small letters."""
    for shape in (_AFTER, _AT) if any(word in small for word in _OF_AFTER) else ():
        for match in shape.finditer(line):
            yield Part(match[1], match.start(2), *match.span(2))
    if "<loss>" in line and (found := _TAGGED.search(line)):
        name = "val_loss" if found[1] == "validation" else f"{found[2]}_loss"
        yield Part(name, found.start(1), *found.span(3))
    yield from _listed(line)
    for word, shape in _NAMED.items():  # to look for a word takes a hundredth of the time
        if word in small and (found := shape.search(line)):
            for name in filter(found.__getitem__, found.groupdict()):
                yield Part(name, found.start(name), *found.span(name))
    if "reducing learning" in line and (reduced := REDUCED.search(line)):
        yield Part(SET_RATE, reduced.start(), *reduced.span(1))
    yield from _players(line)
    yield from _lettered(line)


def _listed(line: str) -> Iterator[Part[str]]:
    """The losses in a list that names each; its total is the loss."""
    begun = _LISTED.search(line) if "," in line else None
    at = begun.end() if begun else len(line)
    while match := _ITEM.match(line, at):
        name = match[1].lower()
        yield Part(f"{name}_loss" if "loss" not in name else name, match.start(), *match.span(2))
        at = match.end()


def _players(line: str) -> Iterator[Part[str]]:
    """The losses of both nets, where single letters name them; of one alone, nobody knows."""
    found = list(_PLAYERS.finditer(line)) if "D" in line and "G" in line else []
    if {match[1][0] for match in found} == {"D", "G"}:
        for match in found:
            yield Part(f"{match[1]}_loss", match.start(), *match.span(2))


def _lettered(line: str) -> Iterator[Part[str]]:
    """The parts of a loss and their total, by letters or short names."""
    shape = _LETTERS if "| T: " in line else _TERMS if "]\t[" in line else None
    for match in shape.finditer(line) if shape else ():
        name = "total_loss" if match[1] in ("T", "Total") else f"{match[1].lower()}_loss"
        yield Part(name, match.start(), *match.span(2))
