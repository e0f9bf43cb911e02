"""The chat websocket's frames, without a socket. Pure.

Client: hello, message, typing, person, feedback, push, seen. Server: welcome, ack, event, delta, restart, typing, push,
error.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from agent.understanding.tongues import tongue
from memory.messages import Event

# The longest message of a customer, in characters; about four times the longest real one in support transcripts.
MAX_TEXT = 8_000
# A subscription's address: push services document no limit, the longest seen have some 500 characters.
_MAX_ENDPOINT = 2_048
# The largest frame a socket reads, in bytes: any legal message fits, escaped; more closes it with 1009.
MAX_FRAME = 262_144

ASKED_FOR_PERSON = "I'd like to talk to a person."


class ProtocolError(Exception):
    """A frame that cannot be understood. `code` is for machines, `str(error)` for people; the socket stays open.
    `id` is the client's own id of the message it is about, where there is one."""

    def __init__(self, code: str, message: str, id: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.id = id


class _Frame(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Hello(_Frame):
    """Opens a socket. `identity` is a token by which the organisation's own server says who the visitor is."""

    type: Literal["hello"]
    conversation: str | None = Field(default=None, max_length=64)
    token: str | None = Field(default=None, max_length=128)
    identity: str | None = Field(default=None, max_length=4096)
    after: int = Field(default=0, ge=0, le=2**53)
    most: int | None = Field(default=None, ge=1, le=2**31)


class Message(_Frame):
    type: Literal["message"]
    id: str = Field(min_length=1, max_length=128)
    text: str


class Typing(_Frame):
    type: Literal["typing"]


class Person(_Frame):
    type: Literal["person"]


class Feedback(_Frame):
    """What the customer thought of a reply, or of the conversation where `turn` is empty. With an `id` it is
    acknowledged, and the same id again is the same rating."""

    type: Literal["feedback"]
    turn: str = Field(default="", max_length=64)
    score: int = Field(ge=1, le=5)
    text: str = Field(default="", max_length=MAX_TEXT)
    id: str | None = Field(default=None, min_length=1, max_length=128)


class PushKeys(_Frame):
    """RFC 8291, section 3.1: the browser's public key (65 bytes) and secret (16 bytes), in base64url."""

    p256dh: str = Field(pattern=r"^[A-Za-z0-9_-]{87}=?$")
    auth: str = Field(pattern=r"^[A-Za-z0-9_-]{22}={0,2}$")


class PushSubscription(_Frame):
    endpoint: str = Field(pattern=r"^https?://[^\s\x00-\x1f\"<>]+$", max_length=_MAX_ENDPOINT)
    keys: PushKeys


class Push(_Frame):
    """Asks to be told of answers when this page is closed; None ends that. `words` is what the notification says."""

    type: Literal["push"]
    subscription: PushSubscription | None = None
    words: str = Field(default="", max_length=160)


class Seen(_Frame):
    """The customer has this event, and all before it, before their eyes."""

    type: Literal["seen"]
    seq: int = Field(ge=0, le=2**31 - 1)


ClientFrame = Hello | Message | Typing | Person | Feedback | Push | Seen
_TYPES = ("hello", "message", "typing", "person", "feedback", "push", "seen")
_FRAMES: TypeAdapter[ClientFrame] = TypeAdapter(Annotated[ClientFrame, Field(discriminator="type")])


def parse(raw: str | bytes) -> ClientFrame:
    """The frame in `raw`. Raises ProtocolError: too_large, not_json, bad_frame, empty or too_long."""
    if len(raw) > MAX_FRAME:
        raise ProtocolError("too_large", f"A frame may have {MAX_FRAME:,} bytes at most.")
    try:
        value = orjson.loads(raw)
    except (orjson.JSONDecodeError, UnicodeError):
        raise ProtocolError("not_json", "That is not JSON. Every frame is one JSON object.") from None
    if not isinstance(value, dict):
        raise ProtocolError("bad_frame", "Every frame is one JSON object with a type.")
    try:
        frame = _FRAMES.validate_python(value)
    except ValidationError as error:
        raise ProtocolError("bad_frame", _words(error)) from None
    if isinstance(frame, Message):
        _check_text(frame)
    return frame


def _check_text(frame: Message) -> None:
    length = len(frame.text)
    if not frame.text.strip():
        raise ProtocolError("empty", "The message is empty.", frame.id)
    if length > MAX_TEXT:
        raise ProtocolError("too_long", f"The message has {length:,} characters; {MAX_TEXT:,} is the most.", frame.id)


def _words(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"] if part not in _TYPES)
    return f"{where or 'type'}: {first['msg']}"


def dumps(frame: Mapping[str, Any]) -> str:
    return orjson.dumps(frame).decode()


def welcome(conversation: str, token: str, seq: int, **offers: Any) -> dict[str, Any]:
    """`offers` is what this chat can do besides: the wait for a person, photos, push, a greeting."""
    # Machine-readable, before the first word: whoever is talked to here is an AI (AI Act, article 50).
    return {
        "type": "welcome",
        "conversation": conversation,
        "token": token,
        "seq": seq,
        "automated": True,
        **{name: offer for name, offer in offers.items() if offer is not None},
    }


def ack(client_id: str, seq: int) -> dict[str, Any]:
    return {"type": "ack", "id": client_id, "seq": seq}


def delta(turn: str, text: str) -> dict[str, Any]:
    return {"type": "delta", "turn": turn, "text": text}


def restart(turn: str) -> dict[str, Any]:
    return {"type": "restart", "turn": turn}


def typing(name: str) -> dict[str, Any]:
    """A person of the team is writing."""
    return {"type": "typing", "name": name}


def push(on: bool) -> dict[str, Any]:
    """Whether this browser is told of answers now."""
    return {"type": "push", "on": on}


def error(code: str, message: str, id: str | None = None) -> dict[str, Any]:
    frame = {"type": "error", "code": code, "message": message}
    return frame if id is None else {**frame, "id": id}


def event(found: Event) -> dict[str, Any]:
    """The frame of an event a customer may see. `automated` says of a message whether a machine wrote it."""
    frame = {"type": "event", "seq": found.seq, "prev": found.prev, "at": found.at.isoformat(), **_body(found)}
    return frame if found.turn is None else {**frame, "turn": found.turn}


def _body(found: Event) -> dict[str, Any]:
    meta = found.meta
    match found.kind:
        case "received":
            body = _message(found, "customer")
            return {**body, "id": meta["id"]} if "id" in meta else body
        case "replied":
            return _message(found, "bot")
        case "said" if "person" not in meta:  # written by a template, signed by nobody
            return _message(found, "bot")
        case "said":
            return {**_message(found, "agent"), "name": meta.get("person", "")}
        case "handed_over":
            return {"kind": "handoff", "state": "queue"}
        case "taken":
            return {"kind": "handoff", "state": "person", "name": meta.get("person", "")}
        case "released":
            return {"kind": "handoff", "state": "bot"}
        case _:
            return {"kind": "closed"}


def _message(found: Event, role: str) -> dict[str, Any]:
    sources = list(found.meta.get("sources", ()))
    body = {"kind": "message", "role": role, "automated": role == "bot", "text": found.text, "sources": sources}
    more = {"lang": found.meta.get("lang") or tongue(found.text), "attachments": found.meta.get("attachments")}
    return {**body, **{name: value for name, value in more.items() if value}}
