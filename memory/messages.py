"""What crosses the border of the log: Inbound comes in, Event is kept, Outbound waits to leave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Role = Literal["customer", "bot", "agent"]
Owner = Literal["bot", "queue", "person"]
Purpose = Literal["reply", "agent", "confirmation", "notification", "marketing"]
"""Why a message leaves: it answers the customer's own, a person wrote it, it confirms an opt-out or tells what HELP
asks, or it is proactive: about something of the customer's (an order, an incident), or to sell."""
PROACTIVE: frozenset[Purpose] = frozenset({"notification", "marketing"})
InboundKind = Literal["message", "person", "opt_out", "opt_in", "help"]
EventKind = Literal[
    "received",
    "triaged",
    "summarised",
    "parked",
    "decided",
    "replied",
    "said",
    "handed_over",
    "taken",
    "released",
    "closed",
    "noted",
    "delivered",
    "bounced",
    "opted_out",
    "opted_in",
    "feedback",
    "complained",
    "assigned",
    "tasked",
    "corrected",
]

# What a customer may see of the log, on every channel.
VISIBLE: frozenset[EventKind] = frozenset({"received", "replied", "said", "handed_over", "taken", "released", "closed"})


def legible(text: str) -> str:
    """The text without what no store or screen can hold: lone surrogates become U+FFFD, control characters go,
    except line breaks and tabs."""
    whole = text.encode("utf-8", "replace").decode("utf-8") if not text.isascii() else text
    return whole if whole.isprintable() else "".join(c for c in whole if (c >= " " and c != "\x7f") or c in "\n\t")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with a message: its name and media type as the sender gave them, its bytes. `verdict` is
    "kept" or "refused: …" once `memory.attachments.checked` has looked at it; then name and type are safe ones."""

    name: str
    type: str
    body: bytes
    verdict: str = ""


@dataclass(frozen=True, slots=True)
class Inbound:
    """One message from a customer, whatever it came in as.

    `provider_id` is unique within `inbox`: the same one is one event, however often delivered.
    `sender` is canonical: E.164 for telephones, lower case for email, the visitor's id on the web.
    `conversation` is set where the channel knows it (a resumed web chat); otherwise the log finds or
    opens the one of this sender in this inbox. `thread` carries what a reply needs to stay in the
    provider's thread (an email's message_id, references and subject). `thread_key` names a conversation of its own
    where a sender has several in one inbox; with `continues` the message counts only when that one is open here.
    `once` is a provider's one-time token: no other message may come with it. `most_replies` is how many replies an
    hour this sender gets from machines, 0 for any number. `proof` is what the provider says of the sender this time
    ("provider" that it is they, "" that it cannot tell), None where that is always the same on the channel.
    """

    inbox: str
    channel: str
    provider_id: str
    sender: str
    text: str
    received_at: datetime
    recipient: str = ""
    conversation: str | None = None
    kind: InboundKind = "message"
    name: str | None = None
    automatic: bool = False
    thread: Mapping[str, str] = field(default_factory=dict)
    attachments: tuple[Attachment, ...] = ()
    thread_key: str = ""
    continues: bool = False
    once: str = ""
    most_replies: int = 0
    proof: str | None = None


@dataclass(frozen=True, slots=True)
class Outbound:
    """One message on its way to a customer. `id` is the idempotency key the provider is given. `subject` is an email's
    own, where it begins a thread instead of answering one. `heard_at` is when the customer last wrote, None if never.
    """

    id: str
    inbox: str
    channel: str
    conversation: str
    recipient: str
    text: str
    purpose: Purpose
    sources: tuple[Mapping[str, Any], ...] = ()
    thread: Mapping[str, str] = field(default_factory=dict)
    attempts: int = 0
    campaign: str = ""
    subject: str = ""
    heard_at: datetime | None = None


BounceClass = Literal["hard", "soft", "blocked", "unknown"]
"""The address is of no use; this message, now; refused for what we are or what it says; nobody can tell."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a provider says became of a message of ours.

    `provider_ref` is its name there, or a Message-ID with its brackets; `outbox` is our own id of it, where the
    provider gives it back. `opted_out` says that the recipient wants nothing more from this sender, `unsubscribed` no
    marketing. `detail` holds the provider's words, without addresses. `alone` says that the request holds this and
    nothing else, as a mail that returns one of ours does. `once` is a one-time token: no other report may come with it.
    """

    provider_ref: str
    state: Literal["delivered", "bounced", "complained"]
    opted_out: bool = False
    detail: Mapping[str, str] = field(default_factory=dict)
    bounce: BounceClass | None = None
    outbox: str = ""
    unsubscribed: bool = False
    alone: bool = False
    once: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """One row of a conversation's log, unsealed. `seq` starts at 1 and has no gaps.

    `prev` is the seq of the event before it that a customer may see (0 for the first).
    `redacted` is the text with pseudonyms, None until it was made; `text` holds real values.
    """

    conversation: str
    seq: int
    prev: int
    kind: EventKind
    at: datetime
    text: str = ""
    redacted: str | None = None
    turn: str | None = None
    meta: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was said, as the model may see it: pseudonyms only."""

    role: Role
    text: str
    seq: int = 0
