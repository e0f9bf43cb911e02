"""Customers who write by email: answered once in their thread, with their files kept, whoever passes the mail on."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import pytest_asyncio
from journeys_support import KEY, House, house
from services import SmtpServer

pytestmark = [pytest.mark.model, pytest.mark.asyncio(loop_scope="module")]
PNG = b"\x89PNG\r\n\x1a\n" + bytes(60)
INBOXES = """
[inboxes.gun]
kind = "mailgun_email"
address = "help@shop.example"
from_name = "Acme help"
signing_keys = ["new-key", "old-key"]
smtp = {{ host = "127.0.0.1", port = {port}, tls = "none" }}
replies_per_hour = 2
[inboxes.mark]
kind = "postmark_email"
address = "care@shop.example"
webhook_user = "postmark"
webhook_passwords = ["word"]
allowed_ips = ["127.0.0.0/8"]
smtp = {{ host = "127.0.0.1", port = {port}, tls = "none" }}
[inboxes.far]
kind = "postmark_email"
address = "far@shop.example"
webhook_user = "postmark"
webhook_passwords = ["word"]
allowed_ips = ["203.0.113.0/24"]
smtp = {{ host = "127.0.0.1", port = {port}, tls = "none" }}
"""


@dataclass
class Post:
    """A Frontdesk with mail, its mail server, and what providers post."""

    house: House
    smtp: SmtpServer
    web: httpx.AsyncClient

    async def gun(
        self,
        id: str,
        text: str,
        *,
        who: str = "ann",
        token: str = "",
        key: str = "old-key",
        age_s: float = 0,
        **more: Any,
    ) -> httpx.Response:
        stamp, token = str(int(time.time() - age_s)), token or f"token-{id}"
        headers = [["Message-Id", f"<{id}@example.org>"], ["From", f"{who} <{who}@example.org>"], ["Subject", "Boots"]]
        form = {
            "recipient": "help@shop.example",
            "sender": f"{who}@example.org",
            "body-plain": text,
            "message-headers": json.dumps(headers),
            "timestamp": stamp,
            "token": token,
            "signature": hmac.new(key.encode(), (stamp + token).encode(), hashlib.sha256).hexdigest(),
        }
        return await self.web.post("/v1/webhooks/gun", data=form, **more)

    def sent(self, who: str) -> list[Any]:
        return [one for one in self.smtp.messages if one["To"] == f"{who}@example.org"]

    async def letters(self, count: int, who: str = "ann") -> list[Any]:
        async with asyncio.timeout(20):
            while len(self.sent(who)) < count:  # noqa: ASYNC110  (the mail server has no event for it)
                await asyncio.sleep(0.05)
        return self.sent(who)

    async def get(self, path: str, key: str = KEY) -> httpx.Response:
        return await self.web.get(path, headers={"Authorization": f"Bearer {key}"})

    async def log(self, sender: str) -> list[dict[str, Any]]:
        listed = (await self.get("/v1/conversations")).json()["conversations"]
        [mine] = [one["id"] for one in listed if one["sender"] == sender]
        events: list[dict[str, Any]] = (await self.get(f"/v1/conversations/{mine}/events")).json()["events"]
        return events


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def post(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Post]:
    """One Frontdesk for all of these: each test writes as somebody else."""
    with SmtpServer() as smtp:
        async with (
            house(tmp_path_factory.mktemp("mail"), inboxes=INBOXES.format(port=smtp.port)) as opened,
            httpx.AsyncClient(base_url=opened.url, timeout=20) as web,
        ):
            yield Post(opened, smtp, web)


async def test_a_mail_by_mailgun_is_answered_once_in_its_thread_with_its_files_kept(post: Post) -> None:
    files = [
        ("attachment-1", ("../boot\u202e.png", PNG, "image/png")),
        ("attachment-2", ("invoice.pdf.exe", b"MZ\x90\0", "application/pdf")),
    ]
    question = "How many days do I have to return unworn items?\n\nSent from my iPhone"
    for _ in range(2):  # Mailgun tries again when its connection broke
        assert (await post.gun("m1", question, files=files)).status_code == 200
    [letter] = await post.letters(1)
    assert letter["In-Reply-To"] == "<m1@example.org>"
    assert (letter["Subject"], letter["Auto-Submitted"]) == ("Re: Boots", "auto-replied")
    body, html = letter.get_body(("plain",)).get_content(), letter.get_body(("html",)).get_content()
    assert "45 days" in body
    assert "45 days" in html

    received = (await post.log("ann@example.org"))[0]
    picture, program = received["meta"]["attachments"]
    assert (picture["name"], picture["verdict"], picture["picture"]) == ("boot.png", "kept", True)
    assert (program["name"], program["verdict"], program["picture"]) == (
        "invoice.pdf.exe", "refused: a program or script by its name", False,
    )  # fmt: skip
    await files_are_served_safely(post, picture["id"], program["id"])


async def files_are_served_safely(post: Post, picture: str, program: str) -> None:
    found = await post.get(f"/v1/attachments/{picture}", "bob-key")
    assert found.content == PNG
    assert found.headers["content-disposition"] == "attachment; filename=\"boot.png\"; filename*=UTF-8''boot.png"
    assert found.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in found.headers["content-security-policy"]
    inline = await post.get(f"/v1/attachments/{picture}?inline", "bob-key")
    assert inline.headers["content-disposition"].startswith("inline")
    assert (await post.get(f"/v1/attachments/{picture}", "eve-key")).status_code == 403
    assert (await post.web.get(f"/v1/attachments/{picture}")).status_code == 401
    assert (await post.web.get(f"/desk/attachments/{picture}")).status_code == 401
    refused = await post.get(f"/v1/attachments/{program}", "bob-key")
    assert (refused.status_code, refused.json()["code"]) == (404, "unknown_attachment")
    assert "program" in refused.json()["detail"]
    await post.web.post("/desk/login", data={"key": "bob-key"})
    assert (await post.web.get(f"/desk/attachments/{picture}")).content == PNG
    await post.web.post("/desk/login", data={"key": "eve-key"})
    assert (await post.web.get(f"/desk/attachments/{picture}")).status_code == 403


async def test_what_is_forged_stale_or_used_again_is_refused_and_never_with_a_403(post: Post) -> None:
    assert (await post.gun("t1", "Hello there", who="tom")).status_code == 200
    replayed = await post.gun("m2", "I am somebody else's words", who="tom", token="token-t1")
    assert (replayed.status_code, replayed.json()["code"]) == (401, "replayed")
    assert (await post.gun("m3", "Hello", who="tom", key="wrong")).json()["code"] == "forged"
    assert (await post.gun("m4", "Hello", who="tom", age_s=40_000)).json()["code"] == "stale"
    mail = {"From": "bob@example.org", "Subject": "Post", "MessageID": "p1", "TextBody": "When is the shop open?"}
    for inbox, auth in (("mark", ("postmark", "wrong")), ("mark", None), ("far", ("postmark", "word"))):
        proof = httpx.BasicAuth(*auth) if auth else None
        answer = await post.web.post(f"/v1/webhooks/{inbox}", json=mail, auth=proof)
        assert (answer.status_code, "www-authenticate" in answer.headers) == (401, True)
    for _ in range(2):
        assert (await post.web.post("/v1/webhooks/mark", json=mail, auth=("postmark", "word"))).status_code == 200
    assert [event["kind"] for event in await post.log("bob@example.org")].count("received") == 1


async def test_two_machines_that_answer_each_other_stop_and_a_person_sees_why(post: Post) -> None:
    for n in range(5):
        await post.gun(f"loop{n}", f"Your message number {n} was received and will be read.", who="robot")
        if n < 2:
            await post.letters(n + 1, "robot")
    events = await post.log("robot@example.org")
    assert [event["kind"] for event in events].count("received") == 5
    [over] = [event for event in events if event["kind"] == "handed_over" and event["meta"]["code"] == "loop"]
    assert "2 replies within an hour" in over["meta"]["reason"]
    await asyncio.sleep(0.5)
    assert len(post.sent("robot")) == 2
