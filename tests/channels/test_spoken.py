"""A reply for the ear."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.spoken import LONGEST, spoken
from channels.voice_words import WORDS, phrases


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("You can **return** it within *45 days* [1].", "You can return it within 45 days."),
        ("See [our page](https://shop.example/a) now", "See our page now."),
        ("See https://shop.example/returns?x=1.", "See our website."),
        ("# Returns\n\n- boots\n- jackets", "Returns. boots. jackets."),
        ("1. Pack it\n2. Send it!", "Pack it. Send it!"),
        ("Ring +44 20 7183 8750", "Ring plus 4 4, 2 0, 7 1 8 3, 8 7 5 0."),
        ("Ring 0800 123456", "Ring 0 8 0 0, 1 2 3 4 5 6."),
        ("Order AB-12345 came", "Order A B, 1 2 3 4 5 came."),
        ("Parcel 1234567890", "Parcel 1 2 3 4 5 6 7 8 9 0."),
        ("It costs £1,250.50 in 2026, from 10:30", "It costs £1,250.50 in 2026, from 10:30."),
        ("We were open 2019-2021 and 1-2 hours", "We were open 2019-2021 and 1-2 hours."),
        ("Write to help@shop.example", "Write to help at shop dot example."),
        ("Thanks 😀 👍🏽", "Thanks."),
        ("| size | stock |\n|---|---|\n| 42 | yes |", "size, stock. 42, yes."),
        ('I can help until then: write "go on".', 'I can help until then: say "go on".'),
        ("---", ""),
        ("", ""),
    ],
)
def test_nothing_is_said_that_only_the_eye_can_read(text: str, said: str) -> None:
    assert spoken(text) == said


def test_what_is_long_ends_with_a_whole_sentence_and_says_that_there_is_more() -> None:
    said = spoken("This is one sentence of the answer. " * 60)
    assert said.endswith("of the answer. There is more to it; ask me about any part.")
    assert len(said) < LONGEST + 60
    assert len(spoken("word " * 500)) < LONGEST + 60


def test_the_source_is_named_by_its_title_in_the_callers_language() -> None:
    sources = [{"title": "Returning an\norder", "url": "https://shop.example/r"}, {"title": "Other"}]
    assert spoken("Yes.", sources) == "Yes. That is from our help page Returning an order."
    assert spoken("Ja.", sources, "de-AT") == "Ja. Das steht auf unserer Hilfeseite Returning an order."
    assert spoken("Yes.", [{"url": "https://shop.example/r"}]) == "Yes."


def test_every_language_has_every_phrase_and_an_unknown_one_speaks_english() -> None:
    for words in WORDS.values():
        assert set(words) == set(WORDS["en"])
        assert "{organisation}" in words["greeting"]
        assert "{title}" in words["source"]
    assert phrases("pt-BR") is WORDS["en"]
    assert phrases("fr-CA") is WORDS["fr"]


@settings(deadline=None)
@given(st.text(max_size=400))
def test_any_text_can_be_said(text: str) -> None:
    said = spoken(text)
    assert "http" not in said.lower() or "http" in text.lower()
    assert not set("*#|<>~^") & set(said)
