"""Made-up traffic through the real log, outbox and gate, with a clock of its own and a provider that takes it all."""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import holidays
from sqlalchemy import Connection, func, select

from channels import gate
from channels.gating.rules import Rules
from channels.normalise.keywords import keyword_kind
from memory import outbox, receive
from memory.consent import record_consent
from memory.customers import set_place
from memory.log import Head
from memory.messages import Inbound, Purpose
from memory.opt_outs import Answers, OptOutRules
from memory.receive import NewIds
from memory.schema import metadata
from memory.schema import outbox as table
from memory.seal import MasterKey
from memory.store import sqlite_engine
from memory.vault import Vault

BEGIN = datetime(2027, 1, 1, tzinfo=UTC)
# (zone, region of the profile, first digits of a number that lies there or "")
ZONES = (
    ("America/New_York", "US", "+1212555"),
    ("America/Chicago", "US", "+1312555"),
    ("America/Denver", "US", "+1303555"),
    ("America/Los_Angeles", "US", "+1213555"),
    ("America/Phoenix", "US", "+1602555"),
    ("America/Anchorage", "US", "+1907555"),
    ("Pacific/Honolulu", "US", "+1808555"),
    ("America/Toronto", "CA", "+1416555"),
    ("America/Vancouver", "CA", "+1604555"),
    ("America/St_Johns", "CA", "+1709555"),
    ("Europe/Paris", "FR", "+3361234"),
    ("Australia/Sydney", "AU", ""),
    ("Australia/Perth", "AU", ""),
    ("Australia/Adelaide", "AU", ""),
    ("Australia/Lord_Howe", "AU", ""),
    ("Europe/London", "GB", "+4420718"),
    ("Europe/Berlin", "DE", "+4930123"),
    ("Europe/Warsaw", "PL", "+4822123"),
    ("Europe/Lisbon", "PT", ""),
    ("Atlantic/Azores", "PT", ""),
    ("Europe/Madrid", "ES", ""),
    ("Atlantic/Canary", "ES", ""),
    ("Europe/Athens", "GR", ""),
    ("Europe/Helsinki", "FI", ""),
    ("America/Nuuk", "GL", ""),
    ("America/Sao_Paulo", "BR", ""),
    ("America/Santiago", "CL", ""),
    ("America/Mexico_City", "MX", ""),
    ("America/Havana", "CU", ""),
    ("Africa/Cairo", "EG", ""),
    ("Africa/Casablanca", "MA", ""),
    ("Africa/Johannesburg", "ZA", "+2711123"),
    ("Asia/Beirut", "LB", ""),
    ("Asia/Jerusalem", "IL", ""),
    ("Asia/Kolkata", "IN", "+9111234"),
    ("Asia/Kathmandu", "NP", ""),
    ("Asia/Tokyo", "JP", "+8131234"),
    ("Asia/Singapore", "SG", "+6561234"),
    ("Pacific/Auckland", "NZ", ""),
    ("Pacific/Chatham", "NZ", ""),
)
STOPS = ("STOP", "stop please", "Please stop texting me", "unsubscribe", "Arrêtez de m'envoyer des SMS")
CONFIRMED = Answers(
    stopped="You get no more messages.", started="You get our messages again.", help="Write to us.", push=True
)


@dataclass
class Person:
    serial: int
    zone: str
    region: str
    number: str
    customer: str = ""
    conversation: str = ""
    out: bool = False


@dataclass(frozen=True)
class Send:
    at: datetime
    id: str
    person: Person
    purpose: Purpose
    out: bool


