"""lossscan watch: one run while it trains."""

from __future__ import annotations

import signal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lossscan import __version__, api, reporters, words
from lossscan.commands.kit.options import (
    Config,
    FailOn,
    Ignore,
    Lang,
    Select,
    TrainingConfig,
    choice,
    seconds,
    settings_from,
)
from lossscan.commands.kit.output import emit
from lossscan.commands.kit.progress import interrupts, tell
from lossscan.commands.kit.shape import hushed

if TYPE_CHECKING:
    from lossscan.commands.kit.live import Say
    from lossscan.model import Finding, Message, RunReport
    from lossscan.settings import Settings

INTERVAL = 10.0  # seconds: a logged point of a large model takes about as long
COMPLETE, FOREVER = "complete", "forever"


def watch(
    run_dir: Annotated[str, typer.Argument(metavar="RUN_DIR", help="Run directory or log file.")],
    interval: Annotated[
        float, typer.Option(metavar="SECONDS", help="Polling interval.")
    ] = INTERVAL,
    until: Annotated[
        str,
        typer.Option(
            metavar=f"{COMPLETE}|{FOREVER}", help="Stop when training completes, or only on Ctrl-C."
        ),
    ] = COMPLETE,
    exec_: Annotated[
        str | None,
        typer.Option(
            "--exec",
            metavar="CMD",
            help="Command to run on each new finding, with its JSON on stdin.",
        ),
    ] = None,
    webhook: Annotated[
        str | None, typer.Option(metavar="URL", help="POST each new finding to this URL.")
    ] = None,
    webhook_style: Annotated[
        str,
        typer.Option(
            metavar="json|slack|feishu|dingtalk|wecom", help="Payload format of the webhook."
        ),
    ] = "json",
    fail_on: FailOn = None,
    config: Config = None,
    training_config: TrainingConfig = None,
    select: Select = None,
    ignore: Ignore = None,
    lang: Lang = None,
) -> int:
    """Follow a training run and print each new finding once.

    lossscan watch runs/sft
    lossscan watch runs/sft --fail-on critical && echo finished
    """
    from lossscan.watching.notify import Command, Notifier
    from lossscan.watching.webhook import STYLES, Webhook

    choice(until, (COMPLETE, FOREVER), "--until")
    choice(webhook_style, tuple(STYLES), "--webhook-style")
    seconds(interval, "--interval")
    settings = settings_from(config, fail_on=fail_on, select=select, ignore=ignore, lang=lang)
    targets: list[Command | Webhook] = [] if exec_ is None else [Command.of(exec_)]
    targets += [] if webhook is None else [Webhook.of(webhook, webhook_style)]
    notifier = Notifier(tuple(targets), partial(_warn, settings.lang))
    try:
        return _follow(run_dir, settings, notifier, interval, training_config, until)
    finally:
        notifier.close()


def _warn(lang: str, said: Message) -> None:
    if not hushed():
        tell(words.say(lang, said))


def _follow(
    run_dir: str,
    settings: Settings,
    notifier: Any,
    interval: float,
    training_config: Path | None,
    until: str,
) -> int:
    from lossscan.commands.kit.live import shown
    from lossscan.model import FOUND, Report

    report: RunReport | None = None
    with interrupts() as stop, shown(run_dir, settings) as (draw, say):
        for look in api.watch(
            run_dir,
            settings=settings,
            training_config=training_config,
            interval=interval,
            until_complete=until == COMPLETE,
            stop=stop,
        ):
            draw(look)
            report = look.report or report
            failed = report is not None and _announce(report, look.new, settings, notifier, say)
            if failed and not look.last:
                return FOUND
            if look.last and look.waiting is not None and report is None:
                raise look.waiting
    if report is None:
        return 128 + signal.SIGINT
    return emit(Report(__version__, (report,)), reporters.DEFAULT, None, settings, single=True)


def _announce(
    report: RunReport, new: tuple[Finding, ...], settings: Settings, notifier: Any, say: Say
) -> bool:
    """Print and send the new findings; whether one of them fails the gate."""
    from lossscan.reporters.kit.lines import announcement
    from lossscan.reporters.kit.plain import plain_findings

    for finding in new:
        text = announcement(finding, settings.lang)
        say(text)
        named = {"run": report.path, "text": f"{report.name}: {text}"}
        (told,) = plain_findings((finding,), settings.lang)  # as the JSON report has it
        notifier.send(told | named)
    return any(finding.severity.reaches(settings.fail_on) for finding in new)
