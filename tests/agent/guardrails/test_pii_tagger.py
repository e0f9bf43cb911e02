"""The tagger takes any text, finds the likeliest labels, and is refused where it was made for other code."""

from __future__ import annotations

from itertools import pairwise, product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.guardrails.recognisers import tagger
from agent.guardrails.recognisers.features import SIZE, case_of, of_word, tokens
from agent.guardrails.recognisers.tagger import LABELS, Tagger, best, load, shipped


@given(st.text(max_size=200))
def test_tokens_hold_every_character_that_is_no_blank(text: str) -> None:
    words = tokens(text)
    assert "".join(word.word for word in words) == "".join(ch for ch in text if ch == "\n" or not ch.isspace())
    assert all(text[word.start : word.end] == word.word for word in words)
    assert all(one.end <= other.start for one, other in pairwise(words))


@pytest.mark.parametrize(
    ("text", "case"), [("", "a"), ("hi", "a"), ("Hi", "m"), ("GIVE ME MY MONEY", "A"), ("12", "a")]
)
def test_the_case_of_a_text_says_what_a_capital_tells(text: str, case: str) -> None:
    assert case_of(text) == case


@given(st.text(min_size=1, max_size=20))
def test_features_are_rows_of_the_weights(word: str) -> None:
    assert all(0 <= row < SIZE for rows in of_word(word, "m") for row in rows)


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(-5, 5), min_size=len(LABELS), max_size=len(LABELS)), min_size=1, max_size=2))
def test_the_path_is_the_best_of_all(scores: list[list[int]]) -> None:
    emissions = np.array(scores, np.float32)
    steps = np.where(tagger.allowed_steps(), 0, -1e6).astype(np.float32)

    def worth(path: tuple[int, ...]) -> float:
        total = tagger.START[path[0]] + sum(emissions[at, label] for at, label in enumerate(path))
        return float(total + sum(steps[one, other] for one, other in pairwise(path)))

    every = max(worth(path) for path in product(range(len(LABELS)), repeat=len(scores)))
    assert worth(tuple(best(emissions, steps))) == every


@pytest.mark.model
@settings(deadline=None, max_examples=200)
@given(st.text(alphabet=st.sampled_from("abz AEZ.,'-@0123456789\n") | st.characters(), max_size=150))
def test_spans_are_in_order_and_inside_any_text(text: str) -> None:
    spans = shipped().spans(text)
    assert all(0 <= span.start < span.end <= len(text) for span in spans)
    assert all(one.end <= other.start for one, other in pairwise(spans))
    assert "ORGANIZATION" not in {span.entity for span in spans}


@pytest.mark.model
def test_the_same_text_gets_the_same_spans_whatever_came_before() -> None:
    text = "hi this is priya raghunathan from leeds"
    first = shipped().spans(text)
    for number in range(50):
        shipped().spans(f"other words {number} for the memory to hold")
    assert shipped().spans(text) == first


def test_an_empty_tagger_finds_nothing() -> None:
    none = Tagger(
        np.zeros((SIZE, len(LABELS)), np.int8),
        np.ones(len(LABELS), np.float32),
        np.where(tagger.allowed_steps(), 0, -1e6).astype(np.float32),
    )
    assert none.spans("my name is ann") == []
    assert none.spans("") == []


def test_weights_for_other_labels_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "pii.npz"
    np.savez(path, labels=np.array(["O", "B-DOG"]), size=SIZE)
    with pytest.raises(ValueError, match="train it again"):
        load(path)
