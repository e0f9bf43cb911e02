"""One customer as people at the desk see them: who they are, what they said yes and no to, and what is held of them.

A person who is several customers is shown whole, whichever of them is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from memory import consent
from memory.consent import PURPOSES
from memory.customers import KINDS
from memory.erasure.holds import held
from memory.errors import UnknownCustomer
from memory.held import HOLDINGS
from memory.identity import naming
from memory.identity.known import Known, known
from memory.identity.members import members
from memory.reading import conversations_of
from memory.schema import attachments, conversations, customers, identities
from memory.seal import SealError
from memory.segments import newest_of
from memory.vault import Vault
from memory.views import ConversationView

_SHOWN = 4  # characters of an identity that are shown before somebody asks for the whole
_MOST = 200
_PIECES = 6  # of each conversation's summary, the newest
# Tables without an index by customer or conversation: counting in them would read all of them for one page.
_UNCOUNTED = ("claims", "corrections")


@dataclass(frozen=True, slots=True)
class IdentityView:
    """One way the customer is known, masked: `number` names it within the person. `proof` says who vouches for it: ""
    nobody, "provider" or "signed"."""

    number: int
    kind: str
    masked: str
    proof: str = ""


@dataclass(frozen=True, slots=True)
class StandingView:
    """What holds now for a purpose on a channel."""

    channel: str
    purpose: str
    state: str


@dataclass(frozen=True, slots=True)
class FileView:
    """An attachment, without its bytes."""

    id: str
    conversation: str
    name: str
    type: str
    size: int
    verdict: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CustomerView:
    """Everything the customer's page shows. `members` are all customers who are this person, `id` first. `remembered`
    counts what the vault holds by kind, `rows` what is held by table, `summaries` what conversations were folded into;
    `hold` is the legal hold, where there is one."""

    id: str
    created_at: datetime
    region: str
    tier: str
    timezone: str
    identities: tuple[IdentityView, ...]
    conversations: tuple[ConversationView, ...]
    standing: tuple[StandingView, ...]
    ledger: tuple[consent.Entry, ...]
    remembered: Mapping[str, int]
    summaries: tuple[str, ...]
    files: tuple[FileView, ...]
    rows: Mapping[str, int]
    hold: Mapping[str, Any] | None
    members: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CustomerLine:
    """A customer in a list: how they are known, masked, and when they were last here."""

    id: str
    known_as: tuple[str, ...]
    last_at: datetime | None


def masked(value: str) -> str:
    """Enough of an identity to recognise it, and no more: `•••0001`, `m•••@shop.example`."""
    name, at, host = value.rpartition("@")
    if at and name:
        return f"{name[:1]}•••@{host}"
    return f"•••{value[-_SHOWN:]}" if len(value) > 2 * _SHOWN else "•••"


def customer(connection: Connection, vault: Vault, id: str) -> CustomerView:
    """Raises UnknownCustomer."""
    row = connection.execute(select(customers).where(customers.c.id == id)).mappings().first()
    if row is None:
        raise UnknownCustomer(f"there is no customer {id[:64]!r}, or they were erased")
    ledger = tuple(consent.ledger(connection, id, _MOST))
    group = members(connection, id)
    return CustomerView(
        id=id,
        created_at=row["created_at"],
        region=row["region"],
        tier=row["tier"],
        timezone=row["timezone"],
        identities=tuple(
            IdentityView(number, each.kind, masked(each.value), each.proof)
            for number, each in enumerate(known_as(connection, vault, id), 1)
        ),
        conversations=tuple(_conversations(connection, vault, group)),
        standing=tuple(_standing(connection, id, ledger)),
        ledger=ledger,
        remembered=_summed(_remembered(connection, vault, each) for each in group),
        summaries=tuple(text for each in group for text in _summaries(connection, vault, each)),
        files=tuple(file for each in group for file in _files(connection, vault, each)),
        rows=_summed(_rows(connection, each) for each in group),
        hold=next(filter(None, (held(connection, each) for each in group)), None),
        members=group,
    )


def known_as(connection: Connection, vault: Vault, id: str) -> list[Known]:
    """Every identity of the person, always in the same order."""
    return known(connection, vault, members(connection, id))


def _summed(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for each in counts:
        for name, count in each.items():
            total[name] = total.get(name, 0) + count
    return total


def search(connection: Connection, vault: Vault, words: str, limit: int = 50) -> list[CustomerLine]:
    """Who has exactly this telephone, address or id; without words those who were here last."""
    last = select(conversations.c.customer_id, func.max(conversations.c.last_at).label("last_at"))
    last = last.group_by(conversations.c.customer_id)
    seen = last.subquery()
    query = select(customers.c.id, seen.c.last_at).outerjoin(seen, seen.c.customer_id == customers.c.id)
    if words := words.strip():
        query = query.where(customers.c.id.in_(_named(connection, vault, words)))
    query = query.order_by(seen.c.last_at.is_(None), seen.c.last_at.desc(), customers.c.id).limit(limit)
    rows = connection.execute(query).all()
    return [
        CustomerLine(row.id, tuple(masked(each.value) for each in known(connection, vault, [row.id])), row.last_at)
        for row in rows
    ]


def _named(connection: Connection, vault: Vault, words: str) -> Sequence[str]:
    """Ids of customers of this id or identity, however it is written: identities are found by their keyed hash."""
    kinds = {*KINDS.values(), naming.USER, *connection.execute(select(identities.c.kind).distinct()).scalars()}
    written = {words, words.lower(), "".join(c for c in words if c in "+0123456789")} - {""}
    forms = {kind: {*written, *filter(None, [naming.canonical(kind, words)])} for kind in kinds}
    hashes = [vault.hash(kind, form) for kind, each in forms.items() for form in each]
    found = connection.execute(select(identities.c.customer_id).where(identities.c.hash.in_(hashes))).scalars()
    return [words, *found]


def _conversations(connection: Connection, vault: Vault, group: Sequence[str]) -> list[ConversationView]:
    c = conversations.c
    return conversations_of(
        connection, vault, select(conversations).where(c.customer_id.in_(group)).order_by(c.last_at.desc()).limit(_MOST)
    )


def _standing(connection: Connection, id: str, ledger: Sequence[consent.Entry]) -> list[StandingView]:
    return [
        StandingView(channel, purpose, consent.standing(connection, id, channel, purpose))
        for channel in sorted({entry.channel for entry in ledger})
        for purpose in PURPOSES
    ]


def _remembered(connection: Connection, vault: Vault, id: str) -> dict[str, int]:
    counts: dict[str, int] = {}
    for entry in vault.book(connection, id).entries():
        counts[entry.entity] = counts.get(entry.entity, 0) + 1
    return counts


def _summaries(connection: Connection, vault: Vault, id: str) -> list[str]:
    c, book = conversations.c, vault.book(connection, id)
    query = select(conversations).where(c.customer_id == id, c.summary_to > 0).order_by(c.last_at.desc()).limit(20)
    found = []
    for row in connection.execute(query).mappings().all():
        pieces = reversed(newest_of(connection, vault, row, _PIECES))
        found.append("\n".join(piece.text for piece in pieces if piece.text))
    return [book.restore(text) for text in found if text]


def _files(connection: Connection, vault: Vault, id: str) -> list[FileView]:
    query = select(attachments).where(attachments.c.customer_id == id).order_by(attachments.c.at.desc()).limit(_MOST)
    sealer = vault.sealer(connection, id)
    found = []
    for row in connection.execute(query).mappings():
        try:
            name = sealer.unseal(row["name"], f"{row['conversation_id']}:attachment:{row['id']}:name".encode())
        except SealError:
            name = ""
        kept = {k: row[k] for k in ("id", "type", "size", "verdict", "at")}
        found.append(FileView(conversation=row["conversation_id"], name=name, **kept))
    return found


def _rows(connection: Connection, id: str) -> dict[str, int]:
    count = {
        holding.name: select(func.count()).select_from(holding.table).where(holding.of(id)).scalar_subquery()
        for holding in HOLDINGS
        if holding.name not in _UNCOUNTED
    }
    row = connection.execute(select(*(query.label(name) for name, query in count.items()))).one()
    return {name: int(value) for name, value in row._asdict().items()}
