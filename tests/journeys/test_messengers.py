"""Customers who write on WhatsApp, in Slack, through a webhook or into Chatwoot, and people who answer elsewhere."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from adapter_examples import (
    HMACS,
    WORDS,
    chatwoot_body,
    chatwoot_signed,
    slack_body,
    slack_signed,
    webhook_body,
    webhook_signed,
    whatsapp_body,
    whatsapp_signed,
)
from journeys_support import KEY, House, house

from channels.adapters.contract_sending import Misbehaving
from channels.normalise.payloads import Arrived

pytestmark = pytest.mark.model
ADA = {"Authorization": f"Bearer {KEY}"}
QUESTION = "How many days do I have to return unworn items?"
PERSON = "Can I speak to a real person please"


@dataclass
class World:
    """What all these providers say and have seen; `status` is that of conversation 130 in Chatwoot, and
    `opened` another one that a person has there."""

    status: str = "pending"
    serial: int = 0
    opened: str = ""

    def __call__(self, method: str, path: str) -> tuple[int, bytes]:
        self.serial += 1
        if path.endswith("/chat.postMessage"):
            return 200, json.dumps({"ok": True, "channel": "C0DESK", "ts": f"170.{self.serial:06d}"}).encode()
        if path.endswith("/toggle_status"):
            self.status = "open" if self.status == "pending" else "pending"
        if self.opened and f"/conversations/{self.opened}" in path:
            return 200, b'{"status": "open"}'
        if "/conversations/130" in path:
            return 200, json.dumps({"id": 900 + self.serial, "status": self.status}).encode()
        return 200, json.dumps({"messages": [{"id": f"wamid.out{self.serial}"}]}).encode()


@dataclass
class Town:
    """A Frontdesk with every messenger, and their providers."""

    house: House
    providers: Misbehaving
    world: World
    desk: httpx.AsyncClient

    async def deliver(self, inbox: str, request: Arrived) -> httpx.Response:
        """A provider's webhook."""
        return await self.desk.post(f"/v1/webhooks/{inbox}", content=request.body, headers=dict(request.headers))

    def sent(self, path: str) -> list[dict[str, Any]]:
        """What was posted to an address that ends so."""
        return [
            json.loads(body) for method, at, _, body in self.providers.seen if at.endswith(path) and method == "POST"
        ]

    async def until(self, found: Callable[[], Any], what: str) -> Any:
        async with asyncio.timeout(20):
            while not (value := found()):  # noqa: ASYNC110  (it looks into another system)
                await asyncio.sleep(0.05)
        assert value, what
        return value

    async def conversations(self, **params: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self.desk.get("/v1/conversations", params=params)).json()["conversations"]
        return found

    async def owner(self, inbox: str, owner: str) -> dict[str, Any]:
        """The inbox's conversation once it is owned so."""
        async with asyncio.timeout(20):
            while not (found := await self.conversations(inbox=inbox, owner=owner)):  # noqa: ASYNC110  (it looks into another system)
                await asyncio.sleep(0.05)
        return found[-1]

    async def events(self, conversation: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self.desk.get(f"/v1/conversations/{conversation}/events")).json()["events"]
        return found


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    world = World()
    async with Misbehaving(world) as providers:
        secrets = json.dumps(list(WORDS))
        inboxes = f"""
[server]
public_url = "https://help.example.com"
[inboxes.whatsapp]
kind = "whatsapp"
phone_number_id = "106540352242922"
token = "tok"
app_secrets = {secrets}
verify_token = "the-word"
base_url = "{providers.url}"
[inboxes.whatsapp.handoff]
to = "slack:C0DESK"
[inboxes.slack]
kind = "slack"
signing_secrets = {secrets}
token = "xoxb-1"
base_url = "{providers.url}"
[inboxes.chatwoot]
kind = "chatwoot"
base_url = "{providers.url}"
account_id = 3
token = "bot"
secrets = {secrets}
[inboxes.webhook]
kind = "webhook"
secrets = {json.dumps(HMACS)}
url = "{providers.url}/in"
allow_private = true
[inboxes.webhook.handoff]
to = "webhook:webhook"
"""
        async with (
            house(tmp_path, inboxes=inboxes) as opened,
            httpx.AsyncClient(base_url=opened.url, headers=ADA) as desk,
        ):
            yield Town(opened, providers, world, desk)


