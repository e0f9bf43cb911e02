"""A small server that speaks the chat's frames and the desk's facade over a log in memory.

The browser tests run against it on a real socket, because what they are about is the browser: what the widget does
when a connection breaks, a frame is missing or a text is hostile. It can be told to misbehave where a real server
must not. Run as a program it serves a scripted shop to look at:

    python tests/channels/web/standin.py 8010
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Literal

import uvicorn
from fastapi import FastAPI, Request, Response, WebSocket, WebSocketDisconnect
from fastapi.responses import JSONResponse
from starlette.types import ASGIApp

from agent.correcting import Wish
from agent.people import Colleague, Colleagues
from channels import protocol
from channels.http.uploads import AnySite
from channels.web.pages import router
from channels.web.ports import Identity
from memory.messages import VISIBLE, Event, EventKind, Owner
from memory.tasks import Kind, Task
from memory.views import ApprovalView, Assist, ConversationView, Log

SOURCES: Mapping[str, dict[str, Any]] = {
    "returns": {
        "document": "returns.md",
        "title": "Returns and refunds",
        "section": "How long you have",
        "url": "https://help.fernhill.example/returns",
        "quote": "You can return unused items within 60 days of delivery.",
    },
    "tents": {
        "document": "tents.md",
        "title": "Tents and shelters",
        "section": "Returning a tent",
        "source": "help/tents.md",
        "quote": "A tent that was pitched outdoors can be exchanged, not refunded.",
    },
    "shipping": {
        "document": "shipping.md",
        "title": "Shipping by region",
        "section": "Norway",
        "url": "https://help.fernhill.example/shipping",
        "quote": "Parcels to Norway take 4 to 6 working days and cost 89 NOK.",
    },
}

ANSWERS: Mapping[str, tuple[list[str], list[str]]] = {
    "return": (
        [
            "You can return unused items within 60 days of delivery [1].",
            "A tent that was pitched outdoors can be exchanged, not refunded [2].",
        ],
        ["returns", "tents"],
    ),
    "norway": (["Parcels to Norway take 4 to 6 working days and cost 89 NOK [1]."], ["shipping"]),
}

DONT_KNOW = "I do not find that in the help centre. I can ask a person for you."


class Fault(Exception):
    code: ClassVar[str] = "fault"
    retryable: ClassVar[bool] = False


class UnknownConversation(Fault):
    code = "unknown_conversation"


class NotYours(Fault):
    code = "not_yours"


class Refused(Fault):
    code = "refused"


class Unavailable(Fault):
    code = "store_unavailable"
    retryable = True


@dataclass
class Talk:
    """One conversation."""

    id: str
    token: str
    customer: str = "Visitor"
    channel: str = "chat"
    owner: Owner = "bot"
    person: str | None = None
    epoch: int = 1
    status: str = "open"
    reason: str = ""
    priority: str = "normal"
    team: str | None = None
    due_at: datetime | None = None
    opened_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    waiting_since: datetime | None = None
    events: list[Event] = field(default_factory=list)
    ids: dict[str, int] = field(default_factory=dict)
    sockets: set[WebSocket] = field(default_factory=set)
    work: asyncio.Task[None] | None = None


class StandinRights:
    """Requests for a right, in a list."""

    def __init__(self) -> None:
        self.made: dict[str, Task] = {}

    def ask(self, kind: Kind, talk: Talk, words: str, opened_at: datetime, due_at: datetime) -> None:
        id = f"r-{len(self.made)}"
        self.made[id] = Task(
            id=id, kind=kind, conversation=talk.id, customer=talk.customer, seq=1, status="open", opened_at=opened_at,
            due_at=due_at, extended=False, identity=None, ended_by=None, ended_at=None, note="", sender=talk.customer,
            inbox="web", channel=talk.channel, words=words,
        )  # fmt: skip

    async def tasks(self, *, live: bool = True, customer: str | None = None, limit: int = 200) -> list[Task]:
        return [task for task in self.made.values() if (task.status in ("open", "verified")) == live][:limit]

    async def verify(self, id: str, how: str, person: str, role: str) -> Task:
        if not how:
            raise Refused("say how you made sure who asks")
        return self.change(id, status="verified", identity={"by": person, "how": how})

    async def finish(self, id: str, outcome: Literal["done", "refused"], note: str, person: str, role: str) -> Task:
        if outcome == "refused" and not note:
            raise Refused("say why it is refused: the customer has a right to the reason")
        return self.change(id, status=outcome, note=note, ended_by=person, ended_at=datetime.now(UTC))

    async def extend(self, id: str, why: str, person: str, role: str) -> Task:
        due_at = self.made[id].due_at + timedelta(days=61)
        return self.change(id, extended=True, due_at=due_at, note=f"Extended: {why}")

    def change(self, id: str, **fields: Any) -> Task:
        self.made[id] = replace(self.made[id], **fields)
        return self.made[id]


class Standin:
    """The desk's facade and the chat's socket. Tests set the public flags and read `frames`."""

    def __init__(self, *, answering: bool = False, pace_s: float = 0.0) -> None:
        self.talks: dict[str, Talk] = {}
        self.frames: list[dict[str, Any]] = []
        self.hellos: list[dict[str, Any]] = []
        self.listeners: set[asyncio.Queue[str]] = set()
        self.waiting: dict[str, ApprovalView] = {}
        self.answering = answering
        self.pace_s = pace_s
        self.refusing = False
        self.silent = False
        self.lose_acks = 0
        self.reject: dict[str, Any] | None = None
        self.hide: set[int] = set()  # left out of what is broadcast
        self.lost: set[int] = set()  # left out of what is resumed, too
        self.deaf = False  # the desk hears of no change
        self.down = False
        self.gate: str | None = None
        self.offers: dict[str, Any] = {}  # of the welcome, besides what it always says
        self.photos: dict[str, tuple[str, bytes]] = {}
        self.takes_photos = 201
        self.turns: dict[str, dict[str, Any]] = {}
        self.corrected: list[tuple[str, Wish, str]] = []
        self.now = lambda: datetime.now(UTC)
        self.present: dict[str, str] = {}
        self.signs: list[tuple[str, str]] = []
        self.rights = StandinRights()

    # --- the log ---

    def open(self, **fields: Any) -> Talk:
        talk = Talk(id=f"c_{secrets.token_hex(4)}", token=secrets.token_hex(8), **fields)
        self.talks[talk.id] = talk
        return talk

    async def append(
        self, talk: Talk, kind: EventKind, text: str = "", at: datetime | None = None, **meta: Any
    ) -> Event:
        prev = next((event.seq for event in reversed(talk.events) if event.kind in VISIBLE), 0)
        turn = meta.pop("turn", None)
        event = Event(
            talk.id, len(talk.events) + 1, prev, kind, at or self.now(), text, redacted=text, turn=turn, meta=meta
        )
        talk.events.append(event)
        for queue in () if self.deaf else list(self.listeners):
            queue.put_nowait(talk.id)
        if event.kind in VISIBLE and event.seq not in self.hide | self.lost:
            await self.broadcast(talk, frame(event))
        return event

    async def broadcast(self, talk: Talk, message: Mapping[str, Any]) -> None:
        for socket in list(talk.sockets):
            with contextlib.suppress(RuntimeError, WebSocketDisconnect):
                await socket.send_json(message)

    async def cut(self) -> None:
        """Every chat socket is closed, as when a server restarts."""
        for talk in self.talks.values():
            for socket in list(talk.sockets):
                talk.sockets.discard(socket)
                with contextlib.suppress(RuntimeError):
                    await socket.close(1012)

    # --- the customer's side ---

    async def chat(self, socket: WebSocket, inbox: str) -> None:
        await socket.accept()
        if self.refusing:
            await socket.close(1013)
            return
        talk: Talk | None = None
        try:
            hello = await socket.receive_json()
            self.hellos.append(hello)
            if inbox != "web":
                await socket.send_json({"type": "error", "code": "unknown_inbox", "message": "There is no such chat."})
                await socket.close(1008)
                return
            talk = self.talks.get(hello["conversation"] or "") or (None if hello["conversation"] else self.open())
            if talk is None or (hello["token"] not in (None, talk.token)):
                await socket.send_json(
                    {"type": "error", "code": "wrong_token", "message": "This conversation cannot be resumed."}
                )
                await socket.close(1008)
                return
            visible = [event for event in talk.events if event.kind in VISIBLE]
            most = 0 if hello["after"] else hello.get("most", 0)
            begins = visible[-most].prev if 0 < most < len(visible) else 0
            offers = {**self.offers, "from": begins or None}
            await socket.send_json(protocol.welcome(talk.id, talk.token, len(talk.events), **offers))
            for event in talk.events[max(hello["after"], begins) :]:
                if event.kind in VISIBLE and event.seq not in self.lost:
                    await socket.send_json(frame(event))
            talk.sockets.add(socket)
            while True:
                received = await socket.receive_json()
                self.frames.append(received)
                if not self.silent:
                    await self.receive(socket, talk, received)
        except WebSocketDisconnect:
            pass
        finally:
            if talk is not None:
                talk.sockets.discard(socket)

    async def receive(self, socket: WebSocket, talk: Talk, received: Mapping[str, Any]) -> None:
        if received["type"] == "feedback":
            await self.append(talk, "feedback", turn=received["turn"] or None, score=received["score"])
            await socket.send_json({"type": "ack", "id": received["id"], "seq": len(talk.events)})
        if received["type"] == "push":
            self.offers["pushing"] = received["subscription"] is not None
            await socket.send_json({"type": "push", "on": self.offers["pushing"]})
        if received["type"] == "person":
            await self.hand_over(talk, "The customer asked for a person.")
        if received["type"] != "message":
            return
        if self.reject is not None:
            await socket.send_json({"type": "error", **self.reject})
            return
        seq = talk.ids.get(received["id"])
        if seq is None:
            event = await self.append(talk, "received", received["text"], id=received["id"])
            talk.ids[received["id"]] = seq = event.seq
            if self.answering and talk.owner == "bot":
                talk.work = asyncio.create_task(self.answer(talk, received["text"]))
        if self.lose_acks:
            self.lose_acks -= 1
            await socket.close(1011)
            return
        await socket.send_json({"type": "ack", "id": received["id"], "seq": seq})

    async def photo(self, request: Request) -> Response:
        """A photo comes, and is a message; or (GET) goes again."""
        talk = self.talks[request.headers["x-frontdesk-conversation"]]
        if request.headers["x-frontdesk-token"] != talk.token or self.takes_photos >= 400:
            refused = {"detail": "A photo may have 6 MB at most."}
            return JSONResponse(refused, self.takes_photos if self.takes_photos >= 400 else 403)
        if request.method == "GET":
            kind, body = self.photos[request.path_params["name"]]
            return Response(body, media_type=kind)
        key, body = request.headers["idempotency-key"], await request.body()
        self.photos[key] = request.headers["content-type"], body
        shown = [{"id": key, "type": request.headers["content-type"], "size": len(body)}]
        event = await self.append(talk, "received", "[photo.jpg]", id=key, attachments=shown)
        return JSONResponse({"seq": event.seq}, 201)

    async def hand_over(self, talk: Talk, reason: str, priority: str = "normal") -> None:
        if talk.owner != "bot":
            return
        talk.owner, talk.reason, talk.priority = "queue", reason, priority
        talk.waiting_since = self.now()
        await self.append(talk, "handed_over", code="asked", reason=reason, priority=priority)

    async def answer(self, talk: Talk, question: str) -> None:
        epoch, turn = talk.epoch, f"t_{secrets.token_hex(4)}"
        await asyncio.sleep(self.pace_s)
        if "person" in question.lower():
            await self.hand_over(talk, "The customer asked for a person.")
            return
        found = next((answer for word, answer in ANSWERS.items() if word in question.lower()), None)
        sentences, names = found or ([DONT_KNOW], [])
        for number, sentence in enumerate(sentences):
            if talk.epoch != epoch:
                return
            await self.broadcast(talk, {"type": "delta", "turn": turn, "text": (" " if number else "") + sentence})
            await asyncio.sleep(self.pace_s)
        sources = [{"n": n, **SOURCES[name]} for n, name in enumerate(names, 1)]
        self.turns[turn] = record(turn, talk, question, sources)
        await self.append(talk, "replied", " ".join(sentences), sources=sources, turn=turn)

    # --- the desk's side ---

    def own(self, conversation: str, person: str | None = None) -> Talk:
        if self.down:
            raise Unavailable("The database cannot be reached.")
        talk = self.talks.get(conversation)
        if talk is None:
            raise UnknownConversation("There is no such conversation.")
        if person is not None and talk.owner == "person" and talk.person != person:
            raise NotYours(f"{talk.person} has this conversation.")
        return talk

    async def conversations(
        self, *, owner: Owner | None = None, status: str = "open", limit: int = 100
    ) -> list[ConversationView]:
        if self.down:
            raise Unavailable("The database cannot be reached.")
        chosen = [t for t in self.talks.values() if t.status == status and owner in (None, t.owner) and t.events]
        return sorted((view(talk) for talk in chosen), key=lambda each: each.last_at, reverse=True)[:limit]

    async def conversation(self, conversation: str) -> ConversationView:
        return view(self.own(conversation))

    async def events(self, conversation: str, after: int = 0, limit: int = 500) -> Log:
        events = self.own(conversation).events[after:]
        return Log(tuple(events[:limit]), len(events) > limit)

    async def take_over(self, conversation: str, person: str) -> ConversationView:
        talk = self.own(conversation, person)
        if talk.work is not None:
            talk.work.cancel()
        talk.owner, talk.person, talk.waiting_since = "person", person, None
        talk.epoch += 1
        await self.append(talk, "taken", person=person)
        return view(talk)

    async def say(self, conversation: str, person: str, text: str, key: str) -> int:
        talk = self.own(conversation, person)
        if talk.owner != "person":
            raise NotYours("Take the conversation over first.")
        if self.gate:
            raise Refused(self.gate)
        if key not in talk.ids:
            talk.ids[key] = (await self.append(talk, "said", text, person=person)).seq
        return talk.ids[key]

    async def note(self, conversation: str, person: str, text: str) -> int:
        return (await self.append(self.own(conversation), "noted", text, person=person)).seq

    async def release(self, conversation: str, person: str) -> ConversationView:
        talk = self.own(conversation, person)
        talk.owner, talk.person, talk.reason = "bot", None, ""
        talk.epoch += 1
        await self.append(talk, "released", person=person)
        return view(talk)

    async def close(self, conversation: str, person: str) -> ConversationView:
        talk = self.own(conversation, person)
        talk.owner, talk.person, talk.status = "bot", None, "closed"
        talk.epoch += 1
        await self.append(talk, "closed", person=person)
        return view(talk)

    async def park(self, talk: Talk, question: str, draft: str, names: list[str]) -> str:
        turn = f"t_{secrets.token_hex(4)}"
        sources = tuple({"n": n, **SOURCES[name]} for n, name in enumerate(names, 1))
        self.waiting[turn] = ApprovalView(turn, talk.id, "web", question, draft, sources, self.now())
        self.turns[turn] = record(turn, talk, question, list(sources))
        await self.append(talk, "parked", turn=turn)
        return turn

    async def approvals(self) -> list[ApprovalView]:
        return list(self.waiting.values())

    async def decide(
        self, turn: str, decision: Literal["approve", "edit", "reject"], text: str | None, person: str
    ) -> None:
        draft = self.waiting.pop(turn, None)
        if draft is None:
            raise NotYours("Somebody decided this draft first.")
        talk = self.own(draft.conversation)
        await self.append(talk, "decided", turn=turn, person=person, decision=decision)
        if decision == "reject":
            await self.hand_over(talk, f"{person} rejected the draft.")
        else:
            await self.append(talk, "replied", text or draft.draft, turn=turn, sources=list(draft.sources))

    async def assist(self, conversation: str) -> Assist:
        talk = self.own(conversation)
        said = [event.text for event in talk.events if event.kind == "received"]
        found = tuple(
            {"passage": each["document"], "document": each["document"],
             "title": each["title"], "section": each["section"], "text": each["quote"],
             "source": each.get("url", each.get("source", "")), "score": score}
            for each, score in zip(SOURCES.values(), (0.71, 0.64, 0.38), strict=True)
        )  # fmt: skip
        return Assist(
            summary=f"The customer wrote {len(said)} messages. Last: {said[-1]}" if said else "",
            reason=talk.reason,
            suggestion="A tent that was pitched outdoors can be exchanged, not refunded.",
            passages=found,
            turn=next(iter(self.turns), ""),
        )

    async def turn(self, turn: str) -> Mapping[str, Any]:
        if turn not in self.turns:
            raise UnknownConversation("There is no such turn.")
        return self.turns[turn]

    async def correct(self, turn: str, wish: Wish, person: str, role: str) -> object:
        if turn not in self.turns:
            raise UnknownConversation("There is no such turn.")
        self.corrected.append((turn, wish, person))
        return wish

    async def typing(self, conversation: str, person: str) -> None:
        await self.broadcast(self.own(conversation), protocol.typing(person))

    async def transfer(
        self, conversation: str, by: str, role: str, person: str | None = None, team: str | None = None
    ) -> ConversationView:
        talk = self.own(conversation, by)
        talk.epoch += 1
        if person is not None:
            talk.owner, talk.person, talk.waiting_since = "person", person, None
            await self.append(talk, "taken", person=person, by=by)
        else:
            talk.owner, talk.person, talk.team, talk.waiting_since = "queue", None, team, self.now()
            talk.reason = f"{by} passed it to {team}"
            await self.append(talk, "handed_over", code="transferred", reason=talk.reason)
        return view(talk)

    async def colleagues(self) -> Colleagues:
        states = {**dict.fromkeys(["Maya", "Sam"], "gone"), **self.present}
        return Colleagues(tuple(Colleague(name, state, 0, ()) for name, state in states.items()), ("Returns",))

    async def seen(self, person: str, state: str | None = None) -> None:
        self.present[person] = state or self.present.get(person, "here")

    async def writes(self, conversation: str, person: str) -> None:
        self.signs.append((conversation, person))

    async def changes(self) -> AsyncIterator[str]:
        queue: asyncio.Queue[str] = asyncio.Queue()
        self.listeners.add(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            self.listeners.discard(queue)


def record(turn: str, talk: Talk, question: str, sources: list[dict[str, Any]]) -> dict[str, Any]:
    made = {
        "query": question,
        "triage": {"kind": "question", "score": 0.93, "reason": "asks about a policy", "language": "en"},
        "found": [
            {
                "passage": each["document"],
                "document": each["document"],
                "title": each["title"],
                "section": each["section"],
                "text": each["quote"],
                "score": 0.7,
            }
            for each in sources
        ],
        "draft": {"made_by": "extractive", "prompt": "", "tokens_in": 0, "tokens_out": 0, "cost": 0.0},
        "verdicts": [
            {"rule": "floor", "phase": "retrieve", "decision": "pass", "reason": "a passage answers", "score": 0.71},
            {"rule": "grounded", "phase": "guard", "decision": "pass", "reason": "said by the sources", "score": 0.99},
        ],
        "versions": {"prompt": "answer@1", "policy": "1"},
        "timings_ms": {"triage": 6.1, "retrieve": 4.3, "generate": 21.8},
    }
    return {"id": turn, "conversation_id": talk.id, "status": "done", "route": "answer", "record": made}


def frame(event: Event) -> dict[str, Any]:
    """What a customer's socket is sent for an event that they may see."""
    return protocol.event(event)


