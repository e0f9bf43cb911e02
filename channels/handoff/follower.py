"""Tells other desks what waits for a person: follows the log, posts what is due, writes down what became of it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import structlog

from agent.desk import Desk
from agent.errors import FrontdeskError, MemoryFault
from agent.runtime import Runtime
from channels.handoff.desks import OtherDesk, OtherDesks, open_desks
from channels.handoff.words import Matter
from channels.inboxes.base import InboxBase
from channels.providers.ports import NeedsPerson, Rejected, SendError
from channels.schedules import STANDARD_WEBHOOKS
from channels.settings import Settings
from memory import handoffs, outbox
from memory.handoffs import Telling
from memory.store import Store
from memory.vault import Vault

_log = structlog.get_logger(__name__)

_LEASE_S = 120.0
_IDLE_S = 1.0
_WAIT_S = 1.0
# How far back a start looks for what nobody was told of, and how far each look overlaps the one before.
_BACK = timedelta(days=7)
_OVERLAP = timedelta(minutes=1)


def open_follower(settings: Settings, runtime: Runtime) -> Follower:
    """Raises Misconfigured for an inbox that hands over to a desk that is not there."""
    return Follower(
        store=runtime.store,
        vault=runtime.vault,
        desk=runtime.desk,
        desks=open_desks(settings.inboxes, settings.webhooks),
        settings=settings.inboxes,
        holder=runtime.worker.holder,
        public_url=settings.server.public_url or "",
    )


@dataclass(slots=True, eq=False)
class Follower:
    """Tells until told to stop; several processes may, each row is posted by one."""

    store: Store
    vault: Vault
    desk: Desk
    desks: OtherDesks
    settings: Mapping[str, InboxBase]
    holder: str
    public_url: str = ""
    _loop: asyncio.Task[None] | None = None
    _since: datetime | None = None
    _threads: set[asyncio.Task[None]] = field(default_factory=set)

    def start(self) -> None:
        """Begins to tell; where there is no other desk, there is nothing to do."""
        if self.desks:
            self._loop = asyncio.create_task(self._work(), name="handoffs")

    async def stop(self, grace_s: float) -> None:
        """Claims nothing new and lets posts under way finish."""
        if self._loop is not None:
            self._loop.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._loop
        if self._threads:
            await asyncio.wait(self._threads, timeout=grace_s)
        await self.desks.aclose()

    async def _work(self) -> None:
        while True:
            found = 0
            try:
                found = await self.step()
            except Exception as error:  # noqa: BLE001  (the follower must outlive every fault of the store)
                _log.error("handoffs_failed", error=type(error).__name__, exc_info=True)
            await asyncio.sleep(0 if found else _IDLE_S)

    async def step(self) -> int:
        """One look at the log and one round of posts; how many rows there were to post."""
        now = datetime.now(UTC)
        since, names = (self._since or now - _BACK) - _OVERLAP, list(self.desks)
        await self.store.write(lambda c: handoffs.follow(c, names, since, now))
        self._since = now
        if not await self.store.read(lambda c: handoffs.any_due(c, now)):
            return 0
        claimed = await self.store.write(
            lambda c: handoffs.claim_due(c, self.vault, holder=self.holder, now=now, lease_s=_LEASE_S)
        )
        for telling in claimed:
            task = asyncio.create_task(self._guarded(telling))
            self._threads.add(task)
            task.add_done_callback(self._threads.discard)
        if claimed:
            await asyncio.wait(set(self._threads), return_when=asyncio.FIRST_COMPLETED)
        return len(claimed)

    async def _guarded(self, telling: Telling) -> None:
        """One post. A fault of ours leaves the row to the lease."""
        try:
            await self.tell(telling)
        except (MemoryFault, FrontdeskError) as error:
            _log.warning("handoff_not_recorded", hook=telling.id, error=error.code)
        except Exception as error:  # noqa: BLE001  (the edge of a post: others must go on)
            _log.error("handoff_failed", hook=telling.id, error=type(error).__name__, exc_info=True)
            await self._failed(telling, Rejected(f"our own fault: {type(error).__name__}"))

    async def tell(self, telling: Telling) -> None:
        """Posts one claimed row. Raises StoreUnavailable when the outcome cannot be written."""
        desk = self._desk_of(telling)
        if desk is None:
            await self._failed(telling, Rejected("no other desk is configured for this inbox any more"))
            return
        if desk.after_replies and await self._replies_wait(telling):
            now = datetime.now(UTC)
            words = "what was said to the customer is still being sent"
            await self.store.write(
                lambda c: handoffs.failed(c, telling, self.holder, error=words, retry_s=_WAIT_S, now=now, counts=False)
            )
            return
        try:
            post = await desk.tell(await self._matter(telling), telling.id, telling.root, telling.text)
        except SendError as error:
            await self._failed(telling, error)
            return
        now = datetime.now(UTC)
        await self.store.write(lambda c: handoffs.posted(c, self.vault, telling, self.holder, post, desk.name, now))
        _log.info("handoff", hook=telling.id, event=telling.event, conversation=telling.conversation)

    def _desk_of(self, telling: Telling) -> OtherDesk | None:
        return self.desks.get(telling.inbox)

    async def _replies_wait(self, telling: Telling) -> bool:
        return await self.store.read(lambda c: outbox.waits(c, telling.conversation, telling.seq))

    async def _failed(self, telling: Telling, error: SendError) -> None:
        now, words = datetime.now(UTC), f"{error.code}: {error}"
        retry_s: float | None = None
        if not isinstance(error, (Rejected, NeedsPerson)) and telling.attempts <= len(STANDARD_WEBHOOKS):
            retry_s = max(STANDARD_WEBHOOKS[telling.attempts - 1], error.retry_after_s or 0)
        await self.store.write(
            lambda c: handoffs.failed(c, telling, self.holder, error=words, retry_s=retry_s, now=now)
        )
        _log.warning("handoff_not_posted", hook=telling.id, error=error.code, retry_s=retry_s)

    async def _matter(self, telling: Telling) -> Matter:
        """What the log says of the row's event now."""
        page = await self.desk.events(telling.conversation, max(0, telling.seq - 1), 1)
        view, helps = await self.desk.conversation(telling.conversation), await self.desk.assist(telling.conversation)
        event = page.events[0] if page.events and page.events[0].seq == telling.seq else None
        meta = event.meta if event else {}
        there = await self.store.read(lambda c: handoffs.thread_of(c, self.vault, telling.conversation))
        return Matter(
            event=telling.event,
            conversation=telling.conversation,
            inbox=telling.inbox,
            channel=view.channel,
            priority=view.priority,
            at=event.at if event else view.last_at,
            reason=view.reason or str(meta.get("reason") or ""),
            summary=helps.summary,
            last_words=await self._last_words(telling),
            customer=view.sender,
            text=event.text if event else "",
            by=str(meta.get("person") or ""),
            link=self._link(telling.conversation),
            shows_text=self.settings[telling.inbox].handoff.include_text,
            number=there.get("conversation", ""),
        )

    async def _last_words(self, telling: Telling) -> str:
        """What the customer wrote last before the row's event."""
        page = await self.desk.events(telling.conversation, max(0, telling.seq - 50), 50)
        said = [one.text for one in page.events if one.kind == "received" and one.seq <= telling.seq]
        return said[-1] if said else ""

    def _link(self, conversation: str) -> str:
        return f"{self.public_url.rstrip('/')}/desk/?c={quote(conversation)}" if self.public_url else ""
