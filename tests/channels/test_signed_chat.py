"""Signing in to the live chat, over a real socket and a real log."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import jwt
import orjson
import pytest
import websockets
from agent_support import Office, office
from fastapi import FastAPI
from listening import listening

from channels.chat_offers import ChatOffers
from channels.http import problems, uploads
from channels.inboxes.websocket import WebsocketInbox
from channels.signed_identity import SignedIdentity
from channels.websocket import chat_route
from memory.identity.members import members
from memory.schema import conversations, customers

pytestmark = pytest.mark.server

SECRET = "the organisation's own secret, 32+"
JPEG = b"\xff\xd8\xff\xe0" + b"a picture" * 40


def token(subject: str = "user-1", secret: str = SECRET, **claims: Any) -> str:
    return jwt.encode({"sub": subject, "aud": "web", "exp": int(time.time()) + 600, **claims}, secret, "HS256")


@dataclass
class Shop:
    office: Office
    url: str

    async def hello(self, inbox: str = "web", **given: Any) -> dict[str, Any]:
        """The first frame that answers a hello."""
        async with self.chat(inbox, **given) as (_, first):
            return first

    @asynccontextmanager
    async def chat(self, inbox: str = "web", **given: Any) -> AsyncIterator[tuple[Any, dict[str, Any]]]:
        async with websockets.connect(f"{self.url.replace('http', 'ws')}/v1/chat/{inbox}") as socket:
            await socket.send(orjson.dumps({"type": "hello", "after": 0, **given}).decode())
            yield socket, orjson.loads(await socket.recv())

    async def say(self, text: str, **given: Any) -> dict[str, Any]:
        """Says something in a conversation and hangs up once it is kept; the welcome."""
        async with self.chat(**given) as (socket, welcome):
            await socket.send(orjson.dumps({"type": "message", "id": "m1", "text": text}).decode())
            async with asyncio.timeout(10):
                while orjson.loads(await socket.recv())["type"] != "ack":
                    pass
        return welcome

    async def row(self, welcome: dict[str, Any]) -> Any:
        rows = await self.office.rows(conversations)
        return next(row for row in rows if row["id"] == welcome["conversation"])


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    async with AsyncExitStack() as stack:
        opened = await stack.enter_async_context(office(f"sqlite:///{tmp_path}/log.db", pushes=()))
        chats = {name: ChatOffers.of(WebsocketInbox()) for name in ("web", "plain")}
        takes = {"web": SignedIdentity("web", SECRET)}
        app = FastAPI()
        app.state.sockets = type("Sockets", (), {"open": set()})()
        problems.install(app)
        chat_route(app, opened.runtime, chats, takes)
        app.include_router(uploads.router(opened.runtime, chats, takes))
        yield Shop(opened, await stack.enter_async_context(listening(app)))


def held(welcome: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"conversation": welcome["conversation"], "token": welcome["token"], **more}


async def test_a_signed_visitor_is_welcomed_as_who_they_are(shop: Shop) -> None:
    first, second = await shop.hello(identity=token()), await shop.hello(identity=token())
    assert first["type"] == second["type"] == "welcome"
    rows = [await shop.row(each) for each in (first, second)]
    assert rows[0]["customer_id"] == rows[1]["customer_id"]
    assert [row["proof"] for row in rows] == ["signed", "signed"]


@pytest.mark.parametrize(
    "identity",
    [
        "", "nonsense", token(secret="x" * 32), token(exp=1), token(aud="shop"),
        jwt.encode({"sub": "a"}, "", "none"),
    ],
)  # fmt: skip
async def test_a_bad_identity_is_refused_and_never_taken_for_a_stranger(shop: Shop, identity: str) -> None:
    refused = await shop.hello(identity=identity)
    assert (refused["type"], refused["code"]) == ("error", "identity_refused")
    assert refused["message"].startswith("Sign in again")
    assert await shop.office.rows(customers) == []
    known = await shop.hello()
    assert (await shop.hello(**held(known, identity=identity)))["code"] == "identity_refused"


async def test_a_chat_without_a_secret_says_so(shop: Shop) -> None:
    assert (await shop.hello("plain", identity=token()))["code"] == "identity_refused"


async def test_a_visitor_signs_in_and_the_conversation_stays(shop: Shop) -> None:
    welcome = await shop.say("Where is ORD-7731?")
    again = await shop.hello(**held(welcome, identity=token()))
    assert (again["type"], again["conversation"]) == ("welcome", welcome["conversation"])
    row, user = await shop.row(welcome), await shop.row(await shop.hello(identity=token()))
    assert row["proof"] == "signed"
    same = await shop.office.store.read(lambda c: members(c, row["customer_id"]))
    assert set(same) == {row["customer_id"], user["customer_id"]}


async def test_a_signed_conversation_opens_to_its_user_alone(shop: Shop) -> None:
    mine = await shop.say("Where is ORD-7731?", identity=token())
    for thief in ({}, {"identity": token("user-2")}):
        refused = await shop.hello(**held(mine, **thief))
        assert (refused["type"], refused["code"]) == ("error", "wrong_token")
    assert (await shop.hello(**held(mine, identity=token())))["type"] == "welcome"


async def test_the_pictures_of_a_signed_conversation_open_to_its_user_alone(shop: Shop) -> None:
    mine = await shop.hello(identity=token())
    headers = {
        "X-Frontdesk-Conversation": mine["conversation"], "X-Frontdesk-Token": mine["token"],
        "Idempotency-Key": "p1", "Content-Type": "image/jpeg",
    }  # fmt: skip
    async with httpx.AsyncClient(base_url=shop.url, headers=headers) as client:
        refused = {
            who: (await client.post("/v1/chat/web/attachments", content=JPEG, headers=more)).json()["code"]
            for who, more in {
                "nobody": {}, "another": {"X-Frontdesk-Identity": token("user-2")},
                "forged": {"X-Frontdesk-Identity": token(secret="x" * 32)},
            }.items()
        }  # fmt: skip
        assert refused == {"nobody": "wrong_token", "another": "wrong_token", "forged": "identity_refused"}
        kept = await client.post("/v1/chat/web/attachments", content=JPEG, headers={"X-Frontdesk-Identity": token()})
        assert kept.status_code == 201


async def test_an_identity_longer_than_any_is_a_bad_frame(shop: Shop) -> None:
    assert (await shop.hello(identity="x" * 5000))["code"] == "bad_frame"
