"""Which team and person a conversation that waits is for, written with the handover that makes it wait."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, select

from memory.log import Head
from memory.presence import here
from memory.schema import conversations

_LOADS = (
    select(conversations.c.person, func.count())
    .where(
        conversations.c.status == "open",
        conversations.c.owner.in_(["person", "queue"]),
        conversations.c.person.in_(bindparam("persons", expanding=True)),
        conversations.c.id != bindparam("besides"),
    )
    .group_by(conversations.c.person)
)


@dataclass(frozen=True, slots=True)
class Placing:
    """`teams` that fit, best first: name, members, and how many conversations a member has at most. `give` lets the
    person chosen own it at once; else it is offered to them, and anybody may take it. `besides` is not chosen."""

    teams: Sequence[tuple[str, Sequence[str], int]] = ()
    language: str = ""
    due_at: datetime | None = None
    give: bool = False
    besides: str | None = None


def place(head: Head, placing: Placing, now: datetime) -> str | None:
    """Gives a conversation that has just come to the queue its team, its person and its due time; the person.

    The first team with a free member who is there gets it, else the best team, for whoever comes first.
    """
    team, person = _choose(head.connection, placing, head.id, now)
    # A clock that runs already goes on: a customer's waiting does not begin anew with each who does not answer.
    due = head.row["due_at"] or placing.due_at
    head.set(team=team, due_at=due, **({"language": placing.language} if placing.language else {}))
    if person is None:
        return None
    if placing.give:
        head.change_owner("person", person)
        head.set(waiting_since=None, person_at=now)
        head.append("taken", now, meta={"person": person, "by": "routing", "team": team})
    else:
        head.set(person=person)
        head.append("assigned", now, meta={"to": person, "by": "routing", "team": team})
    return person


def _choose(
    connection: Connection, placing: Placing, conversation: str, now: datetime
) -> tuple[str | None, str | None]:
    if not placing.teams:
        return None, None
    there = here(connection, now)
    everybody = sorted({person for _, members, _ in placing.teams for person in members} & there)
    loads = load(connection, everybody, besides=conversation) if everybody else {}
    for name, members, capacity in placing.teams:
        free = [m for m in members if m in there and m != placing.besides and loads.get(m, 0) < capacity]
        if free:
            return name, min(free, key=lambda member: (loads.get(member, 0), members.index(member)))
    return placing.teams[0][0], None


def load(connection: Connection, persons: Sequence[str], *, besides: str = "") -> Mapping[str, int]:
    """How many open conversations each of them has or is offered; who has none is not there."""
    return {row[0]: row[1] for row in connection.execute(_LOADS, {"persons": list(persons), "besides": besides})}
