"""The files of one run become a Run: each is read, all are merged, the landmarks are placed."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final

from msgspec.structs import replace

from lossscan import formats
from lossscan.canonical.names import JUDGED
from lossscan.errors import (
    DENIED,
    InputError,
    MissingExtra,
    NoLogFound,
    NoUsableSeries,
    ReaderGaveUp,
    UnreadableLog,
)
from lossscan.expressions import expression
from lossscan.formats.kit.loss_scale_log import SKIPPED  # all that a log of fp16 may hold
from lossscan.formats.kit.unlike import how_to_map
from lossscan.model import (
    UNREAD_NOTE,
    UNVOUCHED,
    Message,
    Note,
    Run,
    Schedule,
    Series,
    Skipped,
    Table,
)
from lossscan.runs.discover import CARD, LEADS_OUT, RunFiles
from lossscan.runs.landmarks.schedule import schedule_of
from lossscan.runs.log_names import is_log_name, is_sure_log_name
from lossscan.runs.merge import Merged, merge
from lossscan.runs.objective import framework_of, objective_of
from lossscan.runs.parts import with_total
from lossscan.runs.refused import Refused, closed
from lossscan.runs.results import final_evaluation
from lossscan.runs.strangers import stranger_at
from lossscan.runs.training.config import read_config
from lossscan.runs.training.files import states_no_points
from lossscan.settings import Settings
from lossscan.sources.files import PIPE, any_of, head_of, relative, spooled
from lossscan.sources.packed import is_compressed, one_run
from lossscan.trainers import trainer_of

SETTINGS_ONLY = (".yaml", ".yml", ".md", ".bin")  # a log of such a name is known by it
CUT = ("cut_json", "truncated_tail", "packed_cut")  # notes on a log that lacks its end
BROKEN = ("broken_lines", "broken_rows", "bad_records")  # notes on what may have been points
_NUMBER: Final = expression(r"(?a)[1-9]\d{0,3}")
_PIPED: Final = "stdin"  # the name of a log that comes through a pipe
_SPEAKING: Final = (*JUDGED, SKIPPED)  # a run that has points of one of them is judged
MOST_NAMED = 12  # series or files named in an error
MOST_LOGS = 2_000  # small ones take 5 ms each; files of launches, which may be more, a fraction


def assemble(files: RunFiles, settings: Settings) -> Run:
    """Read every log of a run and put together what they say; see `lossscan.runs.read_run`."""
    root = files.files[0] if files.part else files.root  # the name of a part may hold a `/`
    with one_run():
        tables, refused = _tables(files, settings)
    if not tables:
        raise _nothing(files, refused)
    chosen = with_total(_without_fallbacks(tables))
    merged = merge(chosen, root, _training(files.part, tables))
    if not any(len(merged.series.get(name, ())) for name in _SPEAKING):
        raise _no_series(files.root, merged)
    logs = {table.path for table in tables}
    others = [path for path in files.files if path not in logs or path.suffix.lower() == CARD]
    config = read_config(others, merged.tables, root=root, explicit=settings.training_config)
    final = final_evaluation(files.files)
    named = (config.framework, *(table.framework for table in merged.tables))
    framework = framework_of(named, merged.series)
    schedule = schedule_of(merged.series, config.fields, merged.resumes, framework=framework)
    in_bits = trainer_of(framework).in_bits  # said so that nobody compares them with nats
    return Run(
        path=str(files.root),
        name=relative(files.root, root.parent) if files.part else root.name,
        series=merged.series,
        sources=merged.sources,
        framework=framework,
        objective=objective_of(merged.series, config.fields),
        averaging=merged.averaging,
        config=config.fields,
        schedule=schedule,
        complete=_complete(merged, schedule),
        notes=(
            *merged.notes,
            *config.notes,
            *final,
            *refused.notes(),
            *closed(files.skipped, root),
            *_unvouched(tables, chosen),
            *((Note("in_bits", merged.tables[0].path),) if in_bits else ()),
        ),
        skipped=(
            *files.skipped,
            *refused.skipped(root),
            *_left_out(tables, chosen, root),
            *merged.skipped,
        ),
    )


def _training(part: str | None, tables: Sequence[Table]) -> str | None:
    """What is asked for of a log of trainings one after the other; a run by its name was read."""
    taken = any(table.part is not None for table in tables)
    return None if part is None or (taken and not _NUMBER.fullmatch(part)) else part


def read_piped(stream: BinaryIO, settings: Settings) -> Run:
    """Read all that a pipe gives, as if it were a file; where it was meanwhile is not shown."""
    with spooled(stream, _PIPED) as path:
        try:
            run = assemble(RunFiles(path, (path,)), settings)
        except InputError as error:
            raise error.renamed(str(path), str(PIPE)) from error
    notes = tuple(replace(note, path=Path(_PIPED)) for note in run.notes)
    return replace(run, path=str(PIPE), name=_PIPED, notes=notes)


def _without_fallbacks(tables: list[Table]) -> list[Table]:
    """The logs that speak: coarse ones only where no other holds a curve."""
    full = [table for table in tables if not table.fallback]
    return full if any(name in table.columns for table in full for name in JUDGED) else tables


def _unvouched(tables: list[Table], chosen: list[Table]) -> Iterator[Note]:
    """The notes of logs that do not speak on what of them was not read: it might have counted."""
    speaking = {table.path for table in chosen}
    silent = (table for table in tables if table.path not in speaking)
    return (note for table in silent for note in table.notes if note.kind in UNVOUCHED)


def _left_out(tables: list[Table], chosen: list[Table], root: Path) -> Iterator[Skipped]:
    """The logs that are not used, except those of last values, which every run of W&B has."""
    speaking = {table.path for table in chosen}
    for table in tables:
        curve = any(len(column.steps) > 1 for column in table.columns.values())
        if curve and table.path not in speaking:
            yield Skipped(relative(table.path, root), Message("lower_resolution"))


def _tables(files: RunFiles, settings: Settings) -> tuple[list[Table], Refused]:
    tables: list[Table] = []
    unclaimed: list[Path] = []
    refused = Refused()
    # Of files next to a log that was named, none is another.
    alone = files.part is not None or files.root in files.files
    named = files.files[0] if files.part is not None else files.root
    for path in [named] if alone else _bounded(files, refused):
        may_be_log = path == named or is_log_name(path.name)
        if not may_be_log and (path.suffix in SETTINGS_ONLY or states_no_points(path)):
            continue
        try:
            if path == named or is_sure_log_name(path.name):
                tables.append(formats.read_file(path, settings, files.part))
            elif table := (formats.read_if_log if may_be_log else _beside_logs)(path, settings):
                tables.append(table)
            elif may_be_log:
                unclaimed.append(path)
        except NoLogFound as error:
            refused.unknown[path] = error
        except (InputError, MissingExtra, OSError) as error:
            refused.broken[path] = error
    tables = tables or _cards(files, settings)
    return tables, refused if tables else _explained(refused, unclaimed, settings)


def _explained(refused: Refused, unclaimed: Iterable[Path], settings: Settings) -> Refused:
    """With the reasons of files that no format claims: only where no log is found are they told."""
    for path in unclaimed:
        try:
            formats.read_file(path, settings)
        except NoLogFound as error:
            refused.unknown[path] = error
    return refused


def _bounded(files: RunFiles, refused: Refused) -> Sequence[Path]:
    """The files of a run, of very many logs the largest."""
    if len(files.files) <= MOST_LOGS:
        return files.files
    of_launches = any_of(" ".join(each.files for each in formats.formats() if each.joined))
    others = (path for path in files.files if not of_launches.fullmatch(path.name))
    logs = [path for path in others if is_log_name(path.name)]
    left = {*sorted(logs, key=_size, reverse=True)[MOST_LOGS:]}
    if left:
        refused.broken[files.root] = ReaderGaveUp("too_many_logs", most=MOST_LOGS, left=len(left))
    return [path for path in files.files if path not in left]


def _size(path: Path) -> int:
    """In bytes; 0 of a file that is gone since it was found."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _beside_logs(path: Path, settings: Settings) -> Table | None:
    """The log in a file whose name may be one of settings; None where it holds none.

    Of a packed file that begins like no log, not all need be unpacked to know.
    """
    if is_compressed(path) and not formats.is_log(head_of(path), settings):
        return None
    return formats.read_if_log(path, settings)


