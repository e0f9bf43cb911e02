"""Promises of reciprocal rank fusion."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from knowledge.fusion import RANK_CONSTANT, fuse

rankings = st.dictionaries(st.sampled_from("abcdefgh"), st.floats(-1, 1), max_size=8)


def test_what_both_sides_rank_comes_before_what_one_ranks() -> None:
    ranked = fuse([("a", 0.9), ("b", 0.8)], [("b", 7.0), ("c", 6.0)], 3)
    assert [each.id for each in ranked] == ["b", "a", "c"]
    assert ranked[0].score == 1 / (RANK_CONSTANT + 2) + 1 / (RANK_CONSTANT + 1)


def test_each_keeps_the_scores_of_the_sides_that_ranked_it() -> None:
    by_id = {each.id: each for each in fuse([("a", 0.9)], [("b", 7.0)], 2)}
    assert (by_id["a"].dense, by_id["a"].sparse) == (0.9, None)
    assert (by_id["b"].dense, by_id["b"].sparse) == (None, 7.0)


def test_nothing_gives_nothing() -> None:
    assert fuse([], [], 5) == []


@given(rankings, rankings, st.integers(1, 10), st.randoms())
def test_the_order_a_store_lists_equal_scores_in_does_not_matter(dense, sparse, limit, random) -> None:  # type: ignore[no-untyped-def]
    shuffled = [list(side.items()) for side in (dense, sparse)]
    for side in shuffled:
        random.shuffle(side)
    expected = fuse(dense.items(), sparse.items(), limit)
    assert fuse(*shuffled, limit) == expected
    assert len(expected) == min(limit, len(dense.keys() | sparse.keys()))
    scores = [each.score for each in expected]
    assert scores == sorted(scores, reverse=True)
