"""What a look through the knowledge found, as Prometheus reads it: counts by collection and kind, no text.

A scrape never waits for a look. It shows the last one, and begins the next where the last is an hour old.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import structlog
from prometheus_client import Gauge

from agent.knowing.care import Care
from knowledge.checking.findings import Findings
from knowledge.errors import LibraryError

_log = structlog.get_logger(__name__)

FRESH_S: Final = 3600.0
FINDINGS = Gauge("frontdesk_knowledge_findings", "What in the knowledge needs a person", ["collection", "kind"])
OUT_OF_DATE = Gauge("frontdesk_knowledge_out_of_date_passages", "Passages by why they are stale", ["collection", "why"])
WHYS: Final = ("expired", "expiring", "not_yet", "bad_date", "old", "missing")


@dataclass(slots=True, eq=False)
class CareMetrics:
    """Looks through every collection beside the scrapes."""

    care: Care
    clock: Callable[[], float] = time.monotonic
    _looked_at: float | None = None
    _look: asyncio.Task[None] | None = None

    def refresh(self) -> None:
        """Begins a look where the last is old and none is under way."""
        if self._look is not None and not self._look.done():
            return
        if self._looked_at is None or self.clock() - self._looked_at >= FRESH_S:
            self._look = asyncio.create_task(self.look(), name="looks through the knowledge")

    async def look(self) -> None:
        """Looks now and sets the gauges; where the library cannot be read they keep what they had."""
        self._looked_at = self.clock()
        for collection in self.care.all_collections:
            try:
                show(await self.care.check(datetime.now(UTC).date(), collection))
            except LibraryError as error:
                _log.warning("knowledge_not_checked", error=error.code)


def show(found: Findings) -> None:
    """Sets the gauges of one collection."""
    for kind, count in found.counts.items():
        FINDINGS.labels(found.collection, kind).set(count)
    passages = Counter[str]()
    for each in found.stale:
        passages[each.why] += each.passages
    for why in WHYS:
        OUT_OF_DATE.labels(found.collection, why).set(passages[why])
