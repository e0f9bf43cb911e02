"""Takes what was said into memory, after the turn and beside it: what is known of the customer, and the index.

A conversation counts as remembered up to an event once the index has it. Until then everything is done again: rows
and points have the same ids each time, so a kill anywhere loses nothing and doubles nothing. What an erasure removed
meanwhile is not put back. While the index is away turns go on without it, and nothing is given up.
"""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

import structlog
from sqlalchemy import Connection

from agent.guardrails.injection import judge_text
from agent.guardrails.pii import PiiUnavailable
from agent.ports import Embedder
from agent.redaction import Detector, redact_events_of
from agent.remembering.pointing import Said, memory_points, said_points
from memory import chores
from memory.errors import StoreUnavailable, UnknownConversation, UnknownCustomer
from memory.facts import keeping
from memory.facts.index import FactIndex, IndexUnavailable, memory_point, said_id
from memory.facts.keeping import Known, Waiting
from memory.facts.superseding import Claim
from memory.facts.taking import Taking, claims, take_event, take_from
from memory.log import read_events, read_head
from memory.messages import Event, Role
from memory.seal import SealError
from memory.store import Store
from memory.vault import Vault

_log = structlog.get_logger(__name__)

LOOK_S: Final = 2.0
"""How often the keeper looks for what is new: the next message of a conversation comes later than that."""
PAGE: Final = 64
"""Events of a conversation that are taken in at once, and memories that the index is told of at once."""
ROUND: Final = 16
"""Conversations that are carried on in a round."""
LONGEST_WAIT_S: Final = 300.0
CHORE: Final = "memory"
LEASE_S: Final = 120.0
"""How long a round is one process's. One that takes longer is gone on with by two, which keeps everything once too."""
_ROLES: Final[dict[str, Role]] = {"received": "customer", "replied": "bot", "said": "agent"}


class Taker(Protocol):
    """Finds in a customer's message what the patterns did not; every value stands in it to the letter."""

    async def take(self, text: str, said_at: datetime) -> Sequence[Taking]:
        """Raises nothing: without an answer it finds nothing."""
        ...


