"""The summary of a step of GitHub's, in which a report may be shown."""

from __future__ import annotations

import os
from pathlib import Path

from lossscan import words
from lossscan.errors import OutputError, reason_of

SUMMARY = "GITHUB_STEP_SUMMARY"  # names the file whose Markdown GitHub shows below a job
SUMMARY_BYTES = 1 << 20  # of one step; GitHub shows nothing of a longer one


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
