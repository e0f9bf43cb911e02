"""Local servers that speak like the providers: Twilio's REST form over HTTP, and SMTP."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTPUTF8
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qsl

import pytest
import pytest_asyncio
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


@dataclass
class Request:
    """What the server saw."""

    path: str
    headers: dict[str, str]
    form: dict[str, str]


@dataclass
class TwilioServer:
    """Answers 201 as Twilio does, unless `script` holds something else for the next requests.

    A step is (status, headers, body), or "hang", "close" (reads and closes without a word) or "drip" (a byte a time).
    """

    url: str = ""
    requests: list[Request] = field(default_factory=list)
    script: list[Any] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:]) if name}
        body = (await reader.readexactly(int(headers.get("content-length", "0")))).decode()
        form = dict(parse_qsl(body, keep_blank_values=True))
        self.requests.append(Request(head[0].split()[1], headers, form))
        step = self.script.pop(0) if self.script else None
        if step == "close":
            return False
        if step == "hang":
            await asyncio.sleep(30)
        if step == "drip":
            for byte in b"HTTP/1.1 201 Created\r\nContent-Length: 9\r\n\r\n" * 9:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(0.05)
        status, extra, answer = step or (201, {}, {"sid": f"SM{len(self.requests):032}", "status": "queued"})
        data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(data)}", *(f"{k}: {v}" for k, v in extra.items())]
        writer.write("\r\n".join([*lines, "", ""]).encode() + data)
        await writer.drain()
        return True


@pytest_asyncio.fixture
async def twilio() -> AsyncIterator[TwilioServer]:
    stub = TwilioServer()
    server = await asyncio.start_server(stub.serve, "127.0.0.1", 0)
    stub.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield stub
    server.close()


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class MailServer:
    """Keeps what it is given; `replies` says what it answers to MAIL, RCPT or DATA instead of 250."""

    port: int = 0
    mails: list[tuple[Envelope, EmailMessage]] = field(default_factory=list)
    replies: dict[str, str] = field(default_factory=dict)
    hang_after_data: bool = False
    drop_after_data: bool = False

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from, envelope.mail_options = address, options
        return self.replies.get("MAIL", "250 OK")

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if "RCPT" not in self.replies:
            envelope.rcpt_tos.append(address)
        return self.replies.get("RCPT", "250 OK")

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.hang_after_data:
            await asyncio.sleep(1.5)
        if "DATA" not in self.replies:
            content = cast("bytes", envelope.content)
            self.mails.append((envelope, cast("EmailMessage", message_from_bytes(content, policy=SMTPUTF8))))
        if self.drop_after_data:
            assert server.transport is not None
            server.transport.close()
        return self.replies.get("DATA", "250 OK")


StartMail = Callable[..., MailServer]


class _Controller(Controller):
    """Serves TLS from the first byte when given a context."""

    def __init__(self, handler: MailServer, port: int, *, implicit: ssl.SSLContext | None, **options: Any) -> None:
        super().__init__(handler, hostname="127.0.0.1", port=port, ssl_context=implicit, **options)


@pytest.fixture
def authority(tmp_path: Path) -> tuple[trustme.CA, str]:
    ca = trustme.CA()
    file = tmp_path / "ca.pem"
    ca.cert_pem.write_to_path(str(file))
    return ca, str(file)


@pytest.fixture
def start_mail(closed_port: int, authority: tuple[trustme.CA, str]) -> Iterator[StartMail]:
    running: list[_Controller] = []

    def start(tls: str = "none", login: tuple[str, str] | None = None, utf8: bool = True) -> MailServer:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority[0].issue_cert("localhost").configure_cert(context)

        def check(
            server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: LoginPassword
        ) -> AuthResult:
            good = login is not None and (data.login, data.password) == (login[0].encode(), login[1].encode())
            return AuthResult(success=good, handled=good)

        server = MailServer(port=closed_port)
        options: dict[str, Any] = {"enable_SMTPUTF8": utf8}
        if tls == "starttls":
            options |= {"tls_context": context, "require_starttls": True}
        if login:
            required = tls == "starttls"  # aiosmtpd does not see the TLS that it did not start itself
            options |= {"authenticator": check, "auth_required": required, "auth_require_tls": required}
        controller = _Controller(server, closed_port, implicit=context if tls == "implicit" else None, **options)
        controller.start()
        running.append(controller)
        return server

    yield start
    for controller in running:
        controller.stop()
