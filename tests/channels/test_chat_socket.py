"""The live chat's socket and its photos over a real log: what it offers, keeps, refuses, and whom it tells."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson
import pytest
import pytest_asyncio
import websockets
from agent_support import QUESTION, Office, office, until
from fastapi import FastAPI
from listening import listening
from push_service import Browser, PushService, push_service
from sqlalchemy import RowMapping, Table

from channels.chat_offers import MAX_PHOTO, ChatOffers
from channels.http import problems, uploads
from channels.http.limits import BodyLimit
from channels.inboxes.websocket import WebsocketInbox
from channels.outlets import open_outlets
from channels.protocol import MAX_FRAME
from channels.push_encryption import new_private_key
from channels.sender import Sender
from channels.settings import Settings
from channels.websocket import ChatSocket, chat_route
from memory.schema import attachments, consents, outbox, subscriptions

pytestmark = [pytest.mark.server, pytest.mark.asyncio(loop_scope="module")]

JPEG = b"\xff\xd8\xff\xe0" + b"a picture" * 40


@dataclass
class Visitor:
    socket: Any
    conversation: str = ""
    token: str = ""
    welcome: dict[str, Any] = field(default_factory=dict)
    frames: list[dict[str, Any]] = field(default_factory=list)

    async def send(self, **frame: Any) -> None:
        await self.socket.send(orjson.dumps(frame).decode())

    async def until(self, **wanted: Any) -> dict[str, Any]:
        async with asyncio.timeout(10):
            while True:
                found: dict[str, Any] = orjson.loads(await self.socket.recv())
                self.frames.append(found)
                if all(found.get(name) == value for name, value in wanted.items()):
                    return found

    async def ask(self, text: str = QUESTION) -> dict[str, Any]:
        await self.send(type="message", id="m1", text=text)
        return await self.until(type="event", role="bot")


@dataclass
class Shop:
    office: Office
    url: str
    service: PushService
    browser: Browser = field(default_factory=Browser)

    @asynccontextmanager
    async def visit(
        self, known: Visitor | None = None, after: int = 0, inbox: str = "web", **more: Any
    ) -> AsyncIterator[Visitor]:
        async with websockets.connect(f"{self.url.replace('http', 'ws')}/v1/chat/{inbox}", max_size=2**24) as socket:
            visitor = Visitor(socket, known.conversation if known else "", known.token if known else "")
            mine = {"conversation": visitor.conversation or None, "token": visitor.token or None}
            await visitor.send(type="hello", **mine, after=after, **more)
            visitor.welcome = await visitor.until(type="welcome")
            visitor.conversation, visitor.token = visitor.welcome["conversation"], visitor.welcome["token"]
            yield visitor

    def subscription(self, visitor: Visitor) -> dict[str, Any]:
        return self.browser.subscription(f"{self.service.url}/{visitor.conversation}")

    def told(self, visitor: Visitor) -> list[dict[str, Any]]:
        """The notifications this visitor's browser was shown."""
        return [
            self.service.notice(self.browser, n)
            for n, pushed in enumerate(self.service.pushed)
            if pushed.path == f"/{visitor.conversation}"
        ]

    async def rows(self, table: Table, visitor: Visitor) -> list[RowMapping]:
        return [row for row in await self.office.rows(table) if row["conversation_id"] == visitor.conversation]

    async def upload(self, visitor: Visitor, body: bytes = JPEG, **headers: str) -> httpx.Response:
        given = {
            "X-Frontdesk-Conversation": visitor.conversation,
            "X-Frontdesk-Token": visitor.token,
            "Idempotency-Key": "p1",
            "Content-Type": "image/jpeg",
            "X-Frontdesk-Name": "zip%20%F0%9F%8F%95.jpg",
            **headers,
        }
        async with httpx.AsyncClient(base_url=self.url) as client:
            return await client.post("/v1/chat/web/attachments", content=body, headers=given)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def shop(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shop]:
    """One for all these tests: each visitor has a conversation of their own."""
    async with AsyncExitStack() as stack:
        service = await stack.enter_async_context(push_service())
        push = {"private_key": new_private_key(), "subject": "mailto:a@b.example", "services": [service.url]}
        inboxes: Any = {"web": {"kind": "websocket", "greeting": "Good morning.", "push": push}}
        inboxes["plain"] = {"kind": "websocket", "photos": False}
        inboxes["busy"] = {"kind": "websocket"}
        settings = Settings(inboxes=inboxes)
        opened = await stack.enter_async_context(
            office(f"sqlite:///{tmp_path_factory.mktemp('shop')}/log.db", pushes=())
        )
        chats = {n: ChatOffers.of(i) for n, i in settings.inboxes.items() if isinstance(i, WebsocketInbox)}
        app = FastAPI()
        app.add_middleware(BodyLimit)
        app.add_middleware(uploads.AnySite)
        app.state.sockets = type("Sockets", (), {"open": set()})()
        problems.install(app)
        chat_route(app, opened.runtime, chats)
        app.include_router(uploads.router(opened.runtime, chats))
        outlets = open_outlets(settings)
        stack.push_async_callback(outlets.aclose)
        runtime = opened.runtime
        sender = Sender(runtime.store, runtime.vault, runtime.bus, outlets, "test")
        sender.start()
        stack.push_async_callback(sender.stop, 1.0)
        url = await stack.enter_async_context(listening(app, ws_max_size=4 * MAX_FRAME, ws_per_message_deflate=False))
        yield Shop(opened, url, service)


