"""Promises of the intervals: right on average, the same twice, quick, and silent where there is nothing to draw."""

from __future__ import annotations

import time

import numpy as np
import pytest

from evals import intervals
from evals.labelled import accuracy, f1_of, macro_f1
from evals.measures import auroc

LABELS = 6


def guesses(n: int, seed: int = 3, right: float = 0.8) -> tuple[list[str], list[str]]:
    rng = np.random.default_rng(seed)
    wanted = [f"l{k}" for k in rng.integers(0, LABELS, n)]
    found = [label if rng.random() < right else f"l{rng.integers(0, LABELS)}" for label in wanted]
    return wanted, found


def near(a: list[float] | None, b: list[float] | None) -> bool:
    assert a is not None
    assert b is not None
    return bool(np.allclose(a, b, atol=0.015))


def test_drawing_counts_is_drawing_rows() -> None:
    wanted, found = guesses(300)
    pairs = list(zip(wanted, found, strict=True))
    quick = intervals.of_labels(wanted, found)
    assert near(quick["accuracy"], intervals.bootstrap(pairs, lambda rows: accuracy(*zip(*rows, strict=True))))
    assert near(quick["macro_f1"], intervals.bootstrap(pairs, lambda rows: macro_f1(*zip(*rows, strict=True))))


def test_one_labels_figures_agree_with_the_slow_way() -> None:
    wanted, found = guesses(300)
    pairs = list(zip(wanted, found, strict=True))
    quick = intervals.of_label(wanted, found, "l1")
    for name in ("precision", "recall", "f1"):
        slow = intervals.bootstrap(pairs, lambda rows, name=name: f1_of(*zip(*rows, strict=True), "l1")[name])
        assert near(quick[name], slow)


def test_a_ranking_with_ties_agrees_with_the_slow_way() -> None:
    rng = np.random.default_rng(5)
    scores = [float(score) for score in np.round(rng.random(200), 1)]
    truth = [bool(rng.random() < score) for score in scores]
    slow = intervals.bootstrap(
        list(zip(scores, truth, strict=True)), lambda rows: auroc(*zip(*rows, strict=True)), draws=300
    )
    assert near(intervals.of_auroc(scores, truth), slow)


def test_about_19_of_20_intervals_hold_the_truth() -> None:
    held = 0
    for seed in range(100):
        found = intervals.of_share([bool(each) for each in np.random.default_rng(seed).random(200) < 0.8])
        assert found is not None
        held += found[0] <= 0.8 <= found[1]
    assert 88 <= held <= 100


def test_nothing_to_draw_from_has_no_interval() -> None:
    assert intervals.bootstrap([], lambda rows: 1.0) is None
    assert intervals.bootstrap([1, 2], lambda rows: None) is None
    assert set(intervals.of_labels([], []).values()) == {None}
    assert set(intervals.of_label([], [], "a").values()) == {None}
    assert intervals.of_share([]) is None
    assert intervals.of_auroc([0.1, 0.9], [True, True]) is None


def test_a_label_that_is_nowhere_has_no_interval() -> None:
    assert set(intervals.of_label(["a", "b"], ["a", "a"], "c").values()) == {None}


def test_a_perfect_run_has_the_interval_of_one() -> None:
    assert intervals.of_labels(["a", "b"], ["a", "b"])["accuracy"] == [1.0, 1.0]


def test_booleans_are_labels_too() -> None:
    assert intervals.of_label([True, False, True], [True, True, False], True)["recall"] is not None


def test_the_same_rows_have_the_same_interval() -> None:
    assert intervals.of_labels(*guesses(50)) == intervals.of_labels(*guesses(50))


def test_five_thousand_rows_of_150_labels_take_about_a_second() -> None:
    rng = np.random.default_rng(1)
    wanted, found = ([f"l{k}" for k in rng.integers(0, 150, 5000)] for _ in range(2))
    started = time.process_time()
    intervals.of_labels(wanted, found)
    assert time.process_time() - started < 5.0


def test_a_figure_that_fails_is_not_swallowed() -> None:
    with pytest.raises(ZeroDivisionError):
        intervals.bootstrap([1], lambda rows: 1 / 0)
