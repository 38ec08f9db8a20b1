"""A new finding as the body that a chat service, or a server of the user's, reads."""

from __future__ import annotations

import html
import http.client
import json
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

from msgspec import Struct

from lossscan import __version__, words
from lossscan.errors import UsageError, Worded, reason_of
from lossscan.expressions import expression
from lossscan.model import Message

TIME_LIMIT: Final = 10.0  # seconds for one try: it only passes a message
TRIES: Final = 3  # a service that is down for longer is for its owner to repair
PAUSE: Final = 2.0  # seconds before the next try
LONGEST_PAUSE: Final = 10.0  # seconds: a service that asks for more is not waited for
MOST_BYTES: Final = 2048  # of a text: WeCom's limit; DingTalk, Feishu and Slack take more
MOST_ANSWER: Final = 4096  # bytes that are read of an answer: it is one short sentence
BUSY: Final = 429  # HTTP status: too many messages
_AT: Final = expression(r"(?i)<(?=/?at\b)")
OUTCOMES: Final = ("errcode", "code", "StatusCode")  # DingTalk and WeCom, Feishu, Feishu before v2

Alert: TypeAlias = Mapping[str, Any]  # the finding as in the JSON report, and `run` and `text`


def _text(alert: Alert) -> str:
    """With the tool's name in it: bots of Feishu and DingTalk ask for a keyword."""
    text = f"[lossscan] {alert['text']}"
    cut = text.encode(errors="replace")[: MOST_BYTES - 3].decode(errors="ignore")
    return text if len(text.encode(errors="replace")) <= MOST_BYTES else f"{cut}…"


def _apart(text: str) -> str:
    """For Feishu, where `<at user_id="all">` does, and an escape would be shown as it is."""
    return _AT.sub("< ", text)


STYLES: Final[Mapping[str, Callable[[Alert], Any]]] = {
    "json": lambda alert: alert,
    # `<!channel>` calls everybody
    "slack": lambda alert: {"text": html.escape(_text(alert), quote=False)},
    "feishu": lambda alert: {"msg_type": "text", "content": {"text": _apart(_text(alert))}},
    "dingtalk": lambda alert: {"msgtype": "text", "text": {"content": _text(alert)}},
    "wecom": lambda alert: {"msgtype": "text", "text": {"content": _text(alert)}},
}


class NotSent(Worded):
    """A message that did not arrive, and why; `again` where another try may help."""

    def __init__(self, reason: Message, *, again: float | None = None) -> None:
        super().__init__(reason.key, **dict(reason.values))
        self.again = again  # seconds to wait first


class _Stay(urllib.request.HTTPRedirectHandler):
    """A redirected POST would become a GET without the message."""

    def redirect_request(self, *_: Any) -> None:
        return None


class Webhook(Struct, frozen=True):
    """An address of the user's that gets the message in the form its service reads."""

    url: str
    style: str = "json"

    @classmethod
    def of(cls, url: str, style: str) -> Webhook:
        """Raises UsageError for an address that is not HTTP or a style that does not exist."""
        if not _is_http(url):
            raise UsageError("bad_webhook", url=url)
        if style not in STYLES:
            hint = words.nearest(style, STYLES)
            raise UsageError("invalid_choice", option="--webhook-style", value=style, hint=hint)
        return cls(url, style)

    @property
    def name(self) -> str:
        """The host alone: the rest of such an address is a secret."""
        return urlsplit(self.url).netloc.rpartition("@")[2]

    def __call__(self, alert: Alert) -> str:
        """Post it, up to three times; raises NotSent. There is nothing to say of what arrived."""
        body = json.dumps(STYLES[self.style](alert), ensure_ascii=False).encode(errors="replace")
        for left in reversed(range(TRIES)):
            try:
                self._post(body)
            except NotSent as error:
                if not left or error.again is None:
                    raise
                threading.Event().wait(error.again)
            else:
                break
        return ""

    def _post(self, body: bytes) -> None:
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": f"lossscan/{__version__}",
        }
        request = urllib.request.Request(self.url, body, headers)  # noqa: S310 - checked in `of`
        opener = urllib.request.build_opener(_Stay)
        try:
            with opener.open(request, timeout=TIME_LIMIT) as answer:
                said = answer.read(MOST_ANSWER)
        except urllib.error.HTTPError as error:
            raise _of_status(error) from error
        except (OSError, http.client.HTTPException) as error:
            raise NotSent(_reason(error), again=PAUSE) from error
        if self.style != "json":  # a server of the user's own answers as it likes
            _check(said)


def _is_http(url: str) -> bool:
    try:
        parts = urlsplit(url)
        fine = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a bracket or a port that is none
        return False
    return fine and url.isascii() and url.isprintable() and " " not in url


def _reason(error: OSError | http.client.HTTPException) -> Message:
    cause = getattr(error, "reason", error)  # urllib wraps what the system said
    if isinstance(cause, TimeoutError):
        return Message("no_answer", seconds=f"{TIME_LIMIT:g}")
    if isinstance(cause, socket.gaierror):
        return Message("no_such_host")
    if isinstance(cause, http.client.RemoteDisconnected):
        return Message("os_reset")
    return reason_of(cause) if isinstance(cause, Exception) else Message("as_said", text=str(cause))


def _of_status(error: urllib.error.HTTPError) -> NotSent:
    """Another try helps where the server is at fault or busy, not where it refuses the message."""
    with error:
        said = _one_line(error.read(MOST_ANSWER))
    reason = Message("http_status", status=error.code, said=said or error.reason)
    if error.code == BUSY:
        asked = error.headers.get("Retry-After", "")
        wait = float(asked) if asked.isascii() and asked.isdigit() else PAUSE
        return NotSent(reason, again=wait if wait <= LONGEST_PAUSE else None)
    return NotSent(reason, again=PAUSE if error.code >= http.client.INTERNAL_SERVER_ERROR else None)


def _check(said: bytes) -> None:
    """DingTalk, WeCom and Feishu refuse with status 200 and a code; raises NotSent."""
    try:
        answer = json.loads(said)
    except ValueError:  # Slack says `ok`
        return
    codes = [answer[key] for key in OUTCOMES if key in answer] if isinstance(answer, dict) else []
    if any(codes):
        raise NotSent(Message("as_said", text=_one_line(said)))


def _one_line(said: bytes) -> str:
    """What a service answered, as much as fits on a line."""
    return words.printable(said.decode(errors="replace"))[:200]
