"""What is done at its time by one process of many: the loop that looks whether it is time, and takes the lease."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from agent.errors import FrontdeskError, MemoryFault
from memory import chores
from memory.store import Store

_log = structlog.get_logger(__name__)

LOOK_S = 60.0
"""How often it is looked whether something is due: times of day are told in minutes."""


def last_slot(at: time, zone: ZoneInfo, now: datetime) -> datetime:
    """The newest moment at which it was this time of day there, in UTC."""
    local = now.astimezone(zone)
    slot = datetime.combine(local.date(), at, zone)
    if slot > local:
        slot = datetime.combine(local.date() - timedelta(days=1), at, zone)
    return slot.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Chore:
    """One piece of work: `slot` says since when it is due if it was not done, `work` does it."""

    name: str
    slot: Callable[[datetime], datetime]
    work: Callable[[datetime], Awaitable[Any]]
    lease_s: float = 120.0


@dataclass(slots=True, eq=False)
class Chores:
    """Runs in every process; each chore is done by one of them, once in its time."""

    store: Store
    holder: str
    chores: Sequence[Chore]
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    look_s: float = LOOK_S
    _loop: asyncio.Task[None] | None = field(default=None)

    def start(self) -> None:
        """Begins; where there is nothing to do at any time, nothing runs."""
        if self.chores:
            self._loop = asyncio.create_task(self._run(), name="chores")

    async def stop(self) -> None:
        """Ends between two transactions: what was under way goes on at the next start."""
        if self._loop is not None:
            self._loop.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._loop

    async def _run(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(self.look_s)

    async def look(self) -> None:
        """One round: whatever is due and nobody else's is done."""
        for chore in self.chores:
            try:
                await self._do(chore)
            except (FrontdeskError, MemoryFault) as error:
                _log.warning("chore_waits", chore=chore.name, error=type(error).__name__, code=error.code)
            except Exception as error:  # noqa: BLE001  (it must outlive every fault and try again)
                _log.error("chore_failed", chore=chore.name, error=type(error).__name__, exc_info=True)

    async def _do(self, chore: Chore) -> None:
        now = self.clock()
        slot = chore.slot(now)
        done = await self.store.read(lambda c: chores.done_at(c, chore.name, now))
        if done is not None and done >= slot:
            return
        taken = await self.store.write(
            lambda c: chores.take(c, chore.name, self.holder, now=now, lease_s=chore.lease_s, undone_since=slot)
        )
        if not taken:
            return
        finished: datetime | None = None
        try:
            await chore.work(now)
            finished = now
        finally:
            await asyncio.shield(self.store.write(lambda c: chores.finish(c, chore.name, self.holder, finished)))
