"""How a log is spoken of that is damaged in places: by the half it may still be judged."""

from __future__ import annotations

from lossscan.model import UNREAD_NOTE, Message, Note


def weighed(note: Note, lost: int, whole: int) -> Note:
    """The note on what was skipped; where more was lost than is whole, that the log is unread."""
    if lost <= whole:
        return note
    return Note(UNREAD_NOTE, note.path, reason=Message("most_lost", lost=lost, all=lost + whole))