async def hurry(shop: Shop) -> None:
    """Reminders are due at once, as after the moment an open page has to say that it showed them."""
    long_ago = outbox.update().values(next_at=outbox.c.created_at)
    await shop.office.store.write(lambda c: c.execute(long_ago).rowcount)


# --- what it offers ---


async def test_the_welcome_says_that_it_is_a_machine_and_what_it_can_do(shop: Shop) -> None:
    async with shop.visit() as visitor, shop.visit(inbox="plain") as plain:
        assert visitor.welcome["automated"] is True
        assert visitor.welcome["greeting"] == "Good morning."
        assert visitor.welcome["photos"]["max_bytes"] == MAX_PHOTO
        assert len(visitor.welcome["push"]["key"]) == 87
        assert not {"greeting", "photos", "push", "pushing", "wait"} & set(plain.welcome)


async def test_every_message_says_whether_a_machine_wrote_it(shop: Shop) -> None:
    async with shop.visit() as visitor:
        reply = await visitor.ask()
        assert reply["automated"] is True
        asked = next(frame for frame in visitor.frames if frame.get("role") == "customer")
        assert asked["automated"] is False
        await shop.office.runtime.desk.take_over(visitor.conversation, "Maya")
        await shop.office.runtime.desk.say(visitor.conversation, "Maya", "Hello, Maya here.", "k1")
        assert (await visitor.until(role="agent"))["automated"] is False


async def test_the_wait_is_said_once_enough_others_waited(shop: Shop) -> None:
    desk = shop.office.runtime.desk
    for _ in range(5):
        async with shop.visit(inbox="busy") as visitor:
            await visitor.send(type="person")
            asked = await visitor.until(kind="handoff", state="queue")
            assert "wait" not in asked
            await desk.take_over(visitor.conversation, "Maya")
    shop.office.runtime.visits._waits.clear()  # as a minute later
    async with shop.visit(inbox="busy") as visitor:
        assert visitor.welcome["wait"] == {"state": "open", "seconds": 60}
        await visitor.send(type="person")
        assert (await visitor.until(kind="handoff"))["wait"] == {"state": "open", "seconds": 60}


# --- ratings and typing ---


async def test_a_rating_is_acknowledged_once_it_is_kept(shop: Shop) -> None:
    async with shop.visit() as visitor:
        reply = await visitor.ask()
        for _ in range(2):
            await visitor.send(type="feedback", id="r1", turn=reply["turn"], score=4)
        acks = [await visitor.until(type="ack", id="r1") for _ in range(2)]
        assert acks[0] == acks[1]
        await visitor.send(type="feedback", id="r2", turn="t-of-somebody-else", score=1)
        refused = await visitor.until(type="error")
        assert (refused["code"], refused["id"]) == ("unknown_turn", "r2")
        kinds = await shop.office.kinds(visitor.conversation)
        assert kinds.count("feedback") == 1


