"""Promises of the measures, against values worked out by hand."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.measures import calibration_error, interval, mean, mrr, ndcg, recall, reliability, sign_flip_p

ids = st.lists(st.sampled_from("abcdefghij"), unique=True, max_size=10)
gains = st.dictionaries(st.sampled_from("abcdefghij"), st.floats(0.5, 3), max_size=6)


def test_ndcg_is_the_discounted_gain_against_the_best_order() -> None:
    relevant = {"a": 1.0, "b": 1.0}
    assert ndcg(["x", "a", "y", "b"], relevant, 10) == pytest.approx(
        (1 / math.log2(3) + 1 / math.log2(5)) / (1 + 1 / math.log2(3))
    )
    assert ndcg(["b", "a"], {"a": 3.0, "b": 1.0}, 10) == pytest.approx((1 + 3 / math.log2(3)) / (3 + 1 / math.log2(3)))


def test_only_the_first_k_count() -> None:
    assert ndcg(["x", "a"], {"a": 1.0}, 1) == 0
    assert recall(["x", "a"], {"a": 1.0}, 1) == 0
    assert mrr(["x", "a"], {"a": 1.0}, 1) == 0


def test_recall_and_mrr_by_hand() -> None:
    assert recall(["x", "a", "b"], {"a": 1, "b": 1, "c": 1}, 3) == pytest.approx(2 / 3)
    assert mrr(["x", "a", "b"], {"b": 1, "a": 1}, 10) == pytest.approx(1 / 2)


def test_nothing_relevant_scores_nothing() -> None:
    assert ndcg(["a"], {}, 10) == recall(["a"], {}, 10) == mrr(["a"], {}, 10) == 0
    assert ndcg([], {"a": 1}, 10) == 0


@given(ids, gains)
def test_measures_lie_between_0_and_1_and_the_best_order_scores_1(
    ranking: list[str], relevant: dict[str, float]
) -> None:
    for measure in (ndcg, recall, mrr):
        assert 0 <= measure(ranking, relevant, 10) <= 1 + 1e-9
    if relevant:
        assert ndcg(sorted(relevant, key=lambda id: -relevant[id]), relevant, 10) == pytest.approx(1)


def test_the_interval_holds_the_mean_narrows_with_more_values_and_repeats() -> None:
    few, many = [0.0, 1.0] * 10, [0.0, 1.0] * 500
    low, high = interval(few)
    assert low < 0.5 < high
    assert interval(many)[1] - interval(many)[0] < (high - low) / 3
    assert interval(few) == interval(few)
    assert interval([0.4]) == (0.4, 0.4)
    assert all(math.isnan(bound) for bound in interval([]))


def test_a_mean_of_nothing_is_a_gap() -> None:
    assert mean([]) is None
    assert mean([1.0, 2.0]) == 1.5


def test_flipped_signs_say_how_often_chance_does_as_much() -> None:
    assert sign_flip_p([]) == sign_flip_p([0.0, 0.0]) == 1.0
    assert sign_flip_p([1.0, 1.0]) == pytest.approx(0.5, abs=0.02)
    assert sign_flip_p([1.0] * 4) == pytest.approx(2 / 16, abs=0.01)
    assert sign_flip_p([0.1] * 40) < 0.001
    assert sign_flip_p([1.0, -1.0] * 20) > 0.8
    assert sign_flip_p([0.2, -0.1, 0.4]) == sign_flip_p([-0.2, 0.1, -0.4])


def test_forecasts_that_keep_their_word_have_no_calibration_error() -> None:
    assert calibration_error([0.75] * 4, [True, True, True, False]) == pytest.approx(0)
    assert calibration_error([1.0, 0.0], [False, True]) == pytest.approx(1)
    assert calibration_error([0.9] * 3 + [0.1], [True, True, False, False]) == pytest.approx(
        (3 * (0.9 - 2 / 3) + 0.1) / 4
    )
    assert calibration_error([], []) is None


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=30))
def test_every_forecast_is_in_one_bin(pairs: list[tuple[float, bool]]) -> None:
    made = reliability([p for p, _ in pairs], [y for _, y in pairs])
    assert sum(each.n for each in made) == len(pairs)
    assert all(each.low - 1e-9 <= each.forecast <= each.high + 1e-9 for each in made)
