"""Links between customers: made, suggested, refused, taken back. Rows never move; a link says who is one person.

`customers.merged_into` follows the links that hold and nothing else: it is worked out anew for the persons a change
touches, so that taking a link back leaves what would be there had it never been. All changes of links wait for each
other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, delete, insert, or_, select, text, update

from memory import audit, controls
from memory.errors import MergeRefused, UnknownMerge
from memory.identity import evidence as speaks
from memory.identity.groups import heads
from memory.identity.members import members
from memory.identity.naming import USER
from memory.schema import conversations, customers, identities, links

State = Literal["merged", "suggested", "refused", "undone"]
Outcome = Literal["same", "merged", "suggested", "refused"]
SYSTEM: Final = "frontdesk"
# Open suggestions a customer may have: whoever types a hundred addresses is looking for something, not for themselves.
_MOST_SUGGESTED = 20
# Any number will do, as long as every process takes the same one.
_PG_LOCK = 0x0F0F


@dataclass(frozen=True, slots=True)
class Link:
    """One link. `customer` and `other` are in the order of their ids; `evidence` names kinds, never values."""

    id: str
    customer: str
    other: str
    state: State
    evidence: tuple[str, ...]
    score: float
    by: str
    why: str
    at: datetime
    ended_at: datetime | None = None
    ended_by: str | None = None

    def beside(self, one: Collection[str]) -> str:
        """The end of the link that is not among these."""
        return self.other if self.customer in one else self.customer


@dataclass(frozen=True, slots=True)
class By:
    """Whose word a change is, in which role, and why."""

    name: str = SYSTEM
    role: str = "system"
    why: str = ""


def serialise(connection: Connection) -> None:
    """Waits for whoever changes links now; call it before anything else is locked. SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _PG_LOCK})


def of(connection: Connection, group: Sequence[str], states: Collection[str] = ()) -> list[Link]:
    """The links at any of these customers, newest first; of these states, or of every one."""
    query = select(links).where(_touches(group)).order_by(links.c.at.desc(), links.c.id)
    if states:
        query = query.where(links.c.state.in_(sorted(states)))
    return [_link(row) for row in connection.execute(query).mappings()]


def read(connection: Connection, id: str, customer: str) -> Link:
    """A link of the person this customer is. Raises UnknownMerge."""
    row = connection.execute(select(links).where(links.c.id == id)).mappings().first()
    if row is None or not {row["customer_id"], row["other_id"]} & set(members(connection, customer)):
        raise UnknownMerge(f"this customer has no merge {id[:64]!r}")
    return _link(row)


def propose(
    connection: Connection, one: str, other: str, found: Iterable[str], *, strong: bool, id: str, now: datetime
) -> Outcome:
    """What evidence that turned up by itself does: strong evidence links, other evidence is kept for people to judge.

    Strong evidence is only kept too where both sides are users the organisation itself tells apart, or a legal hold
    stands on either. What people refused or took back is left as they left it.
    """
    serialise(connection)
    ours, theirs = members(connection, one), members(connection, other)
    if other in ours:
        return "same"
    if not _there(connection, one, other):
        return "refused"
    between = connection.execute(select(links).where(_joins(ours, theirs))).mappings().all()
    if any(row["state"] in ("refused", "undone") for row in between):
        return "refused"
    waiting = next((row for row in between if row["state"] == "suggested"), None)
    if strong and not _two_users(connection, ours, theirs) and not held(connection, (*ours, *theirs)):
        merge(connection, one, other, found, id=id, by=By(), now=now)
        return "merged"
    if waiting is not None:
        known = sorted({*waiting["evidence"], *found})
        change = update(links).where(links.c.id == waiting["id"])
        connection.execute(change.values(evidence=known, score=speaks.score(known)))
    elif len(of(connection, ours, {"suggested"})) < _MOST_SUGGESTED:
        _add(connection, one, other, "suggested", found, id=id, by=By(), now=now)
    return "suggested"


