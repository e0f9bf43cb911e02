"""What an adapter is: how one kind of inbox is spoken with.

A webhook request goes: `arrived` → `adapter.verify` → `adapter.normalise` → receive each → `adapter.answer`.
An outbox row goes: `adapter.render` → `adapter.provider(...)`, kept for the inbox → `send`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar
from urllib.parse import quote

from channels.inboxes.base import InboxBase
from channels.normalise.payloads import Arrived
from channels.normalise.twilio_status import Report
from channels.providers.ports import Provider
from channels.render import Rendered
from memory.messages import Inbound, Outbound

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
    off the event loop. `report(arrived)` gives the delivery report in a status callback, None for a status in between;
    `report` itself is None where there are no callbacks. `provider(name, inbox, public_url)` opens the way out; with
    None the channel delivers by itself, as the websocket does.
    `answer_within_s` is when the provider gives up on us; `retries` what it does then, for people to read.
    `max_body` is in bytes.
    """

    kind: str
    channel: str
    settings: type[Own]
    verify: Callable[[Arrived, Own, datetime], None]
    normalise: Callable[[Arrived, str, Own, datetime], list[Inbound]]
    render: Callable[[Outbound, Own], Rendered]
    provider: Callable[[str, Own, str | None], Provider] | None = None
    report: Callable[[Arrived], Report | None] | None = None
    answer: Answer = Answer()
    answer_within_s: float = 10.0
    retries: str = ""
    max_body: int = 2**20


def arrived(public_url: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Arrived:
    """A request at its public address.

    `public_url` is the configured `server.public_url`, sub-path included, and `path` the application's own, without the
    proxy's prefix; both and the `query` exactly as sent, still percent-encoded.
    """
    url = public_url.rstrip("/") + path + (f"?{query}" if query else "")
    return Arrived(url, {name.lower(): value for name, value in headers.items()}, body)


def webhook_url(public_url: str, inbox: str, what: str = "") -> str:
    """Where a provider posts for an inbox; `what` is "status" for delivery reports."""
    return f"{public_url.rstrip('/')}/v1/webhooks/{quote(inbox, safe='')}" + (f"/{what}" if what else "")
