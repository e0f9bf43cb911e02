"""When people answer in an inbox: weekly hours in a time zone, without holidays. Pure; `now` comes in.

Times of day are wall-clock times, so nine o'clock stays nine o'clock across a change to summer time. An opening that
falls into the missing hour begins when the clocks have moved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

Span = tuple[time, time]
"""From, until. An end at or before its start is on the next day; 00:00 as an end is the night's midnight."""

# Nobody closes for longer than this; it bounds the search where every day were a holiday.
_FURTHEST = 400


@dataclass(frozen=True, slots=True, eq=False)
class OpeningHours:
    """`weekly` has seven entries, Monday first, each with its spans in order; `holiday` says whether a day is free."""

    zone: ZoneInfo
    weekly: tuple[Sequence[Span], ...]
    holiday: Callable[[date], bool] = lambda day: False

    def opens_at(self, now: datetime) -> datetime | None:
        """When people are back, in UTC; None while they are there."""
        for start, end in self._spans(now):
            if end > now:
                return None if start <= now else start
        return now + timedelta(days=_FURTHEST)

    def after(self, start: datetime, span: timedelta) -> datetime:
        """The moment at which that much opening time has passed since `start`."""
        left = span
        for opens, closes in self._spans(start):
            begins = max(opens, start)
            if closes - begins >= left:
                return begins + left
            if closes > begins:
                left -= closes - begins
        return start + timedelta(days=_FURTHEST)

    def working(self, day: date) -> bool:
        """Whether anybody works on that day at all."""
        return bool(self.weekly[day.weekday()]) and not self.holiday(day)

    def _spans(self, since: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Openings from the one before `since` on, in UTC and in order; those that touch or overlap are one."""
        found: tuple[datetime, datetime] | None = None
        first = since.astimezone(self.zone).date() - timedelta(days=1)
        for day in (first + timedelta(days=n) for n in range(_FURTHEST)):
            for start, end in self._of(day):
                if found is not None and start <= found[1]:
                    found = found[0], max(found[1], end)
                    continue
                if found is not None:
                    yield found
                found = start, end
        if found is not None:
            yield found

    def _of(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        if self.holiday(day):
            return
        for begins, ends in self.weekly[day.weekday()]:
            last = day if ends > begins else day + timedelta(days=1)
            yield self._utc(day, begins), self._utc(last, ends)

    def _utc(self, day: date, clock: time) -> datetime:
        return datetime.combine(day, clock, self.zone).astimezone(UTC)
