"""What a period held, for people who read it in the morning: counts alone, and a few questions with pseudonyms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BindParameter, Connection, and_, bindparam, func, or_, select

from memory.customers import insert_if_absent
from memory.schema import claims, conversations, events, outbox, turns

_e, _c, _t, _o = events.c, conversations.c, turns.c, outbox.c
_SINCE: BindParameter[datetime] = bindparam("since")
_UNTIL: BindParameter[datetime] = bindparam("until")
_WITHIN = and_(_e.at >= _SINCE, _e.at < _UNTIL)
_TALKS = events.join(conversations, _c.id == _e.conversation_id)
# a conversation with an event in the period was last touched in it or after: that leaves the older ones unread
_CUSTOMERS = and_(_c.last_at >= _SINCE, _WITHIN, _c.data_class != "staff")
_RECEIVED = (
    select(_c.channel, func.count())
    .select_from(_TALKS)
    .where(_CUSTOMERS, _e.kind == "received")
    .group_by(_c.channel)
    .order_by(_c.channel)
)
_ANSWERED = select(func.count()).select_from(_TALKS).where(_CUSTOMERS, _e.kind == "replied")
_BY_PEOPLE = (
    select(func.count())
    .select_from(_TALKS)
    .where(_CUSTOMERS, _e.kind == "said", _e.meta["person"].as_string().is_not(None))
)
_HANDED = select(_e.meta["code"].as_string()).select_from(_TALKS).where(_CUSTOMERS, _e.kind == "handed_over")
_UNANSWERED = (
    select(_t.record)
    .where(
        _t.status == "committed",
        _t.ended_at >= _SINCE,
        _t.ended_at < _UNTIL,
        or_(
            _t.record["template"].as_string() == "unknown",
            _t.record[("handoff", "code")].as_string() == "no_answer",
        ),
    )
    .order_by(_t.ended_at.desc())
    .limit(bindparam("most"))
)
_WAITING = select(func.count()).where(_c.status == "open", _c.owner == "queue")
_SENT = (
    select(_o.status, func.count())
    .where(_o.purpose.in_(["notification", "marketing"]), _o.created_at >= _SINCE, _o.created_at < _UNTIL)
    .group_by(_o.status)
)
_BOUNCED = select(func.count()).select_from(_TALKS).where(_CUSTOMERS, _e.kind.in_(["bounced", "complained"]))
_OUT = select(func.count()).select_from(_TALKS).where(_CUSTOMERS, _e.kind == "opted_out")


@dataclass(frozen=True, slots=True)
class Counts:
    """Of one period. `handed_over` is by reason code; `proactive` by what became of the messages."""

    received: Mapping[str, int]
    answered: int
    by_people: int
    handed_over: Mapping[str, int]
    bounced: int
    opted_out: int
    proactive: Mapping[str, int]


def counts(connection: Connection, since: datetime, until: datetime) -> Counts:
    """Counts from `since` up to, not including, `until`."""
    given = {"since": since, "until": until}
    return Counts(
        received={row[0]: row[1] for row in connection.execute(_RECEIVED, given)},
        answered=connection.execute(_ANSWERED, given).scalar_one(),
        by_people=connection.execute(_BY_PEOPLE, given).scalar_one(),
        handed_over=Counter(code or "" for code in connection.execute(_HANDED, given).scalars()),
        bounced=connection.execute(_BOUNCED, given).scalar_one(),
        opted_out=connection.execute(_OUT, given).scalar_one(),
        proactive={row[0]: row[1] for row in connection.execute(_SENT, given)},
    )


def unanswered(connection: Connection, since: datetime, until: datetime, most: int) -> list[str]:
    """The newest questions that nothing was found on, with pseudonyms, each once."""
    given = {"since": since, "until": until, "most": most * 4}
    asked = [_question(row[0]) for row in connection.execute(_UNANSWERED, given)]
    return list(dict.fromkeys(question for question in asked if question))[:most]


def _question(record: Mapping[str, object] | None) -> str:
    said = (record or {}).get("said")
    lines = [str(line.get("text", "")) for line in said if isinstance(line, dict)] if isinstance(said, list) else []
    return " ".join(" ".join(lines).split())[:200]


def waiting(connection: Connection) -> int:
    """Conversations that wait for a person now."""
    return connection.execute(_WAITING).scalar_one()


def day_claimed(connection: Connection, day: str) -> bool:
    """Whether this day's digest was sent."""
    query = select(claims.c.at).where(claims.c.inbox == "digest", claims.c.provider_id == day)
    return connection.execute(query).first() is not None


def claim_day(connection: Connection, day: str, now: datetime) -> bool:
    """True for the one process that sends this day's digest."""
    return insert_if_absent(connection, claims, inbox="digest", provider_id=day, conversation_id="", seq=0, at=now)
