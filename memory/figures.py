"""How well messages arrive and wishes are heeded, in a period: what Prometheus reads. `memory.trends` has what the
dashboards draw over time: volume, response times, handovers, verdicts, ratings, cost.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, ColumnElement, Connection, and_, case, func, or_, select, type_coerce

from memory.schema import consents, conversations, dead_letters, hooks, outbox

_o, _k = outbox.c, consents.c
UNDONE_WITHIN = timedelta(hours=24)
_REAL = _k.by != "suppression list"  # an opt-out taken over from before an erasure is no new one


@dataclass(frozen=True, slots=True)
class Sent:
    """Messages that left, by channel and purpose."""

    channel: str
    purpose: str
    count: int


@dataclass(frozen=True, slots=True)
class Bounces:
    """Messages that bounced, by channel and class; `kind` is hard, soft, blocked or unknown."""

    channel: str
    kind: str
    count: int


@dataclass(frozen=True, slots=True)
class OptOuts:
    """Opt-outs in the ledger. `by` says how: keyword, words, provider, complaint, one click, or "person"."""

    channel: str
    purpose: str
    by: str
    count: int


@dataclass(frozen=True, slots=True)
class Coverage:
    """Customers who talked on a channel: how many consented to marketing there, opted out, never said."""

    channel: str
    consented: int
    opted_out: int
    unknown: int

    @property
    def known(self) -> float:
        """The share of whom the ledger says something, 0 to 1."""
        everybody = self.consented + self.opted_out + self.unknown
        return (self.consented + self.opted_out) / everybody if everybody else 0.0


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Opt-outs of a period: how many were honoured (nothing they forbid was let go after them, until an opt-in), and
    how many that we read out of words were taken back within a day, so that we probably read them wrong."""

    opt_outs: int
    honoured: int
    by_words: int
    undone: int


def sent(connection: Connection, since: datetime, until: datetime) -> list[Sent]:
    query = (
        select(_o.channel, _o.purpose, func.count())
        .where(_o.admitted_at.is_not(None), *_within(_o.admitted_at, since, until), _o.status == "sent")
        .group_by(_o.channel, _o.purpose)
        .order_by(_o.channel, _o.purpose)
    )
    return [Sent(channel, purpose, int(count)) for channel, purpose, count in connection.execute(query)]


def bounces(connection: Connection, since: datetime, until: datetime) -> list[Bounces]:
    """By what their row ended with; what a provider refused at once for its address counts too."""
    return _reported(connection, since, until, ("hard", "soft", "blocked", "unknown"))


def complaints(connection: Connection, since: datetime, until: datetime) -> dict[str, int]:
    """Messages that their recipients called spam, by channel."""
    return {one.channel: one.count for one in _reported(connection, since, until, ("complained",))}


def opt_outs(connection: Connection, since: datetime, until: datetime) -> list[OptOuts]:
    """Entries that say "out", by channel, purpose and how they came about."""
    how = func.coalesce(_k.evidence["by"].as_string(), case((_k.by == "", "customer"), else_="person"))
    query = (
        select(_k.channel, _k.purpose, how, func.count())
        .where(_k.state == "out", _REAL, *_within(_k.at, since, until))
        .group_by(_k.channel, _k.purpose, how)
        .order_by(_k.channel, _k.purpose, how)
    )
    return [OptOuts(channel, purpose, by, int(n)) for channel, purpose, by, n in connection.execute(query)]


def velocity(connection: Connection, since: datetime, until: datetime) -> dict[str, float]:
    """Opt-outs per 1,000 messages sent, by channel; where nothing was sent there is no figure."""
    left: dict[str, int] = {}
    for one in sent(connection, since, until):
        left[one.channel] = left.get(one.channel, 0) + one.count
    outs = dict.fromkeys(left, 0)
    for each in opt_outs(connection, since, until):
        if each.channel in outs:
            outs[each.channel] += each.count
    return {channel: 1000 * outs[channel] / count for channel, count in left.items()}


def coverage(connection: Connection) -> list[Coverage]:
    """As the ledger stands: by channel, of the customers who ever talked there."""
    newest = (
        select(
            _k.customer_id,
            _k.channel,
            _k.state,
            _k.purpose,
            func.row_number()
            .over(partition_by=(_k.customer_id, _k.channel), order_by=(_k.at.desc(), _k.state.desc()))
            .label("place"),
            func.max(case((and_(_k.state == "in", _k.purpose == "marketing"), 1), else_=0))
            .over(partition_by=(_k.customer_id, _k.channel))
            .label("ever"),
        )
        .where(_k.purpose.in_(["marketing", "all"]))
        .subquery()
    )
    c = conversations.c
    talked = select(c.customer_id, c.channel).distinct().subquery()
    out = newest.c.state == "out"
    consented = and_(newest.c.state == "in", or_(newest.c.purpose == "marketing", newest.c.ever == 1))
    query = (
        select(
            talked.c.channel,
            func.sum(case((consented, 1), else_=0)),
            func.sum(case((out, 1), else_=0)),
            func.count(),
        )
        .select_from(talked)
        .outerjoin(
            newest,
            (newest.c.customer_id == talked.c.customer_id)
            & (newest.c.channel == talked.c.channel)
            & (newest.c.place == 1),
        )
        .group_by(talked.c.channel)
        .order_by(talked.c.channel)
    )
    found = [(channel, int(yes), int(no), int(every)) for channel, yes, no, every in connection.execute(query)]
    return [Coverage(channel, yes, no, every - yes - no) for channel, yes, no, every in found]


