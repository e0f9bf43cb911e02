"""What people must do about a customer's request for their rights: opened once, identity checked, done or refused.

open ─► verified ─► done         who asks is checked before anything is given out, changed or removed;
  │         └─────► refused      an objection to marketing needs no check, it took effect when it came
  └───────────────► refused

A note holds no personal data: it is redacted before it comes here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from sqlalchemy import Connection, RowMapping, Select, select, update

from memory import audit
from memory.consent import record_consent
from memory.customers import insert_if_absent
from memory.deadlines import months_after
from memory.errors import TaskRefused, UnknownConversation, UnknownTask
from memory.log import Head
from memory.schema import conversations, events, tasks
from memory.seal import SealError
from memory.vault import Vault

Kind = Literal["access", "erasure", "rectification", "objection"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Status = Literal["open", "verified", "done", "refused"]
LIVE = ("open", "verified")
# Where marketing could reach somebody, whether they wrote on it yet or not.
_CHANNELS = ("chat", "email", "slack", "sms", "voice", "web_push", "webhook", "whatsapp")
# How much of the customer's words a list shows.
_WORDS = 240


@dataclass(frozen=True, slots=True)
class Request:
    """A request that a turn recognised, for its commit to open. `day` is its last day where the organisation is."""

    id: str
    kind: Kind
    due_at: datetime
    day: str = ""


@dataclass(frozen=True, slots=True)
class Task:
    """One request as people see it. `identity` says who checked it, how and when; `words` is what the customer wrote,
    "" when it was erased; `extended` when its two further months were taken."""

    id: str
    kind: Kind
    conversation: str
    customer: str
    seq: int
    status: Status
    opened_at: datetime
    due_at: datetime
    extended: bool
    identity: Mapping[str, Any] | None
    ended_by: str | None
    ended_at: datetime | None
    note: str
    sender: str = ""
    inbox: str = ""
    channel: str = ""
    words: str = ""


def open_task(
    connection: Connection,
    *,
    id: str,
    kind: str,
    conversation: str,
    customer: str,
    seq: int,
    now: datetime,
    due_at: datetime | None = None,
) -> bool:
    """Opens it; False when this message opened it already, or the customer has one of its kind that is not ended."""
    live = select(tasks.c.id).where(tasks.c.customer_id == customer, tasks.c.kind == kind, tasks.c.status.in_(LIVE))
    if connection.execute(live.limit(1)).first() is not None:
        return False
    return insert_if_absent(
        connection,
        tasks,
        id=id,
        kind=kind,
        conversation_id=conversation,
        customer_id=customer,
        seq=seq,
        status="open",
        opened_at=now,
        due_at=due_at or months_after(now, 1, UTC),
        identity=None,
        ended_by=None,
        ended_at=None,
        note="",
    )


def open_request(head: Head, request: Request, seq: int, now: datetime) -> bool:
    """Opens what a turn recognised in its conversation, with its line in the log and its entry in the audit; False
    when it is open already. An objection ends marketing on every channel at once."""
    if request.kind == "objection":
        _end_marketing(head, request, seq, now)
    opened = open_task(
        head.connection,
        id=request.id,
        kind=request.kind,
        conversation=head.id,
        customer=head.row["customer_id"],
        seq=seq,
        now=now,
        due_at=request.due_at,
    )
    if opened:
        meta = {"task": request.id, "kind": request.kind, "due_at": request.due_at.isoformat(), "day": request.day}
        head.append("tasked", now, meta=meta)
        detail = {"kind": request.kind, "due_at": request.due_at.isoformat()}
        _audit(head.connection, "frontdesk", "system", "task.opened", request.id, detail, now)
    return opened


def _end_marketing(head: Head, request: Request, seq: int, now: datetime) -> None:
    customer = head.row["customer_id"]
    used = select(conversations.c.channel).where(conversations.c.customer_id == customer).distinct()
    for channel in sorted({*_CHANNELS, *head.connection.execute(used).scalars()}):
        record_consent(
            head.connection,
            id=f"k-{hashlib.sha256(f'{request.id} {channel}'.encode()).hexdigest()[:32]}",
            customer=customer,
            channel=channel,
            purpose="marketing",
            state="out",
            evidence={"conversation": head.id, "seq": seq, "by": "objection", "task": request.id},
            now=now,
        )


def verify(connection: Connection, id: str, how: str, person: str, role: str, now: datetime) -> None:
    """Records that somebody made sure who asks. Raises UnknownTask, TaskRefused when it is verified or ended."""
    identity = {"how": how, "by": person, "at": now.isoformat()}
    _move(
        connection,
        id,
        ("open",),
        "its identity was checked already, or it has ended",
        identity=identity,
        status="verified",
    )
    _audit(connection, person, role, "task.verified", id, {}, now)


def finish(
    connection: Connection,
    id: str,
    outcome: Literal["done", "refused"],
    note: str,
    person: str,
    role: str,
    now: datetime,
) -> None:
    """Ends it. Raises UnknownTask; TaskRefused for what has ended, is done before its identity is checked, or is
    refused without a reason."""
    row = _row(connection, id)
    if outcome == "refused" and not note:
        raise TaskRefused("say why it is refused: the customer has a right to the reason")
    if outcome == "done" and row["status"] == "open" and row["kind"] != "objection":
        raise TaskRefused("check who asks before it is done")
    values = {"status": outcome, "ended_by": person[:64], "ended_at": now, "note": _added(row["note"], note)}
    _move(connection, id, LIVE, "it has ended", **values)
    _audit(connection, person, role, f"task.{outcome}", id, {"kind": row["kind"]}, now)


def extend(connection: Connection, id: str, why: str, due_at: datetime, person: str, role: str, now: datetime) -> None:
    """Gives it until `due_at`, once, before it is due. Raises UnknownTask, TaskRefused."""
    row = _row(connection, id)
    if not why:
        raise TaskRefused("say why it takes longer: the customer must be told within the first month")
    if row["due_at"] <= now:
        raise TaskRefused("it is overdue; an extension must be told before that")
    if _extended(row):
        raise TaskRefused("it was extended already; the law allows two further months once")
    _move(connection, id, LIVE, "it has ended", due_at=due_at, note=_added(row["note"], f"Extended: {why}"))
    _audit(connection, person, role, "task.extended", id, {"due_at": due_at.isoformat()}, now)


def read(connection: Connection, vault: Vault, id: str) -> Task:
    """Raises UnknownTask."""
    row = connection.execute(_listing().where(tasks.c.id == id)).mappings().first()
    if row is None:
        raise UnknownTask(f"no task {id[:40]}")
    return _task(connection, vault, row)


def listed(
    connection: Connection, vault: Vault, *, live: bool = True, customer: str | None = None, limit: int = 200
) -> list[Task]:
    """Those to do, the first due on top; or the ended ones, newest first."""
    query = _listing().where(tasks.c.status.in_(LIVE) if live else tasks.c.status.not_in(LIVE))
    if customer is not None:
        query = query.where(tasks.c.customer_id == customer)
    query = query.order_by(tasks.c.due_at, tasks.c.id) if live else query.order_by(tasks.c.ended_at.desc(), tasks.c.id)
    return [_task(connection, vault, row) for row in connection.execute(query.limit(limit)).mappings().all()]


def _listing() -> Select[Any]:
    c = conversations.c
    said = (events.c.conversation_id == tasks.c.conversation_id) & (events.c.seq == tasks.c.seq)
    head = tasks.outerjoin(conversations, c.id == tasks.c.conversation_id).outerjoin(events, said)
    return select(tasks, c.inbox, c.channel, c.address, events.c.body).select_from(head)


def _task(connection: Connection, vault: Vault, row: RowMapping) -> Task:
    def opened(sealed: bytes | None, what: str) -> str:
        if not sealed:
            return ""
        try:
            sealer = vault.sealer(connection, row["customer_id"])
            return sealer.unseal(sealed, f"{row['conversation_id']}:{what}".encode())
        except (SealError, UnknownConversation):  # the customer was erased, and with them the key
            return ""

    return Task(
        id=row["id"],
        kind=row["kind"],
        conversation=row["conversation_id"],
        customer=row["customer_id"],
        seq=row["seq"],
        status=row["status"],
        opened_at=row["opened_at"],
        due_at=row["due_at"],
        extended=_extended(row),
        identity=row["identity"],
        ended_by=row["ended_by"],
        ended_at=row["ended_at"],
        note=row["note"],
        sender=opened(row["address"], "address"),
        inbox=row["inbox"] or "",
        channel=row["channel"] or "",
        words=opened(row["body"], f"event:{row['seq']}")[:_WORDS],
    )


def _extended(row: RowMapping) -> bool:
    """Its due time is further away than one month and the longest run of free days after it."""
    return bool((row["due_at"] - row["opened_at"]).days > 31 + 14)


def _added(before: str, more: str) -> str:
    return "\n".join(filter(None, (before, more)))


def _row(connection: Connection, id: str) -> RowMapping:
    row = connection.execute(select(tasks).where(tasks.c.id == id)).mappings().first()
    if row is None:
        raise UnknownTask(f"no task {id[:40]}")
    return row


def _move(connection: Connection, id: str, states: tuple[str, ...], otherwise: str, **values: Any) -> None:
    """A compare-and-set: of two people at once one wins, the other is told."""
    moved = connection.execute(update(tasks).where(tasks.c.id == id, tasks.c.status.in_(states)).values(**values))
    if not moved.rowcount:
        _row(connection, id)
        raise TaskRefused(otherwise)


def _audit(
    connection: Connection, actor: str, role: str, act: str, id: str, detail: Mapping[str, Any], now: datetime
) -> None:
    audit.note(connection, actor=actor, role=role, act=act, subject=id, detail=detail, now=now)
