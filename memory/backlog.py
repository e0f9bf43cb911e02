"""Events that wait to be folded into the summary because no turn did it: a person owned the conversation, or a flood
came. They are folded in pages, oldest first, so that opening the conversation stays as cheap as opening a short one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, select

from memory.log import Head, read_events, read_head
from memory.messages import Event
from memory.schema import UNFOLDED, conversations
from memory.segments import Segment, keep, number_after
from memory.turns import MOST_EVENTS
from memory.vault import Vault

LEFT: Final = MOST_EVENTS // 2
"""Events that are left in the window, so that not every message after a backlog folds again."""
PAGE: Final = 64
_LEAST: Final = PAGE // 2
"""Fewer wait until there are more: every piece adds its mark to the log, and must cover more than that."""

_BEHIND = select(conversations.c.id).where(UNFOLDED).order_by(conversations.c.last_at.desc())


@dataclass(frozen=True, slots=True)
class Page:
    """The oldest events of a backlog, with what the piece of the summary over them is called and covers."""

    customer: str
    number: int
    from_seq: int
    to_seq: int
    events: Sequence[Event]


def behind(connection: Connection, limit: int) -> list[str]:
    """Conversations in which more events wait than a turn reads, newest first."""
    return list(connection.execute(_BEHIND.limit(limit)).scalars())


def page(connection: Connection, vault: Vault, conversation: str) -> Page | None:
    """What to fold next; None when few enough events wait. Raises UnknownConversation."""
    row = read_head(connection, conversation)
    if (last := _foldable_to(row)) - row["summary_to"] < _LEAST:
        return None
    found = read_events(connection, vault, conversation, after=row["summary_to"], limit=PAGE)
    events = [event for event in found if event.seq <= last]
    from_seq = row["summary_to"] + 1
    to_seq = events[-1].seq if events else last  # purged ones left a gap
    return Page(row["customer_id"], number_after(connection, row), from_seq, to_seq, events)


def fold(connection: Connection, vault: Vault, conversation: str, made: Sequence[Segment], now: datetime) -> int:
    """Keeps the pieces over a page; how many, 0 when somebody was first. Raises UnknownConversation."""
    head = Head.lock(connection, vault, conversation)
    last_at = head.row["last_at"]
    kept = keep(head, made, None, now)
    head.set(last_at=last_at)  # nobody said anything
    head.save()
    return kept


def _foldable_to(row: Mapping[str, Any] | RowMapping) -> int:
    """The last event that may leave the window: never the message that waits for its answer."""
    waits = row["inbound_seq"] > row["answered_seq"]
    return int(min(row["seq"] - LEFT, row["inbound_seq"] - 1 if waits else row["seq"]))
