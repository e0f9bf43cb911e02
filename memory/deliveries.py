"""What providers say became of messages: into the log once, into the outbox, and into the ledger where it is a wish.

Reports come late, twice and in any order. Each (message, state, class) is one event; what a row ends with is the
weightiest report, whichever came last.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, func, select, update

from memory.consent import record_consent, standing
from memory.dead_letters import resolve
from memory.errors import Replayed
from memory.log import Head
from memory.messages import Report
from memory.receive import claim, claimed, settle
from memory.schema import consents, conversations, outbox
from memory.vault import Vault

# The later in this order outweighs: a delivery after a soft bounce is the truth, a hard bounce after a delivery is too.
_WEIGHT: Mapping[str, int] = {"unknown": 1, "soft": 2, "blocked": 3, "delivered": 4, "hard": 5, "complained": 6}

_BY_ID = select(outbox).where(outbox.c.id == bindparam("of"), outbox.c.inbox == bindparam("inbox"))
_BY_REF = select(outbox).where(outbox.c.provider_ref == bindparam("of"), outbox.c.inbox == bindparam("inbox"))
_NOTE = update(outbox).where(outbox.c.id == bindparam("of"))
_MINE = (outbox.c.customer_id == bindparam("customer"), outbox.c.channel == bindparam("channel"))
_BOUNCED = select(func.max(outbox.c.reported_at)).where(*_MINE, outbox.c.report == "hard")
_DELIVERED = select(func.max(outbox.c.reported_at)).where(*_MINE, outbox.c.report == "delivered")
_HEARD = select(func.max(conversations.c.heard_at)).where(
    conversations.c.customer_id == bindparam("customer"), conversations.c.channel == bindparam("channel")
)
_CONSENTED = select(func.max(consents.c.at)).where(
    consents.c.customer_id == bindparam("customer"),
    consents.c.channel == bindparam("channel"),
    consents.c.state == "in",
)


def report(
    connection: Connection, vault: Vault, inbox: str, told: Report, now: datetime, consent_id: str
) -> str | None:
    """Writes a report into its conversation, once; the conversation, or None when no message of this inbox is meant.

    Raises Replayed when another report came with its one-time token.
    """
    row = _row(connection, inbox, told)
    if row is None:
        return None
    scope, key = f"{inbox}/status"[:64], ":".join(filter(None, (row["id"], told.state, told.bounce)))
    if told.once and not claim(connection, f"{inbox}/once"[:64], told.once, now):
        if claimed(connection, scope, key) is None:
            raise Replayed("this request's one-time token was used before")
        return str(row["conversation_id"])
    if claim(connection, scope, key, now):
        head = Head.lock(connection, vault, row["conversation_id"])
        meta = {"outbox": row["id"], "seq": row["seq"], "channel": row["channel"], **told.detail}
        seq = head.append(told.state, now, meta=meta | ({"class": told.bounce} if told.bounce else {}))
        settle(connection, scope, key, head.id, seq)
        _note(connection, row, told, now)
        _wish(head, row, told, consent_id, now)
        head.save()
    elif told.unsubscribed or told.opted_out:
        head = Head.lock(connection, vault, row["conversation_id"])
        _wish(head, row, told, consent_id, now)
        head.save()
    return str(row["conversation_id"])


def _row(connection: Connection, inbox: str, told: Report) -> RowMapping | None:
    """By our own id, by what the provider called it, or by the id in a Message-ID of ours: a report may be faster than
    the answer that names the message."""
    if told.outbox and (row := _one(connection, _BY_ID, told.outbox, inbox)):
        return row
    if not told.provider_ref:
        return None
    if row := _one(connection, _BY_REF, told.provider_ref, inbox):
        return row
    local = told.provider_ref.strip("<>").partition("@")[0]
    return _one(connection, _BY_ID, local, inbox) if told.provider_ref.startswith("<") else None


def _one(connection: Connection, query: Any, of: str, inbox: str) -> RowMapping | None:
    found: RowMapping | None = connection.execute(query, {"of": of, "inbox": inbox}).mappings().first()
    return found


def _note(connection: Connection, row: RowMapping, told: Report, now: datetime) -> None:
    """The row's newest state. What was delivered was sent, whatever we thought of its fate."""
    values: dict[str, Any] = {}
    said = told.bounce or "unknown" if told.state == "bounced" else told.state
    if _WEIGHT[said] >= _WEIGHT.get(row["report"] or "", 0):
        values |= {"report": said, "reported_at": now}
    if told.state != "bounced" and row["status"] in ("parked", "pending", "dead") and row["attempts"]:
        values |= {"status": "sent", "sent_at": now, "provider_ref": row["provider_ref"] or told.provider_ref or None}
        resolve(connection, "send", row["id"], now)
    if values:
        connection.execute(_NOTE, {"of": row["id"], **values})


def _wish(head: Head, row: RowMapping, told: Report, id: str, now: datetime) -> None:
    """An opt-out that the provider knows of, or that a complaint is."""
    purpose = "all" if told.opted_out else "marketing" if told.unsubscribed or told.state == "complained" else ""
    customer, channel = row["customer_id"], row["channel"]
    if not purpose or standing(head.connection, customer, channel, purpose) == "out":
        return
    by = "complaint" if told.state == "complained" else "provider"
    record_consent(
        head.connection,
        id=id,
        customer=customer,
        channel=channel,
        purpose=purpose,
        state="out",
        evidence={"outbox": row["id"], "by": by},
        now=now,
        by=by,
    )
    head.append("opted_out", now, meta={"channel": channel, "purpose": purpose, "by": by})


def bounced_hard(connection: Connection, customer: str, channel: str) -> datetime | None:
    """When a customer's address on a channel was last said to be of no use; None where it never was, and once anything
    shows otherwise: a later delivery, a message of theirs, a consent given anew."""
    given = {"customer": customer, "channel": channel}
    bounced: datetime | None = connection.execute(_BOUNCED, given).scalar()
    if bounced is None:
        return None
    for query in (_DELIVERED, _HEARD, _CONSENTED):
        since = connection.execute(query, given).scalar()
        if since is not None and since > bounced:
            return None
    return bounced