@dataclass
class World:
    """One connection, one clock. `sends` is what reached the provider."""

    connection: Connection
    rng: random.Random
    rules: Rules = field(default_factory=Rules)
    vault: Vault = field(default_factory=lambda: Vault(MasterKey.from_secret("0f" * 32)))
    opt_outs: OptOutRules = field(default_factory=lambda: OptOutRules("all", {"sms": CONFIRMED}))
    people: dict[str, Person] = field(default_factory=dict)
    sends: list[Send] = field(default_factory=list)
    held: int = 0
    answered_late: int = 0
    parked: int = 0
    queued: dict[str, datetime] = field(default_factory=dict)
    stops: int = 0
    clock: datetime = BEGIN
    serial: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def join(self, n: int, at: datetime = BEGIN) -> Person:
        """A new customer, known by their profile, their region's only zone, or their number."""
        zone, region, prefix = ZONES[n % len(ZONES)]
        by_number = bool(prefix) and n // len(ZONES) % 2 == 1
        number = f"{prefix}{n:0{12 - len(prefix)}d}" if by_number else f"+99{n:09d}"
        person = Person(n, zone, region, number)
        receipt = self.inbound(person, "Hello", at)
        person.customer, person.conversation = receipt.customer, receipt.conversation
        self.people[person.customer] = person
        if not by_number:
            set_place(self.connection, person.customer, zone, region)
        record_consent(
            self.connection,
            id=f"k-in-{n}",
            customer=person.customer,
            channel="sms",
            purpose="marketing",
            state="in",
            evidence={"form": "sign-up"},
            now=at,
        )
        return person

    def inbound(self, person: Person, text: str, now: datetime) -> receive.Receipt:
        n = next(self.serial)
        kind = keyword_kind(text)
        message = Inbound("sms", "sms", f"SM{n}", person.number, text, now, kind=kind)
        ids = NewIds(f"c-{n}", f"p-{n}", f"k-{n}")
        return receive.receive(self.connection, self.vault, message, ids, now, self.opt_outs)

    def queue(self, person: Person, purpose: Purpose, now: datetime) -> str:
        head = Head.lock(self.connection, self.vault, person.conversation)
        key = f"o-{next(self.serial)}"
        seq = head.append("said", now, "Some news for you.", meta={})
        outbox.enqueue(head, key, seq, "Some news for you.", purpose, (), now, campaign="spring")
        head.save()
        self.queued[key] = now
        return key

    def work(self, now: datetime) -> None:
        """What the sender does with what is due, at this moment."""
        self.clock = now
        while claimed := outbox.claim_due(self.connection, self.vault, holder="w", now=now, lease_s=60):
            for each in claimed:
                self.judge(each, now)

    def judge(self, each: outbox.Claimed, now: datetime) -> None:
        verdict = gate.admit(self.connection, each.outbound, each.customer, now, self.rules)
        person, purpose = self.people[each.customer], each.outbound.purpose
        status: dict[str, outbox.Status] = {"send": "sent", "hold": "pending", "park": "parked", "refuse": "refused"}
        wait = (verdict.until - now).total_seconds() if verdict.until else 0.0
        if verdict.decision == "send":
            self.sends.append(Send(now, each.outbound.id, person, purpose, person.out))
        elif verdict.decision == "hold":
            self.held += 1
            self.answered_late += purpose in ("reply", "agent")
        self.parked += verdict.decision == "park"
        outbox.finish(
            self.connection,
            each.outbound.id,
            "w",
            status=status[verdict.decision],
            now=now,
            retry_s=wait,
            verdict=verdict.why,
            rule=verdict.rule,
        )

    def next_due(self) -> datetime | None:
        """When something that waits is due; what is due already waits for a message before it."""
        query = select(func.min(table.c.next_at)).where(table.c.status == "pending", table.c.next_at > self.clock)
        found: datetime | None = self.connection.execute(query).scalar()
        return found

    def act(self, now: datetime) -> None:
        """Something happens to somebody."""
        person = self.rng.choice(list(self.people.values()))
        what = self.rng.random()
        if what < 0.30:
            if self.inbound(person, "Where is my parcel?", now).due:
                self.queue(person, "reply", now)
        elif what < 0.36:
            self.inbound(person, self.rng.choice(STOPS), now)
            self.stops += not person.out
            person.out = True
        elif what < 0.42:
            self.inbound(person, "START", now)
            person.out = False
        elif what < 0.50:
            self.queue(person, "agent", now)
        else:
            self.queue(person, "marketing" if what < 0.8 else "notification", now)

    def live(self, events: int, days: int) -> None:
        """Random events over the days; between them, what was held leaves at its own time."""
        moments = [BEGIN + timedelta(seconds=self.rng.uniform(60, days * 86_400)) for _ in range(events)]
        heapq.heapify(moments)
        while moments:
            now, due = moments[0], self.next_due()
            if due is not None and due < now:
                self.work(due)
                continue
            heapq.heappop(moments)
            self.act(now)
            self.work(now)
        while (due := self.next_due()) is not None:
            self.work(due)


@contextmanager
def world(seed: int, people: int) -> Iterator[World]:
    engine = sqlite_engine("sqlite:///:memory:")
    with engine.begin() as connection:
        metadata.create_all(connection)
        made = World(connection, random.Random(seed))
        for n in range(people):
            made.join(n)
        yield made
    engine.dispose()


def quiet(send: Send) -> bool:
    """Whether a send woke somebody, by the wall clock where they are; written apart from the product's own rules."""
    local = send.at.astimezone(ZoneInfo(send.person.zone))
    minute, weekend, sunday = local.hour * 60 + local.minute, local.weekday() >= 5, local.weekday() == 6
    match send.person.region:
        case "US":
            return not 8 * 60 <= minute < 21 * 60
        case "CA":
            return not (10 * 60 <= minute < 18 * 60 if weekend else 9 * 60 <= minute < 21 * 60 + 30)
        case "FR":
            closed = sunday or local.date() in holidays.country_holidays("FR", years=local.year)
            return closed or not 8 * 60 <= minute < 22 * 60
        case "AU":
            closed = sunday or local.date() in holidays.country_holidays("AU", years=local.year)
            return closed or not 9 * 60 <= minute < (17 if weekend else 20) * 60
        case _:
            return sunday or not 8 * 60 <= minute < 20 * 60
