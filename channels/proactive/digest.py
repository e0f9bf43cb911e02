"""The digest: what a period held beside the one before, for staff. Composed by a pure function, sent once a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from agent.dispatch.signals import Signal
from agent.ports import Bus
from channels.proactive.incident_messages import duration
from channels.proactive.staff import Staff, StaffMessage
from memory import digests, incidents
from memory.digests import Counts
from memory.incidents import Version
from memory.store import Store
from memory.vault import Vault

_MOST_QUESTIONS = 10


@dataclass(frozen=True, slots=True)
class Digest:
    """A period beside the one before it, of the same length."""

    organisation: str
    since: datetime
    until: datetime
    now: Counts
    before: Counts
    waiting: int
    unanswered: Sequence[str]
    incidents: Sequence[Version]


def compose(digest: Digest, zone: ZoneInfo) -> StaffMessage:
    """The digest in words: every number with its period and what it was before."""
    since, until = (_time(moment, zone) for moment in (digest.since, digest.until))
    length = duration((digest.until - digest.since).total_seconds())
    subject = f"{digest.organisation}: {since} to {until}"
    lines = [subject, f"In brackets: the {length} before.", ""]
    lines += _volume(digest.now, digest.before)
    lines.append(f"Waiting for a person now: {digest.waiting}")
    lines += _listed("Questions that found no answer", digest.unanswered)
    lines += _listed("Incidents", [_incident(version) for version in digest.incidents])
    received, handed = sum(digest.now.received.values()), sum(digest.now.handed_over.values())
    short = f"{digest.organisation}, {length} to {until}: {received} received, {digest.now.answered} answered, "
    return StaffMessage(subject, "\n".join(lines), short + f"{handed} handed over, {digest.waiting} waiting.")


def _volume(now: Counts, before: Counts) -> list[str]:
    channels = sorted({*now.received, *before.received})
    lines = [_row("Received", sum(now.received.values()), sum(before.received.values()))]
    lines += [_row(f"  {name}", now.received.get(name, 0), before.received.get(name, 0)) for name in channels]
    lines.append(_row("Answered by the assistant", now.answered, before.answered))
    lines.append(_row("Answered by people", now.by_people, before.by_people))
    lines.append(_row("Handed over", sum(now.handed_over.values()), sum(before.handed_over.values())))
    codes = sorted({*now.handed_over, *before.handed_over})
    lines += [
        _row(f"  {code or 'other'}", now.handed_over.get(code, 0), before.handed_over.get(code, 0)) for code in codes
    ]
    lines.append(_row("Opted out", now.opted_out, before.opted_out))
    lines.append(_row("Bounced or complained", now.bounced, before.bounced))
    lines.append(_row("Proactive messages", sum(now.proactive.values()), sum(before.proactive.values())))
    return lines + [f"  {status}: {count}" for status, count in sorted(now.proactive.items())]


def _row(name: str, now: int, before: int) -> str:
    return f"{name}: {now} ({before})"


def _listed(title: str, each: Sequence[str]) -> list[str]:
    return ["", f"{title}:", *(f"- {line}" for line in each)] if each else ["", f"{title}: none"]


def _incident(version: Version) -> str:
    return f"{version.id}, version {version.version}, {version.status}: {version.facts['title']}"


def _time(moment: datetime, zone: ZoneInfo) -> str:
    at = moment.astimezone(zone)
    return f"{at.day} {at:%B %Y}, {at:%H:%M}"


@dataclass(frozen=True, slots=True)
class Digester:
    """Makes digests, and sends the daily one. `at` is a time of day in `zone`; None for none."""

    store: Store
    vault: Vault
    staff: Staff
    bus: Bus
    organisation: str
    zone: ZoneInfo
    at: str | None

    async def digest(self, since: datetime, until: datetime) -> Digest:
        """Of any period."""
        return await self.store.read(lambda c: self._read(c, since, until))

    async def daily(self, now: datetime) -> None:
        """Sends the digest of the day up to `at`, once for each day, when its time has come."""
        if self.at is None or not self.staff.digests.places("digest"):
            return
        local = now.astimezone(self.zone)
        until = datetime.combine(local.date(), time.fromisoformat(self.at), self.zone).astimezone(UTC)
        day = local.date().isoformat()
        if now < until or await self.store.read(lambda c: digests.day_claimed(c, day)):
            return
        since = datetime.combine(local.date() - timedelta(days=1), time.fromisoformat(self.at), self.zone).astimezone(
            UTC
        )
        for conversation in await self.store.write(lambda c: self._send(c, since, until, day, now)):
            await self.bus.publish(conversation, Signal("changed", conversation))

    async def send(self, since: datetime, until: datetime, now: datetime) -> int:
        """Sends the digest of a period to whoever gets digests; to how many places."""
        return len(await self.store.write(lambda c: self._tell(c, since, until, f"{since} {until} {now}", now)))

    def _send(self, connection: Connection, since: datetime, until: datetime, day: str, now: datetime) -> list[str]:
        """One of several processes does it: the claim and the messages are one transaction."""
        return self._tell(connection, since, until, day, now) if digests.claim_day(connection, day, now) else []

    def _tell(self, connection: Connection, since: datetime, until: datetime, key: str, now: datetime) -> list[str]:
        message = compose(self._read(connection, since, until), self.zone)
        meta: Mapping[str, str] = {"digest": since.isoformat()}
        return self.staff.tell(connection, self.vault, "digest", message, f"digest:{key}", meta, now)

    def _read(self, connection: Connection, since: datetime, until: datetime) -> Digest:
        changed = [v for v in incidents.current(connection) if v.at >= since or v.status != "resolved"]
        return Digest(
            organisation=self.organisation,
            since=since,
            until=until,
            now=digests.counts(connection, since, until),
            before=digests.counts(connection, since - (until - since), since),
            waiting=digests.waiting(connection),
            unanswered=digests.unanswered(connection, since, until, _MOST_QUESTIONS),
            incidents=[version for version in changed if version.at < until],
        )
