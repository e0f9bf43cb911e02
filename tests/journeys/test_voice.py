"""Calls, played as Twilio plays them: signed forms in, TwiML followed verb by verb."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import pytest_asyncio
from journeys_support import KEY, House, house
from lxml.etree import _Element as Element  # type: ignore[import-untyped]  # lxml ships no types
from lxml.etree import fromstring
from twilio.request_validator import RequestValidator

pytestmark = [pytest.mark.model, pytest.mark.asyncio(loop_scope="module")]
PUBLIC = "https://calls.shop.example/desk"
EXTRA = f'[server]\npublic_url = "{PUBLIC}"\n'
INBOXES = """
[inboxes.phone]
kind = "twilio_voice"
account_sid = "AC01"
auth_tokens = ["new", "old"]
hints = ["returns", "Keswick"]
patience_s = 5
[inboxes.line]
kind = "twilio_voice"
account_sid = "AC01"
auth_tokens = ["new"]
dial = "+441632960999"
[inboxes.night]
kind = "twilio_voice"
account_sid = "AC01"
auth_tokens = ["new"]
dial = "+441632960999"
[inboxes.night.hours]
{closed_today}
[inboxes.telefon]
kind = "twilio_voice"
account_sid = "AC01"
auth_tokens = ["new"]
language = "de-DE"
voice = "Polly.Vicki-Neural"
"""
_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_OPEN = (datetime.now(UTC).weekday() + 3) % 7
CLOSED_TODAY = "\n".join(f"{day} = {['03:00-03:01'] if n == _OPEN else []}" for n, day in enumerate(_WEEK))
_serial = itertools.count(1)


@dataclass
class Caller:
    """One call. `heard` is all that was said; `listening` is where the caller's words go, None when nobody listens."""

    web: httpx.AsyncClient
    inbox: str = "phone"
    number: str = "+441632960001"
    sid: str = ""
    heard: list[str] = field(default_factory=list)
    listening: str | None = None
    dialled: str = ""
    over: bool = False
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sid = f"CA{next(_serial):032d}"

    async def post(self, address: str, signed: str = "new", **form: str) -> httpx.Response:
        fields = {"CallSid": self.sid, "From": self.number, "To": "+441632960100", "CallStatus": "in-progress", **form}
        signature = RequestValidator(signed).compute_signature(address, fields)
        self.asked.append(address)
        url = address.removeprefix(PUBLIC)
        return await self.web.post(url, data=fields, headers={"X-Twilio-Signature": signature})

    async def follow(self, answer: httpx.Response) -> None:
        """Carries out what the answer says, up to where the caller's turn is."""
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"].startswith("text/xml")
        self.listening = None
        for verb in fromstring(answer.content):
            if await self._do(verb):
                return

    async def _do(self, verb: Element) -> bool:
        match verb.tag:
            case "Say":
                self.heard.append(verb.text or "")
            case "Pause":
                pass
            case "Redirect":
                await self.follow(await self.post(verb.text or ""))
                return True
            case "Gather":
                self.heard += [each.text or "" for each in verb]
                self.listening = verb.get("action")
                return True
            case "Dial":
                self.dialled, self.listening = verb.text or "", verb.get("action")
                return True
            case "Hangup":
                self.over = True
                return True
        return False

    async def ring(self) -> str:
        await self.follow(await self.post(f"{PUBLIC}/v1/webhooks/{self.inbox}"))
        return self.heard[-1]

    async def say(self, words: str = "", **form: str) -> str:
        """The caller speaks, and hears what is said until it is their turn again."""
        assert self.listening is not None
        before = len(self.heard)
        spoken = {"SpeechResult": words, "Confidence": "0.9"} if words else {}
        await self.follow(await self.post(self.listening, **spoken, **form))
        return " ".join(self.heard[before:])

    async def hang_up(self) -> None:
        answer = await self.post(f"{PUBLIC}/v1/webhooks/{self.inbox}/status", CallStatus="completed")
        assert answer.status_code == 200


