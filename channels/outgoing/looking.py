"""Finds what an endpoint has not been told: looks at the log again and again, and never at all of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

from sqlalchemy import Connection

from memory import hooks
from memory.hooks import Found, Wanted
from memory.store import Store

# An event's time is taken before its transaction, so each look overlaps the one before; now and then one reaches
# further, for a transaction that had to wait.
_OVERLAP = timedelta(seconds=10)
_DEEP = timedelta(minutes=10)
_DEEP_EVERY = timedelta(minutes=1)
# A start goes back to what was told last, but not for ever; an endpoint that was told nothing yet begins with an hour.
_BACK = timedelta(hours=1)
_LONGEST = timedelta(days=30)
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True, eq=False)
class Looker:
    """`kinds` has what each endpoint wants to know. What was queued is remembered, so that a look costs no write; the
    table itself keeps a row from being there twice."""

    store: Store
    kinds: Mapping[str, Sequence[str]]
    _begin: dict[str, datetime] = field(default_factory=dict)
    _looked_at: datetime = _NEVER
    _deep_at: datetime = _NEVER
    _queued: dict[tuple[str, int], datetime] = field(default_factory=dict)

    async def look(self, now: datetime) -> list[Found]:
        """What happened that is not queued yet, as far as this process knows."""
        if not self._begin:
            self._begin = {name: await self.store.read(partial(_told_from, name, now)) for name in self.kinds}
            self._deep_at, since = now, min(self._begin.values())
        elif now - self._deep_at >= _DEEP_EVERY:
            self._deep_at, since = now, now - _DEEP
        else:
            since = self._looked_at - _OVERLAP
        wanted = {name: Wanted(kinds, self._begin[name]) for name, kinds in self.kinds.items()}
        found = await self.store.read(lambda c: hooks.look(c, wanted, since))
        self._looked_at = now
        self._queued = {key: at for key, at in self._queued.items() if at >= now - 2 * _DEEP}
        return [each for each in found if (each.conversation, each.seq) not in self._queued]

    def queued(self, found: Sequence[Found]) -> None:
        """These are rows by now, and durable."""
        self._queued |= {(each.conversation, each.seq): each.at for each in found}


def _told_from(name: str, now: datetime, connection: Connection) -> datetime:
    """From when on an endpoint is told."""
    told = hooks.newest(connection, name)
    return max(told - _DEEP, now - _LONGEST) if told else now - _BACK
