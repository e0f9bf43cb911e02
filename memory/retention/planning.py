"""What the rules would do now: how much is over its time, by class and region, what is kept in spite of it, and why.

It only reads.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, false, func, literal, or_, select, true

from memory.identity.members import members
from memory.retention.kinds import KINDS, Kind
from memory.retention.regions import normal
from memory.retention.rules import CLASSES, Rule, Rules, What
from memory.schema import controls, conversations, customers, events

_ACTS: tuple[What, ...] = ("erase", "redact")
_HOLDS = select(controls.c.name, controls.c.value).where(controls.c.name.startswith("hold/", autoescape=True))


@dataclass(frozen=True, slots=True)
class Line:
    """One rule in one region: `due` rows are over their time, the oldest from `oldest`; `held` of them stay, by
    reason, and are not in `due`. `region` is "" where it is not known."""

    rule: Rule
    region: str
    due: int
    oldest: datetime | None
    held: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run at `at` would find to do. `digest` names the rules."""

    at: datetime
    digest: str
    lines: tuple[Line, ...] = ()

    @property
    def due(self) -> dict[str, int]:
        """How many rows by class and act, such as "conversation erase"."""
        found: Counter[str] = Counter()
        for line in self.lines:
            found[f"{line.rule.of} {line.rule.what}"] += line.due
        return {name: count for name, count in sorted(found.items()) if count}

    @property
    def held(self) -> dict[str, int]:
        """How many rows stay that are over their time, by reason."""
        found: Counter[str] = Counter()
        for line in self.lines:
            found.update(line.held)
        return dict(sorted(found.items()))


def on_hold(connection: Connection) -> frozenset[str]:
    """Every customer under a legal hold, and everybody who is the same person."""
    names = [row.name for row in connection.execute(_HOLDS) if row.value.get("on")]
    return frozenset(one for name in names for one in members(connection, name.removeprefix("hold/")))


def places(connection: Connection) -> tuple[list[str], list[str]]:
    """Every (region, tier) that a conversation or a customer has, each once; "" among them."""

    def seen(name: str) -> list[str]:
        tables = (conversations, customers)
        found = {str(v or "") for t in tables for v in connection.execute(select(t.c[name]).distinct()).scalars()}
        return sorted(found | {""})

    return seen("region"), seen("tier")


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """The rows on which one rule acts, as a condition: those in its places, older than its days."""

    kind: Kind
    rule: Rule
    where: ColumnElement[bool]


def scopes(connection: Connection, rules: Rules, now: datetime) -> list[Scope]:
    """One for each rule that holds anywhere. Erasing comes before redacting: what goes whole is not emptied first."""
    regions, tiers = places(connection)
    found = []
    for what in _ACTS:
        for of in CLASSES:
            kind, split = KINDS[of], rules.split(of, what, regions, tiers)
            for rule in rules.of(of, what):
                if rule in split:
                    inside = _inside(kind, split[rule], regions, tiers)
                    found.append(Scope(kind, rule, and_(inside, _old(kind, rule, now))))
    return found


def _inside(
    kind: Kind, split: Mapping[str, Sequence[str]], regions: Sequence[str], tiers: Sequence[str]
) -> ColumnElement[bool]:
    if all(len(split.get(tier, ())) == len(regions) for tier in tiers):
        return true()
    parts = [
        and_(kind.tier == tier, true() if len(names) == len(regions) else kind.region.in_(names))
        for tier, names in split.items()
    ]
    return or_(*parts) if parts else false()


def _old(kind: Kind, rule: Rule, now: datetime) -> ColumnElement[bool]:
    cutoff = rule.cutoff(now)
    todo = and_(kind.to_do(rule.what), kind.at < cutoff)
    return and_(todo, _has_old_words(cutoff)) if kind.of == "message" else todo


def _has_old_words(cutoff: datetime) -> ColumnElement[bool]:
    """Conversations that go on, with something in them that was said before."""
    e = events.alias("old_words")
    said = or_(e.c.body.is_not(None), e.c.redacted != "")
    old = and_(e.c.conversation_id == conversations.c.id, e.c.at < cutoff, e.c.seq <= conversations.c.answered_seq)
    return and_(conversations.c.last_at >= cutoff, select(e.c.seq).where(old, said).exists())


def plan(connection: Connection, rules: Rules, now: datetime) -> Plan:
    """What the rules would do now. Changes nothing."""
    held = on_hold(connection)
    lines = [line for scope in scopes(connection, rules, now) for line in _lines(connection, scope, held)]
    return Plan(now, rules.digest, tuple(lines))


def _lines(connection: Connection, scope: Scope, held: frozenset[str]) -> list[Line]:
    kind = scope.kind
    columns = [kind.region.label("region"), kind.reason(held).label("reason"), kind.at.label("at")]
    rows = select(*columns).select_from(kind.source).where(scope.where).subquery()
    grouped = select(rows.c.region, rows.c.reason, func.count(), func.min(rows.c.at)).group_by(
        rows.c.region, rows.c.reason
    )
    found: dict[str, dict[str, tuple[int, Any]]] = {}
    for region, reason, count, oldest in connection.execute(grouped):
        told = found.setdefault(normal(region or ""), {})
        known = told.get(reason, (0, oldest))
        told[reason] = (known[0] + count, min(known[1], oldest))
    return [_line(scope.rule, region, told) for region, told in sorted(found.items())]


def _line(rule: Rule, region: str, told: dict[str, tuple[int, Any]]) -> Line:
    due, oldest = told.get("", (0, None))
    return Line(rule, region, due, oldest, {why: count for why, (count, _) in sorted(told.items()) if why})


def candidates(
    connection: Connection, scope: Scope, held: frozenset[str], limit: int
) -> list[tuple[tuple[Any, ...], int]]:
    """(key, size) of rows that may go now, the oldest first; a conversation's size is its number of events."""
    kind = scope.kind
    keys = [kind.table.c[name] for name in kind.keys]
    size = conversations.c.seq if kind.table is conversations else literal(1)
    query = (
        select(*keys, size.label("size"))
        .select_from(kind.source)
        .where(scope.where, kind.reason(held) == "")
        .order_by(kind.at, *keys)
        .limit(limit)
    )
    return [(tuple(row[:-1]), int(row[-1] or 0)) for row in connection.execute(query)]
