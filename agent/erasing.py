"""Erasing a person everywhere, in an order that survives a crash anywhere, and looking for what was known of them.

First the journal says that it begins; then the keys go, in a transaction of their own, so that from there on nothing
sealed opens, whatever happens; then rows, checkpoints and vectors; then every store is looked through. What a crash
broke off, and who came back with a restored backup, is ended at the next start by `replay`.
"""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from langgraph.checkpoint.base import BaseCheckpointSaver
from sqlalchemy import Connection, select

from agent.acting import Actor
from agent.looking import Places, look
from memory import audit
from memory.erasure import holds, rows
from memory.erasure.certificate import Certificate, StoreLooked
from memory.erasure.journal import JournalBusy, Line
from memory.erasure.known import Known, learn
from memory.erasure.settling import compact, settle, sqlite_path
from memory.errors import Held, MemoryFault
from memory.schema import turns
from memory.store import Store
from memory.vault import Vault

_log = structlog.get_logger(__name__)

STARTING = Actor("start", "system")
AGAIN = "erased again: they were in a backup that was restored, or an erasure had been broken off"
STAYS = (
    "the audit keeps that they were erased, by whom and when, with their customer id; what it said of them is sealed "
    "under the destroyed key",
    "the erasure journal keeps their customer id and keyed hashes of their identities, to erase them again after a "
    "backup is restored",
)
SUPPRESSED = (
    "the suppression list keeps {count} of their opt-outs under a keyed hash of their identity, so that neither a "
    "message nor an import makes them be written to again"
)
BACKUPS = "backups made before hold them until they expire; the journal erases them again when one is restored"


@dataclass(slots=True)
class _Done:
    """What was removed so far."""

    removed: dict[str, int] = field(default_factory=dict)
    emptied: dict[str, int] = field(default_factory=dict)
    suppressed: int = 0
    vectors: int = 0
    checkpoints: int = 0
    faults: list[StoreLooked] = field(default_factory=list)

    def add(self, ended: rows.Ended) -> None:
        for mine, more in ((self.removed, ended.removed), (self.emptied, ended.emptied)):
            for name, count in more.items():
                mine[name] = mine.get(name, 0) + count