async def test_whatsapp_greets_meta_and_answers_a_question_once(town: Town) -> None:
    wanted = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": "the-word"}
    answer = await town.desk.get("/v1/webhooks/whatsapp", params=wanted)
    assert (answer.status_code, answer.text) == (200, "1158201444")
    assert (await town.desk.get("/v1/webhooks/whatsapp", params=wanted | {"hub.verify_token": "x"})).status_code == 401
    for inbox in ("whatsapp", "slack", "chatwoot", "webhook", "none"):
        assert (await town.desk.get(f"/v1/webhooks/{inbox}")).status_code == 404
    asked = whatsapp_signed(whatsapp_body("A", QUESTION), now(), 0)
    for answer in await asyncio.gather(*(town.deliver("whatsapp", asked) for _ in range(5))):
        assert answer.status_code == 200
    posted = "/v23.0/106540352242922/messages"
    (message,) = await town.until(lambda: town.sent(posted), "a reply")
    assert message["to"] == "442071838750"
    assert "45 days" in message["text"]["body"]
    status = {"statuses": [{"id": f"wamid.out{town.world.serial}", "status": "delivered"}], "messages": []}
    assert (
        await town.deliver("whatsapp", whatsapp_signed(whatsapp_body("-", "-", **status), now(), 1))
    ).status_code == 200
    (conversation,) = await town.conversations(inbox="whatsapp")
    kinds = [event["kind"] for event in await town.events(conversation["id"])]
    assert kinds.count("received") == 1
    assert kinds[-1] == "delivered"
    assert len(town.sent(posted)) == 1
    assert conversation["sender"] == "+442071838750"


async def test_slack_and_a_webhook_are_answered_each_in_its_form(town: Town) -> None:
    asked = slack_signed(b'{"type":"url_verification","challenge":"abc"}', now(), 0)
    answer = await town.deliver("slack", asked)
    assert (answer.status_code, answer.text) == (200, "abc")
    question = slack_signed(slack_body("1", QUESTION), now(), 0)
    first, again = await town.deliver("slack", question), await town.deliver("slack", question)
    assert (first.status_code, again.status_code) == (200, 200)
    (message,) = await town.until(lambda: town.sent("/chat.postMessage"), "a reply")
    assert message["channel"] == "D024BE91L"
    assert "45 days" in message["text"]

    assert (await town.deliver("webhook", webhook_signed(webhook_body("1", QUESTION), now(), 0))).status_code == 200
    (signed,) = await town.until(lambda: town.sent("/in"), "a reply")
    assert (signed["type"], signed["data"]["thread"]) == ("message.sent", {"ticket": "7"})
    assert "45 days" in signed["data"]["text"]
    await town.deliver("webhook", webhook_signed(webhook_body("2", PERSON), now(), 1))
    started = await town.until(
        lambda: [one for one in town.sent("/in") if one["type"] == "handoff.started"], "the handover"
    )
    assert started[0]["data"]["last_words"] == PERSON
    assert started[0]["data"]["customer"] == "ann@example.org"
    forged = await town.deliver("webhook", webhook_signed(webhook_body("3", "x"), now(), 9))
    assert (forged.status_code, forged.json()["code"]) == (401, "forged")


