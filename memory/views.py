"""What people at the desk see of a conversation: values read from the log, never written back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from memory.messages import Event, Owner


@dataclass(frozen=True, slots=True)
class ConversationView:
    """One conversation as a list shows it.

    `waiting_since` is set while it waits for a person, which it may do while the bot goes on with the customer;
    `due_at` while a person owes a reply. `person` owns it, or is whom the queue offers it to.
    """

    id: str
    inbox: str
    channel: str
    customer: str
    owner: Owner
    person: str | None
    epoch: int
    seq: int
    status: str
    opened_at: datetime
    last_at: datetime
    first_words: str
    last_words: str
    reason: str
    priority: str
    waiting_since: datetime | None
    sender: str
    team: str | None = None
    language: str = ""
    due_at: datetime | None = None
    heard_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ApprovalView:
    """A draft that waits for a person. `sources` are those of the draft, numbered from 1."""

    turn: str
    conversation: str
    inbox: str
    question: str
    draft: str
    sources: tuple[Mapping[str, Any], ...]
    parked_at: datetime


@dataclass(frozen=True, slots=True)
class Assist:
    """What helps a person who takes over: why it came, what was said, what could be answered. `turn` is the one that
    found the passages."""

    summary: str
    reason: str
    suggestion: str
    passages: tuple[Mapping[str, Any], ...] = field(default_factory=tuple)
    turn: str = ""


@dataclass(frozen=True, slots=True)
class Log:
    """A page of a conversation's events, oldest first."""

    events: tuple[Event, ...]
    more: bool
