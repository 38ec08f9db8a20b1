"""The gate at the command line: what does not count, what is out of date, GitHub's summary."""

from __future__ import annotations

import os
from pathlib import Path

from lossscan import api, words
from lossscan.commands.kit.progress import tell
from lossscan.commands.kit.shape import hushed
from lossscan.errors import OutputError, reason_of
from lossscan.gate import accepted
from lossscan.model import Report
from lossscan.settings import Settings

SUMMARY = "GITHUB_STEP_SUMMARY"  # names the file whose Markdown GitHub shows below a job
SUMMARY_BYTES = 1 << 20  # of one step; GitHub shows nothing of a longer one


def gated(
    report: Report,
    settings: Settings,
    *,
    single: bool,
    baseline: Path | None = None,
    write_baseline: Path | None = None,
) -> tuple[Report, str | None]:
    """The report with what does not count marked, and the text of the baseline to be written.

    What a baseline or a suppression no longer meets is said on standard error.
    """
    judged = api.judge(report, settings=settings, baseline=baseline, single=single)
    for remark in () if hushed() else judged.remarks:
        tell(words.say(settings.lang, remark))
    if write_baseline is None:
        return judged, None
    return accepted(judged), api.baseline_of(judged, update=write_baseline)


def summarize(text: str, lang: str) -> None:
    """Append Markdown to the summary of GitHub's step, where there is one; raises OutputError."""
    name = os.environ.get(SUMMARY)
    if not name:
        return
    try:
        with Path(name).open("a", encoding="utf-8", errors="backslashreplace") as stream:
            stream.write(_within(text, SUMMARY_BYTES - stream.tell(), lang))
    except OSError as error:
        reason = reason_of(error)
        raise OutputError("summary_refused", at=name, reason=reason, variable=SUMMARY) from error


def _within(text: str, room: int, lang: str) -> str:
    """As many lines as fit in so many bytes, ending where no fold is open, and a word on it."""
    if _size(text) <= room:
        return text
    note = f"\n{words.say(lang, 'cut_here')}\n"
    kept, used, folds, whole = "", _size(note), 0, 0
    for line in text.splitlines(keepends=True):
        used += _size(line)
        if used > room:
            break
        kept += line
        folds += line.count("<details>") - line.count("</details>")
        whole = whole if folds else len(kept)
    return kept[:whole] + note if _size(note) <= room else ""


def _size(text: str) -> int:
    return len(text.encode("utf-8", "backslashreplace"))
