"""Settings of the people who answer: what they may say, and what is refused at start with its name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.errors import Misconfigured
from channels.app import beyond
from channels.settings import load

WHOLE = """
[organisation]
timezone = "Europe/Berlin"
locale = "de-DE"

[inboxes.web]
kind = "websocket"
[inboxes.web.hours]
monday = ["09:00-12:00", "13:00-17:30"]
friday = []
saturday = ["22:00-24:00"]
holidays = [2026-12-24]
open_on = [2026-12-25]
country = "DE"
subdivision = "BE"

[inboxes.other]
kind = "websocket"

[teams.Returns]
members = ["Maya", "Sam"]
skills = ["returns", "refund"]
languages = ["de"]
inboxes = ["web"]
capacity = 3

[sla]
first_reply_minutes = { high = 5 }

[desk]
idle_minutes = 0
assign = "give"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "frontdesk.toml"
    path.write_text(text, encoding="utf-8")
    return path


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_what_is_written_reaches_those_who_work_with_it(tmp_path: Path) -> None:
    staffing = beyond(load(written(tmp_path, WHOLE)), None).staffing
    assert staffing.opens_at("web", at("2026-11-30T11:30")) == at("2026-11-30T12:00")  # Monday's lunch, in Berlin
    assert staffing.opens_at("web", at("2026-11-27T10:00")) == at("2026-11-28T21:00")  # no Fridays; Saturday night
    # Closed by name, no Fridays, the country's own holiday on a Saturday, no Sundays: Monday.
    assert staffing.opens_at("web", at("2026-12-24T10:00")) == at("2026-12-28T08:00")
    assert staffing.opens_at("web", at("2026-10-03T21:30")) is not None  # the country's own holiday, a Saturday
    assert staffing.opens_at("other", at("2026-12-24T03:00")) is None
    assert (staffing.idle, staffing.assign, staffing.locale) == (None, "give", "de-DE")
    assert staffing.teams[0].capacity == 3
    assert staffing.due_at("other", "first", "high", at("2026-11-30T10:00")) == at("2026-11-30T10:05")
    assert staffing.sla.within("first", "low") == timedelta(hours=4)  # what is not written is as shipped


def test_without_any_of_it_people_are_always_there(tmp_path: Path) -> None:
    staffing = beyond(load(written(tmp_path, "")), None).staffing
    assert staffing.opens_at("web", at("2026-12-25T03:00")) is None
    assert staffing.teams == ()
    assert staffing.idle == timedelta(minutes=30)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            '[inboxes.web]\nkind="websocket"\n[inboxes.web.hours]\nmonday=["9 to 5"]',
            'write opening times as "09:00-17:30"',
        ),
        ('[inboxes.web]\nkind="websocket"\n[inboxes.web.hours]\nmonday=["24:00-25:00"]', "write opening times"),
        ('[inboxes.web]\nkind="websocket"\n[inboxes.web.hours]\nmonday=["09:00-09:00"]', "must have a length"),
        ('[inboxes.web]\nkind="websocket"\n[inboxes.web.hours]\ntimezone="Mars/Base"', "write a time zone"),
        ('[inboxes.web]\nkind="websocket"\n[inboxes.web.hours]\ncountry="QQ"', "no public holidays are known for QQ"),
        ('[inboxes.web]\nkind="websocket"\n[inboxes.web.hours]\nsubdivision="ENG"', "subdivision needs its country"),
        (
            '[inboxes.web]\nkind="websocket"\n[inboxes.web.hours]\n'
            + "\n".join(f"{day}=[]" for day in ("monday", "tuesday", "wednesday", "thursday", "friday")),
            "no opening time on any day",
        ),
        ("[teams.A]\ncapacity=0", "teams.A.capacity"),
        ("[sla]\nfirst_reply_minutes={urgent=5}", "sla.first_reply_minutes"),
        ('[desk]\nassign="push"', "desk.assign"),
        ("[desk]\nidle_minute=5", "did you mean idle_minutes"),
    ],
)
def test_what_cannot_work_is_named_at_start(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(Misconfigured, match=words):
        load(written(tmp_path, text))


def test_a_team_of_an_inbox_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"teams\.A\.inboxes: there is no inbox sms"):
        beyond(load(written(tmp_path, '[teams.A]\ninboxes=["sms"]')), None)
