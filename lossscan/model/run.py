"""What reading makes: files become Tables, and these one Run."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from msgspec import Struct, field

from lossscan.model.base import Numbers
from lossscan.model.message import Message

if TYPE_CHECKING:
    from pandas import DataFrame

    from lossscan.numeric.arrays import FloatArray, IntArray


class Column(Struct, frozen=True):
    """One quantity as one file holds it: in file order, steps may repeat or go back."""

    steps: IntArray  # (n,)
    values: FloatArray  # (n,), NaN and infinities kept


class Table(Struct, frozen=True):
    """What one log file holds."""

    columns: Mapping[str, Column]  # canonical names, see canonical.names
    framework: str | None = None
    config: Mapping[str, Any] = field(default_factory=dict)  # canonical settings, banner counts
    config_lines: Mapping[str, int] = field(default_factory=dict)  # of `config`, where known
    averaging: Literal["window", "instant"] = "window"  # what one logged loss is
    launches: tuple[int, ...] = ()  # steps at which a further launch says it begins
    complete: bool | None = None  # whether training came to its end, where the file says so
    notes: tuple[Note, ...] = ()
    fallback: bool = False  # a coarse view, for where no other log of the run holds a curve
    part: str | None = None  # the run that this is, of a file that holds several
    path: Path = Path()  # this and the next are filled in by `formats`, not by the reader
    format: str = ""  # name of the format


class Note(Struct, frozen=True):
    """Something a reader saw and survived; `kind` names the sentence in the words table."""

    kind: str  # broken_lines, truncated_tail, bad_checksum, ...
    path: Path
    numbers: Numbers = field(default_factory=dict)
    reason: Message | None = None  # what an exception said

    def values(self) -> dict[str, Any]:
        """All values that its sentence may name, without the path."""
        reason = {} if self.reason is None else {"reason": self.reason}
        return {**self.numbers, **reason}


class Field(Struct, frozen=True):
    """One setting of the training run and the file that states it."""

    value: Any
    source: str  # path relative to the run; of a log with the line: `train.log:7`

    def __reduce__(self) -> tuple[type[Field], tuple[Any, str]]:
        """Half the time of a dataclass with slots to send: a run states some twenty of them."""
        return Field, (self.value, self.source)


class Series(Struct, frozen=True):
    """One quantity of the run on its surviving course."""

    name: str
    steps: IntArray  # (n,), strictly increasing
    values: FloatArray  # (n,), NaN and infinities kept
    points: int | None = None  # n, where no more than its ends and extremes are kept

    def __len__(self) -> int:
        return len(self.steps) if self.points is None else self.points


LandmarkKind: TypeAlias = Literal[
    "epoch_boundary",
    "last_data_epoch",
    "warmup_end",
    "lr_change",
    "resume",
    "evaluation",
    "checkpoint",
    "accumulation",
]


class Landmark(Struct, frozen=True):
    """A place where something is known to happen: steps up to `step` are before it."""

    kind: LandmarkKind
    step: float
    slack: float = 0.0  # how far off `step` may be, in steps, either way
    epoch: int | None = None  # the epoch that ends here, counted from 1
    source: str | None = None  # the file or field that tells it


class Resume(Struct, frozen=True):
    """A launch that continued an earlier one."""

    step: int  # last step kept from the launch before
    dead: Mapping[str, Series] = field(default_factory=dict)  # points that the resume overtook
    fresh: bool = False  # nothing of the launch before was kept: a new run in the same folder
    source: str | None = None


class Schedule(Struct, frozen=True, dict=True):  # a dict: a run may have many landmarks
    """The landmarks of a run and what they were computed from."""

    landmarks: tuple[Landmark, ...] = ()
    steps_per_epoch: float | None = None
    epochs: float | None = None  # epochs done at the last logged step
    max_steps: int | None = None  # planned updates
    resumes: tuple[Resume, ...] = ()

    @cached_property
    def by_kind(self) -> Mapping[LandmarkKind, tuple[Landmark, ...]]:
        """The landmarks of each kind that there are, in order of step."""
        kinds = dict.fromkeys(mark.kind for mark in self.landmarks)
        return {kind: tuple(m for m in self.landmarks if m.kind == kind) for kind in kinds}

    def of(self, kind: LandmarkKind) -> tuple[Landmark, ...]:
        """The landmarks of one kind, in order of step."""
        return self.by_kind.get(kind, ())


class Source(Struct, frozen=True):
    """A file that the run was read from."""

    path: str  # relative to the run
    format: str
    points: int  # of its fullest column
    used_for: tuple[str, ...]  # names of the series taken from it


class Skipped(Struct, frozen=True):
    """A file that looks like a log and could not be used."""

    path: str
    reason: Message


class Run(Struct, frozen=True):
    """One training run, read from all its files."""

    path: str
    name: str
    series: Mapping[str, Series]
    sources: tuple[Source, ...]
    framework: str | None = None
    objective: str = "cross-entropy"  # or dpo, kto, grpo, ppo, reward, ... : see runs.objective
    averaging: Literal["window", "instant"] = "window"
    config: Mapping[str, Field] = field(default_factory=dict)
    schedule: Schedule = field(default_factory=Schedule)
    complete: bool | None = None
    notes: tuple[Note, ...] = ()
    skipped: tuple[Skipped, ...] = ()

    def __repr__(self) -> str:
        held = ", ".join(f"{name} {len(series)}" for name, series in self.series.items())
        return f"<Run {self.path}: {held}>"

    @property
    def last_step(self) -> int:
        """The last step that any series logged; 0 where there is none."""
        return max((int(s.steps[-1]) for s in self.series.values() if len(s)), default=0)

    def setting(self, name: str) -> Any:
        """The value of a config field, or None where no file states it."""
        stated = self.config.get(name)
        return None if stated is None else stated.value

    def source_of(self, series: str) -> str | None:
        """The file that a series was taken from."""
        return next((s.path for s in self.sources if series in s.used_for), None)

    def frame(self) -> DataFrame:
        """A row for each logged step, a column for each series; MissingExtra without pandas."""
        table: DataFrame = import_module("lossscan.integrations.notebook").frame_of_run(self)
        return table
