"""Who must never be written to again although nobody knows them any more: opt-outs that outlive an erasure.

The ledger keeps them under a keyed hash of the identity in place of a customer. When the same telephone or address
comes back, by a message or by an import, the customer made for it starts with these opt-outs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, select

from memory import consent
from memory.consent import PURPOSES
from memory.schema import consents, identities

_CHANNELS = select(consents.c.channel).where(consents.c.customer_id == bindparam("of")).distinct()
_HASHES = select(identities.c.hash).where(identities.c.customer_id == bindparam("of"))
_LISTED = select(consents).where(consents.c.customer_id == bindparam("of"))
_FORGET = delete(consents).where(consents.c.customer_id == bindparam("of"))


def suppress(connection: Connection, customer: str, now: datetime) -> int:
    """Keeps what the customer opted out of under each of their identities; how many entries. Call it before erasing.

    What they opted in to again since is taken off the list.
    """
    outs = _outs(connection, customer)
    kept = 0
    for digest in connection.execute(_HASHES, {"of": customer}).scalars().all():
        connection.execute(_FORGET, {"of": _key(digest)})
        for channel, purpose in outs:
            _add(connection, _key(digest), channel, purpose, {"erased": now.date().isoformat()}, now)
            kept += 1
    return kept


def carry_over(connection: Connection, digest: str, customer: str, now: datetime) -> None:
    """Gives a customer just made what the list has on their identity."""
    for row in connection.execute(_LISTED, {"of": _key(digest)}).mappings().all():
        if consent.standing(connection, customer, row["channel"], row["purpose"]) == "out":
            continue  # another identity of theirs brought it
        _add(connection, customer, row["channel"], row["purpose"], {"source": "suppression list"}, now)


def _outs(connection: Connection, customer: str) -> list[tuple[str, str]]:
    channels: Iterable[str] = connection.execute(_CHANNELS, {"of": customer}).scalars().all()
    return [
        (channel, purpose)
        for channel in channels
        for purpose in PURPOSES
        if consent.standing(connection, customer, channel, purpose) == "out"
    ]


def _add(
    connection: Connection, whose: str, channel: str, purpose: str, evidence: dict[str, str], now: datetime
) -> None:
    id_ = hashlib.sha256(f"{whose}:{channel}:{purpose}:{now.isoformat()}".encode()).hexdigest()[:40]
    consent.record_consent(
        connection,
        id=id_,
        customer=whose,
        channel=channel,
        purpose=purpose,
        state="out",
        evidence=evidence,
        now=now,
        by="suppression list",
    )


def _key(digest: str) -> str:
    """What stands in the ledger for a customer nobody knows: 152 bits of the identity's keyed hash."""
    return f"s-{digest[:38]}"
