from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from understanding_support import NOW, ask, bot, customer, hit

from agent.understanding.calibrate import Labelled, card, fit
from agent.understanding.evidence import FEATURES, expired, rank, read, region_fit
from agent.understanding.floor import SIGNALS, SIGNS, Fit, LearntFloor, describe, from_card, shipped

RETURNS = "Unused items can be returned within 60 days of delivery. Bring the receipt to any store."


def floor() -> LearntFloor:
    return LearntFloor(clock=lambda: NOW)


def test_a_passage_that_says_it_passes() -> None:
    good = hit("returns", RETURNS, [0.75, 0.4], title="How long you have to return", dense=0.72, sparse=12.0)
    far = hit("gifts", "Gift cards never expire.", 0.1, dense=0.1, sparse=None, score=0.01)
    verdict = floor().judge(ask("How many days do I have to return unused items?", good, far))
    assert verdict.decision == "pass"
    assert verdict.phase == "retrieve"
    assert verdict.rule == "floor"
    assert verdict.evidence == "returns"


def test_nothing_found_is_a_template() -> None:
    verdict = floor().judge(ask("How many days do I have to return unused items?"))
    assert verdict.decision == "template"
    assert verdict.score == 0.0


def test_far_passages_do_not_answer() -> None:
    verdict = floor().judge(ask("Do you sell kayaks?", hit("returns", RETURNS, 0.15, dense=0.14, sparse=None)))
    assert verdict.decision == "template"
    assert verdict.reason


def test_a_customers_own_balance_is_in_no_article() -> None:
    near = hit("club", "Members earn 1 point for every £1.", 0.7, title="Points", dense=0.75, sparse=14.0)
    question = ask("how many points do i have", near)
    asked_own = describe(question, rank(question, NOW))[SIGNALS.index("asks_own")]
    if asked_own >= 0.9:
        assert floor().judge(question).decision == "template"
    assert (
        describe(ask("how many days do i have to return it", near), rank(question, NOW))[SIGNALS.index("asks_own")]
        < 0.9
    )


def test_a_place_that_no_passage_names_counts_against_an_answer() -> None:
    canada = hit("canada", "Standard delivery to Canada costs C$24.95.", 0.6, title="Delivery to Canada", dense=0.6)
    at = SIGNALS.index("place_missing")
    japan, toronto = ask("What is delivery to Japan?", canada), ask("What is delivery to Toronto?", canada)
    assert describe(japan, rank(japan, NOW))[at] == 1.0
    assert describe(toronto, rank(toronto, NOW))[at] == 0.0
    fit_ = shipped()
    assert fit_.probability(describe(japan, rank(japan, NOW))) < fit_.probability(describe(toronto, rank(toronto, NOW)))


def test_expired_passages_are_never_ranked() -> None:
    old = hit("old", "Delivery costs £2.95.", 0.9, metadata={"valid_until": "2025-12-31"}, dense=0.9)
    new = hit("new", "Delivery costs £3.95.", 0.8, metadata={"valid_from": "2026-01-01"}, dense=0.8)
    assert [each.passage.id for each in rank(ask("what is delivery", old, new), NOW)] == ["new"]
    assert rank(ask("what is delivery", old), NOW) == ()


def test_a_passage_holds_to_the_end_of_its_last_day() -> None:
    passage = hit("x", "A text.", metadata={"valid_until": "2026-11-24"}).passage
    assert not expired(passage, NOW)
    assert expired(passage, NOW + timedelta(days=1))
    assert expired(hit("x", "A text.", metadata={"valid_from": "2026-11-25"}).passage, NOW)
    assert not expired(hit("x", "A text.", metadata={"valid_until": "soon"}).passage, NOW)


def test_another_regions_passage_gives_way() -> None:
    text = "Standard delivery costs 7 and takes 5 days."
    ireland = hit("ireland", text, 0.6, title="Delivery to Ireland", metadata={"region": "IE, Ireland"}, dense=0.6)
    canada = hit("canada", text, 0.6, title="Delivery to Canada", dense=0.61, score=0.032)
    ranked = rank(ask("what is delivery to Galway", canada, ireland), NOW)
    assert ranked[0].passage.id == "ireland"


def test_a_place_said_earlier_counts_where_the_question_names_none() -> None:
    asked = read(ask("and how long does it take?", history=[customer("shipping to Galway?"), bot("€6.95.")]))
    assert "Ireland" in asked.countries
    assert region_fit(hit("ie", "A text.", title="Delivery to Ireland").passage, asked) == 1.0
    assert region_fit(hit("ca", "A text.", title="Delivery to Canada").passage, asked) == -1.0


def test_sentences_without_vectors_are_still_ranked() -> None:
    good = hit("returns", RETURNS, [0.7, 0.4])
    bare = type(good)(good.passage, good.score, None, good.sparse, np.zeros((0, 384), dtype=np.float32))
    ranked = rank(ask("return unused items", bare), NOW)
    assert len(ranked[0].sentences) == 2
    assert ranked[0].features.shape == (len(FEATURES),)


@given(
    st.text(max_size=200),
    st.lists(st.tuples(st.text(max_size=200), st.floats(-1, 1)), max_size=5),
    st.lists(st.text(max_size=80), max_size=3),
)
def test_any_question_gets_a_verdict_with_a_probability(
    text: str, passages: list[tuple[str, float]], said: list[str]
) -> None:
    hits = [hit(f"d{n}", body, round(cosine, 3), dense=cosine) for n, (body, cosine) in enumerate(passages)]
    verdict = floor().judge(ask(text, *hits, history=[customer(line) for line in said]))
    assert verdict.decision in {"pass", "template"}
    assert verdict.score is not None
    assert 0.0 <= verdict.score <= 1.0


def test_the_shipped_weights_argue_the_way_their_signals_may() -> None:
    for name, weight in zip(SIGNALS, shipped().weights, strict=True):
        assert weight * SIGNS[name] >= 0, name


def test_a_card_is_read_back_as_it_was_written() -> None:
    once = shipped()
    again = from_card(card(once, {"date": "2026-11-24"}))
    assert np.allclose(once.weights, again.weights, atol=1e-3)
    assert once.threshold == pytest.approx(again.threshold)


def test_a_fit_learns_and_keeps_the_signs() -> None:
    rng = np.random.default_rng(0)
    signals = rng.normal(size=(300, len(SIGNALS)))
    covered, noise = SIGNALS.index("covered"), SIGNALS.index("identifier")
    answerable = signals[:, covered] + 0.2 * rng.normal(size=300) > 0
    signals[:, noise] = answerable + 0.1 * rng.normal(size=300)  # argues the wrong way on purpose
    fitted = fit(Labelled(signals, answerable, ("a",) * 300), {"a": 1.0})
    assert fitted.weights[covered] > 0.3
    assert fitted.weights[noise] == 0.0


def test_a_fit_without_both_kinds_of_rows_is_refused() -> None:
    with pytest.raises(ValueError, match="both"):
        fit(Labelled(np.zeros((2, len(SIGNALS))), np.array([True, True]), ("a", "a")), {"a": 1.0})


def test_the_threshold_is_the_fits() -> None:
    zero = np.zeros(len(SIGNALS))
    always = Fit(zero, zero + 1.0, zero, 0.0, 0.0)
    never = Fit(zero, zero + 1.0, zero, 0.0, 1.1)
    question = ask("Do you sell kayaks?", hit("a", "Some text about kayaks."))
    assert LearntFloor(always, clock=lambda: NOW).judge(question).decision == "pass"
    assert LearntFloor(never, clock=lambda: NOW).judge(question).decision == "template"
