"""What a customer's "stop", "start" or "help" does: the ledger's entry, its event, and the one answer where it is ours.

Part of the transaction in which the message is written down.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, bindparam, select

from memory import consent
from memory.consent import State, record_consent
from memory.log import Head
from memory.messages import PROACTIVE, Inbound, Purpose
from memory.opt_out_words import OptOut, opt_out
from memory.outbox import enqueue
from memory.schema import outbox

OptOutScope = Literal["all", "purpose"]

_LAST_SENT = (
    select(outbox.c.purpose)
    .where(
        outbox.c.customer_id == bindparam("customer"),
        outbox.c.admitted_at.is_not(None),
        outbox.c.channel == bindparam("channel"),
    )
    .order_by(outbox.c.admitted_at.desc())
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class Answers:
    """What is answered in an inbox where nobody else does: to an opt-out, to an opt-in, to a call for help. "" says
    nothing. `push` says that answers leave by the outbox."""

    stopped: str
    started: str
    help: str
    push: bool


@dataclass(frozen=True, slots=True)
class OptOutRules:
    """`scope` says what a bare STOP ends: all messages of the channel, or the purpose of the last one that left.
    `answers` has the inboxes where we answer; elsewhere the provider does."""

    scope: OptOutScope = "all"
    answers: Mapping[str, Answers] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wish:
    """A message as it is meant, and what it asks to end by its words."""

    inbound: Inbound
    words: OptOut | None = None


def read(connection: Connection, customer: str, inbound: Inbound) -> Wish:
    """The message with its kind corrected by what the ledger and its words say.

    "Yes" and "start" opt in only those who had opted out; from anybody else they are an ordinary answer. HELP from
    somebody who opted out waits for a person, as nothing may be sent to them.
    """
    if inbound.automatic:
        return Wish(inbound)
    if inbound.kind in ("opt_in", "help"):
        out = consent.newest_is_out(connection, customer, inbound.channel)
        ordinary = out if inbound.kind == "help" else not out
        return Wish(replace(inbound, kind="message") if ordinary else inbound)
    if inbound.kind != "message":
        return Wish(inbound)
    words = opt_out(inbound.text, inbound.channel)
    if words is not None and words.whole and inbound.channel in words.channels:
        return Wish(replace(inbound, kind="opt_out"), words)
    return Wish(inbound, words)


def act(head: Head, wish: Wish, rules: OptOutRules, id: str, now: datetime) -> None:
    """Records what the message asks for, and queues the one answer. The message's own event is the newest."""
    inbound, seq = wish.inbound, int(head.row["seq"])
    if inbound.kind == "help":
        _answer(head, inbound, "help", rules, now)
    elif inbound.kind == "opt_in":
        _record(head, "in", inbound.channel, "all", "keyword", f"{id}", seq, now)
        _answer(head, inbound, "started", rules, now)
    elif wish.words is not None:
        fresh = False
        for n, channel in enumerate(wish.words.channels):
            own = _record(head, "out", channel, wish.words.purpose, "words", f"{id}-{n}" if n else id, seq, now)
            fresh = fresh or (own and channel == inbound.channel)
        if fresh:
            _answer(head, inbound, "stopped", rules, now)
    elif inbound.kind == "opt_out":
        purpose = _last_purpose(head, inbound.channel) if rules.scope == "purpose" else "all"
        if _record(head, "out", inbound.channel, purpose, "keyword", id, seq, now):
            _answer(head, inbound, "stopped", rules, now)


def _record(head: Head, state: State, channel: str, purpose: str, by: str, id: str, seq: int, now: datetime) -> bool:
    """Whether the entry changes anything: a second STOP is kept, and not confirmed again."""
    customer = head.row["customer_id"]
    before = consent.standing(head.connection, customer, channel, purpose)
    record_consent(
        head.connection,
        id=id,
        customer=customer,
        channel=channel,
        purpose=purpose,
        state=state,
        evidence={"conversation": head.id, "seq": seq, "by": by},
        now=now,
    )
    meta = {"channel": channel, "purpose": purpose, "by": by}
    head.append("opted_out" if state == "out" else "opted_in", now, meta=meta)
    return before != state


def _last_purpose(head: Head, channel: str) -> str:
    given = {"customer": head.row["customer_id"], "channel": channel}
    last: str | None = head.connection.execute(_LAST_SENT, given).scalar()
    return last if last in PROACTIVE else "all"


def _answer(
    head: Head, inbound: Inbound, what: Literal["stopped", "started", "help"], rules: OptOutRules, now: datetime
) -> None:
    answers = rules.answers.get(head.row["inbox"])
    text = "" if answers is None else getattr(answers, what)
    if answers is None or not text:
        return
    purpose: Purpose = "confirmation" if what == "stopped" else "reply"
    seq = head.append("replied", now, text, redacted=text, meta={"sources": [], "answers": what})
    if answers.push:
        enqueue(head, f"{what}-{head.id[-40:]}-{seq}", seq, text, purpose, (), now)
