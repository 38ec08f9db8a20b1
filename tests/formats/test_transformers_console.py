"""The console of transformers' Trainer, which prints no step."""

from pathlib import Path

import pytest

from lossscan import formats
from lossscan.errors import NoLogFound
from lossscan.model import Table
from lossscan.settings import Settings
from tests import logs

BANNER = """***** Running training *****
  Num examples = 1,600
  Num Epochs = 2
  Instantaneous batch size per device = 4
  Total train batch size (w. parallel, distributed & accumulation) = 8
  Gradient Accumulation steps = 2
  Total optimization steps = 400
"""
PLANNED = BANNER.replace("Epochs = 2", "Epochs = 3").replace("= 400", "= 600")
UNSLOTH = "Data Parallel GPUs = 1 | Total batch size (4 x 2 x 1) = 8"
BAR = " 10%|#   | {}/600 [00:10<01:00]\n"


def entry(epoch: float, loss: float = 2.0) -> str:
    """One line of transformers 4."""
    return f"{{'loss': {loss}, 'grad_norm': 1.5, 'learning_rate': 1e-05, 'epoch': {epoch}}}\n"


def quoted(epoch: str) -> str:
    """One line of transformers 5."""
    return (
        f"{{'loss': '0.9154', 'grad_norm': '0.7', 'learning_rate': '1e-07', 'epoch': '{epoch}'}}\n"
    )


def steps(table: Table, name: str = "loss") -> list[int]:
    """The steps of a column."""
    return [int(step) for step in table.columns[name].steps]


