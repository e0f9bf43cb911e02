"""What goes on by itself: members of running campaigns are queued, figures watched, steps taken, digests sent."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import Connection

from agent.dispatch.signals import Signal
from agent.errors import FrontdeskError, MemoryFault
from agent.ports import Bus
from channels.proactive import health
from channels.proactive.campaigns import Campaigns
from channels.proactive.composing import composer
from channels.proactive.templates import TemplateError
from memory import campaign_figures, campaign_members, campaigns
from memory.campaign_figures import Progress
from memory.campaigns import Act, Campaign
from memory.errors import CampaignRefused

_log = structlog.get_logger(__name__)
_SELF, _ROLE = "frontdesk", "system"


@dataclass(slots=True, eq=False)
class Runner:
    """Runs in every process that sends; several do not harm each other: a campaign's row is locked for each batch.

    `chores` run at each round beside the campaigns; each gets the time.
    """

    campaigns: Campaigns
    bus: Bus
    chores: Sequence[Callable[[datetime], Awaitable[None]]] = ()
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    _loop: asyncio.Task[None] | None = field(default=None)

    def start(self) -> None:
        """Begins."""
        self._loop = asyncio.create_task(self._work(), name="proactive")

    async def stop(self) -> None:
        """Ends between two transactions: nothing is left half done."""
        if self._loop is not None:
            self._loop.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._loop

    async def _work(self) -> None:
        while True:
            for chore in (self.round, *self.chores):
                try:
                    await chore(self.clock())
                except (FrontdeskError, MemoryFault) as error:
                    _log.warning("proactive_waits", error=type(error).__name__, code=error.code)
                except Exception as error:  # noqa: BLE001  (it must outlive every fault and try again)
                    _log.error("proactive_failed", error=type(error).__name__, exc_info=True)
            await asyncio.sleep(self.campaigns.maker.settings.sweep_s)

    async def round(self, now: datetime) -> None:
        """Takes every running campaign as far as it may go now."""
        store = self.campaigns.store
        if left := await store.read(campaigns.left_behind):
            await store.write(lambda c: campaigns.withdraw(c, left))
        for campaign in await store.read(lambda c: campaigns.listed(c, status="running", limit=1000)):
            try:
                await self._advance(campaign, now)
            except TemplateError as error:
                await self._act(campaign, "stop", f"stopped by itself: {error}", now)

    async def _advance(self, campaign: Campaign, now: datetime) -> None:
        await self._queue(campaign, now)
        left, progress = await self.campaigns.store.read(lambda c: _state(c, campaign))
        shares = health.shares(progress, campaign.spec["stop"], campaign.marks.get("baseline", {}))
        if why := health.reason_to_stop(shares):
            await self._act(campaign, "stop", why, now)
        elif not left and not progress.on_its_way:
            await self._next(campaign, now)

    async def _queue(self, campaign: Campaign, now: datetime) -> None:
        """Batches, as long as no more than a window of them waits in the outbox. Turns come between.

        What the gate holds until morning counts against a limit of its own: customers elsewhere are awake.
        """
        settings, store, vault = self.campaigns.maker.settings, self.campaigns.store, self.campaigns.vault
        compose = composer(campaign, self.campaigns.maker.organisation)

        def batch(connection: Connection) -> campaign_members.Queued:
            due, held = campaign_figures.unsent(connection, campaign.id, now)
            room = min(settings.window - due, settings.held - held)
            return campaign_members.queue(
                connection,
                vault,
                campaign.id,
                compose,
                channel=campaign.spec["channel"],
                limit=max(0, min(settings.batch, room)),
                now=now,
            )

        while (done := await store.write(batch)).members:
            for conversation in done.conversations:
                await self.bus.publish(conversation, Signal("changed", conversation))
            _log.info("campaign_queued", campaign=campaign.id, messages=len(done.conversations), skipped=done.skipped)
            await asyncio.sleep(0)

    async def _next(self, campaign: Campaign, now: datetime) -> None:
        """Everybody of this step has their message and it is decided: the end, or the next step when it is time."""
        if campaign.step >= len(campaign.steps):
            await self._act(campaign, "finish", "everybody has been written to", now)
            return
        minutes = campaign.spec["soak_minutes"]
        settled = await self.campaigns.store.read(lambda c: campaign_figures.settled_at(c, campaign.id))
        since = max(filter(None, (settled, campaign.step_at)), default=now)
        if minutes and now >= since + timedelta(minutes=minutes):
            await self._act(campaign, "step", f"step {campaign.step} was healthy for {minutes:g} minutes", now)

    async def _act(self, campaign: Campaign, what: Act, why: str, now: datetime) -> None:
        """One of several processes that see the same does it; a person may have been before all of them."""
        with contextlib.suppress(CampaignRefused):
            await self.campaigns.store.write(
                lambda c: campaigns.act(
                    c, campaign.id, what, by=_SELF, role=_ROLE, why=why, now=now, at_step=campaign.step
                )
            )
            _log.info("campaign", campaign=campaign.id, act=what, step=campaign.step)


def _state(connection: Connection, campaign: Campaign) -> tuple[int, Progress]:
    left = campaign_members.left(connection, campaign.id, campaign.step)
    return left, campaign_figures.progress(connection, campaign.id)
