"""What people see and stop: figures, switches, the audit, and one customer's data, to give out or to remove.

Every act of a person is in the audit, in the transaction that does it.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from langgraph.checkpoint.base import BaseCheckpointSaver
from sqlalchemy import Connection, RowMapping

from agent.acting import Actor as Actor
from agent.control_checks import checked
from agent.erasing import Eraser
from agent.errors import Refused
from agent.guardrails.pii import PiiUnavailable
from agent.looking import NOWHERE, Places
from agent.redaction import Detector, redact_text
from memory import audit, audit_entries, consent, controls, customer_views, tasks
from memory.audit_entries import Entry, Wanted
from memory.customer_views import CustomerLine, CustomerView
from memory.customers import set_place
from memory.erasure.certificate import Certificate
from memory.erasure.holds import hold_name
from memory.errors import MemoryFault
from memory.export import check_customer, counted, export
from memory.store import Store
from memory.tasks import Task
from memory.trends import Numbers, Scope, numbers
from memory.vault import Vault

LONGEST_WHY = 500
LONGEST_EVIDENCE = 2000


@dataclass(frozen=True, slots=True)
class Said:
    """A consent or withdrawal that a person records: what the customer said, how and when it was said."""

    channel: str
    purpose: consent.ConsentPurpose
    state: Literal["in", "out"]
    evidence: str


@dataclass(frozen=True, slots=True, eq=False)
class Oversight:
    """`parked` holds the checkpoints of drafts that wait, and `places` says where else something of a customer lies: an
    erasure removes all of it. `detector` finds what is personal in what people write about a customer."""

    store: Store
    vault: Vault
    parked: BaseCheckpointSaver[Any]
    detector: Detector
    places: Places = NOWHERE

    @property
    def eraser(self) -> Eraser:
        """What removes people from these stores."""
        return Eraser(self.store, self.vault, self.parked, self.places)

    async def figures(self, scope: Scope) -> tuple[Numbers, Numbers]:
        """A period's figures, and those of the period before it."""
        now = await self.store.read(lambda c: numbers(c, scope))
        return now, await self.store.read(lambda c: numbers(c, scope.before))

    # --- switches ---

    async def controls(self) -> list[RowMapping]:
        """Every control with who set it, why and when."""
        return await self.store.read(controls.read)

    async def set_control(self, name: str, value: Mapping[str, Any], who: Actor, why: str, now: datetime) -> None:
        """Holds on every process within a second. Raises Refused without a reason, and for what no control can be."""
        value, reason = checked(name, value), _reason(why)
        await self.store.write(lambda c: controls.put(c, name, value, who.name, reason, now, who.role))

    async def drop_control(self, name: str, who: Actor, why: str, now: datetime) -> bool:
        """The setting holds again; False when nobody had set it. Raises Refused without a reason."""
        reason = _reason(why)
        return await self.store.write(lambda c: controls.drop(c, name, who.name, reason, now, who.role))

    # --- the audit ---

    async def audit(self, wanted: Wanted, *, before: int | None = None, limit: int = 100) -> list[Entry]:
        """Newest first."""
        return await self.store.read(
            lambda c: audit_entries.entries(c, wanted, before=before, limit=limit, vault=self.vault)
        )

    async def audited(self, wanted: Wanted) -> int:
        """How many entries there are of these."""
        return await self.store.read(lambda c: audit_entries.counted(c, wanted))

    async def actors(self) -> Sequence[str]:
        """Everybody in the audit, by name."""
        return await self.store.read(audit_entries.actors)

    async def verify(self) -> int | None:
        """The first entry of the audit that was changed or follows one that is gone; None when the chain is whole."""
        return await self.store.read(audit.verify)

    async def note(self, who: Actor, act: str, subject: str, detail: Mapping[str, Any], now: datetime) -> None:
        """Writes an act into the audit that changes nothing else: a login, a look at what is masked."""
        await self.store.write(lambda c: _note(c, self.vault, who, act, subject, detail, now))

    async def note_login(self, who: Actor, act: str, why: str, now: datetime) -> None:
        """As `note`; a store that cannot be written keeps nobody at the door."""
        with contextlib.suppress(MemoryFault):
            await self.note(who, act, "desk", {"why": why}, now)

    # --- customers ---

    async def customers(self, words: str = "") -> list[CustomerLine]:
        """Who has exactly this telephone, address or id; without words those who were here last."""
        return await self.store.read(lambda c: customer_views.search(c, self.vault, words))

    async def customer(self, id: str) -> CustomerView:
        """Raises UnknownCustomer."""
        return await self.store.read(lambda c: customer_views.customer(c, self.vault, id))

    async def tasks(self, id: str) -> list[Task]:
        """The customer's requests for their rights: those to do, then those ended."""

        def work(connection: Connection) -> list[Task]:
            live, ended = (tasks.listed(connection, self.vault, live=each, customer=id) for each in (True, False))
            return [*live, *ended]

        return await self.store.read(work)

    async def reveal(self, id: str, number: int, who: Actor, now: datetime) -> str:
        """The customer's identity of that number, unmasked; who looked is in the audit. Raises UnknownCustomer."""

        def work(connection: Connection) -> str:
            check_customer(connection, id)
            known = customer_views.known_as(connection, self.vault, id)
            if not 1 <= number <= len(known):
                raise Refused("this customer has no such identity any more")
            shown = known[number - 1]
            _note(
                connection,
                self.vault,
                who,
                "customer.revealed",
                f"customer:{shown.customer}",
                {"kind": shown.kind},
                now,
            )
            return shown.value

        return await self.store.write(work)

    async def record_consent(self, id: str, said: Said, who: Actor, now: datetime) -> None:
        """Adds what the customer said to the ledger. Raises UnknownCustomer; Refused for a consent without evidence."""
        entry, evidence = f"k-{uuid.uuid4().hex}", said.evidence.strip()[:LONGEST_EVIDENCE]
        if not evidence and said.state == "in":
            raise Refused("say how the customer consented: what they were asked, where and when")
        evidence = await self.redacted(id, evidence)

        def work(connection: Connection) -> None:
            check_customer(connection, id)
            consent.record_consent(
                connection,
                id=entry,
                customer=id,
                channel=said.channel,
                purpose=said.purpose,
                state=said.state,
                evidence={"source": "desk", "words": evidence},
                now=now,
                by=who.name,
            )
            detail = {"channel": said.channel, "purpose": said.purpose, "state": said.state, "entry": entry}
            _note(connection, self.vault, who, "consent.recorded", f"customer:{id}", detail, now)

        await self.store.write(work)

    async def ledger(self, id: str) -> Sequence[consent.Entry]:
        """What the customer said yes and no to, newest first. Raises UnknownCustomer."""

        def work(connection: Connection) -> Sequence[consent.Entry]:
            check_customer(connection, id)
            return consent.ledger(connection, id)

        return await self.store.read(work)

    async def standings(self, id: str) -> dict[str, dict[str, str]]:
        """What holds now, by channel and purpose, of the channels in the customer's ledger."""
        return await self.store.read(lambda c: consent.standings(c, id))

    async def set_place(self, id: str, timezone: str, region: str, who: Actor, now: datetime) -> None:
        """Where the customer is: decides when they may be written to unasked. Raises UnknownCustomer."""

        def work(connection: Connection) -> None:
            check_customer(connection, id)
            set_place(connection, id, timezone, region)
            _note(
                connection,
                self.vault,
                who,
                "customer.placed",
                f"customer:{id}",
                {"timezone": timezone, "region": region},
                now,
            )

        await self.store.write(work)

    async def hold(self, id: str, on: bool, who: Actor, why: str, now: datetime) -> None:
        """Puts or lifts a legal hold; while it stands nobody erases the customer. Raises UnknownCustomer, Refused."""
        reason = await self.redacted(id, _reason(why))

        def work(connection: Connection) -> None:
            check_customer(connection, id)
            controls.put(connection, hold_name(id), {"on": on}, who.name, reason, now, who.role, self.vault)

        await self.store.write(work)

    async def export(self, id: str, who: Actor, now: datetime) -> dict[str, Any]:
        """Everything held about the customer, see `memory.export`. Raises UnknownCustomer."""

        def work(connection: Connection) -> dict[str, Any]:
            found = export(connection, self.vault, id, now)
            _note(
                connection,
                self.vault,
                who,
                "customer.exported",
                f"customer:{id}",
                {"rows": counted(found["held"])},
                now,
            )
            return found

        return await self.store.write(work)

    async def erase(self, id: str, who: Actor, why: str, now: datetime) -> Certificate:
        """Removes all that is held of the person everywhere, and gives the proof.

        Raises UnknownCustomer, Held, JournalFault; then nothing was removed.
        """
        words = why.strip()[:LONGEST_WHY]
        try:
            words = await self.redacted(id, words)
        except Refused:  # nobody waits for an erasure because the filter is not working: the words are left out
            words = "(the reason is left out: the privacy filter was not working)"
        return await self.eraser.erase(id, who, words, now)

    async def redacted(self, id: str, text: str) -> str:
        """What a person wrote about a customer, with pseudonyms: it is stored where nothing is sealed."""
        if not text:
            return ""
        await self.store.read(lambda c: check_customer(c, id))
        try:
            return await redact_text(text, id, self.detector, self.store, self.vault)
        except PiiUnavailable:
            raise Refused("the privacy filter is not working, so words about a customer cannot be kept now") from None


def _reason(why: str) -> str:
    words = why.strip()
    if not words:
        raise Refused("say why: whoever looks at this later must understand it")
    return words[:LONGEST_WHY]


def _note(
    connection: Connection, vault: Vault, who: Actor, act: str, subject: str, detail: Mapping[str, Any], now: datetime
) -> None:
    audit.note(connection, actor=who.name, role=who.role, act=act, subject=subject, detail=detail, now=now, vault=vault)
