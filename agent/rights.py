"""Requests of customers for their rights, as people work on them: identity checked, then done or refused."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from agent.errors import Refused
from agent.routing import Staffing
from memory import tasks
from memory.store import Store
from memory.tasks import Task
from memory.vault import Vault

_LONGEST = 2_000
Redact = Callable[[str, str], Awaitable[str]]
"""A text with the pseudonyms of a customer: `(text, customer)`. Raises Refused while the privacy filter is down."""


@dataclass(frozen=True, slots=True, eq=False)
class Rights:
    """Tasks of this installation. What people write is redacted before it is kept."""

    store: Store
    vault: Vault
    staffing: Staffing
    redact: Redact

    async def tasks(self, *, live: bool = True, customer: str | None = None, limit: int = 200) -> list[Task]:
        """Those to do, the first due on top; or the ended ones, newest first."""
        return await self.store.read(lambda c: tasks.listed(c, self.vault, live=live, customer=customer, limit=limit))

    async def task(self, id: str) -> Task:
        """Raises UnknownTask."""
        return await self.store.read(lambda c: tasks.read(c, self.vault, id))

    async def verify(self, id: str, how: str, person: str, role: str) -> Task:
        """Somebody made sure who asks, in the way they say. Raises UnknownTask, TaskRefused, Refused."""
        words, now = await self._words(id, how, "say how you made sure who asks"), datetime.now(UTC)
        await self.store.write(lambda c: tasks.verify(c, id, words, person, role, now))
        return await self.task(id)

    async def finish(self, id: str, outcome: Literal["done", "refused"], note: str, person: str, role: str) -> Task:
        """Ends it; a refusal says why. Raises UnknownTask, TaskRefused, Refused."""
        needed = "say why it is refused: the customer has a right to the reason" if outcome == "refused" else ""
        words, now = await self._words(id, note, needed), datetime.now(UTC)
        await self.store.write(lambda c: tasks.finish(c, id, outcome, words, person, role, now))
        return await self.task(id)

    async def extend(self, id: str, why: str, person: str, role: str) -> Task:
        """Two further months, counted from the day it came. Raises UnknownTask, TaskRefused, Refused."""
        words, now = await self._words(id, why, "say why it takes longer"), datetime.now(UTC)
        task = await self.task(id)
        until = self.staffing.request_extended(task.inbox, task.opened_at)
        await self.store.write(lambda c: tasks.extend(c, id, words, until, person, role, now))
        return await self.task(id)

    async def _words(self, id: str, text: str, needed: str) -> str:
        words = text.strip()
        if needed and not words:
            raise Refused(needed)
        if len(words) > _LONGEST:
            raise Refused(f"the text has {len(words)} characters; {_LONGEST} is the most")
        task = await self.task(id)
        return await self.redact(words, task.customer) if words else ""
