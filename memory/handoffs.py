"""What another desk is told of a conversation that waits for a person: rows made from the log, posted once each.

`follow` reads the log behind the conversations that changed and queues what the other desk has not been told: the
handover, then every word until the conversation is the bot's again or closed. A row names its event by `seq` and says
nothing itself; what is posted is read from the log when it is posted. The rows are in the table `hooks`, where each
(endpoint, conversation, seq) is once, so that any number of processes may follow and a restart repeats nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import Connection, RowMapping, and_, func, or_, select, update

from memory.customers import insert_if_absent
from memory.dead_letters import bury
from memory.log import Head, read_head
from memory.receive import claim, claimed, settle
from memory.schema import conversations, events, hooks
from memory.seal import SealError
from memory.vault import Vault

PREFIX = "handoff/"
"""Of the endpoints here; others in the table `hooks` are somebody else's."""
ANSWER = "answer"
_TOLD = ("handed_over", "received", "said", "taken", "released", "closed")
_ENDS = ("released", "closed")


@dataclass(frozen=True, slots=True)
class Telling:
    """A row to post. `root` is where the handover of this conversation stands at the other desk, "" before it does;
    `text` is set where the row has words of its own (an answer into the thread `root`)."""

    id: str
    endpoint: str
    inbox: str
    conversation: str
    customer: str
    seq: int
    event: str
    attempts: int
    root: str
    text: str


def endpoint(inbox: str) -> str:
    """The endpoint of an inbox's handovers."""
    return _short(f"{PREFIX}{inbox}")


def _short(name: str) -> str:
    return name if len(name) <= 64 else f"{name[:31]}-{hashlib.sha256(name.encode()).hexdigest()[:32]}"


def follow(connection: Connection, inboxes: Sequence[str], since: datetime, now: datetime) -> int:
    """Queues what these inboxes' other desks have not been told of what changed since; returns how much that is."""
    c = conversations.c
    told = (
        select(hooks.c.id)
        .where(hooks.c.conversation_id == c.id, hooks.c.endpoint.startswith(PREFIX, autoescape=True))
        .exists()
    )
    query = select(c.id, c.inbox, c.customer_id).where(
        c.last_at >= since, c.inbox.in_(inboxes), or_(c.owner != "bot", told)
    )
    return sum(_tell(connection, row, now) for row in connection.execute(query).mappings().all())


def _tell(connection: Connection, row: RowMapping, now: datetime) -> int:
    to, conversation = endpoint(row["inbox"]), row["id"]
    last = connection.execute(
        select(hooks.c.seq, hooks.c.event)
        .where(hooks.c.endpoint == to, hooks.c.conversation_id == conversation)
        .order_by(hooks.c.seq.desc())
        .limit(1)
    ).first()
    after, following = (
        (last.seq, last.event not in _ENDS) if last else (_handed_over_at(connection, conversation) - 1, False)
    )
    if after < 0:
        return 0
    query = (
        select(events.c.seq, events.c.kind, events.c.meta)
        .where(events.c.conversation_id == conversation, events.c.seq > after, events.c.kind.in_(_TOLD))
        .order_by(events.c.seq)
    )
    found = 0
    for event in connection.execute(query):
        following = following or event.kind == "handed_over"
        if following:
            found += _queue(connection, to, event.kind, dict(row), event.seq, b"", now)
        following = following and event.kind not in _ENDS
    return found


def _handed_over_at(connection: Connection, conversation: str) -> int:
    """The seq of the newest handover, 0 where there is none."""
    query = select(func.max(events.c.seq)).where(
        events.c.conversation_id == conversation, events.c.kind == "handed_over"
    )
    return connection.execute(query).scalar() or 0


def _queue(
    connection: Connection, to: str, event: str, row: Mapping[str, Any], seq: int, payload: bytes, now: datetime
) -> bool:
    return insert_if_absent(
        connection,
        hooks,
        id=_id(to, row["id"], seq),
        endpoint=to,
        event=event,
        conversation_id=row["id"],
        customer_id=row["customer_id"],
        seq=seq,
        payload=payload,
        status="pending",
        next_at=now,
        created_at=now,
    )


def _id(to: str, conversation: str, seq: int) -> str:
    """The same whenever the same thing is told."""
    return hashlib.sha256(f"{to}:{conversation}:{seq}".encode()).hexdigest()[:40]


def answer_post(
    connection: Connection, vault: Vault, conversation: str, post: str, key: str, text: str, now: datetime
) -> bool:
    """Queues words of ours for a thread at the other desk, once for a key. Raises UnknownConversation."""
    head = Head.lock(connection, vault, conversation)
    to = f"{PREFIX}{ANSWER}/{hashlib.sha256(key.encode()).hexdigest()[:32]}"
    payload = head.seal(orjson.dumps({"post": post, "text": text}).decode(), f"hook:{_id(to, conversation, 0)}")
    return _queue(connection, to, ANSWER, head.row, 0, payload, now)