async def test_a_customers_typing_reaches_who_watches_and_a_persons_reaches_the_customer(shop: Shop) -> None:
    visits = shop.office.runtime.visits
    async with shop.visit() as visitor, shop.office.runtime.watch(visitor.conversation) as watch:
        for _ in range(5):
            await visitor.send(type="typing")
        signal = await watch.next(5)
        assert signal is not None
        assert (signal.type, signal.role) == ("typing", "customer")
        assert await watch.next(0.1) is None  # five presses of a key are one
        await visits.typing(visitor.conversation, "agent", "Maya")
        assert (await visitor.until(type="typing"))["name"] == "Maya"
        assert await shop.office.kinds(visitor.conversation) == []


# --- being told ---


async def test_a_customer_who_left_is_told_and_finds_the_answer_on_return(shop: Shop) -> None:
    async with shop.visit() as visitor:
        await visitor.send(type="push", subscription=shop.subscription(visitor), words="Neue Antwort")
        assert (await visitor.until(type="push"))["on"] is True
        await visitor.ask()
    await hurry(shop)

    async def told() -> bool:
        return bool(shop.told(visitor))

    await until(told)
    assert [notice["body"] for notice in shop.told(visitor)] == ["Neue Antwort"]
    async with shop.visit(visitor) as back:
        assert back.welcome["pushing"] is True
        assert (await back.until(role="bot"))["text"]
    (row,) = await shop.rows(outbox, visitor)
    assert (row["status"], row["verdict"] is not None) == ("sent", True)


async def test_a_customer_who_saw_it_is_not_told(shop: Shop) -> None:
    async with shop.visit() as visitor:
        await visitor.send(type="push", subscription=shop.subscription(visitor))
        await visitor.until(type="push")
        reply = await visitor.ask()
        await visitor.send(type="seen", seq=reply["seq"])

        async def gone() -> bool:
            return not await shop.rows(outbox, visitor)

        await until(gone)
    assert shop.told(visitor) == []


async def test_the_wish_to_be_told_is_in_the_consent_ledger_and_ends_with_a_word(shop: Shop) -> None:
    async with shop.visit() as visitor:
        await visitor.send(type="push", subscription=shop.subscription(visitor))
        await visitor.until(type="push", on=True)
        await visitor.ask()
        await visitor.send(type="push", subscription=None)
        await visitor.until(type="push", on=False)
    assert await shop.rows(outbox, visitor) == []
    customer = (await shop.office.head(visitor.conversation))["customer_id"]
    entries = [row for row in await shop.office.rows(consents) if row["customer_id"] == customer]
    ledger = [(row["channel"], row["state"]) for row in sorted(entries, key=lambda row: row["at"])]
    assert ledger == [("push", "in"), ("push", "out")]


async def test_a_browser_that_unsubscribed_is_forgotten(shop: Shop) -> None:
    shop.service.script = [(410, {})]
    async with shop.visit() as visitor:
        await visitor.send(type="push", subscription=shop.subscription(visitor))
        await visitor.until(type="push")
        await visitor.ask()
    await hurry(shop)

    async def ended() -> bool:
        return all(row["ended_at"] for row in await shop.rows(subscriptions, visitor))

    await until(ended)
    async with shop.visit(visitor) as back:
        assert "pushing" not in back.welcome


@pytest.mark.parametrize(
    "subscription",
    [
        {},
        {"endpoint": "ftp://x/y", "keys": {"p256dh": "k" * 87, "auth": "a" * 22}},
        {"endpoint": "https://x/" + "y" * 3000, "keys": {"p256dh": "k" * 87, "auth": "a" * 22}},
        {"endpoint": "https://x/y", "keys": {"p256dh": "<script>", "auth": ""}},
        "yes",
    ],
)
async def test_a_subscription_that_is_none_is_refused(shop: Shop, subscription: Any) -> None:
    async with shop.visit() as visitor:
        await visitor.send(type="push", subscription=subscription)
        assert (await visitor.until(type="error"))["code"] == "bad_frame"
        assert await shop.rows(subscriptions, visitor) == []


async def test_a_chat_without_push_says_so(shop: Shop) -> None:
    async with shop.visit(inbox="plain") as visitor:
        await visitor.send(type="push", subscription=shop.subscription(visitor))
        assert (await visitor.until(type="error"))["code"] == "no_push"


# --- photos ---


