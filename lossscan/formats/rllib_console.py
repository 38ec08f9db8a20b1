"""The result of each iteration as RLlib prints it: YAML with the losses of the learner inside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from lossscan.expressions import expression
from lossscan.formats.kit.cells import step_number
from lossscan.formats.kit.columns import Row
from lossscan.formats.kit.own_lines import own_lines
from lossscan.formats.kit.text import NUMBER

_ENTRY: Final = expression(rf"\A\s{{0,60}}(\w{{1,60}}): ({NUMBER})\s{{1,9}}\Z")  # or cut
_NAMES: Final = {
    "episode_reward_mean": "reward",
    "total_loss": "loss",
    "policy_loss": "policy_loss",
    "vf_loss": "vf_loss",
    "entropy": "entropy",
    "kl": "kl",
    "cur_lr": "learning_rate",
    "grad_gnorm": "grad_norm",
}
_COUNTERS: Final = (
    *("timesteps_total", "num_env_steps_sampled", "num_steps_sampled"),
    *("agent_timesteps_total", "training_iteration"),
)


def _rows(text: Iterable[str]) -> Iterator[Row]:
    """Each result is a point at the steps that were sampled until then; of several nets the first.

    It ends at a blank line, or where its date comes again.
    """
    result: dict[str, str] = {}
    dated = False
    for line in text:
        opens = line.lstrip().startswith("date: ")
        if not line.strip() or (opens and dated):
            yield from _counted(result)
            result, dated = {}, False
        dated = dated or opens
        if found := _ENTRY.match(line):
            result.setdefault(found[1], found[2])
    yield from _counted(result)


def _counted(result: dict[str, str]) -> Iterator[Row]:
    stated = next((result[name] for name in _COUNTERS if name in result), "")
    step = step_number(stated)
    row = {name: result[key] for key, name in _NAMES.items() if key in result}
    if step is not None and row:
        yield step, row


_SAMPLE = "episode_reward_mean: 22.5 ... total_loss: 8.86 ... timesteps_total: 4000"
FORMAT = own_lines(
    "rllib_console",
    _SAMPLE,
    ("episode_reward_mean: ",),
    _rows,
    shows=lambda row: "loss" in row,
    framework="rllib",
)