def accuracy(connection: Connection, since: datetime, until: datetime) -> Accuracy:
    """Of the opt-outs of a period. A message counts by when the gate let it go."""
    out, back = consents.alias("out"), consents.alias("back")
    taken_back = (
        select(back.c.id)
        .where(
            back.c.customer_id == out.c.customer_id,
            back.c.channel == out.c.channel,
            back.c.purpose.in_([out.c.purpose, "all"]),
            back.c.state == "in",
            back.c.at > out.c.at,
        )
        .correlate(out, outbox)
    )
    forbidden = or_(and_(out.c.purpose == "all", _o.purpose != "confirmation"), _o.purpose == out.c.purpose)
    broken = (
        select(_o.id)
        .where(
            _o.customer_id == out.c.customer_id,
            _o.channel == out.c.channel,
            _o.admitted_at > out.c.at,
            forbidden,
            ~taken_back.where(back.c.at <= _o.admitted_at).exists(),
        )
        .correlate(out)
        .exists()
    )
    by_words = out.c.evidence["by"].as_string() == "words"
    # Times are whole microseconds in the tables, and an interval is none of theirs.
    soon = taken_back.where(_us(back.c.at) - _us(out.c.at) <= UNDONE_WITHIN // timedelta(microseconds=1)).exists()
    counted = select(
        func.count(),
        func.sum(case((broken, 1), else_=0)),
        func.sum(case((by_words, 1), else_=0)),
        func.sum(case((and_(by_words, soon), 1), else_=0)),
    ).select_from(out)
    real = out.c.by != "suppression list"
    row = connection.execute(counted.where(out.c.state == "out", real, *_within(out.c.at, since, until))).one()
    all_, wrong, words, undone = (int(value or 0) for value in row)
    return Accuracy(all_, all_ - wrong, words, undone)


def waiting(connection: Connection, now: datetime) -> dict[str, tuple[int, float]]:
    """What is still to be done, by status: how many, and for how many seconds the oldest waits. Rows that the gate
    holds are "held", webhooks "webhook", dead letters nobody dealt with "dead_send", "dead_turn", "dead_hook"."""
    held = and_(_o.status == "pending", _o.next_at > now, _o.error.is_(None), _o.rule.is_not(None))
    status = case((held, "held"), else_=_o.status)
    rows = select(status, func.count(), func.min(_o.created_at)).where(_o.status.in_(["pending", "sending"]))
    found = [(name, count, oldest) for name, count, oldest in connection.execute(rows.group_by(status))]
    to_post = select(func.count(), func.min(hooks.c.created_at)).where(hooks.c.status.in_(["pending", "sending"]))
    found += [("webhook", count, oldest) for count, oldest in connection.execute(to_post)]
    letters = select(dead_letters.c.kind, func.count(), func.min(dead_letters.c.at))
    letters = letters.where(dead_letters.c.resolved_at.is_(None)).group_by(dead_letters.c.kind)
    found += [(f"dead_{kind}", count, oldest) for kind, count, oldest in connection.execute(letters)]
    none = dict.fromkeys(("pending", "sending", "held", "webhook", "dead_send", "dead_turn", "dead_hook"), (0, 0.0))
    return none | {
        str(name): (int(count), max(0.0, (now - oldest).total_seconds()))
        for name, count, oldest in found
        if oldest is not None
    }


def _reported(connection: Connection, since: datetime, until: datetime, kinds: tuple[str, ...]) -> list[Bounces]:
    query = (
        select(_o.channel, _o.report, func.count())
        .where(*_within(_o.reported_at, since, until), _o.report.in_(kinds))
        .group_by(_o.channel, _o.report)
        .order_by(_o.channel, _o.report)
    )
    return [Bounces(channel, kind, int(count)) for channel, kind, count in connection.execute(query)]


def _within(at: ColumnElement[datetime], since: datetime, until: datetime) -> list[ColumnElement[bool]]:
    return [at >= since, at < until]


def _us(at: ColumnElement[datetime]) -> ColumnElement[int]:
    return type_coerce(at, BigInteger)
