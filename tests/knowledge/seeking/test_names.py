"""What the knowledge base has names for, and where a line says one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.seeking.names import Names, in_title
from knowledge.seeking.spelling import spoken, words

FACILITIES = ("offer free WiFi?", "have a gym?", "allow pets?", "serve breakfast?", "have free parking?")
HOTELS = ("Worth House", "Acorn Guest House", "Hotel 1906", "Gonville Hotel", "Bridge Guest House")
TITLES = {f"{hotel}/{n}": f"{hotel.upper()}: Do you {what}" for hotel in HOTELS for n, what in enumerate(FACILITIES)}


def said(line: str, titles: dict[str, str] | None = None) -> set[str]:
    names = Names(titles or TITLES)
    return {names.all[each.name].text for each in names.mentions(line) if names.all[each.name].weight >= 0.05}


@pytest.mark.parametrize(
    ("title", "names"),
    [
        ("RICE BOAT: Does Rice Boat allow BYOB?", {("RICE BOAT", True), ("Rice Boat", False), ("BYOB", False)}),
        ("Is Bulgara a good place to bring a group?", {("Bulgara", False)}),
        ("Make a warranty claim", {("Make a warranty claim", True)}),
        ("Hire of tents and of everything else you need in Wales", {("Wales", False)}),
        ("Is WiFi at Gonville Hotel free?", {("WiFi at Gonville Hotel", False), ("Gonville Hotel", False)}),
        ("what is the return policy of the shop in the high street?", set()),
        ("", set()),
    ],
)
def test_names_are_what_stands_before_a_colon_short_titles_and_runs_of_capitals(
    title: str, names: set[tuple[str, bool]]
) -> None:
    assert names <= set(in_title(title))
    assert bool(names) == any(True for _ in in_title(title))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("I would stay at the Worth House then", {"WORTH HOUSE"}),
        ("i would stay at worth house's annexe", {"WORTH HOUSE"}),
        ("is the gonvile hotel quiet", {"GONVILLE HOTEL"}),
        ("we liked hotel nineteen zero six", {"HOTEL 1906"}),
        ("a guest house would be fine", set()),
        ("does it have free wifi?", set()),
        ("call 01223 19061906 at 19:06", set()),
        ("", set()),
    ],
)
def test_a_line_says_a_name_also_misspelt_spoken_or_in_passing(line: str, expected: set[str]) -> None:
    assert said(line) == expected


def test_a_name_inside_a_longer_one_that_was_said_is_not_meant() -> None:
    titles = {"a": "Union Square: Where is it?", "b": "Inn at Union Square: Do you allow pets?"}
    assert said("the Inn at Union Square please", titles) == {"Inn at Union Square"}
    assert said("something near Union Square", titles) == {"Union Square"}


def test_a_word_that_is_seldom_a_name_is_none() -> None:
    """Every title has "outdoor seating", one of them "Outdoor" as a name."""
    titles = {str(n): f"{hotel}: is there outdoor seating?" for n, hotel in enumerate(HOTELS)}
    titles["x"] = "Outdoor tables at Worth House"
    assert "Outdoor" not in said("do they have outdoor seating", titles)


def test_a_product_is_an_entity_though_every_article_of_it_has_another_topic() -> None:
    cards = ("Silver Card", "Gold Card", "Eco Card", "Travel Card", "Student Card")
    topics = ("Getting Started", "Fees and Limits", "Lost or Stolen", "Rewards Explained")
    titles = {f"{card}/{n}": f"{card}: {topic}" for card in cards for n, topic in enumerate(topics)}
    assert said("I have the eco card", titles) == {"Eco Card"}


@pytest.mark.parametrize(
    ("digits", "expected"),
    [
        ("7", "seven"),
        ("12", "twelve"),
        ("42", "forty two"),
        ("211", "two one one"),
        ("1906", "nineteen zero six"),
        ("0405", "zero four zero five"),
        ("94103", "nine four one zero three"),
    ],
)
def test_numbers_are_compared_as_they_are_spoken(digits: str, expected: str) -> None:
    assert " ".join(spoken(digits)) == expected


@given(st.text(max_size=300), st.dictionaries(st.text(max_size=8), st.text(max_size=80), max_size=8))
def test_any_text_and_any_titles_are_read(line: str, titles: dict[str, str]) -> None:
    names = Names(titles)
    for mention in names.mentions(line):
        assert 0 <= mention.start < mention.end <= len(words(line))
        assert 0.7 <= mention.covered <= 1.0 + 1e-9
    assert all(0.0 <= name.weight <= 1.0 and name.documents for name in names.all)
