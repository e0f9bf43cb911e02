"""Promises of the query form."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.query import ANSWER_WORDS, MAX_CHARS, search_query


@dataclass(frozen=True)
class Line:
    role: str
    text: str


HISTORY = [
    Line("customer", "Do you have the Alpine Trail boots in Leeds?"),
    Line("bot", "Yes, the Alpine Trail boots are in stock there."),
]


@pytest.mark.parametrize(
    "text",
    [
        "How much does express delivery cost to Spain?",
        "I ordered a rain jacket in September, the zip broke on the first walk and it leaks, what can you offer me?",
    ],
)
def test_a_message_that_stands_alone_is_searched_alone(text: str) -> None:
    assert search_query(text, HISTORY) == text


@pytest.mark.parametrize("text", ["Are they waterproof?", "And in black?", "Can I return those boots unworn?"])
def test_a_message_that_points_back_is_searched_with_names_and_the_last_short_answer(text: str) -> None:
    query = search_query(text, HISTORY)
    assert query.startswith(f"{text} Alpine Trail")
    assert HISTORY[1].text in query
    assert query.endswith(text)


def test_a_long_answer_does_not_drown_the_question() -> None:
    long = Line("agent", "Our Leeds store has them. " + "word " * ANSWER_WORDS)
    query = search_query("Are they waterproof?", [HISTORY[0], long])
    assert query == "Are they waterproof? Leeds Alpine Trail"


def test_without_history_the_message_is_the_query() -> None:
    assert search_query("  And\n in black? ") == "And in black?"
    assert search_query("") == ""


def test_placeholders_are_not_searched() -> None:
    history = [Line("customer", "I am <PERSON_1> and <ORDER_2> is late"), Line("bot", "Hello <PERSON_1>.")]
    query = search_query("Where is it, <EMAIL_ADDRESS_1>?", history)
    assert "<" not in query
    assert "PERSON" not in query


def test_only_the_last_lines_give_names() -> None:
    old = [Line("customer", "I was in Edinburgh."), *[Line("customer", "fine")] * 4]
    assert "Edinburgh" not in search_query("Is it open?", old)


@given(st.text(max_size=200), st.lists(st.tuples(st.sampled_from(["customer", "bot", "agent"]), st.text(max_size=200))))
def test_any_conversation_has_a_query_of_bounded_size(text: str, lines: list[tuple[str, str]]) -> None:
    query = search_query(text, [Line(*line) for line in lines])
    assert len(query) <= MAX_CHARS
    assert query == search_query(text, [Line(*line) for line in lines])


def test_a_hostile_history_is_read_in_time() -> None:
    for text in ("A " * 500_000, "A of " * 200_000, "<PERSON_" * 100_000, "." * 1_000_000):
        search_query("it?", [Line("agent", text), Line("customer", text)])
