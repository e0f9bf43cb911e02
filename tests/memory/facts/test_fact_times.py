"""Which time a question speaks of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.facts.times import spans

NOW = datetime(2026, 11, 27, 15, 30, tzinfo=UTC)


def day(year: int, month: int, of: int) -> datetime:
    return datetime(year, month, of, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("What did I order in May?", day(2026, 5, 1), day(2026, 6, 1)),
        ("the parcel of December", day(2025, 12, 1), day(2026, 1, 1)),
        ("what happened in February 2024", day(2024, 2, 1), day(2024, 3, 1)),
        ("my order from March, 2025?", day(2025, 3, 1), day(2025, 4, 1)),
        ("on 3 June 2025", day(2025, 6, 3), day(2025, 6, 4)),
        ("on the 3rd of June", day(2026, 6, 3), day(2026, 6, 4)),
        ("On June 3rd, 2025", day(2025, 6, 3), day(2025, 6, 4)),
        ("since 2025-06-03", day(2025, 6, 3), day(2025, 6, 4)),
        ("the 31st of June", day(2026, 6, 1), day(2026, 7, 1)),
        ("in 2024", day(2024, 1, 1), day(2025, 1, 1)),
        ("what did you tell me yesterday", day(2026, 11, 26), day(2026, 11, 27)),
        ("last week", day(2026, 11, 13), day(2026, 11, 27)),
    ],
)
def test_a_time_is_the_last_one_that_it_can_be(text: str, start: datetime, end: datetime) -> None:
    (span,) = spans(text, NOW)
    assert (span.start, span.end) == (start, end)


@pytest.mark.parametrize("text", ["May I return it?", "It may be late", "my order 2024", "march on", "", "31 June"])
def test_no_time_is_read_where_none_is_meant(text: str) -> None:
    assert spans(text, NOW) == ()


def test_two_months_ago_is_about_two_months_ago() -> None:
    (span,) = spans("what did I say two months ago?", NOW)
    assert span.nearness(NOW - timedelta(days=60)) == 1.0
    assert span.nearness(NOW - timedelta(days=5)) == 0.0


def test_what_is_told_of_afterwards_counts_half() -> None:
    (span,) = spans("in May", NOW)
    assert [span.nearness(day(2026, month, 10)) for month in (4, 5, 6, 8)] == [0.0, 1.0, 0.5, 0.0]


@given(st.text(max_size=200))
def test_any_text_can_be_asked(text: str) -> None:
    for span in spans(text, NOW):
        assert span.start < span.end


@given(st.integers(0, 999), st.sampled_from(["day", "week", "month", "year"]))
def test_any_number_of_any_unit_ago_is_a_time(number: int, unit: str) -> None:
    (span,) = spans(f"{number} {unit}s ago", NOW)
    assert span.start < span.end
