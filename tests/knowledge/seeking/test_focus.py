"""What a conversation is about, and the forms its last message is searched in."""

from __future__ import annotations

from dataclasses import dataclass

from knowledge.seeking.focus import focus
from knowledge.seeking.forms import forms
from knowledge.seeking.names import Names

TITLES = {
    f"{hotel}/{n}": f"{hotel}: {what}"
    for hotel in ("WORTH HOUSE", "CITYROOMZ", "RICE BOAT", "KIRKWOOD")
    for n, what in enumerate(("Do you allow pets?", "Is there parking?", "Do you have a gym?"))
}
NAMES = Names(TITLES)


@dataclass(frozen=True)
class Line:
    role: str
    text: str


def number(name: str) -> int:
    return next(n for n, each in enumerate(NAMES.all) if each.text == name)


TALK = [
    Line("customer", "We eat at the Rice Boat tonight. Where could we sleep?"),
    Line("bot", "Worth House has rooms."),
    Line("customer", "What does it cost?"),
    Line("bot", "A double room is 90 pounds."),
]


def test_what_was_said_last_is_held_most() -> None:
    found = focus("do they allow pets?", TALK, NAMES)
    assert found.top == number("WORTH HOUSE")
    assert found.latest == (number("WORTH HOUSE"), number("RICE BOAT"))
    assert found.held[number("WORTH HOUSE")] > found.held[number("RICE BOAT")] > 0
    assert not found.now


def test_a_line_that_lists_names_says_each_less_firmly() -> None:
    one = focus("and parking?", [Line("bot", "There is Worth House.")], NAMES)
    two = focus("and parking?", [Line("bot", "There are Worth House and Cityroomz.")], NAMES)
    assert two.held[number("WORTH HOUSE")] < one.held[number("WORTH HOUSE")]


def test_the_message_s_own_name_is_apart_from_those_before() -> None:
    found = focus("and does Cityroomz allow pets?", TALK, NAMES)
    assert set(found.now) == {number("CITYROOMZ")}
    assert number("CITYROOMZ") not in found.held
    assert found.followed()[0] == number("CITYROOMZ")


def test_a_conversation_without_names_has_nothing_in_focus() -> None:
    found = focus("hello", [Line("bot", "How can we help?")], NAMES)
    assert (found.top, found.followed(), found.strongest_now) == (None, [], 0.0)


def test_a_message_that_leans_is_asked_behind_the_name_in_focus() -> None:
    text = "do they allow pets?"
    made = forms(text, TALK, focus(text, TALK, NAMES), NAMES)
    assert made.message == text
    assert made.leading == number("WORTH HOUSE")
    assert made.named[number("WORTH HOUSE")] == "WORTH HOUSE: do they allow pets?"
    assert made.leaning.startswith(text)
    assert made.trailing.endswith(text)


def test_a_message_that_names_something_is_not_put_behind_another_name() -> None:
    text = "Does Cityroomz allow pets?"
    made = forms(text, TALK, focus(text, TALK, NAMES), NAMES)
    assert made.named == {}
    assert made.leading is None


def test_a_first_message_has_one_form() -> None:
    made = forms("Do you ship to Ireland?", [], focus("Do you ship to Ireland?", [], NAMES), NAMES)
    assert made.texts() == ("Do you ship to Ireland?",)
    assert made.trailing == ""


def test_a_long_message_is_searched_by_its_sentences_too() -> None:
    text = "I moved house last month. " + "My new card has not come yet. " * 7 + "Can I raise my credit limit by post?"
    made = forms(text, [], focus(text, [], NAMES), NAMES)
    assert "Can I raise my credit limit by post?" in made.parts
    assert len(made.parts) == len(set(made.parts)) <= 6


def test_empty_and_huge_messages_have_forms_within_bounds() -> None:
    assert forms("", TALK, focus("", TALK, NAMES), NAMES).message == ""
    huge = "pets " * 100_000
    made = forms(huge, TALK, focus(huge, TALK, NAMES), NAMES)
    assert all(len(text) <= 2000 for text in (*made.texts(), made.trailing))
