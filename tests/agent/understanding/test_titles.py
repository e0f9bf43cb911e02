"""Titles say nothing of what somebody wants, so triage does not read them."""

from __future__ import annotations

import pytest

from agent.understanding.titles import untitled


@pytest.mark.parametrize("title", ["Mr", "Mrs.", "Miss", "mx", "Dr", "Professor", "Rev."])
def test_a_title_before_a_pseudonym_is_not_read(title: str) -> None:
    assert untitled(f"Hello, this is {title} <PERSON_1>. Where is my parcel?") == (
        "Hello, this is <PERSON_1>. Where is my parcel?"
    )


def test_the_same_words_elsewhere_stay() -> None:
    said = "I miss my train, doctor's orders. <PERSON_1>"
    assert untitled(said) == said


def test_a_long_run_of_titles_takes_no_time_and_leaves_no_error() -> None:
    assert untitled("mr " * 50_000 + "<PERSON_1>").endswith("<PERSON_1>")
