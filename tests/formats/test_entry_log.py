"""Entries of a console as columns."""

from pathlib import Path

from lossscan.formats import transformers_console
from tests import logs

ENTRIES = 20_000
MOST = 250  # bytes of an entry: its numbers, a mark and its bars take some 100, objects 800


def test_a_long_log_takes_some_numbers_an_entry(tmp_path: Path):
    """Evaluations and bars between them included."""
    text = "".join(
        f"{{'loss': {2 + at % 7 / 9:.4f}, 'grad_norm': 1.5, 'epoch': {at / ENTRIES:.6f}}}\n"
        + (f" 1%|# | {at}/{ENTRIES} [00:01<00:02]\n" if at % 4 else "")
        + (f"{{'eval_loss': 2.5, 'epoch': {at / ENTRIES:.6f}}}\n" if at % 100 == 0 else "")
        for at in range(ENTRIES)
    )
    table, peak = logs.read_traced(transformers_console.FORMAT, logs.head_with(tmp_path, text))
    assert len(table.columns["loss"].steps) == ENTRIES
    assert len(table.columns["eval_loss"].steps) == ENTRIES // 100
    assert peak / ENTRIES < MOST
