"""A small shop that writes first: templates, an SMS and an email inbox whose provider is the simulator, and a clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from agent_support import prepare
from sqlalchemy import Connection, RowMapping, Table, select

from agent.dispatch.in_process import InProcessBus
from agent.settings import Organisation
from channels.adapters.sendgrid_email import SENDGRID_EMAIL
from channels.adapters.twilio_sms import TWILIO_SMS
from channels.gating.rules import Rules
from channels.outlets import Outlet, Outlets
from channels.proactive.assembly import open_campaigns, open_digester, open_incidents, open_notifier
from channels.proactive.campaigns import Campaigns
from channels.proactive.digest import Digester
from channels.proactive.incidents import Incidents
from channels.proactive.making import By, Maker
from channels.proactive.notify import Notice, Notified, Notifier
from channels.proactive.runner import Runner
from channels.proactive.simulator import Habits, Simulator
from channels.proactive.spec import CampaignSpec
from channels.sender import Sender
from channels.settings import Settings
from memory import deliveries, log, outbox, receive
from memory.messages import Event, Inbound, Report
from memory.receive import NewIds, Receipt
from memory.schema import campaign_members
from memory.schema import outbox as sends
from memory.seal import MasterKey
from memory.store import Store, open_store
from memory.vault import Vault

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
NIGHT = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
ADA = By("ada", "admin", "a test")
AWAKE = Rules(no_quiet_hours=frozenset({"sms", "email"}))  # so that no test depends on the hour it runs at
PERFECT = Habits(0, 0, 0, 0, 0, 0, 0, 0)
TEMPLATES: dict[str, Any] = {
    "shipped": {
        "text": "Your order {order} is on its way. {organisation}",
        "subject": "Your order {order}",
        "placeholders": ["order"],
        "variants": [
            {"name": "de", "language": "de", "text": "Ihre Bestellung {order} ist unterwegs.", "subject": "Bestellung"},
            {"name": "gold", "tier": "gold", "text": "Your order {order} comes by courier today."},
        ],
    },
    "sale": {
        "text": "The winter sale has begun. Reply STOP to opt out.",
        "subject": "Winter sale",
        "purpose": "marketing",
    },
}
CONSENT = {"at": "2026-05-01T10:00:00Z", "source": "checkout 2026-05"}


def shop_settings(**more: Any) -> Settings:
    proactive = {"templates": TEMPLATES, "sweep_s": 0.01, **more.pop("proactive", {})}
    inboxes = {
        "web": {"kind": "websocket"},
        "sms": {
            "kind": "twilio_sms",
            "account_sid": "AC0",
            "auth_tokens": ["x"],
            "number": "+441632960000",
            "on_unknown_send": "park",
        },
        "mail": {
            "kind": "sendgrid_email",
            "address": "help@shop.example",
            "webhook_user": "u",
            "webhook_passwords": ["p"],
            "smtp": {"host": "127.0.0.1"},
        },
    }
    return Settings(organisation=Organisation(name="Acme"), proactive=proactive, inboxes=inboxes, **more)


def number(n: int) -> str:
    return f"+4416329{60000 + n}"


def recipients(count: int, *, consent: bool = True, **fields: Any) -> list[dict[str, Any]]:
    proof = {"consent": CONSENT} if consent else {}
    return [{"to": number(n), **proof, **fields} for n in range(1, count + 1)]


def spec(count: int = 10, **fields: Any) -> CampaignSpec:
    given: dict[str, Any] = {
        "name": "winter",
        "inbox": "sms",
        "template": "sale",
        "audience": {"recipients": recipients(count)},
        "seeds": [{"to": number(9_000)}],
        "steps": [10, 100],
    }
    return CampaignSpec.model_validate({**given, **fields})


@dataclass
class Shop:
    settings: Settings
    store: Store
    vault: Vault
    campaigns: Campaigns
    notifier: Notifier
    runner: Runner
    sender: Sender
    simulators: Mapping[str, Simulator]
    serial: list[int] = field(default_factory=lambda: [0])

    @property
    def sms(self) -> Simulator:
        return self.simulators["sms"]

    async def ready(self, wanted: CampaignSpec) -> str:
        """Made, seeded, tried: may start."""
        made = await self.campaigns.create(wanted, ADA, NOON)
        await self.campaigns.seed(made.id, ADA, NOON)
        await self.campaigns.sandbox(made.id, ADA, NOON)
        return made.id

    async def started(self, wanted: CampaignSpec) -> str:
        id_ = await self.ready(wanted)
        await self.campaigns.start(id_, ADA, NOON)
        return id_

    async def send(self, later_s: float = 0.0) -> int:
        """Everything that is due leaves; how many rows that were."""
        total = 0
        while True:
            now = datetime.now(UTC) + timedelta(seconds=later_s)
            claimed = await self.store.write(
                lambda c, now=now: outbox.claim_due(c, self.vault, holder=self.sender.holder, now=now, lease_s=120.0)
            )
            for each in claimed:
                await self.sender._guarded(each)
            total += len(claimed)
            if not claimed:
                return total

    async def through(self, id_: str, rounds: int = 20, now: datetime = NOON) -> None:
        """The runner and the sender in turns until nothing moves."""
        for _ in range(rounds):
            await self.runner.round(now)
            if not await self.send(later_s=2.0):
                break
        await self.runner.round(now)

    async def receipts(self) -> int:
        """What the simulated provider reports comes back into the log, once each."""
        reported = 0
        for name, simulator in self.simulators.items():
            while simulator.receipts:
                one = simulator.receipts.pop(0)
                told = Report(one.provider_ref, one.kind, bounce="hard" if one.kind == "bounced" else None)
                await self.store.write(partial(self._reported, name, told))
                reported += 1
        return reported

    def _reported(self, inbox: str, told: Report, connection: Connection) -> None:
        deliveries.report(connection, self.vault, inbox, told, NOON, f"k-{told.provider_ref}"[:40])

    async def notify(self, **fields: Any) -> Notified:
        given = {"inbox": "sms", "template": "shipped", "key": "k-1", "to": number(1), "values": {"order": "A1"}}
        return await self.notifier.notify(Notice(**{**given, **fields}), NOON)

    async def receive(self, text: str, *, sender: str = number(1), inbox: str = "sms", channel: str = "sms") -> Receipt:
        self.serial[0] += 1
        n = f"{self.serial[0]:032x}"
        inbound = Inbound(inbox, channel, f"in-{n}", sender, text, NOON)
        return await self.store.write(
            lambda c: receive.receive(c, self.vault, inbound, NewIds(f"c-{n}", f"p-{n}", f"k-{n}"), NOON)
        )

    async def rows(self, table: Table) -> list[RowMapping]:
        return await self.store.read(lambda c: list(c.execute(select(table)).mappings()))

    async def members(self) -> dict[str, list[str]]:
        """Customers of campaigns by their status, seeds left out."""
        found: dict[str, list[str]] = {}
        for row in await self.rows(campaign_members):
            if row["step"] >= 0:
                found.setdefault(row["status"], []).append(row["customer_id"])
        return found

    async def sent(self) -> list[RowMapping]:
        return await self.rows(sends)

    async def events(self, conversation: str) -> list[Event]:
        return await self.store.read(lambda c: log.read_events(c, self.vault, conversation))


def outlets(settings: Settings, simulators: Mapping[str, Simulator]) -> Outlets:
    adapters: Sequence[tuple[str, Any]] = (("sms", TWILIO_SMS), ("mail", SENDGRID_EMAIL))
    return Outlets(
        {name: Outlet(name, adapter, settings.inboxes[name], simulators[name]) for name, adapter in adapters}
    )


@asynccontextmanager
async def shop(url: str, habits: Habits = PERFECT, **more: Any) -> AsyncIterator[Shop]:
    await asyncio.to_thread(prepare, url)
    settings, bus = shop_settings(**more), InProcessBus()
    store, vault = open_store(url), Vault(MasterKey.from_secret("0f" * 32))
    campaigns = open_campaigns(settings, store, vault)
    maker = Maker(store, vault, settings.proactive, "Acme", "en", AWAKE)
    campaigns = Campaigns(maker, campaigns.ways)
    simulators = {"sms": Simulator("sms", 1, habits), "mail": Simulator("email", 1, habits)}
    sender = Sender(store, vault, bus, outlets(settings, simulators), "holder", AWAKE)
    yield Shop(
        settings, store, vault, campaigns, open_notifier(campaigns, bus), Runner(campaigns, bus), sender, simulators
    )
    await store.close()


DESTINATIONS = {
    "ops": {"inbox": "mail", "to": "ops@shop.example", "gets": ["digest", "desk"]},
    "oncall": {"inbox": "sms", "to": number(8_000), "gets": ["engineers"]},
}


def incidents_of(acme: Shop) -> Incidents:
    return open_incidents(acme.settings, acme.campaigns, InProcessBus())


def digester_of(acme: Shop) -> Digester:
    return open_digester(acme.settings, acme.campaigns, InProcessBus())
