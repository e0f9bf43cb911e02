"""A conversation that goes whole, or of which only the skeleton stays for the figures.

Whatever hangs on it goes with it: messages, summary, turns, files, what was sent and reported, and what was taken from
it into memory, unless memories have a rule of their own. That a request was made and what was consented to stays: those
have their own classes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Connection, RowMapping, Table, delete, func, select, tuple_, update

from memory import schema
from memory.retention.acts import ROWS, Run, blank_files, pend, take_memories
from memory.retention.kinds import KINDS, PURGING, REDACTED
from memory.retention.rules import FLOORS
from memory.schema import attachments, claims, conversations, events, hooks, turns

Claims = Mapping[str, Sequence[tuple[str, str]]]
GOES: Final[tuple[Table, ...]] = (
    schema.subscriptions,
    schema.attachments,
    schema.hooks,
    schema.outbox,
    schema.dead_letters,
    schema.segments,
)
"""Tables whose rows go with their conversation, besides those that need more care."""
BY_HAND: Final = frozenset({"events", "turns", "memories", "claims"})
STAYS: Final = frozenset({"tasks"})


def erase(
    connection: Connection,
    run: Run,
    found: Sequence[RowMapping],
    claimed: Claims,
    rows: Counter[str],
    now: datetime,
) -> bool:
    """Removes them, a long one in parts; whether something of them is still to go."""
    long = [row for row in found if row["seq"] > ROWS and _shorten(connection, row, rows)]
    whole = [row for row in found if row not in long]
    if whole:
        _erase(connection, run, whole, claimed, rows, now)
    return bool(long)


def _shorten(connection: Connection, row: RowMapping, rows: Counter[str]) -> bool:
    """Takes the oldest part of a long conversation out, once nobody can go on with it; False when it is short."""
    mine = events.c.conversation_id == row["id"]
    first = connection.execute(select(func.min(events.c.seq)).where(mine)).scalar()
    of_turns = select(turns.c.id).where(turns.c.conversation_id == row["id"]).limit(ROWS)
    left = list(connection.execute(of_turns).scalars())
    if (first is None or row["seq"] - first < ROWS) and len(left) < ROWS:
        return False
    shut = {"status": "closed", "token_hash": None, "data_class": PURGING}
    connection.execute(update(conversations).where(conversations.c.id == row["id"]).values(**shut))
    if first is not None and row["seq"] - first >= ROWS:
        rows["events"] += connection.execute(delete(events).where(mine, events.c.seq < first + ROWS)).rowcount
    else:
        _uncorrect(connection, left, rows)
        rows["turns"] += connection.execute(delete(turns).where(turns.c.id.in_(left))).rowcount
    return True


def _erase(
    connection: Connection,
    run: Run,
    found: Sequence[RowMapping],
    claimed: Claims,
    rows: Counter[str],
    now: datetime,
) -> None:
    ids = [row["id"] for row in found]
    take_memories(connection, run, found, None, rows, now)
    for table in GOES:
        mine: list[ColumnElement[bool]] = [table.c.conversation_id.in_(ids)]
        if "customer_id" in table.c:  # which has an index where the other has none
            mine.append(table.c.customer_id.in_({row["customer_id"] for row in found}))
        if table is hooks:
            mine.append(hooks.c.status != PURGING)
        rows[str(table.name)] += connection.execute(delete(table).where(*mine)).rowcount
    _unclaim(connection, [key for id_ in ids for key in claimed.get(id_, ())], rows, now)
    of_turns = turns.c.conversation_id.in_(ids)
    _uncorrect(connection, list(connection.execute(select(turns.c.id).where(of_turns)).scalars()), rows)
    rows["turns"] += connection.execute(delete(turns).where(of_turns)).rowcount
    rows["events"] += connection.execute(delete(events).where(events.c.conversation_id.in_(ids))).rowcount
    rows["conversations"] += connection.execute(delete(conversations).where(conversations.c.id.in_(ids))).rowcount
    pend(connection, [("conversation", row["id"], row["customer_id"], row["seq"]) for row in found], now)


def _unclaim(connection: Connection, keys: Sequence[tuple[str, str]], rows: Counter[str], now: datetime) -> None:
    """Those that a provider may repeat stay until it will not: a message that comes twice is not answered twice."""
    if keys:
        old = claims.c.at < now - timedelta(days=FLOORS["claim"].days)
        of_these = tuple_(claims.c.inbox, claims.c.provider_id).in_(list(keys))
        rows["claims"] += connection.execute(delete(claims).where(of_these, old)).rowcount


def _uncorrect(connection: Connection, ids: Sequence[str], rows: Counter[str]) -> None:
    """A correction is about an answer and holds nothing personal; only its reason may."""
    if ids:
        c = schema.corrections
        said = {"why": "", "turn_id": None}
        rows["corrections"] += connection.execute(update(c).where(c.c.turn_id.in_(ids)).values(**said)).rowcount


def redact(connection: Connection, run: Run, row: RowMapping, rows: Counter[str], now: datetime) -> bool:
    """Empties it, a long one in parts; whether something of it is still to go."""
    conversation = row["id"]
    said = events.c.body.is_not(None) | (events.c.redacted != "") | events.c.redacted.is_(None)
    mine = events.c.conversation_id == conversation
    seqs = list(connection.execute(select(events.c.seq).where(mine, said).order_by(events.c.seq).limit(ROWS)).scalars())
    if seqs:
        blank = {"body": None, "redacted": ""}
        connection.execute(update(events).where(mine, events.c.seq.in_(seqs)).values(**blank))
        rows["events"] += len(seqs)
    recorded = turns.c.record.is_not(None) | turns.c.decision.is_not(None)
    of_turns = select(turns.c.id).where(turns.c.conversation_id == conversation, recorded).limit(ROWS)
    ids = list(connection.execute(of_turns).scalars())
    if ids:
        connection.execute(update(turns).where(turns.c.id.in_(ids)).values(**KINDS["record"].blank))
        rows["turns"] += len(ids)
    if len(seqs) == ROWS or len(ids) == ROWS:
        return True
    _empty(connection, run, row, rows, now)
    return False


def _empty(connection: Connection, run: Run, row: RowMapping, rows: Counter[str], now: datetime) -> None:
    """What else a redacted conversation has of what was said; its row stays, closed."""
    conversation, customer = row["id"], row["customer_id"]
    files = attachments.c.conversation_id == conversation, attachments.c.body.is_not(None)
    found = list(connection.execute(select(attachments).where(*files)).mappings())
    blank_files(connection, run.vault, found)
    rows["attachments"] += len(found)
    for table in (schema.segments, schema.subscriptions):
        rows[str(table.name)] += connection.execute(
            delete(table).where(table.c.conversation_id == conversation)
        ).rowcount
    o = schema.outbox
    sent = o.c.conversation_id == conversation, o.c.payload != b""
    rows["outbox"] += connection.execute(update(o).where(*sent).values(payload=b"")).rowcount
    take_memories(connection, run, [row], None, rows, now)
    closed = {"status": "closed", "data_class": REDACTED, "thread": None, "token_hash": None, "reason": ""}
    connection.execute(update(conversations).where(conversations.c.id == conversation).values(**closed))
    rows["conversations"] += 1
    pend(connection, [("conversation", conversation, customer, row["seq"])], now)


def claims_of(connection: Connection, ids: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
    """The claims of these conversations, for which the table has no index: read beforehand, off the writer."""
    found: dict[str, list[tuple[str, str]]] = {}
    query = select(claims.c.conversation_id, claims.c.inbox, claims.c.provider_id).where(
        claims.c.conversation_id.in_(ids)
    )
    for conversation, inbox, provider_id in connection.execute(query):
        found.setdefault(conversation, []).append((inbox, provider_id))
    return found
