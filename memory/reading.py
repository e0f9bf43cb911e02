"""What the desk reads of the log."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, case, func, or_, select

from memory import schema
from memory.errors import UnknownConversation
from memory.messages import Owner
from memory.schema import events, turns
from memory.segments import newest
from memory.vault import Vault
from memory.views import ApprovalView, Assist, ConversationView

# How much of a message a list shows.
_WORDS = 160
# Pieces of a conversation's summary that a person who takes over is shown, the last ones.
_PIECES = 3


def conversations_page(owner: Owner | None, status: str, inbox: str | None, limit: int) -> Any:
    c = schema.conversations.c
    query = select(schema.conversations).where(c.status == status)
    if owner is not None:
        query = query.where(c.owner == owner)
    if inbox is not None:
        query = query.where(c.inbox == inbox)
    waits = case((or_(c.owner == "queue", c.waiting_since.is_not(None)), 0), else_=1)
    urgent = case((and_(waits == 0, c.priority == "high"), 0), else_=1)
    first = case((waits == 0, func.coalesce(c.due_at, c.waiting_since)))
    return query.order_by(waits, urgent, first, c.last_at.desc()).limit(limit)


def conversations_of(connection: Connection, vault: Vault, query: Any) -> list[ConversationView]:
    """The views of the rows a query finds, with two more queries for all of them together."""
    rows = connection.execute(query).mappings().all()
    ids = [row["id"] for row in rows]
    first, last = _edges(connection, ids, events.c.seq.asc()), _edges(connection, ids, events.c.seq.desc())
    return [_view(connection, vault, row, first.get(row["id"]), last.get(row["id"])) for row in rows]


def conversations(
    connection: Connection, vault: Vault, *, owner: Owner | None, status: str, inbox: str | None, limit: int
) -> list[ConversationView]:
    return conversations_of(connection, vault, conversations_page(owner, status, inbox, limit))


def conversation(connection: Connection, vault: Vault, conversation_id: str) -> ConversationView:
    """Raises UnknownConversation."""
    found = conversations_of(
        connection, vault, select(schema.conversations).where(schema.conversations.c.id == conversation_id)
    )
    if not found:
        raise UnknownConversation(f"no conversation {conversation_id}")
    return found[0]


def _edges(connection: Connection, ids: list[str], order: Any) -> dict[str, RowMapping]:
    """The first or last thing said in each conversation; of a long one no more is read than of a short one."""
    c = schema.conversations.c
    said = select(events.c.seq).where(
        events.c.conversation_id == c.id, events.c.kind.in_(["received", "replied", "said"])
    )
    edge = said.order_by(order).limit(1).scalar_subquery().correlate(schema.conversations)
    found = select(c.id, edge.label("seq")).where(c.id.in_(ids)).subquery()
    query = select(events).join(found, and_(found.c.id == events.c.conversation_id, found.c.seq == events.c.seq))
    return {row["conversation_id"]: row for row in connection.execute(query).mappings()}


def _view(
    connection: Connection, vault: Vault, row: RowMapping, first: RowMapping | None, last: RowMapping | None
) -> ConversationView:
    sealer = vault.sealer(connection, row["customer_id"])

    def words(event: RowMapping | None) -> str:
        if event is None or not event["body"]:
            return ""
        return sealer.unseal(event["body"], f"{row['id']}:event:{event['seq']}".encode())[:_WORDS]

    return ConversationView(
        id=row["id"],
        inbox=row["inbox"],
        channel=row["channel"],
        customer=row["customer_id"],
        owner=row["owner"],
        person=row["person"],
        epoch=row["epoch"],
        seq=row["seq"],
        status=row["status"],
        opened_at=row["opened_at"],
        last_at=row["last_at"],
        first_words=words(first),
        last_words=words(last),
        reason=row["reason"],
        priority=row["priority"],
        waiting_since=row["waiting_since"],
        sender=sealer.unseal(row["address"], f"{row['id']}:address".encode()),
        team=row["team"],
        language=row["language"],
        due_at=row["due_at"],
        heard_at=row["heard_at"],
    )


def approvals(connection: Connection, vault: Vault) -> list[ApprovalView]:
    """Drafts that wait for a person, oldest first, with real values."""
    parked = events.alias("parked")
    query = (
        select(
            turns,
            schema.conversations.c.inbox,
            schema.conversations.c.customer_id,
            parked.c.body,
            parked.c.seq,
            parked.c.at,
        )
        .add_columns(parked.c.meta)
        .join(schema.conversations, schema.conversations.c.id == turns.c.conversation_id)
        .join(parked, and_(parked.c.conversation_id == turns.c.conversation_id, parked.c.turn_id == turns.c.id))
        .where(parked.c.kind == "parked")
        .where(turns.c.status == "parked")
        .order_by(parked.c.at)
    )
    return [_approval(connection, vault, row) for row in connection.execute(query).mappings()]


def _approval(connection: Connection, vault: Vault, row: RowMapping) -> ApprovalView:
    sealer, conversation_id = vault.sealer(connection, row["customer_id"]), row["conversation_id"]
    asked = connection.execute(
        select(events.c.body).where(events.c.conversation_id == conversation_id, events.c.seq == row["to_seq"])
    ).scalar()
    context = f"{conversation_id}:event:"
    return ApprovalView(
        turn=row["id"],
        conversation=conversation_id,
        inbox=row["inbox"],
        question=sealer.unseal(asked, f"{context}{row['to_seq']}".encode()) if asked else "",
        draft=sealer.unseal(row["body"], f"{context}{row['seq']}".encode()) if row["body"] else "",
        sources=tuple(row["meta"].get("sources", ())),
        parked_at=row["at"],
    )


def assist(connection: Connection, vault: Vault, view: ConversationView) -> Assist:
    """What helps a person who takes the conversation over, from the turns' records, with real values again."""
    query = select(turns.c.record).where(turns.c.conversation_id == view.id, turns.c.record.is_not(None))
    newest_first = query.order_by(turns.c.started_at.desc()).limit(20)
    records = [record for record in connection.execute(newest_first).scalars() if record]
    pieces = [piece.text for piece in newest(connection, vault, view.id, _PIECES) if piece.text]
    return _assist(view, records, pieces[::-1], vault.book(connection, view.customer).restore)


