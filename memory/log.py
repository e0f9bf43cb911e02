"""The conversation log: one append-only, gap-free list of events for each conversation, and the row that heads it.

Every function here is part of a transaction on the given Connection. `Head` locks a conversation's row, appends, and
writes the row back; nothing else numbers events.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

import orjson
from sqlalchemy import Connection, RowMapping, bindparam, insert, select, update

from memory.cards import truncate_cards
from memory.errors import UnknownConversation, WrongToken
from memory.messages import VISIBLE, Event, EventKind, Owner, legible
from memory.schema import conversations, events
from memory.vault import Vault

# Statements are built once: building one costs SQLAlchemy more than running it does SQLite.
_ROW = select(conversations).where(conversations.c.id == bindparam("id"))
_LOCK = _ROW.with_for_update()
_SAVE = update(conversations).where(conversations.c.id == bindparam("of"))
_APPEND = insert(events)
_EVENTS = (
    select(events)
    .where(events.c.conversation_id == bindparam("id"), events.c.seq > bindparam("after"))
    .order_by(events.c.seq)
    .limit(bindparam("limit"))
)
_VISIBLE = _EVENTS.where(events.c.visible)
_REDACT = update(events).where(
    events.c.conversation_id == bindparam("of"), events.c.seq == bindparam("at_seq"), events.c.redacted.is_(None)
)


@dataclass(slots=True, eq=False)
class Head:
    """A conversation's row, locked until the transaction ends. Change fields through `set`, events through `append`."""

    connection: Connection
    vault: Vault
    row: dict[str, Any]
    changed: set[str]

    @classmethod
    def lock(cls, connection: Connection, vault: Vault, conversation: str) -> Self:
        """Raises UnknownConversation."""
        row = connection.execute(_LOCK, {"id": conversation}).mappings().first()
        if row is None:
            raise UnknownConversation(f"no conversation {conversation}")
        return cls(connection, vault, dict(row), set())

    @property
    def id(self) -> str:
        return str(self.row["id"])

    @property
    def owner(self) -> Owner:
        owner: Owner = self.row["owner"]
        return owner

    def set(self, **values: Any) -> None:
        self.row.update(values)
        self.changed.update(values)

    def change_owner(self, owner: Owner, person: str | None = None) -> None:
        """Every change of owner starts a new epoch and takes the lease from whoever held it."""
        self.set(owner=owner, person=person, epoch=self.row["epoch"] + 1, lease=None, lease_until=None, parked_seq=0)

    def append(
        self,
        kind: EventKind,
        at: datetime,
        text: str = "",
        *,
        redacted: str | None = None,
        turn: str | None = None,
        meta: Mapping[str, Any] | None = None,
    ) -> int:
        """Adds an event; returns its seq. Card data is truncated here, before anything is written."""
        text = truncate_cards(legible(text))
        seq = int(self.row["seq"]) + 1
        visible = kind in VISIBLE
        row = {
            "conversation_id": self.id,
            "seq": seq,
            "prev": self.row["visible_seq"],
            "kind": kind,
            "at": at,
            "turn_id": turn,
            "visible": visible,
            "body": self.seal(text, f"event:{seq}") if text else None,
            "redacted": redacted if text else "",
            "meta": dict(meta or {}),
        }
        self.connection.execute(_APPEND, row)
        self.set(seq=seq, last_at=at, **({"visible_seq": seq} if visible else {}))
        return seq

    def seal(self, text: str, what: str) -> bytes:
        sealer = self.vault.sealer(self.connection, self.row["customer_id"])
        return sealer.seal(text, f"{self.id}:{what}".encode())

    def unseal(self, body: bytes, what: str) -> str:
        sealer = self.vault.sealer(self.connection, self.row["customer_id"])
        return sealer.unseal(body, f"{self.id}:{what}".encode())

    def address(self) -> tuple[str, dict[str, str]]:
        """Where replies go, and what keeps them in the provider's thread."""
        thread = self.row["thread"]
        return (
            self.unseal(self.row["address"], "address"),
            orjson.loads(self.unseal(thread, "thread")) if thread else {},
        )

    def save(self) -> None:
        """Writes back what changed."""
        if self.changed:
            values = {name: self.row[name] for name in self.changed}
            self.connection.execute(_SAVE, {"of": self.id, **values})
            self.changed.clear()


def read_events(
    connection: Connection,
    vault: Vault,
    conversation: str,
    *,
    after: int = 0,
    limit: int = 500,
    visible_only: bool = False,
) -> list[Event]:
    """Events with seq greater than `after`, oldest first, at most `limit`. Raises UnknownConversation."""
    customer = read_head(connection, conversation)["customer_id"]
    sealer = vault.sealer(connection, customer)
    given = {"id": conversation, "after": after, "limit": limit}
    rows = connection.execute(_VISIBLE if visible_only else _EVENTS, given).mappings().all()
    return [
        _event(row, sealer.unseal(row["body"], f"{conversation}:event:{row['seq']}".encode()) if row["body"] else "")
        for row in rows
    ]


def _event(row: RowMapping, text: str) -> Event:
    return Event(
        conversation=row["conversation_id"],
        seq=row["seq"],
        prev=row["prev"],
        kind=row["kind"],
        at=row["at"],
        text=text,
        redacted=row["redacted"],
        turn=row["turn_id"],
        meta=row["meta"],
    )


def shown_after(connection: Connection, conversation: str, most: int) -> int:
    """The seq after which the newest `most` events that a customer may see begin; 0 where there are no more."""
    visible = events.c.conversation_id == conversation, events.c.visible
    query = select(events.c.prev).where(*visible).order_by(events.c.seq.desc()).limit(1).offset(max(most, 1) - 1)
    return connection.execute(query).scalar() or 0


def read_head(connection: Connection, conversation: str) -> RowMapping:
    """The conversation's row as it stands, not locked. Raises UnknownConversation."""
    row = connection.execute(_ROW, {"id": conversation}).mappings().first()
    if row is None:
        raise UnknownConversation(f"no conversation {conversation}")
    return row


def check_token(connection: Connection, vault: Vault, conversation: str, inbox: str, token: str) -> RowMapping:
    """The row of a conversation whose secret is `token`. Raises WrongToken also for one that is not there,
    so that nobody learns which ids exist."""
    row = connection.execute(_ROW, {"id": conversation}).mappings().first()
    if row is None or row["inbox"] != inbox or not token or row["token_hash"] != vault.hash("token", token):
        raise WrongToken("this conversation cannot be resumed with that token")
    return row


def redact_events(connection: Connection, conversation: str, redacted: Mapping[int, str]) -> None:
    """Stores the pseudonymised text of events, once: an event that has one keeps it."""
    for seq, text in redacted.items():
        connection.execute(_REDACT, {"of": conversation, "at_seq": seq, "redacted": text})


def redacted_already(connection: Connection, conversation: str, seqs: Sequence[int]) -> dict[int, str]:
    """The pseudonymised texts that these events have, by seq."""
    query = select(events.c.seq, events.c.redacted).where(
        events.c.conversation_id == conversation, events.c.seq.in_(seqs), events.c.redacted.is_not(None)
    )
    return {row.seq: row.redacted for row in connection.execute(query)}


def append_one(
    connection: Connection,
    vault: Vault,
    conversation: str,
    kind: EventKind,
    text: str,
    meta: Mapping[str, Any],
    at: datetime,
) -> int:
    """Adds one event to a conversation; returns its seq. Raises UnknownConversation."""
    head = Head.lock(connection, vault, conversation)
    seq = head.append(kind, at, text, meta=meta)
    head.save()
    return seq
