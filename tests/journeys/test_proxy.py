"""Behind a proxy that ends TLS and takes a prefix off, signatures still hold and pages still find their parts."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import hmac
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import orjson
import pytest
import trustme
import websockets
from journeys_support import WEB, House, house

pytestmark = pytest.mark.model
PREFIX = "/support"
PUBLIC = f"https://help.acme.example{PREFIX}"
EXTRA = f'[server]\npublic_url = "{PUBLIC}"\nroot_path = "{PREFIX}"\n'
SMS = """
[inboxes.sms]
kind = "twilio_sms"
account_sid = "AC00000000000000000000000000000000"
auth_tokens = ["rotated-away-soon", "twilio-secret"]
number = "+441632960000"
base_url = "http://127.0.0.1:9"
"""


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        while chunk := await reader.read(65536):
            writer.write(chunk)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def proxied(upstream: House, authority: trustme.CA) -> AsyncIterator[int]:
    """A port that speaks TLS, takes PREFIX off the path and passes the rest on."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        there_reader, there = await asyncio.open_connection("127.0.0.1", upstream.port)
        there.write(head.replace(f" {PREFIX}".encode(), b" ", 1))
        await asyncio.gather(pump(reader, there), pump(there_reader, writer))

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("help.acme.example").configure_cert(context)
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    yield server.sockets[0].getsockname()[1]
    server.close()


def signed(url: str, form: dict[str, str], token: str) -> dict[str, str]:
    text = url + "".join(name + form[name] for name in sorted(form))
    digest = hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()
    return {"X-Twilio-Signature": base64.b64encode(digest).decode(), "Host": "help.acme.example"}


async def test_a_signature_over_the_public_url_holds_and_one_over_the_inner_url_does_not(tmp_path: Path) -> None:
    authority = trustme.CA()
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    async with house(tmp_path, EXTRA, WEB + SMS) as acme, proxied(acme, authority) as port:
        async with httpx.AsyncClient(verify=trust, limits=httpx.Limits(max_keepalive_connections=0)) as client:
            sni = {"sni_hostname": "help.acme.example"}
            at = f"https://127.0.0.1:{port}{PREFIX}/v1/webhooks/sms"
            for number, (url, token, status) in enumerate(
                [
                    (f"{PUBLIC}/v1/webhooks/sms", "twilio-secret", 200),
                    (f"{PUBLIC}/v1/webhooks/sms", "rotated-away-soon", 200),
                    (f"{PUBLIC}/v1/webhooks/sms", "another-secret", 401),
                    (f"http://127.0.0.1:{acme.port}/v1/webhooks/sms", "twilio-secret", 401),
                    ("https://help.acme.example/v1/webhooks/sms", "twilio-secret", 401),
                ]
            ):
                form = {"MessageSid": f"SM{number}", "From": "+441632960001", "To": "+441632960000", "Body": "Hello"}
                answer = await client.post(at, data=form, headers=signed(url, form, token), extensions=sni)
                assert answer.status_code == status, (url, token, answer.text)
            assert (await client.get(f"https://127.0.0.1:{port}{PREFIX}/healthz", extensions=sni)).status_code == 200
            page = (await client.get(f"https://127.0.0.1:{port}{PREFIX}/", extensions=sni)).text
            assert f'src="{PREFIX}/widget.js"' in page
        async with websockets.connect(
            f"wss://help.acme.example:{port}{PREFIX}/v1/chat/web", host="127.0.0.1", ssl=trust
        ) as socket:
            await socket.send('{"type":"hello"}')
            assert orjson.loads(await socket.recv())["type"] == "welcome"
