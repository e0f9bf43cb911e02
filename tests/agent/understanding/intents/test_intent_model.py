"""Intents from examples: few or many, clean or not, and what is said of a message."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from intents_support import examples, vectors

from agent.errors import Misconfigured
from agent.understanding.intents import examples as kept
from agent.understanding.intents import model as intents
from agent.understanding.intents.model import OUT, IntentModel, Judged, fit, load, open_intents, save, told


def taught(most: int = 4, more: list[tuple[str, str]] | None = None) -> IntentModel:
    texts, names = examples(most)
    texts += [text for text, _ in more or []]
    names += [name for _, name in more or []]
    return fit(texts, names, vectors(texts))[0]


MODEL = taught()


@pytest.mark.parametrize(
    ("text", "intent"),
    [("has my card arrived", "card_arrival"), ("refund please", "refund"), ("opening hours today", "opening")],
)
def test_a_message_like_the_examples_has_their_intent(text: str, intent: str) -> None:
    judged = MODEL.judge([text], vectors([text]))[0]
    assert judged.best == intent
    assert judged.chances[intent] == max(judged.chances.values())


def test_what_shares_nothing_with_the_examples_is_further_outside_than_what_does() -> None:
    texts = ["quantum chromodynamics zebra", "how do i get a refund", "when does my card come"]
    far, *near = [each.outside for each in MODEL.judge(texts, vectors(texts))]
    assert far > max(near)


def test_what_is_out_of_scope_says_so_with_a_reason() -> None:
    judged = Judged(OUT, 0.9, "refund", "opening", 0.21, 0.9, {})
    reading = told(judged)
    assert (reading.value, reading.score) == (OUT, 0.9)
    assert reading.reason == "none of the intents; refund comes nearest, its nearest examples are alike to 0.21"


def test_an_example_itself_is_in_scope_with_a_reason_that_names_the_runner_up() -> None:
    reading = MODEL.read("refund this order please", vectors(["refund this order please"])[0])
    assert (reading.name, reading.value) == ("intent", "refund")
    assert "before" in reading.reason


def test_the_chances_of_intents_and_of_none_sum_to_one() -> None:
    texts = ["where is it", "refund my card", "zebra"]
    for judged in MODEL.judge(texts, vectors(texts)):
        assert sum(judged.chances.values()) + judged.outside == pytest.approx(1, abs=1e-4)
        assert 0 <= judged.score <= 1


@given(st.text(max_size=300))
@settings(max_examples=60, deadline=None)
def test_any_text_gets_a_reading(text: str) -> None:
    reading = MODEL.read(text, vectors([text])[0])
    assert reading.value in {*MODEL.intents, OUT}
    assert 0 <= reading.score <= 1


@pytest.mark.parametrize("text", ["", "   ", "\x00\ud800", "🦓" * 50, "refund " * 50_000, "<script>alert(1)</script>"])
def test_hostile_text_gets_a_reading(text: str) -> None:
    assert MODEL.read(text, vectors([text])[0]).value in {*MODEL.intents, OUT}


@pytest.mark.parametrize("vector", [None, np.zeros(3, dtype=np.float32)])
def test_without_an_embedding_of_its_own_kind_nothing_is_claimed(vector: np.ndarray | None) -> None:
    reading = MODEL.read("refund", vector)
    assert (reading.value, reading.score) == ("", 0.0)


def test_many_at_once_are_read_as_each_alone() -> None:
    texts = ["refund", "card here", "zebra crossing"]
    together = MODEL.judge(texts, vectors(texts))
    for text, both in zip(texts, together, strict=True):
        alone = MODEL.judge([text], vectors([text]))[0]
        assert alone.intent == both.intent
        assert alone.score == pytest.approx(both.score, abs=1e-4)
    assert MODEL.judge([], vectors([])) == []


@pytest.mark.parametrize("most", [1, 2, 3])
def test_one_two_or_three_examples_an_intent_are_enough_to_run(most: int) -> None:
    few = taught(most)
    text = examples(most)[0][0]
    assert few.judge([text], vectors([text]))[0].best == "card_arrival"


def test_a_single_intent_can_still_be_refused() -> None:
    texts = ["refund my order", "i want a refund", "refund please", "money back for my order"]
    model, _ = fit(texts, ["refund"] * 4, vectors(texts))
    asked = ["i want a refund", "zebra quantum"]
    assert [each.intent for each in model.judge(asked, vectors(asked))] == ["refund", OUT]


def test_a_single_example_makes_a_model() -> None:
    model, _ = fit(["refund"], ["refund"], vectors(["refund"]))
    assert model.judge(["refund"], vectors(["refund"]))[0].best == "refund"


def test_duplicates_and_contradicting_labels_do_not_stop_a_fit() -> None:
    texts = ["refund"] * 6 + ["opening hours"] * 3
    model, _ = fit(texts, ["refund"] * 5 + ["opening"] * 4, vectors(texts))
    assert model.judge(["refund"], vectors(["refund"]))[0].best == "refund"


def test_examples_of_none_are_what_the_others_are_told_from() -> None:
    jokes = ["tell me a joke about a card", "a joke please", "make me laugh with a joke", "another joke"]
    model = taught(more=[(joke, OUT) for joke in jokes])
    judged = model.judge(["a joke about a card"], vectors(["a joke about a card"]))[0]
    assert judged.intent == OUT
    assert OUT not in model.intents
    assert OUT not in judged.chances


def test_the_same_examples_make_the_same_model() -> None:
    again = taught()
    assert np.array_equal(again.coefficients, MODEL.coefficients)
    assert again.threshold == MODEL.threshold


@pytest.mark.parametrize(("names", "told"), [([OUT, OUT], "names an intent"), (["a", ""], "names no intent")])
def test_examples_without_an_intent_are_refused(names: list[str], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        fit(["x", "y"], names, vectors(["x", "y"]))


def test_a_model_that_was_kept_reads_the_same(tmp_path: Path) -> None:
    save(MODEL, tmp_path / "new", {"embedder": "hashing"})
    again = open_intents(tmp_path / "new", "hashing")
    texts = ["has my card arrived", "zebra quantum", "refund"]
    for before, after in zip(MODEL.judge(texts, vectors(texts)), again.judge(texts, vectors(texts)), strict=True):
        assert before.intent == after.intent
        assert before.score == pytest.approx(after.score, abs=0.01)


def test_what_is_kept_holds_no_text_of_an_example(tmp_path: Path) -> None:
    secret = "zanzibar7391"
    save(taught(more=[(f"refund {secret}", "refund")]), tmp_path, {})
    assert not any(secret.encode() in path.read_bytes() for path in tmp_path.iterdir())


def test_a_folder_without_a_model_stops_the_start_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="frontdesk train triage"):
        open_intents(tmp_path)


@pytest.mark.parametrize("damage", ["cut", "garbage", "version", "list"])
def test_a_damaged_model_stops_the_start_with_the_remedy(tmp_path: Path, damage: str) -> None:
    save(MODEL, tmp_path, {})
    weights, card = tmp_path / "intents.npz", tmp_path / "intents.json"
    if damage == "cut":
        weights.write_bytes(weights.read_bytes()[:200])
    elif damage == "garbage":
        weights.write_bytes(b"not a model")
    elif damage == "version":
        card.write_text(json.dumps({**json.loads(card.read_text()), "version": 0}))
    else:
        card.write_text("[]")
    with pytest.raises(Misconfigured, match="frontdesk train triage"):
        open_intents(tmp_path)


def test_a_model_taught_with_another_embedding_model_is_refused(tmp_path: Path) -> None:
    save(MODEL, tmp_path, {"embedder": "hashing"})
    with pytest.raises(Misconfigured, match="was taught with hashing, not all-MiniLM-L6-v2"):
        open_intents(tmp_path, "all-MiniLM-L6-v2")


def test_a_model_with_other_signals_is_refused(tmp_path: Path) -> None:
    save(MODEL, tmp_path, {})
    card = json.loads((tmp_path / "intents.json").read_text())
    del card["scope"]["signals"]["margin"]
    (tmp_path / "intents.json").write_text(json.dumps(card))
    with pytest.raises(ValueError, match="other signals"):
        load(tmp_path)


def test_of_more_examples_than_are_kept_each_intent_keeps_the_same_number() -> None:
    labels = np.array([0] * 90 + [1] * 10 + [2] * 3, dtype=np.int32)
    rows = kept.chosen(labels, most=23)
    assert len(rows) == 23
    assert np.bincount(labels[rows]).tolist() == [10, 10, 3]
    assert np.array_equal(rows, kept.chosen(labels, most=23))


def test_an_example_left_out_is_not_judged_by_itself() -> None:
    texts, names = examples()
    texts[0], names[0] = "when do you open", "refund"  # the same words stand under "opening"
    model, fitted = fit(texts, names, vectors(texts))
    assert intents.left_out(model, fitted)[0].best == "opening"
