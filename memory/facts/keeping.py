"""What is known of customers, as stored: each claim a sealed row, and how long it holds beside it.

A row is never told apart by when it came: its id follows from where it was said, so what is kept twice is there once,
and what was forgotten stays an empty row that keeps it from coming back. Every change is one transaction under the
lock of the customer's row; a customer who was erased meanwhile gets nothing.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import Connection, RowMapping, bindparam, select, update

from memory.customers import insert_if_absent
from memory.errors import UnknownCustomer, UnknownMemory
from memory.facts.memory import Memory
from memory.facts.superseding import Claim, Standing, in_force, resolved
from memory.schema import conversations, customers, memories
from memory.seal import Sealer
from memory.vault import Vault

_NAMESPACE: Final = uuid.UUID("4a0c1f0e-51a3-5d47-9f0b-6d1d8e6c1b52")
_STANDING: Final = ("preference", "instruction")
_LOCK = select(customers.c.id).where(customers.c.id == bindparam("of")).with_for_update()
_MINE = select(memories).where(memories.c.customer_id.in_(bindparam("of", expanding=True)))
_BY_ID = select(memories).where(memories.c.id.in_(bindparam("ids", expanding=True)))
_CHANGE = update(memories).where(memories.c.id == bindparam("of"))
_REMEMBERED = update(conversations).where(
    conversations.c.id == bindparam("of"), conversations.c.remembered_to == bindparam("was")
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A conversation in which more was said than is remembered."""

    conversation: str
    customer: str
    remembered_to: int
    visible_seq: int


@dataclass(frozen=True, slots=True)
class Known:
    """A memory with how it came to end: `ended_why` is a key of `superseding.WHY`, "" for what has no end or one that
    it came with. `denies` marks the words that ended something; they hold at no time."""

    memory: Memory
    ended_why: str = ""
    denies: bool = False


def claim_id(conversation: str, seq: int, kind: str, attribute: str, value: str) -> str:
    """The same for the same thing said at the same place, whoever takes it from there, and how often."""
    return f"m-{uuid.uuid5(_NAMESPACE, f'{conversation}:{seq}:{kind}:{attribute}:{value.casefold()}').hex}"


def keep(connection: Connection, vault: Vault, customer: str, claims: Sequence[Claim], now: datetime) -> list[str]:
    """Adds what is not there yet and settles anew what holds. Returns the ids of rows that were added or changed.

    Raises UnknownCustomer when the customer is gone.
    """
    _lock(connection, customer)
    if not claims:
        return []
    sealer = vault.sealer(connection, customer)
    added = [each.id for each in claims if _add(connection, sealer, customer, each, now)]
    if not added:
        return []
    changed = _settle(connection, sealer, customer, {each.attribute for each in claims if each.id in added})
    return sorted({*added, *changed})


def _lock(connection: Connection, customer: str) -> None:
    if connection.execute(_LOCK, {"of": customer}).first() is None:
        raise UnknownCustomer(f"there is no customer {customer[:64]!r}, or they were erased")


def _add(connection: Connection, sealer: Sealer, customer: str, claim: Claim, now: datetime) -> bool:
    body: dict[str, Any] = {"text": claim.text, "attribute": claim.attribute, "value": claim.value, "role": claim.role}
    if claim.until is not None:
        body["until"] = claim.until.isoformat()
    if claim.denies or claim.replaces:
        body |= {"denies": claim.denies, "replaces": claim.replaces}
    return insert_if_absent(
        connection,
        memories,
        id=claim.id,
        customer_id=customer,
        kind=claim.kind,
        body=sealer.seal(orjson.dumps(body).decode(), _context(claim.id)),
        confidence=claim.confidence,
        origin=claim.origin,
        conversation_id=claim.conversation or None,
        seq=claim.seq or None,
        said_at=claim.said_at,
        valid_from=claim.valid_from,
        valid_until=claim.until,
        created_at=now,
    )


