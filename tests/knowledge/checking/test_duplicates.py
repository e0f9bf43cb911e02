"""Copies are found over documents, word for word and nearly, and what only resembles is not called one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from knowing_support import passage

from knowledge.checking.duplicates import duplicates
from knowledge.checking.findings import Duplicate
from knowledge.checking.near import near_pairs
from knowledge.passages import Passage

LONG = "Unused items can be returned within 60 days, with their tags on and in the box they came in."


def rows(*cosines: float) -> np.ndarray:
    """Unit rows, each with this cosine to the first."""
    made = np.zeros((len(cosines) + 1, len(cosines) + 1), np.float32)
    made[0, 0] = 1.0
    for n, cosine in enumerate(cosines, 1):
        made[n, 0], made[n, n] = cosine, np.sqrt(1 - cosine**2)
    return made


def among(*passages: Passage, cosine: float = 0.1) -> tuple[Duplicate, ...]:
    return duplicates(passages, rows(*[cosine] * (len(passages) - 1)))


def test_the_same_text_in_two_documents_is_one_group() -> None:
    (found,) = among(passage("a", LONG), passage("b", f"{LONG}\n"), passage("c", LONG.upper()))
    assert found.exact
    assert [place.document for place in found.places] == ["a", "b", "c"]


def test_a_copy_within_one_document_and_a_short_answer_under_many_questions_are_none() -> None:
    assert among(passage("a", LONG), passage("a", LONG, n=1)) == ()
    assert among(passage("a", "Yes, it is free.", "Is there WiFi?"), passage("b", "Yes, it is free.", "A pool?")) == ()
    assert among(passage("a", LONG, "Gonville: returns"), passage("b", LONG, "Lensfield: returns")) == ()


def test_nearly_the_same_is_one_only_with_the_same_figures_and_names() -> None:
    near = passage("b", LONG.replace("items", "things"))
    assert [each.exact for each in among(passage("a", LONG), near, cosine=0.96)] == [False]
    assert among(passage("a", LONG), near, cosine=0.9) == ()
    assert among(passage("a", LONG), passage("b", LONG.replace("60", "30")), cosine=0.99) == ()
    said = "Delivery to {} takes a few days and is free for every order in the shop."
    assert among(passage("a", said.format("Ireland")), passage("b", said.format("France")), cosine=0.99) == ()


def test_a_copy_for_other_customers_is_none() -> None:
    other = replace(passage("b", LONG), metadata={"region": "IE"})
    assert among(passage("a", LONG), other, cosine=0.99) == ()


def test_copies_and_near_copies_of_one_text_are_one_group() -> None:
    found = among(passage("a", LONG), passage("b", LONG), passage("c", LONG.replace("items", "things")), cosine=0.95)
    assert [len(each.places) for each in found] == [3]
    assert found[0].score < 1


def test_pairs_over_the_edges_of_blocks_are_found_once() -> None:
    rng = np.random.default_rng(7)
    made = rng.normal(size=(2500, 8)).astype(np.float32)
    made[2300] = made[10]
    made[2100] = made[2099]
    made /= np.linalg.norm(made, axis=1, keepdims=True)
    pairs = {(a, b) for a, b, cosine in near_pairs(made, 0.99999)}
    assert pairs == {(10, 2300), (2099, 2100)}


def test_a_copied_article_is_one_finding() -> None:
    other = "Return postage is taken off the refund, and the parcel may be dropped at any shop of ours."
    copies = [passage(name, text, n=n) for n, text in enumerate((LONG, other)) for name in ("a", "b")]
    (found,) = among(*copies)
    assert [place.passage for place in found.places] == ["a", "b", "a#1", "b#1"]