def claim_due(
    connection: Connection, vault: Vault, *, holder: str, now: datetime, lease_s: float, limit: int = 20
) -> list[Telling]:
    """Takes rows that are due: of each conversation and endpoint the first that is not posted yet.

    One whose holder died is taken again: it may be posted twice, under the same id.
    """
    h, earlier = hooks.c, hooks.alias("earlier")
    unsent = earlier.c.status.in_(["pending", "sending"])
    same = and_(earlier.c.endpoint == h.endpoint, earlier.c.conversation_id == h.conversation_id)
    blocked = select(earlier.c.id).where(same, earlier.c.seq < h.seq, unsent).exists()
    lost = and_(h.status == "sending", h.lease_until < now)
    query = (
        select(hooks)
        .where(h.endpoint.startswith(PREFIX, autoescape=True))
        .where(or_(and_(h.status == "pending", h.next_at <= now), lost), ~blocked)
        .order_by(h.next_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = connection.execute(query).mappings().all()
    if rows:
        taken = {"status": "sending", "lease": holder, "lease_until": now + timedelta(seconds=lease_s)}
        connection.execute(
            update(hooks).where(h.id.in_([row["id"] for row in rows])).values(**taken, attempts=h.attempts + 1)
        )
    return [_telling(connection, vault, row) for row in rows]


def any_due(connection: Connection, now: datetime) -> bool:
    """Whether there is anything to claim: a look that takes no lock."""
    h = hooks.c
    due = or_(and_(h.status == "pending", h.next_at <= now), and_(h.status == "sending", h.lease_until < now))
    query = select(h.id).where(h.endpoint.startswith(PREFIX, autoescape=True), due).limit(1)
    return connection.execute(query).first() is not None


def _telling(connection: Connection, vault: Vault, row: RowMapping) -> Telling:
    own = _opened(connection, vault, row) if row["event"] == ANSWER else {}
    return Telling(
        id=row["id"],
        endpoint=row["endpoint"],
        inbox=read_head(connection, row["conversation_id"])["inbox"],
        conversation=row["conversation_id"],
        customer=row["customer_id"],
        seq=row["seq"],
        event=row["event"],
        attempts=row["attempts"] + 1,
        root=own.get("post", "") or root_of(connection, vault, row["endpoint"], row["conversation_id"], row["seq"]),
        text=own.get("text", ""),
    )


def root_of(connection: Connection, vault: Vault, to: str, conversation: str, before: int) -> str:
    """Where the newest handover before an event stands at the other desk, "" when it is not there."""
    query = (
        select(hooks)
        .where(hooks.c.endpoint == to, hooks.c.conversation_id == conversation, hooks.c.seq < before)
        .where(hooks.c.event == "handed_over", hooks.c.status == "sent")
        .order_by(hooks.c.seq.desc())
        .limit(1)
    )
    row = connection.execute(query).mappings().first()
    return _opened(connection, vault, row).get("post", "") if row else ""


def _opened(connection: Connection, vault: Vault, row: RowMapping) -> dict[str, str]:
    if not row["payload"]:
        return {}
    context = f"{row['conversation_id']}:hook:{row['id']}"
    try:
        opened: dict[str, str] = orjson.loads(
            vault.sealer(connection, row["customer_id"]).unseal(row["payload"], context.encode())
        )
    except SealError:
        return {}
    return opened


def thread_of(connection: Connection, vault: Vault, conversation: str) -> dict[str, str]:
    """What keeps a conversation's replies in the provider's thread. Raises UnknownConversation."""
    row = read_head(connection, conversation)
    if not row["thread"]:
        return {}
    found: dict[str, str] = orjson.loads(
        vault.sealer(connection, row["customer_id"]).unseal(row["thread"], f"{conversation}:thread".encode())
    )
    return found


def posted(
    connection: Connection, vault: Vault, telling: Telling, holder: str, post: str, desk: str, now: datetime
) -> bool:
    """Notes that a row was posted; a handover's `post` is where answers in `desk` will stand. False when another
    holder has the row by now."""
    values: dict[str, Any] = {"status": "sent", "sent_at": now, "lease": None, "lease_until": None, "error": None}
    if telling.event == "handed_over" and post:
        sealer = vault.sealer(connection, telling.customer)
        context = f"{telling.conversation}:hook:{telling.id}"
        values["payload"] = sealer.seal(orjson.dumps({"post": post}).decode(), context.encode())
        remember(connection, f"{desk}/posts"[:64], post, telling.conversation, now)
    return _update(connection, telling, holder, values)


def failed(
    connection: Connection,
    telling: Telling,
    holder: str,
    *,
    error: str,
    retry_s: float | None,
    now: datetime,
    counts: bool = True,
) -> bool:
    """Notes a failure: tried again after `retry_s`, or with None given up, where people see it. What only had to wait
    does not count as an attempt."""
    values: dict[str, Any] = {"lease": None, "lease_until": None, "error": error}
    if retry_s is None:
        values |= {"status": "dead"}
        bury(connection, "hook", telling.id, telling.conversation, f"handing over: {error}", now)
    else:
        values |= {"status": "pending", "next_at": now + timedelta(seconds=retry_s)}
        if not counts:
            values |= {"attempts": hooks.c.attempts - 1}
    return _update(connection, telling, holder, values)


def _update(connection: Connection, telling: Telling, holder: str, values: Mapping[str, Any]) -> bool:
    ours = hooks.c.id == telling.id, hooks.c.lease == holder
    return bool(connection.execute(update(hooks).where(*ours).values(**values)).rowcount)


def of_post(connection: Connection, desk: str, post: str) -> str | None:
    """The conversation whose handover stands in this post of another desk, or None."""
    found = claimed(connection, f"{desk}/posts"[:64], post)
    return found[0] if found else None


def remember(connection: Connection, scope: str, key: str, conversation: str, now: datetime) -> None:
    """Ties a key of the other desk to a conversation, once."""
    key = key if len(key) <= 255 else hashlib.sha256(key.encode()).hexdigest()
    if claim(connection, scope, key, now):
        settle(connection, scope, key, conversation, 0)
