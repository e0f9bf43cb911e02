"""What people at the desk see of what is known of a customer, and how they put it right, end it, or have it forgotten.

They see real values; what they write is stored with pseudonyms, as everything that is remembered. Every look and every
act is in the audit, in the transaction that does it.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from agent.errors import Refused
from agent.guardrails.pii import PiiUnavailable
from agent.oversight import Actor
from agent.redaction import Detector, redact_text
from memory import audit
from memory.cards import truncate_cards
from memory.export import check_customer
from memory.facts import keeping
from memory.facts.keeping import Known
from memory.facts.memory import Memory, MemoryKind
from memory.facts.superseding import Claim, in_force
from memory.facts.taking import is_kept_out, words_around
from memory.identity.profile import members
from memory.messages import legible
from memory.store import Store
from memory.vault import Vault

LONGEST: Final = 300
LONGEST_WHY: Final = 500


@dataclass(frozen=True, slots=True)
class MemoryView:
    """A memory as people see it, with real values. `in_force` says whether it holds now; `ended_why` is a key of
    `memory.facts.superseding.WHY`. `conversation` and `seq` are where it was said, "" and 0 for the desk's own."""

    id: str
    customer: str
    kind: MemoryKind
    attribute: str
    value: str
    text: str
    role: str
    origin: str
    confidence: float
    said_at: datetime
    valid_from: datetime | None
    valid_until: datetime | None
    in_force: bool
    ended_why: str
    superseded_by: str
    conversation: str
    seq: int


@dataclass(frozen=True, slots=True)
class Written:
    """What a person writes down about a customer. `attribute` is "" for what is about nothing in particular."""

    kind: MemoryKind
    attribute: str
    value: str


