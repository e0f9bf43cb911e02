"""A turn's row and its place in the conversation: taken under a lease, committed once, parked, decided, failed.

A turn's id is its fencing token: the conversation's `lease` holds it, and a commit whose id is not there is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, RowMapping, bindparam, insert, or_, select, update

from memory.bearing import chosen, pinned
from memory.consent import opted_out
from memory.controls import stopped
from memory.dead_letters import bury
from memory.errors import UnknownTurn
from memory.identity.continuing import NOTHING, Earlier, earlier
from memory.identity.profile import Profile, profile
from memory.log import Head, read_events, read_head, redact_events
from memory.messages import Event
from memory.outbox import enqueue
from memory.pseudonyms import PseudonymBook
from memory.routing import Placing, place
from memory.schema import conversations, turns
from memory.segments import READ, Segment, keep, newest_of
from memory.slots import Slot
from memory.subscriptions import remind
from memory.tasks import Request, open_request
from memory.vault import Vault

LIVE = ("running", "parked", "decided")
MOST_EVENTS = 240
"""Events that no piece of the summary covers, and that a turn reads. Where more wait (people wrote them, or a flood
came), they are folded first (`agent.folding`). Twice what a window of 1,200 tokens spans in ordinary conversations:
about 40 lines, of every three events one or two are lines."""

_BEGIN = insert(turns)
_LIVE_OF = select(turns.c.id).where(turns.c.conversation_id == bindparam("of"), turns.c.status.in_(LIVE))
_END = update(turns).where(turns.c.id == bindparam("of"), turns.c.status.in_(LIVE))


@dataclass(frozen=True, slots=True, eq=False)
class Taken:
    """A turn this process may run until `lease_until`, with all it needs of the log.

    `events` are those that no piece of the summary covers, oldest first and at most MOST_EVENTS; `behind` says that
    there are more, which are to be folded before the turn runs. `segments` are the pieces to read, oldest first and
    with the last one; not all there are. `pinned` are slots of the others that a turn must know all the same.
    """

    turn: str
    head: Mapping[str, Any]
    from_seq: int
    to_seq: int
    attempt: int
    events: Sequence[Event]
    book: PseudonymBook
    opted_out: bool
    overtook: Sequence[str] = ()
    segments: tuple[Segment, ...] = ()
    pinned: tuple[Slot, ...] = ()
    profile: Profile = field(default_factory=lambda: Profile(""))
    behind: bool = False
    earlier: Earlier = NOTHING


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a turn wants committed. `reply` carries pseudonyms; the customer's real values return as it is sealed.
    `redacted` are the texts of events, by seq, that this turn was the first to redact; `segments` the new pieces of the
    summary, over what fell out of its window.

    `placing` says where a handover puts it; `next_due_at` by when the person who has it owes the next reply; `resumes`
    that the customer goes on with the bot while they wait; `contact` where else they may be answered.
    """

    turn: str
    conversation: str
    epoch: int
    to_seq: int
    route: str
    reply: str = ""
    sources: Sequence[Mapping[str, Any]] = ()
    handoff: Mapping[str, str] | None = None
    triage: Mapping[str, Any] | None = None
    segments: tuple[Segment, ...] = ()
    introduces: bool = False
    push: bool = False
    redacted: Mapping[int, str] = field(default_factory=dict)
    record: Mapping[str, Any] = field(default_factory=dict)
    dead_letter: str = ""
    placing: Placing | None = None
    next_due_at: datetime | None = None
    resumes: bool = False
    request: Request | None = None
    contact: str = ""


@dataclass(frozen=True, slots=True)
class Committed:
    """`status` is "committed", or "superseded" when a newer message or owner, or another holder, was there first."""

    status: Literal["committed", "superseded"]
    seq: int = 0
    why: str = ""


def due_conversations(connection: Connection, now: datetime, limit: int = 200) -> list[str]:
    """Conversations with an unanswered message that nobody holds, longest waiting first."""
    c = conversations.c
    query = (
        select(c.id)
        .where(
            c.inbound_seq > c.answered_seq,
            c.inbound_seq > c.parked_seq,
            or_(c.lease_until.is_(None), c.lease_until < now),
            or_(c.retry_at.is_(None), c.retry_at <= now),
        )
        .order_by(c.last_at)
        .limit(limit)
    )
    return list(connection.execute(query).scalars())


