"""Deadlines in calendar months, as the law counts them. Pure.

A month from the day a request came ends with the day of the same number, or with the month's last where there is none
(Regulation 1182/71 art. 3(2)(c), EDPB guidelines 01/2022 no. 157; the ICO counts alike). A last day on which nobody
works moves to the next working day, in both. The clock is not stopped while an identity is checked, which the United
Kingdom would allow: the earlier day is the safer one.
"""

from __future__ import annotations

import calendar
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, tzinfo


def weekday(day: date) -> bool:
    """Monday to Friday: what is a working day where nothing more is known."""
    return day.weekday() < 5


def months_after(came: datetime, months: int, zone: tzinfo, working: Callable[[date], bool] = weekday) -> datetime:
    """The end of the last day, in UTC, of a period of months from the day on which something came in `zone`."""
    first = came.astimezone(zone).date()
    count = first.year * 12 + first.month - 1 + months
    year, month = divmod(count, 12)
    last = date(year, month + 1, min(first.day, calendar.monthrange(year, month + 1)[1]))
    for _ in range(31):  # a calendar of free days alone must not run for ever
        if working(last):
            break
        last += timedelta(days=1)
    return datetime.combine(last + timedelta(days=1), time(0), zone).astimezone(UTC) - timedelta(seconds=1)