def _settle(connection: Connection, sealer: Sealer, customer: str, attributes: Iterable[str]) -> list[str]:
    """Writes what holds now of these attributes where it changed; returns the rows' ids."""
    about = set(attributes)
    rows = connection.execute(_MINE, {"of": [customer]}).mappings().all()
    claims = [(row, claim) for row in rows if (claim := _claim(row, sealer)) is not None and claim.attribute in about]
    found = resolved(claim for _, claim in claims)
    changed = [row["id"] for row, claim in claims if _differs(row, found.get(claim.id))]
    for id in changed:
        stands = found[id]
        values = {"valid_until": stands.until, "superseded_by": stands.by or None, "ended_why": stands.why}
        connection.execute(_CHANGE, {"of": id, **values, "indexed_at": None})
    return changed


def _differs(row: RowMapping, stands: Standing | None) -> bool:
    if stands is None:
        return False
    return bool(
        (row["valid_until"], row["superseded_by"] or "", row["ended_why"]) != (stands.until, stands.by, stands.why)
    )


def _claim(row: RowMapping, sealer: Sealer) -> Claim | None:
    """What a row claims; None for one that was forgotten."""
    body = _opened(row, sealer)
    if "text" not in body:
        return None
    until = body.get("until")
    return Claim(
        id=row["id"],
        customer=row["customer_id"],
        kind=row["kind"],
        attribute=body["attribute"],
        value=body["value"],
        text=body["text"],
        role=body["role"],
        said_at=row["said_at"],
        valid_from=row["valid_from"],
        until=datetime.fromisoformat(until) if until else None,
        conversation=row["conversation_id"] or "",
        seq=row["seq"] or 0,
        confidence=row["confidence"],
        origin=row["origin"],
        denies=body.get("denies", False),
        replaces=body.get("replaces", ""),
    )


def _opened(row: RowMapping, sealer: Sealer) -> Mapping[str, Any]:
    found: Mapping[str, Any] = orjson.loads(sealer.unseal(row["body"], _context(row["id"])))
    return found


def _context(id: str) -> bytes:
    return f"memory:{id}".encode()


def of(
    connection: Connection, vault: Vault, customers: Sequence[str], at: datetime | None = None
) -> tuple[Memory, ...]:
    """What is known of these customers, newest first: what holds at `at`, or everything that ever held for None."""
    known = [each.memory for each in history(connection, vault, customers) if not each.denies]
    if at is not None:
        return tuple(in_force(known, at))
    return tuple(known)


def history(connection: Connection, vault: Vault, customers: Sequence[str]) -> tuple[Known, ...]:
    """Everything, newest first, also what ended and what ended it; nothing of what was forgotten."""
    rows = connection.execute(_MINE, {"of": list(customers)}).mappings().all()
    found = [known for row in rows if (known := _known(connection, vault, row)) is not None]
    found.sort(key=lambda each: (each.memory.said_at, each.memory.seq, each.memory.id), reverse=True)
    return tuple(found)


def standing(connection: Connection, vault: Vault, customers: Sequence[str], at: datetime) -> tuple[Memory, ...]:
    """The preferences and instructions of these customers that hold at `at`, newest first."""
    query = _MINE.where(memories.c.kind.in_(_STANDING), _lasts(at))
    rows = connection.execute(query, {"of": list(customers)}).mappings().all()
    found = [known.memory for row in rows if (known := _known(connection, vault, row)) and not known.denies]
    return tuple(in_force(found, at))


def _lasts(at: datetime) -> Any:
    return memories.c.valid_until.is_(None) | (memories.c.valid_until > at)


def read(connection: Connection, vault: Vault, ids: Sequence[str]) -> tuple[Memory, ...]:
    """The memories with these ids, in their order, whether they hold or not; those gone or forgotten are left out."""
    found = {each.memory.id: each.memory for each in known(connection, vault, ids) if not each.denies}
    return tuple(found[id] for id in ids if id in found)