def merge(
    connection: Connection, one: str, other: str, found: Iterable[str], *, id: str, by: By, now: datetime
) -> Link:
    """Links two customers. Raises MergeRefused when they are one person already or one of them is not there."""
    serialise(connection)
    if not _there(connection, one, other):
        raise MergeRefused("one of the two is no customer, or was erased")
    if other in members(connection, one):
        raise MergeRefused("they are one person already")
    ours, theirs = members(connection, one), members(connection, other)
    for row in connection.execute(select(links).where(_joins(ours, theirs), links.c.state == "suggested")).mappings():
        connection.execute(delete(links).where(links.c.id == row["id"]))  # answered by this one
        found = {*found, *row["evidence"]}
    link = _add(connection, one, other, "merged", found, id=id, by=by, now=now)
    regroup(connection, [one, other])
    _note(connection, link, "customer.merged", by, now)
    return link


def decide(connection: Connection, link: Link, accept: bool, *, by: By, now: datetime) -> Link:
    """Accepts or refuses a suggestion. Raises MergeRefused when it is none (any more)."""
    serialise(connection)
    state = connection.execute(select(links.c.state).where(links.c.id == link.id)).scalar()
    if state != "suggested":
        raise MergeRefused("this suggestion was decided already" if state else "this suggestion is gone")
    values: dict[str, Any] = {"state": "merged" if accept else "refused", "by": by.name[:64], "why": by.why, "at": now}
    if not accept:
        values |= {"ended_at": now, "ended_by": by.name[:64]}
    connection.execute(update(links).where(links.c.id == link.id).values(**values))
    if accept:
        regroup(connection, [link.customer, link.other])
    done = _one(connection, link.id)
    _note(connection, done, "customer.merged" if accept else "customer.merge_refused", by, now)
    return done


def undo(connection: Connection, link: Link, *, by: By, now: datetime) -> Link:
    """Takes a link back; they stay one person where another link says so. Raises MergeRefused when it does not hold."""
    serialise(connection)
    state = connection.execute(select(links.c.state).where(links.c.id == link.id)).scalar()
    if state != "merged":
        raise MergeRefused("this merge was taken back already" if state == "undone" else "this is no merge")
    values = {"state": "undone", "ended_at": now, "ended_by": by.name[:64]}
    connection.execute(update(links).where(links.c.id == link.id).values(**values))
    touched = regroup(connection, [link.customer, link.other])
    _unprove(connection, touched)
    done = _one(connection, link.id)
    _note(connection, done, "customer.unmerged", by, now)
    return done


def forget(connection: Connection, gone: Collection[str]) -> int:
    """Removes every link of customers who are erased, and says anew who is one person of those who stay; how many
    links there were. Call it when their rows are removed."""
    serialise(connection)
    found = of(connection, sorted(gone))
    staying = {end for link in found for end in (link.customer, link.other)} - set(gone)
    orphans = customers.c.merged_into.in_(sorted(gone))
    staying |= set(connection.execute(select(customers.c.id).where(orphans)).scalars()) - set(gone)
    connection.execute(delete(links).where(_touches(sorted(gone))))
    connection.execute(update(customers).where(customers.c.id.in_(sorted(gone))).values(merged_into=None))
    if staying:
        _unprove(connection, regroup(connection, sorted(staying)))
    return len(found)


def regroup(connection: Connection, touched: Collection[str]) -> list[str]:
    """Works out who is one person, for all whom these customers were or are linked with; returns those."""
    whole, edge = set(touched), set(touched)
    for customer in touched:
        edge |= set(members(connection, customer))
    found: set[tuple[str, str]] = set()
    while edge:
        whole |= edge
        query = select(links.c.customer_id, links.c.other_id).where(_touches(sorted(edge)), links.c.state == "merged")
        pairs = {(row.customer_id, row.other_id) for row in connection.execute(query)}
        found |= pairs
        edge = {end for pair in pairs for end in pair} - whole
    oldest_first = select(customers.c.id, customers.c.merged_into).where(customers.c.id.in_(sorted(whole)))
    rows = connection.execute(oldest_first.order_by(customers.c.created_at, customers.c.id)).all()
    standing = {row.id: row.merged_into for row in rows}
    for customer, head in heads(list(standing), found).items():
        into = None if head == customer else head
        if standing[customer] != into:
            connection.execute(update(customers).where(customers.c.id == customer).values(merged_into=into))
    return sorted(standing)


