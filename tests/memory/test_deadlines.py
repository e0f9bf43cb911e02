"""Months as the law counts them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from memory.deadlines import months_after, weekday

LONDON = ZoneInfo("Europe/London")


@pytest.mark.parametrize(
    ("came", "months", "day"),
    [
        ("2026-09-03T10:00", 1, "2026-10-05"),  # the third is a Saturday
        ("2026-03-05T10:00", 1, "2026-04-06"),  # a Sunday: the Monday after
        ("2026-01-31T10:00", 1, "2026-03-02"),  # February has no 31st; its last day is a Saturday
        ("2027-03-30T10:00", 1, "2027-04-30"),
        ("2028-01-30T10:00", 1, "2028-02-29"),  # a leap year
        ("2026-11-24T10:00", 3, "2027-02-24"),
        ("2026-12-15T10:00", 1, "2027-01-15"),
        ("2026-06-30T23:30", 1, "2026-08-03"),  # in London July has begun; the first of August is a Saturday
    ],
)
def test_a_month_ends_with_the_day_of_the_same_number_on_a_working_day(came: str, months: int, day: str) -> None:
    due = months_after(datetime.fromisoformat(came).replace(tzinfo=UTC), months, LONDON)
    there = due.astimezone(LONDON)
    assert there.date().isoformat() == day
    assert (there.hour, there.minute) == (23, 59)


def test_a_public_holiday_moves_the_end_too() -> None:
    came = datetime(2026, 11, 25, 9, tzinfo=UTC)
    free = {date(2026, 12, 25), date(2026, 12, 28)}
    due = months_after(came, 1, LONDON, lambda day: weekday(day) and day not in free)
    assert due.astimezone(LONDON).date() == date(2026, 12, 29)


def test_a_calendar_of_free_days_alone_ends() -> None:
    assert months_after(datetime(2026, 11, 25, tzinfo=UTC), 1, LONDON, lambda day: False) is not None
