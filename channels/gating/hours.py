"""When a message that nobody asked for may arrive, by the recipient's own clock. Pure.

A window is minutes of the local day, its end not included. What counts is the clock on the wall: on a day when clocks
change, an hour that happens twice is judged twice, and one that never happens is never judged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import holidays

Windows = tuple[tuple[int, int], ...]
HORIZON: Final = timedelta(days=15)
"""How far to look: longer than any run of Sundays and holidays."""
_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Hours:
    """One rule's week, Monday first. `holidays` names the country, or "FR-MOSELLE" as its part, whose public holidays
    are closed; "" for none."""

    week: tuple[Windows, ...]
    holidays: str = ""

    def on(self, day: date) -> Windows:
        """The windows of a day."""
        return () if self.holidays and _is_holiday(self.holidays, day) else self.week[day.weekday()]


@dataclass(frozen=True, slots=True)
class Place:
    """Where the recipient may be: a zone, and the rules that hold there, all of them."""

    zone: ZoneInfo
    hours: tuple[Hours, ...]


def is_allowed(at: datetime, places: Sequence[Place]) -> bool:
    """Whether every rule of every place allows this moment."""
    return all(_open(at, place.zone, hours) for place in places for hours in place.hours)


def next_allowed(now: datetime, places: Sequence[Place]) -> datetime | None:
    """The first moment from `now` on that every place allows, `now` itself where it does; None when none does within
    the horizon (the places are too far apart)."""
    at, limit = now, now + HORIZON
    while at <= limit:
        later = at
        for place in places:
            for hours in place.hours:
                opening = _opening(later, place.zone, hours, limit)
                if opening is None:
                    return None
                later = opening
        if later == at:
            return at
        at = later
    return None


def _open(at: datetime, zone: ZoneInfo, hours: Hours) -> bool:
    local = at.astimezone(zone)
    minute = local.hour * 60 + local.minute
    return any(start <= minute < end for start, end in hours.on(local.date()))


def _opening(at: datetime, zone: ZoneInfo, hours: Hours, limit: datetime) -> datetime | None:
    """The first moment from `at` on that one rule allows in one zone."""
    if _open(at, zone, hours):
        return at
    day = at.astimezone(zone).date()
    while _midnight(day, zone) <= limit:
        found = _opening_on(day, at, zone, hours)
        if found is not None:
            return found
        day += _DAY
    return None


def _opening_on(day: date, at: datetime, zone: ZoneInfo, hours: Hours) -> datetime | None:
    windows = hours.on(day)
    if not windows:
        return None
    begin, end = _midnight(day, zone), _midnight(day + _DAY, zone)
    first = begin.astimezone(zone)
    # Where clocks change at midnight itself, as in Cairo, the day begins at one o'clock.
    if first.time() == time() and first.utcoffset() == end.astimezone(zone).utcoffset():
        openings = (begin + start * _MINUTE for start, _ in windows)
        return next((moment for moment in openings if moment >= at), None)
    moment = max(begin, _whole_minute(at))  # clocks change today: look at each minute
    while moment < end:
        if moment >= at and _open(moment, zone, hours):
            return moment
        moment += _MINUTE
    return None


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """The day's first moment, in UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _whole_minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


@lru_cache(maxsize=4096)
def _is_holiday(place: str, day: date) -> bool:
    return day in _calendar(place, day.year)


@lru_cache(maxsize=256)
def _calendar(place: str, year: int) -> holidays.HolidayBase:
    """Public holidays of a country, and of its part where that is known."""
    country, _, part = place.partition("-")
    known = getattr(holidays, "list_supported_countries")().get(country, [])  # noqa: B009  (untyped there)
    return holidays.country_holidays(country, subdiv=part if part in known else None, years=year)
