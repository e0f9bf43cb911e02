"""The desk's words for what is stored."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.web.desk import words
from memory.messages import Event, EventKind
from memory.views import ConversationView

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def view(**fields: Any) -> ConversationView:
    given_fields: dict[str, Any] = {
        "id": "c-1", "inbox": "web", "channel": "chat", "customer": "p-00ab12cd", "owner": "bot", "person": None,
        "epoch": 1, "seq": 1, "status": "open", "opened_at": NOW, "last_at": NOW, "first_words": "", "last_words": "",
        "reason": "", "priority": "normal", "waiting_since": None, "sender": "c-1",
    }  # fmt: skip
    return ConversationView(**{**given_fields, **fields})


def event(kind: EventKind, text: str = "", **meta: Any) -> Event:
    return Event("c-1", 1, 0, kind, NOW, text, meta=meta)


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (timedelta(seconds=-5), "under a minute"),
        (timedelta(0), "under a minute"),
        (timedelta(seconds=59), "under a minute"),
        (timedelta(seconds=60), "1 min"),
        (timedelta(minutes=59, seconds=59), "59 min"),
        (timedelta(hours=2, minutes=10), "2 h 10 min"),
        (timedelta(hours=3), "3 h"),
        (timedelta(hours=24), "1 day"),
        (timedelta(days=400), "400 days"),
    ],
)
def test_a_wait_is_said_in_at_most_two_units(span: timedelta, said: str) -> None:
    assert words.duration(span) == said


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (timedelta(minutes=12), "due in 12 min"),
        (timedelta(0), "due in under a minute"),
        (-timedelta(minutes=3), "late by 3 min"),
        (-timedelta(days=2), "late by 2 days"),
    ],
)
def test_when_a_reply_is_due_is_said_in_words(span: timedelta, said: str) -> None:
    assert words.due(view(due_at=NOW + span), NOW) == said
    assert words.due(view(due_at=NOW + span, status="closed"), NOW) == ""
    assert words.due(view(), NOW) == ""


def test_whose_reply_is_due_first_stands_above_who_has_waited_longer() -> None:
    waits = [
        view(id="patient", owner="queue", waiting_since=NOW - timedelta(days=1), due_at=NOW + timedelta(hours=2)),
        view(id="soon", owner="queue", waiting_since=NOW, due_at=NOW + timedelta(minutes=5)),
        view(id="went on", owner="bot", waiting_since=NOW, due_at=NOW + timedelta(hours=1)),
    ]
    assert [v.id for v in sorted(waits, key=lambda v: words.rank(v, "Maya"))] == ["soon", "went on", "patient"]
    assert {words.section(v, drafted=True) for v in waits} == {"waiting"}


def test_of_a_persons_own_the_ones_that_owe_a_reply_come_first() -> None:
    own = [
        view(id="quiet", owner="person", person="Maya", last_at=NOW),
        view(id="owed", owner="person", person="Maya", due_at=NOW + timedelta(hours=1)),
        view(id="sams", owner="person", person="Sam", due_at=NOW),
    ]
    assert [v.id for v in sorted(own, key=lambda v: words.rank(v, "Maya"))] == ["owed", "quiet", "sams"]


def test_whom_a_customer_waits_for_is_said() -> None:
    assert words.standing(view(owner="queue", team="Returns", person="Maya"), "Sam") == (
        "This customer waits for a person (Returns, for Maya)."
    )
    assert words.standing(view(owner="queue"), "Sam") == "This customer waits for a person."
    assert words.standing(view(waiting_since=NOW), "Sam") == (
        "The assistant goes on with this customer, who waits for a person."
    )


@pytest.mark.parametrize(
    ("said", "meta", "kind"),
    [
        ("Maya took over", {"person": "Maya"}, "taken"),
        ("Sam passed it to Maya", {"person": "Maya", "by": "Sam"}, "taken"),
        ("Given to Maya", {"person": "Maya", "by": "routing"}, "taken"),
        ("Offered to Maya", {"to": "Maya"}, "assigned"),
        ("Maya gave it back to the assistant", {"person": "Maya"}, "released"),
        ("The customer goes on with the assistant, and still waits for a person", {"by": "customer"}, "released"),
        (
            "Wants their data erased: a task was opened, due 24 Dec 2026",
            {"kind": "erasure", "due_at": "2026-12-25T04:59:59+00:00", "day": "2026-12-24"},
            "tasked",
        ),
        ("new kind: a task was opened, due in a month", {"kind": "new kind"}, "tasked"),
    ],
)
def test_what_happened_to_a_waiting_customer_is_a_line(said: str, meta: dict[str, Any], kind: EventKind) -> None:
    assert words.line(Event("c-1", 1, 0, kind, NOW, meta=meta)) == said


def test_a_visitor_is_known_by_the_end_of_their_id_and_others_by_their_address() -> None:
    assert words.who(view()) == "Visitor 12cd"
    assert words.who(view(channel="sms", sender="+447700900412")) == "+447700900412"
    assert words.who(view(channel="email", sender="priya@example.com")) == "priya@example.com"


def test_urgent_ones_wait_on_top_then_those_who_wait_longest() -> None:
    waits = [
        view(id="late", owner="queue", waiting_since=NOW),
        view(id="early", owner="queue", waiting_since=NOW - timedelta(hours=1)),
        view(id="urgent", owner="queue", priority="high", waiting_since=NOW),
        view(id="low", owner="queue", priority="low", waiting_since=NOW - timedelta(days=1)),
    ]
    assert [v.id for v in sorted(waits, key=lambda v: words.rank(v, "Maya"))] == ["urgent", "early", "late", "low"]


def test_ones_own_conversations_stand_before_a_colleagues() -> None:
    held = [view(id="hers", owner="person", person="Sam"), view(id="mine", owner="person", person="Maya")]
    assert [v.id for v in sorted(held, key=lambda v: words.rank(v, "Maya"))] == ["mine", "hers"]


def test_a_draft_does_not_take_a_conversation_from_who_holds_it() -> None:
    assert words.section(view(owner="queue"), drafted=True) == "waiting"
    assert words.section(view(owner="person"), drafted=True) == "people"
    assert words.section(view(), drafted=True) == "drafts"
    assert words.section(view(), drafted=False) == "assistant"


@pytest.mark.parametrize("kind", get_args(EventKind))
def test_no_kind_of_event_stops_the_desk(kind: EventKind) -> None:
    said = words.line(event(kind))
    assert said is None or said


def test_lines_name_who_did_it() -> None:
    assert words.line(event("taken", person="Maya")) == "Maya took over"
    assert words.line(event("handed_over", reason="Asked.", code="asked")) == "Handed to people: Asked"
    assert words.line(event("decided", person="Maya", decision="edit")) == "Maya edited the draft"
    assert words.line(event("delivered")) is None


@pytest.mark.parametrize(
    ("text", "channel", "said"),
    [
        ("a", "chat", "1 character"),
        ("a" * 1234, "email", "1,234 characters"),
        ("a" * 160, "sms", "160 characters, 1 SMS part"),
        ("a" * 161, "sms", "161 characters, 2 SMS parts"),
        ("“a” – b…", "sms", "8 characters, 1 SMS part"),
        ("ж" * 71, "twilio_sms", "71 characters, 2 SMS parts"),
        ("", "sms", "0 characters, 0 SMS parts"),
    ],
)
def test_length_is_told_in_the_channels_own_units(text: str, channel: str, said: str) -> None:
    assert words.length(text, channel) == said


class Known(Exception):
    code = "not_yours"


@given(st.text(max_size=60))
def test_a_fault_that_is_not_ours_keeps_its_details_to_the_log(secret: str) -> None:
    assert words.fault(ValueError(f"password={secret}")) == words.fault(ValueError())
    assert words.fault(Known("Sam has this conversation.")) == "Sam has this conversation. (not_yours)"


def test_times_are_the_readers_own_with_the_date_when_it_is_another_day() -> None:
    zone = ZoneInfo("Pacific/Auckland")
    now = datetime(2026, 11, 24, 12, 30, tzinfo=UTC).astimezone(zone)
    assert words.at(datetime(2026, 11, 24, 12, 0, tzinfo=UTC).astimezone(zone), now) == "01:00"
    assert words.at(datetime(2026, 11, 24, 10, 0, tzinfo=UTC).astimezone(zone), now) == "24 Nov 23:00"
