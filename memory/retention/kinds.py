"""What each class of data is in the tables: from when its age counts, whose it is, and what keeps it from being purged.

A reason to keep wins over every rule. An open conversation that the bot owns and has answered counts from the last
thing that happened in it: most are never closed by anybody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Table,
    and_,
    case,
    false,
    func,
    literal,
    not_,
    null,
    or_,
    select,
    true,
)

from memory import schema
from memory.retention.rules import DataClass, What
from memory.schema import conversations, customers, tasks

LIVE_TASK = ("open", "verified")
LIVE_TURN = ("running", "parked", "decided")
REDACTED: Final = "redacted"
"""The data class of a conversation of which only the skeleton is left."""
PURGING: Final = "purging"
"""Of one that is on its way out in several transactions, because it is long; the status of removals to be finished."""
ENDPOINT: Final = "retention/"
"""Of rows in `hooks` that say what is still to be taken out of the index."""

_c, _p = conversations.c, customers.c
_REQUEST: Final = "a request of the customer is not ended"
HOLD: Final = "a legal hold"


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """One class. `keys` find a row; `at` is when its age began; `over` says that it can be purged at all (a delivery
    that was sent, a task that ended); `keeps` are reasons against it, in the order in which they are told. `said` is
    the condition under which a redaction still finds something."""

    of: DataClass
    table: Table
    keys: tuple[str, ...]
    at: ColumnElement[Any]
    source: FromClause
    region: ColumnElement[Any]
    tier: ColumnElement[Any]
    owner: ColumnElement[Any]
    over: ColumnElement[bool]
    keeps: tuple[tuple[str, ColumnElement[bool]], ...] = ()
    said: ColumnElement[bool] = field(default_factory=lambda: true())
    blank: Mapping[str, Any] = field(default_factory=dict)

    def to_do(self, what: What) -> ColumnElement[bool]:
        """Rows on which the act has not been done."""
        return and_(self.over, self.said) if what == "redact" else self.over

    def reason(self, held: frozenset[str]) -> ColumnElement[Any]:
        """Why a row stays whatever its age, "" where nothing keeps it. `held` are customers under a legal hold."""
        hold = self.owner.in_(sorted(held)) if held else false()
        return case((hold, HOLD), *((condition, literal(words)) for words, condition in self.keeps), else_="")


def _place(first: ColumnElement[Any] | None, second: ColumnElement[Any]) -> ColumnElement[Any]:
    """The conversation's own, else the customer's, else ""."""
    theirs = func.coalesce(second, "")
    return theirs if first is None else case((func.coalesce(first, "") != "", first), else_=theirs)


def _asked(owner: ColumnElement[Any]) -> ColumnElement[bool]:
    live = tasks.alias("live_task")
    return select(live.c.id).where(live.c.customer_id == owner, live.c.status.in_(LIVE_TASK)).exists()


def _unsent(table: Table, statuses: tuple[str, ...]) -> ColumnElement[bool]:
    of = table.alias(f"unsent_{table.name}")
    mine = (of.c.customer_id == _c.customer_id, of.c.conversation_id == _c.id)  # the first of them has the index
    return select(of.c.id).where(*mine, of.c.status.in_(statuses)).exists()


def _running() -> ColumnElement[bool]:
    turns = schema.turns.alias("live_turn")
    return select(turns.c.id).where(turns.c.conversation_id == _c.id, turns.c.status.in_(LIVE_TURN)).exists()


_TALKING: Final[tuple[tuple[str, ColumnElement[bool]], ...]] = (
    (_REQUEST, _asked(_c.customer_id)),
    ("people have it", and_(_c.status == "open", _c.owner != "bot")),
    ("a message waits for an answer", or_(_c.inbound_seq > _c.answered_seq, _c.lease.is_not(None), _running())),
    ("a message waits to be sent", _unsent(schema.outbox, ("pending", "sending", "parked"))),
    ("another system is not told yet", _unsent(schema.hooks, ("pending", "sending"))),
)


def _conversation(of: DataClass, classes: tuple[str, ...], at: ColumnElement[Any] = _c.last_at) -> Kind:
    return Kind(
        of=of,
        table=conversations,
        keys=("id",),
        at=at,
        source=conversations.outerjoin(customers, _p.id == _c.customer_id),
        region=_place(_c.region, _p.region),
        tier=_place(_c.tier, _p.tier),
        owner=_c.customer_id,
        over=_c.data_class.in_(classes),
        keeps=_TALKING,
        said=_c.data_class.not_in([REDACTED, PURGING]),
    )


def _part(
    of: DataClass,
    table: Table,
    keys: tuple[str, ...],
    at: ColumnElement[Any],
    over: ColumnElement[bool],
    keeps: tuple[tuple[str, ColumnElement[bool]], ...] = (),
    **more: Any,
) -> Kind:
    """A class of rows that belong to a conversation."""
    mine = table.c.customer_id if "customer_id" in table.c else _c.customer_id
    joined = table.outerjoin(conversations, _c.id == table.c.conversation_id).outerjoin(customers, _p.id == mine)
    owner = func.coalesce(mine, _c.customer_id, "")
    asked = (_REQUEST, _asked(owner))
    places = (_place(_c.region, _p.region), _place(_c.tier, _p.tier))
    return Kind(of, table, keys, at, joined, *places, owner, over, (asked, *keeps), **more)


def _own(
    of: DataClass,
    table: Table,
    keys: tuple[str, ...],
    at: ColumnElement[Any],
    over: ColumnElement[bool],
    keeps: tuple[tuple[str, ColumnElement[bool]], ...] = (),
    *,
    source: FromClause | None = None,
    **more: Any,
) -> Kind:
    """A class of rows that belong to a customer alone."""
    joined = table if source is None else source
    joined = joined.join(customers, _p.id == table.c.customer_id)
    asked = (_REQUEST, _asked(table.c.customer_id))
    places = (_place(None, _p.region), _place(None, _p.tier))
    return Kind(of, table, keys, at, joined, *places, table.c.customer_id, over, (asked, *keeps), **more)


_o, _h, _t, _a, _k = (t.c for t in (schema.outbox, schema.hooks, schema.turns, schema.attachments, schema.tasks))
_m, _n, _f = schema.campaign_members.c, schema.consents.c, schema.memories.c
_newer_hook, _newer_word = schema.hooks.alias("newer_hook"), schema.consents.alias("newer_word")

# An endpoint goes on from its newest row, and a desk that follows a conversation from the rows of it.
_LAST_TOLD = not_(
    select(_newer_hook.c.id)
    .where(_newer_hook.c.endpoint == _h.endpoint, _newer_hook.c.created_at > _h.created_at)
    .exists()
)
_FOLLOWED = and_(_h.endpoint.startswith("handoff/", autoescape=True), _c.id.is_not(None))
# An older word counts no more where the same was said again later.
_DECIDES = not_(
    select(_newer_word.c.id)
    .where(
        *(_newer_word.c[name] == _n[name] for name in ("customer_id", "channel", "purpose", "state")),
        or_(_newer_word.c.at > _n.at, and_(_newer_word.c.at == _n.at, _newer_word.c.id > _n.id)),
    )
    .exists()
)
_EMPTY = literal(b"")

KINDS: Final[Mapping[DataClass, Kind]] = {
    kind.of: kind
    for kind in (
        _conversation("conversation", ("conversation", REDACTED, PURGING)),
        _conversation("staff", ("staff",)),
        _conversation("message", ("conversation",), _c.opened_at),
        _own(
            "memory",
            schema.memories,
            ("id",),
            func.coalesce(_f.valid_until, _f.said_at),
            true(),
        ),
        _part(
            "attachment",
            schema.attachments,
            ("id",),
            _a.at,
            true(),
            said=_a.body.is_not(None),
        ),
        _part(
            "record",
            schema.turns,
            ("id",),
            func.coalesce(_t.ended_at, _t.started_at),
            _t.status.not_in(LIVE_TURN),
            said=or_(_t.record.is_not(None), _t.decision.is_not(None)),
            blank={"record": null(), "decision": null(), "error": null()},
        ),
        _part(
            "delivery",
            schema.outbox,
            ("id",),
            func.coalesce(_o.sent_at, _o.created_at),
            _o.status.in_(["sent", "dead", "refused"]),
            said=_o.payload != _EMPTY,
            blank={"payload": b""},
        ),
        _part(
            "hook",
            schema.hooks,
            ("id",),
            _h.created_at,
            _h.status.in_(["sent", "dead"]),
            (("an endpoint goes on from it", or_(_LAST_TOLD, _FOLLOWED)),),
        ),
        _part(
            "subscription",
            schema.subscriptions,
            ("id",),
            schema.subscriptions.c.ended_at,
            schema.subscriptions.c.ended_at.is_not(None),
        ),
        _part(
            "dead_letter",
            schema.dead_letters,
            ("id",),
            schema.dead_letters.c.resolved_at,
            schema.dead_letters.c.resolved_at.is_not(None),
        ),
        _part("claim", schema.claims, ("inbox", "provider_id"), schema.claims.c.at, true()),
        _part(
            "task",
            schema.tasks,
            ("id",),
            _k.ended_at,
            _k.status.not_in(LIVE_TASK),
            said=or_(_k.note != "", _k.identity.is_not(None)),
            blank={"note": "", "identity": null()},
        ),
        _own(
            "campaign",
            schema.campaign_members,
            ("campaign_id", "customer_id"),
            schema.campaigns.c.ended_at,
            schema.campaigns.c.ended_at.is_not(None),
            source=schema.campaign_members.join(schema.campaigns, schema.campaigns.c.id == _m.campaign_id),
            said=or_(_m["values"].is_not(None), _m.reason != ""),
            blank={"values": null(), "reason": ""},
        ),
        _own(
            "consent",
            schema.consents,
            ("id",),
            _n.at,
            true(),
            (("it decides what may be sent", _DECIDES),),
        ),
    )
}
