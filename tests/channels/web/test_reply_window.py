"""The desk says how long WhatsApp still takes a person's own words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from test_desk_words import view

from channels.web.desk.reply_window import reply_window

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def test_the_time_that_is_left_is_in_words() -> None:
    for ago, words in (
        (timedelta(0), "another 1 day."),
        (timedelta(hours=18, minutes=48), "another 5 h 12 min."),
        (timedelta(hours=23, minutes=55), "another 5 min."),
    ):
        assert words in reply_window(view(channel="whatsapp", heard_at=NOW - ago), NOW)


def test_after_24_hours_a_template_is_what_is_left() -> None:
    for heard_at in (NOW - timedelta(hours=24), None):
        assert "approved template only" in reply_window(view(channel="whatsapp", heard_at=heard_at), NOW)


def test_other_channels_take_words_at_any_time() -> None:
    assert reply_window(view(channel="sms", heard_at=None), NOW) == ""
