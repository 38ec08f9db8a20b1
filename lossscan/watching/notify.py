"""A new finding goes to a command or to a webhook, and never holds the watch up."""

from __future__ import annotations

import json
import queue
import shlex
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable
from typing import IO, Final

from msgspec import Struct

from lossscan.errors import UsageError, reason_of
from lossscan.model import Message
from lossscan.watching.webhook import TIME_LIMIT, Alert, NotSent, Webhook

MOST_WAITING: Final = 100  # messages; a run has some twenty rules
LEFT: Final = 45.0  # seconds that the end of a watch waits for what is still to be sent
MOST_PRINTED: Final = 1000  # bytes of what a command prints that are shown: a line says it all


class Command(Struct, frozen=True):
    """A command of the user's that gets the message as JSON on standard input; no shell."""

    words: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> Command:
        """Split as a shell splits words; raises UsageError where that is no command."""
        try:
            parts = tuple(shlex.split(text))
        except ValueError as error:
            raise UsageError("bad_exec", text=text) from error
        if not parts or shutil.which(parts[0]) is None:
            raise UsageError("no_exec", name=parts[0] if parts else "")
        return cls(parts)

    @property
    def name(self) -> str:
        """The program."""
        return self.words[0]

    def __call__(self, alert: Alert) -> str:
        """Run it; returns what it printed, raises NotSent."""
        data = json.dumps(alert, ensure_ascii=False).encode(errors="replace")
        with tempfile.TemporaryFile() as printed:  # a pipe would be waited for beyond the limit
            status = self._run(data, printed)
            printed.seek(0)
            said = printed.read(MOST_PRINTED).decode(errors="replace").strip()
        if status:
            raise NotSent(Message("exit_status", status=status, said=said and f": {said}"))
        return said

    def _run(self, data: bytes, printed: IO[bytes]) -> int:
        try:
            done = subprocess.run(  # noqa: S603 - the user's own
                self.words,
                input=data,
                stdout=printed,
                stderr=subprocess.STDOUT,
                timeout=TIME_LIMIT,
                check=False,
            )
        except OSError as error:
            raise NotSent(reason_of(error)) from error
        except subprocess.TimeoutExpired as error:
            raise NotSent(Message("no_answer", seconds=f"{TIME_LIMIT:g}")) from error
        return done.returncode


class Notifier:
    """Sends messages one after the other from a thread of its own."""

    def __init__(
        self, targets: tuple[Command | Webhook, ...], warn: Callable[[Message], None]
    ) -> None:
        self._targets = targets
        self._warn = warn
        self._waiting: queue.Queue[Alert | None] = queue.Queue(MOST_WAITING)
        self._thread = threading.Thread(target=self._work, daemon=True)
        if targets:
            self._thread.start()

    def send(self, alert: Alert) -> None:
        """Hand a message over; it is dropped with a warning where a hundred are waiting."""
        if not self._targets:
            return
        try:
            self._waiting.put_nowait(alert)
        except queue.Full:
            self._warn(Message("queue_full", count=MOST_WAITING, text=alert["text"]))

    def close(self) -> None:
        """Wait, within a limit, until all is sent."""
        if not self._targets:
            return
        self._waiting.put(None)
        self._thread.join(LEFT)
        if self._thread.is_alive():
            self._warn(Message("send_unfinished", seconds=f"{LEFT:g}"))

    def _work(self) -> None:
        while (alert := self._waiting.get()) is not None:
            for target in self._targets:
                try:
                    printed = target(alert)
                    if printed:
                        self._warn(Message("as_said", text=f"{target.name}: {printed}"))
                except NotSent as error:
                    self._warn(Message("not_sent", to=target.name, reason=error.message))