@dataclass(frozen=True, slots=True, eq=False)
class Curating:
    """Needs no index: what changed here is told to it by the keeper, also after a restart."""

    store: Store
    vault: Vault
    detector: Detector

    async def memories(self, customer: str, who: Actor | None, now: datetime) -> tuple[MemoryView, ...]:
        """All that is known of the person, what holds first, newest first; with `who`, the look is in the audit.

        Raises UnknownCustomer.
        """

        def work(connection: Connection) -> tuple[MemoryView, ...]:
            check_customer(connection, customer)
            same = members(connection, customer)
            known = keeping.history(connection, self.vault, same)
            if who is not None:
                _note(connection, self.vault, who, "memory.shown", customer, {"memories": len(known)}, now)
            return self._views(connection, known, now)

        return await (self.store.write(work) if who is not None else self.store.read(work))

    def _views(self, connection: Connection, known: Sequence[Known], now: datetime) -> tuple[MemoryView, ...]:
        shown = [each for each in known if not each.denies]
        holding = {memory.id for memory in in_force((each.memory for each in shown), now)}
        books = {id: self.vault.book(connection, id) for id in {each.memory.customer for each in shown}}
        views = [_view(each, books[each.memory.customer].restore, each.memory.id in holding) for each in shown]
        return tuple(sorted(views, key=lambda view: not view.in_force))

    async def add(self, customer: str, written: Written, why: str, who: Actor, now: datetime) -> str:
        """Writes down what the customer said elsewhere; returns its id. Raises UnknownCustomer, Refused."""
        text, value = await self._redacted(customer, written)
        reason = await self._reason(customer, why)
        claim = self._claim(customer, written, text, value, now)

        def work(connection: Connection) -> str:
            check_customer(connection, customer)
            keeping.keep(connection, self.vault, customer, [claim], now)
            detail = {"memory": claim.id, "kind": written.kind, "attribute": written.attribute, "why": reason}
            _note(connection, self.vault, who, "memory.added", customer, detail, now)
            return claim.id

        return await self.store.write(work)

    async def correct(self, customer: str, memory: str, value: str, why: str, who: Actor, now: datetime) -> str:
        """Puts another value in a memory's place; returns the new one's id. The old one stays, ended, to be shown.

        Raises UnknownCustomer, UnknownMemory, Refused.
        """
        old = await self.store.read(lambda c: self._one(c, customer, memory))
        if old.ended_why:
            raise Refused("this holds no longer: put right what took its place")
        owner, written = old.memory.customer, Written(old.memory.kind, old.memory.attribute, value)
        text, pseudonymised = await self._redacted(owner, written)
        reason = await self._reason(owner, why)
        claim = replace(self._claim(owner, written, text, pseudonymised, now), replaces=memory)

        def work(connection: Connection) -> str:
            self._one(connection, customer, memory)
            keeping.keep(connection, self.vault, owner, [claim], now)
            detail = {"memory": memory, "by": claim.id, "attribute": written.attribute, "why": reason}
            _note(connection, self.vault, who, "memory.corrected", customer, detail, now)
            return claim.id

        return await self.store.write(work)

    async def end(self, customer: str, memory: str, why: str, who: Actor, now: datetime) -> None:
        """Says that it holds no longer, with nothing in its place. Raises UnknownCustomer, UnknownMemory, Refused."""
        owner = (await self.store.read(lambda c: self._one(c, customer, memory))).memory.customer
        reason, denial = await self._reason(owner, why), f"m-{uuid.uuid4().hex}"

        def work(connection: Connection) -> None:
            self._one(connection, customer, memory)
            keeping.end(connection, self.vault, memory, denial, "Ended at the desk.", now)
            _note(connection, self.vault, who, "memory.ended", customer, {"memory": memory, "why": reason}, now)

        await self.store.write(work)

    async def forget(self, customer: str, memory: str, why: str, who: Actor, now: datetime) -> int:
        """Removes a memory and its repetitions for good, from the index too; how many. They are not taken from the same
        messages again. Raises UnknownCustomer, UnknownMemory, Refused."""
        owner = (await self.store.read(lambda c: self._one(c, customer, memory))).memory.customer
        reason = await self._reason(owner, why)

        def work(connection: Connection) -> int:
            self._one(connection, customer, memory)
            gone = keeping.forget(connection, self.vault, memory, now)
            _note(connection, self.vault, who, "memory.forgotten", customer, {"memories": gone, "why": reason}, now)
            return len(gone)

        return await self.store.write(work)

    def _one(self, connection: Connection, customer: str, memory: str) -> Known:
        """The memory, if it is this person's. Raises UnknownCustomer, UnknownMemory."""
        check_customer(connection, customer)
        return keeping.one(connection, self.vault, members(connection, customer), memory)

    def _claim(self, customer: str, written: Written, text: str, value: str, now: datetime) -> Claim:
        return Claim(
            id=f"m-{uuid.uuid4().hex}",
            customer=customer,
            kind=written.kind,
            attribute=written.attribute,
            value=value,
            text=text,
            said_at=now,
            valid_from=now,
            role="agent",
            origin="desk",
        )

    async def _redacted(self, customer: str, written: Written) -> tuple[str, str]:
        """(text, value) with pseudonyms. Raises Refused for what is not remembered, UnknownCustomer."""
        value = " ".join(truncate_cards(legible(written.value)).split())
        if not value:
            raise Refused("say what holds: an empty memory tells nobody anything")
        if len(value) > LONGEST:
            raise Refused(f"a memory has at most {LONGEST} characters; write a note for more")
        if is_kept_out(value):
            raise Refused(
                "health, faith, politics, secrets and the like are not kept as memories: ask for them when they matter"
            )
        before, after = words_around(written.kind, written.attribute)
        text = await self._pseudonymised(customer, f"{before}{value}{after}")
        inner = text.startswith(before) and text.endswith(after)
        return text, text[len(before) : len(text) - len(after)] if inner else text

    async def _pseudonymised(self, customer: str, text: str) -> str:
        await self.store.read(lambda c: check_customer(c, customer))
        try:
            return await redact_text(text, customer, self.detector, self.store, self.vault)
        except PiiUnavailable:
            raise Refused("the privacy filter is not working, so words about a customer cannot be kept now") from None

    async def _reason(self, customer: str, why: str) -> str:
        words = " ".join(why.split())[:LONGEST_WHY]
        return await self._pseudonymised(customer, words) if words else ""


def _view(known: Known, restore: Any, holds: bool) -> MemoryView:
    memory: Memory = known.memory
    return MemoryView(
        id=memory.id,
        customer=memory.customer,
        kind=memory.kind,
        attribute=memory.attribute,
        value=restore(memory.value),
        text=restore(memory.text),
        role=memory.role,
        origin=memory.origin,
        confidence=memory.confidence,
        said_at=memory.said_at,
        valid_from=memory.valid_from,
        valid_until=memory.valid_until,
        in_force=holds,
        ended_why=known.ended_why,
        superseded_by=memory.superseded_by,
        conversation=memory.conversation,
        seq=memory.seq,
    )


def _note(
    connection: Connection, vault: Vault, who: Actor, act: str, customer: str, detail: Mapping[str, Any], now: datetime
) -> None:
    audit.note(
        connection,
        actor=who.name,
        role=who.role,
        act=act,
        subject=f"customer:{customer}",
        detail=detail,
        now=now,
        vault=vault,
    )
