"""A customer asks after their own order: who proved who they are is answered from the shop's own system."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
import websockets
from journeys_support import KEY, Chat, House, house
from lookups_shop import Shop, shop

pytestmark = pytest.mark.model
ADA = {"Authorization": f"Bearer {KEY}"}
SECRET = "a secret of the shop, of 32 characters and more"
ORDER = {
    "status": "in_transit",
    "customer": {"email": "Ada@Example.com", "name": "Ada Quackenbush"},
    "delivery": {"carrier": "DHL", "expected_on": "2026-11-30"},
    "refund": {"amount": 4550, "until": "2027-01-29"},
}
LOOKUPS = """
[lookups.order]
url = "{url}/api/orders/{{order}}"
slot = "order"
headers = {{ Authorization = "Bearer shop-token" }}
owner = {{ field = "customer.email", identity = "email" }}
timeout_s = 5.0
fields = [
  {{ path = "status", words = {{ in_transit = "on its way" }} }},
  {{ path = "delivery.carrier", label = "carrier" }},
  {{ path = "delivery.expected_on", label = "expected delivery" }},
  {{ path = "refund.amount", label = "refund amount", kind = "amount", currency = "GBP", minor_units = true }},
  {{ path = "refund.until", label = "last day to return" }},
]
"""
WEB = f'[inboxes.web]\nkind = "websocket"\nidentity_secret = "{SECRET}"\n'


@asynccontextmanager
async def outdoor(folder: Path) -> AsyncIterator[tuple[House, Shop]]:
    answers = {"/api/orders/ORD-1234": ORDER}
    async with shop(answers=answers) as there, house(folder, LOOKUPS.format(url=there.url), WEB) as acme:
        yield acme, there


@asynccontextmanager
async def signed_in(acme: House, **claims: Any) -> AsyncIterator[Chat]:
    """A chat of somebody the shop's own system vouches for."""
    identity = jwt.encode({"aud": "web", "exp": int(time.time()) + 600, **claims}, SECRET, algorithm="HS256")
    async with websockets.connect(f"ws://127.0.0.1:{acme.port}/v1/chat/web") as socket:
        chat = Chat(socket)
        await chat.send(type="hello", conversation=None, token=None, after=0, identity=identity)
        welcome = await chat.until(type="welcome")
        chat.conversation, chat.token = welcome["conversation"], welcome["token"]
        yield chat


async def record(acme: House, chat: Chat) -> dict[str, Any]:
    async with httpx.AsyncClient(base_url=acme.url, headers=ADA) as desk:
        events = (await desk.get(f"/v1/conversations/{chat.conversation}/events")).json()["events"]
        turn = next(event["turn"] for event in reversed(events) if event.get("turn"))
        return dict((await desk.get(f"/v1/turns/{turn}")).json())


async def test_a_signed_in_customer_is_told_where_their_own_order_is(tmp_path: Path) -> None:
    async with outdoor(tmp_path) as (acme, there), signed_in(acme, sub="u-1", email="ada@example.com") as chat:
        await chat.say("Where is my order ORD-1234?")
        reply = await chat.until(role="bot", timeout_s=60.0)
        assert "on its way" in reply["text"]
        (source,) = reply["sources"]
        assert source["title"].startswith("Order (looked up ")
        assert source["source"] == "lookup:order"
        assert source["quote"] == "Status of order ORD-1234: on its way."
        assert there.asked == ["/api/orders/ORD-1234"]
        assert there.sent[0]["authorization"] == "bearer shop-token"
        await chat.say("And when will it arrive?")
        assert "30 November 2026" in (await chat.until(role="bot", timeout_s=60.0))["text"]
        await chat.say("How much is my refund for ORD-1234?")
        assert "£45.50" in (await chat.until(role="bot", timeout_s=60.0))["text"]
        kept = (await record(acme, chat))["record"]
        (looked,) = kept["looked_up"]
        assert (looked["asked"], looked["subject"], looked["state"]) == ("order", "ORD-1234", "found")
        assert looked["at"]
        assert any(verdict["rule"] == "look_up" for verdict in kept["verdicts"])
        assert "ada@example.com" not in str(kept).lower()
        assert "Quackenbush" not in str(kept)


async def test_nobody_is_told_before_they_proved_who_they_are_and_the_shop_is_not_asked(tmp_path: Path) -> None:
    async with outdoor(tmp_path) as (acme, there), acme.chat() as chat:
        await chat.say("Where is my order ORD-1234? My address is ada@example.com")
        reply = await chat.until(role="bot", timeout_s=60.0)
        assert "sign in" in reply["text"]
        assert "on its way" not in reply["text"]
        assert there.asked == []
        await chat.say("yes please")
        await chat.until(type="event", kind="handoff", state="queue", timeout_s=60.0)


async def test_somebody_elses_order_is_not_shown(tmp_path: Path) -> None:
    async with outdoor(tmp_path) as (acme, there), signed_in(acme, sub="u-2", email="ben@example.com") as chat:
        await chat.say("Where is my order ORD-1234?")
        reply = await chat.until(role="bot", timeout_s=60.0)
        assert "can't find that under your name" in reply["text"]
        assert "way" not in reply["text"]
        assert there.asked == ["/api/orders/ORD-1234"]
        kept = str((await record(acme, chat))["record"]["looked_up"])
        assert "DHL" not in kept
        assert "on its way" not in kept


async def test_where_the_shop_does_not_answer_a_person_is_fetched_and_sees_why(tmp_path: Path) -> None:
    async with outdoor(tmp_path) as (acme, there), signed_in(acme, sub="u-1", email="ada@example.com") as chat:
        there.status = 503
        await chat.say("Where is my order ORD-1234?")
        await chat.until(type="event", kind="handoff", state="queue", timeout_s=60.0)
        kept = (await record(acme, chat))["record"]
        assert "503" in kept["looked_up"][0]["fault"]
        assert kept["handoff"]["code"] == "failed"
        assert "503" in kept["handoff"]["reason"]


async def test_a_number_is_asked_for_and_then_looked_up(tmp_path: Path) -> None:
    async with outdoor(tmp_path) as (acme, there), signed_in(acme, sub="u-1", email="ada@example.com") as chat:
        await chat.say("Where is my order?")
        assert "number" in (await chat.until(role="bot", timeout_s=60.0))["text"]
        assert there.asked == []
        await chat.say("it's ORD-1234, thanks")
        assert "on its way" in (await chat.until(role="bot", timeout_s=60.0))["text"]


async def test_questions_for_everybody_are_answered_from_the_articles_as_before(tmp_path: Path) -> None:
    async with outdoor(tmp_path) as (acme, there), signed_in(acme, sub="u-1", email="ada@example.com") as chat:
        await chat.say("How many days do I have to return unworn items?")
        reply = await chat.until(role="bot", timeout_s=60.0)
        assert "45 days" in reply["text"]
        assert there.asked == []
