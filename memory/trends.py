"""Figures of a period as the dashboards draw them: counted in slices of time, by channel, for one inbox or all.

Every query begins at conversations that were active in the period (an index), so that a dashboard of a day does not
read a year's log. Automatic messages count nowhere: nobody waits for an answer to them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Float, case, cast, func, select, type_coerce

from memory.schema import consents, conversations, events, outbox, turns

_US = 1_000_000
# Waits that are read for a percentile; more would not move it.
_MOST_WAITS = 100_000
_c, _e, _o, _t = conversations.c, events.c, outbox.c, turns.c


@dataclass(frozen=True, slots=True)
class Scope:
    """A period cut into `slices`, and which conversations count: "" is any."""

    since: datetime
    until: datetime
    slices: int
    inbox: str = ""
    channel: str = ""

    @property
    def before(self) -> Scope:
        """The period of the same length that ends where this one begins."""
        return Scope(self.since - (self.until - self.since), self.since, self.slices, self.inbox, self.channel)

    @property
    def slice(self) -> timedelta:
        return (self.until - self.since) / self.slices

    def starts(self) -> list[datetime]:
        """When each slice begins."""
        return [self.since + self.slice * number for number in range(self.slices)]

    def conversations(self) -> list[ColumnElement[bool]]:
        """Conditions on conversations that may have something in the period."""
        found = [_c.last_at >= self.since]
        if self.inbox:
            found.append(_c.inbox == self.inbox)
        if self.channel:
            found.append(_c.channel == self.channel)
        return found

    def within(self, at: ColumnElement[datetime]) -> list[ColumnElement[bool]]:
        return [at >= self.since, at < self.until]

    def number(self, at: ColumnElement[datetime]) -> ColumnElement[int]:
        """The number of the slice that a time falls into, from 0."""
        begin, width = _us(self.since), max(1, int(self.slice.total_seconds() * _US))
        # Both databases divide whole numbers to whole numbers with `//`.
        return (type_coerce(at, BigInteger) - begin) // width

    def spread(self, rows: Sequence[Any]) -> dict[str, list[int]]:
        """(name, slice, count) rows as a list of counts for each name."""
        found: dict[str, list[int]] = {}
        for name, number, count in rows:
            found.setdefault(str(name), [0] * self.slices)[min(int(number), self.slices - 1)] += int(count)
        return dict(sorted(found.items()))


@dataclass(frozen=True, slots=True)
class Waits:
    """First answers: how long customers waited for one, in seconds, and how many never had one in the period."""

    seconds: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    unanswered: int = 0


@dataclass(frozen=True, slots=True)
class Handoffs:
    """Conversations in which customers wrote, those handed to people, and why; one may be handed over twice."""

    conversations: int = 0
    handed: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Gate:
    """What became of messages at the gate, by channel and rule; `sent` and `messages` by channel."""

    messages: Mapping[str, int] = field(default_factory=dict)
    sent: Mapping[str, int] = field(default_factory=dict)
    rules: Mapping[tuple[str, str], int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OptOuts:
    """Opt-outs and messages sent, in slices; both by the channels asked for."""

    outs: tuple[int, ...]
    sent: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Cost:
    """What models cost, in the currency of the configured prices, by slice; answers and tokens in all."""

    spent: tuple[float, ...]
    answers: int = 0
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class Resolution:
    """Conversations in which customers wrote: answered by the assistant alone, by a person, by nobody yet."""

    assistant: int = 0
    person: int = 0
    nobody: int = 0

    @property
    def all(self) -> int:
        return self.assistant + self.person + self.nobody


@dataclass(frozen=True, slots=True)
class Numbers:
    """All of a period's figures."""

    scope: Scope
    volume: Mapping[str, Sequence[int]]
    waits: Waits
    handoffs: Handoffs
    gate: Gate
    opt_outs: OptOuts
    signals: Mapping[str, int]
    ratings: Mapping[int, int]
    cost: Cost
    resolution: Resolution


def numbers(connection: Connection, scope: Scope) -> Numbers:
    """Every figure of one period, of one moment."""
    return Numbers(
        scope,
        volume(connection, scope),
        waits(connection, scope),
        handoffs(connection, scope),
        gate(connection, scope),
        opt_outs(connection, scope),
        signals(connection, scope),
        ratings(connection, scope),
        cost(connection, scope),
        resolution(connection, scope),
    )


def volume(connection: Connection, scope: Scope) -> dict[str, list[int]]:
    """Messages from customers by channel, in slices."""
    number = scope.number(_e.at)
    query = (
        select(_c.channel, number, func.count())
        .select_from(_talk())
        .where(*scope.conversations(), *scope.within(_e.at), _e.kind == "received", _by_a_person())
        .group_by(_c.channel, number)
    )
    return scope.spread(connection.execute(query).all())


