"""The public face: receive a message, watch a conversation, act on it as a person. Everything above talks to this."""

from __future__ import annotations

import asyncio
import secrets
import uuid
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import structlog
from sqlalchemy import RowMapping

from agent import metrics
from agent.desk import Desk
from agent.dispatch.signals import Signal, Watch
from agent.errors import Draining
from agent.looking import NOWHERE, Places
from agent.oversight import Oversight
from agent.ports import Bus, Doorbell
from agent.visits import Visits
from agent.worker import Worker
from knowledge.opening import AnyLibrary
from memory import deliveries, log, receive
from memory.attachments import checked
from memory.errors import WrongToken
from memory.identity import signing_in
from memory.identity.signing_in import Signed, Visit
from memory.messages import Event, Inbound, Owner, Report
from memory.opt_outs import OptOutRules
from memory.receive import NewIds, Receipt
from memory.store import Store
from memory.vault import Vault

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Opened:
    """A web conversation as its visitor holds it: the secret `token` resumes it. `seq` is its last visible event."""

    conversation: str
    token: str
    seq: int


@dataclass(frozen=True, slots=True)
class Shown:
    """What a delta may be shown as: real values in it, or None where the turn may no longer speak."""

    text: str | None


class Runtime:
    """One process's share of the system. `open` it through `agent.assembly`; `close` drains it."""

    def __init__(
        self,
        store: Store,
        vault: Vault,
        doorbell: Doorbell,
        bus: Bus,
        worker: Worker,
        library: AnyLibrary,
        stack: AsyncExitStack,
        opt_outs: OptOutRules = receive.OPT_OUTS,
        places: Places = NOWHERE,
    ) -> None:
        self.store = store
        self.vault = vault
        self.doorbell = doorbell
        self.bus = bus
        self.worker = worker
        self.library = library
        self.opt_outs = opt_outs
        self.desk = Desk(store, vault, doorbell, bus, worker)
        self.oversight = Oversight(store, vault, worker.parked, worker.detector, places)
        self.visits = Visits(store, vault, bus, worker.deps.staffing.opens_at)
        self.draining = False
        self._stack = stack

    def start(self) -> None:
        """Begins to answer."""
        self.worker.start()

    async def close(self, grace_s: float = 10.0) -> None:
        """Takes nothing new, lets running turns finish within `grace_s`, hands the rest back, closes the stores."""
        self.draining = True
        await self.worker.stop(grace_s)
        await self.doorbell.close()
        await self.bus.close()
        await self._stack.aclose()

    async def receive(self, inbound: Inbound) -> Receipt:
        """Writes a message down; when this returns it is durable, and it will be answered once.

        Raises UnknownConversation, Replayed, StoreUnavailable, Draining.
        """
        if self.draining:
            raise Draining("this process is stopping")
        if inbound.attachments:  # megabytes are looked through: nobody waits for it, the writer least of all
            inbound = replace(inbound, attachments=await asyncio.to_thread(checked, inbound.attachments))
        ids, now = NewIds(f"c-{_id()}", f"p-{_id()}", f"k-{_id()}"), datetime.now(UTC)
        region = self.worker.deps.region
        receipt = await self.store.write(
            lambda c: receive.receive(c, self.vault, inbound, ids, now, self.opt_outs, region)
        )
        if not receipt.conversation:
            return receipt
        metrics.RECEIVED.labels(inbound.channel, str(receipt.duplicate).lower()).inc()
        _log.info("received", inbox=inbound.inbox, conversation=receipt.conversation, duplicate=receipt.duplicate)
        await self.bus.publish(receipt.conversation, Signal("changed", receipt.conversation))
        if receipt.due:
            await self.doorbell.ring(receipt.conversation)
        return receipt

    async def open_chat(
        self, inbox: str, conversation: str | None, token: str | None, signed: Signed | None = None
    ) -> Opened:
        """A visitor's web conversation, new or resumed. Raises WrongToken when it is not theirs.

        `signed` is who the organisation's system says they are, checked before. What they began before they signed in
        goes on as theirs; a conversation of a signed user is resumed with their identity alone.
        """
        if conversation is not None:
            return await self._resume(inbox, conversation, token or "", signed)
        fresh, customer, secret, now = f"c-{_id()}", f"p-{_id()}", secrets.token_urlsafe(24), datetime.now(UTC)
        if signed is not None:
            visit = Visit(inbox, fresh, secret, customer, now, self.worker.deps.region)
            await self.store.write(lambda c: signing_in.open_signed(c, self.vault, signed, visit))
            return Opened(fresh, secret, 0)
        await self.store.write(
            lambda c: receive.open_web(
                c, self.vault, inbox=inbox, conversation=fresh, customer=customer, token=secret, now=now
            )
        )
        return Opened(fresh, secret, 0)

    async def _resume(self, inbox: str, conversation: str, token: str, signed: Signed | None) -> Opened:
        if signed is None:
            row = await self.admitted(inbox, conversation, token, None)
            return Opened(conversation, token, row["visible_seq"])
        visit = Visit(inbox, conversation, token, f"p-{_id()}", datetime.now(UTC), self.worker.deps.region)
        theirs = await self.store.write(lambda c: signing_in.resume(c, self.vault, signed, visit))
        if theirs is None:
            raise WrongToken("this conversation cannot be resumed with that identity")
        return Opened(conversation, token, theirs["visible_seq"])

    async def admitted(self, inbox: str, conversation: str, token: str, signed: Signed | None) -> RowMapping:
        """The row of a web conversation that this visitor holds. Raises WrongToken."""
        return await self.store.read(lambda c: signing_in.admitted(c, self.vault, inbox, conversation, token, signed))

    async def owner(self, conversation: str) -> Owner:
        """Who owns the conversation now. Raises UnknownConversation."""
        owner: Owner = (await self.store.read(lambda c: log.read_head(c, conversation)))["owner"]
        return owner

    async def visible(self, conversation: str, after: int, limit: int = 200) -> list[Event]:
        """Events that the customer may see, after a seq, oldest first."""
        return await self.store.read(
            lambda c: log.read_events(c, self.vault, conversation, after=after, limit=limit, visible_only=True)
        )

    async def newest(self, conversation: str, most: int) -> int:
        """The seq after which the newest `most` events that the customer may see begin; 0 where there are no more."""
        return await self.store.read(lambda c: log.shown_after(c, conversation, most))

    async def show(self, signal: Signal) -> Shown:
        """What to show of a delta: nothing when the owner changed or the turn lost its lease since it was written."""

        def look(connection: Any) -> Shown:
            head = log.read_head(connection, signal.conversation)
            if head["epoch"] != signal.epoch or head["lease"] != signal.turn:
                return Shown(None)
            return Shown(self.vault.book(connection, head["customer_id"]).restore(signal.text))

        return await self.store.read(look)

    def watch(self, conversation: str) -> AbstractAsyncContextManager[Watch]:
        """Signals about one conversation."""
        return self.bus.watch(conversation)

    async def report(self, inbox: str, told: Report) -> bool:
        """Writes a provider's delivery report into the log, once; False when no message of ours is meant."""
        now, consent_id = datetime.now(UTC), f"k-{_id()}"
        conversation = await self.store.write(lambda c: deliveries.report(c, self.vault, inbox, told, now, consent_id))
        if conversation:
            metrics.REPORTS.labels(inbox, told.bounce or told.state).inc()
            await self.bus.publish(conversation, Signal("changed", conversation))
        return conversation is not None

    async def ready(self) -> dict[str, str]:
        """Each store by name, "ok" or what is wrong with it."""
        checks: dict[str, Callable[[], Awaitable[Any]]] = {
            "store": lambda: self.store.read(lambda c: c.exec_driver_sql("SELECT 1").scalar()),
            "library": self.library.ready,
        }
        found = {name: await _state(check) for name, check in checks.items()}
        return {**found, "worker": "ok" if self.worker.healthy else "not running"}


async def _state(check: Callable[[], Awaitable[Any]]) -> str:
    try:
        await check()
    except Exception as error:  # noqa: BLE001  (a readiness probe reports every fault and raises none)
        return f"{type(error).__name__}: {error}"
    return "ok"


def _id() -> str:
    return uuid.uuid4().hex
