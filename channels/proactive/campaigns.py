"""Campaigns as people act on them: at the terminal, over HTTP, and the program itself for what goes on by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from channels.proactive import health, sandbox
from channels.proactive.composing import composer, filled, seed_values
from channels.proactive.making import By, Maker
from channels.proactive.spec import CampaignSpec
from channels.proactive.ways import Ways
from memory import campaign_figures, campaign_members, campaigns
from memory.campaign_figures import Progress
from memory.campaign_members import Queued
from memory.campaigns import Act, Campaign
from memory.errors import CampaignRefused
from memory.store import Store
from memory.vault import Vault


@dataclass(frozen=True, slots=True)
class Shown:
    """A campaign, where it stands, and its figures beside their limits."""

    campaign: Campaign
    progress: Progress
    health: Sequence[health.Share]


@dataclass(frozen=True, slots=True)
class Campaigns:
    """Every act is written with who and why. `maker` knows the templates, `ways` the inboxes."""

    maker: Maker
    ways: Ways

    @property
    def store(self) -> Store:
        return self.maker.store

    @property
    def vault(self) -> Vault:
        return self.maker.vault

    def check(self, spec: CampaignSpec) -> list[str]:
        """What the campaign would be, in lines; writes nothing. Raises TemplateError, Refused, UnknownInbox."""
        way = self.ways[spec.inbox]
        template = self.maker.template(spec, way)
        row = self.maker.kept(spec, template, way)
        usable = [v for v in template.variants if v.channel in ("", way.channel)]
        lines = [f"{spec.name}: {template.purpose} by {way.inbox} ({way.channel}), template {template.name}"]
        for variant in usable:
            values = seed_values(template, spec.values, {})
            lines.append(
                f"  {variant.name}: {filled(row, template, variant.name, values, self.maker.organisation).text}"
            )
        lines.append(f"for {len(spec.audience.recipients) or 'customers by filter'}, {len(spec.seeds)} seeds first")
        if template.purpose == "marketing" and spec.audience.recipients:
            proved = sum(one.consent is not None for one in spec.audience.recipients)
            lines.append(f"{proved} of {len(spec.audience.recipients)} come with evidence of consent")
        lines.append(f"steps of {', '.join(f'{share:g} %' for share in row['steps'])}; {_soak(row['soak_minutes'])}")
        return lines

    async def create(self, spec: CampaignSpec, by: By, now: datetime) -> Campaign:
        """A draft with its members. Raises TemplateError, Refused, UnknownInbox, CampaignRefused."""
        return await self.maker.make(spec, self.ways[spec.inbox], by, now)

    async def seed(self, id: str, by: By, now: datetime) -> Queued:
        """Sends it to the seeds; those who have it get it no second time. Raises UnknownCampaign, CampaignRefused."""
        campaign = await self._act(id, "seed", by, now, {"seeded": now.isoformat()})
        compose = composer(campaign, self.maker.organisation)
        return await self.store.write(
            lambda c: campaign_members.queue(
                c, self.vault, id, compose, channel=campaign.spec["channel"], limit=100, now=now, seeds=True
            )
        )

    async def sandbox(
        self, id: str, by: By, now: datetime, seed: int = 0, at: datetime | None = None
    ) -> dict[str, Any]:
        """Tries it on every member with nothing sent, as if it were `at`; the report.

        Raises UnknownCampaign, CampaignRefused.
        """
        campaign = await self.campaign(id)
        way = self.ways[campaign.spec["inbox"]]
        trial = await sandbox.rehearse(self.maker, campaign, way, seed, at or now)
        report = {**trial.report(), "seed": seed, "at": (at or now).isoformat()}
        await self._act(id, "sandbox", by, now, {"sandboxed": report})
        return report

    async def start(self, id: str, by: By, now: datetime) -> Campaign:
        """The first step. Raises CampaignRefused before the seed list and the sandbox were seen."""

        def work(connection: Connection) -> Campaign:
            campaign = campaigns.lock(connection, id)
            missing = [word for word in ("seeded", "sandboxed") if word not in campaign.marks]
            if missing:
                raise CampaignRefused(f"{campaign.name!r} was not {' and '.join(missing)} yet; that comes first")
            trial = campaign.marks["sandboxed"]
            if not trial["accepted"] and not trial["held"]:
                raise CampaignRefused(f"{campaign.name!r} would reach nobody: see its sandbox report")
            return by.act(connection, id, "start", now)

        return await self.store.write(work)

    async def step(self, id: str, by: By, now: datetime, at_step: int | None = None) -> Campaign:
        """The next step, once everybody of this one has their message. Raises CampaignRefused."""

        def work(connection: Connection) -> Campaign:
            campaign = campaigns.lock(connection, id)
            if waiting := campaign_members.left(connection, id, campaign.step):
                raise CampaignRefused(f"{waiting} members of step {campaign.step} have no message yet")
            return by.act(connection, id, "step", now, at_step=at_step)

        return await self.store.write(work)

    async def pause(self, id: str, by: By, now: datetime) -> Campaign:
        """When this returns nothing more is queued, and what waits in the outbox stays there."""
        return await self._act(id, "pause", by, now)

    async def resume(self, id: str, by: By, now: datetime) -> Campaign:
        """Goes on. One that stopped by itself is measured anew from here: its figures so far were seen."""

        def work(connection: Connection) -> Campaign:
            marks = None
            if campaigns.lock(connection, id).status == "stopped":
                marks = {"baseline": health.baseline(campaign_figures.progress(connection, id))}
            return by.act(connection, id, "resume", now, marks=marks)

        return await self.store.write(work)

    async def cancel(self, id: str, by: By, now: datetime) -> Campaign:
        """Ends it: what has not left is taken back."""
        return await self._act(id, "cancel", by, now)

    async def campaign(self, id: str) -> Campaign:
        """Raises UnknownCampaign."""
        return await self.store.read(lambda c: campaigns.read(c, id))

    async def listed(self, limit: int = 100) -> list[Campaign]:
        """Newest first."""
        return await self.store.read(lambda c: campaigns.listed(c, limit=limit))

    async def show(self, id: str) -> Shown:
        """Raises UnknownCampaign."""

        def work(connection: Connection) -> Shown:
            campaign, progress = campaigns.read(connection, id), campaign_figures.progress(connection, id)
            shares = health.shares(progress, campaign.spec["stop"], campaign.marks.get("baseline", {}))
            return Shown(campaign, progress, shares)

        return await self.store.read(work)

    async def _act(self, id: str, what: Act, by: By, now: datetime, marks: dict[str, Any] | None = None) -> Campaign:
        return await self.store.write(lambda c: by.act(c, id, what, now, marks=marks))


def _soak(minutes: float) -> str:
    return f"the next one by itself after {minutes:g} healthy minutes" if minutes else "a person starts each"
