"""The verbs as functions: what the command line calls and what a script may call."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from os import PathLike, fspath
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, BinaryIO, TypeAlias, TypeVar

from lossscan import __version__
from lossscan.settings import Settings

if TYPE_CHECKING:
    from lossscan.effective_settings import EffectiveSetting
    from lossscan.installation import Installation
    from lossscan.model import Report, Run, RunReport
    from lossscan.runs.remote import Remote
    from lossscan.watching import Look
    from lossscan.words.pages import RulePage

T = TypeVar("T")
Paths: TypeAlias = "str | PathLike[str] | Iterable[str | PathLike[str]]"  # one, or several
Progress: TypeAlias = "Callable[[int, int], None]"  # how many runs are done, of how many


def analyze(
    path: str | PathLike[str],
    *,
    settings: Settings | None = None,
    training_config: str | PathLike[str] | None = None,
) -> RunReport:
    """What happened to the loss of one run: a directory, one log file, or a URL of either.

    Raises InputError where the run cannot be examined, UsageError for a rule that does not exist.
    """
    from lossscan.gate import stamped

    chosen = _with(settings, training_config)
    return _spoken(stamped(_examined(path, chosen)), chosen)


def read(
    path: str | PathLike[str],
    *,
    settings: Settings | None = None,
    training_config: str | PathLike[str] | None = None,
) -> Run:
    """The series, settings and landmarks of one run, judged by nobody; raises as `analyze` does."""
    from lossscan import pipeline

    chosen = _with(settings, training_config)
    return pipeline.read(_place(path, chosen), chosen)


def _examined(path: str | PathLike[str], settings: Settings) -> RunReport:
    from lossscan import pipeline

    return pipeline.examine(_place(path, settings), settings)


def _place(path: str | PathLike[str], settings: Settings) -> Path | Remote:
    """Where the only run is that a path or a URL leads to."""
    from lossscan import pipeline

    place = fspath(path)
    return pipeline.one_remote(place, settings) if "://" in place else pipeline.place_of(place)


def _with(settings: Settings | None, training_config: str | PathLike[str] | None) -> Settings:
    """The settings, with the training config that a call names."""
    chosen = settings or Settings()
    if training_config is None:
        return chosen
    return replace(chosen, training_config=Path(training_config))


def _spoken(value: T, settings: Settings) -> T:
    """What is handed to a script: its messages are shown in the language of the settings."""
    from lossscan.model import spoken

    return value if settings.lang == "en" else spoken(value, settings.lang)


def _each(paths: Paths) -> tuple[str, ...]:
    """The paths as text; a single one is not taken for its letters."""
    if isinstance(paths, str | PathLike):
        return (fspath(paths),)
    return tuple(fspath(path) for path in paths)


def _told(
    reports: Iterable[RunReport], total: int, progress: Progress | None
) -> Iterator[RunReport]:
    """The reports; after each, `progress` is called with how many are done."""
    for done, report in enumerate(reports, start=1):
        if progress is not None:
            progress(done, total)
        yield report


def batch(  # noqa: PLR0913 - the options of the verb
    paths: Paths,
    *,
    settings: Settings | None = None,
    include: str | Iterable[str] = (),
    exclude: str | Iterable[str] = (),
    since: str | None = None,
    changed_only: str | PathLike[str] | None = None,
    jobs: int | None = 1,
    dask: str | None = None,
    progress: Progress | None = None,
) -> Report:
    """Every run below the path or paths; a run that cannot be examined has the status `error`.

    Series hold no more than their ends; `findings` are what the runs show together. `progress` is
    called after each run with how many are done, and how many there are. With `jobs`
    other than 1 (None: all cores) the calling script needs the usual `if __name__ == "__main__"`.
    """
    from lossscan.associations import Collected, as_findings
    from lossscan.batching import Options, plan
    from lossscan.gate import stamped
    from lossscan.model import Report

    chosen, state = settings or Settings(), None if changed_only is None else Path(changed_only)
    options = Options(_each(include), _each(exclude), since, state, jobs, dask)
    work = plan(_each(paths), chosen, options)
    runs = tuple(_told(map(stamped, work.reports()), len(work.tasks), progress))
    collected = Collected()
    for one in runs:
        collected.add(one)
    work.remember()
    report = Report(__version__, runs, as_findings(collected.associations()))
    return _spoken(report, chosen)


def judge(
    report: Report,
    *,
    settings: Settings | None = None,
    baseline: str | PathLike[str] | None = None,
    single: bool = False,
) -> Report:
    """The report with those findings marked that a baseline knows or the settings suppress.

    What of both no longer meets anything is in its `remarks`; with `single`, suppressions of other
    runs are not. Raises SettingsError for a baseline that cannot be read.
    """
    from msgspec.structs import replace as replaced

    from lossscan.gate import judged, policy_of
    from lossscan.gate.suppressions import remarks

    chosen = settings or Settings()
    policy = policy_of(chosen, None if baseline is None else Path(baseline))
    marked = judged(report, policy)
    said = remarks(marked, policy, chosen, single=single)
    return _spoken(replaced(marked, remarks=said), chosen)


def baseline_of(report: Report, *, update: str | PathLike[str] | None = None) -> str:
    """The text of a baseline that knows all findings of a judged report.

    Entries of other runs in the file `update`, if there is one, are kept; raises SettingsError.
    """
    from lossscan import gate
    from lossscan.gate import baseline

    file = None if update is None else Path(update)
    old = baseline.load(file).values() if file is not None and file.exists() else ()
    return gate.baseline_of(report, old, Path.cwd())


def compare(
    paths: Paths, *, settings: Settings | None = None, progress: Progress | None = None
) -> Report:
    """Two to 52 runs, or URLs of runs, side by side: where they part and what explains it.

    Raises InputError where a run cannot be examined or no two share steps, UsageError for a wrong
    number of runs.
    """
    from lossscan.comparing import check_count, compared
    from lossscan.model import Report

    chosen, places = settings or Settings(), _each(paths)
    check_count(len(places))
    examined = (_examined(place, chosen) for place in places)
    runs = tuple(_told(examined, len(places), progress))
    comparison, findings = compared(runs, chosen)
    return _spoken(Report(__version__, runs, findings, comparison=comparison), chosen)


def plot(  # noqa: PLR0913 - the options of the verb
    paths: Paths,
    output: str | PathLike[str] | BinaryIO,
    *,
    kind: str | None = None,
    settings: Settings | None = None,
    training_config: str | PathLike[str] | None = None,
    series: Iterable[str] = (),
    log: bool = False,
    first: float | None = None,
    last: float | None = None,
    progress: Progress | None = None,
) -> None:
    """The annotated curves of runs as a picture, in a file or an open binary stream.

    The `kind` is png, svg or pdf; without one the suffix of the file decides, and a stream gets a
    PNG. `first` and `last` are steps. Raises InputError, MissingExtra without matplotlib,
    UsageError.
    """
    from lossscan.reporters import Page
    from lossscan.reporters.kit.figure import View, check_kind, check_picture, picture

    chosen, places = _with(settings, training_config), _each(paths)
    file = Path(output) if isinstance(output, str | PathLike) else None
    wanted = check_kind(kind if kind is not None else file.suffix if file else "png")
    view = View(_each(series), first=first, last=last, log=log)
    check_picture(len(places), view)
    examined = (analyze(place, settings=chosen) for place in places)
    runs = tuple(_told(examined, len(places), progress))
    drawn = picture(runs, wanted, view, Page(lang=chosen.lang))
    if file is not None:
        file.write_bytes(drawn)
    elif not isinstance(output, str | PathLike):
        output.write(drawn)


def watch(
    path: str | PathLike[str],
    *,
    settings: Settings | None = None,
    training_config: str | PathLike[str] | None = None,
    interval: float = 10.0,
    until_complete: bool = True,
    stop: Event | None = None,
) -> Iterator[Look]:
    """Follow a run that is still training: a look whenever its files have changed.

    `interval` is in seconds. Ends with the training, or when `stop` is set. What cannot be read
    yet is waited for.
    """
    from lossscan.pipeline import place_of
    from lossscan.watching import Watch

    stopped = stop or Event()
    chosen = _with(settings, training_config)
    watching = Watch(place_of(path), chosen)
    looks = watching.looks(lambda: stopped.wait(interval), until_complete=until_complete)
    return (_spoken(look, chosen) for look in looks)


def config(
    settings: Settings | None = None, *, given: Mapping[str, str] | None = None
) -> tuple[EffectiveSetting, ...]:
    """Every key of the settings, its value, and where it comes from.

    `given` names what was set otherwise than by a file, by key. Raises SettingsError.
    """
    from lossscan.effective_settings import effective_settings

    return effective_settings(settings or Settings(), given or {})


def rule_names() -> tuple[str, ...]:
    """The names of all rules, sorted."""
    from lossscan import rules

    return rules.rule_names()


def format_samples() -> dict[str, str]:
    """The log formats that are read, each with a sample of what it looks for; PluginError."""
    from lossscan.formats import formats

    return {each.name: each.sample for each in sorted(formats(), key=lambda each: each.name)}


def explain(rule: str) -> RulePage:
    """The catalogue page of a rule; raises UsageError, which names the nearest, for another."""
    from lossscan.rules import chosen_rules
    from lossscan.words.pages import load_page

    return load_page(*chosen_rules(select=(rule,)))


def doctor() -> Installation:
    """What is installed: versions, extras, plug-ins, and what each open set holds."""
    from lossscan.installation import installation

    return installation()


def schema(name: str) -> str:
    """A JSON Schema as text: `report` or `settings`; raises UsageError for another name."""
    from lossscan.installation import schema

    return schema(name)
