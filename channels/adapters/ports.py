"""What an adapter is: how one kind of inbox is spoken with.

A webhook request goes: `arrived` → `adapter.verify` → `adapter.normalise` → receive each → `adapter.answer`.
An outbox row goes: `adapter.render` → `adapter.provider(...)`, kept for the inbox → `send`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar
from urllib.parse import parse_qsl, quote, urlsplit

from channels.inboxes.base import InboxBase
from channels.normalise.beside import PersonAct
from channels.normalise.payloads import Arrived
from channels.providers.ports import Provider
from channels.render import Rendered
from channels.schedules import PROMPT, Schedule
from memory.messages import Inbound, Outbound, Report

Own = TypeVar("Own", bound=InboxBase)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a provider is told once everything is durable."""

    status: int = 200
    content_type: str = "text/plain; charset=utf-8"
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Adapter(Generic[Own]):
    """How one kind of inbox is spoken with.

    `verify(arrived, inbox, now)` raises SignatureError. `normalise(arrived, name, inbox, now)` gives the messages in
    it, perhaps none, and raises BadPayload; both compute only, but a hostile mail of megabytes takes seconds: call them
    off the event loop. `report(arrived)` gives the delivery reports in a status callback, none for a status in
    between; `report` itself is None where there are no callbacks. `provider(name, inbox, public_url)` opens the way
    out; with None the channel delivers by itself, as the websocket does.
    `beside(arrived, name, inbox)` gives what else the same request holds: delivery reports, what people did elsewhere.
    `handshake(arrived, inbox)` is what a provider is told that asks whether the address is ours, None when the request
    asks something else. A POST is verified first; a GET is not, so there it checks a secret of its own.
    `answer_within_s` is when the provider gives up on us; `retries` what it does then, for people to read.
    `schedule` is when a message that did not leave is tried again. `max_body` is in bytes.
    """

    kind: str
    channel: str
    settings: type[Own]
    verify: Callable[[Arrived, Own, datetime], None]
    normalise: Callable[[Arrived, str, Own, datetime], list[Inbound]]
    render: Callable[[Outbound, Own], Rendered]
    provider: Callable[[str, Own, str | None], Provider | None] | None = None
    beside: Callable[[Arrived, str, Own], list[Report | PersonAct]] | None = None
    handshake: Callable[[Arrived, Own], Answer | None] | None = None
    report: Callable[[Arrived], list[Report]] | None = None
    answer: Answer = Answer()
    answer_within_s: float = 10.0
    retries: str = ""
    schedule: Schedule = PROMPT
    max_body: int = 2**20


def arrived(
    public_url: str, path: str, query: str, headers: Mapping[str, str], body: bytes, client: str = ""
) -> Arrived:
    """A request at its public address.

    `public_url` is the configured `server.public_url`, sub-path included, and `path` the application's own, without the
    proxy's prefix; both and the `query` exactly as sent, still percent-encoded.
    """
    url = public_url.rstrip("/") + path + (f"?{query}" if query else "")
    return Arrived(url, {name.lower(): value for name, value in headers.items()}, body, client)


def in_callback(url: str) -> dict[str, str]:
    """What we wrote into a callback's address: `outbox`, our id of the message, and `part`, where others follow."""
    try:
        return dict(parse_qsl(urlsplit(url).query, max_num_fields=20))
    except ValueError:
        return {}


def webhook_url(public_url: str, inbox: str, what: str = "") -> str:
    """Where a provider posts for an inbox; `what` is "status" for delivery reports."""
    return f"{public_url.rstrip('/')}/v1/webhooks/{quote(inbox, safe='')}" + (f"/{what}" if what else "")