def known(connection: Connection, vault: Vault, ids: Sequence[str]) -> tuple[Known, ...]:
    """As `read`, with how each came to end, in no order."""
    rows = connection.execute(_BY_ID, {"ids": list(ids)}).mappings().all()
    return tuple(found for row in rows if (found := _known(connection, vault, row)) is not None)


def _known(connection: Connection, vault: Vault, row: RowMapping) -> Known | None:
    claim = _claim(row, vault.sealer(connection, row["customer_id"]))
    if claim is None:
        return None
    memory = Memory(
        id=claim.id,
        customer=claim.customer,
        kind=claim.kind,
        text=claim.text,
        said_at=claim.said_at,
        attribute=claim.attribute,
        value=claim.value,
        role=claim.role,
        conversation=claim.conversation,
        seq=claim.seq,
        valid_from=claim.valid_from,
        valid_until=row["valid_until"],
        superseded_by=row["superseded_by"] or "",
        confidence=claim.confidence,
        origin=claim.origin,
    )
    return Known(memory, row["ended_why"], claim.denies)


def one(connection: Connection, vault: Vault, customers: Sequence[str], id: str) -> Known:
    """A memory of one of these customers. Raises UnknownMemory for another's, too."""
    found = [each for each in known(connection, vault, [id]) if each.memory.customer in customers]
    if not found:
        raise UnknownMemory(f"there is no memory {id[:64]!r} of this customer, or it was forgotten")
    return found[0]


def end(connection: Connection, vault: Vault, id: str, denial: str, by: str, now: datetime) -> list[str]:
    """Says that a memory holds no longer, with nothing in its place; `denial` is the new row's id, `by` whoever says
    so. Returns the rows that changed. Raises UnknownMemory."""
    rows = connection.execute(_BY_ID, {"ids": [id]}).mappings().all()
    claim = _claim(rows[0], vault.sealer(connection, rows[0]["customer_id"])) if rows else None
    if claim is None:
        raise UnknownMemory(f"there is no memory {id[:64]!r}, or it was forgotten")
    said = replace(
        claim, id=denial, text=by, denies=True, replaces=id, until=None, origin="desk", role="agent",
        conversation="", seq=0, said_at=now, valid_from=now, confidence=1.0,
    )  # fmt: skip
    return keep(connection, vault, claim.customer, [said], now)


def forget(connection: Connection, vault: Vault, id: str, now: datetime) -> list[str]:
    """Empties a memory and every repetition of it, for good: their rows stay, without a word, so that they are not
    taken from the log again. Returns the ids of the rows. Raises UnknownMemory."""
    rows = connection.execute(_BY_ID, {"ids": [id]}).mappings().all()
    if not rows:
        raise UnknownMemory(f"there is no memory {id[:64]!r}")
    customer = rows[0]["customer_id"]
    _lock(connection, customer)
    sealer = vault.sealer(connection, customer)
    claim = _claim(rows[0], sealer)
    if claim is None:
        raise UnknownMemory(f"there is no memory {id[:64]!r}, or it was forgotten")
    mine = connection.execute(_MINE, {"of": [customer]}).mappings().all()
    gone = [row for row in mine if (other := _claim(row, sealer)) is not None and _repeats(other, claim)]
    for row in gone:
        connection.execute(_CHANGE, {"of": row["id"], **_emptied(row, sealer)})
    _settle(connection, sealer, customer, {claim.attribute})
    return [row["id"] for row in gone]


def _emptied(row: RowMapping, sealer: Sealer) -> dict[str, Any]:
    return {
        "body": sealer.seal("{}", _context(row["id"])),
        "valid_until": row["valid_from"],
        "superseded_by": None,
        "ended_why": "forgotten",
        "confidence": 0.0,
        "indexed_at": None,
    }


