"""The consent ledger: who opted in or out of what, when, and on what evidence. Rows are added, never changed.

A purpose is "marketing", "notification" or "all". What holds for a purpose is the newest entry for it or for "all". A
newest "in" for "all" (START) lifts an opt-out and is no consent of its own: the customer has again what they had
consented to before.

A person may be several customers (`memory.identity`). What one of them opted out of holds for the person until any of
them opts in again later; and who opted out themselves stays out until they opt in themselves: a telephone that said
STOP is not written to because another one said yes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, get_args

from sqlalchemy import ColumnElement, Connection, Select, bindparam, insert, or_, select

from memory.identity.members import members, same
from memory.schema import consents

ConsentPurpose = Literal["all", "marketing", "notification"]
State = Literal["in", "out"]
Standing = Literal["in", "out", "unknown"]
PURPOSES: Final[tuple[ConsentPurpose, ...]] = get_args(ConsentPurpose)

_RECORD = insert(consents)
_OF = consents.c.customer_id == bindparam("customer")
_OF_PERSON = consents.c.customer_id.in_(same("customer"))
# Of two entries of one moment the opt-out counts.
_NEWEST_FIRST = (consents.c.at.desc(), consents.c.state.desc())


def _newest(whose: ColumnElement[bool]) -> Select[tuple[str, str]]:
    query = select(consents.c.state, consents.c.purpose).where(
        whose,
        consents.c.channel == bindparam("channel"),
        consents.c.purpose.in_(bindparam("purposes", expanding=True)),
    )
    return query.order_by(*_NEWEST_FIRST).limit(1)


def _ever_in(whose: ColumnElement[bool]) -> Select[tuple[str]]:
    return select(consents.c.id).where(
        whose,
        consents.c.channel == bindparam("channel"),
        consents.c.purpose == bindparam("purpose"),
        consents.c.state == "in",
    )


_NEWEST, _NEWEST_OF_PERSON = _newest(_OF), _newest(_OF_PERSON)
_EVER_IN, _EVER_IN_OF_PERSON = _ever_in(_OF), _ever_in(_OF_PERSON)
_OUT_AT = (
    select(consents.c.at)
    .where(
        consents.c.customer_id == bindparam("customer"),
        consents.c.channel == bindparam("channel"),
        consents.c.state == "out",
    )
    .order_by(consents.c.at.desc())
    .limit(1)
)
_CHANNELS = select(consents.c.channel).where(or_(_OF, _OF_PERSON)).distinct().order_by("channel")
_LEDGER = select(consents).where(or_(_OF, _OF_PERSON)).order_by(*_NEWEST_FIRST).limit(bindparam("most"))


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger. `by` is the person or system that recorded it, "" for the customer's own word."""

    id: str
    channel: str
    purpose: str
    state: str
    by: str
    evidence: Mapping[str, Any]
    at: datetime


def record_consent(
    connection: Connection,
    *,
    id: str,
    customer: str,
    channel: str,
    state: State,
    evidence: Mapping[str, Any],
    now: datetime,
    purpose: str = "all",
    by: str = "",
) -> None:
    """Adds one entry; the newest for a customer, channel and purpose is what holds. No personal data in `evidence`."""
    row = {"id": id, "customer_id": customer, "channel": channel, "purpose": purpose, "state": state, "by": by[:64]}
    connection.execute(_RECORD, {**row, "evidence": dict(evidence), "at": now})


def standing(connection: Connection, customer: str, channel: str, purpose: str) -> Standing:
    """What the customer said last about messages of a purpose on a channel, whichever of a person's customers said it;
    "unknown" when they never did."""
    own = _standing(connection, customer, channel, purpose, _NEWEST, _EVER_IN)
    if own == "out" or len(members(connection, customer)) == 1:
        return own
    return _standing(connection, customer, channel, purpose, _NEWEST_OF_PERSON, _EVER_IN_OF_PERSON)


def _standing(
    connection: Connection,
    customer: str,
    channel: str,
    purpose: str,
    last: Select[tuple[str, str]],
    ever: Select[tuple[str]],
) -> Standing:
    given = {"customer": customer, "channel": channel}
    newest = connection.execute(last, {**given, "purposes": sorted({purpose, "all"})}).first()
    if newest is None:
        return "unknown"
    if newest.state == "out":
        return "out"
    if newest.purpose == purpose:
        return "in"
    return "in" if connection.execute(ever, {**given, "purpose": purpose}).first() else "unknown"


def opted_out(connection: Connection, customer: str, channel: str) -> bool:
    """Whether the customer's newest word on this channel is that nothing more may be sent."""
    return standing(connection, customer, channel, "all") == "out"


def ledger(connection: Connection, customer: str, limit: int = 500) -> Sequence[Entry]:
    """Every entry of the person a customer is, newest first."""
    rows = connection.execute(_LEDGER, {"customer": customer, "most": limit}).mappings()
    return [Entry(**{name: row[name] for name in Entry.__slots__}) for row in rows]


def newest_is_out(connection: Connection, customer: str, channel: str) -> bool:
    """Whether the newest entry of a channel, of whatever purpose, is an opt-out: of the customer or the person."""
    given = {"customer": customer, "channel": channel, "purposes": list(PURPOSES)}
    found = (connection.execute(query, given).first() for query in (_NEWEST, _NEWEST_OF_PERSON))
    return any(newest is not None and newest.state == "out" for newest in found)


def opted_out_at(connection: Connection, customer: str, channel: str) -> datetime | None:
    """When the newest opt-out of any purpose on this channel was, None where there is none."""
    return connection.execute(_OUT_AT, {"customer": customer, "channel": channel}).scalar()


def standings(connection: Connection, customer: str) -> dict[str, dict[str, str]]:
    """What holds now, by channel and purpose, of every channel in a customer's ledger."""
    channels = connection.execute(_CHANNELS, {"customer": customer}).scalars()
    return {
        channel: {purpose: standing(connection, customer, channel, purpose) for purpose in PURPOSES}
        for channel in channels
    }
