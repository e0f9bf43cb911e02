"""The tagger learns from rows, rows are varied without losing their labels, and the command says what is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from agent.guardrails.recognisers.tagged import said
from agent.guardrails.recognisers.tagger import LABELS, STARTS, allowed_steps, load
from evals.training import pii, pii_crf
from evals.training.command import app
from evals.training.pii_crf import Sentence
from evals.training.pii_made import Maker, Row
from evals.training.pii_prose import sentences
from evals.training.pii_rows import capitalised, flattened, fold_of, group, is_bare, nothing_in, sentence, varied

ROW = {
    "text": "I'm Ann Lee, of Leeds.",
    "spans": [{"start": 4, "end": 11, "label": "PERSON"}, {"start": 16, "end": 21, "label": "LOCATION"}],
}


def values(row: Row) -> list[str]:
    return [row["text"][span["start"] : span["end"]] for span in row["spans"]]


def test_a_row_in_small_letters_keeps_its_labels() -> None:
    assert flattened(ROW)["text"] == "im ann lee of leeds"
    assert values(flattened(ROW)) == ["ann lee", "leeds"]


def test_a_row_gets_its_capitals_back() -> None:
    assert values(capitalised(flattened(ROW))) == ["Ann Lee", "Leeds"]


@settings(deadline=None)
@given(st.integers(0, 10_000))
def test_a_variant_has_as_many_values_of_the_same_kinds(seed: int) -> None:
    made = varied(ROW, Maker(seed), Random(seed))
    assert [span["label"] for span in made["spans"]] == ["PERSON", "LOCATION"]
    assert all(value.strip() == value and value for value in values(made))


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10_000))
def test_what_is_made_up_is_labelled_where_it_stands(seed: int) -> None:
    for row in Maker(seed).personal(20):
        assert row["spans"]
        assert "{" not in row["text"]
        assert all(value and value == value.strip() for value in values(row))
    assert "{" not in Maker(seed).nobodys()


def test_rows_of_one_template_are_in_one_fold() -> None:
    other = {
        "text": "I'm Bo Chu Zhang, of Rome.",
        "spans": [{"start": 4, "end": 16, "label": "PERSON"}, {"start": 21, "end": 25, "label": "LOCATION"}],
    }
    assert group(ROW) == group(other)
    assert fold_of(ROW, 4) == fold_of(other, 4)


def test_rows_that_are_values_alone_are_spread_over_the_folds() -> None:
    rows = [{"text": name, "spans": [{"start": 0, "end": len(name), "label": "PERSON"}]} for name in "abcdefghijklmnop"]
    assert {fold_of(row, 4) for row in rows} == {0, 1, 2, 3}
    same = [{"text": f"ann {n}", "spans": [{"start": 0, "end": 7, "label": "PERSON"}]} for n in (123, 987)]
    assert fold_of(same[0], 4) == fold_of(same[1], 4)


def test_texts_with_a_name_are_not_taken_for_texts_without() -> None:
    texts = ["where is my parcel", "this is susan", "call me on 07700 900123"]
    kept = nothing_in(texts, said, Maker(1), Random(1))
    assert [row["text"].lower() for row in kept if row["text"].lower() in texts] == ["where is my parcel"]


@pytest.mark.parametrize(("text", "bare"), [("", True), ("1234", True), ("12-34 56", True), ("a 12", False)])
def test_bare_digits_teach_nothing(text: str, bare: bool) -> None:
    assert is_bare(text) is bare


def test_a_text_without_tokens_is_no_sentence() -> None:
    assert sentence({"text": "  ", "spans": []}, said) is None


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 22), st.integers(0, 22), st.sampled_from(["PERSON", "LOCATION"])), max_size=4))
def test_labels_never_go_on_with_what_did_not_begin(spans: list[tuple[int, int, str]]) -> None:
    row = {"text": ROW["text"], "spans": [{"start": a, "end": b, "label": label} for a, b, label in spans]}
    made = sentence(row, said)
    assert made is not None
    assert STARTS[made.labels[0]]
    assert allowed_steps()[made.labels[:-1], made.labels[1:]].all()


def test_the_field_learns_what_follows_what() -> None:
    """A token alike in all but what stands before it: only the steps can tell."""
    begin, inside = LABELS.index("B-PERSON"), LABELS.index("I-PERSON")
    rows = [
        Sentence([np.array([1], np.int32), np.array([2], np.int32)], np.array([begin, inside], np.int8)),
        Sentence([np.array([3], np.int32), np.array([2], np.int32)], np.array([0, 0], np.int8)),
    ] * 20
    made = pii_crf.fit(rows, allowed_steps(), STARTS, rounds=20)
    assert made.steps[begin, inside] > made.steps[begin, 0]
    again = pii_crf.fit(rows, allowed_steps(), STARTS, rounds=20)
    assert np.array_equal(made.emissions, again.emissions)


def test_the_slope_is_that_of_the_likelihood() -> None:
    """The marginals against the sum over all ways through a sentence of three."""
    rng = np.random.default_rng(3)
    labels = 4
    allowed = rng.random((labels, labels)) < 0.8
    starts = np.array([True, True, False, True])
    scores = rng.normal(size=(1, 3, labels)).astype(np.float32)
    steps = rng.normal(size=(labels, labels)).astype(np.float32)
    there = np.ones((1, 3), dtype=bool)
    found, pairs = pii_crf._marginals(scores, there, steps, allowed, starts, np.ones(1, np.float32))
    wanted, total = np.zeros((3, labels)), 0.0
    for a in range(labels):
        for b in range(labels):
            for c in range(labels):
                if starts[a] and allowed[a, b] and allowed[b, c]:
                    weight = np.exp(scores[0, 0, a] + scores[0, 1, b] + scores[0, 2, c] + steps[a, b] + steps[b, c])
                    total += weight
                    for at, label in enumerate((a, b, c)):
                        wanted[at, label] += weight
    assert np.allclose(found[0], wanted / total, atol=1e-5)
    assert np.isclose(pairs.sum(), 2.0, atol=1e-4)


def test_sets_that_share_templates_are_of_one_kind() -> None:
    sets = {"a": [ROW], "b": [ROW], "c": [{"text": "call 1 now", "spans": [{"start": 5, "end": 6, "label": "X"}]}]}
    assert pii.kinds(sets) == [frozenset({"a", "b"}), frozenset({"c"})]


def test_prose_is_cut_into_sentences_once_each() -> None:
    texts = ["One sentence of some length. Another sentence of some length.", "One sentence of some length."]
    assert sentences(texts) == ["Another sentence of some length.", "One sentence of some length."]


def write(path: Path, rows: list[Row]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.mark.model
def test_the_command_writes_weights_that_load_and_a_card(tmp_path: Path) -> None:
    data = write(tmp_path / "ours.jsonl", Maker(3).personal(30))
    nothing = write(tmp_path / "plain.jsonl", [{"text": f"where is parcel {n} of mine"} for n in range(12)])
    done = CliRunner().invoke(
        app, ["pii", str(data), "--nothing", str(nothing), "--out", str(tmp_path), "--folds", "0"]
    )
    assert done.exit_code == 0, done.output
    found = load(tmp_path / "pii.npz").spans("my name is priya raghunathan")
    assert [span.entity for span in found] == ["PERSON"]
    card = json.loads((tmp_path / "pii.json").read_text())
    assert card["data"] == {"ours": 30}
    assert card["figures"] == {}


@pytest.mark.parametrize(
    "row",
    [
        {"text": 1, "spans": []},
        {"text": "a"},
        {"text": "a", "spans": [{"start": 0, "end": 2, "label": "X"}]},
        {"text": "a", "spans": [{"start": 1, "end": 0, "label": "X"}]},
        {"text": "a", "spans": ["x"]},
    ],
)
def test_a_malformed_row_is_named(tmp_path: Path, row: Row) -> None:
    data = write(tmp_path / "ours.jsonl", [ROW, row])
    done = CliRunner().invoke(app, ["pii", str(data), "--out", str(tmp_path)])
    assert done.exit_code == 1
    assert "row 2" in str(done.exception)


def test_a_folder_that_is_not_there_is_said_before_the_work(tmp_path: Path) -> None:
    data = write(tmp_path / "ours.jsonl", [ROW])
    done = CliRunner().invoke(app, ["pii", str(data), "--out", str(tmp_path / "no")])
    assert done.exit_code == 2
    assert "no folder" in done.output