def _repeats(other: Claim, claim: Claim) -> bool:
    if other.id == claim.id or claim.id == other.replaces:
        return True
    return (other.kind, other.attribute) == (claim.kind, claim.attribute) and (
        other.value.casefold() == claim.value.casefold()
    )


# --- what the index still has to be told ---


def unremembered(connection: Connection, now: datetime, limit: int, skipped: Sequence[str] = ()) -> list[Waiting]:
    """Conversations in which more was said than is remembered and no turn runs, longest silent first."""
    c = conversations.c
    query = (
        select(c.id, c.customer_id, c.remembered_to, c.visible_seq)
        .where(c.visible_seq > c.remembered_to, c.lease_until.is_(None) | (c.lease_until < now))
        .order_by(c.last_at)
        .limit(limit)
    )
    if skipped:
        query = query.where(c.id.not_in(list(skipped)))
    return [Waiting(*row) for row in connection.execute(query).all()]


def remembered(connection: Connection, waiting: Waiting, to_seq: int) -> bool:
    """Says that everything up to `to_seq` is remembered; False where another process did, or it was erased."""
    given = {"of": waiting.conversation, "was": waiting.remembered_to, "remembered_to": to_seq}
    return bool(connection.execute(_REMEMBERED, given).rowcount)


def unindexed(connection: Connection, vault: Vault, limit: int) -> list[tuple[str, Known | None]]:
    """(id, what is known) of rows that the index does not have as they are; None for one to be taken out of it."""
    query = select(memories).where(memories.c.indexed_at.is_(None)).order_by(memories.c.created_at).limit(limit)
    rows = connection.execute(query).mappings().all()
    return [(row["id"], _known(connection, vault, row)) for row in rows]


def indexed(connection: Connection, seen: Sequence[tuple[str, Known | None]], now: datetime) -> list[str]:
    """Says that the index has these rows as they were seen; what changed meanwhile stays to be told. Returns the ids
    that are there no longer, which the index must not have either."""
    there = set(connection.execute(select(memories.c.id).where(memories.c.id.in_([id for id, _ in seen]))).scalars())
    for id, found in seen:
        why = "forgotten" if found is None else found.ended_why
        until = memories.c.valid_until
        as_seen = [memories.c.id == id, memories.c.ended_why == why]
        if found is not None:
            as_seen.append(until.is_(None) if found.memory.valid_until is None else until == found.memory.valid_until)
        connection.execute(update(memories).where(*as_seen).values(indexed_at=now))
    return [id for id, _ in seen if id not in there]


def forgotten_at(connection: Connection, conversation: str) -> set[int]:
    """The messages of a conversation from which something was taken that was to be forgotten."""
    query = select(memories.c.seq).where(
        memories.c.conversation_id == conversation, memories.c.ended_why == "forgotten", memories.c.seq.is_not(None)
    )
    return set(connection.execute(query).scalars())


def start_over(connection: Connection, customers: Sequence[str] | None = None) -> int:
    """Has everything said read and put into the index again, of these customers or of all; returns how many
    conversations. What is known stays as it is."""
    mine, theirs = update(conversations).where(conversations.c.visible_seq > 0), update(memories)
    if customers is not None:
        mine = mine.where(conversations.c.customer_id.in_(list(customers)))
        theirs = theirs.where(memories.c.customer_id.in_(list(customers)))
    connection.execute(theirs.values(indexed_at=None))
    return int(connection.execute(mine.values(remembered_to=0)).rowcount)


def sources(connection: Connection, ids: Sequence[str]) -> list[tuple[str, int]]:
    """(conversation, seq) of the messages from which these were taken."""
    query = select(memories.c.conversation_id, memories.c.seq).where(
        memories.c.id.in_(list(ids)), memories.c.conversation_id.is_not(None), memories.c.seq.is_not(None)
    )
    return [(row.conversation_id, row.seq) for row in connection.execute(query)]
