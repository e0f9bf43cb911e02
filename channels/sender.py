"""Works the outbox: claims what is due, asks the gate, sends, and writes down what became of it."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import structlog
from sqlalchemy import Connection

from agent import metrics
from agent.dispatch.signals import Signal
from agent.errors import MemoryFault
from agent.ports import Bus
from channels import gate
from channels.gate import GateVerdict
from channels.gating.rules import Rules
from channels.leaving import WayOut
from channels.outlets import Outlet, Outlets
from channels.providers.ports import Gone, OptedOut, SendError
from channels.schedules import after
from memory import outbox, subscriptions
from memory.consent import record_consent
from memory.dead_letters import bury
from memory.messages import BounceClass
from memory.outbox import Claimed
from memory.store import Store
from memory.vault import Vault

_log = structlog.get_logger(__name__)

# Twice the longest provider timeout (SMTP, 30 s): a send still under way is never taken for one whose fate is unknown.
_LEASE_S = 60.0
_IDLE_S = 0.5
_BECOMES: Mapping[str, outbox.Status] = {"hold": "pending", "park": "parked", "refuse": "refused"}


@dataclass(slots=True, eq=False)
class Sender:
    """Sends until told to stop; several processes may, each row is claimed by one."""

    store: Store
    vault: Vault
    bus: Bus
    outlets: Outlets
    holder: str
    rules: Rules = gate.DEFAULT
    way_out: WayOut | None = None
    _loop: asyncio.Task[None] | None = None
    _sending: set[asyncio.Task[None]] = field(default_factory=set)

    def start(self) -> None:
        """Begins to send."""
        self._loop = asyncio.create_task(self._work(), name="sender")

    async def stop(self, grace_s: float) -> None:
        """Claims nothing new and lets sends under way finish."""
        if self._loop is not None:
            self._loop.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._loop
        if self._sending:
            await asyncio.wait(self._sending, timeout=grace_s)

    async def _work(self) -> None:
        while True:
            claimed: list[Claimed] = []
            try:
                claimed = await self._claim()
            except Exception as error:  # noqa: BLE001  (the sender must outlive every fault of the store)
                _log.error("claim_failed", error=type(error).__name__, exc_info=True)
            for each in claimed:
                task = asyncio.create_task(self._guarded(each))
                self._sending.add(task)
                task.add_done_callback(self._sending.discard)
            await asyncio.sleep(0 if claimed else _IDLE_S)

    async def _claim(self) -> list[Claimed]:
        now = datetime.now(UTC)
        if not await self.store.read(lambda c: outbox.any_due(c, now)):
            return []
        return await self.store.write(
            lambda c: outbox.claim_due(c, self.vault, holder=self.holder, now=now, lease_s=_LEASE_S)
        )

    async def _guarded(self, claimed: Claimed) -> None:
        """One send. A fault of ours leaves the row to the lease: its fate is unknown, and treated as such."""
        try:
            await self.send(claimed)
        except MemoryFault as error:
            _log.warning("send_not_recorded", outbox=claimed.outbound.id, error=str(error))
        except Exception as error:  # noqa: BLE001  (the edge of a send: others must go on)
            _log.error("send_failed", outbox=claimed.outbound.id, error=type(error).__name__, exc_info=True)
            await self._finish(claimed, "parked", error=f"our own fault: {type(error).__name__}")

    async def send(self, claimed: Claimed) -> None:
        """Judges and sends one claimed row. Raises StoreUnavailable when the outcome cannot be written."""
        outbound, outlet = claimed.outbound, self.outlets.get(claimed.outbound.inbox)
        if outlet is None or outlet.provider is None:
            await self._finish(claimed, "dead", error=f"the inbox {outbound.inbox} has no way out any more")
            return
        if claimed.unknown and outlet.settings.on_unknown_send == "park":
            await self._finish(claimed, "parked", error="it may have been sent before a crash")
            return
        now = datetime.now(UTC)
        verdict = await self.store.write(lambda c: gate.admit(c, outbound, claimed.customer, now, self.rules))
        if verdict.decision == "send":
            await self._deliver(claimed, outlet, verdict)
        else:
            await self._not_now(claimed, verdict, now)

    async def _not_now(self, claimed: Claimed, verdict: GateVerdict, now: datetime) -> None:
        """Held until a time, parked for a person, or refused for good."""
        until = verdict.until or now
        retry_s = max(0.0, (until - now).total_seconds())
        await self._finish(claimed, _BECOMES[verdict.decision], retry_s=retry_s, verdict=verdict)

    async def _deliver(self, claimed: Claimed, outlet: Outlet, verdict: GateVerdict) -> None:
        assert outlet.provider is not None  # noqa: S101  (send checked)
        rendered = outlet.adapter.render(claimed.outbound, outlet.settings)
        if self.way_out and claimed.outbound.channel == "email" and claimed.outbound.purpose == "marketing":
            rendered = self.way_out.added(rendered, claimed.customer)
        try:
            sent = await outlet.provider.send(claimed.outbound, rendered)
        except SendError as error:
            await self._refused(claimed, outlet, error, verdict)
            return
        await self._finish(claimed, "sent", provider_ref=sent.provider_ref or None, verdict=verdict)

    async def _refused(self, claimed: Claimed, outlet: Outlet, error: SendError, verdict: GateVerdict) -> None:
        words = f"{error.code}: {error}"
        if isinstance(error, Gone):
            await self.store.write(lambda c: subscriptions.end(c, claimed.outbound.recipient, datetime.now(UTC)))
        elif isinstance(error, OptedOut):
            await self._opted_out(claimed, error.purpose)
        park = outlet.settings.on_unknown_send == "park"
        becomes = after(error, claimed.outbound.attempts, outlet.adapter.schedule, park_unknown=park)
        await self._finish(
            claimed, becomes.status, retry_s=becomes.retry_s, error=words, verdict=verdict, bounce=error.bounce
        )

    async def _opted_out(self, claimed: Claimed, purpose: str) -> None:
        """The provider knows of an opt-out that we did not: into the ledger with it."""
        now, outbound, id_ = datetime.now(UTC), claimed.outbound, f"k-{uuid.uuid4().hex}"
        await self.store.write(
            lambda c: record_consent(
                c,
                id=id_,
                customer=claimed.customer,
                channel=outbound.channel,
                state="out",
                evidence={"outbox": outbound.id, "by": "provider"},
                now=now,
                purpose=purpose,
            )
        )

    async def _finish(
        self,
        claimed: Claimed,
        status: outbox.Status,
        *,
        retry_s: float = 0,
        provider_ref: str | None = None,
        error: str | None = None,
        verdict: GateVerdict | None = None,
        bounce: BounceClass | None = None,
    ) -> None:
        now, outbound = datetime.now(UTC), claimed.outbound

        def work(connection: Connection) -> bool:
            ours = outbox.finish(
                connection,
                outbound.id,
                self.holder,
                status=status,
                now=now,
                retry_s=retry_s,
                provider_ref=provider_ref,
                error=error,
                verdict=verdict.why if verdict else None,
                rule=verdict.rule if verdict else None,
                bounce=bounce,
            )
            if ours and status in ("dead", "parked"):
                reason = error or (verdict.why if verdict else status)
                bury(connection, "send", outbound.id, outbound.conversation, reason, now)
            return ours

        await self.store.write(work)
        metrics.SENDS.labels(outbound.channel, status).inc()
        _log.info("send", outbox=outbound.id, channel=outbound.channel, status=status, attempts=outbound.attempts)
        await self.bus.publish(outbound.conversation, Signal("changed", outbound.conversation))
