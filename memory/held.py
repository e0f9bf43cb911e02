"""Where a person's data lies: every table that holds some, how its rows are found, opened, and ended.

A table with a customer, a conversation or a turn in it that is not named here fails a test: nothing is held that an
export leaves out or an erasure forgets.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import ColumnElement, RowMapping, Select, Table, select

from memory import schema
from memory.schema import conversations, turns

Form = Literal["text", "json", "bytes"]
Context = Callable[[RowMapping], str]


@dataclass(frozen=True, slots=True, eq=False)
class Holding:
    """One table. `sealed` names its sealed columns, what each holds and the context it was sealed for; `hidden` are
    columns that say nothing about the person; `blanked` are values set at an erasure instead of removing the row.
    `other` is a second column in which the customer may stand."""

    table: Table
    column: Literal["id", "customer_id", "conversation_id", "turn_id"]
    sealed: Mapping[str, tuple[Form, Context]] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()
    blanked: Mapping[str, Any] | None = None
    other: str = ""

    @property
    def name(self) -> str:
        return str(self.table.name)  # SQLAlchemy's own kind of string is no key of a JSON object

    def of(self, customer: str) -> ColumnElement[bool]:
        """The condition that finds the customer's rows."""
        column: ColumnElement[str] = self.table.c[self.column]
        if self.other:
            return (column == customer) | (self.table.c[self.other] == customer)
        if self.column in ("id", "customer_id"):
            return column == customer
        return column.in_(_conversations(customer) if self.column == "conversation_id" else _turns(customer))


def _conversations(customer: str) -> Select[Any]:
    return select(conversations.c.id).where(conversations.c.customer_id == customer)


def _turns(customer: str) -> Select[Any]:
    return select(turns.c.id).where(turns.c.conversation_id.in_(_conversations(customer)))


def _in(what: str) -> Context:
    """The context of what is sealed in a conversation: `what` may name columns of the row."""
    return lambda row: f"{row['conversation_id']}:{what.format(**row)}"


_LEASE = frozenset({"lease", "lease_until", "customer_id"})

# In the order in which an erasure ends them: what is found through another table goes before it.
HOLDINGS: tuple[Holding, ...] = (
    Holding(schema.identities, "customer_id", {"value": ("text", lambda row: f"identity:{row['kind']}")},
            frozenset({"hash", "customer_id"})),
    Holding(schema.vault, "customer_id",
            {"value": ("text", lambda row: "vault:{customer_id}:{entity}:{number}".format(**row))},
            frozenset({"customer_id"})),
    Holding(schema.consents, "customer_id", hidden=frozenset({"customer_id"})),
    Holding(schema.subscriptions, "customer_id", {"body": ("json", _in("push:{id}"))}, frozenset({"customer_id"})),
    Holding(schema.campaign_members, "customer_id",
            {"values": ("json", lambda row: f"campaign:{row['campaign_id']}")}, frozenset({"customer_id"})),
    Holding(schema.hooks, "customer_id", {"payload": ("json", _in("hook:{id}"))}, _LEASE),
    # That a request was made, checked and ended is kept to be shown; what was said of the person is not.
    Holding(schema.tasks, "customer_id", hidden=frozenset({"customer_id"}), blanked={"note": "", "identity": None}),
    Holding(schema.attachments, "customer_id",
            {"name": ("text", _in("attachment:{id}:name")), "body": ("bytes", _in("attachment:{id}:body"))},
            frozenset({"customer_id"})),
    Holding(schema.outbox, "customer_id", {"payload": ("json", _in("outbox:{id}"))}, _LEASE),
    Holding(schema.dead_letters, "conversation_id"),
    Holding(schema.claims, "conversation_id"),
    # A correction is about an answer and was checked to hold nothing personal; its reason is anybody's words.
    Holding(schema.corrections, "turn_id", blanked={"why": ""}),
    Holding(schema.memories, "customer_id", {"body": ("json", lambda row: f"memory:{row['id']}")},
            frozenset({"customer_id"})),
    # Who the other customer is says nothing of this one, and may be somebody else.
    Holding(schema.links, "customer_id", hidden=frozenset({"customer_id", "other_id"}), other="other_id"),
    Holding(schema.segments, "conversation_id",
            {"body": ("json", _in("segment:{number}:{version}"))}, frozenset({"conversation_id"})),
    Holding(schema.events, "conversation_id", {"body": ("text", _in("event:{seq}"))}),
    Holding(schema.turns, "conversation_id", hidden=frozenset({"holder"})),
    Holding(schema.conversations, "customer_id",
            {"address": ("text", lambda row: f"{row['id']}:address"),
             "thread": ("json", lambda row: f"{row['id']}:thread")},
            _LEASE | {"token_hash", "thread_key"}),
    Holding(schema.customers, "id", hidden=frozenset({"key"})),
)  # fmt: skip

NOT_PERSONAL = frozenset({"controls", "audit", "campaigns", "incidents", "presence", "releases", "keyring", "chores"})
"""Tables about the organisation's own acts; an audit entry may name a customer's id and nothing else of theirs."""
