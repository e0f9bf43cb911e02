"""Promises of the BM25 weights."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.sparse import K1, document_vector, query_vector, stem, terms


@pytest.mark.parametrize(
    ("one", "other"),
    [("returns", "return"), ("Returning", "return"), ("shipped", "ship"), ("policies", "policy"), ("Café", "cafe"),
     ("it’s", "it's"), ("customer's", "customer"), ("stores", "store"), ("boxes", "boxe")],
)  # fmt: skip
def test_forms_of_a_word_are_one_term(one: str, other: str) -> None:
    assert terms(one) == terms(other)


@pytest.mark.parametrize("word", ["ORD-1234", "iso9001", "4.99", "GB29", "this", "bus", "les"])
def test_codes_numbers_and_short_words_keep_their_endings(word: str) -> None:
    assert stem(word.lower()) in word.lower()
    assert terms("4.99") == ["4.99"]


def test_stop_words_do_not_count() -> None:
    assert terms("What is the price of it?") == ["price"]
    assert query_vector("what is it").indices == []


def test_a_query_counts_each_term_once() -> None:
    assert query_vector("parcel parcel parcels").values == [1.0]


def test_a_rarer_second_mention_adds_less_and_a_longer_text_weighs_less() -> None:
    once, twice = document_vector("parcel").values[0], document_vector("parcel parcel").values[0]
    assert once < twice < min(2 * once, K1 + 1)
    long = document_vector("parcel " + " ".join(f"word{n}" for n in range(500)))
    assert min(long.values) < once


@given(st.text(max_size=500))
def test_vectors_have_ascending_unique_ids_in_32_bits_and_positive_weights(text: str) -> None:
    for vector in (document_vector(text), query_vector(text)):
        assert vector.indices == sorted(set(vector.indices))
        assert all(0 <= index < 2**32 for index in vector.indices)
        assert all(value > 0 for value in vector.values)
        assert len(vector.indices) == len(vector.values)


@given(st.text(max_size=300))
def test_a_text_is_found_by_its_own_words(text: str) -> None:
    assert set(query_vector(text).indices) == set(document_vector(text).indices)


def test_a_megabyte_is_read_in_time() -> None:
    assert document_vector("parcel " * 150_000).indices
    assert document_vector("a" * 1_000_000).indices
    assert document_vector("\ud800 lone surrogate").indices
