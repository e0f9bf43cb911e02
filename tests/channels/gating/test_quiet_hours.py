"""Quiet hours by the recipient's own clock: compared with a plain count of minutes, over days when clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from channels.gating.hours import Hours, Place, is_allowed, next_allowed
from channels.gating.regions import built_in

EVERY_DAY = Hours((((8 * 60, 20 * 60),),) * 7)
ZONES = ("Europe/London", "America/New_York", "Australia/Lord_Howe", "America/Nuuk", "Asia/Kathmandu", "Africa/Cairo")


def place(zone: str, *hours: Hours) -> Place:
    return Place(ZoneInfo(zone), hours or (EVERY_DAY,))


def at(zone: str, *moment: int) -> datetime:
    return datetime(*moment, tzinfo=ZoneInfo(zone)).astimezone(UTC)  # type: ignore[arg-type]


def test_what_is_allowed_now_leaves_now_and_to_the_second() -> None:
    now = at("Europe/London", 2026, 7, 1, 12, 0, 7)
    assert next_allowed(now, [place("Europe/London")]) == now


@pytest.mark.parametrize(
    ("now", "then"),
    [((2026, 7, 1, 20, 0), (2026, 7, 2, 8, 0)), ((2026, 7, 1, 7, 59), (2026, 7, 1, 8, 0))],
)
def test_what_comes_too_late_or_too_early_waits_for_the_morning(now: tuple[int, ...], then: tuple[int, ...]) -> None:
    assert next_allowed(at("Europe/London", *now), [place("Europe/London")]) == at("Europe/London", *then)


def test_the_morning_after_clocks_change_is_the_wall_clocks() -> None:
    evening = at("Europe/London", 2026, 3, 28, 21, 0)
    assert next_allowed(evening, [place("Europe/London")]) == datetime(2026, 3, 29, 7, 0, tzinfo=UTC)
    evening = at("Europe/London", 2026, 10, 24, 21, 0)
    assert next_allowed(evening, [place("Europe/London")]) == datetime(2026, 10, 25, 8, 0, tzinfo=UTC)


def test_a_window_that_opens_in_an_hour_that_never_happens_opens_after_it() -> None:
    odd = Hours((((90, 120),),) * 7)  # 01:30 to 02:00; on 29 March 2026 London has no 01:00 to 02:00
    night = at("Europe/London", 2026, 3, 29, 0, 30)
    assert next_allowed(night, [place("Europe/London", odd)]) == at("Europe/London", 2026, 3, 30, 1, 30)


def test_an_hour_that_happens_twice_is_open_twice() -> None:
    odd = Hours((((60, 90),),) * 7)  # 01:00 to 01:30; on 25 October 2026 it happens twice
    between = datetime(2026, 10, 25, 0, 45, tzinfo=UTC)  # 01:45 summer time
    assert next_allowed(between, [place("Europe/London", odd)]) == datetime(2026, 10, 25, 1, 0, tzinfo=UTC)


def test_every_candidate_zone_must_allow_it() -> None:
    both = [place("America/New_York"), place("America/Los_Angeles")]
    assert next_allowed(at("America/New_York", 2026, 7, 1, 9, 0), both) == at("America/Los_Angeles", 2026, 7, 1, 8, 0)


def test_places_too_far_apart_have_no_hour() -> None:
    assert next_allowed(at("UTC", 2026, 7, 1, 9, 0), [place("Pacific/Honolulu"), place("Asia/Tokyo")]) is not None
    short = Hours((((9 * 60, 12 * 60),),) * 7)
    assert (
        next_allowed(at("UTC", 2026, 7, 1, 9, 0), [place("Europe/London", short), place("Asia/Tokyo", short)]) is None
    )


@settings(max_examples=40, deadline=None)
@given(
    zones=st.lists(st.sampled_from(ZONES), min_size=1, max_size=2, unique=True),
    minutes=st.integers(0, 366 * 24 * 60 - 1),
    near=st.sampled_from(
        [None, (2026, 3, 8), (2026, 3, 28), (2026, 10, 24), (2026, 11, 1), (2026, 4, 5), (2026, 4, 24)]
    ),
)
@example(["Africa/Cairo"], 0, (2026, 4, 24))  # midnight itself is left out that day
def test_it_agrees_with_looking_at_every_minute(
    zones: list[str], minutes: int, near: tuple[int, int, int] | None
) -> None:
    begin = datetime(*near, tzinfo=UTC) if near else datetime(2026, 1, 1, tzinfo=UTC)
    now = begin + timedelta(minutes=minutes % (3 * 24 * 60) if near else minutes)
    places = [place(zone, Hours((((8 * 60, 20 * 60),),) * 6 + ((),))) for zone in zones]
    found = next_allowed(now, places)
    assert found is None or is_allowed(found, places)
    looked, until = now, min(found or now + timedelta(days=3), now + timedelta(days=3))
    while looked < until:
        assert not is_allowed(looked, places)
        looked += timedelta(minutes=1)


# --- the regions' own rules ---


@pytest.mark.parametrize(
    ("region", "channel", "zone", "moment", "allowed"),
    [
        ("US", "sms", "America/New_York", (2026, 7, 5, 20, 59), True),
        ("US", "sms", "America/New_York", (2026, 7, 5, 21, 0), False),
        ("US-FL", "sms", "America/New_York", (2026, 7, 6, 20, 30), False),
        ("US-TX", "sms", "America/Chicago", (2026, 7, 5, 11, 0), False),
        ("US-TX", "sms", "America/Chicago", (2026, 7, 5, 13, 0), True),
        ("FR", "sms", "Europe/Paris", (2026, 7, 13, 21, 0), True),
        ("FR", "sms", "Europe/Paris", (2026, 7, 14, 12, 0), False),  # the national holiday
        ("FR", "sms", "Europe/Paris", (2026, 7, 19, 12, 0), False),  # a Sunday
        ("FR", "voice", "Europe/Paris", (2026, 7, 13, 13, 30), False),
        ("CA", "sms", "America/Toronto", (2026, 7, 11, 9, 30), False),
        ("AU", "sms", "Australia/Sydney", (2026, 12, 25, 12, 0), False),
        ("AU-NSW", "sms", "Australia/Sydney", (2026, 10, 5, 12, 0), False),  # Labour Day there
        ("GB", "sms", "Europe/London", (2026, 7, 19, 12, 0), False),  # not researched: no Sundays
        ("GB", "sms", "Europe/London", (2026, 7, 18, 12, 0), True),
        ("US", "email", "America/New_York", (2026, 7, 6, 20, 30), False),  # the US rule speaks of calls and texts
    ],
)
def test_a_regions_rule_holds(region: str, channel: str, zone: str, moment: tuple[int, ...], allowed: bool) -> None:
    there = Place(ZoneInfo(zone), built_in().hours(region, channel))
    assert is_allowed(at(zone, *moment), [there]) is allowed


def test_every_rule_says_where_it_is_from_and_when_it_was_checked() -> None:
    rules = [rule for each in built_in().rules.values() for rule in each]
    assert len(rules) > 20
    for rule in rules:
        assert rule.source
        assert date(2026, 1, 1) <= rule.checked_on <= date(2027, 1, 1)