def view(talk: Talk) -> ConversationView:
    said = [event.text for event in talk.events if event.kind == "received"] or [""]
    words = [event.text for event in talk.events if event.kind in ("received", "replied", "said")] or [""]
    return ConversationView(
        id=talk.id,
        inbox="web",
        channel=talk.channel,
        customer=talk.customer,
        owner=talk.owner,
        person=talk.person,
        epoch=talk.epoch,
        seq=len(talk.events),
        status=talk.status,
        opened_at=talk.opened_at,
        last_at=talk.events[-1].at if talk.events else talk.opened_at,
        first_words=said[0],
        last_words=words[-1],
        reason=talk.reason,
        priority=talk.priority,
        waiting_since=talk.waiting_since,
        sender=talk.customer,
        team=talk.team,
        due_at=talk.due_at,
    )


KEYS: Mapping[str, Identity] = {
    "key-maya": Identity("Maya", "agent"),
    "key-sam": Identity("Sam", "agent"),
    "key-vera": Identity("Vera", "viewer"),
    "key-robot": Identity("CRM", "service"),
}


def application(
    standin: Standin,
    organisation: str = "Fernhill Outdoor",
    keys: Mapping[str, Identity] = KEYS,
    *,
    with_desk: bool = True,
) -> FastAPI:
    """The pages, the chat socket and the desk in one app, as the product serves them."""
    app = FastAPI()
    app.include_router(router(organisation, ["web"]))
    app.add_api_websocket_route("/v1/chat/{inbox}", standin.chat)
    app.add_api_route("/v1/chat/{inbox}/attachments", standin.photo, methods=["POST"])
    app.add_api_route("/v1/chat/{inbox}/attachments/{name}", standin.photo, methods=["GET"])
    app.add_middleware(AnySite)
    if with_desk:
        from channels.web import desk as desk_pages  # NiceGUI takes a second to load, and the chat needs none of it

        desk_pages.mount(app, standin, keys.get, organisation, "a secret of the tests")
    return app


