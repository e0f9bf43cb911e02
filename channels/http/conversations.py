"""Conversations, drafts and turns for people and systems with a key."""

import uuid
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Query
from pydantic import BaseModel, ConfigDict, Field

from agent.desk import Desk
from agent.runtime import Runtime
from channels.errors import UnknownInbox
from channels.protocol import MAX_TEXT
from channels.web.ports import Identity
from memory.messages import Event, Inbound, Owner

Require = Callable[[str], Callable[..., Any]]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Say(Body):
    text: str = Field(min_length=1, max_length=20_000)


class Decision(Body):
    decision: Literal["approve", "edit", "reject"]
    text: str | None = Field(default=None, max_length=20_000)


class NewMessage(Body):
    """A customer's message from your own system. `sender` is canonical for its channel."""

    sender: str = Field(min_length=1, max_length=320)
    text: str = Field(min_length=1, max_length=MAX_TEXT)
    name: str | None = Field(default=None, max_length=200)


def router(desk: Desk, require: Require) -> APIRouter:
    """Lists, logs, ownership, drafts and turn records. A key's name is the person who acts."""
    routes = APIRouter(prefix="/v1", tags=["conversations"])
    viewer, agent = require("viewer"), require("agent")
    Reader = Annotated[Identity, Depends(viewer)]
    Actor = Annotated[Identity, Depends(agent)]

    @routes.get("/conversations")
    async def conversations(
        _: Reader,
        owner: Owner | None = None,
        status: Literal["open", "closed"] = "open",
        inbox: str | None = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> dict[str, Any]:
        found = await desk.conversations(owner=owner, status=status, inbox=inbox, limit=limit)
        return {"conversations": [asdict(view) for view in found]}

    @routes.get("/conversations/{conversation}")
    async def conversation(conversation: str, _: Reader) -> dict[str, Any]:
        return asdict(await desk.conversation(conversation))

    @routes.get("/conversations/{conversation}/events")
    async def events(
        conversation: str, _: Reader, after: int = 0, limit: Annotated[int, Query(ge=1, le=1000)] = 200
    ) -> dict[str, Any]:
        page = await desk.events(conversation, after, limit)
        return {"events": [_event(event) for event in page.events], "more": page.more}

    @routes.post("/conversations/{conversation}/messages", status_code=201)
    async def say(
        conversation: str, body: Say, who: Actor, idempotency_key: Annotated[str | None, Header(max_length=128)] = None
    ) -> dict[str, int]:
        key = idempotency_key or uuid.uuid4().hex
        return {"seq": await desk.say(conversation, who.name, body.text, key)}

    @routes.post("/conversations/{conversation}/notes", status_code=201)
    async def note(conversation: str, body: Say, who: Actor) -> dict[str, int]:
        return {"seq": await desk.note(conversation, who.name, body.text)}

    @routes.post("/conversations/{conversation}/takeover")
    async def take_over(conversation: str, who: Actor) -> dict[str, Any]:
        return asdict(await desk.take_over(conversation, who.name))

    @routes.post("/conversations/{conversation}/release")
    async def release(conversation: str, who: Actor) -> dict[str, Any]:
        return asdict(await desk.release(conversation, who.name))

    @routes.post("/conversations/{conversation}/close")
    async def close(conversation: str, who: Actor) -> dict[str, Any]:
        return asdict(await desk.close(conversation, who.name))

    @routes.get("/conversations/{conversation}/assist")
    async def assist(conversation: str, _: Reader) -> dict[str, Any]:
        return asdict(await desk.assist(conversation))

    @routes.get("/approvals")
    async def approvals(_: Reader) -> dict[str, Any]:
        return {"approvals": [asdict(view) for view in await desk.approvals()]}

    @routes.post("/approvals/{turn}")
    async def decide(turn: str, body: Decision, who: Actor) -> dict[str, str]:
        await desk.decide(turn, body.decision, body.text, who.name)
        return {"turn": turn, "decision": body.decision}

    @routes.get("/turns/{turn}")
    async def turn(turn: str, _: Reader) -> dict[str, Any]:
        return dict(await desk.turn(turn))

    return routes


def _event(event: Event) -> dict[str, Any]:
    """As the desk sees it: the sealed text, opened; not its redacted twin."""
    fields = {k: v for k, v in asdict(event).items() if k not in ("conversation", "redacted")}
    return {**fields, "at": event.at.isoformat()}


def inbox_router(runtime: Runtime, channels: dict[str, str], require: Require) -> APIRouter:
    """`POST /v1/inboxes/{inbox}/messages`: a normalised message from your own system. `channels` is each inbox's."""
    routes = APIRouter(prefix="/v1", tags=["inboxes"])
    Caller = Annotated[Identity, Depends(require("service"))]

    @routes.post("/inboxes/{inbox}/messages", status_code=202)
    async def message(
        inbox: str, body: NewMessage, _: Caller, idempotency_key: Annotated[str, Header(min_length=1, max_length=200)]
    ) -> dict[str, Any]:
        if inbox not in channels:
            raise UnknownInbox(inbox)
        inbound = Inbound(
            inbox=inbox,
            channel=channels[inbox],
            provider_id=f"api:{idempotency_key}",
            sender=body.sender,
            text=body.text,
            received_at=datetime.now(UTC),
            name=body.name,
        )
        receipt = await runtime.receive(inbound)
        return {"conversation": receipt.conversation, "seq": receipt.seq, "duplicate": receipt.duplicate}

    return routes
