"""Slack's events, read. Payloads here were written for this test, in the form that Slack documents."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from channels.normalise import slack
from channels.normalise.beside import PersonAct
from channels.normalise.payloads import Arrived, Malformed
from memory.messages import Inbound

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def request(**event: Any) -> Arrived:
    said = {"type": "message", "channel": "C1", "user": "U1", "text": "Hello", "ts": "1.000100", **event}
    said = {name: value for name, value in said.items() if value is not None}
    whole = {"type": "event_callback", "team_id": "T1", "event_id": "Ev1", "event": said}
    return Arrived("", {}, json.dumps({**whole, "authorizations": [{"user_id": "UBOT"}]}).encode())


def read(**event: Any) -> list[Inbound]:
    return slack.messages(request(**event), inbox="slack", now=NOW)


def act(**event: Any) -> PersonAct:
    (one,) = slack.acts(request(**event))
    return one


def test_a_direct_message_is_answered_where_it_was_written() -> None:
    (one,) = read(channel="D1", channel_type="im")
    assert (one.sender, one.text, one.provider_id) == ("T1:U1", "Hello", "D1:1.000100")
    assert (one.thread, one.thread_key, one.continues) == ({"channel": "D1"}, "", False)


def test_a_mention_begins_a_thread_and_what_follows_in_it_belongs_to_it() -> None:
    (first,) = read(type="app_mention", text="<@UBOT> where is it?")
    assert (first.text, first.continues, first.thread["thread_ts"]) == ("where is it?", False, "1.000100")
    (next_,) = read(channel_type="channel", thread_ts="1.000100", ts="2.000200", text="and?")
    assert next_.continues
    assert next_.thread_key == first.thread_key
    (other,) = read(channel_type="channel", thread_ts="1.000100", ts="2.000300", user="U2")
    assert other.thread_key != first.thread_key  # another person is another customer


def test_a_mention_that_comes_as_two_events_is_one_message() -> None:
    (one,) = read(type="app_mention", thread_ts="1.000100", ts="2.0")
    (two,) = read(channel_type="channel", thread_ts="1.000100", ts="2.0")
    assert (one.provider_id, one.thread_key) == (two.provider_id, two.thread_key)


@pytest.mark.parametrize(
    "event",
    [
        {"channel_type": "channel"},  # talk that nobody addressed to us
        {"channel_type": "im", "bot_id": "B1"},
        {"channel_type": "im", "user": "UBOT"},
        {"channel_type": "im", "subtype": "message_changed"},
        {"channel_type": "im", "subtype": "message_deleted", "hidden": True},
        {"channel_type": "channel", "subtype": "channel_join"},
        {"channel_type": "im", "user": None},
        {"channel_type": "im", "text": ""},
        {"type": "reaction_added"},
    ],
)
def test_what_is_not_said_to_us_is_no_message(event: dict[str, Any]) -> None:
    assert read(**event) == []


def test_a_file_without_words_is_listed() -> None:
    (one,) = read(channel_type="im", subtype="file_share", text="", files=[{"name": "a.png", "mimetype": "image/png"}])
    assert one.text == "[a.png (image/png)]"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a &lt;b&gt; &amp; c", "a <b> & c"),
        ("see <https://a.example/x?y=1|the page>", "see the page (https://a.example/x?y=1)"),
        ("<https://a.example>", "https://a.example"),
        ("<mailto:a@b.example|a@b.example>", "a@b.example"),
        ("ask <@U7|bo> in <#C9|general> <!here> <!subteam^S1|@team>", "ask @bo in #general @here @team"),
        ("<@UBOT> hi", "hi"),
        ("1 < 2", "1 < 2"),
    ],
)
def test_markup_becomes_words(text: str, shown: str) -> None:
    assert slack.plain(text, {"UBOT"}) == shown


def test_words_in_a_thread_may_be_a_persons_answer_to_a_handover() -> None:
    said = act(thread_ts="1.0", ts="2.0", text="We look into it.")
    assert (said.act, said.person, said.text, said.post) == ("say", "slack:U1", "We look into it.", "C1:1.0")
    assert not said.said_there
    assert [act(thread_ts="1.0", text=text).act for text in ("release", "Close", "<@UBOT> take", "!release")] == [
        "release",
        "close",
        "take",
        "release",
    ]
    noted = act(thread_ts="1.0", text="Note: she called twice")
    assert (noted.act, noted.text) == ("note", "she called twice")
    assert act(thread_ts="1.0", text="close the window please").act == "say"
    assert slack.acts(request(channel_type="im", thread_ts="1.0")) == []
    assert slack.acts(request(type="app_mention")) == []


def test_slack_gets_its_challenge_back() -> None:
    asked = Arrived("", {}, b'{"type":"url_verification","challenge":"3eZbrw1a","token":"x"}')
    assert slack.challenge(asked) == "3eZbrw1a"
    assert slack.challenge(request()) is None
    assert slack.messages(asked, inbox="slack", now=NOW) == []


def test_what_is_no_event_is_refused() -> None:
    with pytest.raises(Malformed):
        slack.messages(Arrived("", {}, b"{}"), inbox="slack", now=NOW)
    limited = Arrived("", {}, b'{"type":"app_rate_limited","minute_rate_limited":1}')
    assert slack.messages(limited, inbox="slack", now=NOW) == []
