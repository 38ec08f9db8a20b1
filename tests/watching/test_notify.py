"""A new finding that goes to a command or to a chat service."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from lossscan.errors import UsageError
from lossscan.model import Message
from lossscan.watching import webhook
from lossscan.watching.notify import Command, Notifier
from lossscan.watching.webhook import STYLES, Webhook

SAID = 'sft <!channel> & <at user_id="all">: CRITICAL'
ALERT = {"rule": "loss-jump", "text": SAID}
KEYWORD = "[lossscan] "


class _Service(BaseHTTPRequestHandler):
    """Answers as its path says: a status, or a body with status 200."""

    bodies: ClassVar[list[bytes]]  # of each server its own
    held: ClassVar[threading.Event]  # what `/slow` waits for

    def do_POST(self) -> None:
        self.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        asked = self.path.strip("/")
        if asked == "slow":
            self.held.wait(60)
            return
        if asked == "garbage":
            self.wfile.write(b"\x00\r\n\r\n")
            return
        self.send_response(int(asked) if asked.isdigit() else 200)
        self.send_header("Location", "/elsewhere")
        self.send_header("Retry-After", "0")
        self.end_headers()
        self.wfile.write(b"ok" if asked.isdigit() else asked.encode())

    def log_message(self, *_: object) -> None:
        """Nothing on standard error."""


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, list[bytes]]]:
    """An address, and what was posted to it."""
    monkeypatch.setattr(webhook, "PAUSE", 0.0)

    class Service(_Service):
        bodies: ClassVar[list[bytes]] = []
        held = threading.Event()

    with ThreadingHTTPServer(("127.0.0.1", 0), Service) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))  # seconds to its end
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", Service.bodies
        Service.held.set()
        server.shutdown()
        thread.join()


def _send(target: Command | Webhook) -> str:
    """Send one; what is said to the user where that fails."""
    said: list[Message] = []
    notifier = Notifier((target,), said.append)
    notifier.send(ALERT)
    notifier.close()
    return "\n".join(map(str, said))


@pytest.mark.parametrize(
    ("style", "body"),
    [
        ("json", ALERT),
        (
            "slack",
            {"text": f'{KEYWORD}sft &lt;!channel&gt; &amp; &lt;at user_id="all"&gt;: CRITICAL'},
        ),
        (
            "feishu",
            {"msg_type": "text", "content": {"text": KEYWORD + SAID.replace("<at", "< at")}},
        ),
        ("dingtalk", {"msgtype": "text", "text": {"content": KEYWORD + ALERT["text"]}}),
        ("wecom", {"msgtype": "text", "text": {"content": KEYWORD + ALERT["text"]}}),
    ],
)
def test_each_service_gets_the_body_it_reads(
    service: tuple[str, list[bytes]], style: str, body: object
):
    """Slack and Feishu call nobody; bots that ask for a keyword find the name of the tool."""
    url, bodies = service
    assert not _send(Webhook.of(url, style))
    assert [json.loads(each) for each in bodies] == [body]


@pytest.mark.parametrize("style", sorted(set(STYLES) - {"json"}))
def test_a_long_text_is_cut_between_characters(style: str):
    """WeCom takes 2048 bytes."""
    body = json.dumps(STYLES[style]({"text": "损失" * 1000}), ensure_ascii=False)
    assert "…" in body
    assert len(body.encode()) < webhook.MOST_BYTES + 50


@pytest.mark.parametrize(
    "answer", ['{"errcode":310000,"errmsg":"keywords"}', '{"code":19024,"msg":"keywords"}']
)
def test_a_refusal_with_status_200_is_told(service: tuple[str, list[bytes]], answer: str):
    """A bot that asks for a keyword or a signature answers so; another try would not help."""
    url, bodies = service
    assert "keywords" in _send(Webhook(f"{url}/{answer}", "feishu"))
    assert len(bodies) == 1


@pytest.mark.parametrize(
    ("path", "tries"), [("200", 1), ("500", 3), ("429", 3), ("404", 1), ("302", 1), ("garbage", 3)]
)
def test_only_what_may_pass_is_tried_again(service: tuple[str, list[bytes]], path: str, tries: int):
    """What fails for good is a warning that hides the secret part of the address."""
    url, bodies = service
    said = _send(Webhook.of(f"{url}/{path}", "json"))
    assert len(bodies) == tries
    assert bool(said) == (path != "200")
    assert f"/{path}" not in said


def test_a_server_that_does_not_answer_holds_nothing_up(
    service: tuple[str, list[bytes]], monkeypatch: pytest.MonkeyPatch
):
    """Handing over takes no time, and the next message is sent all the same."""
    monkeypatch.setattr(webhook, "TIME_LIMIT", 0.1)
    url, bodies = service
    said: list[Message] = []
    notifier = Notifier((Webhook.of(f"{url}/slow", "json"),), said.append)
    began = time.monotonic()
    notifier.send(ALERT)
    notifier.send(ALERT)
    assert time.monotonic() - began < 0.1
    notifier.close()
    assert len(bodies) == 2 * webhook.TRIES
    assert len(said) == 2
    assert "0.1 秒内没有响应" in said[0].say("zh")


def test_a_command_gets_the_finding_on_standard_input(tmp_path: Path):
    """--exec: JSON in, no shell between."""
    out = tmp_path / "out"
    code = f"import sys; open({str(out)!r}, 'w').write(sys.stdin.read())"
    _send(Command((sys.executable, "-c", code)))
    assert json.loads(out.read_text(encoding="utf-8")) == ALERT


def test_what_a_command_prints_is_told(capfd: pytest.CaptureFixture[str]):
    """Not printed by itself: that would be among the lines of the report or of the live picture."""
    said = _send(Command((sys.executable, "-c", "print('sent')")))
    assert said.endswith(": sent")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "command", [("/no/such/command",), (sys.executable, "-c", "raise SystemExit('could not send')")]
)
def test_a_command_that_fails_does_not_end_the_watch(command: tuple[str, ...]):
    """A broken hook is a warning."""
    assert "could not send a finding to" in _send(Command(command))


@pytest.mark.parametrize("text", [" ", "'open", "no-such-command -x"])
def test_a_command_that_cannot_work_is_refused_at_once(text: str):
    """A slip is told before the job has run for a day."""
    with pytest.raises(UsageError):
        Command.of(text)


@pytest.mark.parametrize(
    ("url", "style"),
    [
        ("ftp://x", "json"),
        ("http://", "json"),
        ("http://[::1", "json"),
        ("https://host:99999/", "json"),
        ("http://a b/", "json"),
        ("http://x", "teams"),
    ],
)
def test_a_webhook_that_cannot_work_is_refused_at_once(url: str, style: str):
    """So is this."""
    with pytest.raises(UsageError):
        Webhook.of(url, style)