@dataclass(frozen=True, slots=True, eq=False)
class Eraser:
    """Erases people from the stores of one installation."""

    store: Store
    vault: Vault
    parked: BaseCheckpointSaver[Any]
    places: Places

    async def erase(self, customer: str, who: Actor, why: str, now: datetime) -> Certificate:
        """All customers who are this person. Raises UnknownCustomer, Held, JournalFault; then nothing was removed."""
        async with self._alone():
            person = await self.store.read(lambda c: _free(c, customer))
            known = await self.store.read(lambda c: learn(c, self.vault, person))
            line = Line(f"e-{uuid.uuid4().hex}", now, "begun", person, known.hashes)
            await self._write_down(line)
            return await self._end([line], person, known, who, why, now)

    async def replay(self, who: Actor, now: datetime, wait_s: float = 0.0) -> Certificate | None:
        """Ends what was broken off, and erases again who came back with a backup; None where there is nothing to do.

        Raises JournalFault for a journal that cannot be read; JournalBusy when another process erases just now.
        """
        if self.places.journal is None:
            return None
        async with self._alone(wait_s):
            lines, there = await self._to_do()
            if not lines:
                return None
            # What the journal calls done was done after any hold that a backup brings back.
            await self.store.write(lambda c: holds.drop_holds(c, _done(lines)))
            known = await self.store.read(lambda c: learn(c, self.vault, there))
            begun = replace(known, values=known.values if there else ())
            return await self._end(lines, _all(lines), begun, who, "", now, again=AGAIN)

    async def _to_do(self) -> tuple[list[Line], tuple[str, ...]]:
        assert self.places.journal is not None  # noqa: S101  (asked by the only caller)
        read = await asyncio.to_thread(self.places.journal.read)
        if read.broken:
            _log.warning("erasure_journal_damaged", lines=read.broken)
        lines = [line for line in read.erasures if line.state != "dropped"]
        there = await self.store.read(lambda c: rows.still_there(c, _all(lines)))
        indexed = await self._indexed(_all(lines))
        wanted = [
            line
            for line in lines
            if line.state == "begun"
            or set(line.customers) & set(there)
            or (indexed and await self._indexed(line.customers))
        ]
        return wanted, there

    async def _indexed(self, customers: Sequence[str]) -> int:
        if self.places.index is None or not customers:
            return 0
        with contextlib.suppress(MemoryFault):
            return await self.places.index.count(customers)
        return 0

    # --- the steps ---

    async def _end(
        self,
        lines: Sequence[Line],
        person: tuple[str, ...],
        known: Known,
        who: Actor,
        why: str,
        now: datetime,
        again: str = "",
    ) -> Certificate:
        done = _Done()
        for line in lines:
            await self._end_keys(line, done, now)
        await settle(self.store.url)  # the keys are out of the database's journal before anything else is done
        for line in lines:
            done.add(await self.store.write(partial(rows.end_rows, person=line.customers)))
        await self._end_checkpoints(done)
        await self._end_vectors(person, done)
        await settle(self.store.url)
        return await self._certified(lines, person, known, done, who, why, now, again)

    async def _end_keys(self, line: Line, done: _Done, now: datetime) -> None:
        try:
            kept, known = await self.store.write(partial(_end_keys, vault=self.vault, line=line, now=now))
        except Held:
            await self._write_down(replace(line, at=now, state="dropped"))
            raise
        done.suppressed += kept
        done.add(rows.Ended({"identities": known}, {}))

    async def _end_checkpoints(self, done: _Done) -> None:
        """Those of turns that are gone; a draft that is being made has its turn's row before its checkpoint."""
        found = {each.config["configurable"]["thread_id"] async for each in self.parked.alist(None)}
        if found:
            kept = await self.store.read(lambda c: _turns(c, sorted(found)))
            for orphan in sorted(found - kept):
                await self.parked.adelete_thread(orphan)
                done.checkpoints += 1
        if (file := sqlite_path(self.store.url)) is not None and not await compact(file.with_name("parked.db")):
            done.faults.append(_fault("checkpoints", "it is busy: what was removed stays in its file until it is not"))

    async def _end_vectors(self, person: Sequence[str], done: _Done) -> None:
        index = self.places.index
        if index is None:
            if self.places.index_fault:
                done.faults.append(_fault("index of memories", self.places.index_fault))
            return
        try:
            done.vectors = await index.forget(person)
        except MemoryFault as error:
            done.faults.append(_fault("index of memories", f"its vectors could not be removed: {error}"))

    async def _certified(
        self,
        lines: Sequence[Line],
        person: tuple[str, ...],
        known: Known,
        done: _Done,
        who: Actor,
        why: str,
        now: datetime,
        again: str,
    ) -> Certificate:
        stores = await look(self.store, self.places, known.values)
        keys = await self.store.read(lambda c: rows.keys_left(c, person))
        left = await self._indexed(person)
        made = Certificate(
            customer=person[0],
            customers=person,
            at=now,
            by=who.name,
            removed=done.removed,
            emptied=done.emptied,
            suppressed=done.suppressed,
            key_destroyed=keys == 0,
            vectors_removed=done.vectors,
            vectors_left=left,
            checkpoints_removed=done.checkpoints,
            values=len(known.values),
            values_known=bool(known.values) and not known.unreadable,
            unreadable=known.unreadable,
            stores=(*stores, *done.faults),
            stays=_stays(done.suppressed),
            why_again=again,
        ).settled()
        seq = await self.store.write(lambda c: _audit(c, made, who, why, now))
        if done.faults:  # it goes on at the next start
            _log.warning("erasure_unfinished", faults=[each.fault for each in done.faults])
        else:
            for line in lines:
                await self._write_down(replace(line, at=now, state="done", digest=made.digest))
        return replace(made, audit_seq=seq)

    async def _write_down(self, line: Line) -> None:
        if self.places.journal is not None:
            await asyncio.to_thread(self.places.journal.add, line)

    @contextlib.asynccontextmanager
    async def _alone(self, wait_s: float = 60.0) -> AsyncIterator[None]:
        if self.places.journal is None:
            yield
            return
        alone = self.places.journal.exclusive(wait_s)
        await asyncio.to_thread(alone.__enter__)
        try:
            yield
        finally:
            alone.__exit__(None, None, None)


async def replay_at_start(eraser: Eraser, who: Actor, now: datetime) -> None:
    """As `replay`, when a process starts. Another that erases just now does it all: nothing is waited for."""
    try:
        done = await eraser.replay(who, now)
        if done is not None:
            _log.warning("erased_again", customers=len(done.customers), clean=done.clean, digest=done.digest)
    except JournalBusy:
        _log.info("erasure_elsewhere")


def _free(connection: Connection, customer: str) -> tuple[str, ...]:
    person = rows.check_person(connection, customer)
    holds.check_free(connection, person)
    return person


def _end_keys(connection: Connection, vault: Vault, line: Line, now: datetime) -> tuple[int, int]:
    return rows.end_keys(connection, vault, line.customers, now)


def _turns(connection: Connection, ids: Sequence[str]) -> set[str]:
    return set(connection.execute(select(turns.c.id).where(turns.c.id.in_(ids))).scalars())


def _audit(connection: Connection, made: Certificate, who: Actor, why: str, now: datetime) -> int:
    act = "customer.erased_again" if made.why_again else "customer.erased"
    return audit.note(
        connection,
        actor=who.name,
        role=who.role,
        act=act,
        subject=f"customer:{made.customer}",
        detail={**made.facts(), "why": why},
        now=now,
    )


def _all(lines: Sequence[Line]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(customer for line in lines for customer in line.customers))


def _done(lines: Sequence[Line]) -> tuple[str, ...]:
    return _all([line for line in lines if line.state == "done"])


def _fault(store: str, fault: str) -> StoreLooked:
    return StoreLooked(store, "", "", 0, 0, fault=fault)


def _stays(suppressed: int) -> tuple[str, ...]:
    kept = (SUPPRESSED.format(count=suppressed),) if suppressed else ()
    return (*kept, *STAYS, BACKUPS)
