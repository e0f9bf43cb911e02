"""What became of a campaign, from its members, the outbox and the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, Executable, and_, bindparam, func, select

from memory.campaign_members import SEED
from memory.schema import campaign_members, consents, outbox

_m, _o, _k = campaign_members.c, outbox.c, consents.c
_OF = _m.campaign_id == bindparam("of")
_REAL = and_(_OF, _m.step != SEED)
_MEMBERS = select(_m.status, func.count()).where(_REAL).group_by(_m.status)
_STEPS = (
    select(_m.step, _m.status, func.count()).where(_REAL, _m.step > 0).group_by(_m.step, _m.status).order_by(_m.step)
)
_SKIPPED = select(_m.reason, func.count()).where(_REAL, _m.status == "skipped").group_by(_m.reason)
_JOINED = campaign_members.join(outbox, _o.id == _m.outbox_id)
_LEFT = select(_o.status, func.count()).select_from(_JOINED).where(_REAL).group_by(_o.status)
_RULES = (
    select(_o.status, _o.rule, func.count())
    .select_from(_JOINED)
    .where(_REAL, _o.status.in_(["pending", "refused", "parked"]), _o.rule.is_not(None), _o.rule != "")
    .group_by(_o.status, _o.rule)
)
# A report is the weightiest of those that came: one that was delivered after all is no bounce.
_REPORTS = (
    select(_o.report, func.count())
    .select_from(_JOINED)
    .where(_REAL, _o.report.is_not(None), _o.report != "")
    .group_by(_o.report)
)
_BOUNCES = ("hard", "soft", "blocked", "unknown")
# A complaint has a figure of its own, though it is an opt-out too.
_NO_OPT_OUT = ("complaint", "suppression list")
_OPT_OUTS = (
    select(func.count(func.distinct(_m.customer_id)))
    .select_from(
        _JOINED.join(consents, and_(_k.customer_id == _m.customer_id, _k.channel == _o.channel, _k.at >= _o.created_at))
    )
    .where(_REAL, _k.state == "out", _k.by.not_in(_NO_OPT_OUT), _o.status.in_(["sent", "sending"]))
)
_SEEDS = (
    select(func.coalesce(_o.status, _m.status), func.count())
    .select_from(campaign_members.outerjoin(outbox, _o.id == _m.outbox_id))
    .where(_OF, _m.step == SEED)
    .group_by(func.coalesce(_o.status, _m.status))
)
_LAST = (
    select(func.max(func.coalesce(_o.sent_at, _m.at)))
    .select_from(campaign_members.outerjoin(outbox, _o.id == _m.outbox_id))
    .where(_REAL, _m.status.in_(["queued", "skipped"]))
)
_UNSENT = (_o.campaign_id == bindparam("of"), _o.status.in_(["pending", "sending"]))
_DUE = select(func.count()).select_from(outbox).where(*_UNSENT, _o.next_at <= bindparam("now"))
_HELD = select(func.count()).select_from(outbox).where(*_UNSENT, _o.next_at > bindparam("now"))


@dataclass(frozen=True, slots=True)
class Step:
    """One step: how many members it has, and how many of them have no message yet."""

    number: int
    members: int
    waiting: int


@dataclass(frozen=True, slots=True)
class Progress:
    """Counts of members. `queued` have a message: `sent`, `on_its_way`, `refused` by the gate, `parked` for a person or
    `failed` for good. `held` and `refused_by` are by the gate's rule; reports are counted once for each message."""

    members: int = 0
    waiting: int = 0
    queued: int = 0
    skipped: int = 0
    dropped: int = 0
    sent: int = 0
    on_its_way: int = 0
    refused: int = 0
    parked: int = 0
    failed: int = 0
    delivered: int = 0
    bounced: int = 0
    complained: int = 0
    opted_out: int = 0
    held_by: Mapping[str, int] = field(default_factory=dict)
    refused_by: Mapping[str, int] = field(default_factory=dict)
    skipped_because: Mapping[str, int] = field(default_factory=dict)
    seeds: Mapping[str, int] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()


def progress(connection: Connection, id: str) -> Progress:
    """Where the campaign stands now."""
    given = {"of": id}
    members = _counted(connection, _MEMBERS, given)
    outcome = _counted(connection, _LEFT, given)
    reports = _counted(connection, _REPORTS, given)
    rules = connection.execute(_RULES, given).all()
    return Progress(
        members=sum(members.values()),
        waiting=members.get("waiting", 0),
        queued=members.get("queued", 0),
        skipped=members.get("skipped", 0),
        dropped=members.get("dropped", 0),
        sent=outcome.get("sent", 0),
        on_its_way=outcome.get("pending", 0) + outcome.get("sending", 0),
        refused=outcome.get("refused", 0),
        parked=outcome.get("parked", 0),
        failed=outcome.get("dead", 0),
        delivered=reports.get("delivered", 0) + reports.get("complained", 0),
        bounced=sum(reports.get(kind, 0) for kind in _BOUNCES),
        complained=reports.get("complained", 0),
        opted_out=connection.execute(_OPT_OUTS, given).scalar_one(),
        held_by={rule: count for status, rule, count in rules if status == "pending"},
        refused_by={rule: count for status, rule, count in rules if status != "pending"},
        skipped_because=_counted(connection, _SKIPPED, given),
        seeds=_counted(connection, _SEEDS, given),
        steps=_steps(connection, given),
    )


def unsent(connection: Connection, id: str, now: datetime) -> tuple[int, int]:
    """(messages of the campaign that would leave now, those that are held until later)."""
    given = {"of": id, "now": now}
    return connection.execute(_DUE, given).scalar_one(), connection.execute(_HELD, given).scalar_one()


def settled_at(connection: Connection, id: str) -> datetime | None:
    """When the last of the messages queued so far was sent, or else decided."""
    found: datetime | None = connection.execute(_LAST, {"of": id}).scalar()
    return found


def _steps(connection: Connection, given: Mapping[str, str]) -> tuple[Step, ...]:
    found: dict[int, list[int]] = {}
    for step, status, count in connection.execute(_STEPS, given):
        entry = found.setdefault(step, [0, 0])
        entry[0] += count
        entry[1] += count if status == "waiting" else 0
    return tuple(Step(number, members, waiting) for number, (members, waiting) in sorted(found.items()))


def _counted(connection: Connection, query: Executable, given: Mapping[str, str]) -> dict[str, int]:
    return {row[0]: row[1] for row in connection.execute(query, given)}
