"""lossscan analyze: one run."""

from __future__ import annotations

from typing import Annotated

import typer

from lossscan import __version__, api, reporters
from lossscan.commands.kit.data import points_read
from lossscan.commands.kit.options import (
    Ascii,
    Baseline,
    Config,
    FailOn,
    Format,
    Ignore,
    Lang,
    Output,
    Select,
    TrainingConfig,
    WriteBaseline,
    choice,
    settings_from,
)
from lossscan.commands.kit.output import emit, spared, waiting, write


def analyze(
    run_dir: Annotated[
        str, typer.Argument(metavar="RUN_DIR", help="Run directory, log file, - for stdin, or URL.")
    ],
    format: Format = reporters.DEFAULT,  # noqa: A002 - the option's name
    output: Output = None,
    fail_on: FailOn = None,
    config: Config = None,
    training_config: TrainingConfig = None,
    select: Select = None,
    ignore: Ignore = None,
    baseline: Baseline = None,
    write_baseline: WriteBaseline = None,
    ascii: Ascii = False,  # noqa: A002 - the option's name
    lang: Lang = None,
    show_data: Annotated[
        bool,
        typer.Option("--show-data", help="Print what was read, point by point, and no findings."),
    ] = False,
) -> int:
    """Explain the loss of one run.

    lossscan analyze runs/sft
    lossscan analyze runs/sft -f html -o report.html
    lossscan analyze train.log --fail-on warning
    """
    reporters.check(format, terminal=output is None)
    if show_data:
        choice(format, (reporters.DEFAULT,), "--show-data --format")
    settings = settings_from(config, fail_on=fail_on, select=select, ignore=ignore, lang=lang)
    from lossscan.model import Report

    with waiting(run_dir):
        one = api.analyze(run_dir, settings=settings, training_config=training_config)
    if show_data and one.run is not None:
        tuple(spared((one,), output))
        write(points_read(one.run, settings.lang), output)
        return 0
    return emit(
        Report(__version__, (one,)),
        format,
        output,
        settings,
        single=True,
        baseline=baseline,
        write_baseline=write_baseline,
        ascii_only=ascii,
    )
