"""A new finding goes to a command or to a webhook, and never holds the watch up."""

from __future__ import annotations

import json
import logging
import queue
import shlex
import subprocess
import threading
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from lossscan import words
from lossscan.errors import UsageError

TIME_LIMIT: Final = 10.0  # seconds for a command or one try of a webhook: both only pass a message
TRIES: Final = 3  # of a webhook; a service that is down for longer is for its owner to repair
PAUSE: Final = 2.0  # seconds before the next try
MOST_WAITING: Final = 100  # messages; a run has some twenty rules
LEFT: Final = 45.0  # seconds that the end of a watch waits for what is still to be sent

_log = logging.getLogger(__name__)

Message = Mapping[str, Any]  # the finding as in the JSON report, and `run` and `text`
STYLES: Final[Mapping[str, Callable[[Message], Any]]] = {
    "json": lambda message: message,
    "slack": lambda message: {"text": message["text"]},
    "feishu": lambda message: {"msg_type": "text", "content": {"text": message["text"]}},
    "dingtalk": lambda message: {"msgtype": "text", "text": {"content": message["text"]}},
    "wecom": lambda message: {"msgtype": "text", "text": {"content": message["text"]}},
}


@dataclass(frozen=True, slots=True)
class Command:
    """A command of the user's that gets the message as JSON on standard input; no shell."""

    words: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> Command:
        """Split as a shell splits words; raises UsageError where a quote stays open."""
        try:
            return cls(tuple(shlex.split(text)))
        except ValueError as error:
            raise UsageError("bad_exec", reason=str(error)) from error

    def __call__(self, message: Message) -> None:
        """Run it; raises OSError or subprocess.SubprocessError."""
        data = json.dumps(message, ensure_ascii=False).encode()
        subprocess.run(self.words, input=data, timeout=TIME_LIMIT, check=True)  # noqa: S603 - the user's own


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address of the user's that gets the message in the form its service reads."""

    url: str
    style: str = "json"

    @classmethod
    def of(cls, url: str, style: str) -> Webhook:
        """Raises UsageError for an address that is not HTTP or a style that does not exist."""
        if not url.startswith(("http://", "https://")):
            raise UsageError("bad_webhook", url=url)
        if style not in STYLES:
            hint = words.nearest(style, STYLES)
            raise UsageError("invalid_choice", option="--webhook-style", value=style, hint=hint)
        return cls(url, style)

    def __call__(self, message: Message) -> None:
        """Post it, up to three times; raises OSError."""
        data = json.dumps(STYLES[self.style](message), ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json; charset=utf-8"}
        for left in reversed(range(TRIES)):
            request = urllib.request.Request(self.url, data, headers)  # noqa: S310 - checked in `of`
            try:
                with urllib.request.urlopen(request, timeout=TIME_LIMIT):  # noqa: S310
                    return
            except OSError:
                if not left:
                    raise
                threading.Event().wait(PAUSE)


class Notifier:
    """Sends messages one after the other from a thread of its own."""

    def __init__(self, targets: tuple[Command | Webhook, ...]) -> None:
        self._targets = targets
        self._waiting: queue.Queue[Message | None] = queue.Queue(MOST_WAITING)
        self._thread = threading.Thread(target=self._work, daemon=True)
        if targets:
            self._thread.start()

    def send(self, message: Message) -> None:
        """Hand a message over; it is dropped with a warning where a hundred are waiting."""
        if not self._targets:
            return
        try:
            self._waiting.put_nowait(message)
        except queue.Full:
            _log.warning("not sent, %d messages are waiting: %s", MOST_WAITING, message["text"])

    def close(self) -> None:
        """Wait, within a limit, until all is sent."""
        if self._targets:
            self._waiting.put(None)
            self._thread.join(LEFT)

    def _work(self) -> None:
        while (message := self._waiting.get()) is not None:
            for target in self._targets:
                self._deliver(target, message)

    @staticmethod
    def _deliver(target: Command | Webhook, message: Message) -> None:
        try:
            target(message)
        except (OSError, subprocess.SubprocessError) as error:
            _log.warning("could not send a finding: %s", error)