def take(
    connection: Connection, vault: Vault, conversation: str, *, turn: str, holder: str, now: datetime, lease_s: float
) -> Taken | None:
    """Takes the next turn of a conversation, or None when nothing is due or another holds it.

    A lease that ran out counts as a failure of its holder; a parked draft that a newer message overtook is superseded.
    """
    head = Head.lock(connection, vault, conversation)
    row = head.row
    if row["inbound_seq"] <= max(row["answered_seq"], row["parked_seq"]):
        return None
    if (row["lease_until"] and row["lease_until"] >= now) or (row["retry_at"] and row["retry_at"] > now):
        return None
    overtook = end_live(connection, conversation, "superseded" if row["lease"] is None else "abandoned", now)
    if row["lease"] is not None:
        head.set(failures=row["failures"] + 1)
    head.set(lease=turn, lease_until=now + timedelta(seconds=lease_s), parked_seq=0, retry_at=None)
    who = profile(connection, row["customer_id"])
    # First: it may add to the book that is read next.
    before = earlier(connection, vault, who, conversation, now, channel=row["channel"], proof=row["proof"])
    book = vault.book(connection, row["customer_id"])
    said = _said(connection, vault, row, book)
    from_seq, to_seq = said["from_seq"], row["inbound_seq"]
    begun = {"id": turn, "conversation_id": conversation, "from_seq": from_seq, "to_seq": to_seq}
    begun |= {"epoch": row["epoch"], "attempt": row["failures"] + 1, "status": "running"}
    connection.execute(_BEGIN, {**begun, "holder": holder, "started_at": now})
    head.save()
    return Taken(
        turn=turn,
        head=dict(row),
        to_seq=to_seq,
        attempt=row["failures"] + 1,
        book=book,
        opted_out=opted_out(connection, row["customer_id"], row["channel"]),
        overtook=overtook,
        profile=who,
        earlier=before,
        **said,
    )


def again(connection: Connection, vault: Vault, taken: Taken) -> Taken:
    """The same turn with what the log says now: its older events were folded meanwhile. Raises UnknownConversation."""
    row = read_head(connection, taken.head["id"])
    book = vault.book(connection, row["customer_id"])
    head = {**taken.head, "summary_to": row["summary_to"], "summary_seq": row["summary_seq"], "seq": row["seq"]}
    return replace(taken, head=head, book=book, **_said(connection, vault, head, book))


def _said(connection: Connection, vault: Vault, row: Mapping[str, Any], book: PseudonymBook) -> dict[str, Any]:
    """What a turn reads of the log: a bounded number of events, the newest of those that no piece of the summary
    covers, with the message it answers; and the pieces to read for it."""
    unfolded = row["seq"] - row["summary_to"]
    after = max(row["summary_to"], min(row["seq"] - MOST_EVENTS, row["inbound_seq"] - 1))
    found = read_events(connection, vault, row["id"], after=after, limit=MOST_EVENTS)
    asks = [e for e in found if _asks(e) and row["answered_seq"] < e.seq <= row["inbound_seq"]]
    pieces = newest_of(connection, vault, row, READ)
    message = _named("\n".join(e.text for e in asks), book) if pieces else ""
    read = chosen(pieces, message)
    return {
        "events": found,
        "from_seq": min((e.seq for e in asks), default=row["inbound_seq"]),
        "segments": read,
        "pinned": pinned(pieces, read, message),
        "behind": unfolded > MOST_EVENTS,
    }


def _asks(event: Event) -> bool:
    return event.kind == "received" and not event.meta.get("automatic") and event.meta["kind"] in ("message", "person")


def _named(text: str, book: PseudonymBook) -> str:
    """The message with the pseudonyms of what it names: pieces of a summary have those alone."""
    lowered = text.lower()
    return " ".join([text, *(str(e) for e in book.entries() if len(e.value) > 2 and e.value.lower() in lowered)])


def end_live(connection: Connection, conversation: str, status: str, now: datetime) -> list[str]:
    """Ends whatever turn of the conversation is running or waits; returns the ids of those."""
    ids = list(connection.execute(_LIVE_OF, {"of": conversation}).scalars())
    if ids:
        connection.execute(update(turns).where(turns.c.id.in_(ids)).values(status=status, ended_at=now))
    return ids


def live_ids(connection: Connection, ids: Sequence[str]) -> list[str]:
    """Which of these turns run or wait."""
    return list(connection.execute(select(turns.c.id).where(turns.c.id.in_(ids), turns.c.status.in_(LIVE))).scalars())


def superseded_at(connection: Connection, conversation: str, at: datetime) -> list[str]:
    """Turns of the conversation that an act at this very moment ended."""
    query = select(turns.c.id).where(
        turns.c.conversation_id == conversation, turns.c.status == "superseded", turns.c.ended_at == at
    )
    return list(connection.execute(query).scalars())


def renew(connection: Connection, held: Sequence[str], until: datetime) -> None:
    """Extends the leases of turns this process still runs; one it lost stays lost."""
    connection.execute(update(conversations).where(conversations.c.lease.in_(held)).values(lease_until=until))


