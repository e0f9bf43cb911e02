"""Which team a customer waits for, and by when they are answered."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from agent.hours import OpeningHours
from agent.routing import Need, Sla, Staffing, Team, ranked

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
GENERAL = Team("General", ("Ada",))
RETURNS = Team("Returns", ("Ben",), skills=("returns", "refund"))
GERMAN = Team("German", ("Cem",), languages=("de",))
ANGRY = Team("Complaints", ("Dee",), skills=("complaint",), priorities=("high",))
SMS = Team("Texts", ("Eve",), inboxes=("sms",))
TEAMS = (GENERAL, RETURNS, GERMAN, ANGRY, SMS)


@pytest.mark.parametrize(
    ("need", "first"),
    [
        (Need("web", "normal", "en", text="Where is my parcel?"), "General"),
        (Need("web", "normal", "en", text="My refund has not come"), "Returns"),
        (Need("web", "normal", "en", text="I want to return a tent.\nReturns and refunds"), "Returns"),
        (Need("web", "normal", "de", text="Wo ist mein Paket?"), "German"),
        (Need("web", "high", "en", kinds=frozenset({"complaint"})), "Complaints"),
        (Need("web", "normal", "en", kinds=frozenset({"complaint"})), "General"),  # not urgent: not for them
        (Need("sms", "normal", "en", text="Hello"), "Texts"),
        (Need("sms", "normal", "en", text="refund please"), "Returns"),  # a skill before an inbox
        (Need("web", "normal", "", text="ok"), "General"),
    ],
)
def test_a_customer_waits_for_the_team_that_fits_best(need: Need, first: str) -> None:
    assert ranked(TEAMS, need)[0].name == first


def test_a_language_nobody_speaks_is_still_answered() -> None:
    assert [team.name for team in ranked((GERMAN,), Need("web", "normal", "fr"))] == ["German"]


def test_a_team_of_another_inbox_or_priority_never_gets_it() -> None:
    assert ranked((SMS, ANGRY), Need("web", "normal", "en")) == []


def test_without_teams_there_is_still_a_due_time() -> None:
    place = Staffing().places(Need("web", "high"), NOW)
    assert place.teams == ()
    assert place.due_at == NOW + timedelta(minutes=15)


def test_clocks_count_opening_time_of_the_inbox() -> None:
    morning = OpeningHours(ZoneInfo("UTC"), (((time(9), time(12)),),) * 7)
    staffing = Staffing(hours={"web": morning})
    assert staffing.due_at("web", "first", "normal", NOW) == datetime(2026, 12, 1, 10, 0, tzinfo=UTC)
    assert staffing.due_at("sms", "first", "normal", NOW) == NOW + timedelta(hours=1)
    assert staffing.due_at("sms", "next", "odd", NOW) == NOW + Sla().next["normal"]


def test_nobody_is_given_a_customer_while_nobody_is_there() -> None:
    morning = OpeningHours(ZoneInfo("UTC"), (((time(9), time(12)),),) * 7)
    giving = Staffing(hours={"web": morning}, teams=TEAMS, assign="give")
    assert not giving.places(Need("web", "normal"), NOW).give
    assert giving.places(Need("web", "normal"), NOW - timedelta(hours=2)).give