@dataclass
class Exchange:
    house: House
    web: httpx.AsyncClient

    async def get(self, path: str) -> Any:
        return (await self.web.get(path, headers={"Authorization": f"Bearer {KEY}"})).json()

    async def mine(self, caller: Caller) -> dict[str, Any]:
        """The conversation of a call, open or closed."""
        for status in ("open", "closed"):
            for one in (await self.get(f"/v1/conversations?status={status}"))["conversations"]:
                if one["sender"] == caller.number and one["inbox"] == caller.inbox:
                    found: dict[str, Any] = one
                    return found
        raise AssertionError("the call has no conversation")

    async def kinds(self, caller: Caller) -> list[str]:
        conversation = (await self.mine(caller))["id"]
        return [event["kind"] for event in (await self.get(f"/v1/conversations/{conversation}/events"))["events"]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def exchange(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Exchange]:
    """One Frontdesk for all of these: each test calls from another number."""
    async with (
        house(tmp_path_factory.mktemp("voice"), EXTRA, INBOXES.replace("{closed_today}", CLOSED_TODAY)) as opened,
        httpx.AsyncClient(base_url=opened.url, timeout=20) as web,
    ):
        yield Exchange(opened, web)


async def test_a_question_is_answered_by_ear_and_the_call_goes_on(exchange: Exchange) -> None:
    caller = Caller(exchange.web, number="+441632960001")
    assert "automated assistant" in await caller.ring()
    answer = await caller.say("How many days do I have to return unworn items")
    assert "45 days" in answer
    assert "help page Returning an order" in answer
    assert not set("*[]#") & set(answer)
    assert "http" not in answer
    again = await caller.say("And how long does standard delivery in the United Kingdom take")
    assert "3 to 5 working days" in again
    assert "45 days" not in again
    assert urlsplit(caller.asked[-1]).path == "/desk/v1/webhooks/phone/wait"
    await caller.hang_up()
    assert (await exchange.mine(caller))["status"] == "closed"
    kinds = await exchange.kinds(caller)
    assert [kind for kind in kinds if kind in ("received", "replied", "delivered", "closed")] == [
        "received", "replied", "delivered", "received", "replied", "delivered", "closed",
    ]  # fmt: skip


async def test_what_twilio_asks_twice_is_written_once_and_answered_the_same(exchange: Exchange) -> None:
    caller = Caller(exchange.web, number="+441632960002")
    await caller.ring()
    action = caller.listening or ""
    words = {"SpeechResult": "When is the Keswick shop open"}
    first, second = await caller.post(action, **words), await caller.post(action, **words)
    assert first.content == second.content
    redirect = fromstring(first.content)[0]
    answers = [await caller.post(redirect.text or "") for _ in range(2)]
    assert answers[0].content == answers[1].content
    assert b"17:30" in answers[0].content
    kinds = await exchange.kinds(caller)
    assert (kinds.count("received"), kinds.count("replied"), kinds.count("delivered")) == (1, 1, 1)


async def test_only_what_twilio_signed_at_our_public_address_is_heard(exchange: Exchange) -> None:
    caller = Caller(exchange.web, number="+441632960003")
    for step in ("", "/turn", "/wait", "/dialled", "/status"):
        address = f"{PUBLIC}/v1/webhooks/phone{step}"
        assert (await caller.post(address, signed="wrong")).status_code == 401
        inside = exchange.house.url + f"/v1/webhooks/phone{step}"  # the address behind the proxy
        assert (await caller.post(inside)).status_code == 401
    assert (await caller.post(f"{PUBLIC}/v1/webhooks/phone", signed="old")).status_code == 200
    assert (await caller.post(f"{PUBLIC}/v1/webhooks/phone/turn", CallSid="")).json()["code"] == "missing_field"
    await caller.ring()
    moved = (caller.listening or "") + "&after=0"
    fields = {"CallSid": caller.sid}
    signature = RequestValidator("new").compute_signature(caller.listening or "", fields)
    answer = await exchange.web.post(moved.removeprefix(PUBLIC), data=fields, headers={"X-Twilio-Signature": signature})
    assert answer.status_code == 401


async def test_silence_is_asked_about_twice_and_then_ends_the_call(exchange: Exchange) -> None:
    caller = Caller(exchange.web, number="+441632960004")
    await caller.ring()
    assert "did not hear" in await caller.say()
    assert "did not hear" in await caller.say()
    assert "Goodbye" in await caller.say()
    assert caller.over
    await caller.hang_up()


async def test_who_wants_a_person_is_rung_back_and_may_add_something(exchange: Exchange) -> None:
    caller = Caller(exchange.web, number="+441632960005")
    await caller.ring()
    answer = await caller.say(Digits="0")
    assert "passing you to a person" in answer
    assert "ring you back on the number you are calling from" in answer
    assert "noted" in await caller.say("It is about order AB-1234")
    assert caller.over
    await caller.hang_up()
    mine = await exchange.mine(caller)
    assert (mine["owner"], mine["status"]) == ("queue", "open")
    written = await exchange.web.post(
        f"/v1/conversations/{mine['id']}/takeover", headers={"Authorization": f"Bearer {KEY}"}
    )
    assert written.status_code == 200
    sent = await exchange.web.post(
        f"/v1/conversations/{mine['id']}/messages",
        json={"text": "Hello, are you there?"},
        headers={"Authorization": f"Bearer {KEY}", "Idempotency-Key": "k1"},
    )
    assert sent.status_code in (200, 201)
    async with asyncio.timeout(5):
        while not (parked := await parked_words(exchange, mine["id"])):  # noqa: ASYNC110  (the outbox has no event for it)
            await asyncio.sleep(0.1)
    assert "the call is over" in parked


async def parked_words(exchange: Exchange, conversation: str) -> str:
    from sqlalchemy import select

    from memory.schema import outbox

    query = select(outbox.c.error).where(outbox.c.conversation_id == conversation, outbox.c.status == "parked")
    return str(await exchange.house.runtime.store.read(lambda c: c.execute(query).scalar()) or "")


async def test_in_opening_hours_a_caller_is_connected_and_rung_back_when_nobody_answers(exchange: Exchange) -> None:
    caller = Caller(exchange.web, "line", "+441632960006")
    await caller.ring()
    assert "connecting you" in await caller.say(Digits="0")
    assert caller.dialled == "+441632960999"
    assert "Nobody could take your call" in await caller.say(DialCallStatus="no-answer")
    await caller.say()
    assert caller.over
    taken = Caller(exchange.web, "line", "+441632960007")
    await taken.ring()
    await taken.say(Digits="0")
    await taken.say(DialCallStatus="completed")
    assert taken.over


async def test_out_of_hours_nobody_is_connected_and_the_caller_may_go_on_with_the_assistant(exchange: Exchange) -> None:
    caller = Caller(exchange.web, "night", "+441632960010")
    await caller.ring()
    answer = await caller.say(Digits="0")
    assert "before that nobody is at the desk" in answer
    assert 'say "go on"' in answer
    assert "ring you back" in answer
    assert caller.dialled == ""
    assert "3 to 5 working days" in await caller.say(
        "Go on, how long does standard delivery in the United Kingdom take?"
    )
    assert caller.listening is not None


async def test_a_withheld_number_is_nobody_known_and_is_asked_for_one(exchange: Exchange) -> None:
    callers = [Caller(exchange.web, number="+266696687") for _ in range(2)]
    for caller in callers:
        await caller.ring()
        assert "on which number we can ring you back" in await caller.say(Digits="0")
    listed = (await exchange.get("/v1/conversations"))["conversations"]
    ours = [one for one in listed if one["sender"].startswith("withheld:")]
    assert len({one["customer"] for one in ours}) == 2


async def test_while_the_assistant_is_stopped_a_caller_is_told_so_and_rung_back(exchange: Exchange) -> None:
    caller = Caller(exchange.web, number="+441632960008")
    await caller.ring()
    admin = {"Authorization": f"Bearer {KEY}"}
    stop = "/v1/controls/stop/channel/voice"
    await exchange.web.put(stop, json={"value": {"on": True}, "why": "a test"}, headers=admin)
    try:
        answer = await caller.say("How many days do I have to return unworn items")
    finally:
        await exchange.web.put(stop, json={"value": {"on": False}, "why": "a test"}, headers=admin)
    assert "45 days" not in answer
    assert "ring you back" in answer
    assert (await exchange.mine(caller))["owner"] == "queue"


async def test_a_call_is_spoken_in_its_inboxes_language(exchange: Exchange) -> None:
    caller = Caller(exchange.web, "telefon", "+4930123456")
    answer = await caller.post(f"{PUBLIC}/v1/webhooks/telefon")
    [gather] = fromstring(answer.content)
    assert (gather.get("language"), gather[0].get("language"), gather[0].get("voice")) == (
        "de-DE", "de-DE", "Polly.Vicki-Neural",
    )  # fmt: skip
    assert "automatischer Assistent" in (gather[0].text or "")
    assert (gather.get("bargeIn"), gather.get("input"), gather.get("actionOnEmptyResult")) == (
        "true", "speech dtmf", "true",
    )  # fmt: skip
