"""Writing a campaign down: its row, its seeds, its members with their consent, and a step for each.

Each piece is a small transaction of its own, so that turns are not kept waiting; the campaign is `building` until the
last one, and making it again under the same name goes on where it was broken off.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection

from agent.errors import Refused
from channels.gate import DEFAULT
from channels.gating.rules import Rules
from channels.proactive import health
from channels.proactive.composing import filled, seed_values, written
from channels.proactive.settings import Proactive
from channels.proactive.spec import CampaignSpec
from channels.proactive.templates import Template, TemplateError
from channels.proactive.ways import Way
from channels.proactive.writing import Writing, pieces
from memory import campaign_members, campaigns
from memory.campaigns import Act, Campaign
from memory.store import Store
from memory.vault import Vault

_PLACES = 500


@dataclass(frozen=True, slots=True)
class By:
    """Who acts, in which role, and why."""

    name: str
    role: str
    why: str

    def __post_init__(self) -> None:
        """Raises Refused."""
        if not self.why.strip():
            raise Refused("say why: it is kept with the act")

    def act(self, connection: Connection, campaign: str, what: Act, now: datetime, **more: Any) -> Campaign:
        """`memory.campaigns.act` in this name."""
        given = {"by": self.name, "role": self.role, "why": self.why, "now": now, **more}
        return campaigns.act(connection, campaign, what, **given)


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes campaigns for one organisation. `language` is what a customer of unknown language reads."""

    store: Store
    vault: Vault
    settings: Proactive
    organisation: str
    language: str
    rules: Rules = DEFAULT

    def template(self, spec: CampaignSpec, way: Way) -> Template:
        """The template of a spec, with everything about it checked that can be. Raises TemplateError, Refused."""
        if not way.sends:
            raise Refused(f"{way.inbox} cannot write first: a campaign needs an inbox that sends")
        if spec.template not in self.settings.templates:
            known = ", ".join(sorted(self.settings.templates)) or "none"
            raise TemplateError(
                f"there is no template {spec.template!r} under [proactive.templates]; there are: {known}"
            )
        if len(spec.audience.recipients) > self.settings.max_members:
            raise Refused(
                f"{len(spec.audience.recipients)} recipients; proactive.max_members is {self.settings.max_members}"
            )
        template = self.settings.templates[spec.template].template(spec.template)
        if template.purpose == "marketing" and way.channel == "email" and self.rules.no_marketing_mail:
            raise Refused(self.rules.no_marketing_mail)
        if unknown := sorted(set(spec.values) - template.placeholders):
            raise TemplateError(f"template {template.name} has no placeholder {', '.join(unknown)}")
        row = self.kept(spec, template, way)
        for variant in template.variants:
            if variant.channel in ("", way.channel):
                filled(row, template, variant.name, seed_values(template, spec.values, {}), self.organisation)
                if way.channel == "email" and not (variant.subject or template.variants[0].subject):
                    raise TemplateError(f"template {template.name}, variant {variant.name}: an email needs a subject")
        return template

    def kept(self, spec: CampaignSpec, template: Template, way: Way) -> dict[str, Any]:
        """What the campaign's row holds: everything it needs later, and no customer's value."""
        wanted = spec.audience.model_dump(mode="json", exclude={"recipients"}, exclude_defaults=True)
        return {
            "inbox": spec.inbox,
            "channel": way.channel,
            "template": written(template),
            "values": dict(spec.values),
            "audience": wanted or {"recipients": len(spec.audience.recipients)},
            "steps": list(spec.steps or self.settings.steps),
            "soak_minutes": self.settings.soak_minutes if spec.soak_minutes is None else spec.soak_minutes,
            "stop": health.limits(self.settings.stop, spec.stop),
            "max_sms_parts": self.settings.max_sms_parts,
            "fingerprint": spec.fingerprint,
        }

    async def make(self, spec: CampaignSpec, way: Way, by: By, now: datetime) -> Campaign:
        """The campaign as a draft; the one that is there already where the spec is the same.

        Raises TemplateError, Refused, CampaignRefused.
        """
        template = self.template(spec, way)
        row = self.kept(spec, template, way)
        given: dict[str, Any] = {"name": spec.name, "kind": "campaign", "spec": row, "now": now}
        given |= {"by": by.name, "role": by.role, "why": by.why}
        campaign = await self.store.write(lambda c: campaigns.begin(c, **given))
        if campaign.status != "building":
            return campaign
        work = Writing(self.store, self.vault, self.organisation, self.language, campaign, template, way, by.name, now)
        for number, seed in enumerate(spec.seeds):
            await work.seed(seed, number)
        await work.members(spec.audience)
        return await self.finish(campaign, by, now)

    async def finish(self, campaign: Campaign, by: By, now: datetime) -> Campaign:
        """Gives every member a step and ends the building."""
        everyone = await self.store.read(lambda c: campaign_members.everyone(c, campaign.id))
        placed = campaign_members.spread(everyone, campaign.steps, campaign.id) if everyone else {}
        for some in pieces(placed.items(), _PLACES):
            await self.store.write(partial(campaign_members.place, campaign=campaign.id, steps=dict(some)))
        return await self.store.write(lambda c: by.act(c, campaign.id, "ready", now))