def waits(connection: Connection, scope: Scope) -> Waits:
    """First answers to the first message of the period in each conversation, by channel."""
    asked = (
        select(_e.conversation_id.label("id"), func.min(_e.seq).label("seq"), func.min(_e.at).label("at"), _c.channel)
        .select_from(_talk())
        .where(*scope.conversations(), *scope.within(_e.at), _e.kind == "received", _by_a_person())
        .group_by(_e.conversation_id, _c.channel)
        .subquery()
    )
    answer = events.alias("answer")
    first = (
        select(answer.c.conversation_id.label("id"), func.min(answer.c.at).label("at"))
        .join(asked, (asked.c.id == answer.c.conversation_id) & (answer.c.seq > asked.c.seq))
        .where(answer.c.kind.in_(["replied", "said"]), answer.c.at < scope.until)
        .group_by(answer.c.conversation_id)
        .subquery()
    )
    query = select(asked.c.channel, asked.c.at, first.c.at.label("answered_at")).outerjoin(
        first, first.c.id == asked.c.id
    )
    seconds: dict[str, list[float]] = {}
    unanswered = 0
    for row in connection.execute(query.limit(_MOST_WAITS)):
        if row.answered_at is None:
            unanswered += 1
        else:
            seconds.setdefault(row.channel, []).append((row.answered_at - row.at).total_seconds())
    return Waits({name: tuple(sorted(found)) for name, found in sorted(seconds.items())}, unanswered)


def handoffs(connection: Connection, scope: Scope) -> Handoffs:
    """How many conversations went to people, and why."""
    code = _e.meta["code"].as_string()
    begun = [*scope.conversations(), *scope.within(_e.at)]
    reasons = (
        select(code, func.count())
        .select_from(_talk())
        .where(*begun, _e.kind == "handed_over")
        .group_by(code)
        .order_by(func.count().desc())
    )
    found = {str(name or "other"): int(count) for name, count in connection.execute(reasons)}
    handed = select(func.count(_e.conversation_id.distinct())).select_from(_talk())
    handed = handed.where(*begun, _e.kind == "handed_over")
    return Handoffs(_wrote(connection, scope), int(connection.execute(handed).scalar_one()), found)


def gate(connection: Connection, scope: Scope) -> Gate:
    """What the gate said of the messages queued in the period, those it has not seen yet left out."""
    sent = func.sum(case((_o.status == "sent", 1), else_=0))
    query = (
        select(_o.channel, _o.rule, func.count(), sent)
        .select_from(outbox.join(conversations, _c.id == _o.conversation_id))
        .where(*_of_outbox(scope), *scope.within(_o.created_at), _o.rule.is_not(None))
        .group_by(_o.channel, _o.rule)
    )
    messages: dict[str, int] = {}
    left: dict[str, int] = {}
    rules: dict[tuple[str, str], int] = {}
    for channel, rule, count, passed in connection.execute(query):
        messages[channel] = messages.get(channel, 0) + int(count)
        left[channel] = left.get(channel, 0) + int(passed)
        rules[channel, rule] = rules.get((channel, rule), 0) + int(count)
    return Gate(messages, left, dict(sorted(rules.items())))


def opt_outs(connection: Connection, scope: Scope) -> OptOuts:
    """Opt-outs in slices, and messages sent to compare them with. The ledger knows channels and no inboxes."""
    number = scope.number(consents.c.at)
    outs = select(consents.c.state, number, func.count()).where(
        *scope.within(consents.c.at), consents.c.state == "out", consents.c.by != "suppression list"
    )
    if scope.channel:
        outs = outs.where(consents.c.channel == scope.channel)
    at = scope.number(_o.sent_at)
    sent = (
        select(_o.status, at, func.count())
        .select_from(outbox.join(conversations, _c.id == _o.conversation_id))
        .where(*_of_outbox(scope), *scope.within(_o.sent_at), _o.status == "sent")
        .group_by(_o.status, at)
    )
    found = scope.spread(connection.execute(outs.group_by(consents.c.state, number)).all())
    left = scope.spread(connection.execute(sent).all())
    none = [0] * scope.slices
    return OptOuts(tuple(found.get("out", none)), tuple(left.get("sent", none)))