@pytest.mark.parametrize("before", ["", "Training: "])
@pytest.mark.parametrize("drawn", [1, 5])
def test_a_bar_places_a_line_whatever_is_before_it(before, drawn, tmp_path: Path):
    """A bare bar, which is taken at a glance, tells the same as one with words before it."""
    bars = "".join(
        f"{before} {at}%|{'█' * at}{'▎' * (at < 100)} | {at * 6}/600 [00:10<01:00,  3.21it/s]\r"
        f"{entry(at / 20) if at % 20 == 0 else ''}"
        for at in range(20 // drawn, 101, 20 // drawn)
    )
    assert steps(logs.read_log(tmp_path, bars)) == [120, 240, 360, 480, 600]


def test_read_places_lines_by_the_progress_bar(tmp_path: Path):
    """Without a banner the bar beside each line tells how many steps an epoch has."""
    table = logs.read_log(tmp_path, logs.TRANSFORMERS)
    assert steps(table) == list(range(10, 201, 10))
    assert not table.notes


def test_read_takes_the_steps_of_bars_where_epochs_are_too_coarse(tmp_path: Path):
    """The first 150 of 4854 steps are epoch 0.01 to 0.09, which is no more than a guess."""
    bar = "  3%|▎         | {0}/4854 [00:10<01:00,  3.21it/s]\r"
    lines = [bar.format(at - 1) + entry(round(at / 1618, 2)) for at in range(10, 151, 10)]
    drawn = [bar.format(at) for at in range(10, 151, 10)]
    text = "".join(line + again for line, again in zip(lines, drawn, strict=True))
    assert steps(logs.read_log(tmp_path, text)) == list(range(10, 151, 10))


def test_a_bar_among_many_lines_places_the_one_it_was_drawn_behind(tmp_path: Path):
    """Who pastes a log keeps one bar of many: what follows is not at its step."""
    bar = " 60%|######    | 18/30 [01:50<00:19,  1.65s/it]\n"
    lines = [entry(epoch) for epoch in (0.00748, 0.007895, 0.008311)]
    assert steps(logs.read_log(tmp_path, lines[0] + bar + "".join(lines[1:]))) == [18, 19, 20]


def test_lines_that_come_late_are_placed_by_a_bar_that_is_full(tmp_path: Path):
    """Output to a file is written in blocks, far behind the bars: the run came to its plan."""
    bars = [f" 9%|#  | {at}/300 [00:10<01:00,  3.21it/s]\n" for at in (0, 140, 300)]
    lines = [entry(at / 100) for at in range(10, 301, 10)]
    text = "".join([bars[0], bars[1], *lines[:12], bars[2], *lines[12:]])
    table = logs.read_log(tmp_path, text + "{'train_runtime': 9.0, 'epoch': 3.0}\n")
    assert steps(table) == list(range(10, 301, 10))


def test_read_leaves_bars_that_contradict_the_epochs_alone(tmp_path: Path):
    """Bars of another loop of as many turns rise as well."""
    banner = BANNER.replace("1,600", "160,000").replace("= 400", "= 40,000")
    bar = "  3%|▎         | {0}/40000 [00:10<01:00,  3.21it/s]\n"
    text = banner + "".join(entry(i * 0.05) + bar.format(i) for i in range(1, 21))
    assert steps(logs.read_log(tmp_path, text)) == list(range(1000, 20_001, 1000))


def test_read_places_lines_by_the_banner(tmp_path: Path):
    """The banner counts samples and steps."""
    text = BANNER + "".join(entry(round(i * 0.05, 2)) for i in range(1, 41))
    table = logs.read_log(tmp_path, text)
    assert steps(table) == list(range(10, 401, 10))
    assert table.config["gradient_accumulation_steps"] == 2
    assert table.config["total_train_batch_size"] == 8
    assert table.config["max_steps"] == 400
    assert table.config["num_examples"] == 1600


@pytest.mark.parametrize(
    ("behind", "batch"),
    [("\n", "Total batch size = 8 | Total steps = 150"), (" | Total steps = 150\n", UNSLOTH)],
)
def test_read_places_lines_by_the_banner_of_unsloth(tmp_path: Path, behind: str, batch: str):
    """Of 2024 and of 2025; with max_steps the epochs are a whole number that is not reached."""
    banner = (
        "==((====))==  Unsloth - 2x faster free finetuning | Num GPUs = 1\n"
        f"   \\\\   /|    Num examples = 1,600 | Num Epochs = 1{behind}"
        "O^O/ \\_/ \\    Batch size per device = 4 | Gradient Accumulation steps = 2\n"
        f"\\        /    {batch}\n"
        ' "-____-"     Trainable parameters = 57,016,320/6,852,203,520 (0.83% trained)\n'
    )
    table = logs.read_log(tmp_path, banner + "".join(entry(i * 0.05) for i in range(1, 16)))
    assert steps(table) == list(range(10, 151, 10))
    assert table.config["max_steps"] == 150
    assert table.config["total_train_batch_size"] == 8


@pytest.mark.parametrize("an_epoch", [30, 31])
def test_read_counts_a_last_batch_only_where_it_is_read(tmp_path: Path, an_epoch: int):
    """481 samples in batches of 16 are 30 steps with drop_last, and 31 of which 30 were asked."""
    banner = BANNER.replace("1,600", "481").replace("= 8\n", "= 16\n").replace("= 400", "= 30")
    lines = "".join(entry(round(i / an_epoch, 4)) for i in range(1, 31))
    table = logs.read_log(tmp_path, banner.replace("Epochs = 2", "Epochs = 1") + lines)
    assert steps(table) == list(range(1, 31))


@pytest.mark.parametrize("bar", ["", BAR])
def test_read_leaves_counts_that_do_not_fit_the_plan_alone(tmp_path: Path, bar: str):
    """GRPO's batch of 8 holds 2 samples with 4 completions each: 800 steps an epoch, not 200."""
    banner = BANNER.replace("= 400", "= 1600")
    lines = "".join(entry(i / 80) + bar.format(i * 10) for i in range(1, 41))
    table = logs.read_log(tmp_path, banner + lines.replace("/600", "/1600"))
    assert steps(table) == list(range(10, 401, 10))


def test_read_counts_lines_that_share_an_epoch(tmp_path: Path):
    """In a long epoch two decimals do not tell one line from the next."""
    banner = BANNER.replace("1,600", "160,000").replace("= 400", "= 40,000")
    text = banner + "".join(entry(round(i * 10 / 20_000, 2)) for i in range(1, 4001))
    assert steps(logs.read_log(tmp_path, text)) == list(range(10, 40_001, 10))


def test_read_places_lines_by_run_time_and_speed(tmp_path: Path):
    """With neither banner nor bar the summary tells how many steps there were."""
    lines = "".join(quoted(f"{i * 10 / 120:.4g}") for i in range(1, 37))
    summary = (
        "{'train_runtime': '2918', 'train_steps_per_second': '0.1234',"
        " 'train_loss': '0.9', 'epoch': '3'}\n"
    )
    table = logs.read_log(tmp_path, lines + summary)
    assert steps(table) == list(range(10, 361, 10))
    assert table.complete is True
    assert "train_loss" not in table.columns


def summary(epoch: float, speed: float = 4.0) -> str:
    """The last line of a run of 100 seconds."""
    return (
        "{'train_runtime': 100.0, 'train_samples_per_second': 8.0,"
        f" 'train_steps_per_second': {speed}, 'train_loss': 1.7, 'epoch': {epoch}}}\n"
    )


@pytest.mark.parametrize(("banner", "bar"), [(PLANNED, ""), ("", BAR), (PLANNED, BAR)])
def test_read_does_not_stretch_a_run_that_stopped_early(tmp_path: Path, bar: str, banner: str):
    """Early stopping ends it at epoch 0.75 of 3; the bar or the counts tell at which step."""
    lines = [entry(round(i * 0.05, 2)) + bar.format(i * 10) for i in range(1, 16)]
    table = logs.read_log(tmp_path, banner + "".join(lines) + summary(0.75))
    assert steps(table) == list(range(10, 151, 10))
    assert table.config["max_steps"] == 600
    assert not table.notes


def test_read_takes_the_bar_that_is_drawn_as_training_ends(tmp_path: Path):
    """Evaluation alone tells of an early end where lines are few; the closed bar is exact."""
    text = BAR.format(1) + entry(0.5) + entry(0.75) + summary(0.75) + BAR.format(150)
    assert steps(logs.read_log(tmp_path, text)) == [100, 150]


def test_read_does_not_trust_the_speed_of_a_run_that_stopped_early(tmp_path: Path):
    """It counts the planned 600 steps: then the lines would be 42.9 steps apart."""
    text = "".join(quoted(f"{i * 0.05:.4g}") for i in range(1, 15)) + summary(0.7, speed=6.0)
    table = logs.read_log(tmp_path, text)
    assert steps(table) == list(range(1, 15))
    assert [note.kind for note in table.notes] == ["steps_counted"]


def test_read_takes_the_bar_before_the_line_where_none_follows(tmp_path: Path):
    """The next bar belongs to the next line."""
    lines = [
        f"\r 3%|#   | {i * 10}/400 [00:10<01:00]{entry(round(i * 0.05, 2))}" for i in range(1, 41)
    ]
    assert steps(logs.read_log(tmp_path, "".join(lines))) == list(range(10, 401, 10))


@pytest.mark.parametrize("quote", ["'", ""])
def test_read_takes_the_step_that_ms_swift_prints(tmp_path: Path, quote: str):
    """Of training and of evaluation; no bar and no banner is needed."""
    line = (
        "{{'{}': {q}1.5{q}, 'epoch': {q}{}{q}, 'global_step/max_steps': '{}/300',"
        " 'elapsed_time': '43s', 'memory(GiB)': {q}14.3{q}}}\n"
    )
    counts = [(1, 0.01), *((5 * i, 0.05 * i) for i in range(1, 11))]
    text = "".join(line.format("loss", round(e, 2), step, q=quote) for step, e in counts)
    table = logs.read_log(tmp_path, text + line.format("eval_loss", 0.5, 50, q=quote))
    assert steps(table) == [step for step, _ in counts]
    assert steps(table, "eval_loss") == [50]
    assert table.framework == "ms-swift"
    assert table.config == {"max_steps": 300}
    assert not table.notes


def test_read_counts_lines_where_nothing_tells(tmp_path: Path):
    """A log that states nothing but epochs still has an order."""
    table = logs.read_log(tmp_path, entry(0.1) + entry(0.2) + entry(0.3))
    assert steps(table) == [1, 2, 3]
    assert [note.kind for note in table.notes] == ["steps_counted"]


def test_read_counts_skipped_updates_at_the_line_that_follows(tmp_path: Path):
    """What DeepSpeed skips belongs to the mean that is printed next, not to an evaluation."""
    skip = (
        "[deepspeed] OVERFLOW! Rank 0 Skipping step. Attempted loss scale: 65536, reducing to 1.0\n"
    )
    evaluation = "{'eval_loss': 2.0, 'eval_runtime': 1.0, 'epoch': 0.1}\n"
    text = BANNER + entry(0.05) + entry(0.1) + skip * 3 + evaluation + entry(0.15) + skip
    table = logs.read_log(tmp_path, text)
    assert logs.points(table, "skipped_iterations") == [(30, 3.0)]


def test_read_counts_the_first_step_apart(tmp_path: Path):
    """With logging_first_step the first line is that of step 1."""
    text = BANNER + entry(0.005) + "".join(entry(round(i * 0.05, 2)) for i in range(1, 41))
    assert steps(logs.read_log(tmp_path, text))[:3] == [1, 10, 20]


def test_read_puts_evaluations_beside_their_line(tmp_path: Path):
    """An evaluation shows the epoch of the line before, or its own."""
    evaluation = "{{'eval_loss': 2.5, 'eval_runtime': 1.0, 'epoch': {}}}\n"
    text = BANNER + "".join(entry(round(i * 0.05, 2)) for i in range(1, 11))
    text += evaluation.format(0.5) + entry(0.55) + evaluation.format(0.58)
    table = logs.read_log(tmp_path, text)
    assert steps(table, "eval_loss") == [100, 116]


def test_read_puts_evaluations_listed_at_the_end_where_their_epoch_was(tmp_path: Path):
    """Who copies the entries by kind leaves all evaluations behind the training."""
    evaluation = "{{'eval_loss': 2.5, 'eval_runtime': 1.0, 'epoch': {}}}\n"
    text = "".join(entry(epoch) for epoch in (0.3, 0.9, 1.6, 2.3, 2.9))
    text += "".join(map(evaluation.format, (1.0, 2.0, 3.0)))
    assert steps(logs.read_log(tmp_path, text), "eval_loss") == [2, 4, 5]


def test_read_takes_several_entries_of_one_physical_line(tmp_path: Path):
    """A progress bar writes over itself without a newline."""
    text = BANNER + entry(0.05).strip() + "\r 2%| | 10/400 [00:01<00:09]\r" + entry(0.1).strip()
    assert len(steps(logs.read_log(tmp_path, text))) == 2


@pytest.mark.parametrize("value", ["nan", "inf"])
def test_read_takes_bare_nan_and_inf(tmp_path: Path, value: str):
    """Python prints them as names."""
    text = BANNER + entry(0.05).replace("1.5", value)
    assert str(logs.read_log(tmp_path, text).columns["grad_norm"].values[0]) == value


def test_read_joins_the_two_lines_of_llamafactory(tmp_path: Path):
    """LLaMA-Factory prints its own line beside that of the trainer."""
    own = "[INFO|2026-01-01 00:00:00] llamafactory.train.callbacks:143 >> "
    text = BANNER
    for i in range(1, 5):
        text += own + f"{{'loss': 2.0000, 'learning_rate': 1.0000e-05, 'epoch': {i * 0.05:.2f}}}\n"
        text += entry(round(i * 0.05, 2), 2.00004)
    assert steps(logs.read_log(tmp_path, text)) == [10, 20, 30, 40]


def test_read_follows_a_resume(tmp_path: Path):
    """A second launch says from which step it continues, and its steps go back."""
    first = "".join(entry(round(i * 0.05, 2)) for i in range(1, 31))
    second = "".join(entry(round(i * 0.05, 2)) for i in range(21, 41))
    again = BANNER + "  Continuing training from global step 200\n"
    table = logs.read_log(tmp_path, BANNER + first + again + second)
    assert table.launches == (200,)
    assert steps(table) == [*range(10, 301, 10), *range(210, 401, 10)]


def test_read_leaves_the_counts_of_an_evaluation_alone(tmp_path: Path):
    """An evaluation has a banner of its own."""
    evaluation = "***** Running Evaluation *****\n  Num examples = 100\n"
    table = logs.read_log(tmp_path, BANNER + entry(0.05) + evaluation + entry(0.1))
    assert table.config["num_examples"] == 1600


def test_read_drops_a_cut_entry(tmp_path: Path):
    """A log may end anywhere."""
    text = BANNER + entry(0.05) + entry(0.1)[:30]
    assert steps(logs.read_log(tmp_path, text)) == [10]


def test_read_leaves_other_dicts_alone(tmp_path: Path):
    """A printed dict without an epoch is no entry."""
    text = BANNER + "{'loss': 9.0, 'accuracy': 0.5}\n{'epoch': 0.01}\n" + entry(0.05)
    assert logs.points(logs.read_log(tmp_path, text), "loss") == [(10, 2.0)]


def test_read_plans_by_the_progress_bar(tmp_path: Path):
    """Without a banner the bar tells how many updates are planned."""
    assert logs.read_log(tmp_path, logs.TRANSFORMERS).config == {"max_steps": 200}


def test_read_knows_llamafactory_by_its_own_lines(tmp_path: Path):
    """LLaMA Board's running_log.txt, and what it says of a missing evaluation."""
    said = "[INFO|2025-03-03 12:00:00] llamafactory.train.callbacks:143 >> "
    text = said + entry(0.5) + said + entry(1.0) + "No metric eval_loss to plot.\n"
    table = logs.read_log(tmp_path, text)
    assert table.framework == "llamafactory"
    assert ("not_plotted", {"name": "eval_loss"}) in [(n.kind, n.numbers) for n in table.notes]


def test_read_takes_the_lines_of_ppo(tmp_path: Path) -> None:
    """TRL's PPO prints a reward and the loss of the policy, and nothing called loss."""
    line = (
        "{{'objective/rlhf_reward': 0.5, 'loss/policy_avg': -0.25, 'lr': 3e-06, 'epoch': {:.2f}}}"
    )
    text = "".join(line.format(step / 10) + "\n" for step in range(1, 6))
    table = logs.read_log(tmp_path, text)
    assert [value for _, value in logs.points(table, "reward")] == [0.5] * 5
    assert [value for _, value in logs.points(table, "loss")] == [-0.25] * 5


def test_a_bar_that_is_full_before_the_first_loss_plans_nothing(tmp_path: Path):
    """It is that of the tokenizer."""
    text = "Map: 100%|####| 3760/3760 [00:10<00:00, 376.00it/s]\n" + entry(0.5) + entry(1.0)
    assert not logs.read_log(tmp_path, text).config


def test_an_epoch_of_thousands_of_digits_is_not_called_a_run_without_losses(tmp_path: Path):
    """Losses are there: the line is shown that no reader takes."""
    path = tmp_path / "train.log"
    path.write_text("".join(f"{{'loss': {9 - at}, 'epoch': {'9' * 4000}}}\n" for at in range(9)))
    with pytest.raises(NoLogFound, match="nearest line"):
        formats.read_file(path, Settings())


@pytest.mark.parametrize(
    "line",
    [
        "Step {step}: {{'loss': {loss}, 'learning_rate': 1e-05, 'epoch': {epoch}}}\n",
        "[global_step={step}/60] {{'loss': {loss}, 'epoch': {epoch}}}\n",
        "step={step} metrics={{'loss': {loss}, 'epoch': {epoch}}}\n",
        "{{'loss': {loss}, 'grad_norm': 1.1, 'epoch': {epoch}, 'step': {step}}}\n",
    ],
)
def test_a_step_that_is_stated_with_an_entry_is_its_step(tmp_path: Path, line: str):
    """Callbacks print the step ahead of the dict, and the history holds it."""
    said = (line.format(step=20 * n, loss=3 - n / 10, epoch=n / 10) for n in (1, 2, 3))
    assert logs.read_log(tmp_path, "".join(said)).columns["loss"].steps.tolist() == [20, 40, 60]


def test_a_step_within_an_epoch_is_not_that_of_the_run(tmp_path: Path):
    """It begins again in each epoch."""
    said = "epoch {} step {}: {{'loss': 1.5, 'epoch': {}}}\n".format
    text = said(1, 50, 0.5) + said(1, 100, 1.0) + said(2, 50, 1.5) + said(2, 100, 2.0)
    assert logs.read_log(tmp_path, text).columns["loss"].steps.tolist() == [1, 2, 3, 4]


@pytest.mark.parametrize("ahead", ["saved at step 5 -> ", "micro_step 7: "])
def test_a_step_that_stands_while_the_epoch_goes_on_is_none_of_the_entries(
    tmp_path: Path, ahead: str
):
    """No point is lost to another one of that step."""
    said = (f"{ahead}{{'loss': {3 - n / 10}, 'epoch': {n / 10}}}\n" for n in (1, 2, 3))
    assert logs.read_log(tmp_path, "".join(said)).columns["loss"].steps.tolist() == [1, 2, 3]
