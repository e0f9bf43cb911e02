"""Incidents as people and monitors report them: facts in, a message for each audience out, each update on the last.

Staff is told in the transaction that writes the version. Customers are told by a campaign of one step, so that the
gate, the figures and the switches are the same; a report that was broken off before it was made is sent again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection

from agent.dispatch.signals import Signal
from agent.errors import Refused
from agent.ports import Bus
from channels.proactive import health
from channels.proactive.campaigns import Campaigns
from channels.proactive.composing import written
from channels.proactive.incident_facts import BadFacts, IncidentReport, IncidentUpdate, Reach, changed, first
from channels.proactive.incident_messages import AUDIENCES, Message, Writer
from channels.proactive.limits import fault
from channels.proactive.making import By
from channels.proactive.spec import StopSpec
from channels.proactive.staff import Staff, StaffMessage
from channels.proactive.templates import DEFAULT, Template, Variant
from channels.proactive.ways import Way
from channels.proactive.writing import Writing
from memory import campaign_members, campaigns, incidents
from memory.campaigns import Campaign
from memory.errors import CampaignRefused, UnknownCampaign, UnknownIncident
from memory.incidents import Version

UPDATE = "update"
_SYSTEM = "frontdesk"


@dataclass(frozen=True, slots=True)
class Published:
    """The newest version, whether this call made it, and the campaigns that tell customers of it."""

    version: Version
    new: bool
    campaigns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Incidents:
    """One organisation's incidents."""

    campaigns: Campaigns
    staff: Staff
    writer: Writer
    bus: Bus

    async def report(self, report: IncidentReport, by: By, now: datetime) -> Published:
        """A new incident; the same report again changes nothing and finishes what was not.

        Raises BadFacts, UnknownInbox, IncidentClosed, Refused when the id is taken by other facts.
        """
        facts = first(report)

        def change(before: Version | None) -> Mapping[str, Any]:
            if before is not None and before.version > 1:
                return before.facts
            if before is not None and before.facts != facts:
                raise Refused(f"there is an incident {report.id} already; send what changed to its updates")
            return facts

        for reach in report.customers:
            if not self.campaigns.ways[reach.inbox].sends:
                raise Refused(f"{reach.inbox} cannot write first")
        published = await self._publish(report.id, change, [reach.inbox for reach in report.customers], by, now)
        if published.version.version > 1:
            return published
        made = [await self._tell(published.version, reach, by, now) for reach in report.customers]
        return Published(published.version, published.new, tuple(campaign.id for campaign in made))

    async def update(self, id: str, update: IncidentUpdate, by: By, now: datetime) -> Published:
        """The next version, for those who were told of the last. Raises UnknownIncident, BadFacts, IncidentClosed."""

        def change(before: Version | None) -> Mapping[str, Any]:
            if before is None:
                raise UnknownIncident(f"no incident {id}")
            return changed(before.facts, update, now)

        published = await self._publish(id, change, None, by, now)
        version = published.version
        if version.version == 1 or "customers" not in version.messages:
            return published
        made = [await self._follow(version, inbox, by, now) for inbox in version.messages["reach"]]
        return Published(version, published.new, tuple(campaign.id for campaign in made if campaign))

    async def versions(self, id: str) -> list[Version]:
        """Oldest first. Raises UnknownIncident."""
        return await self.campaigns.store.read(lambda c: incidents.versions(c, id))

    async def current(self, *, open_only: bool = False) -> list[Version]:
        """The newest version of each."""
        return await self.campaigns.store.read(lambda c: incidents.current(c, open_only=open_only))

    async def _publish(
        self,
        id: str,
        change: Callable[[Version | None], Mapping[str, Any]],
        reach: Sequence[str] | None,
        by: By,
        now: datetime,
    ) -> Published:
        told: list[str] = []

        def work(connection: Connection) -> tuple[Version, bool]:
            told.clear()
            compose = partial(self._compose, reach)
            version, new = incidents.publish(connection, id, change, compose, by=by.name, role=by.role, now=now)
            if new:
                told.extend(self._tell_staff(connection, version, now))
            return version, new

        version, new = await self.campaigns.store.write(work)
        for conversation in told:
            await self.bus.publish(conversation, Signal("changed", conversation))
        return Published(version, new, ())

    def _compose(
        self, reach: Sequence[str] | None, facts: Mapping[str, Any], before: Version | None
    ) -> Mapping[str, Any]:
        """Messages by audience, and for customers also the whole, for those whom the last one did not reach."""
        version = before.version + 1 if before else 1
        found: dict[str, Any] = {
            "reach": list(reach if reach is not None else before.messages["reach"] if before else ())
        }
        for audience in AUDIENCES:
            message = self.writer.compose(audience, facts, before.facts if before else None, version)
            if message is not None:
                found[audience] = asdict(message) | {"text": message.text}
        if "customers" in found:
            whole = self.writer.whole("customers", facts, version)
            found["customers_whole"] = asdict(whole) | {"text": whole.text}
        self._check(found)
        return found

    def _check(self, messages: Mapping[str, Any]) -> None:
        """Raises BadFacts for words that a channel cannot carry, before anything is written."""
        for inbox in messages["reach"]:
            way = self.campaigns.ways[inbox]
            for name in ("customers", "customers_whole"):
                text = _for_channel(way.channel, messages[name]) if name in messages else "."
                if wrong := fault(way.channel, text, self.campaigns.maker.settings.max_sms_parts):
                    raise BadFacts(f"{inbox}: {wrong}")
        for audience in ("desk", "engineers", "status"):
            if audience in messages and (wrong := self.staff.fits(audience, _for_staff(messages[audience]))):
                raise BadFacts(wrong)

    def _tell_staff(self, connection: Connection, version: Version, now: datetime) -> list[str]:
        told, vault = [], self.campaigns.vault
        meta = {"incident": version.id, "version": version.version}
        for audience in ("desk", "engineers", "status"):
            if audience in version.messages:
                message = _for_staff(version.messages[audience])
                key = f"incident:{version.id}:{version.version}:{audience}"
                told += self.staff.tell(connection, vault, audience, message, key, meta, now)
        return told

    async def _tell(self, version: Version, reach: Reach, by: By, now: datetime) -> Campaign:
        """The campaign of the first version."""
        maker = self.campaigns.maker
        if len(reach.audience.recipients) > maker.settings.max_members:
            raise Refused(
                f"{len(reach.audience.recipients)} recipients; proactive.max_members is {maker.settings.max_members}"
            )
        campaign, template, way = await self._begin(version, reach.inbox, by, now)
        if campaign.status == "building":
            work = Writing(
                maker.store, maker.vault, maker.organisation, maker.language, campaign, template, way, by.name, now
            )
            await work.members(reach.audience)
            await maker.finish(campaign, by, now)
        return await self._start(campaign, by, now)

    async def _follow(self, version: Version, inbox: str, by: By, now: datetime) -> Campaign | None:
        """The campaign of a later version: whom the last one reached gets what changed, whom it did not, the whole."""
        store = self.campaigns.store
        last = await self._last(version, inbox)
        if last is None:
            return None
        campaign, _, way = await self._begin(version, inbox, by, now)
        if campaign.status == "building":
            why = f"superseded by version {version.version}"
            await self._end(last, By(_SYSTEM, "system", why), now)
            after: str | None = ""
            while after is not None:
                copy = partial(campaign_members.follow, before=last.id, campaign=campaign.id, inbox=way.inbox)
                after = await store.write(partial(copy, reached=UPDATE, others=DEFAULT, after=after, now=now))
            await self.campaigns.maker.finish(campaign, by, now)
        return await self._start(campaign, by, now)

    async def _last(self, version: Version, inbox: str) -> Campaign | None:
        """The campaign of the newest version before this one that told customers by this inbox."""
        for number in range(version.version - 1, 0, -1):
            try:
                return await self.campaigns.campaign(campaigns.campaign_id(_name(version.id, number, inbox)))
            except UnknownCampaign:
                continue
        return None

    async def _end(self, campaign: Campaign, by: By, now: datetime) -> None:
        try:
            await self.campaigns.cancel(campaign.id, by, now)
        except CampaignRefused:
            return  # it was done, or somebody cancelled it

    async def _begin(self, version: Version, inbox: str, by: By, now: datetime) -> tuple[Campaign, Template, Way]:
        way, maker = self.campaigns.ways[inbox], self.campaigns.maker
        template = _template(way.channel, version.messages)
        fingerprint = hashlib.sha256(f"{version.id}:{version.version}".encode()).hexdigest()
        spec = {
            "inbox": inbox,
            "channel": way.channel,
            "template": written(template),
            "values": {},
            "audience": {"incident": version.id},
            "steps": [100],
            "soak_minutes": 0,
            "stop": health.limits(maker.settings.stop, StopSpec()),
            "max_sms_parts": maker.settings.max_sms_parts,
            "fingerprint": fingerprint,
            "about": {"incident": version.id, "version": version.version},
        }
        given: dict[str, Any] = {"name": _name(version.id, version.version, inbox), "kind": "incident", "spec": spec}
        given |= {"by": by.name, "role": by.role, "why": by.why, "now": now}
        return await maker.store.write(lambda c: campaigns.begin(c, **given)), template, way

    async def _start(self, campaign: Campaign, by: By, now: datetime) -> Campaign:
        """Starts it unless that was done. An alert needs no seed list and no sandbox: its words are its facts."""
        try:
            return await self.campaigns.store.write(lambda c: by.act(c, campaign.id, "start", now, at_step=0))
        except CampaignRefused:
            return await self.campaigns.campaign(campaign.id)


def _name(incident: str, version: int, inbox: str) -> str:
    return f"incident {incident}, version {version}, {inbox}"


def _template(channel: str, messages: Mapping[str, Any]) -> Template:
    """The words of a version as a campaign's template; braces of a fact are no placeholders."""
    variants = []
    for name, which in ((DEFAULT, "customers_whole"), (UPDATE, "customers")):
        message = messages[which]
        text, subject = _for_channel(channel, message), message["headline"]
        variants.append(Variant(name, _plain(text), _plain(subject)))
    return Template("incident", "notification", frozenset(), tuple(variants))


def _plain(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _for_channel(channel: str, message: Mapping[str, Any]) -> str:
    return str(message["short"] if channel in ("sms", "push") else message["text"])


def _for_staff(message: Mapping[str, Any]) -> StaffMessage:
    bullets = "\n".join(f"- {sentence}" for sentence in message["sentences"])
    return StaffMessage(message["headline"], f"{message['headline']}\n\n{bullets}", message["short"])


def preview(writer: Writer, report: IncidentReport) -> dict[str, Message]:
    """The messages a report would make, by audience; writes nothing. Raises BadFacts."""
    facts = first(report)
    return {audience: writer.whole(audience, facts, 1) for audience in AUDIENCES}
