"""The runs of a file that holds several, as an MLflow database does: each has a name."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from lossscan.errors import LossscanError
from lossscan.runs.discover import PART, RunFiles, is_log_name


def apart(files: RunFiles) -> tuple[RunFiles, ...]:
    """The runs of a file that holds several, each by itself: where it is named, or all there is."""
    from lossscan import formats  # loads numpy

    logs = [path for path in files.files if is_log_name(path.name)]
    path = files.root if files.root in files.files else logs[0] if len(logs) == 1 else None
    if path is None or files.part:
        return (files,)
    try:
        names = formats.runs_in(path)
    except (LossscanError, OSError):  # the reader says what is wrong
        return (files,)
    if len(names) <= 1:
        return (files,)
    roots = {name: Path(f"{path}{PART}{name}") for name in names}
    return tuple(replace(files, root=roots[name], files=(path,), part=name) for name in names)
