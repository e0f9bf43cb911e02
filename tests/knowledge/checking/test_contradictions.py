"""A contradiction is found where the same is said of the same thing with another figure, and nowhere else."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from knowing_support import passage
from planted import CONTRADICTING, FOUND, HARMLESS, Pair

from knowledge.checking.contradictions import contradictions
from knowledge.checking.findings import Contradiction
from knowledge.passages import Passage

TODAY = date(2026, 11, 27)


def both(pair: Pair) -> list[Passage]:
    return [passage("left", pair.left, pair.left_title), passage("right", pair.right, pair.right_title)]


def among(*passages: Passage) -> tuple[Contradiction, ...]:
    return contradictions(passages, TODAY)


def test_of_the_planted_contradictions_all_in_the_same_words_are_found() -> None:
    found = [pair for pair in CONTRADICTING if among(*both(pair))]
    assert len(found) == FOUND
    assert found[:4] == list(CONTRADICTING[:4])


@pytest.mark.parametrize("pair", HARMLESS, ids=lambda pair: pair.left[:40])
def test_what_only_looks_like_one_is_left_alone(pair: Pair) -> None:
    assert among(*both(pair)) == ()


def test_both_sentences_are_given_with_where_they_stand_and_what_differs() -> None:
    left = passage("a", "Post it to us. Returns are **free** within 30 days.", "How to return", "Postage")
    right = passage("b", "Returns are free within 14 days.", "Returns policy")
    (found,) = among(left, right)
    assert (found.left_says, found.right_says) == ("30 days", "14 days")
    assert (found.left.document, found.left.heading) == ("a", "How to return › Postage")
    assert found.left.text == left.text[found.left.start : found.left.end] == "Returns are **free** within 30 days."


@pytest.mark.parametrize("key", ["region", "tier", "audience", "language"])
def test_another_customer_may_be_told_otherwise(key: str) -> None:
    left, right = both(CONTRADICTING[0])
    assert among(left, right)
    assert among(left, replace(right, metadata={key: "another"})) == ()
    assert among(replace(left, metadata={key: "one"}), replace(right, metadata={key: "another"})) == ()


def test_what_is_over_or_yet_to_come_contradicts_nothing() -> None:
    left, right = both(CONTRADICTING[0])
    assert among(left, replace(right, metadata={"valid_until": "2026-11-26"})) == ()
    assert among(left, replace(right, metadata={"valid_from": "2026-11-28"})) == ()
    assert among(left, replace(right, metadata={"valid_until": "2026-11-27"}))
    assert among(left, replace(right, metadata={"valid_until": "soon"}))


def test_a_sentence_filled_in_for_each_thing_is_no_contradiction() -> None:
    rooms = [passage(f"r{n}", f"A night with breakfast costs £{n}0.", f"Room {name}")
             for n, name in enumerate(("blue", "green", "red", "white"), 4)]  # fmt: skip
    assert among(*rooms) == ()


def test_two_sections_of_one_document_may_differ_and_one_section_may_not() -> None:
    first = "Standard delivery parcels leave the warehouse within 2 days."
    second = "Standard delivery parcels leave the warehouse within 3 days."
    apart = (passage("d", first, section="Ireland"), passage("d", second, section="France", n=1))
    assert among(*apart) == ()
    assert len(among(passage("d", f"{first} {second}"))) == 1


def test_thousands_of_the_same_sentence_take_no_time_to_speak_of() -> None:
    many = [passage(f"d{n}", f"Returns are free within {n} days.", "Returns") for n in range(3000)]
    assert len(among(*many)) < 200 * 200


@pytest.mark.parametrize("text", ["", "|||", "? ! .", "A" * 50_000, "<script>alert(1)</script> costs £1.", "\x00.\x00"])
def test_any_passage_may_be_compared(text: str) -> None:
    assert isinstance(among(passage("a", text), passage("b", text)), tuple)
