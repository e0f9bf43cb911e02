"""What people at the desk do and see."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from agent import metrics
from agent.controls import LiveControls
from agent.correcting import Correcting, Wish
from agent.dispatch.signals import Signal
from agent.errors import Refused
from agent.guardrails.pii import PiiUnavailable
from agent.people import Colleagues, People
from agent.ports import Bus, Doorbell
from agent.redaction import redact_text
from agent.rights import Rights
from agent.suggesting import Suggesting, Suggestions
from agent.worker import Worker
from memory import drafts, log, ownership, reading, turns
from memory.attachments import with_names
from memory.corrections import Correction
from memory.messages import Owner
from memory.presence import State
from memory.store import Store
from memory.vault import Vault
from memory.views import ApprovalView, Assist, ConversationView, Log

_LONGEST_TEXT = 20_000


@dataclass(frozen=True, slots=True, eq=False)
class Desk:
    """Reads and acts on conversations as a person; every act is an event in the log."""

    store: Store
    vault: Vault
    doorbell: Doorbell
    bus: Bus
    worker: Worker
    suggestions: Suggestions = field(default_factory=Suggestions)

    async def conversations(
        self, *, owner: Owner | None = None, status: str = "open", inbox: str | None = None, limit: int = 100
    ) -> list[ConversationView]:
        """Those that wait for a person first, longest waiting on top; then the rest, newest first."""
        return await self.store.read(
            lambda c: reading.conversations(c, self.vault, owner=owner, status=status, inbox=inbox, limit=limit)
        )

    async def conversation(self, conversation: str) -> ConversationView:
        """Raises UnknownConversation."""
        return await self.store.read(lambda c: reading.conversation(c, self.vault, conversation))

    async def events(self, conversation: str, after: int = 0, limit: int = 500) -> Log:
        """A page of the log, oldest first. Raises UnknownConversation."""
        found = await self.store.read(
            lambda c: with_names(
                c, self.vault, log.read_events(c, self.vault, conversation, after=after, limit=limit + 1)
            )
        )
        return Log(tuple(found[:limit]), more=len(found) > limit)

    async def take_over(self, conversation: str, person: str) -> ConversationView:
        """When this returns, no word of the bot goes out any more. Raises UnknownConversation, NotYours."""
        now = datetime.now(UTC)
        if await self.store.write(lambda c: ownership.take_over(c, self.vault, conversation, person, now)):
            await self._drop_drafts(conversation, now)
            await self._tell(conversation, restart=True)
        return await self.conversation(conversation)

    async def release(self, conversation: str, person: str) -> ConversationView:
        """Gives it back to the bot, which answers what is still open. Raises NotYours."""
        now = datetime.now(UTC)
        if await self.store.write(lambda c: ownership.release(c, self.vault, conversation, person, now)):
            await self.doorbell.ring(conversation)
        await self._tell(conversation)
        return await self.conversation(conversation)

    async def close(self, conversation: str, person: str) -> ConversationView:
        """Raises NotYours when another person has it."""
        now = datetime.now(UTC)
        await self.store.write(lambda c: ownership.close(c, self.vault, conversation, person, now))
        await self._drop_drafts(conversation, now)
        await self._tell(conversation)
        return await self.conversation(conversation)

    async def say(self, conversation: str, person: str, text: str, key: str, *, said_there: bool = False) -> int:
        """Sends a person's words; the same key again sends nothing and returns the same seq. With `said_there` the
        customer has them already, from another desk, and they are only written down.

        Raises NotYours, Refused (empty, too long, or the gate says no).
        """
        words = _bounded(text)
        head = await self.store.read(lambda c: log.read_head(c, conversation))
        push, now = head["inbox"] in self.worker.pushes and not said_there, datetime.now(UTC)
        seq = await self.store.write(
            lambda c: ownership.say(c, self.vault, conversation, person, words, key=key, push=push, now=now)
        )
        if head["due_at"] is not None:
            metrics.SLA_REPLIES.labels(str(head["due_at"] >= now).lower()).inc()
        await self._tell(conversation)
        return seq

    async def note(self, conversation: str, person: str, text: str) -> int:
        """A remark only people see. Raises Refused when it is empty or too long."""
        words, now = _bounded(text), datetime.now(UTC)
        seq = await self.store.write(lambda c: ownership.note(c, self.vault, conversation, person, words, now))
        await self._tell(conversation)
        return seq

    async def typing(self, conversation: str, person: str) -> None:
        """The customer of a live chat sees that this person writes. Kept nowhere."""
        await self.bus.publish(conversation, Signal("typing", conversation, role="agent", text=person))

    async def approvals(self) -> list[ApprovalView]:
        """Drafts that wait for a person, oldest first."""
        return await self.store.read(lambda c: reading.approvals(c, self.vault))

    async def decide(
        self, turn: str, decision: Literal["approve", "edit", "reject"], text: str | None, person: str
    ) -> None:
        """Carries a decision out. Raises UnknownTurn, AlreadyDecided, Refused (an edit without words)."""
        row = await self.store.read(lambda c: turns.read_turn(c, turn))
        words = await self._redacted(row["conversation_id"], _bounded(text or "")) if decision == "edit" else ""
        chosen, now = {"decision": decision, "text": words, "person": person}, datetime.now(UTC)
        worker = self.worker
        decided = await self.store.write(
            lambda c: drafts.decide(
                c, self.vault, turn, chosen, holder=worker.holder, now=now, lease_s=worker.limits.lease_s
            )
        )
        await worker.resume(decided)
        await self._tell(row["conversation_id"])

    async def assist(self, conversation: str) -> Assist:
        """Summary, reason, and what the knowledge has on the customer's last words. Raises UnknownConversation."""
        view = await self.conversation(conversation)
        assist, answers = await self.store.read(
            lambda c: (reading.assist(c, self.vault, view), reading.searched_to(c, view.id))
        )
        return await self.suggesting.freshen(assist, view, answers)

    async def turn(self, turn: str) -> Mapping[str, Any]:
        """A turn's whole record. Raises UnknownTurn."""
        row = await self.store.read(lambda c: turns.read_turn(c, turn))
        record = dict(row["record"] or {})
        kept = {k: row[k] for k in ("id", "conversation_id", "status", "route", "attempt", "error", "epoch")}
        times = {k: row[k].isoformat() if row[k] else None for k in ("started_at", "ended_at")}
        return {**kept, **times, "from_seq": row["from_seq"], "to_seq": row["to_seq"], "record": record}

    async def changes(self) -> AsyncIterator[str]:
        """Ids of conversations that changed, for ever; "" when something may have been missed."""
        async with self.bus.watch(None) as watch:
            while True:
                signal = await watch.next(timeout_s=2.0)
                yield signal.conversation if signal else ""

    @property
    def correcting(self) -> Correcting:
        """Corrections of answers."""
        deps = self.worker.deps
        return Correcting(self.store, self.vault, deps.collection, deps.collections)

    async def correct(self, turn: str, wish: Wish, person: str, role: str) -> Correction:
        """Says what was wrong with an answer, or what it should be from now on. Raises UnknownTurn, Refused."""
        return await self.correcting.correct(turn, wish, person, role)

    @property
    def suggesting(self) -> Suggesting:
        """Replies suggested to people."""
        worker = self.worker
        controls = LiveControls(self.store)
        return Suggesting(self.store, self.vault, worker.deps, worker.detector, controls, self.suggestions)

    @property
    def people(self) -> People:
        """Who is at the desk, and passing on."""
        return People(self.store, self.vault, self.worker.deps.staffing)

    @property
    def rights(self) -> Rights:
        """Requests of customers for their rights."""
        return Rights(self.store, self.vault, self.worker.deps.staffing, self._without_pii)

    async def transfer(
        self, conversation: str, by: str, role: str, person: str | None = None, team: str | None = None
    ) -> ConversationView:
        """Passes it to a colleague, who owns it from here on, or to a team's queue. Raises NotYours, Refused."""
        now = datetime.now(UTC)
        await self.people.transfer(conversation, by, role, person=person, team=team, now=now)
        await self._drop_drafts(conversation, now)
        await self._tell(conversation, restart=True)
        return await self.conversation(conversation)

    async def colleagues(self) -> Colleagues:
        """Whom a conversation may be passed to."""
        return await self.people.colleagues()

    async def seen(self, person: str, state: State | None = None) -> None:
        """A sign of life of somebody at the desk; `state` is what they say of themselves."""
        await self.people.seen(person, state)

    async def writes(self, conversation: str, person: str) -> None:
        """A sign that its owner works on a conversation."""
        now = datetime.now(UTC)
        await self.store.write(lambda c: ownership.sign(c, conversation, person, now))

    async def _drop_drafts(self, conversation: str, at: datetime) -> None:
        """Removes the checkpoints of drafts that were superseded at this moment."""
        for turn in await self.store.read(lambda c: turns.superseded_at(c, conversation, at)):
            await self.worker.parked.adelete_thread(turn)

    async def _redacted(self, conversation: str, text: str) -> str:
        customer = (await self.store.read(lambda c: log.read_head(c, conversation)))["customer_id"]
        try:
            return await redact_text(text, customer, self.worker.detector, self.store, self.vault)
        except PiiUnavailable:
            raise Refused(
                "the privacy filter is not working, so words cannot be changed now; approve or reject"
            ) from None

    async def _without_pii(self, text: str, customer: str) -> str:
        try:
            return await redact_text(text, customer, self.worker.detector, self.store, self.vault)
        except PiiUnavailable:
            raise Refused("the privacy filter is not working, so nothing can be written down here now") from None

    async def _tell(self, conversation: str, restart: bool = False) -> None:
        if restart:
            await self.bus.publish(conversation, Signal("restart", conversation))
        await self.bus.publish(conversation, Signal("changed", conversation))


def _bounded(text: str) -> str:
    words = text.strip()
    if not words:
        raise Refused("there is nothing to send")
    if len(words) > _LONGEST_TEXT:
        raise Refused(f"the text has {len(words)} characters; {_LONGEST_TEXT} is the most")
    return words
