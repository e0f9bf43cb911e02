"""Who a look-up is for: what the customer proved they are, and the real values behind what they said. Never printed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Connection, bindparam, select

from memory.identity.members import members
from memory.identity.naming import canonical
from memory.pseudonyms import PseudonymBook
from memory.schema import identities
from memory.vault import Vault

PROVEN: Final = ("signed", "provider")
"""Proofs that count: the organisation's own system signed it, or the channel's provider vouches for it. What somebody
typed or wrote into a mail proves nothing."""
_PRIVATE: Final = frozenset(
    {"PERSON", "LOCATION", "EMAIL_ADDRESS", "PHONE_NUMBER", "CREDIT_CARD", "PASSWORD", "URL", "IP_ADDRESS"}
)
"""Kinds of pseudonym that stand for no reference of the organisation's."""
_KNOWN = select(identities).where(
    identities.c.customer_id.in_(bindparam("of", expanding=True)),
    identities.c.proof.in_(bindparam("proofs", expanding=True)),
)


@dataclass(frozen=True, slots=True, repr=False)
class Proven:
    """One identity that was proven: `digest` is the keyed hash it is found by."""

    kind: str
    digest: str
    value: str = field(repr=False)
    own: bool = True


@dataclass(frozen=True, slots=True, repr=False)
class Person:
    """The customer of a turn, over all who are the same person; `region` is where a telephone without its country is
    from."""

    customer: str
    proven: tuple[Proven, ...]
    book: PseudonymBook
    vault: Vault
    region: str = ""

    def proved(self, kind: str) -> str | None:
        """Their proven identity of a kind, the customer's own before that of another they are, None for none."""
        found = sorted((each for each in self.proven if each.kind == kind), key=lambda each: not each.own)
        return found[0].value if found else None

    def owns(self, kind: str, named: Sequence[str]) -> bool:
        """Whether one of the owners that a record names is a proven identity of theirs, whatever form it is written
        in. Compared by keyed hash."""
        forms = (canonical(kind, each, self.region) for each in named)
        digests = {self.vault.hash(kind, form) for form in forms if form}
        return any(each.kind == kind and each.digest in digests for each in self.proven)

    def marks(self) -> tuple[str, ...]:
        """What is proven, for telling two moments apart."""
        return tuple(sorted(f"{each.kind}:{each.digest}" for each in self.proven))

    def references(self) -> PseudonymBook:
        """The book without names, places and ways to reach people: what may stand for a reference."""
        return PseudonymBook(entry for entry in self.book.entries() if entry.entity not in _PRIVATE)


def person(connection: Connection, vault: Vault, customer: str, region: str) -> Person:
    """The person behind a customer. Raises UnknownConversation for one who was erased."""
    same = members(connection, customer)
    rows = connection.execute(_KNOWN, {"of": list(same), "proofs": list(PROVEN)}).mappings().all()
    proven = tuple(
        Proven(
            row["kind"],
            row["hash"],
            vault.sealer(connection, row["customer_id"]).unseal(row["value"], f"identity:{row['kind']}".encode()),
            row["customer_id"] == customer,
        )
        for row in rows
    )
    return Person(customer, proven, vault.book(connection, customer), vault, region)
