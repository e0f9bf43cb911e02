"""A customer as a turn needs to know them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, bindparam, select

from memory.consent import standings
from memory.identity.members import members as members
from memory.schema import customers, identities

_ROW = select(customers).where(customers.c.id == bindparam("of"))
_ROWS = select(customers).where(customers.c.id.in_(bindparam("of", expanding=True))).order_by(customers.c.id)
_KNOWN = select(identities.c.kind, identities.c.proof).where(
    identities.c.customer_id.in_(bindparam("of", expanding=True))
)


@dataclass(frozen=True, slots=True)
class Profile:
    """`members` are all customers who are this person, the one asked for first; `known_by` the kinds of their
    identities with how each was proven ("" where it was not); `consents` what holds now, by channel and purpose."""

    customer: str
    region: str = ""
    tier: str = ""
    timezone: str = ""
    members: tuple[str, ...] = ()
    known_by: tuple[tuple[str, str], ...] = ()
    consents: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def profile(connection: Connection, customer: str) -> Profile:
    """What is known of the customer behind a conversation; a bare one for a customer who is not there."""
    row = connection.execute(_ROW, {"of": customer}).mappings().first()
    if row is None:
        return Profile(customer, members=(customer,))
    same = members(connection, customer)
    known = connection.execute(_KNOWN, {"of": list(same)}).all()
    others = connection.execute(_ROWS, {"of": list(same[1:])}).mappings().all() if len(same) > 1 else []

    def first(name: str) -> str:
        """What this customer's row says, else what another of the person's does."""
        return next((str(each[name]) for each in (row, *others) if each[name]), "")

    return Profile(
        customer=customer,
        region=first("region"),
        tier=first("tier"),
        timezone=first("timezone"),
        members=same,
        known_by=tuple(sorted((each.kind, each.proof) for each in known)),
        consents=standings(connection, customer),
    )