async def test_a_handover_reaches_the_channel_and_a_person_answers_in_its_thread(town: Town) -> None:
    await town.deliver("whatsapp", whatsapp_signed(whatsapp_body("A", PERSON), now(), 0))
    waiting = await town.owner("whatsapp", "queue")
    opening = await town.until(lambda: town.sent("/chat.postMessage"), "the handover")
    assert opening[0]["channel"] == "C0DESK"
    assert f"https://help.example.com/desk/?c={waiting['id']}" in opening[0]["text"]
    assert PERSON in opening[0]["text"]
    root = f"170.{town.world.serial:06d}"

    async def write(id: str, text: str, user: str = "U0BO") -> None:
        event = {"channel": "C0DESK", "channel_type": "channel", "thread_ts": root, "user": user}
        request = slack_signed(slack_body(id, text, **event), now(), 0)
        for _ in range(2):  # Slack sends it again when in doubt
            assert (await town.deliver("slack", request)).status_code == 200

    replies = "/v23.0/106540352242922/messages"
    before = len(town.sent(replies))
    await write("r1", "We &amp; the shop look into it.")
    said = await town.until(lambda: town.sent(replies)[before:], "the person's words")
    assert [one["text"]["body"] for one in said] == ["We & the shop look into it."]
    assert (await town.owner("whatsapp", "person"))["person"] == "slack:U0BO"

    await town.deliver(
        "whatsapp", whatsapp_signed(whatsapp_body("B", "Thank you. How long does delivery take?"), now(), 0)
    )
    below = await town.until(
        lambda: [one for one in town.sent("/chat.postMessage") if "How long does" in one["text"]],
        "the customer's words",
    )
    assert below[0]["thread_ts"] == root

    await write("r2", "I take this one", user="U0EVE")  # another person: the first one has it
    refused = await town.until(
        lambda: [one for one in town.sent("/chat.postMessage") if "Not sent" in one["text"]], "the reason"
    )
    assert "slack:U0BO has this conversation" in refused[0]["text"]
    assert len(town.sent(replies)) == before + 1  # neither the bot nor the second person spoke

    await write("r3", "release")
    answered = await town.until(lambda: town.sent(replies)[before + 1 :], "the bot's answer to what was still open")
    assert "3 to 5 working days" in answered[0]["text"]["body"]
    events = await town.events(waiting["id"])
    assert [event["kind"] for event in events if event["kind"] in ("handed_over", "taken", "said", "released")] == [
        "handed_over",
        "taken",
        "said",
        "released",
    ]
    assert not await town.conversations(inbox="slack")  # a colleague is no customer


async def test_chatwoot_is_answered_while_pending_and_left_to_its_people_after(town: Town) -> None:
    posts = "/conversations/130/messages"
    town.world.opened = "131"
    taken = {"id": 131, "inbox_id": 58, "status": "pending", "contact_inbox": {"contact_id": 7}}
    elsewhere = chatwoot_body("0", QUESTION, conversation=taken, sender={"id": 7, "name": "Cy"})
    await town.deliver("chatwoot", chatwoot_signed(elsewhere, now(), 0))
    await town.deliver("chatwoot", chatwoot_signed(chatwoot_body("1", QUESTION), now(), 0))
    (reply,) = await town.until(lambda: town.sent(posts), "a reply")
    assert "45 days" in reply["content"]
    bot = {"id": 1, "name": "Bot", "type": "agent_bot"}
    echo = chatwoot_body("2", reply["content"], message_type="outgoing", sender=bot)
    await town.deliver("chatwoot", chatwoot_signed(echo, now(), 0))

    await town.deliver("chatwoot", chatwoot_signed(chatwoot_body("3", PERSON), now(), 0))
    await town.owner("chatwoot", "queue")
    await town.until(lambda: town.world.status == "open", "the conversation is opened for people")
    order = [at.rpartition("/")[2] for method, at, *_ in town.providers.seen if method == "POST"]
    assert order[-1] == "toggle_status"  # after what was said to the customer
    said, note = town.sent(posts)[1:]
    assert (said["private"], note["private"]) == (False, True)

    opened = {"id": 130, "inbox_id": 58, "status": "open", "contact_inbox": {"contact_id": 52870}}
    person = {"id": 7, "name": "Bo", "type": "user"}
    answer = chatwoot_body("4", "It is me, Bo.", message_type="outgoing", sender=person, conversation=opened)
    await town.deliver("chatwoot", chatwoot_signed(answer, now(), 0))
    owned = await town.owner("chatwoot", "person")
    assert owned["person"] == "chatwoot desk"
    await town.deliver("chatwoot", chatwoot_signed(chatwoot_body("5", QUESTION, conversation=opened), now(), 0))
    await asyncio.sleep(1)
    assert len(town.sent(posts)) == 3  # the bot said nothing, and the person's words were not posted again

    changed = {"event": "conversation_status_changed", "id": 130, "status": "pending", "account": {"id": 3}}
    town.world.status = "pending"
    await town.deliver("chatwoot", chatwoot_signed(json.dumps({**changed, "inbox_id": 58}).encode(), now(), 0))
    await town.owner("chatwoot", "bot")
    (again,) = await town.until(lambda: town.sent(posts)[3:], "the bot's answer to what was still open")
    assert "45 days" in again["content"]
    looked = [one for one in town.providers.seen if one[1].endswith("/conversations/131")]
    assert looked  # a person had opened it meanwhile, so that reply was not posted
    assert not town.sent("/conversations/131/messages")
