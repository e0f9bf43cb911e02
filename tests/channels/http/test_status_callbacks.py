"""Providers' own requests about what became of mails: proved, read, and written into the conversation once."""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from agent_support import Office, office
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fastapi import FastAPI
from sqlalchemy import Connection, update

from agent.settings import Secret
from channels.adapters.registry import BUILT_IN
from channels.http import problems, webhooks
from channels.inboxes.email import MailgunEmailInbox, PostmarkEmailInbox, SendgridEmailInbox
from channels.outlets import Outlet, Outlets
from channels.render import message_id
from memory import outbox
from memory.consent import standing
from memory.log import Head
from memory.messages import Inbound
from memory.schema import conversations
from memory.schema import outbox as table

OUR: Mapping[str, Any] = {"address": "help@acme.example", "smtp": {"host": "127.0.0.1", "port": 25, "tls": "none"}}
KEY = ec.generate_private_key(ec.SECP256R1())
PUBLIC = base64.b64encode(KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
REF = message_id("turn-1", "acme.example")
INBOXES: Mapping[str, Any] = {
    "sendgrid": SendgridEmailInbox(**OUR, public_keys=[PUBLIC]),
    "mailgun": MailgunEmailInbox(**OUR, signing_keys=[Secret("mg-key")]),
    "postmark": PostmarkEmailInbox(**OUR, webhook_user="pm", webhook_passwords=[Secret("secret")]),
}


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(f"sqlite:///{tmp_path}/log.db", pushes=list(INBOXES), started=False) as opened:
        yield opened


def client(shop: Office) -> httpx.AsyncClient:
    app = FastAPI()
    problems.install(app)
    outlets = {name: Outlet(name, BUILT_IN[inbox.kind], inbox, None) for name, inbox in INBOXES.items()}
    app.include_router(webhooks.router(shop.runtime, Outlets(outlets), "https://acme.example"))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://acme.example")


async def sent(shop: Office, inbox: str) -> str:
    """A reply by email that left; its conversation."""
    now = datetime.now(UTC)
    receipt = await shop.runtime.receive(Inbound(inbox, "email", "m-1", "ann@example.org", "Hello", now))

    def work(connection: Connection) -> None:
        head = Head.lock(connection, shop.runtime.vault, receipt.conversation)
        seq = head.append("replied", head.row["last_at"], "It left.", redacted="It left.")
        outbox.enqueue(head, "turn-1", seq, "It left.", "reply", (), head.row["last_at"])
        head.save()
        values = {"status": "sent", "provider_ref": REF, "sent_at": head.row["last_at"], "attempts": 1}
        connection.execute(update(table).where(table.c.id == "turn-1").values(**values))

    await shop.store.write(work)
    conversation: str = receipt.conversation
    return conversation


def sendgrid(events: Any, key: ec.EllipticCurvePrivateKey = KEY) -> dict[str, Any]:
    body, stamp = json.dumps(events).encode(), str(int(time.time()))
    signature = key.sign(stamp.encode() + body, ec.ECDSA(hashes.SHA256()))
    headers = {
        "Content-Type": "application/json",
        "X-Twilio-Email-Event-Webhook-Timestamp": stamp,
        "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
    }
    return {"content": body, "headers": headers}


def mailgun(event: Mapping[str, Any], token: str = "t" * 50, key: bytes = b"mg-key") -> dict[str, Any]:
    stamp = str(int(time.time()))
    signature = hmac.digest(key, (stamp + token).encode(), "sha256").hex()
    signed = {"timestamp": stamp, "token": token, "signature": signature}
    return {"json": {"signature": signed, "event-data": event}}


def postmark(record: Mapping[str, Any], who: tuple[str, str] = ("pm", "secret")) -> dict[str, Any]:
    return {"json": record, "auth": who}


async def post(shop: Office, inbox: str, request: dict[str, Any], what: str = "/status") -> httpx.Response:
    async with client(shop) as http:
        return await http.post(f"/v1/webhooks/{inbox}{what}", **request)


async def kinds(shop: Office, conversation: str) -> list[str]:
    found = await shop.kinds(conversation)
    return [kind for kind in found if kind not in ("received", "replied")]


async def test_sendgrids_signed_batch_is_written_once_and_heeded(shop: Office) -> None:
    conversation = await sent(shop, "sendgrid")
    batch = [
        {"event": "delivered", "smtp-id": REF, "frontdesk": "turn-1"},
        {"event": "spamreport", "frontdesk": "turn-1"},
        {"event": "bounce", "smtp-id": "<other@x>"},
    ]
    for _ in range(2):
        assert (await post(shop, "sendgrid", sendgrid(batch))).status_code == 204
    assert await kinds(shop, conversation) == ["delivered", "complained", "opted_out"]
    customer = (await shop.head(conversation))["customer_id"]
    assert await shop.store.read(lambda c: standing(c, customer, "email", "marketing")) == "out"


async def test_mailguns_event_is_written_and_its_token_brings_nothing_else(shop: Office) -> None:
    conversation = await sent(shop, "mailgun")
    failed = {
        "event": "failed",
        "severity": "permanent",
        "message": {"headers": {"message-id": REF.strip("<>")}},
        "delivery-status": {"code": 550, "message": "5.1.1 no such user ann@example.org"},
    }
    for _ in range(2):
        assert (await post(shop, "mailgun", mailgun(failed))).status_code == 204
    assert await kinds(shop, conversation) == ["bounced"]
    event = (await shop.events(conversation))[-1]
    assert event.meta["class"] == "hard"
    assert "ann@" not in str(event.meta)
    other = {**failed, "event": "complained"}
    assert (await post(shop, "mailgun", mailgun(other))).status_code == 401
    assert await kinds(shop, conversation) == ["bounced"]


async def test_postmarks_bounce_is_known_by_its_metadata(shop: Office) -> None:
    conversation = await sent(shop, "postmark")
    record = {"RecordType": "Bounce", "Type": "SoftBounce", "MessageID": "pm-1", "Metadata": {"frontdesk": "turn-1"}}
    assert (await post(shop, "postmark", postmark(record))).status_code == 204
    assert await kinds(shop, conversation) == ["bounced"]


@pytest.mark.parametrize(
    ("inbox", "request_"),
    [
        (
            "sendgrid",
            sendgrid([{"event": "delivered", "frontdesk": "turn-1"}], ec.generate_private_key(ec.SECP256R1())),
        ),
        ("mailgun", mailgun({"event": "complained", "user-variables": {"frontdesk": "turn-1"}}, key=b"forged")),
        ("postmark", postmark({"RecordType": "Delivery", "Metadata": {"frontdesk": "turn-1"}}, ("pm", "wrong"))),
    ],
)
async def test_a_forged_report_is_refused_and_changes_nothing(
    shop: Office, inbox: str, request_: dict[str, Any]
) -> None:
    conversation = await sent(shop, inbox)
    assert (await post(shop, inbox, request_)).status_code == 401
    assert await kinds(shop, conversation) == []


async def test_a_report_that_cannot_be_read_is_named_as_such(shop: Office) -> None:
    answer = await post(shop, "postmark", {"content": b"{", "auth": ("pm", "secret")})
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


def bounce(of: str) -> bytes:
    return f"""From: MAILER-DAEMON@mx.example
To: help@acme.example
Subject: Undelivered Mail
Message-ID: <dsn-1@mx.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

I could not deliver it.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; ann@example.org
Action: failed
Status: 5.1.1

--b
Content-Type: message/rfc822

Message-ID: {of}

It left.
--b--
""".encode()


@pytest.mark.parametrize("inbox", ["mailgun", "postmark"])
async def test_a_bounce_that_comes_in_as_mail_is_a_report_and_no_conversation(shop: Office, inbox: str) -> None:
    conversation = await sent(shop, inbox)

    def request(of: str, token: str) -> dict[str, Any]:
        if inbox == "postmark":
            return postmark({"RawEmail": bounce(of).decode(), "From": "MAILER-DAEMON@mx.example"})
        stamp = str(int(time.time()))
        signature = hmac.digest(b"mg-key", (stamp + token).encode(), "sha256").hex()
        fields = {"timestamp": stamp, "token": token, "signature": signature, "recipient": "help@acme.example"}
        return {"data": {**fields, "body-mime": bounce(of).decode()}}

    assert (await post(shop, inbox, request(REF, "a" * 50), "")).status_code == 200
    assert await kinds(shop, conversation) == ["bounced"]
    assert len(await shop.rows(conversations)) == 1
    # one that returns nobody's mail we know is kept as the automatic message that it is
    assert (await post(shop, inbox, request("<unknown@elsewhere.example>", "b" * 50), "")).status_code == 200
    assert await kinds(shop, conversation) == ["bounced"]
    assert len(await shop.rows(conversations)) == 2
