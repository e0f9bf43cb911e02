"""Tells your own systems what happens: follows the log, posts what is due, writes down what became of it."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import structlog
from sqlalchemy import Connection

from agent.errors import MemoryFault, Misconfigured
from channels.outgoing.addresses import AddressRefused, check_url
from channels.outgoing.looking import Looker
from channels.outgoing.settings import OutgoingWebhook
from channels.outgoing.telling import body
from channels.providers.ports import NeedsPerson, Postponed, Rejected, SendError
from channels.providers.webhook import SignedPost
from channels.schedules import LONGEST_S, STANDARD_WEBHOOKS
from memory import controls, hooks, log
from memory.errors import UnknownConversation
from memory.hooks import Due, Found
from memory.store import Store
from memory.vault import Vault

_log = structlog.get_logger(__name__)

_LEASE_S = 90.0  # three times the longest timeout
_IDLE_S = 1.0
# Posts to one endpoint at a time: one that hangs keeps no other from being told.
_AT_ONCE = 8


def switch(name: str) -> str:
    """The control that stops an endpoint: set by a 410 or by a person, taken away by a person."""
    return f"stop/webhook/{name}"


def open_poster(webhooks: Mapping[str, OutgoingWebhook], store: Store, vault: Vault, holder: str) -> Poster:
    """Raises Misconfigured, naming the endpoint, for an address or a secret that cannot be used."""
    posts = {}
    for name, each in webhooks.items():
        try:
            check_url(each.url, allow_private=each.allow_private)
            posts[name] = SignedPost(
                each.url, each.sign_with(), timeout_s=each.timeout_s, allow_private=each.allow_private
            )
        except (AddressRefused, ValueError) as error:
            raise Misconfigured(f"webhooks.{name}: {error}") from None
    looker = Looker(store, {name: each.events for name, each in webhooks.items()})
    return Poster(store, vault, dict(webhooks), posts, holder, looker)


@dataclass(slots=True, eq=False)
class Poster:
    """Posts until told to stop; several processes may, each row is posted by one."""

    store: Store
    vault: Vault
    webhooks: Mapping[str, OutgoingWebhook]
    posts: Mapping[str, SignedPost]
    holder: str
    looker: Looker
    _loop: asyncio.Task[None] | None = None
    _under_way: set[asyncio.Task[None]] = field(default_factory=set)

    def start(self) -> None:
        """Begins to post; where nobody wants to know, there is nothing to do."""
        if self.webhooks:
            self._loop = asyncio.create_task(self._work(), name="webhooks")

    async def stop(self, grace_s: float) -> None:
        """Claims nothing new and lets posts under way finish."""
        if self._loop is not None:
            self._loop.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._loop
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=grace_s)
        await asyncio.gather(*(post.aclose() for post in self.posts.values()))

    async def _work(self) -> None:
        while True:
            found = 0
            try:
                found = await self.step()
            except Exception as error:  # noqa: BLE001  (the poster must outlive every fault of the store)
                _log.error("webhooks_failed", error=type(error).__name__, exc_info=True)
            await asyncio.sleep(0 if found else _IDLE_S)

    async def step(self) -> int:
        """One look at the log and one round of posts; how many rows there were to post."""
        now = datetime.now(UTC)
        new = await self.looker.look(now)
        if not new and not await self.store.read(lambda c: hooks.any_due(c, now)):
            return 0
        claimed = await self.store.write(lambda c: self._claim(c, new, now))
        self.looker.queued(new)
        for due in claimed:
            task = asyncio.create_task(self._guarded(due), name=due.name)
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        if claimed:
            await asyncio.wait(set(self._under_way), return_when=asyncio.FIRST_COMPLETED)
        return len(claimed)

    async def settle(self) -> None:
        """Until every post under way has ended."""
        if self._under_way:
            await asyncio.wait(set(self._under_way))

    def _claim(self, connection: Connection, new: Sequence[Found], now: datetime) -> list[Due]:
        hooks.queue(connection, new, now)
        stopped = controls.values(connection, [switch(name) for name in self.webhooks])
        busy = Counter(task.get_name() for task in self._under_way)
        claimed: list[Due] = []
        for name in self.webhooks:
            free = _AT_ONCE - busy[name]
            if free > 0 and not stopped.get(switch(name), {}).get("on"):
                claimed += hooks.claim_due(
                    connection, [name], holder=self.holder, now=now, lease_s=_LEASE_S, limit=free
                )
        return claimed

    async def _guarded(self, due: Due) -> None:
        """One post. What cannot be written down is left to the lease: it is posted again under the same id."""
        try:
            await self.post(due)
        except MemoryFault as error:
            _log.warning("webhook_not_recorded", hook=due.id, error=error.code)
        except Exception as error:  # noqa: BLE001  (the edge of a post: others must go on)
            _log.error("webhook_failed", hook=due.id, error=type(error).__name__, exc_info=True)
            fault = Postponed(f"our own fault: {type(error).__name__}")
            with contextlib.suppress(MemoryFault):
                await self._finish(due, str(fault), _retry_s(due, fault))

    async def post(self, due: Due) -> None:
        """Posts one claimed row. Raises StoreUnavailable when the outcome cannot be written."""
        try:
            told = await self.store.read(lambda c: self._body(c, due))
            await self.posts[due.name].post(due.id, told)
        except UnknownConversation:
            await self._finish(due, "its conversation is gone", None)
        except NeedsPerson as error:
            await self._gone(due, str(error))
        except SendError as error:
            await self._finish(due, f"{error.code}: {error}", _retry_s(due, error))
        else:
            await self._finish(due, "", None)

    async def _finish(self, due: Due, error: str, retry_s: float | None) -> None:
        now = datetime.now(UTC)
        await self.store.write(lambda c: hooks.finish(c, due, self.holder, error=error, retry_s=retry_s, now=now))
        _log.info("webhook", hook=due.id, endpoint=due.name, told=due.event, failed=bool(error), retry_s=retry_s)

    async def _gone(self, due: Due, words: str) -> None:
        """410: the receiver wants nothing any more. It is stopped, where people see it, and what waits is kept."""
        now = datetime.now(UTC)

        def work(connection: Connection) -> None:
            controls.put(connection, switch(due.name), {"on": True}, "frontdesk", words, now, "service")
            hooks.finish(connection, due, self.holder, error=words, retry_s=STANDARD_WEBHOOKS[0], now=now)

        await self.store.write(work)

    def _body(self, connection: Connection, due: Due) -> dict[str, Any]:
        """Raises UnknownConversation."""
        head = log.read_head(connection, due.conversation)
        (event,) = log.read_events(connection, self.vault, due.conversation, after=due.seq - 1, limit=1)
        return body(event, dict(head), include_text=self.webhooks[due.name].include_text)


def _retry_s(due: Due, error: SendError) -> float | None:
    """Seconds until the next attempt, None when it was the last. What was refused is tried again too: receivers are
    repaired; only an address that may not be posted to is not."""
    if isinstance(error, Rejected) and error.provider_code == "address_refused":
        return None
    if due.attempts > len(STANDARD_WEBHOOKS):
        return None
    return max(STANDARD_WEBHOOKS[due.attempts - 1], min(error.retry_after_s or 0, LONGEST_S))