async def test_a_photo_is_a_message_kept_once_and_shown_again_to_its_owner(shop: Shop) -> None:
    async with shop.visit() as visitor:
        sent = [await shop.upload(visitor) for _ in range(2)]
        assert [answer.status_code for answer in sent] == [201, 201]
        assert sent[0].json() == sent[1].json()
        event = await visitor.until(type="event", role="customer")
        assert event["id"] == "p1"
        ((shown),) = event["attachments"]
        assert (shown["type"], shown["size"]) == ("image/jpeg", len(JPEG))
        secret = {"X-Frontdesk-Conversation": visitor.conversation, "X-Frontdesk-Token": visitor.token}
        async with httpx.AsyncClient(base_url=shop.url) as client:
            again = await client.get(f"/v1/chat/web/attachments/{shown['id']}", headers=secret)
            assert (again.content, again.headers["content-type"]) == (JPEG, "image/jpeg")
            assert again.headers["x-content-type-options"] == "nosniff"
            none = await client.get("/v1/chat/web/attachments/a-none", headers=secret)
            assert (none.status_code, none.json()["code"]) == (404, "unknown_attachment")
    (row,) = await shop.rows(attachments, visitor)
    assert JPEG not in row["body"]
    assert b"zip" not in row["name"]


async def test_another_customers_photo_stays_theirs(shop: Shop) -> None:
    async with shop.visit() as mine, shop.visit() as theirs:
        await shop.upload(mine)
        ((shown),) = (await mine.until(type="event", role="customer"))["attachments"]
        async with httpx.AsyncClient(base_url=shop.url) as client:
            for conversation, token, status in (
                (theirs.conversation, theirs.token, 404),
                (mine.conversation, theirs.token, 403),
                (mine.conversation, "", 403),
            ):
                secret = {"X-Frontdesk-Conversation": conversation, "X-Frontdesk-Token": token}
                answer = await client.get(f"/v1/chat/web/attachments/{shown['id']}", headers=secret)
                assert answer.status_code == status
        assert (await shop.upload(mine, **{"X-Frontdesk-Token": theirs.token})).status_code == 403


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (JPEG, {"Content-Type": "text/html"}, 415, "not_a_photo"),
        (JPEG, {"Content-Type": "image/svg+xml"}, 415, "not_a_photo"),
        (b"<script>alert(1)</script>", {}, 415, "not_a_photo"),
        (b"", {}, 415, "not_a_photo"),
        (JPEG + b"x" * MAX_PHOTO, {}, 413, "too_large"),
        (JPEG, {"Idempotency-Key": ""}, 422, "invalid"),
    ],
)
async def test_what_is_no_photo_is_refused_in_words_that_a_page_of_any_site_may_read(
    shop: Shop, body: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    async with shop.visit() as visitor:
        refused = await shop.upload(visitor, body, **headers)
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert refused.headers["access-control-allow-origin"] == "*"
    assert await shop.rows(attachments, visitor) == []


async def test_a_page_of_another_site_may_send_a_photo_and_a_chat_without_photos_takes_none(shop: Shop) -> None:
    async with httpx.AsyncClient(base_url=shop.url) as client, shop.visit(inbox="plain") as visitor:
        asked = await client.options("/v1/chat/web/attachments", headers={"Origin": "https://shop.example"})
        assert asked.status_code == 204
        assert "X-Frontdesk-Token" in asked.headers["access-control-allow-headers"]
        secret = {"X-Frontdesk-Conversation": visitor.conversation, "X-Frontdesk-Token": visitor.token}
        given = {**secret, "Idempotency-Key": "1", "Content-Type": "image/jpeg"}
        answer = await client.post("/v1/chat/plain/attachments", content=JPEG, headers=given)
        assert answer.status_code == 404


# --- hostile and slow ---


@pytest.mark.parametrize(
    "raw",
    [
        "[" * 100_000,
        '{"type":"message","id":"1","text":' + '{"a":' * 5_000 + "1" + "}" * 5_000 + "}",
        '{"type":"message","id":"1","text":"\\ud800"}',
        '{"type":"hello","after":1e999}',
        '{"type":"seen","seq":99999999999999999999}',
        "\x00",
        b"\xff\xfe\x00",
        "",
    ],
)
async def test_a_hostile_frame_is_answered_and_the_socket_goes_on(shop: Shop, raw: str | bytes) -> None:
    async with shop.visit() as visitor:
        await visitor.socket.send(raw)
        refused = await visitor.until(type="error")
        assert refused["code"] in {"not_json", "bad_frame", "hello_twice"}
        await visitor.send(type="message", id="after", text="Still there?")
        await visitor.until(type="ack", id="after")


async def test_odd_but_legal_text_comes_back_as_it_can_be_kept(shop: Shop) -> None:
    async with shop.visit() as visitor:
        await visitor.send(type="message", id="odd", text="a\x00b \u202eright to left\u202c \U0001f3d5")
        event = await visitor.until(type="event", role="customer")
        assert event["text"] == "ab \u202eright to left\u202c \U0001f3d5"


async def test_a_frame_of_many_fragments_is_one_frame_and_a_huge_one_closes_with_1009(shop: Shop) -> None:
    async with shop.visit() as visitor:
        frame = '{"type":"message","id":"bits","text":"one byte at a time"}'
        await visitor.socket.send(iter(frame))
        await visitor.until(type="ack", id="bits")
    async with shop.visit() as other:
        with contextlib.suppress(websockets.ConnectionClosed):  # it may close before all of it was sent
            await other.socket.send("x" * (4 * MAX_FRAME + 1))
        await other.socket.wait_closed()
        assert other.socket.close_code == 1009


async def test_a_browser_that_never_makes_sense_is_closed(shop: Shop) -> None:
    async with shop.visit() as visitor:
        for _ in range(25):
            await visitor.socket.send("nonsense")
        with pytest.raises(websockets.ConnectionClosed) as caught:
            await visitor.until(type="never")
        assert caught.value.rcvd is not None
        assert caught.value.rcvd.code == 1008


class Deaf:
    """A socket whose other end takes nothing."""

    def __init__(self) -> None:
        self.closed: list[int] = []
        self.application_state = None

    async def send_text(self, text: str) -> None:
        await asyncio.sleep(30)


async def test_a_reader_that_takes_nothing_is_let_go_and_its_messages_stay(shop: Shop) -> None:
    socket: Any = Deaf()
    chat = ChatSocket(socket, shop.office.runtime, "web", send_s=0.05)
    with pytest.raises(TimeoutError):
        await chat._send({"type": "event"})
    async with shop.visit() as visitor:
        reply = await visitor.ask()
    async with shop.visit(visitor, after=reply["prev"]) as back:
        assert (await back.until(role="bot"))["seq"] == reply["seq"]


async def test_a_streamed_reply_is_whole_wherever_the_connection_was_cut(shop: Shop) -> None:
    async with shop.visit() as visitor:
        await visitor.ask()
    whole = [frame for frame in visitor.frames if frame["type"] == "event"]
    for at in range(len(whole) + 1):
        after = whole[at - 1]["seq"] if at else 0
        async with shop.visit(visitor, after=after) as back:
            if at < len(whole):
                await back.until(type="event", seq=whole[-1]["seq"])
            rest = [frame for frame in back.frames if frame["type"] == "event"]
            assert [frame["seq"] for frame in rest] == [frame["seq"] for frame in whole[at:]]
            assert [frame.get("text") for frame in rest] == [frame.get("text") for frame in whole[at:]]


# --- a long conversation ---


async def test_a_browser_may_ask_for_the_newest_messages_alone_and_learns_that_there_are_more(shop: Shop) -> None:
    desk = shop.office.runtime.desk
    async with shop.visit() as visitor:
        await visitor.ask()
        await desk.take_over(visitor.conversation, "Maya")
        for n in range(20):
            await desk.say(visitor.conversation, "Maya", f"Part {n}.", f"k{n}")
        await visitor.until(text="Part 19.")
    everything = [frame for frame in visitor.frames if frame["type"] == "event"]
    async with shop.visit(visitor, most=5) as again:
        await again.until(text="Part 19.")
    shown = [frame for frame in again.frames if frame["type"] == "event"]
    assert [frame["text"] for frame in shown] == [f"Part {n}." for n in range(15, 20)]
    assert again.welcome["from"] == shown[0]["prev"] > 0
    async with shop.visit(visitor, most=500) as all_of_it:
        await all_of_it.until(text="Part 19.")
    assert [frame for frame in all_of_it.frames if frame["type"] == "event"] == everything
    assert "from" not in all_of_it.welcome
    async with shop.visit(visitor, after=everything[2]["seq"], most=5) as rest:
        await rest.until(text="Part 19.")
    assert [frame for frame in rest.frames if frame["type"] == "event"] == everything[3:], "what it has not seen"
