"""Delivery and consent as Prometheus reads them: figures of the log's own tables, over the last 24 hours.

Every process shows the same, since all read one store: take one of them, not their sum.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import structlog
from prometheus_client import Gauge
from sqlalchemy import Connection

from agent.errors import MemoryFault
from memory import figures
from memory.figures import Accuracy, Bounces, Coverage, OptOuts, Sent
from memory.store import Store

_log = structlog.get_logger(__name__)

WINDOW = timedelta(hours=24)
FRESH_S = 15.0  # Prometheus' usual interval: a scrape never costs more than one reading

SENT = Gauge("frontdesk_sent_24h", "Messages sent in the last 24 hours", ["channel", "purpose"])
BOUNCES = Gauge("frontdesk_bounces_24h", "Messages that bounced in the last 24 hours, by class", ["channel", "class"])
COMPLAINTS = Gauge("frontdesk_complaints_24h", "Messages called spam in the last 24 hours", ["channel"])
OPT_OUTS = Gauge("frontdesk_opt_outs_24h", "Opt-outs in the last 24 hours", ["channel", "purpose", "by"])
VELOCITY = Gauge("frontdesk_opt_outs_per_thousand_24h", "Opt-outs per 1,000 messages sent in 24 hours", ["channel"])
COVERAGE = Gauge("frontdesk_consent_customers", "Customers by what the ledger says of marketing", ["channel", "state"])
ACCURACY = Gauge(
    "frontdesk_opt_out_accuracy_24h", "Share of the opt-outs of 24 hours after which nothing forbidden was let go"
)
UNDONE = Gauge("frontdesk_opt_outs_undone_24h", "Opt-outs read out of words that were taken back within a day")
WAITING = Gauge("frontdesk_outbox_waiting", "What is still to be sent, posted or dealt with", ["state"])
OLDEST = Gauge("frontdesk_outbox_oldest_seconds", "How long the oldest of these waits", ["state"])


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything, of one moment."""

    sent: list[Sent]
    bounces: list[Bounces]
    complaints: dict[str, int]
    opt_outs: list[OptOuts]
    velocity: dict[str, float]
    coverage: list[Coverage]
    accuracy: Accuracy
    waiting: dict[str, tuple[int, float]]


def read(connection: Connection, now: datetime) -> Reading:
    since = now - WINDOW
    return Reading(
        figures.sent(connection, since, now),
        figures.bounces(connection, since, now),
        figures.complaints(connection, since, now),
        figures.opt_outs(connection, since, now),
        figures.velocity(connection, since, now),
        figures.coverage(connection),
        figures.accuracy(connection, since, now),
        figures.waiting(connection, now),
    )


@dataclass(slots=True, eq=False)
class DeliveryMetrics:
    """Reads the store when a scrape asks and the last reading is old."""

    store: Store
    clock: Callable[[], float] = time.monotonic
    _read_at: float | None = None
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def refresh(self) -> None:
        """Brings the gauges up to date; with a store that cannot be read they keep what they had."""
        async with self._lock:
            if self._read_at is not None and self.clock() - self._read_at < FRESH_S:
                return
            now = datetime.now(UTC)
            try:
                reading = await self.store.read(lambda c: read(c, now))
            except MemoryFault as error:
                _log.warning("figures_not_read", error=error.code)
                return
            show(reading)
            self._read_at = self.clock()


def show(reading: Reading) -> None:
    """Sets every gauge; a label that is not there any more goes."""
    _set(SENT, ((one.channel, one.purpose, one.count) for one in reading.sent))
    _set(BOUNCES, ((one.channel, one.kind, one.count) for one in reading.bounces))
    _set(COMPLAINTS, reading.complaints.items())
    _set(OPT_OUTS, ((one.channel, one.purpose, one.by, one.count) for one in reading.opt_outs))
    _set(VELOCITY, reading.velocity.items())
    _set(COVERAGE, (row for one in reading.coverage for row in _states(one)))
    _set(WAITING, ((name, count) for name, (count, _) in reading.waiting.items()))
    _set(OLDEST, ((name, seconds) for name, (_, seconds) in reading.waiting.items()))
    done = reading.accuracy
    ACCURACY.set(done.honoured / done.opt_outs if done.opt_outs else 1.0)
    UNDONE.set(done.undone)


def _states(one: Coverage) -> Iterable[tuple[str, str, int]]:
    yield one.channel, "consented", one.consented
    yield one.channel, "opted_out", one.opted_out
    yield one.channel, "unknown", one.unknown


def _set(gauge: Gauge, rows: Iterable[tuple[str | float, ...]]) -> None:
    """`rows` are labels, then the value."""
    gauge.clear()
    for *labels, value in rows:
        gauge.labels(*labels).set(float(value))