def _cards(files: RunFiles, settings: Settings) -> list[Table]:
    """The curves in the model cards of a run that has no log."""
    found = []
    for path in (path for path in files.files if path.suffix.lower() == CARD):
        try:
            found.append(formats.read_file(path, settings))
        except (InputError, OSError):  # a card without a curve is one of settings
            continue
    return found


def _nothing(files: RunFiles, refused: Refused) -> InputError:
    skipped = Refused(refused.broken).skipped(files.root)
    if skipped:
        first, others = skipped[0], len(skipped) - 1
        hint = getattr(next(iter(refused.broken.values())), "way_out", "retry")
        if files.root in refused.broken:  # it was named itself: once is enough
            alone = first.reason.placed(str(files.root))
            return UnreadableLog(alone.key, hint=hint, **alone.values)
        key = "several_refused" if others else "first_refused"
        told: dict[str, Any] = {"file": first.path, "reason": first.reason, "others": others}
        return UnreadableLog(key, at=files.root, hint=hint, **told)
    left_out = next(iter(files.skipped), None)
    if left_out and left_out.reason.key == LEADS_OUT and not refused.unknown:
        return NoLogFound("only_link", at=files.root, name=left_out.path)
    if left_out and not files.files:
        at, why = files.root / left_out.path, left_out.reason
        closed_log = UnreadableLog("no_access", at=at, reason=why)
        return NoLogFound(why.key, at=at, **why.values) if files.silent else closed_log
    known = stranger_at(files.root)
    if known is not None or len(refused.unknown) == 1:
        return known or next(iter(refused.unknown.values()))
    below = f"{files.root}{os.sep}"
    shown: list[Message | str] = [
        error.message.renamed(below, "") for error in [*refused.unknown.values()][:MOST_NAMED]
    ]
    shown += ["..."] if len(refused.unknown) > MOST_NAMED else []
    lines = (Message("indented", said=each, more="") for each in shown)
    details = (*lines, *how_to_map())
    return NoLogFound("no_log_among", at=files.root, count=len(files.files), details=details)