def signals(connection: Connection, scope: Scope) -> dict[str, int]:
    """What says that something goes wrong for customers, by kind; one message may count for more than one."""
    score = _e.meta["score"].as_integer()
    wanted = {
        "complaints": (_e.kind == "triaged") & (_e.meta["kind"].as_string() == "complaint"),
        "negative": (_e.kind == "triaged") & (_e.meta["sentiment"].as_string() == "negative"),
        "low_ratings": (_e.kind == "feedback") & (score <= 2),
        "bounced": _e.kind == "bounced",
        "spam_reports": _e.kind == "complained",
        "opted_out": _e.kind == "opted_out",
    }
    sums = [func.sum(case((condition, 1), else_=0)).label(name) for name, condition in wanted.items()]
    kinds = ["triaged", "feedback", "bounced", "complained", "opted_out"]
    query = select(*sums).select_from(_talk())
    row = connection.execute(query.where(*scope.conversations(), *scope.within(_e.at), _e.kind.in_(kinds))).one()
    return {name: int(value or 0) for name, value in row._asdict().items()}


def ratings(connection: Connection, scope: Scope) -> dict[int, int]:
    """How many customers gave each score, from 1 to 5."""
    score = _e.meta["score"].as_integer()
    query = (
        select(score, func.count())
        .select_from(_talk())
        .where(*scope.conversations(), *scope.within(_e.at), _e.kind == "feedback", score.between(1, 5))
        .group_by(score)
    )
    found = {int(value): int(count) for value, count in connection.execute(query)}
    return {value: found.get(value, 0) for value in range(1, 6)}


def cost(connection: Connection, scope: Scope) -> Cost:
    """What the models' answers cost, as their turns recorded it."""
    draft, number = _t.record["draft"], scope.number(_t.started_at)
    spent = func.sum(cast(draft["cost"].as_float(), Float))
    tokens = func.sum(draft["tokens_in"].as_integer() + draft["tokens_out"].as_integer())
    query = (
        select(number, spent, tokens, func.count())
        .select_from(turns.join(conversations, _c.id == _t.conversation_id))
        .where(*scope.conversations(), *scope.within(_t.started_at), _t.status == "committed")
        .where(draft["made_by"].as_string().is_not(None))
        .group_by(number)
    )
    slices, used, answers = [0.0] * scope.slices, 0, 0
    for at, money, spoken, count in connection.execute(query):
        slices[min(int(at), scope.slices - 1)] += float(money or 0)
        used, answers = used + int(spoken or 0), answers + int(count)
    return Cost(tuple(slices), answers, used)


def resolution(connection: Connection, scope: Scope) -> Resolution:
    """Who answered the conversations in which customers wrote in the period."""
    counted = {name: func.max(case((_e.kind == kind, 1), else_=0)).label(name) for name, kind in _KINDS.items()}
    each = (
        select(*counted.values(), func.max(case((_by_staff(), 1), else_=0)).label("staff"))
        .select_from(_talk())
        .where(*scope.conversations(), *scope.within(_e.at))
        .group_by(_e.conversation_id)
        .subquery()
    )
    to_people = (each.c.handed == 1) | (each.c.taken == 1) | (each.c.staff == 1)
    query = select(
        func.sum(case((~to_people & (each.c.replied == 1), 1), else_=0)),
        func.sum(case((to_people & (each.c.staff == 1), 1), else_=0)),
        func.count(),
    ).where(each.c.received == 1)
    alone, person, all_ = (int(value or 0) for value in connection.execute(query).one())
    return Resolution(alone, person, all_ - alone - person)


_KINDS = {"received": "received", "replied": "replied", "handed": "handed_over", "taken": "taken"}


def _by_staff() -> ColumnElement[bool]:
    """A person's words to the customer; a campaign's message is signed by nobody."""
    signed: ColumnElement[bool] = _e.meta["person"].as_string().is_not(None)
    return (_e.kind == "said") & signed


def _by_a_person() -> ColumnElement[bool]:
    said: ColumnElement[bool] = func.coalesce(_e.meta["automatic"].as_boolean(), False)
    return said.is_(False)


def _wrote(connection: Connection, scope: Scope) -> int:
    query = select(func.count(_e.conversation_id.distinct())).select_from(_talk())
    query = query.where(*scope.conversations(), *scope.within(_e.at), _e.kind == "received", _by_a_person())
    return int(connection.execute(query).scalar_one())


def _of_outbox(scope: Scope) -> list[ColumnElement[bool]]:
    """As `scope.conversations`, but by the channel a message left on: a reminder of a chat is a push."""
    found = Scope(scope.since, scope.until, scope.slices, scope.inbox).conversations()
    return [*found, _o.channel == scope.channel] if scope.channel else found


def _talk() -> Any:
    return events.join(conversations, _c.id == _e.conversation_id)


def _us(moment: datetime) -> int:
    return int(moment.timestamp()) * _US + moment.microsecond


def quantile(ordered: Sequence[float], share: float) -> float:
    """The smallest value with at least this share of all at or under it. `ordered` is not empty."""
    return float(ordered[max(0, math.ceil(share * len(ordered)) - 1)])
