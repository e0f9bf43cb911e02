"""When people are there: weekly hours, holidays, nights, and the days on which the clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.hours import OpeningHours

LONDON = ZoneInfo("Europe/London")
WORKDAY = ((time(9), time(17)),)
OFFICE = OpeningHours(LONDON, (WORKDAY,) * 5 + ((), ()))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-11-30T08:59:59", "2026-11-30T09:00:00"),
        ("2026-11-30T09:00:00", None),
        ("2026-11-30T16:59:59", None),
        ("2026-11-30T17:00:00", "2026-12-01T09:00:00"),
        ("2026-11-27T18:00:00", "2026-11-30T09:00:00"),
        ("2026-03-27T18:00:00", "2026-03-30T08:00:00"),  # the clocks went forward on Sunday: nine is eight in UTC
        ("2026-10-23T17:00:00", "2026-10-26T09:00:00"),  # and back
    ],
)
def test_out_of_hours_the_next_opening_is_known(now: str, opens: str | None) -> None:
    assert OFFICE.opens_at(utc(now)) == (utc(opens) if opens else None)


def test_a_holiday_is_no_opening() -> None:
    closed = OpeningHours(LONDON, (WORKDAY,) * 7, lambda day: day in {date(2026, 12, 25), date(2026, 12, 26)})
    assert closed.opens_at(utc("2026-12-25T10:00:00")) == utc("2026-12-27T09:00:00")


def test_a_night_shift_belongs_to_the_day_it_began_on() -> None:
    night = OpeningHours(LONDON, (((time(22), time(6)),), *((),) * 6))
    assert night.opens_at(utc("2026-12-01T05:00:00")) is None  # Tuesday morning, Monday's shift
    assert night.opens_at(utc("2026-12-01T06:00:00")) == utc("2026-12-07T22:00:00")


def test_round_the_clock_is_one_opening_without_seams() -> None:
    always = OpeningHours(LONDON, (((time(0), time(0)),),) * 7)
    assert always.opens_at(utc("2026-12-01T00:00:00")) is None
    assert always.after(utc("2026-12-01T23:50:00"), timedelta(hours=1)) == utc("2026-12-02T00:50:00")


def test_a_clock_stands_still_while_nobody_is_there() -> None:
    assert OFFICE.after(utc("2026-11-27T16:30:00"), timedelta(hours=1)) == utc("2026-11-30T09:30:00")
    assert OFFICE.after(utc("2026-11-28T12:00:00"), timedelta(minutes=15)) == utc("2026-11-30T09:15:00")
    assert OFFICE.after(utc("2026-11-30T10:00:00"), timedelta(hours=8)) == utc("2026-12-01T10:00:00")


def test_a_day_that_lost_an_hour_is_counted_as_long_as_it_was() -> None:
    sunday = OpeningHours(LONDON, (*((),) * 6, ((time(0), time(4)),)))
    # 29 March 2026 has no 01:00 to 02:00: midnight to four is three hours.
    assert sunday.after(utc("2026-03-29T00:00:00"), timedelta(hours=3)) == utc("2026-03-29T03:00:00")


def test_hours_that_never_come_do_not_search_for_ever() -> None:
    never = OpeningHours(LONDON, (WORKDAY,) * 7, lambda day: True)
    now = utc("2026-11-30T10:00:00")
    assert never.opens_at(now) is not None
    assert never.after(now, timedelta(hours=1)) > now


@given(
    now=st.integers(0, 2 * 365 * 24 * 3600).map(lambda after: utc("2026-01-01T00:00:00") + timedelta(seconds=after)),
    minutes=st.integers(0, 3000),
    zone=st.sampled_from(["Europe/London", "America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC"]),
)
def test_a_due_time_is_within_hours_and_never_before_its_span(now: datetime, minutes: int, zone: str) -> None:
    hours = OpeningHours(ZoneInfo(zone), ((((time(9), time(12)), (time(13), time(17, 30)))),) * 5 + ((), ()))
    due = hours.after(now, timedelta(minutes=minutes))
    assert due - now >= timedelta(minutes=minutes)
    assert minutes == 0 or hours.opens_at(due - timedelta(microseconds=1)) is None
    opens = hours.opens_at(now)
    assert opens is None or (opens > now and hours.opens_at(opens) is None)