def _no_series(root: Path, merged: Merged) -> InputError:
    def told(*kinds: str) -> Note | None:
        return next((note for note in merged.notes if note.kind in kinds), None)

    if (unread := told(UNREAD_NOTE)) and unread.reason is not None:
        hint = "allow" if unread.reason.key == DENIED else "retry"
        return UnreadableLog("no_access", at=unread.path, reason=unread.reason, hint=hint)
    if merged.series:
        found = ", ".join(list(merged.series)[:MOST_NAMED])
        return NoUsableSeries("no_loss", at=root, found=found)
    if cut := told(*CUT):
        return UnreadableLog("cut_before_entries", at=root, file=relative(cut.path, root))
    if empty := told("empty_log_history"):
        return NoUsableSeries("empty_history", at=root, file=relative(empty.path, root))
    if broken := told(*BROKEN):
        said = Message(broken.kind, path=relative(broken.path, root), **broken.values())
        return UnreadableLog("no_access", at=root, reason=said, hint="retry")
    return NoUsableSeries("nothing_logged", at=root)


def _complete(merged: Merged, schedule: Schedule) -> bool | None:
    """Whether training ended, by a log's word or as its plan has it."""
    stated = [table.complete for table in merged.tables if table.complete is not None]
    if stated:
        return any(stated)
    if schedule.max_steps is None:
        return None
    first, last, gap = _span(merged.series)
    final = schedule.max_steps - 1 if first == 0 else schedule.max_steps  # counted from 0, or 1
    return last + gap > final


def _span(series: Mapping[str, Series]) -> tuple[int, int, int]:
    """The first and the last logged step, and how many steps are before the last."""
    steps = next(series[name].steps for name in _SPEAKING if len(series.get(name, ())))
    gap = int(steps[-1] - steps[-2]) if len(steps) > 1 else 1
    return int(steps[0]), int(steps[-1]), gap
