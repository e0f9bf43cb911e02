"""Figures are read as people mean them, each in one spelling."""

from __future__ import annotations

import pytest

from knowledge.checking.figures import figures


def read(text: str) -> list[tuple[str, str]]:
    return [(each.kind, each.value) for each in figures(text)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("14 days", "two weeks"),
        ("£4.50", "4.50 pounds"),
        ("£4.50", "£4.5"),
        ("1,000 km", "1000 km"),
        ("24 hours", "1 day"),
        ("9 am", "9:00"),
        ("2:30 p.m.", "14:30"),
        ("15%", "15 per cent"),
        ("two years", "24 months"),
        ("3-5 working days", "3 to 5 business days"),
        ("1st of March 2026", "1 March 2026"),
    ],
)
def test_two_spellings_are_one_value(one: str, other: str) -> None:
    assert read(one) == read(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("14 days", "14 working days"), ("£4", "€4"), ("3 days", "3 to 5 days"), ("5%", "5"), ("2 kg", "2 km")],
)
def test_what_is_not_the_same_stays_apart(one: str, other: str) -> None:
    assert read(one) != read(other)


def test_a_sentence_gives_its_figures_in_order_and_where_they_stand() -> None:
    text = "Since 2024, orders over £50 placed by 14:00 arrive in 2 to 3 days, at 5 Main Street."
    assert [each.kind for each in figures(text)] == ["year", "money", "time", "duration", "number"]
    assert [text[each.start : each.end] for each in figures(text)] == ["2024", "£50", "14:00", "2 to 3 days", "5"]


@pytest.mark.parametrize("text", ["", "one or other", "9" * 5000, "£" * 500, "1" + ",000" * 2000, "\x00 ½ ٣ days"])
def test_anything_may_be_read(text: str) -> None:
    assert isinstance(figures(text), tuple)
