"""Builds what says things first, from settings."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from agent.errors import Misconfigured
from agent.ports import Bus
from channels.gating.rules import gate_rules
from channels.proactive.campaigns import Campaigns
from channels.proactive.digest import Digester
from channels.proactive.incident_messages import Writer, words
from channels.proactive.incidents import Incidents
from channels.proactive.making import Maker
from channels.proactive.notify import Notifier
from channels.proactive.runner import Runner
from channels.proactive.staff import Staff
from channels.proactive.ways import open_ways
from channels.settings import Settings
from memory.store import Store
from memory.vault import Vault


def open_campaigns(settings: Settings, store: Store, vault: Vault) -> Campaigns:
    """Raises Misconfigured for an inbox or a destination that cannot work."""
    organisation = settings.organisation
    language = organisation.locale.partition("-")[0].lower()
    maker = Maker(store, vault, settings.proactive, organisation.name, language, gate_rules(settings))
    return Campaigns(maker, open_ways(settings))


def open_notifier(campaigns: Campaigns, bus: Bus) -> Notifier:
    return Notifier(campaigns.maker, campaigns.ways, bus)


def open_incidents(settings: Settings, campaigns: Campaigns, bus: Bus) -> Incidents:
    """Raises Misconfigured for sentences of your own that cannot be used."""
    writer = Writer(words(settings.proactive.words), _zone(settings))
    return Incidents(campaigns, Staff(settings.digests, campaigns.ways), writer, bus)


def open_digester(settings: Settings, campaigns: Campaigns, bus: Bus) -> Digester:
    staff = Staff(settings.digests, campaigns.ways)
    name, at = settings.organisation.name, settings.digests.at
    return Digester(campaigns.store, campaigns.vault, staff, bus, name, _zone(settings), at)


def open_runner(settings: Settings, store: Store, vault: Vault, bus: Bus) -> Runner:
    """What a process runs beside its sender."""
    campaigns = open_campaigns(settings, store, vault)
    return Runner(campaigns, bus, (open_digester(settings, campaigns, bus).daily,))


def _zone(settings: Settings) -> ZoneInfo:
    try:
        return ZoneInfo(settings.organisation.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        raise Misconfigured(f"organisation.timezone: there is no zone {settings.organisation.timezone!r}") from None