@dataclass(slots=True, eq=False)
class MemoryKeeper:
    """One in each process that has the index open. `timezone` is where days begin, `taker` a model, if there is one."""

    store: Store
    vault: Vault
    detector: Detector
    embedder: Embedder
    index: FactIndex
    timezone: str = "UTC"
    taker: Taker | None = None
    holder: str = field(default_factory=lambda: f"memory-{uuid.uuid4().hex}")
    _failed: dict[str, tuple[int, datetime]] = field(default_factory=dict)
    _away: int = 0
    _begun: bool = False

    async def run(self) -> None:
        """For ever."""
        while True:
            try:
                busy = await self.look(datetime.now(UTC))
                self._away = 0
            except (IndexUnavailable, StoreUnavailable) as error:
                self._away, busy = self._away + 1, False
                if self._away == 1:
                    _log.warning("memory_waits", error=error.code)
            except Exception as error:  # noqa: BLE001  (what keeps memory must never come down)
                self._away, busy = self._away + 1, False
                _log.error("memory_not_kept", error=type(error).__name__, exc_info=True)
            wait_s = min(LOOK_S * 2 ** min(self._away, 8), LONGEST_WAIT_S)
            await asyncio.sleep(0 if busy else wait_s)

    async def look(self, now: datetime) -> bool:
        """One round; whether more waits. Another process that is at it is left to it.

        Raises IndexUnavailable, StoreUnavailable.
        """
        await self._begin()
        skipped = [id for id, (_, until) in self._failed.items() if until > now]
        found = await self.store.read(lambda c: keeping.unremembered(c, now, ROUND, skipped))
        if not found and not await self.store.read(lambda c: keeping.unindexed(c, self.vault, 1)):
            if self.index.fresh and not skipped:
                await self.index.whole()
            return False
        if not await self.store.write(lambda c: self._taken(c, now)):
            return False
        try:
            moved = [await self._try(waiting, now) for waiting in found]
            return await self.tell(now) == PAGE or any(moved)
        finally:
            with contextlib.suppress(StoreUnavailable):  # then the lease runs out
                await self.store.write(lambda c: chores.finish(c, CHORE, self.holder, None))

    def _taken(self, connection: Connection, now: datetime) -> bool:
        return chores.take(connection, CHORE, self.holder, now=now, lease_s=LEASE_S, undone_since=None)

    async def _begin(self) -> None:
        """An index that holds nothing yet is given everything again."""
        if self._begun:
            return
        if self.index.fresh and (count := await self.store.write(keeping.start_over)):
            _log.info("memory_indexed_anew", conversations=count)
        self._begun = True

    async def _try(self, waiting: Waiting, now: datetime) -> bool:
        try:
            moved = await self.remember(waiting, now)
        except (IndexUnavailable, StoreUnavailable):
            raise
        except (UnknownConversation, UnknownCustomer):
            return False  # erased meanwhile
        except (PiiUnavailable, SealError, ValueError, KeyError) as error:
            times = self._failed.get(waiting.conversation, (0, now))[0] + 1
            wait_s = min(LOOK_S * 4.0**times, 12 * LONGEST_WAIT_S)
            self._failed[waiting.conversation] = times, now + timedelta(seconds=wait_s)
            _log.warning(
                "conversation_not_remembered",
                conversation=waiting.conversation,
                error=type(error).__name__,
                times=times,
            )
            return False
        self._failed.pop(waiting.conversation, None)
        return moved

    async def remember(self, waiting: Waiting, now: datetime) -> bool:
        """Takes the next page of a conversation into memory; False when another was first or it was erased.

        Raises IndexUnavailable, StoreUnavailable, PiiUnavailable, UnknownConversation, UnknownCustomer.
        """
        id, customer = waiting.conversation, waiting.customer
        read = await self.store.read(lambda c: read_events(c, self.vault, id, after=waiting.remembered_to, limit=PAGE))
        if not read:
            return False
        events = await redact_events_of(id, customer, read, self.detector, self.store, self.vault)
        made = [claim for event in events for claim in await self._claims(event, customer)]
        if made:
            await self.store.write(lambda c: keeping.keep(c, self.vault, customer, made, now))
        forgotten = await self.store.read(lambda c: keeping.forgotten_at(c, id))
        said = [each for each in _said(events, customer) if each.seq not in forgotten]
        points = await said_points(self.embedder, said)
        await self.store.read(lambda c: read_head(c, id))  # erased while it was embedded: nothing is put
        await self.index.put(points)
        to_seq = events[-1].seq
        if await self.store.write(lambda c: keeping.remembered(c, waiting, to_seq)):
            return True
        await self._take_back(id, [point.id for point in points])
        return False

    async def _take_back(self, conversation: str, points: list[str]) -> None:
        """Out of the index again what was put there while the conversation was erased."""

        def gone(connection: Connection) -> bool:
            try:
                read_head(connection, conversation)
            except UnknownConversation:
                return True
            return False

        if await self.store.read(gone):
            await self.index.remove(points)

    async def _claims(self, event: Event, customer: str) -> list[Claim]:
        """What an event says that is to be remembered. Its redacted text is there."""
        role = _ROLES.get(event.kind)
        if role is None:
            takings = take_event(event.kind, event.meta)
        elif role == "customer" and event.meta.get("automatic"):
            return []
        else:
            takings = await self._takings(event.redacted or "", event.at, role)
        return claims(
            takings,
            customer=customer,
            conversation=event.conversation,
            seq=event.seq,
            role=role or "agent",
            said_at=event.at,
        )

    async def _takings(self, text: str, at: datetime, role: Role) -> tuple[Taking, ...]:
        found = await asyncio.to_thread(take_from, text, at, role, self.timezone)
        if role != "customer":
            return found
        if self.taker is not None and text.strip():
            known = {(each.attribute, each.value.casefold()) for each in found}
            more = await self.taker.take(text, at)
            found += tuple(each for each in more if (each.attribute, each.value.casefold()) not in known)
        if not found:
            return ()
        # Who attacks the assistant does not get to tell it what to do from now on.
        verdict = await asyncio.to_thread(judge_text, text)
        if verdict.decision == "template":
            return ()
        if verdict.decision == "contain":
            return tuple(each for each in found if each.kind != "instruction" or each.attribute)
        return found

    async def tell(self, now: datetime) -> int:
        """Tells the index of memories that are new, changed or to be forgotten; how many. Raises IndexUnavailable."""
        seen = await self.store.read(lambda c: keeping.unindexed(c, self.vault, PAGE))
        if not seen:
            return 0
        shown = [known.memory for _, known in seen if known is not None and _is_searched(known)]
        out = [memory_point(id) for id, known in seen if known is None or not _is_searched(known)]
        out += await self.store.read(lambda c: _sources(c, [id for id, known in seen if known is None]))
        if shown:
            await self.index.put(await memory_points(self.embedder, shown))
        if out:
            await self.index.remove(out)
        gone = await self.store.write(lambda c: keeping.indexed(c, seen, now))
        if gone:
            await self.index.remove([memory_point(id) for id in gone])
        return len(seen)


def _is_searched(known: Known) -> bool:
    """What holds at no time is not found: a denial, a repetition, what was outweighed or undone."""
    memory = known.memory
    return not known.denies and (memory.valid_until is None or memory.valid_until != memory.valid_from)


def _sources(connection: Connection, ids: Sequence[str]) -> list[str]:
    """The points of the messages from which these were taken: who had something forgotten is not to meet it again."""
    return [said_id(conversation, seq) for conversation, seq in keeping.sources(connection, ids)]


def _said(events: Sequence[Event], customer: str) -> list[Said]:
    """What was said, in order, each with what was said before it."""
    found: list[Said] = []
    before = ""
    for event in events:
        role = _ROLES.get(event.kind)
        text = event.redacted or ""
        if role is None or not text.strip() or event.meta.get("automatic"):
            continue
        found.append(Said(customer, event.conversation, event.seq, role, text, event.at, before))
        before = text
    return found
