"""The rules the gate judges by, as this installation has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from channels.gating.regions import Regions, built_in, read
from channels.leaving import missing
from channels.settings import Settings
from memory.limits import Limit, parsed

Limits = Mapping[str, tuple[Limit, ...]]
"""Limits by the name of their control: `throttle/customer`, `throttle/channel/sms`."""


@dataclass(frozen=True, slots=True, eq=False)
class Rules:
    """`home` is the zone that counts for a customer of whom nothing is known; `no_marketing_mail` says why there can be
    no marketing mail, "" where there can."""

    regions: Regions = field(default_factory=built_in)
    home: str = "Europe/London"
    limits: Limits = field(default_factory=dict)
    notifications_need_consent: bool = False
    no_quiet_hours: frozenset[str] = frozenset()
    no_marketing_mail: str = ""


def gate_rules(settings: Settings) -> Rules:
    """The rules of these settings. Raises Misconfigured for a file of regions that cannot be read."""
    gate, throttles = settings.gate, settings.gate.throttles
    limits = {"throttle/customer": throttles.customer, "throttle/campaign": throttles.campaign}
    limits |= {f"throttle/channel/{name}": each for name, each in throttles.channels.items()}
    limits |= {f"throttle/inbox/{name}": each for name, each in throttles.inboxes.items()}
    return Rules(
        regions=read(Path(gate.regions) if gate.regions else None),
        home=gate.timezone or settings.organisation.timezone,
        limits={name: parsed(each) for name, each in limits.items()},
        notifications_need_consent=gate.notifications_need_consent,
        no_quiet_hours=frozenset(gate.no_quiet_hours),
        no_marketing_mail=missing(settings.server.public_url, settings.organisation.postal_address),
    )