def held(connection: Connection, group: Iterable[str]) -> list[str]:
    """Those of them on whom a legal hold stands."""
    names = {f"hold/{customer}": customer for customer in group}
    said = controls.values(connection, set(names))
    return sorted(names[name] for name, value in said.items() if value.get("on"))


def users(connection: Connection, group: Collection[str]) -> bool:
    """Whether any of them is a user of the organisation's, by its signed identity."""
    known = identities.c.customer_id.in_(sorted(group)), identities.c.kind == USER
    return connection.execute(select(identities.c.hash).where(*known).limit(1)).first() is not None


def _there(connection: Connection, one: str, other: str) -> bool:
    """Whether both are customers whose key is there: one without it is being erased."""
    query = select(customers.c.id).where(customers.c.id.in_([one, other]), customers.c.key != b"")
    return len(set(connection.execute(query).scalars())) == 2


def _two_users(connection: Connection, ours: Collection[str], theirs: Collection[str]) -> bool:
    return users(connection, ours) and users(connection, theirs)


def _unprove(connection: Connection, touched: Sequence[str]) -> None:
    """A conversation whose customer is no user any more is signed for by nobody."""
    left = [customer for customer in touched if not users(connection, members(connection, customer))]
    signed = conversations.c.customer_id.in_(left), conversations.c.proof == speaks.SIGNED
    if left:
        connection.execute(update(conversations).where(*signed).values(proof=""))


def _add(
    connection: Connection, one: str, other: str, state: State, found: Iterable[str], *, id: str, by: By, now: datetime
) -> Link:
    first, second = sorted((one, other))
    known = sorted(set(found))
    row: dict[str, Any] = {"id": id, "customer_id": first, "other_id": second, "state": state, "evidence": known}
    row |= {"score": speaks.score(known), "by": by.name[:64], "why": by.why, "at": now}
    connection.execute(insert(links), row)
    return _one(connection, id)


def _one(connection: Connection, id: str) -> Link:
    return _link(connection.execute(select(links).where(links.c.id == id)).mappings().one())


def _link(row: RowMapping) -> Link:
    same = {name: row[name] for name in ("id", "state", "score", "by", "why", "at", "ended_at", "ended_by")}
    return Link(customer=row["customer_id"], other=row["other_id"], evidence=tuple(row["evidence"]), **same)


def _touches(group: Sequence[str]) -> ColumnElement[bool]:
    return or_(links.c.customer_id.in_(group), links.c.other_id.in_(group))


def _joins(ours: Sequence[str], theirs: Sequence[str]) -> ColumnElement[bool]:
    return or_(
        and_(links.c.customer_id.in_(ours), links.c.other_id.in_(theirs)),
        and_(links.c.customer_id.in_(theirs), links.c.other_id.in_(ours)),
    )


def _note(connection: Connection, link: Link, act: str, by: By, now: datetime) -> None:
    """One entry at each of the two, so that it is found from either."""
    for customer, other in ((link.customer, link.other), (link.other, link.customer)):
        detail = {"link": link.id, "other": other, "evidence": list(link.evidence), "score": link.score}
        if holds := held(connection, (link.customer, link.other)):
            detail["legal_hold"] = holds
        if by.why:
            detail["why"] = by.why
        subject = f"customer:{customer}"
        audit.note(connection, actor=by.name, role=by.role, act=act, subject=subject, detail=detail, now=now)
