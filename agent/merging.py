"""Which customers are one person, as people see and decide it: suggestions taken or refused, merges made and undone.

No row moves at any of this, so each of it can be taken back exactly. Every act is in the audit of both customers.
"""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from agent.errors import Refused
from agent.oversight import Actor, Oversight
from memory.customer_views import masked
from memory.export import check_customer
from memory.identity import evidence, linking
from memory.identity.known import known
from memory.identity.linking import By, Link, State
from memory.identity.members import members
from memory.store import Store
from memory.vault import Vault

LONGEST_WHY = 500
# What people see of links that were ended or refused: the newest.
_MOST_ENDED = 20

Redact = Callable[[str, str], Awaitable[str]]
"""`(customer, text) -> text` with pseudonyms; raises what keeps it from being stored."""


@dataclass(frozen=True, slots=True)
class Member:
    """A customer who is the person: how they are known, masked, and by whose word ("" for nobody's)."""

    id: str
    known_as: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Merge:
    """A link seen from one of its two. `other` is the customer beside, `known_as` how they are known, masked; `holds`
    are those of both persons on whom a legal hold stands."""

    id: str
    state: State
    customer: str
    other: str
    known_as: tuple[str, ...]
    evidence: tuple[str, ...]
    score: float
    by: str
    why: str
    at: datetime
    ended_at: datetime | None
    ended_by: str | None
    holds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Merges:
    """A person's customers, and every link of theirs: what holds, what is suggested, what was refused or undone."""

    members: tuple[Member, ...]
    merged: tuple[Merge, ...]
    suggested: tuple[Merge, ...]
    ended: tuple[Merge, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Merging:
    """`redact` takes what is personal out of what people write as their reason."""

    store: Store
    vault: Vault
    redact: Redact

    async def merges(self, customer: str) -> Merges:
        """Raises UnknownCustomer."""
        return await self.store.read(lambda c: self._merges(c, customer))

    async def join(self, customer: str, other: str, who: Actor, why: str, now: datetime) -> Merges:
        """Makes two customers one person by hand. Raises UnknownCustomer, MergeRefused, Refused without a reason."""
        if customer == other:
            raise Refused("a customer is themselves already")
        by, id = await self._by(customer, who, why, needed=True), f"l-{uuid.uuid4().hex}"

        def work(connection: Connection) -> Merges:
            linking.serialise(connection)
            check_customer(connection, customer)
            check_customer(connection, other)
            linking.merge(connection, customer, other, [evidence.DESK], id=id, by=by, now=now)
            return self._merges(connection, customer)

        return await self.store.write(work)

    async def decide(self, customer: str, link: str, accept: bool, who: Actor, why: str, now: datetime) -> Merges:
        """Accepts or refuses a suggestion; a refused one is not made again. Raises UnknownMerge, MergeRefused."""
        by = await self._by(customer, who, why)

        def work(connection: Connection) -> Merges:
            linking.serialise(connection)
            check_customer(connection, customer)
            found = linking.read(connection, link, customer)
            linking.decide(connection, found, accept, by=by, now=now)
            return self._merges(connection, customer)

        return await self.store.write(work)

    async def undo(self, customer: str, link: str, who: Actor, why: str, now: datetime) -> Merges:
        """Takes a merge back. Raises UnknownMerge, MergeRefused, Refused without a reason."""
        by = await self._by(customer, who, why, needed=True)

        def work(connection: Connection) -> Merges:
            linking.serialise(connection)
            check_customer(connection, customer)
            linking.undo(connection, linking.read(connection, link, customer), by=by, now=now)
            return self._merges(connection, customer)

        return await self.store.write(work)

    async def _by(self, customer: str, who: Actor, why: str, *, needed: bool = False) -> By:
        words = why.strip()[:LONGEST_WHY]
        if needed and not words:
            raise Refused("say why: whoever looks at this later must understand it")
        return By(who.name, who.role, await self.redact(customer, words) if words else "")

    def _merges(self, connection: Connection, customer: str) -> Merges:
        check_customer(connection, customer)
        group = members(connection, customer)
        names = known(connection, self.vault, group)
        people = [
            Member(id, tuple((each.kind, masked(each.value), each.proof) for each in names if each.customer == id))
            for id in group
        ]
        links = [self._seen(connection, link, group) for link in linking.of(connection, group)]
        ended = [link for link in links if link.state in ("refused", "undone")]
        return Merges(
            members=tuple(people),
            merged=tuple(link for link in links if link.state == "merged"),
            suggested=tuple(sorted((x for x in links if x.state == "suggested"), key=lambda x: -x.score)),
            ended=tuple(ended[:_MOST_ENDED]),
        )

    def _seen(self, connection: Connection, link: Link, group: Sequence[str]) -> Merge:
        here = link.customer if link.customer in group else link.other
        other = link.other if here == link.customer else link.customer
        if {link.customer, link.other} <= set(group) and group[0] in (link.customer, link.other):
            here, other = group[0], link.beside([group[0]])
        names = known(connection, self.vault, [other])
        return Merge(
            id=link.id,
            state=link.state,
            customer=here,
            other=other,
            known_as=tuple(masked(each.value) for each in names),
            evidence=link.evidence,
            score=link.score,
            by=link.by,
            why=link.why,
            at=link.at,
            ended_at=link.ended_at,
            ended_by=link.ended_by,
            holds=tuple(linking.held(connection, {*members(connection, here), *members(connection, other)})),
        )


def merging(oversight: Oversight) -> Merging:
    """Over the stores of this one."""
    return Merging(oversight.store, oversight.vault, oversight.redacted)