@contextlib.asynccontextmanager
async def serving(app: ASGIApp, port: int = 0, root_path: str = "") -> AsyncIterator[str]:
    """The address of `app` on a real socket of 127.0.0.1, in this event loop."""
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=port,
        log_level="warning",
        root_path=root_path,
        ws="websockets-sansio",
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign]  # the test runner's signals are its own
    task = asyncio.create_task(server.serve())
    while not server.started:
        if task.done():
            task.result()
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


async def furnish(standin: Standin) -> None:
    """A morning at the shop: what waits, what a person has, what the assistant answered, a draft to approve."""
    now = standin.now()

    async def talk(minutes: int, said: list[tuple[EventKind, str, dict[str, Any]]], **fields: Any) -> Talk:
        opened = now - timedelta(minutes=minutes)
        made = standin.open(opened_at=opened, **fields)
        for number, (kind, text, meta) in enumerate(said):
            await standin.append(made, kind, text, at=opened + timedelta(seconds=40 * number), **meta)
        return made

    returns = [{"n": 1, **SOURCES["returns"]}, {"n": 2, **SOURCES["tents"]}]
    turn = "t_returns"
    asked = await talk(
        14,
        [
            ("received", "Hello, can I return the Larkspur tent? I used it once and the zip is stiff.", {}),
            ("replied", " ".join(ANSWERS["return"][0]), {"sources": returns, "turn": turn}),
            ("received", "It was pitched for one night. I would like to talk to a person about it.", {}),
            ("handed_over", "", {"code": "asked", "reason": "The customer asked for a person.", "priority": "normal"}),
        ],
        customer="Priya Raghunathan",
        reason="The customer asked for a person.",
    )
    standin.turns[turn] = record(turn, asked, "return a tent", returns)
    asked.owner, asked.waiting_since = "queue", now - timedelta(minutes=12)
    angry = await talk(
        4,
        [
            ("received", "Third time I write: order 48213 still has not arrived and nobody answers.", {}),
            ("handed_over", "", {"code": "complaint", "reason": "A complaint about a late order.", "priority": "high"}),
        ],
        customer="+44 7700 900412",
        channel="sms",
        reason="A complaint about a late order.",
        priority="high",
    )
    angry.owner, angry.waiting_since = "queue", now - timedelta(minutes=4)
    mine = await talk(
        31,
        [
            ("received", "The left pole of my Fellside tent is bent. Is that covered?", {}),
            ("handed_over", "", {"code": "no_answer", "reason": "No passage answers this.", "priority": "normal"}),
            ("taken", "", {"person": "Sam"}),
            ("said", "Hello Jonas, could you send a photo of the pole?", {"person": "Sam"}),
            ("noted", "Looks like the 2025 batch, see the recall list.", {"person": "Sam"}),
        ],
        customer="jonas.berg@example.com",
        channel="email",
        reason="No passage answers this.",
    )
    mine.owner, mine.person = "person", "Sam"
    await talk(
        3,
        [
            ("received", "How long does delivery to Norway take?", {}),
            ("replied", ANSWERS["norway"][0][0], {"sources": [{"n": 1, **SOURCES["shipping"]}], "turn": "t_norway"}),
        ],
        customer="Visitor",
    )
    draft = await talk(2, [("received", "Can you refund the jacket without the receipt?", {})], customer="Amara Osei")
    await standin.park(
        draft,
        "Can you refund the jacket without the receipt?",
        "You can return unused items within 60 days of delivery.",
        ["returns"],
    )


async def main(port: int) -> None:
    standin = Standin(answering=True, pace_s=0.4)
    await furnish(standin)
    async with serving(application(standin), port) as address:
        print(address)  # noqa: T201
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 8010))
