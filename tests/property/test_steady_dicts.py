"""Dicts of a console that come often are read in a quick way: nothing of it may be told by that."""

from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lossscan.errors import InputError
from lossscan.formats import transformers_console
from lossscan.formats.transformers_console import entry_log, trainer_lines
from lossscan.formats.transformers_console.entries import WORTH, SteadyDicts, entry_of
from lossscan.model import Table
from lossscan.settings import Settings
from lossscan.sources.files import head_of

BANNER = "***** Running training *****\n  Num examples = 160\n  Num Epochs = 2\n"
ONE_MORE = "  Continuing training from global step 20\n"
NUMBERS = st.one_of(
    st.floats(0, 5).map(lambda value: str(round(value, 3))),
    st.floats(0, 1e-3).map(str),
    st.sampled_from(["nan", "inf", "-inf", "0", "1e-05", "1,234.5", "None", "'0.5'", "1.5e+10"]),
)
KEYS = st.sampled_from([("loss", "grad_norm"), ("loss", "lr"), ("reward", "rewards/a"), ("a b",)])
OTHERS = st.sampled_from(
    [
        " 10%|#   | 4/40 [00:10<01:00]\n",
        " 20%|#   | 8/40 [00:10<01:00]",
        BANNER,
        BANNER + ONE_MORE,
        "{'eval_loss': 2.5, 'eval_runtime': 1.0, 'epoch': 0.5}\n",
        "{'train_runtime': 10.0, 'train_loss': 2.0, 'epoch': 2.0}\n",
        "{'loss': 2.0, 'learning_rate': 1e-05, 'epoch': 0.1, 'throughput': 10.5}\n",
        "{'loss': 2.0,\n 'lr': 1e-05,\n 'epoch': 0.1}\n",
        "{'loss': 2.0, 'lr':\n",
        "OVERFLOW! Attempted loss scale: 65536, but hysteresis is 2\n",
        "\n",
    ]
)


def _line(keys: tuple[str, ...], numbers: list[str], epoch: float, before: str) -> str:
    values = [*zip(keys, numbers, strict=False), ("epoch", str(epoch))]
    return f"{before}{{{', '.join(f'{key!r}: {value}' for key, value in values)}}}\n"


LINES = st.builds(
    _line,
    KEYS,
    st.lists(NUMBERS, min_size=2, max_size=2),
    st.floats(0, 2).map(lambda epoch: round(epoch, 2)),
    st.sampled_from(["", "  ", " 5%| | 2/40 [00:10<01:00] "]),
)
COPIES = st.sampled_from([1, 1, 1, 2, 3, WORTH])
TEXTS = st.lists(st.tuples(st.one_of(LINES, LINES, OTHERS), COPIES), max_size=30)


def _read(path: Path) -> Table | InputError:
    try:
        return transformers_console.read(head_of(path), Settings())
    except InputError as error:
        return error


def _told(table: Table | InputError) -> object:
    if not isinstance(table, Table):
        return str(table)
    columns = {
        name: (column.steps.tolist(), np.asarray(column.values).tobytes())
        for name, column in table.columns.items()
    }
    kept = (table.config, table.launches, table.complete, table.framework, table.notes)
    return columns, kept


@settings(max_examples=40)
@given(TEXTS, LINES, st.integers(0, 40))
def test_quick_dicts_tell_the_same(drawn: list[tuple[str, int]], steady: str, rises: int):
    """With and without: columns, settings, launches and notes."""
    first = [
        f"{{'loss': {at}.5, 'lr': 1e-05, 'epoch': {at / 50}}}\n" for at in range(WORTH + rises)
    ]
    text = "".join([*first, *(line * copies for line, copies in drawn), steady * 3, *first])
    with TemporaryDirectory() as folder:
        path = Path(folder) / "train.log"
        path.write_text(text)
        quick = _told(_read(path))
        with patch.object(entry_log, "HELD", 4), patch.object(trainer_lines, "MANY", 3):
            assert quick == _told(_read(path))
        with patch.object(SteadyDicts, "texts", lambda *_: []):
            assert quick == _told(_read(path))


def test_dicts_that_come_often_are_read_at_once():
    """A dict of a known shape needs no other reader, unless more is in its line."""
    steady = SteadyDicts()
    text = "{'loss': 2.5, 'epoch': '0.12'}"
    entry = entry_of(text)
    assert entry is not None
    for _ in range(WORTH + 1):
        steady.learn(text, entry)
    alike = steady.texts(["{'loss': 7, 'epoch': '0.5'}\n"], 0, 9)
    assert [steady.entry(each) for each in alike] == [entry_of("{'loss': 7, 'epoch': '0.5'}")]
    assert not steady.texts(["{'loss': 7, 'epoch': '0.5'} 3/4 [00:01]\n"], 0, 9)
    assert not steady.texts(["{'loss': 7, 'epoch': 0.5}\n"], 0, 9)