def commit(connection: Connection, vault: Vault, outcome: Outcome, now: datetime) -> Committed:
    """Writes the reply, the handover, the summary and the outbox row, or refuses all of it.

    Refused when the owner's epoch moved, when a newer message came, or when the lease is no longer this turn's.
    """
    head = Head.lock(connection, vault, outcome.conversation)
    if why := overtaken(head, outcome):
        return refuse(connection, head, outcome.turn, why, now)
    outcome = _as_switched(head, outcome)
    redact_events(connection, outcome.conversation, outcome.redacted)
    if outcome.triage:
        head.append("triaged", now, turn=outcome.turn, meta=outcome.triage)
    keep(head, outcome.segments, outcome.turn, now)
    if outcome.resumes:
        head.change_owner("bot")
        head.append("released", now, meta={"by": "customer"})
    if outcome.reply:
        _reply(head, outcome, now)
    _owe(head, outcome, now)
    if outcome.handoff:
        head.append("handed_over", now, turn=outcome.turn, meta=outcome.handoff)
        head.change_owner("queue")
        since = head.row["waiting_since"] or now  # they may have waited before, and gone on with the bot meanwhile
        head.set(waiting_since=since, reason=outcome.handoff["reason"], priority=outcome.handoff["priority"])
        place(head, outcome.placing or Placing(), now)
    if outcome.dead_letter:
        bury(connection, "turn", outcome.turn, outcome.conversation, outcome.dead_letter, now)
    head.set(answered_seq=outcome.to_seq, parked_seq=0, lease=None, lease_until=None, failures=0, retry_at=None)
    head.save()
    end(connection, outcome.turn, "committed", now, route=outcome.route, record=dict(outcome.record))
    return Committed("committed", head.row["seq"])


def _as_switched(head: Head, outcome: Outcome) -> Outcome:
    """The outcome as the kill switches leave it. What is read from the log (the web chat) leaves at this moment, so the
    gate's switches are asked here; what goes by the outbox meets them when it is sent."""
    if outcome.push or not outcome.reply:
        return outcome
    switch = stopped(head.connection, inbox=head.row["inbox"], channel=head.row["channel"])
    if not switch:
        return outcome
    handoff = {"code": "silenced", "reason": f"The assistant is switched off here ({switch}).", "priority": "normal"}
    return replace(outcome, reply="", introduces=False, handoff=outcome.handoff or handoff)


def _reply(head: Head, outcome: Outcome, now: datetime) -> None:
    book = head.vault.book(head.connection, head.row["customer_id"])
    text = book.restore(outcome.reply)
    meta = {"sources": list(outcome.sources), **({} if outcome.push else {"gate": "ok"})}
    seq = head.append("replied", now, text, redacted=outcome.reply, turn=outcome.turn, meta=meta)
    if outcome.introduces:
        head.set(introduced=True)
    if outcome.push:
        enqueue(head, f"turn-{outcome.turn}", seq, text, "reply", outcome.sources, now)
    remind(head, seq, text, "reply", now)


def _owe(head: Head, outcome: Outcome, now: datetime) -> None:
    """What people owe the customer beyond this reply."""
    if outcome.request:
        open_request(head, outcome.request, outcome.to_seq, now)
    if outcome.contact:
        words = head.vault.book(head.connection, head.row["customer_id"]).restore(outcome.contact)
        head.append("noted", now, words, meta={"by": "frontdesk", "contact": True})
    if head.owner == "person" and outcome.next_due_at and head.row["due_at"] is None:
        head.set(due_at=outcome.next_due_at)


def overtaken(head: Head, outcome: Outcome) -> str:
    if head.row["epoch"] != outcome.epoch:
        return "owner changed"
    if head.row["inbound_seq"] != outcome.to_seq:
        return "a newer message came"
    if head.row["lease"] != outcome.turn:
        return "the lease was lost"
    return ""


def refuse(connection: Connection, head: Head, turn: str, why: str, now: datetime) -> Committed:
    if head.row["lease"] == turn:
        head.set(lease=None, lease_until=None)
        head.save()
    end(connection, turn, "superseded", now, error=why)
    return Committed("superseded", why=why)


def end(connection: Connection, turn: str, status: str, now: datetime, **values: Any) -> None:
    """Ends a turn that is still live; one that was committed stays committed, whatever comes after."""
    connection.execute(_END, {"of": turn, "status": status, "ended_at": now, **values})


def fail(
    connection: Connection, vault: Vault, conversation: str, turn: str, error: str, now: datetime, retry_s: float
) -> None:
    """Ends a turn that went wrong; the conversation is due again after `retry_s`, and never stays busy."""
    head = Head.lock(connection, vault, conversation)
    if head.row["lease"] == turn:
        retry_at = now + timedelta(seconds=retry_s)
        head.set(lease=None, lease_until=None, failures=head.row["failures"] + 1, retry_at=retry_at)
        head.save()
    end(connection, turn, "failed", now, error=error)


def hand_back(connection: Connection, vault: Vault, conversation: str, turn: str, now: datetime) -> None:
    """Gives an unfinished turn back, no fault of its own (a process that stops): due at once, no failure counted."""
    head = Head.lock(connection, vault, conversation)
    if head.row["lease"] == turn:
        head.set(lease=None, lease_until=None)
        head.save()
    end(connection, turn, "superseded", now, error="handed back")


def read_turn(connection: Connection, turn: str) -> RowMapping:
    """A turn's whole row with its record. Raises UnknownTurn."""
    row = connection.execute(select(turns).where(turns.c.id == turn)).mappings().first()
    if row is None:
        raise UnknownTurn(f"no turn {turn}")
    return row
