"""Retention at work: the plan, the run in short transactions, and what a run by itself may do.

Between two transactions the run waits as long as the last one took, so that turns have at least half of the writer.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any, Protocol, TypeVar

import structlog
from langgraph.checkpoint.base import BaseCheckpointSaver
from sqlalchemy import Connection, delete, tuple_

from agent.errors import Refused
from memory import chores, turns
from memory.erasure.settling import settle
from memory.errors import MemoryFault
from memory.retention import finishing, history
from memory.retention.acts import ROWS, Done, Run
from memory.retention.finishing import Left, Pending
from memory.retention.guarding import decide, wrong_clock
from memory.retention.planning import Plan, Scope, candidates, on_hold, plan, scopes
from memory.retention.removing import purge
from memory.retention.rules import Rules
from memory.retention.talks import claims_of
from memory.schema import claims, conversations
from memory.store import Store
from memory.vault import Vault

_log = structlog.get_logger(__name__)
T = TypeVar("T")

CHORE = "retention"
LEASE_S = 120.0
"""A process that does not say for so long that it still purges is taken for dead."""
_POINTS = 1000
_PEOPLE = 10
_LATER = timedelta(hours=6)


class Index(Protocol):
    """What is needed of the index of memories."""

    async def remove(self, ids: Sequence[str]) -> None: ...

    async def forget(self, customers: Sequence[str]) -> int: ...


class NoIndex:
    """Of an installation that remembers nothing: it has no vectors."""

    async def remove(self, ids: Sequence[str]) -> None:
        """There is nothing to remove."""

    async def forget(self, customers: Sequence[str]) -> int:
        """Nothing was there."""
        return 0


class Busy(Refused):
    """Another process purges at this moment."""

    code = "retention_busy"


@dataclass(slots=True)
class Report:
    """What a run did: rows by table, what is left for the next one because of its bound, and the longest transaction in
    seconds. `vectors` waits for a process that has the index."""

    digest: str
    rows: Counter[str] = field(default_factory=Counter)
    left: bool = False
    vectors: int = 0
    longest_s: float = 0.0

    def detail(self, plan: Plan) -> dict[str, Any]:
        done = {name: count for name, count in sorted(self.rows.items()) if count}
        more = {"left_for_the_next_run": self.left, "vectors_waiting": self.vectors}
        return {"digest": self.digest, "rows": done, "held": plan.held, **more}


@dataclass(slots=True, eq=False)
class Retention:
    """One installation's rules over its store. `index` is the index of memories, None where another process has it;
    `most` bounds the rows of each rule in a run by itself."""

    store: Store
    vault: Vault
    rules: Rules
    holder: str
    parked: BaseCheckpointSaver[Any] | None = None
    index: Index | None = None
    most: int = 10_000
    jump_days: int = 14
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    async def plan(self, now: datetime) -> Plan:
        """What a run would find to do. Changes nothing."""
        return await self.store.read(lambda c: plan(c, self.rules, now))

    async def told(self, limit: int = 20) -> list[history.Entry]:
        """Plans, runs and refusals, newest first."""
        return await self.store.read(lambda c: history.told(c, limit))

    # --- by itself ---

    async def by_itself(self, now: datetime) -> str:
        """What a run at its time does; "act", "plan" or "refuse". Without rules there is nothing to do but to finish
        what an earlier run left."""
        if not self.rules:
            await self.finish(now)
            return "plan"
        decision = decide(await self.store.read(history.last), self.rules.digest, now, self.jump_days)
        if decision.does == "refuse":
            _log.warning("retention_refused", why=decision.why)
            detail = {"digest": self.rules.digest, "why": decision.why}
            await self.store.write(lambda c: history.note(c, history.REFUSED, "frontdesk", "system", detail, now))
        elif decision.does == "plan":
            found = await self.plan(now)
            detail = {**history.plan_detail(found), "why": decision.why}
            await self.store.write(lambda c: history.note(c, history.PLANNED, "frontdesk", "system", detail, now))
            _log.info("retention_planned", due=found.due, held=found.held)
        else:
            done = await self.run(now, "frontdesk", "system", most=self.most)
            _log.info("retention_ran", rows=dict(done.rows), left=done.left, vectors=done.vectors)
        return decision.does

    async def rest(self, now: datetime) -> None:
        """Finishes what a run in a process without the index had to leave."""
        if await self.store.read(lambda c: finishing.pending(c, "vectors", 1)):
            await self.finish(now)

    # --- by a person ---

    async def by_hand(
        self, now: datetime, by: str, role: str, *, clock_is_right: bool = False, most: int | None = None
    ) -> Report:
        """Runs at once, to the end or to `most` rows of each rule. Raises Refused without rules or where the clock is
        not to be trusted, and Busy where another process is at it."""
        if not self.rules:
            raise Refused("there are no rules: write [[retention.rule]] into the configuration, see docs/retention.md")
        why = wrong_clock(await self.store.read(history.last), now, self.jump_days)
        if why and not clock_is_right:
            raise Refused(why)
        taken = await self.store.write(
            lambda c: chores.take(c, CHORE, self.holder, now=now, lease_s=LEASE_S, undone_since=None)
        )
        if not taken:
            raise Busy("another process purges at this moment: wait until it is done, or for two minutes if it died")
        try:
            return await self.run(now, by, role, most=most)
        finally:
            await self.store.write(lambda c: chores.finish(c, CHORE, self.holder, None))

    # --- the run ---

    async def run(self, now: datetime, by: str, role: str, *, most: int | None) -> Report:
        """Purges under the lease that the caller holds, then finishes. Raises Busy when the lease was lost."""
        work, report = Run(self.rules, self.vault, by, role), Report(self.rules.digest)
        planned = await self.plan(now)
        for scope in await self.store.read(lambda c: scopes(c, self.rules, now)):
            await self._scope(work, scope, report, now, most)
        await self._stray_claims(report, now)
        await self.finish(now, work, report)
        await self._orphans()
        detail = report.detail(planned)
        await self._write(report, lambda c: history.note(c, history.RAN, by, role, detail, now))
        if report.rows and not await settle(self.store.url):
            _log.info("journal_busy")
        return report

    async def _scope(self, work: Run, scope: Scope, report: Report, now: datetime, most: int | None) -> None:
        """All of one rule, as many rows as the bound has room for."""
        room = most
        portion = self.most
        while room is None or room > 0:
            limit = portion if room is None else min(portion, room)
            found = await self.store.read(lambda c: candidates(c, scope, on_hold(c), limit))  # noqa: B023
            if not found:
                return
            before = sum(report.rows.values())
            await self._portion(work, scope, report, found, now)
            if sum(report.rows.values()) == before:
                return  # what is left may not go just now
            room = None if room is None else room - len(found)
        report.left = report.left or bool(await self.store.read(lambda c: candidates(c, scope, on_hold(c), 1)))

    async def _portion(
        self, work: Run, scope: Scope, report: Report, found: list[tuple[tuple[Any, ...], int]], now: datetime
    ) -> None:
        for keys in _batches(found):
            claimed: dict[str, list[tuple[str, str]]] = {}
            if scope.kind.table is conversations and scope.rule.what == "erase":
                ids = [key[0] for key in keys]
                claimed = await self.store.read(lambda c: claims_of(c, ids))  # noqa: B023
            more = True
            while more:
                done = await self._write(report, lambda c: self._purge(c, work, scope, keys, claimed, now))  # noqa: B023
                report.rows.update(done.rows)
                more = done.more and bool(done.rows)

    def _purge(
        self,
        connection: Connection,
        work: Run,
        scope: Scope,
        keys: Sequence[tuple[Any, ...]],
        claimed: dict[str, list[tuple[str, str]]],
        now: datetime,
    ) -> Done:
        if not chores.keep(connection, CHORE, self.holder, now=self.clock(), lease_s=LEASE_S):
            raise Busy("another process took the purging over")
        return purge(connection, work, scope, keys, claimed, now)

    async def _write(self, report: Report, work: Callable[[Connection], T]) -> T:
        """One transaction; then as long a pause, so that turns come between."""
        began = perf_counter()
        done = await self.store.write(work)
        took = perf_counter() - began
        report.longest_s = max(report.longest_s, took)
        await asyncio.sleep(min(took, 1.0))
        return done

    async def _stray_claims(self, report: Report, now: datetime) -> None:
        for _ in range(100):
            keys = await self.store.read(lambda c: finishing.stray_claims(c, now, ROWS))
            if not keys:
                return
            of_these = tuple_(claims.c.inbox, claims.c.provider_id).in_(keys)
            done = await self._write(report, lambda c: c.execute(delete(claims).where(of_these)).rowcount)  # noqa: B023
            report.rows["claims"] += done

    # --- what purged rows leave behind ---

    async def finish(self, now: datetime, work: Run | None = None, report: Report | None = None) -> Report:
        """Takes vectors out of the index, then looks at the customers; an index that is away makes both wait."""
        work = work or Run(self.rules, self.vault, "frontdesk", "system")
        report = report or Report(self.rules.digest)
        if self.index is not None:
            await self._vectors(report, self.index)
        seen: set[str] = set()
        while True:
            found = await self.store.read(lambda c: finishing.pending(c, "customer"))
            fresh = [each for each in found if each.id not in seen]
            if not fresh:
                break
            seen |= {each.id for each in fresh}
            await self._customers(work, report, fresh, now)
        report.vectors = len(await self.store.read(lambda c: finishing.pending(c, "vectors")))
        return report

    async def _vectors(self, report: Report, index: Index) -> None:
        while waiting := await self.store.read(lambda c: finishing.pending(c, "vectors", 50)):
            points = [point for each in waiting for point in each.points()]
            try:
                for at in range(0, len(points), _POINTS):
                    await index.remove(points[at : at + _POINTS])
            except MemoryFault as error:
                _log.warning("vectors_wait", error=error.code)
                return
            ids = [each.id for each in waiting]
            await self._write(report, lambda c: finishing.vectors_gone(c, ids))  # noqa: B023

    async def _customers(self, work: Run, report: Report, found: Sequence[Pending], now: datetime) -> None:
        by_customer: dict[str, list[str]] = {}
        for each in found:
            by_customer.setdefault(each.customer, []).append(each.id)
        gone: list[tuple[Sequence[str], Left]] = []
        for customer, ids in by_customer.items():
            left = await self.store.read(lambda c: finishing.look(c, self.vault, customer, now))  # noqa: B023
            if left.busy:
                await self.store.write(lambda c: finishing.put_off(c, ids, now + _LATER))  # noqa: B023
            elif left.nothing:
                gone.append((ids, left))
            else:
                rows = await self._write(
                    report,
                    lambda c: finishing.settle_book(c, work, ids, left, customer, now),  # noqa: B023
                )
                report.rows.update(rows)
        for at in range(0, len(gone), _PEOPLE):
            portion = gone[at : at + _PEOPLE]
            if await self._forgotten([one for _, left in portion for one in left.group]):
                rows = await self._write(report, lambda c: finishing.settle_gone(c, work, portion, now))  # noqa: B023
                report.rows.update(rows)

    async def _forgotten(self, group: Sequence[str]) -> bool:
        """Whether nothing of theirs is left in the index's files either."""
        if self.index is None:
            return True
        try:
            await self.index.forget(group)
        except MemoryFault as error:
            _log.warning("vectors_wait", error=error.code)
            return False
        return True

    async def _orphans(self) -> None:
        """Checkpoints of turns that do not wait any more."""
        if self.parked is None:
            return
        found = sorted({each.config["configurable"]["thread_id"] async for each in self.parked.alist(None)})
        live = set(await self.store.read(lambda c: turns.live_ids(c, found))) if found else set()
        for orphan in found:
            if orphan not in live:
                await self.parked.adelete_thread(orphan)


def _batches(found: Sequence[tuple[tuple[Any, ...], int]]) -> Iterator[list[tuple[Any, ...]]]:
    """Keys that fit one transaction by their sizes; a long conversation comes alone, in parts of its own."""
    batch: list[tuple[Any, ...]] = []
    room = ROWS
    for key, size in found:
        if batch and size > room:
            yield batch
            batch, room = [], ROWS
        batch.append(key)
        room -= size
    if batch:
        yield batch