def searched_to(connection: Connection, conversation: str) -> int:
    """The seq up to which a turn has searched for what the customer wrote; 0 where none has."""
    query = select(turns.c.to_seq, turns.c.record).where(
        turns.c.conversation_id == conversation, turns.c.record.is_not(None)
    )
    rows = connection.execute(query.order_by(turns.c.started_at.desc()).limit(20))
    return next((int(row.to_seq) for row in rows if row.record and row.record.get("found")), 0)


def _assist(
    view: ConversationView,
    records: Sequence[Mapping[str, Any]],
    pieces: Sequence[str],
    restore: Callable[[str], str],
) -> Assist:
    """The summary's last pieces and the newest record tell what was said; the newest record that searched, what was
    found and could be answered. Pure."""
    last: Mapping[str, Any] = records[0] if records else {}
    searched = next((record for record in records if record.get("found")), {})
    passages = tuple(
        {k: f[k] for k in ("passage", "title", "section", "document", "source", "text", "score")}
        for f in searched.get("found", ())
    )
    # What shadows a person is kept from the one who writes: it is there to be compared with what they wrote.
    drafted = (searched.get("handoff") or {}).get("code") == "drafted"
    sentences = (searched.get("withheld" if drafted else "draft") or {}).get("sentences", ())
    lines = [f"{line['role']}: {line['text']}" for line in (*last.get("history", ()), *last.get("said", ()))]
    summary = "\n".join([*pieces, *lines[-6:]])
    return Assist(
        summary=restore(summary),
        reason=view.reason,
        suggestion=restore(" ".join(s["text"] for s in sentences if s["citations"])),
        passages=passages,
        turn=str(searched.get("id", "")),
    )
